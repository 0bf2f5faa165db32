"""What can be broken in a world, each fault a context manager that undoes it.

The words are those of `seatrials.platform.faults`, which a twin does not know: a test compares the two.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from seatrials.twin.ecs.runtime import EXIT_CRASH, EXIT_SIGKILL, Container
from seatrials.twin.moto_bridge.hooks import Trouble
from seatrials.twin.physics.cuts import ANYBODY
from seatrials.twin.world import World

# Exit code and reason of what ends a process. Source: Amazon ECS Developer Guide, "Stopped tasks error messages".
_ENDINGS = {
    "killed": (EXIT_SIGKILL, ""),
    "exits": (EXIT_CRASH, ""),
    "out of memory": (EXIT_SIGKILL, "OutOfMemoryError: Container killed due to memory usage"),
}
# What answers slowly, by the part's name.
_SLOW = {"balancer": "balancer", "table": "dynamodb"}
# What RegisterTaskDefinition takes of a task definition that is there already.
_OF_A_DEFINITION = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "runtimePlatform",
)


class TwinFaults:
    """Faults of the mock's world."""

    def __init__(self, world: World, cluster: str, services: Mapping[str, str], containers: Mapping[str, str]) -> None:
        """*services* and *containers* give the names of ECS's for each short name, such as `edit`."""
        self._world = world
        self._cluster = cluster
        self._services = services
        self._names_of_containers = containers
        self._troubles = world.runtime.troubles

    @contextmanager
    def task_stopped(self, *task_arns: str) -> Iterator[None]:
        """Have ECS stop tasks at once, which gives them SIGTERM."""
        with self._told("task_stopped", *task_arns):
            for arn in task_arns:
                self._ecs.stop_task(cluster=self._cluster, task=arn, reason="stopped by a scenario")
            yield

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """Stop every task of *service* at once, and let none start."""
        ecs, name = self._ecs, self._services[service]
        desired = self._service(service)["desiredCount"]
        with self._told("stopped", service):
            ecs.update_service(cluster=self._cluster, service=name, desiredCount=0)
            try:
                for arn in ecs.list_tasks(cluster=self._cluster, serviceName=name)["taskArns"]:
                    ecs.stop_task(cluster=self._cluster, task=arn, reason=f"{service} is stopped on purpose")
                yield
            finally:
                ecs.update_service(cluster=self._cluster, service=name, desiredCount=desired)

    @contextmanager
    def task_killed(self, task_arn: str, how: str = "killed") -> Iterator[None]:
        """End the processes of a task's containers: by SIGKILL, with an exit code of 1, or for want of memory."""
        exit_code, reason = _ENDINGS[how]
        with self._told("task_killed", task_arn):
            for container in list(self._containers(task_arn)):
                self._world.runtime.kill(container, exit_code, reason)
            yield

    @contextmanager
    def hanging(self, task_arn: str) -> Iterator[None]:
        """Let a task's containers take connections and do nothing, as a process does that SIGSTOP has stopped."""
        processes = [container.process for container in self._containers(task_arn)]
        with self._told("hanging", task_arn):
            for process in processes:
                self._world.clock.pause(process)
            try:
                yield
            finally:
                for process in processes:
                    self._world.clock.unpause(process)

    @contextmanager
    def failing_health_checks(self, task_arns: Sequence[str], port: int) -> Iterator[None]:
        """Let tasks answer 503 to the load balancer's health checks on *port*, and serve everything else."""
        addresses = [(self._containers(arn)[0].host.address, port) for arn in task_arns]
        faulty = self._world.targets.faulty
        with self._told("failing_health_checks", *task_arns):
            faulty.update(addresses)
            try:
                yield
            finally:
                faulty.difference_update(addresses)

    @contextmanager
    def hanging_up(self, task_arn: str) -> Iterator[None]:
        """Let a task close every new connection at once, without a byte."""
        host = self._containers(task_arn)[0].host
        with self._told("hanging_up", task_arn):
            host.hangs_up = True
            try:
                yield
            finally:
                host.hangs_up = False

    @contextmanager
    def partitioned(self, part: str, other: str) -> Iterator[None]:
        """Lose every packet between two parts."""
        cuts = self._world.network.cuts
        with self._told("partitioned", part, other), cuts.between(self._ends(part), self._ends(other)):
            yield

    @contextmanager
    def slow(self, part: str, seconds: float) -> Iterator[None]:
        """Let each answer of a part take so many seconds more."""
        slow = self._world.slow_seconds.setdefault(_SLOW[part], []) if part in _SLOW else self._troubles.disk_seconds
        with self._told("slow", part, seconds), _among(slow, seconds):
            yield

    @contextmanager
    def image_missing(self, service: str) -> Iterator[None]:
        """Let no new task of *service* pull its image."""
        images = self._images(service)
        with self._told("image_missing", service):
            self._troubles.images_missing.update(images)
            try:
                yield
            finally:
                self._troubles.images_missing.difference_update(images)

    @contextmanager
    def image_slow(self, service: str, seconds: float) -> Iterator[None]:
        """Let new tasks of *service* take so many seconds to pull their image."""
        images = self._images(service)
        with self._told("image_slow", service, seconds):
            self._troubles.pull_seconds.update(dict.fromkeys(images, seconds))
            try:
                yield
            finally:
                for image in images:
                    self._troubles.pull_seconds.pop(image, None)

    @contextmanager
    def mount_failing(self, service: str) -> Iterator[None]:
        """Let no new task of *service* mount its file system."""
        volumes = [each.get("efsVolumeConfiguration") for each in self._definition(service).get("volumes", [])]
        with self._told("mount_failing", service), ExitStack() as held:
            for volume in filter(None, volumes):
                held.enter_context(_among(self._world.file_systems.not_mountable, str(volume["fileSystemId"])))
            yield

    @contextmanager
    def table_throttling(self, *, passing: int = 0, refused: int | None = None) -> Iterator[None]:
        """Let *passing* more calls of tasks reach the table, and have *refused* throttled then, or all.

        In one of its words after the other. Source: DynamoDB Developer Guide, "Error handling with DynamoDB".
        """
        throttling = Trouble(passing, refused)
        with self._told("table_throttling"), _among(self._world.bridge.throttling, ("dynamodb", throttling)):
            yield

    @contextmanager
    def table_unsure(self, *, passing: int = 0, unsaid: int | None = None) -> Iterator[None]:
        """Let *passing* more writes of tasks be answered, and *unsaid* be done and answered with an error, or all."""
        with self._told("table_unsure"), _among(self._world.bridge.unsure, ("dynamodb", Trouble(passing, unsaid))):
            yield

    @contextmanager
    def table_away(self) -> Iterator[None]:
        """Let no task reach the session table."""
        with self._told("table_away"), self._world.network.cuts.between([ANYBODY], self._ends("table")):
            yield

    @contextmanager
    def expiry_hurried(self, delay_seconds: float) -> Iterator[None]:
        """Let DynamoDB delete an item so soon after its time to live is over, instead of after minutes to days."""
        with self._told("expiry_hurried", delay_seconds):
            self._world.expiry.hurry(delay_seconds)
            try:
                yield
            finally:
                self._world.expiry.hurry(None)

    @contextmanager
    def metrics_late(self, seconds: float) -> Iterator[None]:
        """Let what is put into metrics be seen so many seconds later; after infinitely many it is lost."""
        with self._told("metrics_late", seconds), _among(self._world.scaling.alarms.late_seconds, seconds):
            yield

    @contextmanager
    def metrics_refused(self) -> Iterator[None]:
        """Throttle what tasks put into metrics. Source: CloudWatch User Guide, "CloudWatch service quotas"."""
        with self._told("metrics_refused"), _among(self._world.bridge.throttling, ("cloudwatch", Trouble())):
            yield

    @contextmanager
    def clocks_ahead(self, service: str, seconds: float) -> Iterator[None]:
        """Let the clocks of tasks of *service* that begin meanwhile be so far ahead, or behind where it is below 0."""
        ahead, name = self._troubles.clocks_ahead, self._names_of_containers[service]
        with self._told("clocks_ahead", service, seconds):
            before, (_, wrong) = ahead.get(name), ahead.setdefault(name, (seconds, []))
            if before is not None:
                msg = f"the clocks of {service} are {before[0]:g} s ahead already: one fault of them at a time"
                raise RuntimeError(msg)
            try:
                yield
            finally:
                del ahead[name]
                for clock in wrong:
                    clock.step(-seconds)

    @contextmanager
    def spot_interrupted(self, task_arn: str) -> Iterator[None]:
        """Let Fargate Spot take a task back: a warning, SIGTERM, and the end within two minutes."""
        with self._told("spot_interrupted", task_arn):
            self._world.scheduler.interrupt(task_arn)
            yield

    @contextmanager
    def broken_release(self, service: str) -> Iterator[None]:
        """Roll out a version of *service* that runs and never answers."""
        sound = self._definition(service)
        broken = {name: sound[name] for name in _OF_A_DEFINITION if name in sound}
        broken["containerDefinitions"] = [
            {**each, "image": f"{each['image'].rpartition(':')[0]}:broken"} for each in sound["containerDefinitions"]
        ]
        images = [str(each["image"]) for each in broken["containerDefinitions"]]
        with self._told("broken_release", service):
            self._troubles.images_mute.update(images)
            made = self._ecs.register_task_definition(**broken)["taskDefinition"]["taskDefinitionArn"]
            self._roll_out(service, made)
            try:
                yield
            finally:
                self._roll_out(service, sound["taskDefinitionArn"])
                self._ecs.deregister_task_definition(taskDefinition=made)

    @contextmanager
    def _told(self, name: str, *about: object) -> Iterator[None]:
        """Say in the timeline when a fault begins and ends."""
        subject = " ".join([name, *(str(each).rpartition("/")[2] for each in about)])
        self._world.trace.add("fault", subject, state="begun")
        try:
            yield
        finally:
            self._world.trace.add("fault", subject, state="ended")

    @property
    def _ecs(self) -> Any:  # noqa: ANN401  # boto3's clients have no type
        return self._world.aws("ecs")

    def _ends(self, part: str) -> list[str]:
        """Return the ends that a part of the platform is, as the network knows them."""
        if part == "table":
            return ["dynamodb"]
        if part == "client":
            return [self._world.client_host.address]
        if part == "balancer":
            return [host.address for balancer in self._world.balancers for host in balancer.hosts]
        if part in self._services:
            runs = self._world.scheduler.runs(self._services[part])
            return [run.address for run in runs if run.record.is_wanted]
        return [self._containers(part)[0].host.address]

    def _containers(self, task_arn: str) -> list[Container]:
        return self._world.runtime.containers[task_arn.rpartition("/")[2]]

    def _service(self, service: str) -> dict[str, Any]:
        answer = self._ecs.describe_services(cluster=self._cluster, services=[self._services[service]])
        found: dict[str, Any] = answer["services"][0]
        return found

    def _definition(self, service: str) -> dict[str, Any]:
        arn = self._service(service)["taskDefinition"]
        found: dict[str, Any] = self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return found

    def _images(self, service: str) -> list[str]:
        return [str(each["image"]) for each in self._definition(service)["containerDefinitions"]]

    def _roll_out(self, service: str, definition: str) -> None:
        self._ecs.update_service(cluster=self._cluster, service=self._services[service], taskDefinition=definition)


@contextmanager
def _among(troubles: list[Any], trouble: object) -> Iterator[None]:
    """Have a trouble among others while a block lasts: of two that are alike, either may end first."""
    troubles.append(trouble)
    try:
        yield
    finally:
        troubles.remove(trouble)
