"""What WebSockets are told of the changes that calls have made: each once, in order, for as long as they are open."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath

from seatrials.checkers.finding import Finding
from seatrials.checkers.sightings import sightings
from seatrials.checkers.story import Call, Story
from seatrials.evidence.history import Socket

# How long a message may be on its way.
_ARRIVAL_SECONDS = 1.0
# How long a session may be starting. Source: the contract, which has it end in error without a container by then.
_START_SECONDS, _ACTIVE = 120.0, "active"
# A command changes what nobody is told of beforehand, and whoever opens a workspace carries out its instruction.
_UNKNOWN_CHANGES = ("exec", "activate", "init")


@dataclass(frozen=True)
class _Change:
    """A call that has changed files of a session."""

    paths: frozenset[str]
    began: float
    ended: float
    # Whether its first path was changed in any case; an instruction commits what was told before, too.
    is_certain: bool
    event: str


def check(story: Story) -> Iterator[Finding]:
    """Yield what sockets were told too often, not at all, or out of order."""
    active = _first_active(story)
    for socket in story.history.sockets:
        calls = [call for call in story.calls if call.session_id == socket.session_id and call.exchange.method]
        others = [call for call in story.calls if call.is_of("activate") or call.session_id == socket.session_id]
        changes = [change for call in calls if (change := _change_of(story, call, socket)) is not None]
        told = [
            (at, str(message.get("path")))
            for at, message in socket.messages
            if isinstance(message, dict) and message.get("type") == "update"
        ]
        may_hear_more = any(_is_unknown(call) and _overlaps(story, call, socket) for call in others) or any(
            call.is_of("activate") and _starts_during(call, socket, active) for call in story.calls
        )
        due_by = _end(socket) - _ARRIVAL_SECONDS - story.history.late_seconds
        yield from _counted(socket, told, changes, due_by, may_hear_more=may_hear_more)
        yield from _ordered(socket, [path for _, path in told], changes)


def _change_of(story: Story, call: Call, socket: Socket) -> _Change | None:
    """Return what a call may have changed while a socket was open."""
    exchange = call.exchange
    if call.is_refused or not _overlaps(story, call, socket):
        return None
    if call.is_of("writeFile"):
        paths = frozenset([call.parameters["path"]])
        return _Change(paths, exchange.began, exchange.ended, call.is_ok, str(exchange))
    if call.is_of("execute"):
        changed = call.answered("filesChanged")
        paths = frozenset(map(str, changed)) if isinstance(changed, list) else frozenset()
        is_certain = len(paths) == 1 and _is_named(call, next(iter(paths)))
        return _Change(paths, exchange.began, exchange.ended, is_certain, str(exchange))
    return None


def _is_named(call: Call, path: str) -> bool:
    """Whether an instruction is about a file; one that changes nothing commits what was changed, and told, before."""
    asked = call.sent_json.get("instruction") if isinstance(call.sent_json, dict) else None
    name = PurePosixPath(path).stem.casefold().replace("-", " ")
    return isinstance(asked, str) and name in asked.casefold().replace("-", " ")


def _is_unknown(call: Call) -> bool:
    """Whether nobody knows which files a call has changed."""
    return call.is_of(*_UNKNOWN_CHANGES) or (call.is_of("execute") and call.is_unclear)


def _overlaps(story: Story, call: Call, socket: Socket) -> bool:
    return story.done_by(call) >= socket.opened and call.exchange.began <= _end(socket)


def _first_active(story: Story) -> dict[str, float]:
    """Return when each session was seen to be active first, of those that were."""
    seen = {name: [look.ended for look in looks if look.status == _ACTIVE] for name, looks in sightings(story).items()}
    return {name: min(times) for name, times in seen.items() if times}


def _starts_during(activation: Call, socket: Socket, active: Mapping[str, float]) -> bool:
    """Whether the socket's own session may have been starting while it was open, and so its instruction carried out."""
    is_own = activation.answered("sessionId") == socket.session_id
    ready_at = min(activation.exchange.ended + _START_SECONDS, active.get(socket.session_id, math.inf))
    return is_own and socket.opened <= ready_at


def _end(socket: Socket) -> float:
    return socket.seen_until if socket.closed is None else min(socket.closed, socket.seen_until)


def _counted(
    socket: Socket,
    told: Sequence[tuple[float, str]],
    changes: Sequence[_Change],
    due_by: float,
    *,
    may_hear_more: bool,
) -> Iterator[Finding]:
    due_changes = [each for each in changes if each.is_certain and each.began >= socket.opened and each.ended <= due_by]
    for path in dict.fromkeys(path for _, path in told):
        count = sum(each == path for _, each in told)
        most = sum(path in change.paths for change in changes)
        if count > most and not may_hear_more:
            at = [at for at, each in told if each == path][-1]
            event = f"the WebSocket of {socket.session_id} was told of {path!r} {count} times, for {most} changes"
            yield Finding("told-once", event, at)
    for change in due_changes:
        path = next(iter(change.paths), "")
        # One message tells one change: those of a file that came later have their own.
        due = sum(path in each.paths and each.began >= change.began for each in due_changes)
        heard = sum(each == path for at, each in told if at >= change.began)
        if heard < due:
            event = f"the WebSocket of {socket.session_id} was not told of {path!r}, changed by {change.event}"
            yield Finding("told-once", event, change.ended)


def _ordered(socket: Socket, told: Sequence[str], changes: Sequence[_Change]) -> Iterator[Finding]:
    """Yield the first two changes, one after the other and of two files, that were told the other way round."""
    single = [change for change in changes if change.is_certain]
    once = [change for change in single if told.count(next(iter(change.paths))) == 1]
    ordered = sorted(once, key=lambda change: change.began)
    for first, second in pairwise(ordered):
        first_path, second_path = next(iter(first.paths)), next(iter(second.paths))
        if first.ended <= second.began and told.index(second_path) < told.index(first_path):
            event = f"the WebSocket of {socket.session_id} was told of {second_path!r} before {first_path!r}"
            yield Finding("told-in-order", event, second.ended)
            return
