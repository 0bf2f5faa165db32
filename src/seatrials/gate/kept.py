"""The decisions that are still on disk, for what the history does not tell."""

from pathlib import Path

from seatrials.errors import EvidenceError
from seatrials.evidence.envelope import Attestation, attest, read_signature
from seatrials.evidence.folder import DatedFolders, second_of, signature_of
from seatrials.evidence.statement import DECISION
from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.history import Head
from seatrials.gate.signers import DECISIONS, Signers
from seatrials.whole_file import read_regular

# Older ones say nothing that the history of a project in use does not.
_READ_MAX = 50


def last_kept_go(out: Path, criteria_file: str, commit: str | None) -> Decision | None:
    """Return the newest GO below *out* that was judged by *criteria_file* and is of another commit than *commit*.

    What is no decision any more, or another one than was signed, is passed over: it would only have been compared with.
    """
    for folder in _newest(out)[:_READ_MAX]:
        decision = _decision(folder / "decision.json")
        if decision is None or decision.verdict is not Verdict.GO or decision.commit is None:
            continue
        is_other = commit is None or not decision.commit.startswith(commit)
        if is_other and Path(decision.criteria_file).name == Path(criteria_file).name:
            return decision
    return None


def signature_beside(path: Path, content: bytes) -> Attestation | None:
    """Return the signature beside the decision in *path*, compared with its *content*; None when it is unsigned.

    The decision may have been copied without its page, and be called otherwise.
    """
    files = {DECISION.document: content}
    return attest(read_signature(signature_of(path.parent)), DECISION, None, files, is_part=True)


def head_kept_in(path: Path, signers: Signers) -> Head:
    """Return how far its history went when the decision in *path* was made.

    Raises `EvidenceError` when it does not tell, or is not signed as the criteria want it: whoever can cut lines off a
    history can edit the decision that knows them.
    """
    head = Decision.read(path).history
    if head is None:
        msg = f"{path} does not tell how far its history went: name a newer decision with --after"
        raise EvidenceError(msg)
    opinion = signers.opinion(signature_beside(path, read_regular(path)), DECISIONS)
    if opinion.doubt:
        msg = f"{path} proves nothing of a history, for {opinion.doubt}: name it in the folder that the gate wrote"
        raise EvidenceError(msg)
    return head


def _newest(out: Path) -> list[Path]:
    """Return the folders below *out*, the newest first; where they cannot be listed, no decision can be written."""
    try:
        return sorted(DatedFolders(out).all(), key=lambda each: second_of(each) or 0, reverse=True)
    except OSError:
        return []


def _decision(path: Path) -> Decision | None:
    try:
        if not path.is_file():
            return None
        signed = signature_beside(path, read_regular(path))
        return None if signed is not None and signed.problems else Decision.read(path)
    except (EvidenceError, OSError):
        return None
