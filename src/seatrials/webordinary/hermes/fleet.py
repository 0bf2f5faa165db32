"""The tasks of the edit service, as ECS tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.seams.application import AwsClient


@dataclass(frozen=True)
class Task:
    """A running edit container."""

    arn: str
    # Its private IPv4 address.
    address: str
    # Epoch seconds.
    started_at: float

    @property
    def short_id(self) -> str:
        """The end of the task's id, by which its target groups are named."""
        return short_id(self.arn)


def short_id(task_arn: str) -> str:
    """Return the last twelve characters of a task's id."""
    return task_arn[-12:]


class Fleet:
    """Reads the tasks of one service; raises botocore's errors."""

    def __init__(self, ecs: AwsClient, cluster: str, service: str) -> None:
        self._ecs = ecs
        self._pages_of_tasks = ecs.get_paginator("list_tasks")
        self._cluster = cluster
        self._service = service

    def running(self) -> dict[str, Task]:
        """Return the tasks that run and are meant to go on running, by ARN."""
        tasks = [_task_of(each) for each in self._describe("RUNNING") if _is_usable(each)]
        return {task.arn: task for task in tasks}

    def failure_reason(self, since: float) -> str | None:
        """Return why the newest task that stopped after *since* (epoch seconds) did so; None when none did.

        A task that scaling stopped is no failure.
        """
        stopped = [
            each for each in self._describe("STOPPED") if _stopped_at(each) >= since and not _was_scaled_in(each)
        ]
        if not stopped:
            return None
        newest = max(stopped, key=lambda each: (_stopped_at(each), each["taskArn"]))
        return str(newest.get("stoppedReason") or "the task stopped without a reason")

    def _describe(self, desired_status: str) -> list[Mapping[str, Any]]:
        pages = self._pages_of_tasks.paginate(
            cluster=self._cluster, serviceName=self._service, desiredStatus=desired_status
        )
        # As many as one page lists, one call takes. Source: Amazon ECS API Reference, ListTasks and DescribeTasks.
        listed = [page["taskArns"] for page in pages if page["taskArns"]]
        described = [self._ecs.describe_tasks(cluster=self._cluster, tasks=arns)["tasks"] for arns in listed]
        return [task for tasks in described for task in tasks]


def _is_usable(task: Mapping[str, Any]) -> bool:
    return (task["lastStatus"], task["desiredStatus"]) == ("RUNNING", "RUNNING")


def _task_of(task: Mapping[str, Any]) -> Task:
    details = [detail for attachment in task["attachments"] for detail in attachment["details"]]
    address = next(detail["value"] for detail in details if detail["name"] == "privateIPv4Address")
    return Task(task["taskArn"], address, task["startedAt"].timestamp())


def _stopped_at(task: Mapping[str, Any]) -> float:
    told = (task.get(name) for name in ("stoppedAt", "stoppingAt", "createdAt"))
    return float(next(each for each in told if each is not None).timestamp())


def _was_scaled_in(task: Mapping[str, Any]) -> bool:
    return str(task.get("stoppedReason", "")).startswith("Scaling activity")
