"""The states of an ECS task and the steps between them, as a table; anything else is an error.

Source: Amazon ECS Developer Guide, "Task lifecycle explanation".
"""

from enum import StrEnum


class TaskState(StrEnum):
    """The `lastStatus` of a task."""

    PROVISIONING = "PROVISIONING"
    PENDING = "PENDING"
    ACTIVATING = "ACTIVATING"
    RUNNING = "RUNNING"
    DEACTIVATING = "DEACTIVATING"
    STOPPING = "STOPPING"
    DEPROVISIONING = "DEPROVISIONING"
    STOPPED = "STOPPED"


_NEXT: dict[TaskState, tuple[TaskState, ...]] = {
    TaskState.PROVISIONING: (TaskState.PENDING, TaskState.DEPROVISIONING),
    TaskState.PENDING: (TaskState.ACTIVATING, TaskState.DEPROVISIONING),
    TaskState.ACTIVATING: (TaskState.RUNNING, TaskState.DEACTIVATING, TaskState.DEPROVISIONING),
    TaskState.RUNNING: (TaskState.DEACTIVATING, TaskState.STOPPING, TaskState.DEPROVISIONING),
    TaskState.DEACTIVATING: (TaskState.STOPPING, TaskState.DEPROVISIONING),
    TaskState.STOPPING: (TaskState.DEPROVISIONING,),
    TaskState.DEPROVISIONING: (TaskState.STOPPED,),
    TaskState.STOPPED: (),
}

# Counted in `pendingCount`; AWS documents "in PENDING state" only, and shows the states around it so in practice.
PENDING_STATES = (TaskState.PROVISIONING, TaskState.PENDING, TaskState.ACTIVATING)


def check_step(current: TaskState, following: TaskState) -> None:
    """Raise `ValueError` when ECS knows no way from *current* to *following*."""
    if following not in _NEXT[current]:
        msg = f"a task cannot go from {current} to {following}; from {current} it goes to {_NEXT[current]}"
        raise ValueError(msg)
