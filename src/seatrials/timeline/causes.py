"""What led to what: from each item back to those that explain it, by what they name.

Nobody records causes; they are read from the names that events share (a task's id, its address, a target group, an
alarm, a session) and from their order. So a cause named here is a place to look first, and is worded so.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from seatrials.timeline.model import Item, Level

# How far back a cause is looked for, in items, so that a long timeline takes as long for each as a short one.
_LOOKED_BACK = 3_000
_STORY_MAX = 14
_TROUBLES_MAX = 6
_CAUSES_MAX = 4
_STEP = re.compile(r"^(?P<request>[A-Z]+ \S+) → (?P<status>\d{3})$")
_SESSION_ID = re.compile(r"session-[0-9a-f-]{36}")
_TASK_ID = re.compile(r"\b[0-9a-f]{32}\b")
_REQUEST_SECONDS = 1.0
_SERVER_ERROR, _NOT_FOUND = 500, 404
_LINES_OF_LOG = 3

Wanted = Callable[[Item], bool]


class Links:
    """The items of one timeline, in order of time, and what led to each."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
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

    def _before(self, index: int, wanted: Wanted, most: int = 1) -> Iterator[int]:
        """Yield up to *most* of the items before *index* that are *wanted*, the latest first."""
        for other in range(index - 1, max(-1, index - 1 - _LOOKED_BACK), -1):
            if wanted(self._items[other]):
                yield other
                most -= 1
                if not most:
                    return

    def _around(self, at: float, index: int, wanted: Wanted) -> Iterator[int]:
        """Yield the item nearest to *at* that is *wanted*, within what a request may take."""
        span = range(max(0, index - _LOOKED_BACK), min(len(self._items), index + _LOOKED_BACK))
        near = [each for each in span if abs(self._items[each].at - at) <= _REQUEST_SECONDS]
        found = [each for each in near if wanted(self._items[each])]
        if found:
            yield min(found, key=lambda each: abs(self._items[each].at - at))

    def _of_failure(self, index: int, item: Item) -> Iterator[int]:
        waits = list(self._before(index, lambda each: "failed" in each.happening.details))
        yield from waits
        yield from self._before(index, lambda each: each.happening.kind == "step")
        yield from self._before(index, lambda each: each.happening.kind == "wait" and each.until == item.at)

    def _of_wait(self, index: int, item: Item) -> Iterator[int]:
        """The last thing seen in a wait is noted within it, at its end."""
        end = item.until if item.until is not None else item.at
        within = [
            other
            for other in range(index + 1, len(self._items))
            if self._items[other].happening.kind == "step" and item.at <= self._items[other].at <= end
        ]
        yield from within[-1:]
        named = _SESSION_ID.search(item.happening.subject)
        if named is not None:
            yield from self._newest_of_session(named.group(), end)

    def _of_step(self, index: int, item: Item) -> Iterator[int]:
        matched = _STEP.match(item.happening.subject)
        if matched is not None:
            request, status = matched["request"], int(matched["status"])
            yield from self._around(item.at, index, lambda each: _is_request(each, request, status))
        named = _SESSION_ID.search(f"{item.happening.subject} {item.happening.details.get('answer', '')}")
        if named is not None:
            yield from self._newest_of_session(named.group(), item.at)

    def _newest_of_session(self, session: str, until: float) -> Iterator[int]:
        index = next((n for n, each in enumerate(self._items) if each.at > until), len(self._items))
        yield from self._before(index, lambda each: each.happening.kind == "session" and each.track == session)

    def _of_request(self, index: int, item: Item) -> Iterator[int]:
        details = item.happening.details
        group, address, status = str(details.get("target_group")), str(details.get("task")), details.get("status")
        if isinstance(status, int) and status >= _SERVER_ERROR:
            yield from self._before(index, lambda each: _is_target(each, group, address) and each.level is Level.BAD)
            yield from self._before(index, lambda each: _is_target(each, group, "-"))
            yield from self._before(index, lambda each: _address(each) == address and each.happening.kind == "task")
        if status == _NOT_FOUND or details.get("rule") == "default":
            yield from self._before(index, lambda each: each.lane == "rules", 2)

    def _of_target(self, index: int, item: Item) -> Iterator[int]:
        label = item.happening.subject
        yield from self._before(
            index, lambda each: each.happening.kind == "health_check" and each.happening.subject == label
        )
        address = _address_in(label)
        yield from self._before(index, lambda each: _address(each) == address and each.happening.kind == "task")

    def _of_check(self, index: int, item: Item) -> Iterator[int]:
        address = _address_in(item.happening.subject)
        yield from self._before(index, lambda each: _address(each) == address and each.happening.kind == "task")

    def _of_task(self, index: int, item: Item) -> Iterator[int]:
        task, state = item.happening.subject, item.happening.details.get("state")
        if state == "provisioning":
            yield from self._before(index, lambda each: task in str(each.happening.details.get("message")))
        elif state not in ("pending", "activating", "running"):
            yield from self._before(
                index, lambda each: each.happening.kind == "task_stop" and each.happening.subject == task
            )

    def _of_stop(self, index: int, item: Item) -> Iterator[int]:
        task, reason = item.happening.subject, str(item.happening.details.get("reason"))
        if item.happening.details.get("code") == "EssentialContainerExited":
            yield from self._before(
                index, lambda each: each.happening.kind == "container_crash" and task in each.happening.subject
            )
            yield from self._lines(index, task)
        group = re.search(r"target-group\s+(?:\S*targetgroup/)?([\w-]+)", reason)
        if group is not None:
            yield from self._before(index, lambda each: _is_target(each, group[1], "-") and each.level is Level.BAD)
        if "scaling" in reason.lower():
            yield from self._before(index, lambda each: each.happening.kind == "scaling")

    def _of_crash(self, index: int, item: Item) -> Iterator[int]:
        task = _TASK_ID.search(item.happening.subject)
        yield from self._lines(index, task.group() if task is not None else item.happening.subject)

    def _lines(self, index: int, task: str) -> Iterator[int]:
        yield from self._before(
            index, lambda each: each.happening.kind == "log" and task in each.happening.subject, _LINES_OF_LOG
        )

    def _of_service_event(self, index: int, item: Item) -> Iterator[int]:
        message = str(item.happening.details.get("message"))
        if item.level is Level.BAD:
            yield from self._before(
                index, lambda each: each.level is Level.BAD and each.happening.kind in ("target_health", "task_stop"), 2
            )
        if "has started" in message:
            yield from self._before(index, lambda each: each.happening.kind in ("scaling", "service_change"))

    def _of_scaling(self, index: int, item: Item) -> Iterator[int]:
        cause = str(item.happening.details.get("cause"))
        yield from self._before(index, lambda each: each.happening.kind == "alarm" and each.happening.subject in cause)

    def _of_alarm(self, index: int, item: Item) -> Iterator[int]:
        metric = item.happening.details.get("metric")
        yield from self._before(
            index, lambda each: each.happening.kind == "metric" and each.happening.subject == metric, 2
        )

    def _of_session(self, index: int, item: Item) -> Iterator[int]:
        session = item.happening.subject
        yield from self._before(
            index, lambda each: each.happening.kind == "log" and session in str(each.happening.details.get("line"))
        )
        if item.happening.details.get("state") == "initializing":
            return
        yield from self._before(index, lambda each: each.happening.kind == "table")

    def _of_log(self, index: int, item: Item) -> Iterator[int]:
        if item.level is Level.BAD:
            yield from self._before(index, lambda each: each.happening.kind == "aws_refusal" and each.at == item.at)


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
    for index in troubles(items, failure):
        found.setdefault(index)
    return tuple(sorted(found))


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
    if each.happening.kind != "target_health":
        return False
    name, _, place = each.happening.subject.partition(" ")
    return name == group and (address == "-" or place.partition(":")[0] == address)


def _address(each: Item) -> str:
    return str(each.happening.details.get("address"))


def _address_in(label: str) -> str:
    return label.partition(" ")[2].partition(":")[0]
