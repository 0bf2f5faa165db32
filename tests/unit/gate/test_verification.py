"""`seatrials verify`: who signed what, by the files alone, and an exit code for each answer."""

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from seatrials.gate.decision import Decision
from seatrials.gate.history import FileHistory
from seatrials.gate_command import GatePaths, run_gate
from tests.support.project import PROJECT
from tests.support.release import COMMIT, Release
from tests.support.signing import public_pem, signer, trusting
from tests.support.whole_command import runner

KEY, OTHER = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"o" * 32)
GOOD, BROKEN, UNSIGNED, NOTHING, WRONG = 0, 75, 79, 77, 64
Verify = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def signed_release(whole_release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return a release of which everything is signed, and a decision on it too."""
    release = whole_release.copied(tmp_path_factory.mktemp("signed") / "evidence")
    release.sign(signer(KEY))
    paths = GatePaths(
        criteria=PROJECT / "gate.toml",
        evidence=release.root,
        scenarios=PROJECT / "tests/integration",
        out=release.root / "gate",
    )
    history = FileHistory(release.root / "gate/history.jsonl")
    run_gate(paths, history, COMMIT, Console(file=io.StringIO()), signer(KEY))
    return release


@pytest.fixture
def signed(signed_release: Release, tmp_path: Path) -> Release:
    """Return a copy of the signed release in `evidence`, beside the keys."""
    (tmp_path / "ci.pem").write_text(public_pem(KEY))
    (tmp_path / "other.pem").write_text(public_pem(OTHER))
    return signed_release.copied(tmp_path / "evidence")


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Verify:
    """Return what runs the command beside the evidence; it returns the exit code and all that was said."""
    monkeypatch.chdir(tmp_path)

    run = runner(monkeypatch, capsys, "verify")

    def verify(*arguments: str) -> tuple[int, str]:
        code, out, err = run(*arguments)
        return code, out + err

    return verify


def test_all_evidence_verifies_by_its_files(signed: Release, verify: Verify) -> None:
    """With nothing but a public key, it is said of each run, of the matrix and of the decision who signed what."""
    code, told = verify("evidence", "--key", "ci.pem")

    lines = told.splitlines()
    assert code == GOOD
    assert len(lines) == 1 + 5 + 1 + 1 + 1
    assert [each for each in lines if f"signed by {signer(KEY).name}: " not in each] == []
    assert f"environment staging, commit {COMMIT[:8]}, started " in told
    assert "verdict CANNOT TELL" in told
    assert signed.root.is_dir()


@pytest.mark.parametrize(
    "path", ["evidence/staging/latest", "evidence/staging", "evidence/mutants", "evidence/gate/latest"]
)
@pytest.mark.usefixtures("signed")
def test_a_part_of_the_evidence_verifies(verify: Verify, path: str) -> None:
    """A run, the runs of an environment, the matrices and a decision can be asked for alone."""
    assert verify(path, "--key", "ci.pem")[0] == GOOD


@pytest.mark.usefixtures("signed")
def test_who_is_trusted_stands_in_the_criteria(verify: Verify, tmp_path: Path) -> None:
    """Their table is read, and nothing else of them: years later other rows may be asked for."""
    (tmp_path / "gate.toml").write_text(f"of_the_future = 1\n{trusting(KEY)}")

    code, told = verify("evidence")
    assert (code, "signed by ci: " in told) == (GOOD, True)


@pytest.mark.usefixtures("signed")
def test_a_signer_of_decisions_alone_has_signed_no_run(verify: Verify, tmp_path: Path) -> None:
    """What a signer may sign is asked here as by the gate."""
    (tmp_path / "gate.toml").write_text(trusting(KEY, 'environments = ["gate"]'))

    assert verify("evidence/gate/latest")[0] == GOOD
    code, told = verify("evidence/staging/latest")
    assert (code, "ci may not sign staging" in told) == (BROKEN, True)


@pytest.mark.usefixtures("signed")
def test_another_key_does_not_verify(verify: Verify) -> None:
    """What somebody else signed ends with a code of its own, and each line says who did."""
    code, told = verify("evidence", "--key", "other.pem")

    assert (code, told.count("DOES NOT VERIFY")) == (BROKEN, 9)
    assert signer(KEY).name in told


@pytest.mark.parametrize("file", ["run.json", "report-log.jsonl", "seal.json", "rows.json"])
def test_a_changed_file_is_named(signed: Release, verify: Verify, file: str) -> None:
    """Any file of a run that is not as it was signed breaks the signature."""
    path = signed.root / "production/latest" / file
    path.write_bytes(path.read_bytes() + b" ")

    code, told = verify("evidence", "--key", "ci.pem")
    assert (code, f"{file} is not the file that was signed" in told) == (BROKEN, True)
    assert "8 verify, 1 do not, 0 are unsigned" in told


@pytest.mark.parametrize("file", ["decision.json", "index.html", "summary.md"])
def test_a_changed_decision_is_named(signed: Release, verify: Verify, file: str) -> None:
    """The page and the Markdown are signed with the decision: none can be shown with another verdict."""
    path = signed.root / "gate/latest" / file
    path.write_text(path.read_text().replace("CANNOT TELL", "GO"))

    code, told = verify("evidence/gate/latest", "--key", "ci.pem")
    assert (code, f"{file} is not the file that was signed" in told) == (BROKEN, True)


def test_a_file_more_or_less_is_named(signed: Release, verify: Verify) -> None:
    """What was signed is there, and nothing else is."""
    folder = signed.root / "production/latest"
    (folder / "more.json").write_text("{}")
    (folder / "rows.json").unlink()

    code, told = verify("evidence/production/latest", "--key", "ci.pem")
    assert code == BROKEN
    assert "more.json was not signed" in told
    assert "rows.json was signed, and is missing" in told


@pytest.mark.parametrize(
    "file", ["production/latest/run.json", "mutants/{}/kill-matrix.json", "gate/latest/decision.json"]
)
def test_what_lost_its_first_file_is_not_passed_over(signed: Release, verify: Verify, file: str) -> None:
    """A folder that was signed is asked though nothing in it says any longer what it is."""
    (matrix,) = (signed.root / "mutants").glob("2*")
    (signed.root / file.format(matrix.name)).unlink()

    code, told = verify("evidence", "--key", "ci.pem")
    assert (code, told.count("DOES NOT VERIFY")) == (BROKEN, 1)


@pytest.mark.parametrize("place", ["production", "gate", "mutants"])
@pytest.mark.parametrize("name", ["notes", "0", "20261125T074640Z-9", ".hidden", "report"])
def test_what_was_renamed_is_not_passed_over(signed: Release, verify: Verify, place: str, name: str) -> None:
    """Whoever gives all that is signed in a folder another name does not keep it from being asked."""
    for number, each in enumerate(sorted((signed.root / place).glob("2*"))):
        each.rename(each.with_name(name + "x" * number))

    code, told = verify(str(signed.root), "--key", "ci.pem")

    assert code == BROKEN
    assert f"{place}/{name}: DOES NOT VERIFY: its signature does not hold: it says that name is '2" in told


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / "more.json").mkdir(),
        lambda folder: (folder / "timeline/more").mkdir(parents=True),
        lambda folder: os.mkfifo(folder / "more.jsonl"),
        lambda folder: (folder / "more.json").symlink_to("more.json"),
        lambda folder: [(folder / "run.json").unlink(), (folder / "run.json").mkdir()],
    ],
    ids=["folder", "folder within", "pipe", "loop", "record"],
)
def test_what_cannot_be_read_keeps_nothing_else_from_being_asked(
    signed: Release, verify: Verify, spoil: Callable[[Path], object]
) -> None:
    """It is named with 77, all others are told, and something that does not verify outranks it."""
    newest = max((signed.root / "production").glob("2*"))
    spoil(newest)
    code, told = verify(str(signed.root), "--key", "ci.pem")

    assert code == NOTHING
    assert f"{newest.name}/" in told
    assert " cannot be read: " in told
    assert all(f"{place}/2" in told for place in ("staging", "mock", "gate", "mutants"))
    code, told = verify(str(signed.root), "--key", "other.pem")
    assert (code, " cannot be read: " in told) == (BROKEN, True)


def test_unsigned_is_not_broken(signed: Release, verify: Verify) -> None:
    """What nobody signed has another code than what does not verify, which outranks it."""
    (signed.root / "production/latest/signature.json").unlink()
    code, told = verify("evidence", "--key", "ci.pem")
    assert (code, ": run unsigned\n" in told) == (UNSIGNED, True)

    (signed.root / "mock/latest/run.json").write_text("{}")
    assert verify("evidence", "--key", "ci.pem")[0] == BROKEN


def test_a_run_is_known_by_the_name_it_was_signed_with(signed: Release, verify: Verify) -> None:
    """A copy of another name is none, but for `latest`, which is a copy where links are lost."""
    folder = (signed.root / "production/latest").resolve()
    shutil.copytree(folder, signed.root.parent / "latest")
    shutil.copytree(folder, signed.root.parent / "20261125T000000Z-1")

    assert verify("latest", "--key", "ci.pem")[0] == GOOD
    code, told = verify("20261125T000000Z-1", "--key", "ci.pem")
    assert (code, "it says that name is" in told) == (BROKEN, True)


@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere", "--key", "ci.pem"), NOTHING),
        (("ci.pem", "--key", "ci.pem"), NOTHING),
        (("loop", "--key", "ci.pem"), NOTHING),
        (("x" * 5000, "--key", "ci.pem"), NOTHING),
        (("\0", "--key", "ci.pem"), WRONG),
        (("evidence", "--key", "nowhere.pem"), WRONG),
        (("evidence", "--key", "evidence"), WRONG),
        (("evidence", "--criteria", "nowhere.toml"), WRONG),
        (("evidence", "--criteria", str(PROJECT / "gate.toml")), WRONG),
        ((), WRONG),
    ],
    ids=[
        "no path",
        "a file",
        "a loop",
        "a long name",
        "no name",
        "no key",
        "a folder as key",
        "no criteria",
        "no signers",
        "nothing",
    ],
)
def test_what_cannot_be_asked_is_told(verify: Verify, arguments: tuple[str, ...], code: int) -> None:
    """A path with nothing in it, a wrong key and criteria without signers are no answer about a signature."""
    Path("loop").symlink_to("loop")
    assert verify(*arguments)[0] == code


def test_the_decision_says_with_what_it_is_signed(signed: Release) -> None:
    """Its JSON, its page and its Markdown name the key."""
    folder = signed.root / "gate/latest"

    told = f"signed with {signer(KEY).name}"
    assert Decision.read(folder / "decision.json").signature == told
    assert [told in (folder / each).read_text() for each in ("index.html", "summary.md")] == [True, True]
    subjects = json.loads((folder / "signature.json").read_text())
    assert set(subjects) == {"payload", "payloadType", "signatures"}
