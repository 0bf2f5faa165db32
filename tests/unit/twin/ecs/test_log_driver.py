"""Tests of the awslogs driver: what containers write can be read in CloudWatch Logs."""

from seatrials.twin.ecs.log_driver import LogDriver
from tests.support.twin import Twin


def driver(twin: Twin) -> LogDriver:
    """Return the log driver of a world, at work."""
    logs = LogDriver(twin.world.clock, twin.world.aws("logs"), twin.world.trace)
    twin.world.runtime.on_log = logs.write
    logs.start()
    return logs


def messages(twin: Twin, group: str) -> list[str]:
    """Return what stands in a log group."""
    return [each["message"] for each in twin.world.aws("logs").filter_log_events(logGroupName=group)["events"]]


def test_a_line_is_found_in_the_log_group_of_its_container(twin: Twin) -> None:
    """Source: Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch": prefix/container/task is the stream."""
    driver(twin)
    [run] = twin.scale(1)
    twin.containers.contexts[0].log("hello")
    twin.sleep(2)

    [event] = twin.world.aws("logs").filter_log_events(logGroupName="/ecs/edit")["events"]
    assert event["message"] == "hello"
    assert event["logStreamName"] == f"edit/edit/{run.record.id}"


def test_lines_keep_their_order(twin: Twin) -> None:
    """Lines of one moment are in the log as they were written, those of later ones behind them."""
    driver(twin)
    twin.scale(1)
    for line in ("one", "two"):
        twin.containers.contexts[0].log(line)
    twin.sleep(2)
    twin.containers.contexts[0].log("three")
    twin.sleep(2)

    assert messages(twin, "/ecs/edit") == ["one", "two", "three"]


def test_a_group_that_is_not_there_is_told_once(twin: Twin) -> None:
    """Lines for a log group that does not exist are lost, and the trace says which group it was."""
    logs = driver(twin)
    twin.scale(1)
    [[container]] = twin.world.runtime.containers.values()
    container.log_stream = ("/ecs/missing", "edit/1")
    for line in ("one", "two"):
        logs.write(container, line)
        twin.sleep(2)

    assert [details for _, details in twin.happened("log_group_missing", "/ecs/missing")] == [{"stream": "edit/1"}]


def test_a_group_that_is_deleted_loses_its_lines_only(twin: Twin) -> None:
    """A client may delete a log group that is in use: its lines are lost, and the platform lives on."""
    driver(twin)
    twin.scale(1)
    twin.containers.contexts[0].log("one")
    twin.sleep(2)
    twin.world.aws("logs").delete_log_group(logGroupName="/ecs/edit")
    for line in ("two", "three"):
        twin.containers.contexts[0].log(line)
        twin.sleep(2)

    assert len(twin.happened("log_group_missing", "/ecs/edit")) == 1


def test_a_container_without_a_log_group_keeps_its_lines(twin: Twin) -> None:
    """A container without a log driver writes nowhere."""
    logs = driver(twin)
    twin.scale(1)
    [[container]] = twin.world.runtime.containers.values()
    container.log_stream = None
    logs.write(container, "lost")
    twin.sleep(2)

    assert messages(twin, "/ecs/edit") == []
