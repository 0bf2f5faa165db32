"""Whether what ran is what the commit holds, by what the run says and by the commit itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seatrials.evidence.provenance import Compare, Sources
from seatrials.evidence.reader import MutantEvidence, RunEvidence

_TOLD_MAX = 6


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run says of its tree and of the files that ran; evidence of an older version has no sources."""

    commit: str | None
    dirty: bool | None
    sources: Sources | None
    # The files of its tests, as the run's rows name them: they ran at the least.
    tests: Iterable[str] = ()

    @classmethod
    def of_run(cls, run: RunEvidence) -> "Ran":
        """Return what a run says."""
        record = run.record
        return cls(commit=run.commit, dirty=record.dirty, sources=record.sources, tests=run.rows.values())

    @classmethod
    def of_mutants(cls, mutants: MutantEvidence) -> "Ran":
        """Return what a run on mutants says."""
        return cls(commit=mutants.commit, dirty=mutants.dirty, sources=mutants.sources)


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
    # The run names its tests from pytest's root, which need not be the top of the work tree.
    missing = [
        each for each in sorted({each.partition("::")[0] for each in ran.tests}) if not _is_named(each, ran.sources)
    ]
    found += [f"{each} has results and is not among the files that ran" for each in missing]
    return found if ran.commit is None else [*found, *compare(ran.sources, ran.commit)]


def told_in_short(found: Sequence[str]) -> str:
    """Return the first of some doubts, and how many more there are."""
    more = len(found) - _TOLD_MAX
    return "; ".join(found[:_TOLD_MAX]) + (f"; and {more} more" if more > 0 else "")


def _is_named(test: str, sources: Sources) -> bool:
    return any(path == test or path.endswith(f"/{test}") for path in sources)
