"""What happens on a real stack during a scenario, from AWS's side: asked for now and then, told once.

Service events, target health, scaling activities and stopped tasks with their reasons; of a container that failed, the
last lines of its log. A call that AWS refuses here costs the scenario nothing but this evidence, and is told in it.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.errors import SeatrialsError
from seatrials.evidence.redaction import redact, redact_value
from seatrials.platform.ownership import Ownership
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock, iso_timestamp

# Rarely enough to leave AWS's limits to the scenarios; what is asked for tells when it happened.
_EVERY_SECONDS = 20.0
_LOG_LINES = 20
_CONTAINER_FAILED = ("EssentialContainerExited", "TaskFailedToStart")


@dataclass(frozen=True)
class Happening:
    """One thing that AWS told."""

    at_seconds: float
    kind: str
    text: str
    # What it is about, by name: the service, the target group, the task.
    details: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> str:
        """Return it as a line of JSON."""
        record = {"at": iso_timestamp(self.at_seconds), "kind": self.kind, "subject": self.text, **self.details}
        return json.dumps(record, sort_keys=True, ensure_ascii=False)

    def as_text(self) -> str:
        """Return it as a line for people."""
        return f"{iso_timestamp(self.at_seconds)}  {self.kind:<14} {self.text}"


class Watch:
    """Looks at a stack beside a scenario, and keeps what is new since the scenario began."""

    def __init__(self, names: ResourceNames, aws: Callable[[str], AwsClient], clock: Clock, began: float) -> None:
        """What AWS dates before *began*, in epoch seconds of its own clock, is not told."""
        self._names = names
        self._aws = aws
        self._clock = clock
        self._began = began
        self._seen: set[tuple[str, str]] = set()
        self._health: dict[str, str] = {}
        self._happenings: list[Happening] = []
        self._lock = threading.Lock()
        self._own = Ownership(names, aws)
        # Tasks that have failed whose logs were not there yet.
        self._known: set[str] = set()
        self._silent: list[dict[str, Any]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look now and then for the length of a block, and once at its end."""
        over, ended = self._clock.signal(), self._clock.signal()

        def look_until_over() -> None:
            try:
                while not over.wait(_EVERY_SECONDS):
                    self.look()
            finally:
                ended.set()

        self._clock.spawn(look_until_over, "watch")
        try:
            yield
        finally:
            over.set()
            ended.wait()
            self.look()
            for task in self._silent:
                self._tell(
                    self._clock.now(), "log", f"of the task {task['taskArn'].rpartition('/')[2]} there is no log yet"
                )

    def look(self) -> None:
        """Ask AWS once."""
        for look in (self._look_at_services, self._look_at_scaling, self._look_at_targets, self._look_at_stopped):
            try:
                look()
            except (BotoCoreError, ClientError, SeatrialsError) as error:
                self._tell(self._clock.now(), "watch", f"could not look: {error}")

    def happenings(self) -> list[Happening]:
        """Return what happened so far, in the order of its time."""
        with self._lock:
            return sorted(self._happenings, key=lambda each: each.at_seconds)

    def _tell(
        self, at_seconds: float, kind: str, text: str, identity: str | None = None, about: dict[str, Any] | None = None
    ) -> None:
        with self._lock:
            key = (kind, identity or text)
            if at_seconds >= self._began and key not in self._seen:
                self._seen.add(key)
                self._happenings.append(Happening(at_seconds, kind, redact(text), redact_value(about or {})))

    def _look_at_services(self) -> None:
        names = self._names
        wanted = [names.edit_service, names.hermes_service]
        services = self._aws("ecs").describe_services(cluster=names.cluster, services=wanted)["services"]
        for service in services:
            for event in service.get("events", [])[:20]:
                about = {"service": service["serviceName"]}
                self._tell(event["createdAt"].timestamp(), "service", event["message"], event.get("id"), about)

    def _look_at_scaling(self) -> None:
        names = self._names
        activities = self._aws("application-autoscaling").describe_scaling_activities(
            ServiceNamespace="ecs", ResourceId=f"service/{names.cluster}/{names.edit_service}", MaxResults=10
        )["ScalingActivities"]
        for each in activities:
            text = f"{each['Description']} {each['Cause']}"
            about = {"service": names.edit_service, "cause": each["Cause"]}
            self._tell(each["StartTime"].timestamp(), "scaling", text, each["ActivityId"], about)

    def _look_at_targets(self) -> None:
        elbv2 = self._aws("elbv2")
        for group in self._own.attached_groups():
            try:
                answer = elbv2.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
            except elbv2.exceptions.TargetGroupNotFoundException:
                continue  # its task has stopped since the groups were listed
            for each in answer["TargetHealthDescriptions"]:
                target = f"{group['TargetGroupName']} {each['Target']['Id']}:{each['Target']['Port']}"
                self._note_health(target, each["TargetHealth"])

    def _note_health(self, target: str, described: dict[str, str]) -> None:
        health = _health(described)
        if self._health.get(target) != health:
            self._health[target] = health
            now = self._clock.now()
            about = {name.lower(): value for name, value in described.items()}
            self._tell(
                now, "target health", f"{target} is {health}", f"{target} {health} {now}", {"target": target, **about}
            )

    def _look_at_stopped(self) -> None:
        owed, self._silent = self._silent, []
        for task in owed:
            self._tell_log(task)
        for service in (self._names.edit_service, self._names.hermes_service):
            arns = [each for each in self._own.tasks(service, "STOPPED") if each not in self._known]
            for task in self._own.described_tasks(arns):
                if "stoppedAt" in task:
                    # What stopped before the scenario began is not asked for again.
                    self._known.add(task["taskArn"])
                    self._tell_stopped(task)

    def _tell_stopped(self, task: dict[str, Any]) -> None:
        at, arn = task["stoppedAt"].timestamp(), task["taskArn"]
        if at < self._began:
            return
        exits = [f"{each['name']} exit code {each['exitCode']}" for each in task["containers"] if "exitCode" in each]
        why = f"{task.get('stopCode')}: {task.get('stoppedReason')}"
        about = {"task": arn.rpartition("/")[2], "code": task.get("stopCode"), "reason": task.get("stoppedReason")}
        self._tell(at, "task stopped", f"{about['task']} {why}; {', '.join(exits)}", arn, about)
        if task.get("stopCode") in _CONTAINER_FAILED:
            self._tell_log(task)

    def _tell_log(self, task: dict[str, Any]) -> None:
        """Tell the last lines of a task's logs; of those that are not there yet it is asked again at the next look."""
        try:
            lines = self._last_lines(task)
        except self._aws("logs").exceptions.ResourceNotFoundException:
            self._silent.append(task)
            return
        for line in lines:
            self._tell(task["stoppedAt"].timestamp(), "log", line, about={"task": task["taskArn"].rpartition("/")[2]})

    def _last_lines(self, task: dict[str, Any]) -> list[str]:
        """Return the last lines of the logs of a task's containers."""
        definition = self._aws("ecs").describe_task_definition(taskDefinition=task["taskDefinitionArn"])
        lines = []
        for container in definition["taskDefinition"]["containerDefinitions"]:
            options = container.get("logConfiguration", {}).get("options", {})
            if {"awslogs-group", "awslogs-stream-prefix"} <= set(options):
                stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task['taskArn'].rpartition('/')[2]}"
                events = self._aws("logs").get_log_events(
                    logGroupName=options["awslogs-group"], logStreamName=stream, limit=_LOG_LINES, startFromHead=False
                )["events"]
                lines += [f"{stream}: {event['message']}" for event in events]
        return lines


def _health(described: dict[str, str]) -> str:
    reason = described.get("Reason")
    return f"{described['State']} ({reason}: {described.get('Description')})" if reason else described["State"]
