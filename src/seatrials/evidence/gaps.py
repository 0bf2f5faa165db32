"""What the chain of runs says of the runs on an environment that are there, and of those that are not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from seatrials.evidence.chain import Chains
from seatrials.evidence.consistency import epoch_seconds
from seatrials.evidence.order import Found
from seatrials.evidence.record import ChainLink

# Two runs that begin at once take their times and their numbers in any order; beyond it a clock was set, or a file.
_TOLERANCE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """The runs on an environment, oldest first, and the chains of their evidence folder."""

    chains: Chains
    # The name of the folder that the runs' folders are in.
    environment: str
    runs: Sequence[Found[Any]]
    # Of every environment, and of the mutants, the run that is called after the latest time.
    anchors: Sequence[Found[Any]]

    @property
    def newest(self) -> Found[Any]:
        """The run that is judged."""
        return self.runs[-1]

    @property
    def gone(self) -> list[ChainLink]:
        """The places of runs that are no longer there."""
        there = {(each.link.chain, each.link.number) for each in self.runs if each.link is not None}
        named = {each.path.name for each in self.runs}
        return [
            link
            for link in self.chains.of(self.environment)
            if (link.chain, link.number) not in there or link.run not in named
        ]


def problems_of_chain(place: Place) -> Iterator[str]:
    """Yield what keeps anybody from knowing that the newest run is the newest, and all are as they were."""
    yield from place.chains.problems
    newest = place.newest
    if newest.record is not None and newest.link is None and place.chains.of(place.environment):
        yield f"{newest.path.name} has no number, and the chain has other runs on {place.environment}"
    for other in place.anchors:
        if other.link is not None and place.chains.at(other.link) != other.link:
            yield f"{_called(other.link)} is not in its chain as it says: bring the folder of the chains with the runs"
    for run in place.runs:
        if run.link is not None:
            yield from _of_run(place, run, run.link)
    for link in place.gone:
        if _is_later(link, newest):
            yield f"{_called(link)} is gone, and began after {newest.path.name}: restore it, or run again"


def gone_of_commit(place: Place, commit: str | None) -> tuple[ChainLink, ...]:
    """Return the places of runs of *commit* that are gone and are older than the newest.

    One that had no end when the next run on its environment began would prove nothing, and may be removed.
    """
    return tuple(
        link
        for link in place.gone
        if commit is not None
        and link.commit == commit
        and not _is_later(link, place.newest)
        and place.chains.seal_after(link) != (None, True)
    )


def told_of_gone(link: ChainLink) -> str:
    """Return a sentence on a run of the judged commit that is gone."""
    return f"{_called(link)} is gone, and is of this commit: restore it, or begin anew in an empty evidence folder"


def _of_run(place: Place, run: Found[Any], link: ChainLink) -> Iterator[str]:
    name, known = run.path.name, place.chains.at(link)
    twins = [each.path.name for each in place.runs if _is_same(each.link, link) and each is not run]
    if twins and name == min([name, *twins]):
        yield f"{name} and {', '.join(sorted(twins))} have one number, {link.number} of chain {link.chain}"
    if known is None:
        yield f"number {link.number} of chain {link.chain} is not there, and {name} has it"
    elif known != link:
        yield f"{name} says that it is number {link.number} of chain {link.chain}, which has {known.run} there"
    if (link.environment, link.run) != (place.environment, name):
        yield f"{name} is called {link.run} of {link.environment} in its chain: it was renamed, copied or moved"
    sealed, _ = place.chains.seal_after(link)
    if sealed is not None and sealed != run.seal_sha256:
        yield f"{name} has another seal than when the run after it began, so it was changed since"
    newest = place.newest.link
    if newest is not None and newest.chain == link.chain and newest.number < link.number and _began_earlier(run, place):
        yield (
            f"{name} has number {link.number}, after number {newest.number} of {place.newest.path.name}, and says that "
            "it began earlier: a clock was set back, or a file was edited; run again"
        )


def _is_same(one: ChainLink | None, other: ChainLink) -> bool:
    return one is not None and (one.chain, one.number) == (other.chain, other.number)


def _is_later(link: ChainLink, newest: Found[Any]) -> bool:
    if newest.link is not None and link.chain == newest.link.chain:
        return link.number > newest.link.number
    began = epoch_seconds(link.started)
    return began is None or began > newest.moment


def _began_earlier(run: Found[Any], place: Place) -> bool:
    return run.moment < place.newest.moment - _TOLERANCE_SECONDS


def _called(link: ChainLink) -> str:
    return f"number {link.number} of chain {link.chain}, {link.run} of {link.environment},"
