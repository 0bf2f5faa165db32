"""Every activity counts: after a call that is one, an active session has been active since.

Where every write is seen, the last one before the moment is asked, and elsewhere the first that is shown after it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seatrials.checkers.contract import session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.sightings import Sighting, sightings
from seatrials.checkers.story import Call, Story
from seatrials.evidence.history import TABLE

# How far the platform's clocks may be from one another, and for how long a container notes one activity for several.
_CLOCKS_SECONDS, _NOTED_SECONDS = 2.0, 2.0
# How long a write may take after its answer.
_WRITTEN_SECONDS = 1.0
_ACTIVE = "active"
# While the table cannot be written a container notes nothing, and its user's work goes on; nor for a moment after it.
_TABLE_TROUBLES, _MENDED_SECONDS = frozenset({"table", "table_throttling", "table_unsure", "table_away"}), 10.0


def check(story: Story) -> Iterator[Finding]:
    """Yield the activities that did not count."""
    # A session that an activation returns is not new, and nothing was done in it.
    counting = session_life().activity - {"activate"}
    seen = sightings(story)
    for call in story.calls:
        looks = seen.get(call.session_id)
        if looks and call.is_ok and not call.is_from_balancer and call.is_of(*counting):
            around = _around(story, call, looks)
            if around is not None and around.is_lost:
                event = (
                    f"{call.exchange} did not count: {around.after.session_id} was active last "
                    f"{call.exchange.began - around.after.last_activity:.0f} s before it"
                )
                yield Finding("every-activity-counts", event, call.exchange.began)


@dataclass(frozen=True)
class _Around:
    """A session as it was before a call, and as it was after it."""

    call: Call
    before: Sighting
    after: Sighting
    slack_seconds: float

    @property
    def is_lost(self) -> bool:
        """Whether the session was active all the time, and has not been active since the call."""
        both = (self.before, self.after)
        is_active = all(each.status == _ACTIVE and each.is_there for each in both)
        is_in_time = self.before.ttl is not None and self.before.ttl > self.call.exchange.ended + self.slack_seconds
        since = self.call.exchange.began - self.slack_seconds
        return is_active and is_in_time and self.after.last_activity < since


def _around(story: Story, call: Call, looks: Sequence[Sighting]) -> _Around | None:
    """Return a session around a call; None where it was not seen there, or something else has changed it."""
    began, ended = call.exchange.began, call.exchange.ended + _WRITTEN_SECONDS
    before = [each for each in looks if each.ended <= began]
    if TABLE in story.history.sources:
        after, apart = [each for each in looks if each.ended <= ended][-1:], 0.0
    else:
        after = [each for each in looks if each.began >= ended and each.last_activity_ms is not None][:1]
        apart = story.skew_seconds + story.history.late_seconds
    if not (before and after):
        return None
    disturbed = story.history.disturbed.get(call.session_id, [])
    is_disturbed = any(before[-1].began <= each <= max(ended, after[0].ended) for each in disturbed)
    if is_disturbed or story.history.was_broken(began - _MENDED_SECONDS, ended, _TABLE_TROUBLES):
        return None
    apart += story.history.apart_seconds(before[-1].began, after[0].ended)
    return _Around(call, before[-1], after[0], _CLOCKS_SECONDS + _NOTED_SECONDS + apart)
