"""Whether what ran is what the commit holds, by what the run says and by the commit itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from seatrials.evidence.provenance import Compare, Sources
from seatrials.gate.case import Asked
from seatrials.gate.decision import Criterion, Outcome

_TOLD_MAX = 6


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run says of its tree and of the files that ran; evidence of an older version has no sources."""

    commit: str | None
    dirty: bool | None
    sources: Sources | None
    # The files of its tests, as the run's rows name them: they ran at the least.
    tests: Iterable[str] = ()


def doubts(ran: Ran, compare: Compare) -> list[str]:
    """Return what keeps the files that ran from being those of the commit, a sentence each; none when they are.

    *compare* reads the commit where the gate runs, which may be another checkout than the one where the run was.
    """
    found = []
    if ran.commit is None:
        found.append("the run does not say of which commit its tree was")
    if ran.dirty is None:
        found.append("the run does not say whether its tree was clean")
    if ran.dirty:
        found.append("the tree had uncommitted changes")
    if not ran.sources:
        return [*found, "the run does not name the files that ran"]
    missing = sorted({each.partition("::")[0] for each in ran.tests} - ran.sources.keys())
    found += [f"{each} has results and is not among the files that ran" for each in missing]
    return found if ran.commit is None else [*found, *compare(ran.sources, ran.commit)]


def tree_criterion(
    environment: str, ran: Ran, compare: Compare, *, dirty_tree_allowed: bool, sources: Iterable[object]
) -> Criterion:
    """Return whether what ran was the commit; where it may differ from it, the reason says how it did.

    *sources* are the files of the evidence that say so.
    """
    asked = Asked(id="tree", environment=environment, sentence="The tree that ran was the commit, without changes.")
    found = doubts(ran, compare)
    if not found:
        told = f"all {len(ran.sources or ())} files that ran are as the commit holds them, and nothing was uncommitted"
        return asked.answered(Outcome.PASS, told, sources=sources)
    told = "; ".join(found[:_TOLD_MAX]) + (f"; and {len(found) - _TOLD_MAX} more" if len(found) > _TOLD_MAX else "")
    if dirty_tree_allowed:
        return asked.answered(Outcome.PASS, f"{told}, which the criteria allow", sources=sources)
    return asked.unknown(f"{told}, so it is of no commit", sources=sources)
