"""Tests of the states of an ECS task."""

import itertools

import pytest

from seatrials.twin.lifecycle import PENDING_STATES, TaskState, check_step

# Source: Amazon ECS Developer Guide, "Task lifecycle explanation".
DOCUMENTED = ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
DOCUMENTED += ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]


def test_the_states_are_those_of_aws() -> None:
    """A task has the states of the ECS Developer Guide, "Task lifecycle explanation", in that order."""
    assert [state.value for state in TaskState] == DOCUMENTED


def test_a_task_may_go_through_all_states_in_order() -> None:
    """Each documented state may follow the one before it."""
    for current, following in itertools.pairwise(TaskState):
        check_step(current, following)


@pytest.mark.parametrize(
    ("current", "following"),
    [
        (current, following)
        for current, following in itertools.product(TaskState, TaskState)
        if DOCUMENTED.index(following) <= DOCUMENTED.index(current)
    ],
)
def test_a_task_never_goes_back(current: TaskState, following: TaskState) -> None:
    """No state leads to itself or to an earlier one: a task that has stopped is never started again."""
    with pytest.raises(ValueError, match=f"cannot go from {current} to {following}"):
        check_step(current, following)


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.STOPPED])
def test_every_task_can_come_to_its_end(state: TaskState) -> None:
    """From every state before it, a task can be brought to DEPROVISIONING, where its network interface goes."""
    if state is not TaskState.DEPROVISIONING:
        check_step(state, TaskState.DEPROVISIONING)

    check_step(TaskState.DEPROVISIONING, TaskState.STOPPED)


def test_a_task_that_starts_is_pending_until_it_runs() -> None:
    """Everything before RUNNING counts as pending; AWS documents PENDING and shows its neighbours so in practice."""
    assert (TaskState.PROVISIONING, TaskState.PENDING, TaskState.ACTIVATING) == PENDING_STATES
