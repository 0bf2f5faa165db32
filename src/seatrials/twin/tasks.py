"""An ECS task as the twin keeps it; its attributes are what `DescribeTasks` answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from seatrials.twin.lifecycle import PENDING_STATES, TaskState, check_step


@dataclass(eq=False, kw_only=True)
class TaskRecord:
    """One task. The API shows each attribute under its camelCase name."""

    task_arn: str
    cluster_arn: str
    task_definition_arn: str
    group: str
    started_by: str
    availability_zone: str
    cpu: str
    memory: str
    enable_execute_command: bool
    created_at: datetime
    last_status: TaskState = TaskState.PROVISIONING
    desired_status: str = "RUNNING"
    launch_type: str = "FARGATE"
    platform_version: str = "1.4.0"
    platform_family: str = "Linux"
    connectivity: str = "CONNECTED"
    health_status: str = "UNKNOWN"
    version: int = 1
    containers: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    overrides: dict[str, Any] = field(default_factory=dict)
    tags: list[dict[str, str]] = field(default_factory=list)
    family: str = ""
    # moto reads this one of tasks on EC2.
    container_instance_arn: str | None = None
    pull_started_at: datetime | None = None
    pull_stopped_at: datetime | None = None
    started_at: datetime | None = None
    stopping_at: datetime | None = None
    execution_stopped_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    stopped_reason: str | None = None

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.task_arn.rsplit("/", 1)[-1]

    @property
    def network_interface(self) -> str:
        """The id of the task's network interface, empty when it has none."""
        details = [detail for each in self.attachments for detail in each["details"]]
        return next((str(each["value"]) for each in details if each["name"] == "networkInterfaceId"), "")

    @property
    def is_pending(self) -> bool:
        """Whether the task counts in `pendingCount`."""
        return self.last_status in PENDING_STATES and self.desired_status == "RUNNING"

    @property
    def is_running(self) -> bool:
        """Whether the task counts in `runningCount`."""
        return self.last_status is TaskState.RUNNING

    @property
    def is_wanted(self) -> bool:
        """Whether nobody has asked the task to stop."""
        return self.desired_status == "RUNNING"

    def enter(self, state: TaskState) -> None:
        """Move to *state*; raises `ValueError` when ECS knows no such step."""
        check_step(self.last_status, state)
        self.last_status = state
        self.version += 1

    def ask_to_stop(self, code: str, reason: str) -> None:
        """Note that, and why, the task is to stop; the first reason stays."""
        if self.is_wanted:
            self.desired_status = "STOPPED"
            self.stop_code = code
            self.stopped_reason = reason
            self.version += 1

    def advance(self) -> None:
        """Do nothing: moto calls this at each DescribeTasks to play a lifecycle, which here the scheduler owns."""
