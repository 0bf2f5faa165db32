"""Whose word a whole is: each shard's signature is looked at first, and then the whole is signed anew, or by nobody.

What signed a shard says nothing of a whole, so it is not taken over. Who signs the whole answers for all of it, and so
can do it only where all shards are signed by somebody whom the criteria trust.
"""

from collections.abc import Sequence

from seatrials.errors import ConfigurationError, SignatureError, UnsignedError
from seatrials.evidence.record import PartRecord
from seatrials.evidence.signing import Signer
from seatrials.gate.signers import Signers
from seatrials.merging.piece import Piece


def looked_at(pieces: Sequence[Piece], signers: Signers, signer: Signer | None) -> tuple[PartRecord, ...]:
    """Return what the whole tells of each shard, when their signatures hold.

    Raises `SignatureError` and `UnsignedError` where one does not hold or lacks, and `ConfigurationError` when
    somebody would sign what nobody could check.
    """
    opinions = [(each, signers.opinion(each.attestation, each.of)) for each in pieces]
    doubts = [(each, f"{each.told}: {told.doubt}") for each, told in opinions if told.doubt]
    if doubts:
        kind = SignatureError if any(each.attestation is not None for each, _ in doubts) else UnsignedError
        raise kind("\n".join(doubt for _, doubt in doubts))
    if signer is not None:
        _check_signing(pieces, signers)
    return tuple(each.as_part(told.told) for each, told in opinions)


def _check_signing(pieces: Sequence[Piece], signers: Signers) -> None:
    unsigned = [each.told for each in pieces if each.attestation is None]
    if unsigned:
        msg = (
            f"the whole would be signed, and {', '.join(unsigned)} is not: sign all shards, or take the key from this "
            "command, and the whole is unsigned too"
        )
        raise UnsignedError(msg)
    if not signers.rules:
        msg = (
            "the whole would be signed, and the criteria trust nobody, so no shard's signature could be checked: give "
            "them a table [signatures.signers.NAME], or take the key from this command"
        )
        raise ConfigurationError(msg)
