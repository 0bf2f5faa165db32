"""How long the tasks of the edit service are paid for in a run: each from its creation to its stop.

One process of a run counts, for all of its workers see the same tasks. It counts from before the first row to after the
last return to zero, by what ECS tells of each task, so how often it looks decides only how soon a budget notices. Tasks
of others, whose sessions are on the service during the run, are counted too: nobody can tell whose a task is.
Source: AWS Fargate pricing: from when the image begins to be pulled, which ECS begins to do once a task is created.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.errors import SeatrialsError
from seatrials.evidence.record import TaskRecord
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock

# ECS shows a stopped task for an hour, so that none is missed. Source: Amazon ECS API Reference, ListTasks.
_EVERY_SECONDS = 60.0
# What is told in the words of `seatrials.cost`.
TASK_USAGE = ("task_seconds", "fargate_vcpu_seconds", "fargate_memory_gb_seconds")


@dataclass(frozen=True, kw_only=True)
class TaskSize:
    """What a task reserves, and so costs, whether it uses it or not."""

    vcpu: float
    memory_gb: float


def billed_seconds(created: float, stopped: float | None, began: float, ended: float) -> float:
    """Return how much of a task's life lies between two moments (epoch seconds); one without a stop lives on."""
    until = ended if stopped is None else min(stopped, ended)
    return max(0.0, until - max(created, began))


class TaskTime:
    """Adds up what the edit service's tasks are paid for from a moment on."""

    def __init__(self, names: ResourceNames, aws: Callable[[str], AwsClient], began: float) -> None:
        self._names = names
        self._aws = aws
        self._began = began
        self._sizes: dict[str, TaskSize] = {}
        # By ARN, as ECS described it last.
        self._tasks: dict[str, dict[str, Any]] = {}

    def look(self) -> None:
        """Ask ECS which tasks there are and were; raises what boto3 raises."""
        for task in self._described():
            self._tasks[task["taskArn"]] = task
            if task["taskDefinitionArn"] not in self._sizes:
                self._sizes[task["taskDefinitionArn"]] = self._size(task["taskDefinitionArn"])

    def usage(self, now: float) -> dict[str, float]:
        """Return what was used until *now*, in the words of `seatrials.cost`."""
        seconds = vcpu = memory = 0.0
        for task in self.tasks():
            lived = billed_seconds(task.created, task.stopped, self._began, now)
            seconds += lived
            vcpu += lived * task.vcpu
            memory += lived * task.memory_gb
        return {name: round(amount, 6) for name, amount in zip(TASK_USAGE, (seconds, vcpu, memory), strict=True)}

    def tasks(self) -> tuple[TaskRecord, ...]:
        """Return the tasks that lived in the run, in the order of their creation."""
        found = [self._record(task) for task in self._tasks.values()]
        lived = [task for task in found if task.stopped is None or task.stopped > self._began]
        return tuple(sorted(lived, key=lambda task: (task.created, task.task)))

    def _record(self, task: Mapping[str, Any]) -> TaskRecord:
        size, stopped = self._sizes[task["taskDefinitionArn"]], task.get("stoppedAt")
        return TaskRecord(
            task=task["taskArn"].rpartition("/")[2],
            created=task["createdAt"].timestamp(),
            stopped=None if stopped is None else stopped.timestamp(),
            vcpu=size.vcpu,
            memory_gb=size.memory_gb,
        )

    def _described(self) -> Iterator[dict[str, Any]]:
        ecs, names = self._aws("ecs"), self._names
        # One that is to stop, and has not yet, is listed among the stopped ones.
        for status in ("RUNNING", "STOPPED"):
            pages = ecs.get_paginator("list_tasks").paginate(
                cluster=names.cluster, serviceName=names.edit_service, desiredStatus=status
            )
            for page in pages:
                # Of those that stopped a look has told before, nothing can change.
                arns = [arn for arn in page["taskArns"] if "stoppedAt" not in self._tasks.get(arn, {})]
                if arns:
                    yield from ecs.describe_tasks(cluster=names.cluster, tasks=arns)["tasks"]

    def _size(self, definition: str) -> TaskSize:
        described = self._aws("ecs").describe_task_definition(taskDefinition=definition)["taskDefinition"]
        # In units of 1/1024 vCPU and in MiB, as text; Fargate's alone have a size, and cost by it.
        return TaskSize(vcpu=float(described.get("cpu", 0)) / 1024, memory_gb=float(described.get("memory", 0)) / 1024)


class TaskMeter:
    """Counts beside a run, and tells what was counted each time it has looked."""

    def __init__(self, time: TaskTime, clock: Clock, tell: Callable[[Mapping[str, float]], None]) -> None:
        self._time = time
        self._clock = clock
        self._tell = tell
        self._over, self._ended = clock.signal(), clock.signal()
        # Both the loop and whoever ends it look.
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Look now and then, until `end`."""
        self._clock.spawn(self._look_until_over, "task time")

    def end(self) -> Sequence[TaskRecord] | None:
        """Look a last time, and return all tasks; None when AWS does not tell, for then nobody knows what they cost."""
        self._over.set()
        self._ended.wait()
        return self._time.tasks() if self._look() else None

    def _look_until_over(self) -> None:
        try:
            # Of a disk that is full the run learns from whoever writes its evidence.
            with suppress(OSError):
                while not self._over.wait(_EVERY_SECONDS):
                    self._look()
        finally:
            self._ended.set()

    def _look(self) -> bool:
        with self._lock:
            try:
                self._time.look()
            except (BotoCoreError, ClientError, SeatrialsError):
                # The next look finds what this one has not, for ECS tells when each task was created and stopped.
                return False
            self._tell(self._time.usage(self._clock.now()))
            return True
