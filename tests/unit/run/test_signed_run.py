"""A run that is signed: its key is looked at first, nobody else has it, and what the run leaves verifies.

These are true runs of pytest in processes of their own, on nothing.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seatrials.evidence.reader import RunEvidence, read_runs
from seatrials.gate.signers import public_key
from tests.support.scenario_run import ENVIRONMENTS, PLAIN
from tests.support.signing import private_pem, public_pem, signer

pytest_plugins = ["pytester"]

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PEM = private_pem(KEY).decode()
# What is secret in it, on a line of its own.
SECRET = PEM.splitlines()[1]
SCENARIO = """
    import os
    import pytest

    @pytest.mark.scenario("COLD-01")
    @pytest.mark.production
    def test_has_no_key(request):
        request.node.user_properties += [("calls", 1), ("platform_seconds", 1.5)]
        assert not [name for name in os.environ if name.startswith("SEATRIALS_SIGNING")]
        assert not [value for value in os.environ.values() if "PRIVATE KEY" in value]
        assert "x" == "y"
"""
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a scenario that fails at last, with variables."""
    pytester.makeini("[pytest]")
    (pytester.path / "environments.toml").write_text(ENVIRONMENTS)
    (pytester.path / "stack.yaml").write_text("Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n")
    (pytester.path / "key.pem").write_text(PEM)
    pytester.makepyfile(test_cold_start=SCENARIO)

    def run(*options: str, **variables: str) -> pytest.RunResult:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return pytester.runpytest_subprocess(*PLAIN, "--environment", "mock", *options)

    return run


def newest(folder: Path) -> RunEvidence:
    """Return the run that was made."""
    return read_runs(folder / "evidence", "mock")[-1]


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("variable", ["SEATRIALS_SIGNING_KEY", "SEATRIALS_SIGNING_KEY_FILE"])
def test_a_run_is_signed_and_keeps_its_key(run: Run, pytester: pytest.Pytester, workers: str, variable: str) -> None:
    """The evidence verifies with the public key; scenarios, logs and evidence have nothing of the private one."""
    value = PEM if variable == "SEATRIALS_SIGNING_KEY" else str(pytester.path / "key.pem")
    done = run("-n", workers, "--showlocals", **{variable: value})

    done.stdout.fnmatch_lines(["*assert 'x' == 'y'*", f"signer: {signer(KEY).name}"])
    evidence = newest(pytester.path)
    assert evidence.problems == ()
    assert evidence.attestation is not None
    assert evidence.attestation.is_signed_with(public_key(public_pem(KEY).encode()))
    written = [each for each in (pytester.path / "evidence").rglob("*") if each.is_file()]
    assert [each for each in written if SECRET.encode() in each.read_bytes()] == []
    assert SECRET not in str(done.stdout) + str(done.stderr)


def test_without_a_key_a_run_says_that_it_is_unsigned(run: Run, pytester: pytest.Pytester) -> None:
    """Nothing else is other than with one."""
    run("-n", "0").stdout.fnmatch_lines(["signer: nobody, so it is unsigned"])

    evidence = newest(pytester.path)
    assert (evidence.problems, evidence.attestation) == ((), None)


@pytest.mark.parametrize("options", [("-n", "0"), ("-n", "2"), ("-n", "2", "--on-mutants")])
def test_a_wrong_key_ends_a_run_before_it_begins(run: Run, pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """It ends with 64 and one sentence, and there is no folder of a run."""
    done = run(*options, SEATRIALS_SIGNING_KEY=PEM[:90])

    told = [line for line in [*done.outlines, *done.errlines] if "SEATRIALS_SIGNING_KEY" in line]
    assert (done.ret, len(told)) == (64, 1)
    assert "there is no private key in PEM" in told[0]
    assert SECRET[:20] not in str(done.stdout) + str(done.stderr)
    assert not (pytester.path / "evidence").exists()


def test_what_was_signed_is_what_ran(run: Run, pytester: pytest.Pytester) -> None:
    """The statement has every file that is sealed, and names the run and its end as the record does."""
    run("-n", "0", SEATRIALS_SIGNING_KEY=PEM)

    evidence = newest(pytester.path)
    assert evidence.attestation is not None
    statement = evidence.attestation.statement
    assert statement is not None
    sealed = json.loads(evidence.folder.seal.read_text())
    assert {each.name for each in statement.subject} == {*sealed, "seal.json"}
    told = {name: statement.predicate[name] for name in ("environment", "kind", "started", "ended", "seed")}
    assert told == {name: getattr(evidence.record, name) for name in told}
    assert statement.predicate["name"] == evidence.id
