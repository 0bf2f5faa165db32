"""What can be broken in a world, each fault a context manager that undoes it."""

from collections.abc import Iterator
from contextlib import contextmanager

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

    def _images(self, service: str) -> list[str]:
        ecs = self._world.aws("ecs")
        answer = ecs.describe_services(cluster=self._cluster, services=[self._services[service]])
        definition = answer["services"][0]["taskDefinition"]
        containers = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["containerDefinitions"]
        return [container["image"] for container in containers]
