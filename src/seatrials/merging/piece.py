"""What a shard has left: the evidence of a part of a run, or of a run on mutants, as it is compared with the others."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.evidence.consistency import epoch_seconds
from seatrials.evidence.envelope import Attestation
from seatrials.evidence.folder import DatedFolders, EvidenceFolder, entries_of, second_of
from seatrials.evidence.provenance import Sources
from seatrials.evidence.reader import RunEvidence, WrittenMatrix, read_run, read_written_matrix
from seatrials.evidence.record import ChainLink, MatrixRun, PartRecord, RunRecord, ShardRecord
from seatrials.seams.clock import iso_timestamp
from seatrials.whole_file import is_folder

_NOT_SAID = "not said"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One shard."""

    evidence: RunEvidence | WrittenMatrix
    # The environment, or the folder of all runs on mutants.
    of: str
    # None of a run that was none.
    shard: ShardRecord | None
    # What all shards must have in common, by what it is called.
    facts: Mapping[str, str]
    sources: Sources | None
    started: str | None
    chain: ChainLink | None
    job_url: str | None
    # What keeps its files from being what it wrote, a sentence each.
    damage: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.evidence.path

    @property
    def attestation(self) -> Attestation | None:
        """Who signed it; None when nobody did."""
        return self.evidence.attestation

    @property
    def began(self) -> float:
        """When it began, in seconds since the epoch; one that does not say is damaged."""
        return epoch_seconds(self.started) or 0.0

    @property
    def number(self) -> int:
        """Which part it is; 0 of what is none."""
        return self.shard.number if self.shard is not None else 0

    @property
    def told(self) -> str:
        """Which part it is, and where, for people."""
        here, path = Path.cwd(), self.path
        where = path.relative_to(here) if path.is_relative_to(here) else path
        return f"{self.shard.told if self.shard is not None else self.of} ({where})"

    def as_part(self, signature: str) -> PartRecord:
        """Return what the whole tells of it."""
        return PartRecord(
            shard=self.shard.told.removeprefix("shard ") if self.shard is not None else "",
            run=self.path.name,
            seal_sha256=self.evidence.seal_sha256 or "",
            chain=self.chain,
            started=self.started,
            job_url=self.job_url,
            signature=signature,
        )


def first_beginning(pieces: Sequence[Piece]) -> str:
    """Return when the first of *pieces* began, in ISO 8601 as runs write it."""
    return iso_timestamp(min(piece.began for piece in pieces))


def find_pieces(folders: Sequence[Path]) -> list[Piece]:
    """Return what is in *folders*: runs, or folders of an environment's runs, or of all evidence.

    Raises `ConfigurationError` for those with no run in them.
    """
    found = {folder: list(_runs_in(Path(os.path.realpath(folder)))) for folder in folders}
    empty = [
        f"{folder}: there is no run in it: give the evidence that a shard has left"
        for folder in found
        if not found[folder]
    ]
    if empty:
        raise ConfigurationError("\n".join(empty))
    return [_piece(path) for folder in folders for path in found[folder]]


def run_again(pieces: Sequence[Piece]) -> list[str]:
    """Return which shards ran again later beside those that were named: of runs the newest counts, not the best."""
    named = {each.path for each in pieces}
    folders = dict.fromkeys(each.path.parent for each in pieces)
    others = [_piece(path) for folder in folders for path in _dated(DatedFolders(folder)) if path not in named]
    return [
        f"{each.told} ran again later, in {other.path}: name that one, or remove it"
        for each in pieces
        for other in others
        if (other.of, other.number, other.facts) == (each.of, each.number, each.facts) and other.began > each.began
    ]


def _runs_in(folder: Path) -> Iterator[Path]:
    """Yield the folders of runs: this one, those in it, or those of each environment in it and of the mutants."""
    if second_of(folder) is not None:
        yield from [folder] if is_folder(folder) else []
        return
    evidence = EvidenceFolder(folder)
    if any(second_of(each) is not None for each in entries_of(folder)):
        yield from _dated(DatedFolders(folder))
        return
    for each in (*map(evidence.runs, evidence.environments()), evidence.mutants):
        yield from _dated(each)


def _dated(folders: DatedFolders) -> list[Path]:
    return sorted(each for each in folders.all() if second_of(each) is not None)


def _piece(path: Path) -> Piece:
    if path.parent == EvidenceFolder(path.parent.parent).mutants.path:
        return _of_matrix(read_written_matrix(path))
    return _of_run(read_run(path))


def _of_run(run: RunEvidence) -> Piece:
    record, damage = run.record, [*run.damage]
    if record.ended is None:
        damage.append("it has no end: it still runs, or was killed; run it again")
    if run.started_seconds is None:
        damage.append("it does not say when it began")
    if record.environment != run.environment:
        damage.append(f"it ran on {record.environment}, and stands in the folder of {run.environment}")
    if record.shard is not None and record.shard.tests != record.expected:
        damage.append("the tests that it set out to run are not those of its shard")
    return Piece(
        evidence=run,
        of=run.environment,
        shard=record.shard,
        facts=_facts_of_run(record),
        sources=record.sources,
        started=record.started,
        chain=record.chain,
        job_url=record.job_url,
        damage=tuple(damage),
    )


def _of_matrix(matrix: WrittenMatrix) -> Piece:
    run, damage = matrix.record.run, [*matrix.damage]
    if run.shard is not None and matrix.record.notes is None:
        damage.append("it does not tell what it noted")
    return Piece(
        evidence=matrix,
        of=matrix.path.parent.name,
        shard=run.shard,
        facts={**_facts_of_tree(run), **_options(run.shard)},
        sources=run.sources,
        started=run.started,
        chain=run.chain,
        job_url=None,
        damage=tuple(damage),
    )


def _facts_of_run(record: RunRecord) -> dict[str, str]:
    told = {"environment": record.environment, "kind": record.kind, "account": record.account}
    versions = {f"version of {name}": each for name, each in (record.versions or {}).items()}
    return {
        **_facts_of_tree(record),
        **{name: each or _NOT_SAID for name, each in told.items()},
        **versions,
        **_options(record.shard),
    }


def _facts_of_tree(record: RunRecord | MatrixRun) -> dict[str, str]:
    trees = {None: _NOT_SAID, True: "with changes", False: "as committed"}
    return {"commit": record.commit or _NOT_SAID, "tree": trees[record.dirty]}


def _options(shard: ShardRecord | None) -> dict[str, str]:
    return {name: each or "none" for name, each in (shard.options if shard is not None else {}).items()}
