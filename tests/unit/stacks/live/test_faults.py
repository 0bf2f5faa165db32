"""Tests of the faults of a real stack: what an operator can do, and nothing that only looks like what was asked."""

from types import SimpleNamespace

import pytest

from seatrials.stacks.live.faults import LiveFaults
from tests.support.small_platform import SmallPlatform


@pytest.fixture
def faults(small_platform: SmallPlatform) -> LiveFaults:
    """Return the faults of the small platform."""
    names = small_platform.environment().names
    return LiveFaults(small_platform.aws, names.cluster, {"hermes": names.hermes_service})


def desired(small_platform: SmallPlatform) -> int:
    """Return the desired count of Hermes."""
    names = small_platform.environment().names
    services = small_platform.aws("ecs").describe_services(cluster=names.cluster, services=[names.hermes_service])
    return int(services["services"][0]["desiredCount"])


@pytest.mark.parametrize("error", [None, AssertionError], ids=["passes", "fails"])
def test_a_stopped_service_has_its_tasks_again(
    faults: LiveFaults, small_platform: SmallPlatform, error: type[AssertionError] | None
) -> None:
    """A service that was stopped wants as many tasks as before when the block ends, however it ends."""
    names = small_platform.environment().names
    small_platform.aws("ecs").update_service(cluster=names.cluster, service=names.hermes_service, desiredCount=1)
    try:
        with faults.stopped("hermes"):
            during = desired(small_platform)
            if error is not None:
                raise error
    except AssertionError:
        pass  # the scenario has failed, and its stack must not stay broken

    assert (during, desired(small_platform)) == (0, 1)


def test_tasks_are_stopped_as_an_operator_stops_them() -> None:
    """Each task is asked of ECS by its ARN, once, with a reason."""
    calls: list[dict[str, str]] = []
    ecs = SimpleNamespace(stop_task=lambda **given: calls.append(given))
    with LiveFaults(lambda _service: ecs, "cluster", {}).task_stopped("one", "two"):
        during = [each["task"] for each in calls]

    assert during == ["one", "two"]
    assert {(each["cluster"], each["reason"]) for each in calls} == {("cluster", "stopped by a scenario")}
