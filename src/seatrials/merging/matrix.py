"""The kill matrix of one run on mutants, out of what its shards noted."""

from collections.abc import Sequence
from pathlib import Path

from seatrials.evidence.chain import join
from seatrials.evidence.folder import EvidenceFolder, MatrixFolder
from seatrials.evidence.reader import WrittenMatrix
from seatrials.evidence.record import MatrixRun, PartRecord
from seatrials.evidence.signing import Signer, sign_matrix
from seatrials.merging.division import all_sources
from seatrials.merging.piece import Piece, first_beginning
from seatrials.mutants.matrix import Matrix


def write_matrix(
    pieces: Sequence[Piece], parts: tuple[PartRecord, ...], evidence: Path, signer: Signer | None
) -> tuple[MatrixFolder, list[str]]:
    """Write the matrix that *pieces* are the shards of; return its folder, and what keeps it from being a proof."""
    records = [each.evidence.record for each in pieces if isinstance(each.evidence, WrittenMatrix)]
    noted = [each.notes for each in records if each.notes is not None]
    matrix, first = Matrix.of_shards(noted), records[0].run
    started = first_beginning(pieces)
    folder = MatrixFolder.create(evidence, started)
    is_partial = matrix.is_partial or any(_chose_mutants(each) for each in pieces)
    run = MatrixRun(
        commit=first.commit,
        dirty=first.dirty,
        sources=all_sources(pieces),
        chain=join(evidence, EvidenceFolder(evidence).mutants.path.name, folder.path, started, first.commit),
        started=started,
        is_partial=is_partial,
        expected=tuple(each.id for each in matrix.mutants),
        parts=parts,
    )
    folder.write(matrix.record(run), matrix.as_markdown())
    sign_matrix(folder, signer)
    return folder, matrix.problems()


def _chose_mutants(piece: Piece) -> bool:
    return bool(piece.shard is not None and piece.shard.options.get("--only"))
