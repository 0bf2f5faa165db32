"""The recorded calls are those that are made: what sweeps, publishing and histories call is recorded here once more.

What a run calls takes a rehearsal to record (CONTRIBUTING.md); here its operations are read off the code.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from botocore.session import Session
from moto import mock_aws
from rich.console import Console

from seatrials.monitoring.upkeep import keep as keep_dashboard
from seatrials.output.output import Output
from seatrials.publishing.history_s3 import S3History
from seatrials.publishing.publisher import Publisher
from seatrials.rights.calls import Call, Purpose, recorded
from seatrials.safety import lease, sweep
from seatrials.safety.lease import Lease
from seatrials.seams.application import AwsClient
from seatrials.stacks import StackOptions, StackRun
from seatrials.stacks.live.command import doctor
from seatrials.stacks.live.command import sweep as sweep_stack
from seatrials.stacks.live.stacks import LiveStacks
from seatrials.stacks.live.watch import Watch
from tests.support.danger import others_things
from tests.support.history import ENTRY
from tests.support.live_run import platform_of
from tests.support.project import PROJECT
from tests.support.published_run import NAMESPACE, NOW, run_of
from tests.support.recorded_calls import Recording, keep, kept, kind_of, recording
from tests.support.small_platform import SmallPlatform

# What a run's code calls is in these; the commands of others have purposes of their own.
CODE_OF_RUNS = [
    path
    for folder in ("platform", "rights", "safety", "stacks/live", "run", "load", "models")
    for path in sorted((PROJECT / "src/seatrials" / folder).rglob("*.py"))
] + sorted((PROJECT / "tests/integration").glob("*.py"))
SERVICES = sorted({call.service for call in recorded(Purpose.RUN)})
CLIENT = "TEST_dead_COLD-01-client-1"


# Takes what was recorded for a purpose, and returns what is not kept as it was.
Unrecorded = Callable[[Purpose, Recording], tuple[list[Call], list[Call]]]


@pytest.fixture
def unrecorded(request: pytest.FixtureRequest) -> Unrecorded:
    """Return what tells which calls are made and not kept, and which are kept and not made; it keeps them if asked."""

    def tell(purpose: Purpose, found: Recording) -> tuple[list[Call], list[Call]]:
        if request.config.getoption("keep_calls", default=False):
            keep(purpose, found.calls)
        known = {kind_of(call): call for call in kept(purpose)}
        return (
            [call for kind, call in found.made.items() if kind not in known],
            [call for kind, call in known.items() if kind not in found.made],
        )

    return tell


@pytest.fixture
def swept(small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """Record a sweep with all that a killed run can leave: session, item, rule, access point, service and target."""
    monkeypatch.setattr(lease, "MARGIN_SECONDS", 0.2 - lease.LEASE_SECONDS)
    monkeypatch.setattr(sweep, "_RULES_SECONDS", 0.0)
    acquire = Lease.acquire

    def acquire_and_beat(held: Lease) -> None:
        # As it does by itself when a sweep takes more than 20 s.
        acquire(held)
        held.beat()

    monkeypatch.setattr(Lease, "acquire", acquire_and_beat)
    leave_everything(small_platform)
    with recording() as found:
        sweep_stack(small_platform.environment(), {}, Console(file=StringIO()), yes=True, wait_seconds=0.2)
    return found


def leave_everything(platform: SmallPlatform) -> None:
    """Make what a killed run can leave, and the journal and lease that tell of it."""
    arns = others_things(platform.aws)
    platform.aws("dynamodb").delete_item(TableName="webordinary-edit-sessions", Key=others_key(platform))
    group = make_group(platform, platform.environment().names.edit_api_group)
    session = platform.add_session(CLIENT)
    platform.note_client(CLIENT)
    root = {"Path": f"/workspace/{CLIENT}"}
    platform.aws("efs").create_access_point(ClientToken="y", FileSystemId=arns["system"], RootDirectory=root)
    platform.aws("elbv2").create_rule(
        ListenerArn=arns["listener"],
        Priority=150,
        Conditions=[{"Field": "path-pattern", "Values": [f"/session/{session}"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )
    platform.note("service", service="webordinary-edit-service", found={"desiredCount": 2})
    platform.note("targets", group=group, targets=[{"Id": run_task(platform), "Port": 8080}])
    platform.hold_lease("dead")


def make_group(platform: SmallPlatform, name: str) -> str:
    """Make a target group in the load balancer's network, and return its ARN."""
    vpc = platform.aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    given = {"Name": name, "Protocol": "HTTP", "Port": 8080, "VpcId": vpc, "TargetType": "ip"}
    made = platform.aws("elbv2").create_target_group(**given)
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def define_task(platform: SmallPlatform) -> None:
    """Register the definition of a task that logs."""
    logs = {"awslogs-group": platform.environment().names.edit_log_group, "awslogs-stream-prefix": "edit"}
    container = {"name": "app", "image": "app", "memory": 512}
    platform.aws("ecs").register_task_definition(
        family="one",
        containerDefinitions=[{**container, "logConfiguration": {"logDriver": "awslogs", "options": logs}}],
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
    )


def run_task(platform: SmallPlatform) -> str:
    """Run a task of the edit service, and return its address; moto runs none by itself."""
    define_task(platform)
    names = platform.environment().names
    subnets = [each["SubnetId"] for each in platform.aws("ec2").describe_subnets()["Subnets"][:1]]
    [task] = platform.aws("ecs").run_task(
        cluster=names.cluster,
        taskDefinition="one",
        launchType="FARGATE",
        group=f"service:{names.edit_service}",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": []}},
    )["tasks"]
    [address] = [each["value"] for each in task["attachments"][0]["details"] if each["name"] == "privateIPv4Address"]
    return str(address)


def others_key(platform: SmallPlatform) -> dict[str, dict[str, str]]:
    """Return the key of the session of others, without which nobody would be disturbed."""
    [item] = platform.aws("dynamodb").scan(TableName="webordinary-edit-sessions")["Items"]
    return {name: item[name] for name in ("sessionId", "userId")}


@pytest.fixture
def rails(small_platform: SmallPlatform, tmp_path: Path) -> Recording:
    """Record what a run calls beside its rows: doctor, the rails of one row, and logs of a task that has died."""
    others_things(small_platform.aws)
    environment = small_platform.environment()
    define_task(small_platform)
    # A group of a task that no rule leads to, whose tags tell whose task it is.
    make_group(small_platform, f"{environment.names.session_group_prefix}api-1")
    with recording() as found:
        doctor(small_platform.environment(outputs_stack="webordinary"), {}, Console(file=StringIO()))
        doctor(environment, {}, Console(file=StringIO()))
        stacks = LiveStacks(environment, StackOptions(folder=tmp_path / "run-1"), {})
        with stacks.open("COLD-03") as run:
            platform_of(run).sessions.start()
            platform_of(run).balancer.every_group_name()
            look_at_a_dead_task(run)
        stacks.close()
    return found


def look_at_a_dead_task(run: StackRun) -> None:
    """Have the logs of a task read as when it has died by itself, which moto's never do."""
    watch = Watch(run.stack.environment.names, run.stack.aws, run.stack.clock, 0.0)
    with suppress(run.stack.aws("logs").exceptions.ResourceNotFoundException):
        watch._last_lines({"taskDefinitionArn": "one:1", "taskArn": "task/1"})  # noqa: SLF001


def test_what_the_rails_of_a_run_call_is_recorded(rails: Recording, request: pytest.FixtureRequest) -> None:
    """All of it is among the calls of a run, which has many more."""
    if request.config.getoption("keep_calls", default=False):
        keep(Purpose.RUN, [*kept(Purpose.RUN), *rails.calls])
    known = {kind_of(call) for call in recorded(Purpose.RUN)}

    assert [call for kind, call in rails.made.items() if kind not in known] == []


def test_what_a_sweep_calls_is_recorded(swept: Recording, unrecorded: Unrecorded) -> None:
    """All of it, and nothing that no sweep calls any more."""
    assert unrecorded(Purpose.SWEEP, swept) == ([], [])


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], AwsClient]]:
    """Return what makes clients of moto's services."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name="us-west-2")


def test_what_publishing_calls_is_recorded(
    moto: Callable[[str], AwsClient], tmp_path: Path, unrecorded: Unrecorded
) -> None:
    """The figures, and after a crash the question whether CloudWatch has them."""
    with recording(whoever=True) as found:
        for _ in range(2):
            seconds = NOW.timestamp()
            publisher = Publisher(
                cloudwatch=moto("cloudwatch"), namespace=NAMESPACE, markers=tmp_path, now_seconds=seconds
            )
            publisher.publish(run_of(), {"TestCost": 1.2})
            [marker] = tmp_path.rglob("*.json")
            marker.write_text(marker.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")

    assert unrecorded(Purpose.PUBLISH, found) == ([], [])


def test_what_a_dashboard_calls_is_recorded(small_platform: SmallPlatform, unrecorded: Unrecorded) -> None:
    """A look at what is there, and the calls that make it as it is wanted."""
    with recording() as found:
        keep_dashboard(small_platform.environment(), {}, Output(as_json=True), criteria=PROJECT / "gate.toml")

    assert unrecorded(Purpose.DASHBOARD, found) == ([], [])


def test_what_a_history_calls_is_recorded(moto: Callable[[str], AwsClient], unrecorded: Unrecorded) -> None:
    """Of a bucket that keeps and locks versions, which is all that can be asked of one."""
    client, bucket = moto("s3"), "team-evidence"
    made = {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}, "ObjectLockEnabledForBucket": True}
    client.create_bucket(Bucket=bucket, **made)
    with recording(whoever=True) as found:
        history = S3History(f"s3://{bucket}/history.jsonl", client)
        history.read()
        history.append([ENTRY])
        history.append([replace(ENTRY, run="later")])
        history.read()

    assert unrecorded(Purpose.HISTORY, found) == ([], [])


def operations_in(path: Path) -> Iterator[tuple[str, ...]]:
    """Yield, for each name or text of a file that is an operation of the services, all operations of that name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else None
        if isinstance(name, str) and name in OPERATIONS:
            yield OPERATIONS[name]


def operations() -> dict[str, tuple[str, ...]]:
    """Return the operations of the services by the names of boto3's methods; those of one word mean other things."""
    models, found = Session(), dict[str, tuple[str, ...]]()
    for service in SERVICES:
        for operation in models.get_service_model(service).operation_names:
            name = xform_name(operation)
            found[name] = (*found.get(name, ()), f"{service} {operation}")
    return {name: each for name, each in found.items() if "_" in name}


OPERATIONS = operations()


def test_what_the_code_of_runs_calls_is_recorded() -> None:
    """Each operation that the code names is one of the recorded calls, and each of these is named in the code."""
    known = {f"{call.service} {call.operation}" for call in recorded(Purpose.RUN)}
    named = {each for path in CODE_OF_RUNS for each in operations_in(path)}
    told = {each for every in named for each in every}

    assert sorted(each for each in named if known.isdisjoint(each)) == []
    assert sorted(known - told) == ["dynamodb Query"]
