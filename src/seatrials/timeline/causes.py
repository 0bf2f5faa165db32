"""What led to what: from each item back to those that explain it, by what they name.

Nobody records causes; they are read from the names that events share (a task's id, its address, a target group, an
alarm, a session) and from their order. So a cause named here is a place to look first, and is worded so.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from seatrials.timeline.model import Item, Level

# How far back a cause is looked for, in items, so that a long timeline takes as long for each as a short one.
_LOOKED_BACK = 3_000
_STORY_MAX = 14
_TROUBLES_MAX = 6
_CAUSES_MAX = 6
_STEP = re.compile(r"^(?P<request>[A-Z]+ \S+) → (?P<status>\d{3})$")
_SESSION_ID = re.compile(r"session-[0-9a-f-]{36}")
_TASK_ID = re.compile(r"\b[0-9a-f]{32}\b")
_GROUP = re.compile(r"target-group\s+(?:\S*targetgroup/)?([\w-]+)")
_REQUEST_SECONDS = 1.0
# So many requests like it are looked at for the one that a step is about.
_NEAR_MAX = 20
_SERVER_ERROR, _NOT_FOUND = 500, 404
# Of a health check to which nothing came back, as ELBv2 says it.
_TIMED_OUT = "Target.Timeout"
_LINES_OF_LOG = 3

# What is part of an explanation though nothing is wrong with it.
_EXPLAINING = frozenset({"metric", "scaling", "alarm", "service_change", "rule", "log", "health_check"})
# What a failure's message may name, such as a task or an alarm.
_NAMEABLE = ("task", "task_stop", "scaling", "alarm", "target_health")
_NAME_CHARACTERS_MIN = 12
_NAMED_LOOKED_AT, _NAMED_MAX = 20, 2
# How whoever sends requests and health checks to targets is told.
_BALANCER = "load balancer "

Wanted = Callable[[Item], bool]


def _any(_item: Item) -> bool:
    return True


class Links:
    """The items of one timeline, in order of time, and what led to each."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._times = [item.at for item in items]
        self._by_kind: dict[str, list[int]] = {}
        for index, item in enumerate(items):
            self._by_kind.setdefault(item.happening.kind, []).append(index)
        self._finders: dict[str, Callable[[int, Item], Iterator[int]]] = {
            "failure": self._of_failure,
            "wait": self._of_wait,
            "step": self._of_step,
            "request": self._of_request,
            "socket": self._of_request,
            "target_health": self._of_target,
            "health_check": self._of_check,
            "task": self._of_task,
            "task_stop": self._of_stop,
            "container_crash": self._of_crash,
            "service_event": self._of_service_event,
            "scaling": self._of_scaling,
            "alarm": self._of_alarm,
            "blind_alarm": self._of_blind_alarm,
            "session": self._of_session,
            "log": self._of_log,
        }

    def causes(self, index: int) -> tuple[int, ...]:
        """Return the indexes of what led to the item at *index*, in order of time."""
        item = self._items[index]
        finder = self._finders.get(item.happening.kind)
        found = dict.fromkeys(finder(index, item)) if finder is not None else {}
        found.pop(index, None)
        return tuple(sorted(list(found)[:_CAUSES_MAX]))

    def _before(self, index: int, kind: str, wanted: Wanted = _any, most: int = 1) -> Iterator[int]:
        """Yield up to *most* of the items of a *kind* before *index* that are *wanted*, the latest first."""
        of_kind = self._by_kind.get(kind, [])
        end = bisect_left(of_kind, index)
        for other in reversed(of_kind[max(0, end - _LOOKED_BACK) : end]):
            if wanted(self._items[other]):
                yield other
                most -= 1
                if not most:
                    return

    def _until(self, at: float) -> int:
        """Return the index of the first item that is later than *at*."""
        return bisect_right(self._times, at)

    def _of_failure(self, index: int, item: Item) -> Iterator[int]:
        waits = list(self._before(index, "wait", lambda each: "failed" in each.happening.details))
        yield from waits
        yield from self._named_in(str(item.happening.details.get("message")), index)
        if not waits:
            yield from self._before(index, "session")
        yield from self._before(index, "step")
        yield from self._before(index, "wait", lambda each: each.until == item.at)
        yield from self._before(index, "not_reached")

    def _named_in(self, message: str, index: int) -> Iterator[int]:
        """Yield the newest of what a message names, such as a task or an alarm."""
        newest: dict[str, int] = {}
        for kind in _NAMEABLE:
            for other in self._before(index, kind, lambda each: _is_named(each, message), _NAMED_LOOKED_AT):
                newest.setdefault(self._items[other].happening.subject, other)
        yield from sorted(newest.values(), reverse=True)[:_NAMED_MAX]

    def _of_wait(self, index: int, item: Item) -> Iterator[int]:
        """The last thing seen in a wait is noted within it, at its end."""
        end = item.until if item.until is not None else item.at
        beyond = self._until(end)
        yield from (other for other in self._before(beyond, "step") if other > index)
        if item.level is Level.BAD:
            yield from self._in_vain(beyond, item.at)
        named = _SESSION_ID.search(item.happening.subject)
        if named is not None:
            yield from self._newest_of_session(named.group(), beyond)

    def _in_vain(self, beyond: int, began: float) -> Iterator[int]:
        """Yield what went wrong during a wait; where nothing did, what decides how many tasks there are."""
        found = [
            other
            for kind in ("container_crash", "target_health", "task_stop", "not_reached")
            for other in self._before(beyond, kind, lambda each: each.level is Level.BAD and each.at >= began)
        ]
        yield from found
        if not found:
            end = self._times[beyond - 1]
            yield from self._before(beyond, "alarm", lambda each: _is_on(each, end), 2)
            yield from self._before(beyond, "scaling")
            yield from self._before(beyond, "metric")

    def _of_step(self, index: int, item: Item) -> Iterator[int]:
        beyond = self._until(item.at + _REQUEST_SECONDS)
        matched = _STEP.match(item.happening.subject)
        if matched is not None:
            request, status, since = matched["request"], int(matched["status"]), item.at - _REQUEST_SECONDS
            answered = list(self._before(beyond, "request", lambda each: _is_request(each, request, status), _NEAR_MAX))
            near = [other for other in answered if self._times[other] >= since]
            yield from sorted(near, key=lambda other: abs(self._times[other] - item.at))[:1]
        named = _SESSION_ID.search(f"{item.happening.subject} {item.happening.details.get('answer', '')}")
        if named is not None:
            yield from self._newest_of_session(named.group(), index)

    def _newest_of_session(self, session: str, index: int) -> Iterator[int]:
        yield from self._before(index, "session", lambda each: each.track == session)

    def _of_request(self, index: int, item: Item) -> Iterator[int]:
        details = item.happening.details
        group, address, status = str(details.get("target_group")), str(details.get("task")), details.get("status")
        if isinstance(status, int) and status >= _SERVER_ERROR:
            yield from self._before(
                index, "target_health", lambda each: _is_target(each, group, address) and each.level is Level.BAD
            )
            yield from self._before(index, "target_health", lambda each: _is_target(each, group, "-"))
            yield from self._before(index, "task", lambda each: _address(each) == address)
            yield from self._not_reached(index, _BALANCER)
        if status == _NOT_FOUND or details.get("rule") == "default":
            yield from self._before(index, "rule", most=2)

    def _of_target(self, index: int, item: Item) -> Iterator[int]:
        label = item.happening.subject
        yield from self._before(index, "health_check", lambda each: each.happening.subject == label)
        yield from self._of_check(index, item)

    def _of_check(self, index: int, item: Item) -> Iterator[int]:
        address, port = _address_in(item.happening.subject), item.happening.subject.rpartition(":")[2]
        yield from self._before(index, "task", lambda each: _address(each) == address)
        if item.happening.details.get("reason") == _TIMED_OUT:
            yield from self._before(index, "not_reached", lambda each: str(each.happening.details.get("port")) == port)

    def _of_task(self, index: int, item: Item) -> Iterator[int]:
        task, state = item.happening.subject, item.happening.details.get("state")
        if state == "provisioning":
            yield from self._before(index, "service_event", lambda each: task in str(each.happening.details))
        elif state not in ("pending", "activating", "running"):
            yield from self._before(index, "task_stop", lambda each: each.happening.subject == task)

    def _of_stop(self, index: int, item: Item) -> Iterator[int]:
        task, reason = item.happening.subject, str(item.happening.details.get("reason"))
        if item.happening.details.get("code") == "EssentialContainerExited":
            yield from self._before(index, "container_crash", lambda each: task in each.happening.subject)
            yield from self._lines(index, task)
        if item.happening.details.get("code") == "TaskFailedToStart":
            for other in self._before(index, "task", lambda each: each.happening.subject == task):
                yield from self._not_reached(index, f"service {self._items[other].happening.details.get('service')}")
        group = _GROUP.search(reason)
        if group is not None:
            yield from self._before(
                index, "target_health", lambda each: _is_target(each, group[1], "-") and each.level is Level.BAD
            )
        if "scaling" in reason.lower():
            yield from self._before(index, "scaling")
        if item.happening.details.get("code") == "TaskFailedToStart":
            yield from self._before(index, "access_denied", lambda each: each.at == item.at)

    def _not_reached(self, index: int, source: str) -> Iterator[int]:
        """Yield what the network last kept from one whose label begins so."""
        yield from self._before(
            index, "not_reached", lambda each: str(each.happening.details.get("source")).startswith(source)
        )

    def _of_crash(self, index: int, item: Item) -> Iterator[int]:
        task = _TASK_ID.search(item.happening.subject)
        yield from self._lines(index, task.group() if task is not None else item.happening.subject)

    def _lines(self, index: int, task: str) -> Iterator[int]:
        yield from self._before(index, "log", lambda each: task in each.happening.subject, _LINES_OF_LOG)

    def _of_service_event(self, index: int, item: Item) -> Iterator[int]:
        if item.level is Level.BAD:
            for kind in ("target_health", "task_stop"):
                yield from self._before(index, kind, lambda each: each.level is Level.BAD)
        if "has started" in str(item.happening.details.get("message")):
            yield from self._before(index, "scaling")

    def _of_scaling(self, index: int, item: Item) -> Iterator[int]:
        cause = str(item.happening.details.get("cause"))
        yield from self._before(index, "alarm", lambda each: each.happening.subject in cause)

    def _of_alarm(self, index: int, item: Item) -> Iterator[int]:
        metric, alarm = item.happening.details.get("metric"), item.happening.subject
        yield from self._before(index, "metric", lambda each: each.happening.subject == metric, 2)
        yield from self._before(index, "alarm_definition", lambda each: each.happening.subject == alarm)

    def _of_blind_alarm(self, index: int, item: Item) -> Iterator[int]:
        """An alarm that sees nothing is explained by its definition, and by what is published beside it."""
        alarm = item.happening.subject
        yield from self._before(index, "alarm_definition", lambda each: each.happening.subject == alarm)
        yield from self._before(index, "metric")

    def _of_session(self, index: int, item: Item) -> Iterator[int]:
        session = item.happening.subject
        # What Hermes says of a change stands behind the write that made it.
        beyond = self._until(item.at + _REQUEST_SECONDS)
        yield from self._before(beyond, "log", lambda each: session in str(each.happening.details.get("line")))
        yield from self._before(index, "table", lambda each: each.happening.details.get("sessionId") == session)

    def _of_log(self, index: int, item: Item) -> Iterator[int]:
        if item.level is Level.BAD:
            for kind in ("aws_refusal", "access_denied"):
                yield from self._before(index, kind, lambda each: each.at == item.at)


def story_of(items: Sequence[Item], failure: int | None) -> tuple[int, ...]:
    """Return what led to the failure: its causes and theirs, and the newest troubles before it, in order of time."""
    if failure is None:
        return ()
    found: dict[int, None] = {}
    waiting = [failure]
    while waiting and len(found) < _STORY_MAX:
        index = waiting.pop(0)
        if index not in found:
            found[index] = None
            waiting += items[index].causes
    told = [index for index in found if index == failure or _tells(items[index], items[failure].at)]
    return tuple(sorted({*told, *items[failure].causes, *troubles(items, failure)}))


def _tells(item: Item, failed_at: float) -> bool:
    """Whether an item explains a failure: what went well does not, nor does a state that was over before it."""
    if item.level in (Level.BAD, Level.FAULT):
        return True
    if item.level is Level.GOOD or item.at < 0:
        return False
    is_over = item.until is not None and item.until < failed_at
    return item.happening.kind in _EXPLAINING or (item.level is Level.DOUBT and not is_over)


def _is_on(each: Item, at: float) -> bool:
    """Whether an alarm is on at a moment."""
    return each.level is Level.DOUBT and (each.until is None or each.until >= at)


def _is_named(each: Item, message: str) -> bool:
    """Whether a message names what an item is about."""
    names = (each.happening.subject, str(each.happening.details.get("cause") or ""))
    return any(len(name) >= _NAME_CHARACTERS_MIN and name in message for name in names)


def troubles(items: Sequence[Item], failure: int) -> list[int]:
    """Return the bad things before the failure, one of each kind and subject: the first of those that are alike."""
    first: dict[tuple[str, str], int] = {}
    for index in range(failure):
        item = items[index]
        if item.level in (Level.BAD, Level.FAULT) and item.happening.kind not in ("step", "wait"):
            first.setdefault((item.happening.kind, _likeness(item)), index)
    return sorted(first.values())[:_TROUBLES_MAX]


def _likeness(item: Item) -> str:
    """Return what is the same of two items that say the same of different tasks."""
    return re.sub(r"[0-9a-f]{8,}|\d+", "#", item.title)


def _is_request(each: Item, request: str, status: int) -> bool:
    details = each.happening.details
    return each.happening.kind == "request" and each.happening.subject == request and details.get("status") == status


def _is_target(each: Item, group: str, address: str) -> bool:
    """Whether an item is about a target of *group*, or of that address in it; "-" stands for any."""
    name, _, place = each.happening.subject.partition(" ")
    return name == group and (address == "-" or place.partition(":")[0] == address)


def _address(each: Item) -> str:
    return str(each.happening.details.get("address"))


def _address_in(label: str) -> str:
    return label.partition(" ")[2].partition(":")[0]
