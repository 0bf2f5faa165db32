"""Signatures as they stand in files: a statement in a DSSE envelope, bare or in a bundle of sigstore.

What is read here was written by anybody, so it is bounded, typed strictly, and never an error: what is wrong with it
is a problem in a sentence. Source: https://github.com/secure-systems-lab/dsse.
"""

import os
import stat
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from seatrials.evidence.record import Record
from seatrials.evidence.statement import About, Statement, problems_of_statement

if TYPE_CHECKING:  # it imports boto3, half a second that evidence without signatures saves
    from securesystemslib.signer import SSlibKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
# A run of a hundred scenarios has one of some 100 kB.
_BYTES_MAX = 8_000_000


class EnvelopeSignature(Record):
    """One signature of an envelope, and the id of the key that made it."""

    keyid: str = ""
    sig: str

    @property
    def signature(self) -> bytes:
        """The signature itself."""
        return _decoded(self.sig)


class Envelope(Record):
    """A DSSE envelope; payload and signatures are in base64."""

    payload: str
    payload_type: str = Field(alias="payloadType")
    signatures: tuple[EnvelopeSignature, ...]


class Bundle(Record):
    """What is read of a bundle of sigstore; the rest of it is for its library."""

    media_type: str = Field(alias="mediaType")
    envelope: Envelope = Field(alias="dsseEnvelope")


@dataclass(frozen=True, kw_only=True)
class SignatureFile:
    """A signature as it was read, once; without content for the problem."""

    content: bytes | None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """A signature that was compared with what it stands beside; whose it is, and who is trusted, others ask."""

    content: bytes
    # None when it cannot be read.
    envelope: Envelope | None
    statement: Statement | None
    # Whether it is a bundle of sigstore, in which a certificate takes the place of a key.
    is_bundle: bool
    # What keeps it from being a signature of these files, a sentence each.
    problems: tuple[str, ...]

    @property
    def payload(self) -> bytes:
        """The bytes of the statement."""
        return _decoded(self.envelope.payload) if self.envelope is not None else b""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys that it says it was made with."""
        return tuple(each.keyid for each in self.envelope.signatures) if self.envelope is not None else ()

    def is_signed_with(self, key: "SSlibKey") -> bool:
        """Whether *key* has signed it."""
        if self.envelope is None or self.is_bundle:
            return False
        from securesystemslib import dsse, exceptions, signer  # noqa: PLC0415  # boto3, half a second

        # Of the very bytes that were read as a statement, whatever else the library would make of the text.
        signatures = {
            each.keyid: signer.Signature(each.keyid, each.signature.hex()) for each in self.envelope.signatures
        }
        try:
            dsse.Envelope(self.payload, self.envelope.payload_type, signatures).verify([key], 1)
        except exceptions.VerificationError:
            return False
        return True


def read_signature(path: Path) -> SignatureFile | None:
    """Return what stands in the file of a signature; None when there is no such file."""
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            return SignatureFile(content=None, problem=f"{path.name} is no file")
        if about.st_size > _BYTES_MAX:
            return SignatureFile(content=None, problem=f"{path.name} has {about.st_size} bytes, too many for one")
        return SignatureFile(content=path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        return SignatureFile(content=None, problem=f"{path.name} cannot be read: {os.strerror(error.errno or 0)}")


def attest(
    signed: SignatureFile | None,
    about: About,
    name: str | None,
    files: Mapping[str, bytes],
    *,
    is_part: bool = False,
) -> Attestation | None:
    """Return a signature compared with the *files* of what is called *name*; None when nothing is signed.

    With *is_part* there may be more files than these.
    """
    if signed is None:
        return None
    content = signed.content or b""
    envelope, is_bundle = _parsed(content)
    statement = None if envelope is None else _statement(envelope)
    problems = [signed.problem] if signed.problem else []
    if envelope is None:
        problems = problems or ["it is no DSSE envelope and no bundle of sigstore"]
    elif not envelope.signatures:
        problems.append("nobody has signed it: its list of signatures is empty")
    elif statement is None:
        problems.append("what was signed is no statement of in-toto")
    else:
        problems += problems_of_statement(statement, about, name, files, is_part=is_part)
    return Attestation(
        content=content, envelope=envelope, statement=statement, is_bundle=is_bundle, problems=tuple(problems)
    )


def _parsed(content: bytes) -> tuple[Envelope | None, bool]:
    try:
        return Envelope.model_validate_json(content), False
    except ValidationError:
        pass  # it may be the other form
    try:
        return Bundle.model_validate_json(content).envelope, True
    except ValidationError:
        return None, False


def _statement(envelope: Envelope) -> Statement | None:
    if envelope.payload_type != PAYLOAD_TYPE:
        return None
    try:
        return Statement.model_validate_json(_decoded(envelope.payload))
    except ValidationError:
        return None


def _decoded(text: str) -> bytes:
    """Return what *text* is in base64; of one that is none, nothing, which nobody has signed."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
