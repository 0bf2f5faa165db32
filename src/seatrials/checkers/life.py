"""The life of sessions against `contract/session.toml`: each pair of sightings, and the calls between them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from seatrials.checkers.contract import SessionLife, session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.sightings import Sighting, sightings
from seatrials.checkers.story import Call, Story

# How far the platform's clocks may be from one another, and how long a write may take after its answer.
# Source: Amazon EC2 User Guide, "Set the time for your instance": clocks are kept by the Amazon Time Sync Service.
TOLERANCE_SECONDS = 2.0
_OVER_CODE = 410


def check(story: Story) -> Iterator[Finding]:
    """Yield what is against the life of a session."""
    life, seen = session_life(), sightings(story)
    calls = _by_session(story)
    for session_id, looks in seen.items():
        own_calls = calls.get(session_id, [])
        disturbed = story.history.disturbed.get(session_id, [])
        if looks[0].is_exact and looks[0].status != life.first:
            event = f"{looks[0].event}, which is new, as {looks[0].status}"
            yield Finding("life-forward", event, looks[0].ended)
        for before, after in pairwise(looks):
            yield from _between(life, before, after, own_calls, disturbed)
    yield from _after_the_end(calls)
    if story.history.writes:
        yield from _together(story, life)


def _between(
    life: SessionLife, before: Sighting, after: Sighting, calls: Sequence[Call], disturbed: Sequence[float]
) -> Iterator[Finding]:
    """Yield what is wrong with the way from one sighting to the next."""
    # What overlaps may have been in either order, and what the scenario does is no affair of the platform's.
    if after.began < before.ended or not (after.is_own and after.is_there):
        return
    if not before.is_there:
        yield Finding("over-stays-over", f"{after.event}, which was deleted before", after.ended)
        return
    if before.status and after.status and not _leads(life, before, after):
        yield Finding("life-forward", f"{after.event} as {after.status}, which was {before.status}", after.ended)
    if before.status in life.live and after.status in ("draining", "expired"):
        yield from _drained(life, before, after, calls, disturbed)
    if not any(before.began <= each <= after.ended for each in disturbed):
        yield from _moved(life, before, after, calls)


def _leads(life: SessionLife, before: Sighting, after: Sighting) -> bool:
    if after.is_exact:
        assert before.status is not None, "asked of sightings that have a status"
        return after.status == before.status or after.status in life.transitions.get(before.status, ())
    return life.leads_to(str(before.status), str(after.status))


def _drained(
    life: SessionLife, before: Sighting, after: Sighting, calls: Sequence[Call], disturbed: Sequence[float]
) -> Iterator[Finding]:
    was_told = any(call.is_of("deactivate") and call.exchange.began <= after.ended for call in calls)
    idle_seconds = after.ended - before.last_activity
    was_idle = idle_seconds >= life.idle_seconds - TOLERANCE_SECONDS
    if not (was_told or was_idle or disturbed or before.last_activity_ms is None):
        event = f"{after.event} as {after.status}, {idle_seconds:.0f} s after its last activity, and nobody had asked"
        yield Finding("drains-for-a-reason", event, after.ended)


def _moved(life: SessionLife, before: Sighting, after: Sighting, calls: Sequence[Call]) -> Iterator[Finding]:
    """Yield what is wrong with the times of a session that nobody but the platform has changed."""
    if _went_back(before.last_activity_ms, after.last_activity_ms) or _went_back(before.ttl, after.ttl):
        was, now = (before.last_activity_ms, before.ttl), (after.last_activity_ms, after.ttl)
        event = f"{after.event} with lastActivity and ttl {now}, which were {was}"
        yield Finding("activity-forward", event, after.ended)
        return
    if after.last_activity_ms is None or before.last_activity_ms in (None, after.last_activity_ms):
        return
    if before.ttl is not None and before.ttl + TOLERANCE_SECONDS < after.began:
        event = f"{after.event} with an activity {after.began - before.ttl:.0f} s after its ttl"
        yield Finding("over-stays-over", event, after.ended)
    if before.status not in (None, *life.live):
        yield Finding("over-stays-over", f"{after.event} with an activity, when it was {before.status}", after.ended)
    if after.ttl is not None and abs(after.ttl - after.last_activity - life.ttl_seconds) > TOLERANCE_SECONDS:
        event = f"{after.event} with a ttl {after.ttl - after.last_activity:.0f} s after its last activity"
        yield Finding("ttl-of-activity", event, after.ended)
    # The instruction of an activation is carried out by then, which is Hermes's own call.
    if before.status != life.first and not _was_active(life, after.last_activity, calls):
        latest = max((call.exchange for call in calls if call.exchange.began <= after.ended), key=_began, default=None)
        event = f"{after.event} with an activity, and the last that was asked of it was {latest or 'nothing'}"
        yield Finding("only-activity-counts", event, after.ended)


def _began(exchange: object) -> float:
    return float(getattr(exchange, "began", 0.0))


def _went_back(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after < before


def _was_active(life: SessionLife, moment: float, calls: Iterable[Call]) -> bool:
    """Whether a call that counts was under way at a moment, by whichever of the platform's clocks."""
    return any(
        call.operation is not None
        and call.operation.id in life.activity
        and call.exchange.began - TOLERANCE_SECONDS <= moment <= call.exchange.ended + TOLERANCE_SECONDS
        for call in calls
    )


def _after_the_end(calls: Mapping[str, Sequence[Call]]) -> Iterator[Finding]:
    """Yield the calls that took a session for a live one when another had said that it is over."""
    for own in calls.values():
        over: dict[str, float] = {}
        for call in sorted(own, key=lambda each: each.exchange.ended):
            if call.operation is None or call.is_from_balancer:
                continue
            ended = over.get(call.operation.id)
            if ended is not None and call.is_ok and call.exchange.began >= ended:
                event = f"{call.exchange}, {call.exchange.began - ended:.0f} s after a call was told that it is over"
                yield Finding("over-stays-over", event, call.exchange.began)
            if call.exchange.status == _OVER_CODE:
                # One that drains lives no more, and its status is told still.
                told = ("status",) if call.is_of("status") else ()
                for operation in ("keepalive", "deactivate", *told):
                    over.setdefault(operation, call.exchange.ended)


def _together(story: Story, life: SessionLife) -> Iterator[Finding]:
    """Yield the writes after which too many sessions are live, or two for the same work."""
    items: dict[str, Mapping[str, object]] = {}
    for write in story.history.writes:
        before = items.get(write.session_id)
        items[write.session_id] = write.fields or {}
        if before is not None or not write.by or not write.fields:
            continue
        live = [each for each in items.values() if life.is_live(each, write.at)]
        if len(live) > life.live_max:
            yield Finding(
                "twelve-at-most", f"{write.by} wrote {write.session_id}, the {len(live)}th live one", write.at
            )
        works = [(each.get("clientId"), each.get("userId"), each.get("threadId")) for each in live]
        if works.count((write.fields.get("clientId"), write.fields.get("userId"), write.fields.get("threadId"))) > 1:
            event = f"{write.by} wrote {write.session_id}, though its work has a live session"
            yield Finding("one-for-the-same-work", event, write.at)


def _by_session(story: Story) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in story.calls:
        session_id = str(call.answered("sessionId")) if call.is_of("activate") and call.is_ok else call.session_id
        if session_id:
            found.setdefault(session_id, []).append(call)
    return found
