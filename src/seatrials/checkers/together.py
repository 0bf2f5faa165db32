"""Sessions beside one another: how many are live at once, and for whose work.

Where every write is seen, each is looked at. Elsewhere a session was live for certain from when it was first seen so to
when it was last: that is enough to count the scenario's own, and says nothing of those of others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from seatrials.checkers.contract import SessionLife, session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.sightings import Sighting, sightings
from seatrials.checkers.story import Story
from seatrials.evidence.history import TABLE

# How long after its change a table may be read as it was before.
# Source: DynamoDB Developer Guide, "Read consistency": an eventually consistent read catches up within a second.
_STALE_SECONDS = 2.0


@dataclass(frozen=True)
class LiveSpan:
    """From when until when a session was live for certain, in epoch seconds of this process's clock."""

    session_id: str
    began: float
    ended: float


def check(story: Story) -> Iterator[Finding]:
    """Yield where too many sessions are live, or two for the same work."""
    life = session_life()
    if TABLE in story.history.sources:
        yield from _written(story, life)
    else:
        spans = live_spans(story, life)
        yield from _too_many(spans, life)
        yield from _for_the_same_work(story, spans)


def live_spans(story: Story, life: SessionLife) -> list[LiveSpan]:
    """Return when sessions of the scenario's own were live for certain, the first to begin first.

    One whose item the scenario changes itself is left out.
    """
    seen = {name: each for name, each in sightings(story).items() if name not in story.history.disturbed}
    spans = []
    for session_id, looks in seen.items():
        live = [each for each in looks if _is_live(each, life)]
        if live:
            spans.append(
                LiveSpan(
                    session_id,
                    min(each.ended for each in live),
                    max(each.began for each in live) - _STALE_SECONDS,
                )
            )
    return sorted((each for each in spans if each.began <= each.ended), key=lambda span: span.began)


def _is_live(look: Sighting, life: SessionLife) -> bool:
    """Whether a session is seen to be live; a keepalive that was answered says so without a status."""
    is_over = look.ttl is not None and look.ttl <= look.ended
    return look.is_there and not is_over and look.status in (None, *life.live)


def _too_many(spans: list[LiveSpan], life: SessionLife) -> Iterator[Finding]:
    for span in spans:
        count = sum(each.began <= span.began <= each.ended for each in spans)
        if count > life.live_max:
            yield Finding("twelve-at-most", f"{span.session_id} is the {count}th live one", span.began)


def _for_the_same_work(story: Story, spans: list[LiveSpan]) -> Iterator[Finding]:
    for index, span in enumerate(spans):
        for other in spans[:index]:
            same = story.sessions.get(span.session_id) == story.sessions.get(other.session_id)
            if same and span.session_id in story.sessions and span.began <= other.ended:
                event = f"{span.session_id} is live, and so is {other.session_id}, of the same work"
                yield Finding("one-for-the-same-work", event, span.began)


def _written(story: Story, life: SessionLife) -> Iterator[Finding]:
    """Yield the writes after which too many sessions are live, or two for the same work."""
    items: dict[str, Mapping[str, object]] = {}
    for write in story.history.writes:
        before = items.get(write.session_id)
        items[write.session_id] = write.fields or {}
        if before is not None or not write.by or not write.fields:
            continue
        live = [each for each in items.values() if life.is_live(each, write.at)]
        if len(live) > life.live_max:
            event = f"{write.by} wrote {write.session_id}, the {len(live)}th live one"
            yield Finding("twelve-at-most", event, write.at)
        works = [(each.get("clientId"), each.get("userId"), each.get("threadId")) for each in live]
        if works.count((write.fields.get("clientId"), write.fields.get("userId"), write.fields.get("threadId"))) > 1:
            event = f"{write.by} wrote {write.session_id}, though its work has a live session"
            yield Finding("one-for-the-same-work", event, write.at)
