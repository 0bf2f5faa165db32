"""That the metric is published: on every change of it, and every minute, by a Hermes that goes on.

While something is broken it may not be able to count, or may be gone, and nothing is asked of it.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from seatrials.checkers.contract import session_life
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Story
from seatrials.evidence.history import History

# Hermes tries again after so long when a publication fails.
_CHANGE_SECONDS = 10.0
_MINUTE_SECONDS, _LATE_SECONDS = 60.0, 10.0
# How long a Hermes may take to be back once nothing is broken any more.
_RECOVERY_SECONDS = 120.0
# What breaks containers of the edit service alone: Hermes counts and publishes all the while.
_ELSEWHERE = frozenset({"failing_health_checks", "image_missing", "image_slow", "mount_failing"})
_HERMES = "hermes"


def check(story: Story) -> Iterator[Finding]:
    """Yield the changes that were not published, and the pauses that were too long."""
    yield from _changes(story)
    yield from _pauses(story)


def _changes(story: Story) -> Iterator[Finding]:
    """Yield the writes that change how many sessions are live, and of which nobody has told in time."""
    life, history = session_life(), story.history
    ended = max((each.ended for each in history.exchanges), default=0.0)
    before: dict[str, Mapping[str, Any]] = {}
    for write in history.writes:
        was, now = before.get(write.session_id, {}), write.fields or {}
        before[write.session_id] = now
        due = write.at + _CHANGE_SECONDS
        if not write.by or life.is_live(was, write.at) == life.is_live(now, write.at):
            continue
        told = any(write.at <= each.counted_at and each.at <= due for each in history.publications)
        if due < ended and not told and not _is_excused(history, write.at - _RECOVERY_SECONDS, due):
            event = (
                f"{write.by} wrote {write.session_id} as {now.get('status', 'gone')}, which was "
                f"{was.get('status', 'not there')}, and {life.metric} was not published within {_CHANGE_SECONDS:.0f} s"
            )
            yield Finding("metric-in-time", event, write.at)


def _pauses(story: Story) -> Iterator[Finding]:
    """Yield where a Hermes let more than a minute pass between two publications."""
    life, history = session_life(), story.history
    for name in dict.fromkeys(each.by for each in history.publications):
        moments = [each.at for each in history.publications if each.by == name]
        for first, second in pairwise(moments):
            is_late = second - first > _MINUTE_SECONDS + _LATE_SECONDS
            if is_late and not _is_excused(history, first - _RECOVERY_SECONDS, second):
                event = f"{name} published {life.metric} after a pause of {second - first:.0f} s"
                yield Finding("metric-in-time", event, second)


def _is_excused(history: History, began: float, ended: float) -> bool:
    """Whether something was broken between two moments that may have kept Hermes from publishing."""
    broken = [each.words for each in history.broken if each.began <= ended and each.ended >= began]
    return any(_HERMES in words or not words & _ELSEWHERE for words in broken)
