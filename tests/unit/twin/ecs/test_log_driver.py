"""Tests of the awslogs driver: what containers write can be read in CloudWatch Logs."""

from collections.abc import Iterator

import pytest

from tests.support.twin import Twin, Worlds


@pytest.fixture
def logging_twin(worlds: Worlds) -> Iterator[Twin]:
    """Give a world whose containers write to CloudWatch Logs."""
    with worlds.open(keeps_logs=True) as twin:
        yield twin


def messages(twin: Twin, group: str) -> list[str]:
    """Return what stands in a log group."""
    return [each["message"] for each in twin.world.aws("logs").filter_log_events(logGroupName=group)["events"]]


def test_a_line_is_found_in_the_log_group_of_its_container(logging_twin: Twin) -> None:
    """Source: Amazon ECS Developer Guide, "Send Amazon ECS logs to CloudWatch": prefix/container/task is the stream."""
    [run] = logging_twin.scale(1)
    logging_twin.containers.contexts[0].log("hello")
    logging_twin.sleep(2)

    [event] = logging_twin.world.aws("logs").filter_log_events(logGroupName="/ecs/edit")["events"]
    assert event["message"] == "hello"
    assert event["logStreamName"] == f"edit/edit/{run.record.id}"


def test_lines_keep_their_order(logging_twin: Twin) -> None:
    """Lines of one moment are in the log as they were written, those of later ones behind them."""
    logging_twin.scale(1)
    for line in ("one", "two"):
        logging_twin.containers.contexts[0].log(line)
    logging_twin.sleep(2)
    logging_twin.containers.contexts[0].log("three")
    logging_twin.sleep(2)

    assert messages(logging_twin, "/ecs/edit") == ["one", "two", "three"]


def test_a_group_that_is_not_there_is_told_once(logging_twin: Twin) -> None:
    """Lines for a log group that does not exist are lost, and the trace says which group it was."""
    logging_twin.scale(1)
    [[container]] = logging_twin.world.runtime.containers.values()
    container.log_stream = ("/ecs/missing", "edit/1")
    for line in ("one", "two"):
        logging_twin.containers.contexts[0].log(line)
        logging_twin.sleep(2)

    assert [details for _, details in logging_twin.happened("log_group_missing", "/ecs/missing")] == [
        {"stream": "edit/1"}
    ]


def test_a_group_that_is_deleted_loses_its_lines_only(logging_twin: Twin) -> None:
    """A client may delete a log group that is in use: its lines are lost, and the platform lives on."""
    logging_twin.scale(1)
    logging_twin.containers.contexts[0].log("one")
    logging_twin.sleep(2)
    logging_twin.world.aws("logs").delete_log_group(logGroupName="/ecs/edit")
    for line in ("two", "three"):
        logging_twin.containers.contexts[0].log(line)
        logging_twin.sleep(2)

    assert len(logging_twin.happened("log_group_missing", "/ecs/edit")) == 1


def test_a_container_without_a_log_group_keeps_its_lines(logging_twin: Twin) -> None:
    """A container without a log driver writes nowhere."""
    logging_twin.scale(1)
    [[container]] = logging_twin.world.runtime.containers.values()
    container.log_stream = None
    logging_twin.containers.contexts[0].log("lost")
    logging_twin.sleep(2)

    assert messages(logging_twin, "/ecs/edit") == []
