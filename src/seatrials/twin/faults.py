"""What can be broken in a world, each fault a context manager that undoes it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from seatrials.twin.ecs.runtime import Container
from seatrials.twin.moto_bridge.hooks import Throttling
from seatrials.twin.world import World


class TwinFaults:
    """Faults of the mock's world."""

    def __init__(self, world: World, cluster: str, services: dict[str, str]) -> None:
        """*services* gives the ECS service's name for each short name, such as `edit`."""
        self._world = world
        self._cluster = cluster
        self._services = services

    @contextmanager
    def image_missing(self, service: str) -> Iterator[None]:
        """Let no new task of *service* pull its image."""
        images = self._images(service)
        missing = self._world.runtime.images_missing
        missing.update(images)
        try:
            yield
        finally:
            missing.difference_update(images)

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """Stop every task of *service* at once, and let none start."""
        ecs, name = self._world.aws("ecs"), self._services[service]
        desired = ecs.describe_services(cluster=self._cluster, services=[name])["services"][0]["desiredCount"]
        ecs.update_service(cluster=self._cluster, service=name, desiredCount=0)
        for arn in ecs.list_tasks(cluster=self._cluster, serviceName=name)["taskArns"]:
            ecs.stop_task(cluster=self._cluster, task=arn, reason=f"{service} is stopped on purpose")
        try:
            yield
        finally:
            ecs.update_service(cluster=self._cluster, service=name, desiredCount=desired)

    @contextmanager
    def hanging(self, task_arn: str) -> Iterator[None]:
        """Let a task's containers take connections and do nothing, as a process does that SIGSTOP has stopped."""
        processes = [container.process for container in self._containers(task_arn)]
        for process in processes:
            self._world.clock.pause(process)
        try:
            yield
        finally:
            for process in processes:
                self._world.clock.unpause(process)

    @contextmanager
    def hanging_up(self, task_arn: str) -> Iterator[None]:
        """Let a task close every new connection at once, without a byte."""
        host = self._containers(task_arn)[0].host
        host.hangs_up = True
        try:
            yield
        finally:
            host.hangs_up = False

    @contextmanager
    def failing_health_checks(self, task_arns: Sequence[str], port: int) -> Iterator[None]:
        """Let tasks answer 503 to the load balancer's health checks on *port*, and serve everything else."""
        addresses = [(self._containers(arn)[0].host.address, port) for arn in task_arns]
        faulty = self._world.targets.faulty
        faulty.update(addresses)
        try:
            yield
        finally:
            faulty.difference_update(addresses)

    def _containers(self, task_arn: str) -> list[Container]:
        return self._world.runtime.containers[task_arn.rpartition("/")[2]]

    @contextmanager
    def task_killed(self, task_arn: str) -> Iterator[None]:
        """End a task's containers with SIGKILL; nothing is left to undo, for its service starts another task."""
        for container in list(self._world.runtime.containers[task_arn.rsplit("/", 1)[-1]]):
            self._world.runtime.kill(container)
        yield

    @contextmanager
    def expiry_hurried(self, delay_seconds: float) -> Iterator[None]:
        """Let DynamoDB delete an item so soon after its time to live is over, instead of after minutes to days."""
        self._world.expiry.hurry(delay_seconds)
        try:
            yield
        finally:
            self._world.expiry.hurry(None)

    @contextmanager
    def table_throttling(self, *, passing: int = 0, refused: int | None = None) -> Iterator[None]:
        """Let *passing* more calls of tasks reach the table, and have *refused* throttled then, or all.

        Source: DynamoDB Developer Guide, "Error handling with DynamoDB", ThrottlingException.
        """
        self._world.bridge.throttling["dynamodb"] = Throttling(passing, refused)
        try:
            yield
        finally:
            del self._world.bridge.throttling["dynamodb"]

    def _images(self, service: str) -> list[str]:
        ecs = self._world.aws("ecs")
        answer = ecs.describe_services(cluster=self._cluster, services=[self._services[service]])
        definition = answer["services"][0]["taskDefinition"]
        containers = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
        return [container["image"] for container in containers]
