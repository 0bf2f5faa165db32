"""Tests of the faults of a real stack: what an operator can do, and nothing that only looks like what was asked."""

from collections.abc import Callable
from typing import Any

import pytest

from seatrials.errors import ConfigurationError
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


@pytest.mark.parametrize(
    ("fault", "capability"),
    [
        pytest.param(lambda faults: faults.task_killed("task"), "faults.kill", id="task_killed"),
        pytest.param(lambda faults: faults.image_missing("edit"), "faults.image", id="image_missing"),
        pytest.param(lambda faults: faults.expiry_hurried(4), "expiry", id="expiry_hurried"),
        pytest.param(lambda faults: faults.table_throttling(), "faults.table", id="table_throttling"),
        pytest.param(lambda faults: faults.hanging("task"), "faults.hang", id="hanging"),
        pytest.param(lambda faults: faults.hanging_up("task"), "faults.network", id="hanging_up"),
        pytest.param(lambda faults: faults.failing_health_checks([], 1), "faults.hang", id="failing_health_checks"),
    ],
)
def test_what_aws_cannot_do_is_never_done_by_less(
    faults: LiveFaults, fault: Callable[[LiveFaults], Any], capability: str
) -> None:
    """A fault that AWS has no call for is an error that names the capability to ask for."""
    with pytest.raises(ConfigurationError, match=capability):
        fault(faults)
