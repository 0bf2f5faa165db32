"""Deployments of an ECS service: which task definition its tasks should have, and how far that has come.

Source: Amazon ECS Developer Guide, "Deployment circuit breaker"; botocore's ecs.Deployment.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(eq=False)
class Deployment:
    """One deployment; the newest is PRIMARY."""

    id: str
    task_definition: str
    created_at: datetime
    forced: int = 0
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    failed_tasks: int = 0
    reason: str = ""

    def complete(self) -> None:
        """Note that every task of the service belongs to this deployment and is healthy."""
        self.rollout_state = "COMPLETED"
        self.reason = ""
        self.failed_tasks = 0

    def fail(self) -> None:
        """Note that the circuit breaker has tripped."""
        self.rollout_state = "FAILED"
        self.reason = "ECS deployment circuit breaker: task failed to start."

    def resume(self) -> None:
        """Become the service's deployment again, after a later one has failed."""
        self.status = "PRIMARY"
        self.rollout_state = "IN_PROGRESS"
        self.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {self.id}."

    def as_api(self, desired: int, running: int, pending: int, service: dict[str, Any]) -> dict[str, Any]:
        """Return the deployment as DescribeServices shows it."""
        state = "completed" if self.rollout_state == "COMPLETED" else "in progress"
        return {
            "id": self.id,
            "status": self.status,
            "taskDefinition": self.task_definition,
            "desiredCount": desired,
            "runningCount": running,
            "pendingCount": pending,
            "failedTasks": self.failed_tasks,
            "createdAt": self.created_at,
            "updatedAt": self.created_at,
            "launchType": service.get("launchType"),
            "platformVersion": service.get("platformVersion") or "1.4.0",
            "platformFamily": "Linux",
            "networkConfiguration": service.get("networkConfiguration"),
            "rolloutState": self.rollout_state,
            "rolloutStateReason": self.reason or f"ECS deployment {self.id} {state}.",
        }


@dataclass(frozen=True)
class Limits:
    """How many tasks a service may and must have while it changes."""

    least_healthy: int
    most_running: int

    @classmethod
    def of(cls, desired: int, configuration: dict[str, Any]) -> "Limits":
        """Return the limits for *desired* tasks; the minimum rounds up, the maximum down."""
        minimum = configuration.get("minimumHealthyPercent", 100)
        maximum = configuration.get("maximumPercent", 200)
        return cls(math.ceil(desired * minimum / 100), math.floor(desired * maximum / 100))


def breaker_threshold(desired: int) -> int:
    """Return after how many failed tasks in a row the circuit breaker trips: half of desired, from 3 to 200."""
    return min(200, max(3, math.ceil(desired / 2)))


def throttle_seconds(failures: int) -> float:
    """Return how long the scheduler waits before it starts the next task, after *failures* starts that failed.

    ECS gives only the limit of 27 minutes; that the delay doubles from 10 s is ours.
    Source: Amazon ECS Developer Guide, "Service throttle logic".
    """
    return 0.0 if failures < 1 else min(27 * 60.0, 10.0 * 2 ** (failures - 1))
