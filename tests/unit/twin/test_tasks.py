"""Tests of the record of a task, as DescribeTasks shows it."""

from datetime import UTC, datetime

import pytest

from seatrials.twin.lifecycle import TaskState
from seatrials.twin.tasks import TaskRecord

PREFIX = "arn:aws:ecs:us-west-2:123456789012"


@pytest.fixture
def record() -> TaskRecord:
    """Give a task that has just been created."""
    return TaskRecord(
        task_arn=f"{PREFIX}:task/shop/0123456789abcdef",
        cluster_arn=f"{PREFIX}:cluster/shop",
        task_definition_arn=f"{PREFIX}:task-definition/web:1",
        group="service:web",
        started_by="ecs-svc/1",
        availability_zone="us-west-2a",
        cpu="256",
        memory="512",
        enable_execute_command=False,
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def bring_up(record: TaskRecord) -> None:
    """Take a task to RUNNING."""
    for state in (TaskState.PENDING, TaskState.ACTIVATING, TaskState.RUNNING):
        record.enter(state)


def test_the_id_is_the_end_of_the_arn(record: TaskRecord) -> None:
    """A task is known by the last part of its ARN."""
    assert record.id == "0123456789abcdef"


def test_a_new_task_is_pending(record: TaskRecord) -> None:
    """A task begins in PROVISIONING, wanted, and counts in pendingCount."""
    assert {
        "last_status": record.last_status,
        "is_wanted": record.is_wanted,
        "is_pending": record.is_pending,
        "is_running": record.is_running,
    } == {"last_status": TaskState.PROVISIONING, "is_wanted": True, "is_pending": True, "is_running": False}


def test_a_running_task_counts_as_running(record: TaskRecord) -> None:
    """In RUNNING, a task counts in runningCount and no longer in pendingCount."""
    bring_up(record)

    assert (record.is_pending, record.is_running) == (False, True)


def test_version_counts_every_change(record: TaskRecord) -> None:
    """`version` rises with each change of state (botocore's ecs.Task: "the version counter for the task")."""
    bring_up(record)
    record.ask_to_stop("UserInitiated", "enough")

    assert record.version == 5


def test_a_task_asked_to_stop_still_runs(record: TaskRecord) -> None:
    """The desiredStatus is STOPPED while lastStatus is RUNNING (ECS Developer Guide, "Task lifecycle explanation")."""
    bring_up(record)
    record.ask_to_stop("UserInitiated", "enough")

    assert record.desired_status == "STOPPED"
    assert record.last_status == "RUNNING"
    assert not record.is_wanted


def test_a_starting_task_that_is_to_stop_is_not_pending(record: TaskRecord) -> None:
    """What is to stop before it has run is no longer on its way to running."""
    record.ask_to_stop("UserInitiated", "enough")

    assert not record.is_pending


def test_the_first_reason_to_stop_stays(record: TaskRecord) -> None:
    """A task that is told twice to stop says why it was told first."""
    record.ask_to_stop("UserInitiated", "enough")
    record.ask_to_stop("EssentialContainerExited", "Essential container in task exited")

    assert (record.stop_code, record.stopped_reason) == ("UserInitiated", "enough")


def test_an_unknown_step_is_refused(record: TaskRecord) -> None:
    """A record takes no step that the lifecycle does not know, and stays as it was."""
    with pytest.raises(ValueError, match="cannot go from PROVISIONING to RUNNING"):
        record.enter(TaskState.RUNNING)

    assert (record.last_status, record.version) == (TaskState.PROVISIONING, 1)


def test_a_look_changes_nothing(record: TaskRecord) -> None:
    """The step that moto takes at each DescribeTasks does nothing here."""
    record.advance()

    assert (record.last_status, record.version) == (TaskState.PROVISIONING, 1)
