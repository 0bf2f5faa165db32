"""Who signs: keys and variables that are refused before anything runs, and what stands in a signature."""

import json
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from seatrials.environments.variables import read_variables
from seatrials.errors import ConfigurationError
from seatrials.evidence.envelope import Attestation, attest, read_signature
from seatrials.evidence.folder import MatrixFolder, RunFolder
from seatrials.evidence.record import MatrixRecord, MatrixRun, RunRecord
from seatrials.evidence.signing import (
    KeySigner,
    name_of,
    sign_matrix,
    sign_run,
    signer_of,
    signing_variables_taken,
)
from seatrials.evidence.statement import MATRIX, RUN
from seatrials.gate.signers import public_key
from tests.support.signing import private_pem, public_pem, signer

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PEM = private_pem(KEY).decode()
GOOD: dict[str, PrivateKeyTypes] = {
    "ed25519": KEY,
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "RSA": rsa.generate_private_key(65537, 2048),
}
WRONG = {
    "nothing": b"\n",
    "no PEM": b"secret",
    "binary": bytes(range(256)),
    "cut off": PEM[:80].encode(),
    "escaped line ends": PEM.replace("\n", "\\n").encode(),
    "a public key": public_pem(KEY).encode(),
    "DSA": private_pem(dsa.generate_private_key(2048)),
    "ed448": private_pem(ed448.Ed448PrivateKey.generate()),
    "x25519": private_pem(x25519.X25519PrivateKey.generate()),
    "secp256k1": private_pem(ec.generate_private_key(ec.SECP256K1())),
}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Return a sealed run."""
    folder = RunFolder(tmp_path / "20261125T090000Z-1")
    (folder.path / "timeline").mkdir(parents=True)
    folder.write_run(RunRecord(environment="staging", kind="live", commit="c" * 40, dirty=False, seed=1))
    folder.report_log.write_text("{}\n")
    folder.write_usage("COLD-01", {"http_requests": 1.0})
    folder.write_seal()
    return folder


def attestation_of(folder: RunFolder) -> Attestation:
    """Return the signature of a run, compared with its files."""
    files = {**folder.judged_files(), "seal.json": folder.seal.read_bytes()}
    found = attest(read_signature(folder.signature), RUN, folder.path.name, files)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", GOOD)
def test_every_usual_key_signs(folder: RunFolder, kind: str) -> None:
    """What a key signs verifies with its public half, and with no other."""
    sign_run(folder, signer(GOOD[kind]))

    found = attestation_of(folder)
    assert found.problems == ()
    others = [each for name, each in GOOD.items() if name != kind]
    assert [found.is_signed_with(public_key(public_pem(each).encode())) for each in [GOOD[kind], *others]] == [
        True,
        *[False] * len(others),
    ]


def test_a_statement_names_every_file_and_the_run(folder: RunFolder) -> None:
    """The subjects are the sealed files and the seal; the predicate is from the record, without what it lacks."""
    sign_run(folder, signer(KEY))

    statement = json.loads(b64decode(json.loads(folder.signature.read_text())["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    names = ["report-log.jsonl", "run.json", "seal.json", "timeline/COLD-01.usage.json"]
    assert [each["name"] for each in statement["subject"]] == names
    told = {"environment": "staging", "kind": "live", "commit": "c" * 40, "dirty": False, "seed": 1}
    assert statement["predicate"] == {"name": folder.path.name, **told}


def test_a_statement_tells_the_place_of_a_run_in_its_chain(folder: RunFolder) -> None:
    """A record that has its link of the chain has it in its statement."""
    link = {"chain": "c1", "number": 7, "previous_sha256": "a" * 64}
    record = {**json.loads(folder.record.read_text()), "chain": link}
    folder.record.write_text(json.dumps(record))
    folder.write_seal()
    sign_run(folder, signer(KEY))

    found = attestation_of(folder)
    assert found.statement is not None
    assert found.statement.predicate["chain"] == link
    assert found.problems == ()


def test_a_kill_matrix_is_signed_like_a_run(tmp_path: Path) -> None:
    """Its statement is about its record and seal, and about no run."""
    folder = MatrixFolder(tmp_path)
    folder.write(MatrixRecord(mutants={}, run=MatrixRun(commit="c" * 40)), "# Kill matrix")
    sign_matrix(folder, signer(KEY))

    files = {each.name: each.read_bytes() for each in (folder.record, folder.seal)}
    found, as_run = (attest(read_signature(folder.signature), each, tmp_path.name, files) for each in (MATRIX, RUN))
    assert found is not None
    assert as_run is not None
    assert (found.problems, len(as_run.problems)) == ((), 1)


def test_without_a_key_nothing_is_signed(folder: RunFolder) -> None:
    """A run that nobody signs has no signature, and says so."""
    sign_run(folder, None)

    assert not folder.signature.exists()
    assert name_of(None) == "nobody, so it is unsigned"


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_key_is_one_error_that_tells_nothing_of_it(kind: str) -> None:
    """What is no key to sign with is refused in one line, which names the variable and has no part of the value."""
    with pytest.raises(ConfigurationError, match=r"^SEATRIALS_SIGNING_KEY: there is no private key in PEM") as refused:
        KeySigner(WRONG[kind], "SEATRIALS_SIGNING_KEY")

    parts = [line for line in WRONG[kind].decode(errors="ignore").splitlines() if len(line) > 10]
    assert "\n" not in str(refused.value)
    assert [each for each in parts if each in str(refused.value)] == []


def test_a_key_with_a_passphrase_is_refused() -> None:
    """Nobody could type the passphrase in CI, and the error says what to do."""
    locked = private_pem(KEY, BestAvailableEncryption(b"passphrase"))

    with pytest.raises(ConfigurationError, match="protected by a passphrase"):
        KeySigner(locked, "SEATRIALS_SIGNING_KEY")


def test_a_weak_key_is_refused() -> None:
    """An RSA key of 1024 bits proves nothing."""
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505  # what is refused

    with pytest.raises(ConfigurationError, match="has 1024 bits, and needs 2048"):
        KeySigner(private_pem(weak), "SEATRIALS_SIGNING_KEY")


def test_a_key_is_in_a_variable_or_in_a_file(tmp_path: Path) -> None:
    """Both lead to the same signer; a variable that is empty, as an absent secret of CI is, leads to none."""
    (tmp_path / "key.pem").write_text(PEM)

    found = signer_of({"SEATRIALS_SIGNING_KEY": PEM})
    in_file = signer_of({"SEATRIALS_SIGNING_KEY_FILE": str(tmp_path / "key.pem"), "SEATRIALS_SIGNING_KEY": ""})
    assert found is not None
    assert name_of(found) == name_of(in_file) == signer(KEY).name
    assert signer_of({}) is None
    assert signer_of({"SEATRIALS_SIGNING_KEY": "", "SEATRIALS_SIGNING_KEY_FILE": ""}) is None


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"SEATRIALS_SIGNING_KEY": PEM, "SEATRIALS_SIGNING_KEY_FILE": "x"}, "are set: leave all but one of them out"),
        ({"SEATRIALS_SIGNING_KEY_FILE": "nowhere.pem"}, "nowhere.pem cannot be read .No such file"),
        ({"SEATRIALS_SIGNING_KEY_FILE": "/"}, "cannot be read .Is a directory"),
        ({"SEATRIALS_SIGNING_KEY_FILE": "\0"}, "cannot be read"),
        ({"SEATRIALS_SIGNING_IDENTITY": "me"}, "must be 'ci'"),
    ],
    ids=["two", "no file", "a folder", "no name", "no identity"],
)
def test_wrong_variables_are_named(variables: dict[str, str], told: str) -> None:
    """What leads to no key is an error with the variable's name."""
    with pytest.raises(ConfigurationError, match=f"SEATRIALS_SIGNING_.*{told}"):
        signer_of(variables)


def test_nobody_else_has_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a run goes on no process that it starts has the variable, and afterwards the shell's is as it was."""
    monkeypatch.setenv("SEATRIALS_SIGNING_KEY", PEM)

    with signing_variables_taken() as taken:
        assert signer_of(taken) is not None
        assert "SEATRIALS_SIGNING_KEY" not in read_variables()
    assert read_variables()["SEATRIALS_SIGNING_KEY"] == PEM
