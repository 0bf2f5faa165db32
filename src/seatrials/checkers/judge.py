"""All checkers over one history."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from seatrials.checkers import (
    activity,
    answers,
    headers,
    life,
    lists,
    metric,
    order,
    publishing,
    taint,
    together,
    updates,
)
from seatrials.checkers.contract import invariants
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Story
from seatrials.evidence.history import GIT, HTTP, METRICS, MINUTES, RULES, SOCKETS, TABLE, History

Checker = Callable[[Story], Iterable[Finding]]

# What must be seen for something to be asked: all of one of these.
Needs = tuple[frozenset[str], ...]
_REQUESTS: Needs = (frozenset({HTTP}),)
_PUBLICATIONS: Needs = (frozenset({TABLE, METRICS}),)
# By the name of its module: each with the sources without which it has nothing to look at.
CHECKERS: dict[str, tuple[Checker, Needs]] = {
    "answers": (answers.check, _REQUESTS),
    "taint": (taint.check, _REQUESTS),
    "life": (life.check, _REQUESTS),
    "activity": (activity.check, _REQUESTS),
    "together": (together.check, _REQUESTS),
    "metric": (metric.check, (*_PUBLICATIONS, frozenset({HTTP, MINUTES}))),
    "publishing": (publishing.check, _PUBLICATIONS),
    "order": (order.check, (frozenset({RULES, GIT}),)),
    "updates": (updates.check, (frozenset({HTTP, SOCKETS}),)),
    "lists": (lists.check, _REQUESTS),
    # Behind those that say what is wrong with what a header holds.
    "headers": (headers.check, (frozenset({HTTP, TABLE}),)),
}
# What a checker asks in whole only where it sees more than it needs: a minute's statistics tell neither how many values
# a publication had, nor what was published with dimensions, nor who published.
NEEDS: dict[str, Needs] = {"metric-plain": _PUBLICATIONS, "metric-silent": _PUBLICATIONS}
_EVENTS_SHOWN = 3


@dataclass(frozen=True)
class Judgement:
    """What all checkers say of a history."""

    # In the order of the checkers, of one cause only the first.
    findings: tuple[Finding, ...]
    # How many further findings have the same causes.
    further: int
    # The invariants that could not be asked, for the stack does not show what they are about.
    not_asked: tuple[str, ...]

    def headline(self) -> str:
        """Return the promise that the first finding is about."""
        invariant = invariants()[self.findings[0].invariant]
        return f"{invariant.id}: {invariant.sentence} Contract: {invariant.promise}."

    def in_words(self) -> str:
        """Return the findings for people, each with its invariant and what promises it; empty without one."""
        known = invariants()
        lines = []
        for each in self.findings[:_EVENTS_SHOWN]:
            invariant = known[each.invariant]
            lines.append(f"the contract does not hold ({each.invariant}): {each.event}")
            lines.append(f"  {invariant.sentence} Contract: {invariant.promise}.")
        more = len(self.findings) - _EVENTS_SHOWN + self.further if len(self.findings) > _EVENTS_SHOWN else self.further
        return "\n".join([*lines, *([f"  and {more} more findings"] if more else [])])


def judge(history: History) -> Judgement:
    """Return what the checkers find in *history*; raises `ConfigurationError` without the files of the contract."""
    story = Story.of(history)
    able = [check for check, needs in CHECKERS.values() if _is_met(needs, history.sources)]
    found = [finding for check in able for finding in check(story)]
    first: dict[tuple[str, str], Finding] = {}
    for each in found:
        first.setdefault(each.cause, each)
    return Judgement(tuple(first.values()), len(found) - len(first), _not_asked(history.sources))


def _not_asked(sources: set[str]) -> tuple[str, ...]:
    return tuple(
        each.id for each in invariants().values() if not _is_met(NEEDS.get(each.id, CHECKERS[each.checker][1]), sources)
    )


def _is_met(needs: Needs, sources: set[str]) -> bool:
    return any(each <= sources for each in needs)
