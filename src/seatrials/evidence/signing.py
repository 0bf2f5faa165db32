"""Signing evidence: with a key from a file or a variable, or with the identity that a job of CI has.

Who signs is known before a run begins, so that a key that cannot be used costs nothing. The variables that lead to it
are taken from the process: no worker, server or program that the run starts has them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from seatrials.environments.variables import read_variables, variables_taken
from seatrials.errors import ConfigurationError
from seatrials.evidence import keyless
from seatrials.evidence.envelope import PAYLOAD_TYPE
from seatrials.evidence.folder import MatrixFolder, RunFolder, decision_paths, signature_of
from seatrials.evidence.seal import read_seal, sha256_of
from seatrials.evidence.statement import DECISION, MATRIX, RUN, About, statement_of
from seatrials.whole_file import KEY_BYTES_MAX, read_beginning, write_whole

if TYPE_CHECKING:  # it imports boto3, half a second that runs without a key save
    from securesystemslib.signer import CryptoSigner

KEY, KEY_FILE, IDENTITY = "SEATRIALS_SIGNING_KEY", "SEATRIALS_SIGNING_KEY_FILE", "SEATRIALS_SIGNING_IDENTITY"
_SIGNING_VARIABLES = (KEY, KEY_FILE, IDENTITY)
_CI = "ci"
RSA_BITS_MIN = 2048
_ID_CHARACTERS = 8
_MAKE_ONE = "`openssl genpkey -algorithm ed25519 -out key.pem` makes one"


class Signer(Protocol):
    """Whoever answers for evidence."""

    @property
    def name(self) -> str:
        """Who it is, in a few words for people."""

    def sign(self, statement: bytes) -> str:
        """Return *statement* signed, as JSON; raises `EvidenceError` when it cannot be signed now."""


def names_of_signing(variables: Mapping[str, str]) -> list[str]:
    """Return the names of those among *variables* that lead to a key, or to the identity of this job."""
    return [*(name for name in _SIGNING_VARIABLES if name in variables), *keyless.token_names(variables)]


@contextmanager
def signing_variables_taken() -> Iterator[dict[str, str]]:
    """Yield the variables that lead to a key or to the job's identity; this process is without them until the end."""
    with variables_taken(names_of_signing(read_variables())) as variables:
        yield variables


def signer_of(variables: Mapping[str, str]) -> Signer | None:
    """Return who signs by *variables*; None when they name nobody, and one that is empty says nothing.

    Raises `ConfigurationError` for a key that cannot be used, with what is wrong and nothing of the key.
    """
    given = [name for name in _SIGNING_VARIABLES if variables.get(name)]
    if len(given) > 1:
        msg = f"{' and '.join(given)} are set: leave all but one of them out"
        raise ConfigurationError(msg)
    if not given:
        return None
    name, value = given[0], variables[given[0]]
    if name == IDENTITY:
        if value != _CI:
            msg = f"{IDENTITY}: must be {_CI!r}, for the identity of a job of CI, not {value!r}"
            raise ConfigurationError(msg)
        return keyless.identity_signer(variables)
    if name == KEY_FILE:
        return KeySigner(_read_key_file(Path(value)), f"{KEY_FILE}: {value}")
    return KeySigner(value.encode(errors="replace"), KEY)


class KeySigner:
    """Signs with a private key: ed25519, ECDSA on a curve of NIST, or RSA."""

    def __init__(self, pem: bytes, where: str) -> None:
        """*where* says where the key stands; raises `ConfigurationError` when it cannot be used."""
        self._signer = _loaded(pem, where)

    @property
    def name(self) -> str:
        """The beginning of the key's id."""
        return f"key {self._signer.public_key.keyid[:_ID_CHARACTERS]}"

    def sign(self, statement: bytes) -> str:
        """Return *statement* in an envelope."""
        from securesystemslib.dsse import Envelope  # noqa: PLC0415  # boto3, half a second

        envelope = Envelope(statement, PAYLOAD_TYPE, {})
        envelope.sign(self._signer)
        return json.dumps(envelope.to_dict(), indent=1) + "\n"


def name_of(signer: Signer | None) -> str:
    """Return who signs, for people."""
    return "nobody, so it is unsigned" if signer is None else signer.name


def sign_run(folder: RunFolder, signer: Signer | None) -> None:
    """Sign a run that is sealed; without a signer it stays unsigned."""
    if signer is not None:
        _sign_sealed(RUN, folder.path, folder.seal, folder.record, signer)


def sign_matrix(folder: MatrixFolder, signer: Signer | None) -> None:
    """Sign a kill matrix that is sealed; without a signer it stays unsigned."""
    if signer is not None:
        _sign_sealed(MATRIX, folder.path, folder.seal, folder.record, signer)


def sign_decision(folder: Path, signer: Signer | None) -> None:
    """Sign all files of a decision; without a signer it stays unsigned."""
    if signer is None:
        return
    digests = {name: sha256_of(content) for name, content in decision_files(folder).items()}
    document = (folder / DECISION.document).read_bytes()
    write_whole(signature_of(folder), signer.sign(statement_of(DECISION, folder.name, digests, document)))


def decision_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a decision, by name; raises `OSError` when one cannot be read."""
    return {path.name: path.read_bytes() for path in decision_paths(folder)}


def _sign_sealed(about: About, folder: Path, seal: Path, record: Path, signer: Signer) -> None:
    """Sign what the seal says, and the seal; a file that is another one by now then agrees with neither."""
    sealed = seal.read_bytes()
    digests = {**(read_seal(sealed) or {}), seal.name: sha256_of(sealed)}
    write_whole(signature_of(folder), signer.sign(statement_of(about, folder.name, digests, record.read_bytes())))


def _read_key_file(path: Path) -> bytes:
    try:
        return read_beginning(path, KEY_BYTES_MAX)
    except (OSError, ValueError) as error:
        msg = f"{KEY_FILE}: {path} cannot be read ({getattr(error, 'strerror', None) or error}): {_MAKE_ONE}"
        raise ConfigurationError(msg) from error


def _loaded(pem: bytes, where: str) -> "CryptoSigner":
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  # as below
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415  # as below
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  # as below
    from securesystemslib.signer import CryptoSigner  # noqa: PLC0415  # boto3, half a second that others save

    try:
        key = load_pem_private_key(pem, password=None)
        signer = CryptoSigner(key)
    except TypeError:  # how the library says that it wants a passphrase
        problem = "the key is protected by a passphrase, which nobody could type: give it without, as a secret of CI"
    except (ValueError, UnsupportedAlgorithm):  # without what it says, which may hold parts of the key
        problem = f"there is no private key in PEM of ed25519, ECDSA (P-256, P-384, P-521) or RSA: {_MAKE_ONE}"
    else:
        if not isinstance(key, RSAPrivateKey) or key.key_size >= RSA_BITS_MIN:
            return signer
        problem = f"the RSA key has {key.key_size} bits, and needs {RSA_BITS_MIN}: {_MAKE_ONE}"
    msg = f"{where}: {problem}"
    raise ConfigurationError(msg)
