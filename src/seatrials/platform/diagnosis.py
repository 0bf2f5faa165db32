"""What the platform says of itself when a wait has failed: in AWS's words, the most telling first.

An explanation must not fail in place of what it explains, so what cannot be asked is said in its line.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.platform.balancer import Balancer
from seatrials.platform.services import Services
from seatrials.platform.sessions import Sessions
from seatrials.platform.telemetry import Telemetry

_EVENTS_SHOWN = 6
_STOPPED_SHOWN = 3
# Words of ECS for what is wrong; the other events say what it did about it.
# What asking may raise, and what reading an answer that is not as AWS or the contract say.
_ASKING = (ClientError, BotoCoreError, AssertionError)
_READING = (LookupError, TypeError, AttributeError, ValueError)
_TELLING = ("unhealthy", "unable", "failed", "rolling back")


class Diagnosis:
    """Sums up a platform for people."""

    def __init__(
        self, services: Services, balancer: Balancer, telemetry: Telemetry, sessions: Sessions, names: ResourceNames
    ) -> None:
        self._services = services
        self._balancer = balancer
        self._telemetry = telemetry
        self._sessions = sessions
        self._names = names

    def explain(self) -> str:
        """Return the state of the services, the metric, the targets and the scenario's sessions, a line for each."""
        parts: list[tuple[str, Callable[[], list[str]]]] = [
            ("edit service", self._edit_lines),
            ("starting edit tasks", self._starting_lines),
            ("stopped edit tasks", self._stopped_lines),
            ("hermes service", self._hermes_lines),
            (self._names.metric, self._metric_lines),
            ("target groups", self._target_lines),
            ("session table", self._session_lines),
        ]
        return "\n".join(line for name, lines in parts for line in _lines(name, lines))

    def _edit_lines(self) -> list[str]:
        service = self._services.edit()
        return [_counts("edit", service), *_events(service["events"])]

    def _hermes_lines(self) -> list[str]:
        """Return nothing of a Hermes that is as it should be."""
        service = self._services.hermes()
        telling = [event for event in service["events"] if _is_telling(event)]
        if service["runningCount"] == service["desiredCount"] and not telling:
            return []
        return [_counts("hermes", service), *_events(telling)]

    def _starting_lines(self) -> list[str]:
        starting = [task for task in self._services.edit_tasks() if task["lastStatus"] != "RUNNING"]
        return [f"  starting: {_how_far(task)}" for task in starting]

    def _stopped_lines(self) -> list[str]:
        return [f"  stopped: {_why(task)}" for task in self._services.stopped_edit_tasks()[-_STOPPED_SHOWN:]]

    def _metric_lines(self) -> list[str]:
        return [self._telemetry.newest_in_words()]

    def _target_lines(self) -> list[str]:
        lines = []
        for group in self._balancer.target_groups():
            # A session's own may be deleted while this is asked.
            targets = self._balancer.targets_in_words(group["TargetGroupArn"])
            lines.append(f"target group {group['TargetGroupName']}: {targets}")
        return lines

    def _session_lines(self) -> list[str]:
        return [f"{item['sessionId']}: {item.get('status')}" for item in self._sessions.items_of_run()]


def _lines(name: str, lines: Callable[[], list[str]]) -> list[str]:
    try:
        return lines()
    except _ASKING as error:  # may be why the wait failed, and is said all the same
        return [f"{name}: cannot be told: {error}"]
    except _READING as error:
        return [f"{name}: cannot be told, for it is not as expected: {error!r}"]


def _counts(name: str, service: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {service[f'{count}Count']}" for count in ("desired", "running", "pending"))
    return f"{name} service: {counts}"


def _events(events: list[dict[str, Any]]) -> list[str]:
    """Return the newest events that tell of something wrong, then the newest of the others."""
    telling = [event for event in events if _is_telling(event)][:_EVENTS_SHOWN]
    others = [event for event in events if event not in telling]
    return [f"  event: {event['message']}" for event in [*telling, *others][:_EVENTS_SHOWN]]


def _is_telling(event: dict[str, Any]) -> bool:
    return any(word in event["message"] for word in _TELLING)


def _how_far(task: dict[str, Any]) -> str:
    """Return what a task that starts waits for, as far as ECS tells."""
    state, began = str(task["lastStatus"]), task.get("pullStartedAt")
    if began is not None and task.get("pullStoppedAt") is None:
        state += f", pulls its image since {began.astimezone(UTC):%H:%M:%S} UTC"
    return f"{_id_of(task)}: {state}"


def _id_of(task: dict[str, Any]) -> str:
    return str(task["taskArn"]).rsplit("/", 1)[-1]


def _why(task: dict[str, Any]) -> str:
    exits = [
        f"{each['name']} exit code {each['exitCode']}" for each in task.get("containers", []) if "exitCode" in each
    ]
    why = f"{task.get('stopCode')}: {task.get('stoppedReason')}"
    return f"{_id_of(task)}: {'; '.join([why, *exits])}"
