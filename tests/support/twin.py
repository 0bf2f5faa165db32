"""Worlds to look into: the Webordinary stack on moto, with containers that only answer their health checks."""

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.seams.application import AwsClient, Context
from seatrials.seams.http1 import HttpServer, Request, Response, json_response
from seatrials.twin.authority import Authority
from seatrials.twin.calibration import Calibration, Spread
from seatrials.twin.cloudformation.template import load_template, parse_template
from seatrials.twin.control_plane import ControlPlane
from seatrials.twin.ecs.task_run import TaskRun
from seatrials.twin.world import World
from tests.support.aws import Document, Json
from tests.support.project import TEMPLATE

CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
# The image of the edit task, in the account's own registry.
IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/webordinary/edit:1.0.0"
PORTS = {"edit": (8080, 4321), "hermes": (3000,)}


def always(seconds: float) -> Spread:
    """Return a duration that chance does not change."""
    return Spread(seconds, seconds, seconds)


# Durations of AWS that a test can add up.
PLAIN = Calibration(
    scheduler_interval=always(1),
    provisioning=always(4),
    pull=always(6),
    activating=always(2),
    deprovisioning=always(8),
    scaling_action=always(1),
    metric_lag=always(0.5),
    index_lag=always(0.4),
    api_latency=always(0.01),
    network_latency=always(0.0005),
    balancer_latency=always(0.001),
    expiry_delay=always(900),
)


@dataclass
class Containers:
    """What the containers of a world do; a test may change it while they run."""

    # Addresses whose health check fails.
    sick: list[str] = field(default_factory=list)
    all_sick: bool = False
    # Whether SIGTERM is ignored.
    deaf: bool = False
    exit_code: int = 0
    contexts: list[Context] = field(default_factory=list)
    # (task ARN, when) of each SIGTERM.
    sigterms: list[tuple[str, float]] = field(default_factory=list)

    def main(self, name: str) -> Callable[[Context], int]:
        """Return the application of the container *name*."""
        return lambda context: self._main(context, PORTS[name])

    def _main(self, context: Context, ports: tuple[int, ...]) -> int:
        self.contexts.append(context)
        address = context.network.address  # type: ignore[attr-defined]  # a host of the world

        def answer(_request: Request) -> Response:
            return json_response(503 if self.all_sick or address in self.sick else 200, {"address": address})

        servers = [HttpServer(context.clock, context.network, port, answer) for port in ports]
        context.stopping.wait()
        self.sigterms.append((context.variables["ECS_TASK_ARN"], context.clock.now()))
        if self.deaf:
            context.clock.signal().wait()
        for server in servers:
            server.close()
        return self.exit_code


@dataclass
class Twin:
    """A living world and shorthands for what tests do to it."""

    world: World
    containers: Containers

    @property
    def ecs(self) -> AwsClient:
        """The client of ECS with which AWS itself would speak: it takes no time."""
        return self.world.aws("ecs")

    @property
    def now(self) -> float:
        """The seconds since the world began."""
        return self.world.clock.elapsed_us() / 1_000_000

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.world.clock.sleep(seconds)

    def until(self, condition: Callable[[], object], within_seconds: float = 300) -> None:
        """Let time pass until *condition* holds."""
        end = self.now + within_seconds
        while not condition():
            assert self.now < end, f"did not happen within {within_seconds} s"
            self.sleep(0.25)

    def update(self, **changes: Json) -> None:
        """Call UpdateService for the edit service."""
        self.ecs.update_service(cluster=CLUSTER, service=EDIT, **changes)

    def scale(self, count: int) -> list[TaskRun]:
        """Set the desired count of the edit service, wait until it is reached, and return its tasks."""
        self.update(desiredCount=count)
        self.sleep(0.01)
        self.world.settle(300)
        assert self.world.scheduler.is_settled()
        return self.runs()

    def runs(self) -> list[TaskRun]:
        """Return the tasks of the edit service that have not been forgotten, oldest first."""
        return self.world.scheduler.runs(EDIT)

    def service(self) -> Document:
        """Return the edit service as DescribeServices gives it."""
        [service] = self.ecs.describe_services(cluster=CLUSTER, services=[EDIT])["services"]
        return dict(service)

    def task(self, arn: str) -> Document:
        """Return a task as DescribeTasks gives it."""
        [task] = self.ecs.describe_tasks(cluster=CLUSTER, tasks=[arn])["tasks"]
        return dict(task)

    def messages(self) -> list[str]:
        """Return the texts of the service's events, oldest first."""
        return [event["message"] for event in reversed(self.service()["events"])]

    def redefine(self, **changes: Json) -> str:
        """Register a new revision of the edit task, its container changed, and return its ARN."""
        current = self.ecs.describe_task_definition(taskDefinition=self.service()["taskDefinition"])["taskDefinition"]
        roles = ("taskRoleArn", "executionRoleArn")
        names = ("family", "networkMode", "volumes", "cpu", "memory", "requiresCompatibilities", *roles)
        containers = [{**each, **changes} for each in current["containerDefinitions"]]
        kept = {name: current[name] for name in names}
        answer = self.ecs.register_task_definition(**kept, containerDefinitions=containers)
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def happened(self, kind: str, subject: str | None = None) -> list[tuple[float, Document]]:
        """Return time and details of what the trace holds of one kind."""
        events = [each for each in self.world.trace.events if each.kind == kind and subject in {None, each.subject}]
        return [(event.at_us / 1_000_000, event.details) for event in events]

    def allow(self, role: str, *actions: str, effect: str = "Allow", **more: Json) -> None:
        """Give a role of the stack one more policy, by the role's name in the template."""
        statement = {"Effect": effect, "Action": actions, "Resource": "*", **more}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        name = self.world.stack.physical_ids[role]
        self.world.aws("iam").put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)

    def within(self, run: TaskRun, work: Callable[[Context], Json]) -> Json:
        """Return what *work* returns as an actor of a task's container, or raise what it raises."""
        context = next(each for each in self.containers.contexts if run.record.id in each.variables["ECS_TASK_ARN"])
        results: list[Json] = []

        def act() -> None:
            try:
                results.append(work(context))
            except (BotoCoreError, ClientError) as error:
                results.append(error)

        self.world.clock.spawn_in(run.containers[0].process, act, "test")
        self.until(lambda: results)
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    def states(self, run: TaskRun) -> list[tuple[str, float]]:
        """Return the states that a task has entered, and when."""
        return [(details["state"], at) for at, details in self.happened("task", run.record.id)]

    def targets(self, address: str) -> list[tuple[str, float]]:
        """Return the states that the API target of a task has entered, and when."""
        label = f"webordinary-edit-api {address}:8080"
        return [(details["state"], at) for at, details in self.happened("target_health", label)]


@dataclass
class Worlds:
    """Makes worlds; what is dear is made once for all tests of a process."""

    planes: list[ControlPlane] = field(default_factory=list)
    authority: Authority = field(default_factory=Authority)

    def plane(self) -> ControlPlane:
        """Return the control plane of the stack, with Hermes at rest."""
        if not self.planes:
            document: Document = copy.deepcopy(dict(load_template(TEMPLATE).document))
            document["Resources"]["HermesService"]["Properties"]["DesiredCount"] = 0
            document["Resources"]["EditService"]["Properties"]["EnableExecuteCommand"] = True
            self.planes.append(ControlPlane(parse_template(document), "us-west-2", "webordinary"))
        return self.planes[0]

    @contextmanager
    def open(
        self, *, seed: str = "1", alive: bool = True, calibration: Calibration = PLAIN, keeps_logs: bool = False
    ) -> Iterator[Twin]:
        """Make a world of that seed; without *alive* nothing of AWS moves in it."""
        containers = Containers()
        world = World(
            self.plane(),
            seed=seed,
            calibration=calibration,
            applications={name: containers.main(name) for name in PORTS},
            authority=self.authority,
            keeps_logs=keeps_logs,
        )
        with world.running(alive=alive):
            yield Twin(world, containers)
