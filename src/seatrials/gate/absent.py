"""What is known of runs that the evidence does not have, or has otherwise: by their chain, and by the history."""

from collections.abc import Iterable, Sequence

from seatrials.evidence.consistency import epoch_seconds
from seatrials.evidence.gaps import told_of_gone
from seatrials.evidence.reader import RunEvidence
from seatrials.gate.history import Entry


def gone_runs(run: RunEvidence, since_seconds: float) -> Iterable[str]:
    """Yield a sentence for each older run of the commit of *run* that is gone, and whose measurements would count.

    What began before *since_seconds* is too old for that, and may be removed.
    """
    for link in run.gone:
        began = epoch_seconds(link.started)
        if began is None or began >= since_seconds:
            yield told_of_gone(link)


def forgotten_runs(runs: Sequence[RunEvidence], history: Iterable[Entry]) -> Iterable[str]:
    """Yield where *runs*, of one environment and the newest last, are not those that were judged before.

    A run of another commit may be gone, and so may an older one: of those the newest speaks.
    """
    newest, by_name = runs[-1], {each.id: each for each in runs}
    began = newest.started_seconds
    for entry in history:
        if entry.environment != newest.environment:
            continue
        there, then = by_name.get(entry.run), epoch_seconds(entry.started)
        if there is None:
            is_newer = began is not None and then is not None and then > began
            if is_newer and entry.commit is not None and entry.commit == newest.commit:
                told = f"{entry.run} of this commit was judged before, and began later than {newest.id}"
                yield f"{told}, and is gone: restore it, or run again"
        elif entry.seal_sha256 is not None and entry.seal_sha256 != there.seal_sha256:
            yield f"{entry.run} was judged before with another seal, so it was changed since"
