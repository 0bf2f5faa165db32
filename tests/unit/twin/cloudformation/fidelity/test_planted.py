"""One change of the shipped template and what a world makes of it: what acts changes its history, the rest does not.

In each world sessions come and go, so that a task starts, answers and is stopped; both ports of the load balancer are
asked. Its history is all that it did, and when.
"""

from collections.abc import Iterator
from functools import cache, partial
from typing import Any

import httpx
import pytest

from seatrials.seams.application import Context
from seatrials.seams.http1 import HttpServer, Request, Response
from seatrials.seams.http_client import http_client
from seatrials.twin.authority import Authority
from seatrials.twin.cloudformation.fidelity.table import Status, tables
from seatrials.twin.cloudformation.fidelity.usage import BY_KEY, leaves
from seatrials.twin.cloudformation.template import load_template
from seatrials.twin.control_plane import ControlPlane, moto_running
from seatrials.twin.world import World
from tests.support.template_changes import LEFT_OUT, SHIPPED, Change, changed
from tests.support.twin import PLAIN, PORTS

_EDIT = "EditTaskDefinition.ContainerDefinitions.0"
_STEPS = "ScaleOutPolicy.StepScalingPolicyConfiguration"
_GROUP = "EditApiTargetGroup"
_TAGS = [{"Key": "team", "Value": "sea"}]
_AUTHORITY = Authority()
_WELL_SECONDS = 100.0
_AT_REST = Change("HermesService.DesiredCount", 0)


def _attribute(key: str, value: str) -> dict[str, str]:
    return {"Key": key, "Value": value}


ACTS = (
    Change("EditService.LaunchType", "EC2"),
    Change("EditService.DeploymentController", {"Type": "EXTERNAL"}),
    Change("EditService.DesiredCount", 1),
    Change("EditService.NetworkConfiguration.AwsvpcConfiguration.Subnets", [{"Ref": "SubnetB"}]),
    Change("EditService.NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", [{"Ref": "FileSystemSecurityGroup"}]),
    Change("EditService.LoadBalancers.1.ContainerPort", 8080),
    Change(f"{_EDIT}.LogConfiguration.Options.awslogs-group", "/nobody/made/it"),
    Change(f"{_EDIT}.MountPoints.0.ReadOnly", value=True),
    Change(f"{_EDIT}.ReadonlyRootFilesystem", value=True),
    Change(f"{_EDIT}.HealthCheck", {"Command": ["CMD-SHELL", "exit 1"], "Interval": 10, "StartPeriod": 10}),
    Change(f"{_GROUP}.HealthCheckIntervalSeconds", 10),
    Change(f"{_GROUP}.HealthCheckPath", "/nothing"),
    Change(f"{_GROUP}.Matcher.HttpCode", "404"),
    Change(f"{_GROUP}.HealthCheckProtocol", "HTTPS"),
    Change(f"{_GROUP}.TargetGroupAttributes.0", _attribute("deregistration_delay.timeout_seconds", "5")),
    Change("LoadBalancer.SecurityGroups", [{"Ref": "FileSystemSecurityGroup"}]),
    Change("LoadBalancerSecurityGroup.SecurityGroupIngress.0.CidrIp", "10.9.9.9/32"),
    Change("LoadBalancerSecurityGroup.SecurityGroupIngress.0.IpProtocol", "udp"),
    Change(
        "LoadBalancerSecurityGroup.SecurityGroupIngress.0.FromPort",
        81,
        also={"LoadBalancerSecurityGroup.SecurityGroupIngress.0.ToPort": 81},
    ),
    Change("SubnetA.CidrBlock", "10.0.5.0/24"),
    Change("HttpListener.DefaultActions.0.RedirectConfig.StatusCode", "HTTP_302"),
    Change("HttpListener.Port", 8081),
    Change("EditApiRule.Conditions.0.PathPatternConfig.Values", ["/other/*"]),
    Change("EditApiRule.Actions.0.TargetGroupArn", {"Ref": "EditPreviewTargetGroup"}),
    Change("HealthRule.Actions.0.FixedResponseConfig.StatusCode", "503"),
    Change("EditScalableTarget.MinCapacity", 1),
    Change("EditScalableTarget.MaxCapacity", 0),
    Change("EditScalableTarget.SuspendedState", {"DynamicScalingOutSuspended": True}),
    Change(f"{_STEPS}.StepAdjustments.0.ScalingAdjustment", 2),
    Change("SessionsHighAlarm.ActionsEnabled", value=False),
    Change("SessionsHighAlarm.Threshold", 5),
    Change("SessionsHighAlarm.Namespace", "Other"),
    Change("SessionsHighAlarm.MetricName", "Other"),
    Change("SessionsHighAlarm.Dimensions", [{"Name": "a", "Value": "b"}]),
    Change("SessionsHighAlarm.EvaluationPeriods", 3),
    Change("SessionsHighAlarm.Unit", "Bytes"),
)
DESCRIBED = (
    *(
        Change(f"{each}.Tags", _TAGS)
        for each in ("Vpc", "LoadBalancer", _GROUP, "HealthRule", "Cluster", "EditService")
    ),
    Change("EditTaskDefinition.Cpu", "1024"),
    Change("EditTaskDefinition.RuntimePlatform", {"CpuArchitecture": "ARM64"}),
    Change(f"{_EDIT}.DockerLabels", {"team": "sea"}),
    Change("EditService.EnableExecuteCommand", value=False),
    Change("EditService.PropagateTags", "SERVICE"),
    Change("FileSystem.ThroughputMode", "bursting"),
    Change("SessionTable.PointInTimeRecoverySpecification", LEFT_OUT),
    Change("EditLogGroup.RetentionInDays", 1),
    Change("SessionsHighAlarm.AlarmDescription", "many"),
    Change(f"{_STEPS}.MetricAggregationType", "Minimum"),
    Change("SubnetA.MapPublicIpOnLaunch", value=False),
)
LEFT = (
    Change(f"{_EDIT}.Ulimits", [{"Name": "core", "SoftLimit": 1, "HardLimit": 1}]),
    Change(f"{_EDIT}.Command", ["sleep", "1"]),
    Change(f"{_EDIT}.User", "nobody"),
    Change("EditService.AvailabilityZoneRebalancing", "ENABLED"),
    Change(f"{_GROUP}.TargetGroupAttributes.1", _attribute("slow_start.duration_seconds", "60")),
    Change("LoadBalancer.LoadBalancerAttributes.1", _attribute("deletion_protection.enabled", "true")),
    Change("SessionsHighAlarm.OKActions", ["arn:aws:sns:us-west-2:123456789012:ops"]),
)


@pytest.fixture(scope="module", autouse=True)
def _moto() -> Iterator[None]:
    with moto_running():
        yield


@cache
def _unchanged() -> tuple[str, ...]:
    return _history()


def _history(*changes: Change) -> tuple[str, ...]:
    """Return the events of a world of the shipped template with *changes*."""
    plane = ControlPlane(changed([_AT_REST, *changes]), "us-west-2", "webordinary", rules=())
    world = World(
        plane,
        seed="planted",
        calibration=PLAIN,
        applications={name: partial(_application, ports) for name, ports in PORTS.items()},
        authority=_AUTHORITY,
    )
    with world.running():
        for sessions in (1.0, 0.0):
            datum = {"MetricName": "ActiveSessionCount", "Value": sessions}
            world.aws("cloudwatch").put_metric_data(Namespace="Webordinary/EditSessions", MetricData=[datum])
            world.clock.sleep(150)
            _ask(world)
    return tuple(event.as_text() for event in world.trace.events)


def _application(ports: tuple[int, ...], context: Context) -> int:
    """Write to both disks, serve what it knows, and be sick after a minute."""
    for folder in ("", "workspace"):
        (context.root / folder / "note").write_text("here")
    began = context.clock.now()

    def answer(request: Request) -> Response:
        if request.target not in ("/health", "/api/a", "/preview/a"):
            return Response(404)
        return Response(200 if context.clock.now() - began < _WELL_SECONDS else 503)

    for port in ports:
        HttpServer(context.clock, context.network, port, answer)
    context.stopping.wait()
    return 0


def _ask(world: World) -> None:
    """Ask both listeners, and note what comes of it."""
    name = world.address_of("webordinary-edit-alb")
    with http_client(world.client_host, _AUTHORITY.trust) as client:
        for url in (f"http://{name}/", f"https://{name}/health", f"https://{name}/api/a", f"https://{name}/preview/a"):
            try:
                world.trace.add("asked", url, status=client.get(url, follow_redirects=False).status_code)
            except (OSError, httpx.HTTPError) as error:
                world.trace.add("asked", url, error=type(error).__name__)


def _statuses(change: Change) -> set[Status]:
    """Return what the tables say of what a change is about."""
    first, *rest = change.path.split(".")
    steps = [step for step in rest if not step.isdecimal()]
    table = tables()[load_template(SHIPPED).resources[first].type]
    value: Any = [change.value] if steps[-1] in BY_KEY else change.value
    for step in reversed(steps):
        value = {step: value}
    lines = [table.line_of(leaf.path, leaf.value) for leaf in leaves(value)]
    return {line.status for line in lines if line is not None}


@pytest.mark.parametrize("change", ACTS, ids=str)
def test_what_acts_changes_the_history(change: Change) -> None:
    """The world does something else, or at another time."""
    assert Status.ACTS in _statuses(change)
    assert _history(change) != _unchanged()


@pytest.mark.parametrize("change", DESCRIBED, ids=str)
def test_what_is_described_changes_nothing(change: Change) -> None:
    """The world does the same, event by event."""
    assert _statuses(change) == {Status.DESCRIBED}
    assert _history(change) == _unchanged()


@pytest.mark.parametrize("change", LEFT, ids=str)
def test_what_is_left_out_changes_nothing(change: Change) -> None:
    """So it must be told: the world does the same, and AWS would not."""
    assert Status.LEFT_OUT in _statuses(change)
    assert _history(change) == _unchanged()
