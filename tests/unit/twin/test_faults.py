"""Tests of what can be broken in a world, and that it heals."""

import math
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from seatrials.seams.application import Context
from seatrials.seams.network import TlsConnection
from seatrials.twin.faults import TwinFaults
from tests.support.twin import Twin

TABLE = "webordinary-edit-sessions"
CLUSTER = "webordinary-edit-cluster"
SERVICES = {"edit": "webordinary-edit-service", "hermes": "webordinary-hermes-service"}
CONTAINERS = {"edit": "edit", "hermes": "hermes"}


@pytest.fixture
def faults(twin: Twin) -> TwinFaults:
    """Give the faults of the world."""
    return TwinFaults(twin.world, CLUSTER, SERVICES, CONTAINERS)


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
    """So many calls of a task pass, then so many are throttled, in all of AWS's words; who looks on is not.

    Source: DynamoDB Developer Guide, "Error handling with DynamoDB".
    """
    twin.allow("EditTaskRole", "dynamodb:DescribeTable")
    [run] = twin.scale(1)

    def said(context: Context) -> list[str]:
        return [_said(lambda: context.aws("dynamodb").describe_table(TableName=TABLE)) for _ in range(5)]

    with faults.table_throttling(passing=1, refused=3):
        some = twin.within(run, said)
    with faults.table_throttling():
        every, own = twin.within(run, said), _said(lambda: twin.world.aws("dynamodb").describe_table(TableName=TABLE))

    throttled = ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"]
    assert some == ["", *throttled, ""]
    assert (every, own) == ([*throttled, *throttled[:2]], "")


def test_a_table_is_unsure_of_what_it_does(twin: Twin, faults: TwinFaults) -> None:
    """So many writes of a task are answered, then so many are done or refused by their condition, and told as failed.

    Source: DynamoDB Developer Guide, "Error handling with DynamoDB", InternalServerError.
    """
    twin.allow("EditTaskRole", "dynamodb:PutItem")
    [run] = twin.scale(1)

    def said(context: Context) -> list[str]:
        dynamodb = context.aws("dynamodb")
        texts = {"userId": "u", "clientId": "c", "status": "active"}
        return [
            _said(
                partial(
                    dynamodb.put_item,
                    TableName=TABLE,
                    Item={"sessionId": {"S": each}, **{name: {"S": value} for name, value in texts.items()}},
                    ConditionExpression="attribute_not_exists(sessionId)",
                )
            )
            for each in ("a", "b", "b", "b")
        ]

    with faults.table_unsure(passing=1, unsaid=2):
        some = twin.within(run, said)
    stored = twin.world.aws("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]

    assert some == ["", "InternalServerError", "InternalServerError", "ConditionalCheckFailedException"]
    assert sorted(each["sessionId"]["S"] for each in stored) == ["a", "b"]


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


@pytest.mark.parametrize(
    ("how", "exit_code", "reason"),
    [
        ("killed", 137, "Essential container in task exited"),
        ("exits", 1, "Essential container in task exited"),
        ("out of memory", 137, "OutOfMemoryError: Container killed due to memory usage"),
    ],
)
def test_a_process_ends_in_its_own_way(twin: Twin, faults: TwinFaults, how: str, exit_code: int, reason: str) -> None:
    """A container that is killed, exits or is out of memory has ECS's exit code and reason for that.

    Source: Amazon ECS Developer Guide, "Stopped tasks error messages".
    """
    [run] = twin.scale(1)
    with faults.task_killed(run.record.task_arn, how):
        twin.until(lambda: run.record.stop_code, 5)

    assert run.containers[0].exit_code == exit_code
    assert run.record.stopped_reason == reason


def test_a_partition_is_silent_and_heals(twin: Twin, faults: TwinFaults) -> None:
    """While no packet passes between load balancer and task the task is unhealthy, and afterwards healthy again."""
    [run] = twin.scale(1)
    # Without a successor ECS keeps the task.
    with faults.image_missing("edit"):
        with faults.partitioned("balancer", run.record.task_arn):
            twin.until(lambda: not run.targets_are("healthy"), 120)
            group, port = run.groups[0]
            [state] = twin.world.targets.describe(group, [(run.address, port)])
        twin.until(lambda: run.targets_are("healthy"), 120)

    assert (state.state, state.description) == ("unhealthy", "Request timed out")


def test_what_was_on_its_way_arrives_when_a_partition_heals(twin: Twin, faults: TwinFaults) -> None:
    """A request that is sent into a partition is answered once it is over, as TCP sends again what was lost."""
    twin.scale(1)
    host = twin.world.balancers[0].hosts[0]
    connection = twin.world.client_host.connect(host.address, 80)
    with faults.partitioned("client", "balancer"):
        connection.send(b"GET /health HTTP/1.1\r\nHost: alb\r\nConnection: close\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.receive(65_536, 5)

    assert connection.receive(65_536, 5).startswith(b"HTTP/1.1 301")


def test_a_table_that_is_away_is_so_for_tasks_alone(twin: Twin, faults: TwinFaults) -> None:
    """No task reaches a table that is away, and who looks on does; afterwards all do."""
    twin.allow("EditTaskRole", "dynamodb:DescribeTable")
    [run] = twin.scale(1)

    def ask(context: Context) -> str:
        try:
            context.aws("dynamodb").describe_table(TableName=TABLE)
        except EndpointConnectionError:
            return "away"
        return "there"

    with faults.table_away():
        during, own = twin.within(run, ask), _said(lambda: twin.world.aws("dynamodb").describe_table(TableName=TABLE))

    assert (during, own, twin.within(run, ask)) == ("away", "", "there")


def test_slow_parts_take_longer_and_then_do_not(twin: Twin, faults: TwinFaults) -> None:
    """Load balancer, table and file system take the seconds more that they are told to, and of two faults both."""
    twin.allow("EditTaskRole", "dynamodb:DescribeTable")
    [run] = twin.scale(1)

    def seconds_of(part: str) -> float:
        began = twin.now
        if part == "balancer":
            assert balancer_status(twin, "/api/status") == 200
        elif part == "table":
            twin.within(run, lambda context: context.aws("dynamodb").describe_table(TableName=TABLE))
        else:
            twin.within(run, lambda context: context.disk())
        return twin.now - began

    parts = ("balancer", "table", "efs")
    usual = [seconds_of(part) for part in parts]
    with ExitStack() as held:
        for part in parts:
            held.enter_context(faults.slow(part, 2))
            held.enter_context(faults.slow(part, 3))
        slow = [seconds_of(part) for part in parts]

    assert [late - early for late, early in zip(slow, usual, strict=True)] == [pytest.approx(5, abs=0.3)] * 3
    assert [seconds_of(part) for part in parts] == [pytest.approx(each, abs=0.3) for each in usual]


def test_a_slow_image_takes_its_time(twin: Twin, faults: TwinFaults) -> None:
    """An image takes as long to be pulled as is said, and ECS tells when the pull began and ended.

    Source: botocore, ecs.Task, pullStartedAt and pullStoppedAt.
    """
    with faults.image_slow("edit", 90):
        [run] = twin.scale(1)
    record = run.record

    assert record.pull_started_at is not None
    assert record.pull_stopped_at is not None
    assert (record.pull_stopped_at - record.pull_started_at).total_seconds() == 90


def test_a_file_system_that_cannot_be_mounted_is_a_task_that_does_not_start(twin: Twin, faults: TwinFaults) -> None:
    """A task that cannot mount its volume fails to start with AWS's reason, and the next one after the fault starts."""
    with faults.mount_failing("edit"):
        twin.update(desiredCount=1)
        twin.until(lambda: twin.runs() and twin.runs()[0].failed_to_start)
        reason = str(twin.runs()[0].record.stopped_reason)
    twin.until(lambda: [each for each in twin.runs() if each.record.is_running])

    assert reason.startswith("ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes")


def test_spot_takes_a_task_back_after_a_warning(twin: Twin, faults: TwinFaults) -> None:
    """A task that Spot takes back has SIGTERM and draining targets at once, its reason, and a successor.

    Source: Amazon ECS Developer Guide, "Amazon ECS clusters for Fargate", "Fargate Spot termination notices".
    """
    [run] = twin.scale(1)
    began = twin.now
    with faults.spot_interrupted(run.record.task_arn):
        twin.until(lambda: twin.containers.sigterms, 5)
        states = [twin.world.targets.describe(group, [(run.address, port)])[0].state for group, port in run.groups]
        seconds = twin.now - began
    twin.until(lambda: [each for each in twin.runs() if each is not run and each.record.is_running])

    assert (states, seconds < 2) == (["draining", "draining"], True)
    assert (run.record.stop_code, run.record.stopped_reason) == ("SpotInterruption", "Your Spot Task was interrupted.")


@pytest.mark.parametrize("seconds", [90.0, -90.0])
def test_clocks_are_wrong_for_as_long_as_they_are_made_so(twin: Twin, faults: TwinFaults, seconds: float) -> None:
    """The clock of a container that begins meanwhile is so far ahead or behind, and right again afterwards."""
    with faults.clocks_ahead("edit", seconds):
        twin.scale(1)
        clock = twin.containers.contexts[-1].clock
        during = clock.now() - twin.world.clock.now()

    assert (during, clock.now() - twin.world.clock.now()) == (seconds, 0)


def test_late_metrics_are_seen_later_and_lost_ones_never(twin: Twin, faults: TwinFaults) -> None:
    """A point that is put while metrics are late is shown so much later, and one that is lost not at all."""

    def put(value: float) -> None:
        datum = {"MetricName": "M", "Value": value}
        twin.world.aws("cloudwatch").put_metric_data(Namespace="N", MetricData=[datum])

    def shown() -> float:
        metric = {"Namespace": "N", "MetricName": "M", "Period": 60, "Statistics": ["SampleCount"]}
        now = datetime.fromtimestamp(twin.world.clock.now(), UTC)
        window = {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=1)}
        points = twin.world.aws("cloudwatch").get_metric_statistics(**metric, **window)["Datapoints"]
        return sum(float(each["SampleCount"]) for each in points)

    counts = []
    with faults.metrics_late(180):
        put(1)
        twin.sleep(170)
        counts.append(shown())
    twin.sleep(20)
    counts.append(shown())
    with faults.metrics_late(math.inf):
        put(2)
    put(3)
    twin.sleep(5)

    assert [*counts, shown()] == [0, 1, 2]


def test_a_broken_release_is_taken_back(twin: Twin, faults: TwinFaults) -> None:
    """A version that answers nobody is rolled out beside the sound one, and the sound one is back afterwards."""
    [sound] = twin.scale(1)
    before = twin.service()["taskDefinition"]
    with faults.broken_release("edit"):
        twin.until(lambda: len(twin.runs()) == 2 and twin.runs()[1].record.is_running)
        broken = twin.runs()[1]
        twin.sleep(60)
        healthy = [run.targets_are("healthy") for run in (sound, broken)]
        during = twin.service()["taskDefinition"]
    twin.sleep(5)

    assert healthy == [True, False]
    assert during != before
    assert twin.service()["taskDefinition"] == before
    assert (sound.record.is_wanted, broken.record.is_wanted) == (True, False)
