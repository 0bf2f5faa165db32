"""Which tasks may take sessions, and why tasks stopped."""

from datetime import UTC, datetime

import pytest

from seatrials.webordinary.hermes.fleet import Fleet, short_id
from tests.support.hermes import HermesWorld

START = 1_700_000_000


@pytest.fixture
def fleet(world: HermesWorld) -> Fleet:
    """Return the edit service's tasks."""
    return Fleet(world.ecs, "webordinary-edit-cluster", "webordinary-edit-service")


def test_running_tasks_are_given_by_their_arns(world: HermesWorld, fleet: Fleet) -> None:
    """With the address at which the balancer reaches each."""
    second, first = world.ecs.run(2), world.ecs.run(1)

    found = {arn: (task.arn, task.address) for arn, task in fleet.running().items()}
    assert found == {first: (first, "10.0.1.1"), second: (second, "10.0.1.2")}


@pytest.mark.parametrize("changes", [{"lastStatus": "PENDING"}, {"lastStatus": "DEACTIVATING"}])
def test_a_task_that_cannot_serve_is_left_out(world: HermesWorld, fleet: Fleet, changes: dict[str, object]) -> None:
    """It has to run."""
    world.ecs.run(1)
    world.ecs.tasks[0].update(changes)

    assert fleet.running() == {}


def test_a_task_that_is_meant_to_stop_is_left_out(world: HermesWorld, fleet: Fleet) -> None:
    """Its lastStatus stays RUNNING for a while. Source: Amazon ECS Developer Guide, task lifecycle."""
    world.ecs.run(1)
    world.ecs.tasks[0].update(desiredStatus="STOPPED")

    assert fleet.running() == {}


def test_target_groups_are_named_by_the_end_of_the_tasks_id() -> None:
    """Twelve characters leave room in the 32 that AWS allows."""
    assert short_id("arn:aws:ecs:us-west-2:1:task/cluster/0123456789abcdef0123456789abcdef") == "456789abcdef"


def test_the_reason_is_that_of_the_newest_task_that_stopped(world: HermesWorld, fleet: Fleet) -> None:
    """As ECS words it."""
    for number, reason in ((1, "older"), (2, "CannotPullContainerError: pull failed")):
        arn = world.ecs.run(number)
        stopped_at = datetime.fromtimestamp(START + number, UTC)
        world.ecs.stop(arn, stoppedReason=reason, stoppedAt=stopped_at)

    assert fleet.failure_reason(START) == "CannotPullContainerError: pull failed"


def test_a_task_that_stopped_before_is_no_reason(world: HermesWorld, fleet: Fleet) -> None:
    """ECS shows stopped tasks for an hour. Source: Amazon ECS Developer Guide, stopped tasks."""
    world.ecs.stop(world.ecs.run(1), stoppedReason="old", stoppedAt=datetime.fromtimestamp(START - 1, UTC))

    assert fleet.failure_reason(START) is None


def test_a_task_that_was_scaled_in_is_no_reason(world: HermesWorld, fleet: Fleet) -> None:
    """Nothing failed then."""
    reason = "Scaling activity initiated by (deployment ecs-svc/1)"
    stopped_at = datetime.fromtimestamp(START + 1, UTC)
    world.ecs.stop(world.ecs.run(1), stoppedReason=reason, stopCode="ServiceSchedulerInitiated", stoppedAt=stopped_at)

    assert fleet.failure_reason(START) is None
