"""Tests of restart policies: who is begun again in place, and when.

Source of all: botocore, ecs.ContainerRestartPolicy.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from seatrials.seams.application import Context
from seatrials.twin.ecs.task_run import TaskRun
from tests.support.aws import Json
from tests.support.twin import CLUSTER, Twin


@dataclass
class Exits:
    """An application that listens, and exits by itself after a while, with one exit code after another."""

    after_seconds: float
    codes: list[int]
    begun: list[float] = field(default_factory=list)

    def main(self, context: Context) -> int:
        """Run once."""
        self.begun.append(context.clock.now())
        context.network.listen(8080)
        code = self.codes[min(len(self.begun), len(self.codes)) - 1]
        return 0 if context.stopping.wait(self.after_seconds) else code


def _start(twin: Twin, main: Callable[[Context], int], **container: Json) -> TaskRun:
    """Start a task of a service behind no load balancer, whose one container runs *main*."""
    applications = twin.world.runtime._applications  # noqa: SLF001  # a world's applications are given as it is made
    applications["odd"] = main  # type: ignore[index]
    definition = {"name": "odd", "image": "odd:1", "memory": 64, **container}
    registered = twin.ecs.register_task_definition(
        family="odd", networkMode="awsvpc", cpu="256", memory="512", containerDefinitions=[definition]
    )
    twin.ecs.create_service(
        cluster=CLUSTER,
        serviceName="odd",
        taskDefinition=registered["taskDefinition"]["taskDefinitionArn"],
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration=twin.service()["networkConfiguration"],
    )
    twin.until(lambda: [each for each in twin.world.scheduler.runs("odd") if each.record.is_running])
    return twin.world.scheduler.runs("odd")[0]


def test_a_container_is_restarted_in_place(twin: Twin) -> None:
    """A container that exits begins again at once, on the address and port that it had, and its task goes on."""
    exits = Exits(after_seconds=400, codes=[1, 0])
    run = _start(twin, exits.main, restartPolicy={"enabled": True})
    twin.sleep(900)

    assert [later - earlier for earlier, later in zip(exits.begun, exits.begun[1:], strict=False)] == [400, 400]
    assert twin.task(run.record.task_arn)["lastStatus"] == "RUNNING"
    assert twin.happened("container_restart", f"odd-{run.record.id}")[0][1] == {"exit_code": 1}


@pytest.mark.parametrize("policy", [{}, {"restartPolicy": {"enabled": False}}], ids=["none", "not enabled"])
def test_a_container_without_a_policy_ends_its_task(twin: Twin, policy: dict[str, Json]) -> None:
    """Without a policy that is enabled, an essential container takes its task along."""
    run = _start(twin, Exits(after_seconds=400, codes=[1]).main, **policy)
    twin.sleep(410)

    assert run.record.stop_code == "EssentialContainerExited"


def test_a_container_that_ran_too_short_is_not_restarted(twin: Twin) -> None:
    """It must have run for the attempt period, of 300 s by default, since its last start."""
    exits = Exits(after_seconds=299, codes=[1])
    run = _start(twin, exits.main, restartPolicy={"enabled": True})
    twin.sleep(310)

    assert run.record.stop_code == "EssentialContainerExited"


def test_the_attempt_period_may_be_shorter(twin: Twin) -> None:
    """A period of 60 s lets a container that ran for a minute begin again."""
    exits = Exits(after_seconds=60, codes=[1])
    run = _start(twin, exits.main, restartPolicy={"enabled": True, "restartAttemptPeriod": 60})
    twin.sleep(100)

    assert (len(exits.begun), run.record.stop_code) == (2, None)


def test_an_ignored_exit_code_ends_the_container(twin: Twin) -> None:
    """An exit with a code that is ignored is no failure to recover from, so the container is not begun again."""
    exits = Exits(after_seconds=400, codes=[0])
    run = _start(twin, exits.main, restartPolicy={"enabled": True, "ignoredExitCodes": [0]})
    twin.sleep(410)

    assert run.record.stop_code == "EssentialContainerExited"


def test_a_container_that_is_told_to_stop_is_not_restarted(twin: Twin) -> None:
    """What ECS stops stays stopped, whatever its policy says."""
    exits = Exits(after_seconds=4000, codes=[1])
    run = _start(twin, exits.main, restartPolicy={"enabled": True, "restartAttemptPeriod": 60})
    twin.sleep(100)
    twin.ecs.stop_task(cluster=CLUSTER, task=run.record.task_arn)
    twin.sleep(60)

    assert twin.happened("container_restart", f"odd-{run.record.id}") == []
    assert run.containers[0].exit_code == 0


def test_a_restarted_container_is_checked_again(twin: Twin) -> None:
    """Its health check goes on, and finds it sick or well."""
    exits = Exits(after_seconds=400, codes=[1])
    check = {"command": ["CMD-SHELL", "exit 0"], "interval": 30}
    run = _start(twin, exits.main, restartPolicy={"enabled": True}, healthCheck=check)
    twin.sleep(410)
    run.containers[0].health = "UNKNOWN"
    twin.sleep(60)

    assert run.containers[0].health == "HEALTHY"


def test_a_crash_is_recovered_from(twin: Twin) -> None:
    """A program that crashes exits with 1, and begins again."""
    begun: list[float] = []

    def main(context: Context) -> int:
        begun.append(context.clock.now())
        context.clock.sleep(400)
        raise ValueError(context.variables)

    _start(twin, main, restartPolicy={"enabled": True})
    twin.sleep(500)

    assert len(begun) == 2
