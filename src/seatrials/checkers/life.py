"""The life of sessions against `contract/session.toml`: each pair of sightings, and the calls between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from seatrials.checkers.contract import SessionLife, session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.sightings import Sighting, sightings
from seatrials.checkers.story import Call, Story
from seatrials.evidence.history import TABLE, Exchange

# How far the platform's clocks may be from one another, and how long a write may take after its answer. Where no write
# is seen, they are compared with this process's clock too, and how far that is from theirs the dates of answers tell,
# and a rehearsal its lateness.
# Source: Amazon EC2 User Guide, "Set the time for your instance": clocks are kept by the Amazon Time Sync Service.
TOLERANCE_SECONDS = 2.0
_OVER_CODE = 410


def check(story: Story) -> Iterator[Finding]:
    """Yield what is against the life of a session."""
    life, seen = session_life(), sightings(story)
    apart = 0.0 if TABLE in story.history.sources else story.skew_seconds + story.history.late_seconds
    tolerance = TOLERANCE_SECONDS + apart
    calls = _by_session(story)
    for session_id, looks in seen.items():
        own_calls = calls.get(session_id, [])
        disturbed = story.history.disturbed.get(session_id, [])
        yield from _begun(looks[0], life)
        for before, after in pairwise(looks):
            wrong = story.history.apart_seconds(before.began, after.ended)
            yield from _Pair(story, life, before, after, own_calls, disturbed, tolerance + wrong).findings()
    yield from _after_the_end(calls)


def _begun(first: Sighting, life: SessionLife) -> Iterator[Finding]:
    """Yield what is wrong with the first write of an item, if the platform made it: a scenario may make any."""
    if first.is_exact and first.is_own and first.is_there and first.status != life.first:
        yield Finding("life-forward", f"{first.event}, which is new, as {first.status}", first.ended)


@dataclass(frozen=True)
class _Pair:
    """One sighting of a session and the next, with all that was asked of it."""

    story: Story
    life: SessionLife
    before: Sighting
    after: Sighting
    calls: Sequence[Call]
    # The moments at which the scenario changed its item.
    disturbed: Sequence[float]
    tolerance_seconds: float

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with the way from one to the next."""
        before, after = self.before, self.after
        # What overlaps may have been in either order, and what the scenario does is no affair of the platform's.
        if after.began < before.ended or not (after.is_own and after.is_there):
            return
        if not before.is_there:
            yield self._finding("over-stays-over", ", which was deleted before")
            return
        if before.status and after.status and not self._leads(before.status, after.status):
            yield self._finding("life-forward", f" as {after.status}, which was {before.status}")
        if before.status in self.life.live and after.status in ("draining", "expired"):
            yield from self._drained()
        if not any(before.began <= each <= after.ended for each in self.disturbed):
            yield from self._moved()

    def _finding(self, invariant: str, what: str) -> Finding:
        return Finding(invariant, f"{self.after.event}{what}", self.after.ended)

    def _leads(self, before: str, after: str) -> bool:
        if self.after.is_exact:
            return after == before or after in self.life.transitions.get(before, ())
        return self.life.leads_to(before, after)

    def _drained(self) -> Iterator[Finding]:
        was_told = any(
            call.is_of("deactivate") and not call.is_refused and call.exchange.began <= self.after.ended
            for call in self.calls
        )
        idle_seconds = self.after.ended - self.before.last_activity
        was_idle = idle_seconds >= self.life.idle_seconds - self.tolerance_seconds
        if not (was_told or was_idle or self.disturbed or self.before.last_activity_ms is None):
            what = f" as {self.after.status}, {idle_seconds:.0f} s after its last activity, and nobody had asked"
            yield self._finding("drains-for-a-reason", what)

    def _moved(self) -> Iterator[Finding]:
        """Yield what is wrong with the times of a session that nobody but the platform has changed."""
        before, after = self.before, self.after
        if _went_back(before.last_activity_ms, after.last_activity_ms) or _went_back(before.ttl, after.ttl):
            was, now = (before.last_activity_ms, before.ttl), (after.last_activity_ms, after.ttl)
            yield self._finding("activity-forward", f" with lastActivity and ttl {now}, which were {was}")
        elif after.last_activity_ms is not None and before.last_activity_ms not in (None, after.last_activity_ms):
            yield from self._was_alive()
            # The instruction of an activation is carried out by then, which is Hermes's own call.
            if before.status != self.life.first and not self._was_active():
                latest = max((call.exchange for call in self.calls), key=self._began, default=None)
                what = f" with an activity, and the last that was asked of it was {latest or 'nothing'}"
                yield self._finding("only-activity-counts", what)

    def _was_alive(self) -> Iterator[Finding]:
        """Yield what is wrong with an activity of the session as it was."""
        before, after, tolerance = self.before, self.after, self.tolerance_seconds
        if before.ttl is not None and before.ttl + tolerance < after.began:
            yield self._finding("over-stays-over", f" with an activity {after.began - before.ttl:.0f} s after its ttl")
        if before.status not in (None, *self.life.live):
            yield self._finding("over-stays-over", f" with an activity, when it was {before.status}")
        lives_seconds = None if after.ttl is None else after.ttl - after.last_activity
        if lives_seconds is not None and abs(lives_seconds - self.life.ttl_seconds) > tolerance:
            yield self._finding("ttl-of-activity", f" with a ttl {lives_seconds:.0f} s after its last activity")

    def _was_active(self) -> bool:
        """Whether a call that counts was under way when the session was last active, by whichever clock."""
        moment, tolerance = self.after.last_activity, self.tolerance_seconds
        return any(
            call.is_of(*self.life.activity)
            and call.exchange.began - tolerance <= moment <= self.story.done_by(call) + tolerance
            for call in self.calls
        )

    def _began(self, exchange: Exchange) -> float:
        """Return when a call began, before all others when that was later than the sighting."""
        return exchange.began if exchange.began <= self.after.ended else 0.0


def _went_back(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after < before


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


def _by_session(story: Story) -> dict[str, list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in story.calls:
        session_id = str(call.answered("sessionId")) if call.is_of("activate") and call.is_ok else call.session_id
        if session_id:
            found.setdefault(session_id, []).append(call)
    return found
