"""Tests of what can be broken in a world, and that it heals."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.application import Context
from seatrials.seams.network import TlsConnection
from seatrials.twin.faults import TwinFaults
from tests.support.twin import Twin

TABLE = "webordinary-edit-sessions"
CLUSTER = "webordinary-edit-cluster"
SERVICES = {"edit": "webordinary-edit-service", "hermes": "webordinary-hermes-service"}


@pytest.fixture
def faults(twin: Twin) -> TwinFaults:
    """Give the faults of the world."""
    return TwinFaults(twin.world, CLUSTER, SERVICES)


def test_no_task_pulls_a_missing_image(twin: Twin, faults: TwinFaults) -> None:
    """While the image is missing, a task that starts fails to start."""
    with faults.image_missing("edit"):
        twin.update(desiredCount=1)
        twin.until(lambda: twin.runs() and twin.runs()[0].failed_to_start)

    assert "webordinary/edit:1.0.0: not found" in str(twin.runs()[0].record.stopped_reason)


def test_the_image_is_back_afterwards(twin: Twin, faults: TwinFaults) -> None:
    """The fault ends with its block, also when the block fails."""
    with pytest.raises(ZeroDivisionError), faults.image_missing("edit"):
        raise ZeroDivisionError

    assert len(twin.scale(1)) == 1


def test_another_service_is_not_touched(twin: Twin, faults: TwinFaults) -> None:
    """Only the named service's image is missing."""
    with faults.image_missing("hermes"):
        runs = twin.scale(1)

    assert len(runs) == 1


def test_what_runs_already_runs_on(twin: Twin, faults: TwinFaults) -> None:
    """A missing image does not touch the tasks that have pulled it."""
    [run] = twin.scale(1)
    with faults.image_missing("edit"):
        twin.sleep(120)

    assert run.record.is_running


def test_a_killed_task_is_replaced(twin: Twin, faults: TwinFaults) -> None:
    """SIGKILL ends the container with the code of a killed process, and the service starts another task."""
    [run] = twin.scale(1)
    with faults.task_killed(run.record.task_arn):
        killed_at_once = run.containers[0].exit_code
    twin.until(lambda: run.record.stopped_at is not None and [each for each in twin.runs() if each.record.is_running])

    assert (killed_at_once, run.record.stop_code) == (137, "EssentialContainerExited")


def balancer_status(twin: Twin, path: str) -> int:
    """Return what the load balancer answers to a GET."""
    [host] = [each for each in twin.world.network.hosts.values() if each.address == "10.0.1.5"]
    connection = TlsConnection(
        twin.world.client_host.connect(host.address, 443),
        twin.world.authority.trust,
        server_side=False,
        server_hostname=twin.world.address_of("webordinary-edit-alb"),
    )
    connection.send(f"GET {path} HTTP/1.1\r\nHost: alb\r\nConnection: close\r\n\r\n".encode())
    status = int(connection.receive(65_536).split(b" ")[1])
    connection.close()
    return status


def test_a_stopped_service_has_no_task(twin: Twin, faults: TwinFaults) -> None:
    """A stopped service loses its tasks at once, without draining, and gets them back afterwards."""
    [run] = twin.scale(1)
    with faults.stopped("edit"):
        twin.until(lambda: run.containers[0].exit_code is not None, 5)
        twin.sleep(60)
        while_stopped = twin.runs()
    twin.until(lambda: [each for each in twin.runs() if each.record.is_running])

    assert while_stopped == []
    assert run.record.stopped_reason == "edit is stopped on purpose"


def test_a_hanging_task_answers_nothing_until_it_goes_on(twin: Twin, faults: TwinFaults) -> None:
    """Requests to a hanging task end at the idle timeout with 504, as AWS documents; afterwards it answers again.

    Source: AWS ALB User Guide, "Troubleshoot your Application Load Balancers", HTTP 504.
    """
    [run] = twin.scale(1)
    with faults.hanging(run.record.task_arn):
        began = twin.now
        while_hanging = balancer_status(twin, "/api/status")
        seconds = twin.now - began

    assert while_hanging == 504
    assert 60 <= seconds < 61
    assert balancer_status(twin, "/api/status") == 200


def test_a_task_that_hangs_up_is_a_bad_gateway(twin: Twin, faults: TwinFaults) -> None:
    """A target that closes before it answers is a 502.

    Source: AWS ALB User Guide, "Troubleshoot your Application Load Balancers", HTTP 502.
    """
    [run] = twin.scale(1)
    with faults.hanging_up(run.record.task_arn):
        while_closing = balancer_status(twin, "/api/status")

    assert (while_closing, balancer_status(twin, "/api/status")) == (502, 200)


def test_a_table_throttles_the_calls_of_tasks_and_nobody_elses(twin: Twin, faults: TwinFaults) -> None:
    """So many calls of a task pass, then so many are throttled, in AWS's words; who looks on is not.

    Source: DynamoDB Developer Guide, "Error handling with DynamoDB", ThrottlingException.
    """
    twin.allow("EditTaskRole", "dynamodb:DescribeTable")
    [run] = twin.scale(1)

    def said(context: Context) -> list[str]:
        return [_said(lambda: context.aws("dynamodb").describe_table(TableName=TABLE)) for _ in range(5)]

    with faults.table_throttling(passing=1, refused=3):
        some = twin.within(run, said)
    with faults.table_throttling():
        every, own = twin.within(run, said), _said(lambda: twin.world.aws("dynamodb").describe_table(TableName=TABLE))

    throttled = "ThrottlingException"
    assert some == ["", throttled, throttled, throttled, ""]
    assert (every, own) == ([throttled] * 5, "")


def _said(call: Callable[[], object]) -> str:
    """Return the code that a call was refused with, empty for one that was answered."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def test_failing_health_checks_mark_one_port_of_a_task(twin: Twin, faults: TwinFaults) -> None:
    """A task whose checks answer 503 is unhealthy on that port alone, with AWS's reason, and serves on.

    Source: ELBv2 API Reference, TargetHealth, Target.ResponseCodeMismatch.
    """
    [run] = twin.scale(1)
    with faults.image_missing("edit"), faults.failing_health_checks([run.record.task_arn], 8080):
        twin.until(lambda: run.targets_are("healthy", "unhealthy") and not run.targets_are("healthy"), 90)
        states = [twin.world.targets.describe(group, [(run.address, port)])[0] for group, port in run.groups]
        served = balancer_status(twin, "/api/status")

    assert [(each.port, each.state) for each in states] == [(8080, "unhealthy"), (4321, "healthy")]
    assert states[0].description == "Health checks failed with these codes: [503]"
    assert served == 200
