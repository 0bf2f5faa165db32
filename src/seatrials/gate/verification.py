"""`seatrials verify`: who signed evidence or a decision, asked of its files alone, however old they are."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.text import Text

from seatrials.errors import ConfigurationError, EvidenceError, SignatureError, UnsignedError
from seatrials.evidence.envelope import Attestation, attest, read_signature
from seatrials.evidence.folder import DatedFolders, MatrixFolder, RunFolder, signature_of
from seatrials.evidence.signing import decision_files
from seatrials.evidence.statement import DECISION, MATRIX, RUN, About, predicate_of
from seatrials.gate.signers import DECISIONS, MUTANTS, UNSIGNED, Opinion, Signers, load_signers, signer_with
from seatrials.output.output import Tell, unheard

_ABOUT = (RUN, MATRIX, DECISION)
_HASH_CHARACTERS = 8


class SignatureOutcome(StrEnum):
    """What is to be thought of a signature."""

    VERIFIES = "verifies"
    BROKEN = "does not verify"
    UNSIGNED = UNSIGNED


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A folder, and what is to be thought of its signature."""

    folder: Path
    about: About
    attestation: Attestation | None
    opinion: Opinion

    @property
    def outcome(self) -> SignatureOutcome:
        """Whether it verifies."""
        if self.attestation is None:
            return SignatureOutcome.UNSIGNED
        return SignatureOutcome.BROKEN if self.opinion.doubt else SignatureOutcome.VERIFIES

    def as_data(self) -> dict[str, str]:
        """Return it for programs."""
        return {"folder": str(self.folder), "what": self.about.what, "outcome": self.outcome, "told": self.told}

    @property
    def told(self) -> str:
        """One line for people: who signed what, or why nobody has."""
        here = Path.cwd()
        folder = self.folder.relative_to(here) if self.folder.is_relative_to(here) else self.folder
        if self.attestation is None:
            return f"{folder}: {self.about.what} {UNSIGNED}"
        if self.opinion.doubt:
            return f"{folder}: DOES NOT VERIFY: {self.opinion.doubt}"
        return f"{folder}: {self.about.what} {self.opinion.told}: {_what(self.attestation)}"


def signers_for(criteria: Path, key: Path | None) -> Signers:
    """Return whose signatures count: who has *key*, or else those of the *criteria*.

    Raises `ConfigurationError` when there are none.
    """
    if key is not None:
        try:
            return signer_with(key)
        except ConfigurationError as error:
            msg = f"--key: {error}"
            raise ConfigurationError(msg) from error
    signers = load_signers(criteria)
    if not signers.rules:
        msg = f"{criteria}: has no table [signatures.signers.NAME], so nobody is trusted: add one, or give --key FILE"
        raise ConfigurationError(msg)
    return signers


def verify(paths: list[Path], signers: Signers, console: Console, tell: Tell = unheard) -> None:
    """Show who signed what in *paths*: folders of runs, kill matrices, decisions, or folders of these.

    Raises `SignatureError` when something does not verify, `EvidenceError` for a path with nothing that could be signed
    and for what cannot be read, and `UnsignedError` when all that is signed verifies and something is unsigned.
    """
    found: list[Verified] = []
    unread: list[str] = []
    for folder, about in [pair for path in paths for pair in _signable(path)]:
        try:
            found.append(_verified(folder, about, signers))
        except OSError as error:
            unread.append(f"{error.filename or folder} cannot be read: {error.strerror}")
    for each in found:
        console.print(Text(each.told), soft_wrap=True, highlight=False)
    tell(signatures=[each.as_data() for each in found], unread=unread)
    broken = [each for each in found if each.outcome is SignatureOutcome.BROKEN]
    unsigned = [each for each in found if each.outcome is SignatureOutcome.UNSIGNED]
    summed = f"{len(found) - len(broken) - len(unsigned)} verify, {len(broken)} do not, {len(unsigned)} are unsigned"
    if broken:
        raise SignatureError("\n".join([summed, *unread]))
    if unread:
        raise EvidenceError("\n".join(unread))
    if unsigned:
        raise UnsignedError(summed)


def _verified(folder: Path, about: About, signers: Signers) -> Verified:
    # What is called latest may be a copy, where links are lost.
    name = None if folder == DatedFolders(folder.parent).latest else folder.name
    files = _files(folder, about)
    attestation = attest(read_signature(signature_of(folder)), about, name, files)
    opinion = signers.opinion(attestation, _place(about, files))
    return Verified(folder=folder, about=about, attestation=attestation, opinion=opinion)


def _signable(path: Path) -> list[tuple[Path, About]]:
    """Return the folders in *path* that could be signed, itself or below, each with what it holds."""
    try:
        # It follows links as `Path.resolve` does, and does not fail where they lead in a circle.
        folder = Path(os.path.realpath(path))
        folders = [folder] if _about(folder) else sorted(_below(folder))
        found = [(each, about) for each in folders if (about := _about(each)) is not None]
    except (OSError, ValueError) as error:
        msg = f"{str(path)!r:.80} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise EvidenceError(msg) from error
    if not found:
        msg = f"{path}: there is no run, kill matrix or decision in it: give its folder, or one above"
        raise EvidenceError(msg)
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Yield the folders of an environment, of mutants or of decisions, or of all that evidence has.

    Whatever they are called: who renames a run does not keep it from being asked.
    """
    for each in DatedFolders(folder).all():
        yield each
        yield from DatedFolders(each).all()


def _about(folder: Path) -> About | None:
    """Return what a folder holds, by the file that it must have; of what was signed and lacks that, a run is asked."""
    unless = RUN if signature_of(folder).is_file() else None
    return next((each for each in _ABOUT if (folder / each.document).is_file()), unless)


def _files(folder: Path, about: About) -> dict[str, bytes]:
    if about is DECISION:
        return decision_files(folder)
    if about is MATRIX:
        matrix = MatrixFolder(folder)
        return {each.name: each.read_bytes() for each in (matrix.record, matrix.seal) if each.is_file()}
    run = RunFolder(folder)
    sealed = {run.seal.name: run.seal.read_bytes()} if run.seal.is_file() else {}
    return {**run.judged_files(), **sealed}


def _place(about: About, files: Mapping[str, bytes]) -> str:
    """Return what signers say that they may sign: an environment's name, or what is no environment."""
    if about is not RUN:
        return MUTANTS if about is MATRIX else DECISIONS
    return str(predicate_of(RUN, "", files.get(RUN.document, b"")).get("environment", ""))


def _what(attestation: Attestation) -> str:
    """Return what was signed, in a phrase."""
    told = attestation.statement.predicate if attestation.statement is not None else {}
    order = ("environment", "number", "verdict", "commit", "started", "judged_at")
    said = (f"{each} {_short(each, told[each])}" for each in order if each in told)
    return f"{', '.join(said)}{', from a tree with changes' if told.get('dirty') else ''}"


def _short(field: str, value: object) -> str:
    return str(value)[:_HASH_CHARACTERS] if field == "commit" else str(value)
