"""`seatrials merge`: the shards of a run, and those of a run on mutants, are put together where they are whole."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from seatrials.errors import ConfigurationError, EvidenceError, SignatureError
from seatrials.evidence.folder import EvidenceFolder, second_of
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import PartRecord
from seatrials.evidence.signing import Signer, name_of
from seatrials.gate.signers import Signers
from seatrials.merging.division import problems_of_division
from seatrials.merging.matrix import write_matrix
from seatrials.merging.piece import Piece, find_pieces, run_again
from seatrials.merging.run import worst, write_run
from seatrials.merging.signatures import looked_at
from seatrials.output.output import Output

_Groups = Mapping[str, Sequence[Piece]]


def merge_shards(
    folders: Sequence[Path], evidence: Path, signers: Signers, signer: Signer | None, output: Output
) -> int:
    """Put together what is in *folders*, for each environment and for the mutants, and write it below *evidence*.

    Nothing is written before all of it is seen to fit. Returns what one run of it all would have ended with. Raises
    `SignatureError` or `UnsignedError` for signatures that do not hold, `EvidenceError` for what was changed or was
    killed, and `ConfigurationError`, of all that is wrong, for shards that are not those of one run.
    """
    evidence = evidence.absolute()
    groups = _grouped(find_pieces(folders))
    _check_whole([piece for pieces in groups.values() for piece in pieces])
    _check_division(groups, evidence)
    parts = {name: looked_at(pieces, signers, signer) for name, pieces in groups.items()}
    try:
        wholes = [_written(groups[name], parts[name], evidence, signer) for name in groups]
    except OSError as error:
        msg = f"the whole cannot be written below {evidence}: {error.strerror}; give another folder with --evidence"
        raise EvidenceError(msg) from error
    for each in wholes:
        output.complain(each.problems)
        output.say(f"{each.of}: {each.shards} shards of {each.tests} tests are one run, {each.folder}")
    output.say(f"signer: {name_of(signer)}")
    output.tell(merged=[asdict(each) for each in wholes])
    return worst(each.exit_code for each in wholes)


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """What was put together."""

    # The environment, or `mutants`.
    of: str
    folder: str
    shards: int
    tests: int
    # What keeps a kill matrix from being a proof.
    problems: tuple[str, ...]
    # What one run of it would have ended with.
    exit_code: int


def _written(pieces: Sequence[Piece], parts: tuple[PartRecord, ...], evidence: Path, signer: Signer | None) -> _Whole:
    """Write one whole."""
    problems: list[str] = []
    if isinstance(pieces[0].evidence, RunEvidence):
        run, status = write_run(pieces, parts, evidence, signer)
        path = run.path
    else:
        matrix, problems = write_matrix(pieces, parts, evidence, signer)
        path, status = matrix.path, 1 if problems else 0
    return _Whole(
        of=pieces[0].of,
        folder=str(path),
        shards=len(pieces),
        tests=sum(len(each.shard.tests or ()) for each in pieces if each.shard is not None),
        problems=tuple(problems),
        exit_code=status,
    )


def _grouped(pieces: Sequence[Piece]) -> dict[str, list[Piece]]:
    groups: dict[str, list[Piece]] = {}
    for each in sorted(pieces, key=lambda piece: piece.number):
        groups.setdefault(each.of, []).append(each)
    return groups


def _check_whole(pieces: Sequence[Piece]) -> None:
    """Raise for shards that are not as they were written: a new seal would hide it."""
    broken = [(each, each.attestation.problems) for each in pieces if each.attestation is not None]
    unsound = [f"{each.told}: its signature does not hold: {problem}" for each, told in broken for problem in told]
    damaged = [f"{each.told}: {problem}" for each in pieces for problem in each.damage]
    if unsound:
        raise SignatureError("\n".join([*unsound, *damaged]))
    if damaged:
        raise EvidenceError("\n".join(damaged))


def _check_division(groups: _Groups, evidence: Path) -> None:
    problems = [f"{name}: {problem}" for name, pieces in groups.items() for problem in problems_of_division(pieces)]
    if not problems:
        problems = [problem for name, pieces in groups.items() for problem in _hidden(name, pieces, evidence)]
        problems += [problem for pieces in groups.values() for problem in run_again(pieces)]
    if problems:
        raise ConfigurationError("\n".join(problems))


def _hidden(name: str, pieces: Sequence[Piece], evidence: Path) -> list[str]:
    """Return why the whole would not be the newest run where it is written, so that nobody would judge it."""
    began = min(each.began for each in pieces)
    there = [each for each in EvidenceFolder(evidence).dated(name).all() if (second_of(each) or 0) >= int(began)]
    return [
        f"{evidence} has {each.name} of {name}, which began when the shards did or later, and would be taken for the "
        "newest: give another folder with --evidence"
        for each in there
    ]
