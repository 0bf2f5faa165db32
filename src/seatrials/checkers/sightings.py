"""What was seen of each session, in order: every write of its item, or what answers and reads showed of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.checkers.story import Call, Story
from seatrials.evidence.history import TABLE


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """A session as it was at some moment from *began* to *ended*."""

    began: float
    ended: float
    session_id: str
    # None for what was not shown.
    status: str | None
    last_activity_ms: int | None
    ttl: int | None
    # Whether every write before it was seen too.
    is_exact: bool
    # Whether the platform itself wrote it, or showed it.
    is_own: bool
    # How findings name it.
    event: str
    # Whether the item is there.
    is_there: bool = True

    @property
    def last_activity(self) -> float:
        """In epoch seconds; 0 when it was not shown."""
        return (self.last_activity_ms or 0) / 1000


def sightings(story: Story) -> Mapping[str, list[Sighting]]:
    """Return the sightings of each session, in order; where writes are seen, those alone.

    Where none is, the table may have sessions of others, of whose calls nothing is known: they are left out.
    """
    if TABLE in story.history.sources:
        seen = list(_written(story))
    else:
        own = {str(call.answered("sessionId")) for call in story.calls if call.is_of("activate") and call.is_ok}
        seen = [each for each in (*_shown(story), *_read(story)) if each.session_id in own]
    found: dict[str, list[Sighting]] = {}
    for each in sorted(seen, key=lambda sighting: sighting.ended):
        found.setdefault(each.session_id, []).append(each)
    return found


def _written(story: Story) -> Iterator[Sighting]:
    for write in story.history.writes:
        who = write.by or "somebody else"
        event = f"{who} wrote {write.session_id}" if write.fields is not None else f"{who} deleted {write.session_id}"
        fields = write.fields or {}
        yield Sighting(
            began=write.at,
            ended=write.at,
            session_id=write.session_id,
            **_of(fields),
            is_exact=True,
            is_own=bool(write.by),
            event=event,
            is_there=write.fields is not None,
        )


def _read(story: Story) -> Iterator[Sighting]:
    for read in story.history.reads:
        session_id = str(read.fields["sessionId"])
        yield Sighting(
            began=read.began,
            ended=read.ended,
            session_id=session_id,
            **_of(read.fields),
            is_exact=False,
            is_own=True,
            event=f"the table has {session_id}",
        )


def _shown(story: Story) -> Iterator[Sighting]:
    for call in story.calls:
        if call.is_ok and isinstance(call.json, dict):
            if call.is_of("activate", "status"):
                yield _answered(call, str(call.json.get("sessionId")))
            elif call.is_of("keepalive"):
                yield _answered(call, call.session_id)


def _answered(call: Call, session_id: str) -> Sighting:
    return Sighting(
        began=call.exchange.began,
        ended=call.exchange.ended,
        session_id=session_id,
        **_of(call.json),
        is_exact=False,
        is_own=True,
        event=str(call.exchange),
    )


def _of(fields: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {"last_activity_ms": fields.get("lastActivity"), "ttl": fields.get("ttl")}
    status = fields.get("status")
    known = {name: int(each) if isinstance(each, int | float) else None for name, each in numbers.items()}
    return {"status": status if isinstance(status, str) else None, **known}
