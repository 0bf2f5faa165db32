"""The decisions that are still on disk, for what the history does not tell."""

from pathlib import Path

from seatrials.errors import EvidenceError
from seatrials.evidence.folder import DatedFolders, second_of
from seatrials.gate.decision import Decision, Verdict

# Older ones say nothing that the history of a project in use does not.
_READ_MAX = 50


def last_kept_go(out: Path, criteria_file: str, commit: str | None) -> Decision | None:
    """Return the newest GO below *out* that was judged by *criteria_file* and is of another commit than *commit*.

    What is no decision any more is passed over: it would only have been compared with.
    """
    for folder in _newest(out)[:_READ_MAX]:
        decision = _decision(folder / "decision.json")
        if decision is None or decision.verdict is not Verdict.GO or decision.commit is None:
            continue
        is_other = commit is None or not decision.commit.startswith(commit)
        if is_other and Path(decision.criteria_file).name == Path(criteria_file).name:
            return decision
    return None


def _newest(out: Path) -> list[Path]:
    """Return the folders below *out*, the newest first; where they cannot be listed, no decision can be written."""
    try:
        return sorted(DatedFolders(out).all(), key=lambda each: second_of(each) or 0, reverse=True)
    except OSError:
        return []


def _decision(path: Path) -> Decision | None:
    try:
        return Decision.read(path) if path.is_file() else None
    except EvidenceError:
        return None
