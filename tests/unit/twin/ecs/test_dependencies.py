"""Tests of the order in which the containers of a task start and stop."""

from collections.abc import Callable

import pytest

from seatrials.seams.application import Context
from tests.support.aws import Json
from tests.support.twin import Twin

IMAGE = {"image": "shop:1", "memory": 64}


class Task:
    """A task of two containers, of which the second depends on the first."""

    def __init__(self, twin: Twin, first: Callable[[Context], int]) -> None:
        """*first* is what the first container does."""
        self.twin = twin
        self.log: list[tuple[str, float]] = []
        applications = twin.world.runtime._applications  # noqa: SLF001  # a world's applications are given as it is made
        applications.update({"first": self._noted("first", first), "second": self._noted("second", _wait)})  # type: ignore[attr-defined]

    def _noted(self, name: str, main: Callable[[Context], int]) -> Callable[[Context], int]:
        def noted(context: Context) -> int:
            self.log.append((f"{name} begins", self.twin.now))
            code = main(context)
            self.log.append((f"{name} ends", self.twin.now))
            return code

        return noted

    def run(self, condition: str, **first: Json) -> None:
        """Let a service run it."""
        depends = [{"containerName": "first", "condition": condition}]
        containers = [
            {"name": "first", **IMAGE, "essential": False, **first},
            {"name": "second", **IMAGE, "dependsOn": depends},
        ]
        ecs = self.twin.ecs
        definition = ecs.register_task_definition(
            family="pair", networkMode="awsvpc", cpu="256", memory="512", containerDefinitions=containers
        )["taskDefinition"]["taskDefinitionArn"]
        network = self.twin.service()["networkConfiguration"]
        ecs.create_service(
            cluster="webordinary-edit-cluster",
            serviceName="pair",
            taskDefinition=definition,
            desiredCount=1,
            launchType="FARGATE",
            networkConfiguration=network,
        )

    def at(self, what: str) -> float:
        """Return when something happened, having waited for it."""
        self.twin.until(lambda: what in dict(self.log), 120)
        return dict(self.log)[what]


def _wait(context: Context) -> int:
    context.stopping.wait()
    context.clock.sleep(3)
    return 0


def _ends_with(code: int) -> Callable[[Context], int]:
    def main(context: Context) -> int:
        context.clock.sleep(20)
        return code

    return main


@pytest.mark.parametrize(
    ("condition", "code", "seconds"), [("COMPLETE", 0, 20), ("COMPLETE", 1, 20), ("SUCCESS", 0, 20), ("START", 0, 0)]
)
def test_a_container_waits_for_its_dependency(twin: Twin, condition: str, code: int, seconds: float) -> None:
    """It starts once the condition holds, and the task runs once it has (botocore: ecs.ContainerDependency)."""
    task = Task(twin, _ends_with(code))
    task.run(condition)
    waited = task.at("second begins") - task.at("first begins")

    assert seconds <= waited <= seconds + 0.5


def test_a_dependency_that_fails_keeps_the_task_from_starting(twin: Twin) -> None:
    """SUCCESS needs exit code 0; otherwise the task stops and says which dependency it was (same page)."""
    task = Task(twin, _ends_with(1))
    task.run("SUCCESS")
    task.at("first ends")
    twin.sleep(5)
    details = twin.happened("task_stop")[0][1]

    assert details["code"] == "TaskFailedToStart"
    assert details["reason"] == "dependency first of container second did not become SUCCESS"
    assert "second begins" not in dict(task.log)


def test_a_dependency_that_does_not_come_in_time_keeps_the_task_from_starting(twin: Twin) -> None:
    """A container is waited for as long as its own startTimeout says (botocore: ecs.ContainerDefinition)."""
    task = Task(twin, _ends_with(0))
    task.run("SUCCESS", startTimeout=10)
    began = task.at("first begins")
    twin.sleep(15)
    at, details = twin.happened("task_stop")[0]

    assert details["reason"] == "dependency first of container second did not become SUCCESS"
    assert 10 <= at - began <= 10.5


def test_a_container_may_wait_for_health(twin: Twin) -> None:
    """HEALTHY waits for the dependency's health check to pass (same page)."""
    task = Task(twin, _wait)
    task.run("HEALTHY", healthCheck={"command": ["CMD-SHELL", "exit 0"], "interval": 10})

    assert 10 <= task.at("second begins") - task.at("first begins") <= 10.5


def test_containers_stop_against_the_order_of_their_dependencies(twin: Twin) -> None:
    """What depends on another stops before it (botocore: ecs.ContainerDefinition, dependsOn)."""
    task = Task(twin, _wait)
    task.run("START")
    task.at("second begins")
    twin.sleep(5)
    twin.ecs.update_service(cluster="webordinary-edit-cluster", service="pair", desiredCount=0)

    assert task.at("first ends") - task.at("second ends") == pytest.approx(3)
