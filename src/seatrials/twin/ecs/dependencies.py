"""When a container of a task may start: once what it depends on has started, ended, succeeded or is healthy.

Source: botocore, ecs.ContainerDependency, and ecs.ContainerDefinition, startTimeout.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from seatrials.twin.ecs.runtime import Container
from seatrials.twin.physics.clock import VirtualClock

_POLL_SECONDS = 0.5


class DependencyError(Exception):
    """What a container waits for can no longer come; the text says which dependency."""


def wait_for_dependencies(
    clock: VirtualClock, container: Container, definition: Mapping[str, Any], siblings: Mapping[str, Container]
) -> None:
    """Wait until *container* may start, or is asked to stop; raises `DependencyError` when it never may."""
    for dependency in definition.get("dependsOn", []):
        name, condition = str(dependency["containerName"]), str(dependency.get("condition"))
        sibling = siblings.get(name)
        if sibling is None:
            msg = f"container {container.name} depends on {name}, which the task does not have"
            raise DependencyError(msg)
        deadline = clock.now() + sibling.start_timeout_seconds
        while not container.stopping.is_set() and not _is_met(sibling, condition):
            if _is_impossible(sibling, condition) or clock.now() >= deadline:
                msg = f"dependency {name} of container {container.name} did not become {condition}"
                raise DependencyError(msg)
            clock.sleep(_POLL_SECONDS)


def stop_order(containers: Sequence[Container]) -> list[list[Container]]:
    """Return the containers in the order in which they stop, those that stop together in one list.

    What others depend on goes last, for dependencies are reversed on the way down. Source: botocore,
    ecs.ContainerDefinition, dependsOn.
    """
    left, order = list(containers), []
    while left:
        needed = {name for each in left for name in each.depends_on}
        # In a circle, which ECS refuses, all go together.
        first = [each for each in left if each.name not in needed] or left
        order.append(first)
        left = [each for each in left if each not in first]
    return order


def _is_met(sibling: Container, condition: str) -> bool:
    match condition:
        case "COMPLETE":
            return sibling.exit_code is not None
        case "SUCCESS":
            return sibling.exit_code == 0
        case "HEALTHY":
            return sibling.health == "HEALTHY"
        case _:
            return sibling.begun.is_set()


def _is_impossible(sibling: Container, condition: str) -> bool:
    has_ended = sibling.exit_code is not None
    return has_ended if condition in ("SUCCESS", "HEALTHY") else has_ended and not sibling.begun.is_set()
