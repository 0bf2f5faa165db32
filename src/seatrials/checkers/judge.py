"""All checkers over one history."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from seatrials.checkers import answers, life, lists, metric, order, taint, updates
from seatrials.checkers.contract import invariants
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Story
from seatrials.evidence.history import GIT, HTTP, METRICS, RULES, SOCKETS, TABLE, History

Checker = Callable[[Story], Iterable[Finding]]

# By the name of its module: each with the sources without which it has nothing to look at.
CHECKERS: dict[str, tuple[Checker, frozenset[str]]] = {
    "answers": (answers.check, frozenset({HTTP})),
    "taint": (taint.check, frozenset({HTTP})),
    "life": (life.check, frozenset({HTTP})),
    "metric": (metric.check, frozenset({TABLE, METRICS})),
    "order": (order.check, frozenset({RULES, GIT})),
    "updates": (updates.check, frozenset({HTTP, SOCKETS})),
    "lists": (lists.check, frozenset({HTTP})),
}
# What a checker asks only where it sees more than it needs.
NEEDS = {"twelve-at-most": frozenset({TABLE}), "one-for-the-same-work": frozenset({TABLE})}
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
    able = [check for check, needs in CHECKERS.values() if needs <= history.sources]
    found = [finding for check in able for finding in check(story)]
    first: dict[tuple[str, str], Finding] = {}
    for each in found:
        first.setdefault(each.cause, each)
    return Judgement(tuple(first.values()), len(found) - len(first), _not_asked(history.sources))


def _not_asked(sources: set[str]) -> tuple[str, ...]:
    def needed(name: str, checker: str) -> frozenset[str]:
        return CHECKERS[checker][1] | NEEDS.get(name, frozenset())

    return tuple(each.id for each in invariants().values() if not needed(each.id, each.checker) <= sources)
