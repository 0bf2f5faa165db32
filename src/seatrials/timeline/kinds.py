"""The kinds of what happens: in which lane each is shown, as what sentence, and how it is to be looked at.

A kind that is not in the table has the lane "Other", so that nothing that is recorded is hidden.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.timeline.model import Happening, Level

# By their names, from the top of the page down.
LANES = {
    "scenario": "Scenario",
    "faults": "Faults",
    "sessions": "Sessions",
    "hermes": "Hermes",
    "tasks": "Services and tasks",
    "targets": "Targets",
    "network": "Network",
    "rules": "Rules",
    "alarms": "Alarms and scaling",
    "table": "Table",
    "requests": "Requests",
    "sockets": "Sockets",
    "logs": "Containers' logs",
    "calls": "AWS calls",
    "other": "Other",
}
# Of the name of an error, the module that it stands in.
_MODULE = re.compile(r"^(?:[a-z_]+\.)+(?=[A-Z]\w+:)")
_TITLE_CHARACTERS_MAX = 240
_ERRORS = re.compile(r"(?i)traceback|crash|exception|\berror\b|answered 50\d|refused")
_TROUBLE = re.compile(r"(?i)unhealthy|unable|fail|roll(?:ing|ed) back|stopped \d+ running tasks.*unhealthy")
_ENDED_BY_ITSELF = ("EssentialContainerExited", "TaskFailedToStart")
# What no program counts on; that something exists already, or changed meanwhile, is for many a way to agree.
_GRAVE_REFUSALS = re.compile(r"Denied|Unauthori|Throttl|Internal|Unavailable|Validation|ResourceNotFound|Limit|Invalid")
_SERVER_ERROR, _CLIENT_ERROR, _SWITCHED = 500, 400, 101

Details = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How one kind is shown."""

    lane: str
    # With the fields of the happening; one that is not there is empty.
    title: str
    # A field, and what stands behind the title where the happening has it.
    more: tuple[str, str] = ("", "")
    level: Callable[[Happening], Level] = lambda _happening: Level.PLAIN
    # Whether it says what its subject is from now on.
    is_state: bool = False


def _by_state(**levels: Level) -> Callable[[Happening], Level]:
    return lambda each: levels.get(str(each.details.get("state", "")).lower(), Level.PLAIN)


def _when(level: Level, pattern: re.Pattern[str], field: str) -> Callable[[Happening], Level]:
    return lambda each: level if pattern.search(str(each.details.get(field) or each.subject)) else Level.PLAIN


def _always(level: Level) -> Callable[[Happening], Level]:
    return lambda _happening: level


def _of_step(each: Happening) -> Level:
    status = re.search(r"→ (\d{3})$", each.subject)
    if "failed" in each.details or each.subject.endswith("→ no answer"):
        return Level.BAD
    return of_status(int(status[1])) if status else Level.PLAIN


def of_status(status: int) -> Level:
    """Return how an HTTP status is to be looked at."""
    if status >= _SERVER_ERROR:
        return Level.BAD
    return Level.DOUBT if status >= _CLIENT_ERROR else Level.PLAIN


def _of_request(each: Happening) -> Level:
    status = each.details.get("status")
    return of_status(status) if isinstance(status, int) else Level.PLAIN


def _of_check(each: Happening) -> Level:
    return Level.BAD if each.details.get("outcome") == "failed" else Level.GOOD


def _of_stop(each: Happening) -> Level:
    return Level.BAD if each.details.get("code") in _ENDED_BY_ITSELF else Level.DOUBT


def _of_alarm(each: Happening) -> Level:
    """An alarm that is on and triggers nothing is bad where it was to be told what it triggers."""
    if str(each.details.get("state")) == "ALARM":
        return Level.BAD if each.details.get("triggers") == [] else Level.DOUBT
    return Level.GOOD if each.details.get("state") == "OK" else Level.PLAIN


def _of_refusal(each: Happening) -> Level:
    return Level.BAD if _GRAVE_REFUSALS.search(str(each.details.get("Code"))) else Level.DOUBT


KINDS: Mapping[str, Kind] = {
    "failure": Kind(lane="scenario", title="failed: {subject}", level=_always(Level.BAD)),
    "step": Kind(lane="scenario", title="{subject}", level=_of_step),
    "wait": Kind(lane="scenario", title="{subject} ({seconds} s) {failed}", level=_of_step),
    "fault": Kind(lane="faults", title="{subject} {state}", level=_always(Level.FAULT)),
    "session": Kind(
        lane="sessions",
        title="{subject} is {state}",
        level=_by_state(active=Level.GOOD, initializing=Level.DOUBT, draining=Level.DOUBT, error=Level.BAD),
        is_state=True,
    ),
    "task": Kind(
        lane="tasks",
        title="task {subject} is {state} ({service} {address})",
        level=_by_state(
            running=Level.GOOD,
            provisioning=Level.DOUBT,
            pending=Level.DOUBT,
            activating=Level.DOUBT,
            deactivating=Level.DOUBT,
            stopping=Level.DOUBT,
        ),
        is_state=True,
    ),
    "task_stop": Kind(lane="tasks", title="task {subject} has to stop: {code}: {reason}", level=_of_stop),
    "task stopped": Kind(lane="tasks", title="task {subject}", level=_of_stop),
    "container_crash": Kind(
        lane="tasks",
        title="container {subject} crashed: {error}",
        more=("place", ", at {place}"),
        level=_always(Level.BAD),
    ),
    "deployment": Kind(lane="tasks", title="deployment of {subject} has {state}: {definition}"),
    "container_restart": Kind(
        lane="tasks", title="container {subject} is restarted: exit code {exit_code}", level=_always(Level.DOUBT)
    ),
    "mount_not_writable": Kind(
        lane="tasks", title="container {subject} cannot write to {path}: {reason}", level=_always(Level.BAD)
    ),
    "container_health": Kind(
        lane="tasks", title="container {container} of task {subject} is {state}", level=_by_state(unhealthy=Level.BAD)
    ),
    "service_event": Kind(lane="tasks", title="{subject} {message}", level=_when(Level.BAD, _TROUBLE, "message")),
    "service": Kind(lane="tasks", title="{subject}", level=_when(Level.BAD, _TROUBLE, "subject")),
    "service_change": Kind(lane="tasks", title="{subject} {service} desired count {desiredCount}"),
    "target_health": Kind(
        lane="targets",
        title="target {subject} is {state}: {reason} {description}",
        level=_by_state(healthy=Level.GOOD, unhealthy=Level.BAD, initial=Level.DOUBT, draining=Level.DOUBT),
        is_state=True,
    ),
    "health_check": Kind(
        lane="targets", title="health check GET {path} of {subject} {outcome}: {reason} {description}", level=_of_check
    ),
    "not_reached": Kind(
        lane="network",
        title="{source} does not reach {target} on port {port}: {subject} {why}",
        level=_always(Level.BAD),
    ),
    "rule": Kind(lane="rules", title="{subject} {Priority} {Conditions} {Name} {Protocol} {Port}"),
    "alarm": Kind(
        lane="alarms",
        title="alarm {subject} is {state}: {reason}",
        more=("triggers", "; it triggers {triggers}"),
        level=_of_alarm,
        is_state=True,
    ),
    "alarm_definition": Kind(lane="alarms", title="alarm {subject} watches {watches}; it triggers {triggers}"),
    "blind_alarm": Kind(
        lane="alarms",
        title="alarm {subject} has seen nothing: it watches {watches}, and what is published is {published}",
        level=_always(Level.BAD),
    ),
    "metric": Kind(lane="alarms", title="{subject} = {value}"),
    "scaling": Kind(lane="alarms", title="{subject}: desired count {desired}, for {cause}"),
    "scaling_change": Kind(lane="alarms", title="{subject} {ResourceId}"),
    "table": Kind(lane="table", title="{operation} {sessionId} {status}"),
    "ttl_delete": Kind(lane="table", title="time to live is over: deleted {key}", level=_always(Level.DOUBT)),
    "request": Kind(
        lane="requests",
        title="{subject} → {status} by rule {rule}, target group {target_group}, task {task}",
        level=_of_request,
    ),
    "connection_reset": Kind(
        lane="requests",
        title="connection of {subject} was reset after {idle_seconds} s of idleness",
        level=_always(Level.DOUBT),
    ),
    "socket": Kind(lane="sockets", title="WebSocket {subject} is open: rule {rule}, task {task}"),
    "socket_closed": Kind(lane="sockets", title="WebSocket {subject} has closed after {seconds} s"),
    "log": Kind(lane="logs", title="{line}", level=_when(Level.BAD, _ERRORS, "line")),
    "log_group_missing": Kind(lane="logs", title="log group {subject} is missing", level=_always(Level.BAD)),
    "aws_call": Kind(lane="calls", title="{subject} calls {operation}"),
    "aws_refusal": Kind(lane="calls", title="{subject} was refused: {Code}: {Message}", level=_of_refusal),
    "access_denied": Kind(
        lane="calls", title="role {subject}: no {action} on {resource} {reason}", level=_always(Level.BAD)
    ),
    "connection_refused": Kind(lane="other", title="{subject}: connection to {to} refused", level=_always(Level.BAD)),
    "left_out": Kind(
        lane="other", title="{subject}: {what} is left out here, and would act on AWS", level=_always(Level.DOUBT)
    ),
    "twin_failure": Kind(lane="other", title="{actor} itself failed at {subject}: {error}", level=_always(Level.BAD)),
    "watch": Kind(lane="other", title="{subject}", level=_always(Level.DOUBT)),
}
_OTHER = Kind(lane="other", title="")


def kind_of(happening: Happening) -> Kind:
    """Return how *happening* is shown."""
    return KINDS.get(happening.kind, _OTHER)


def lane_of(happening: Happening) -> str:
    """Return the lane; what Hermes does and says has one of its own."""
    is_hermes = happening.subject.partition("-")[0] == "hermes"
    if is_hermes and happening.kind in ("log", "container_crash", "aws_refusal"):
        return "hermes"
    return kind_of(happening).lane


def title_of(happening: Happening) -> str:
    """Return *happening* as a sentence."""
    fields = {name: _text(value) for name, value in happening.details.items()}
    fields["subject"] = _MODULE.sub("", _shortened(happening.subject))
    kind = kind_of(happening)
    field, more = kind.more
    template = f"{kind.title}{more}" if field in fields else kind.title
    if not template:
        told = ", ".join(f"{name} {value}" for name, value in fields.items() if name != "subject" and value)
        template_free = f"{happening.kind.replace('_', ' ')} {fields['subject']}: {told}"
        return _cut(template_free)
    return _cut(template.format_map(defaultdict(str, fields)))


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    return "" if value is None else str(value)


def _shortened(subject: str) -> str:
    """Return *subject* with identifiers of 32 hexadecimal digits cut to what tells them apart."""
    return re.sub(r"\b([0-9a-f]{8})[0-9a-f]{24}\b", r"\1", subject)


def _cut(title: str) -> str:
    words = " ".join(title.split()).removesuffix(":").replace(" ()", "").rstrip(" :,(")
    return words if len(words) <= _TITLE_CHARACTERS_MAX else f"{words[:_TITLE_CHARACTERS_MAX]}…"
