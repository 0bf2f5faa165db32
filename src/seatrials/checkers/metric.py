"""What Hermes publishes: each publication against the table as it was when its publisher counted.

Where no publication is seen, what CloudWatch has of a minute, against the sessions that were live for certain.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seatrials.checkers.contract import SessionLife, session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Story
from seatrials.checkers.together import live_spans
from seatrials.evidence.history import History, ItemWrite, Publication

# What a Hermes that stops may publish is a change that it has just made, within so long.
_JUST_SECONDS = 5.0
# How far the clock of a task may be from another's where a session's ttl is due.
_CLOCK_SECONDS = 1.0
_MINUTE_SECONDS = 60.0
# How long before its publication a count may have been made: the call is tried again where CloudWatch is in trouble.
_COUNTED_BEFORE_SECONDS = 10.0


def check(story: Story) -> Iterator[Finding]:
    """Yield what is wrong with a publication."""
    life, writes = session_life(), story.history.writes
    for each in story.history.publications:
        if any(datum.get("MetricName") == life.metric for datum in each.data):
            if _is_hearsay(story, each):
                event = f"{each.by} published {life.metric} while nobody could read the table"
                yield Finding("metric-silent", event, each.at)
            yield from _of(each, life, writes, _just_before(story.history, each.at))
    if story.history.minutes:
        yield from _of_minutes(story, life)


def _is_hearsay(story: Story, publication: Publication) -> bool:
    """Whether a publication was counted when the table was away, and had been before the call could have begun."""
    return any(
        "table_away" in each.words and each.began + _COUNTED_BEFORE_SECONDS < publication.at < each.ended
        for each in story.history.broken
    )


def _of_minutes(story: Story, life: SessionLife) -> Iterator[Finding]:
    """Yield the minutes that were not as all their publications must have been."""
    spans = live_spans(story, life)
    slack = _COUNTED_BEFORE_SECONDS + story.skew_seconds + story.history.late_seconds
    for minute in story.history.minutes:
        began, ended = minute.began - slack, minute.began + _MINUTE_SECONDS + slack
        live = sum(each.began <= began and ended <= each.ended for each in spans)
        told = f"CloudWatch has {life.metric} from {minute.minimum:g} to {minute.maximum:g} {minute.unit}"
        if minute.unit != life.unit:
            yield Finding("metric-plain", f"{told}, which must be of the unit {life.unit}", minute.began)
        elif minute.minimum < live:
            yield Finding("metric-true", f"{told}, and {live} sessions were live all the time", minute.began)
        elif minute.maximum > life.live_max:
            yield Finding("metric-true", f"{told}, and at most {life.live_max} are ever live", minute.began)


def _of(publication: Publication, life: SessionLife, writes: Sequence[ItemWrite], just: float) -> Iterator[Finding]:
    """Yield what is wrong with one; changes since *just* are ones that have just been made."""
    datum, *others = publication.data
    problem = _not_plain(datum, life) or (f"it has {len(publication.data)} values" if others else "")
    if problem:
        yield Finding("metric-plain", f"{publication.by} published {life.metric}: {problem}", publication.at)
        return
    right = counts(life, writes, publication.counted_at, publication.at)
    if datum["Value"] not in right:
        told = " or ".join(f"{each:g}" for each in sorted(right))
        event = f"{publication.by} published {datum['Value']:g}, and {told} sessions were live"
        yield Finding("metric-true", event, publication.at)
    elif publication.is_stopping:
        earlier = counts(life, writes, just, publication.at)
        if len(earlier) == 1:
            event = f"{publication.by} published {datum['Value']:g} when it had been told to stop"
            yield Finding("metric-silent", event, publication.at)


def _just_before(history: History, moment: float) -> float:
    """Return since when a change has just been made: what a fault held came shortly before it at the earliest."""
    since = moment - _JUST_SECONDS
    held = history.held_since(since)
    return since if held == since else held - _JUST_SECONDS


def _not_plain(datum: Mapping[str, Any], life: SessionLife) -> str:
    if datum.get("MetricName") != life.metric:
        return f"it comes with {datum.get('MetricName')}"
    if datum.get("Unit") != life.unit:
        return f"its unit is {datum.get('Unit')}"
    if datum.get("Dimensions"):
        return f"it has the dimensions {datum['Dimensions']}"
    if "Value" not in datum or datum.get("Values") or datum.get("StatisticValues"):
        return "it is more than one value"
    return ""


def counts(life: SessionLife, writes: Sequence[ItemWrite], since: float, until: float) -> set[int]:
    """Return how many sessions were live at the moments from *since* to *until*."""
    items: dict[str, Mapping[str, Any]] = {}
    found = set[int]()
    for write in writes:
        if write.at > until:
            break
        if write.at > since:
            found |= _counted(life, items, since, write.at)
        items[write.session_id] = write.fields or {}
    return found | _counted(life, items, since, until)


def _counted(life: SessionLife, items: Mapping[str, Mapping[str, Any]], since: float, until: float) -> set[int]:
    moments = (since - _CLOCK_SECONDS, until + _CLOCK_SECONDS)
    return {sum(life.is_live(each, moment) for each in items.values()) for moment in moments}
