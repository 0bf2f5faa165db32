"""A run of the gate: what it reads, what it writes, and with which code it ends."""

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console
from typer.testing import CliRunner

from seatrials.catalogue import read_suites
from seatrials.cli import app
from seatrials.errors import ConfigurationError, EvidenceError
from seatrials.evidence.signing import sign_decision
from seatrials.gate import page
from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.history import FileHistory
from seatrials.gate_command import EXIT_CODES, GatePaths, open_history, run_gate
from tests.support.history import ENTRY
from tests.support.project import PROJECT
from tests.support.signing import signer, trusting

SCENARIOS = PROJECT / "tests/integration"


@pytest.fixture
def paths(tmp_path: Path) -> GatePaths:
    """Return the shipped criteria, and a folder without evidence."""
    evidence = tmp_path / "evidence"
    return GatePaths(criteria=PROJECT / "gate.toml", evidence=evidence, scenarios=SCENARIOS, out=evidence / "gate")


def gate(paths: GatePaths) -> tuple[int, str]:
    """Return the exit code of a run of the gate, and what it showed."""
    shown = io.StringIO()
    history = FileHistory(paths.evidence / "history.jsonl")
    code = run_gate(paths, history, "c" * 40, Console(file=shown, width=160))
    return code, shown.getvalue()


def test_the_exit_codes_are_a_contract() -> None:
    """0 lets a release out, 1 does not, 2 cannot tell."""
    assert {Verdict.GO: 0, Verdict.NO_GO: 1, Verdict.CANNOT_TELL: 2} == EXIT_CODES


def test_a_decision_is_written_in_every_form(paths: GatePaths) -> None:
    """`latest` leads to the decision as JSON, as Markdown and as a page."""
    code, shown = gate(paths)

    latest = paths.out / "latest"
    decision = Decision.read(latest / "decision.json")
    assert (code, decision.verdict) == (2, Verdict.CANNOT_TELL)
    assert json.loads((latest / "decision.json").read_text())["verdict"] == "CANNOT TELL"
    assert (latest / "summary.md").read_text().startswith("# CANNOT TELL\n")
    assert "CANNOT TELL" in (latest / "index.html").read_text()
    assert "Nothing ran on mock and staging and production." in shown


def test_decisions_are_kept_apart(paths: GatePaths) -> None:
    """A second run of the gate leaves the first decision as it was."""
    gate(paths)
    gate(paths)

    assert len([each for each in paths.out.iterdir() if each.is_dir() and not each.is_symlink()]) == 2


def test_the_rows_are_those_of_the_tests() -> None:
    """What is required stands in the marks of the scenarios, and nowhere else."""
    found = {row.id: row.environments for suite in read_suites(SCENARIOS) for row in suite.rows}

    assert found["COLD-03"] == ("mock", "staging", "production")
    assert found["COLD-13"] == ("mock",)


def test_the_allure_report_is_linked_when_there_is_one(paths: GatePaths) -> None:
    """The link leads from the decision's folder to the report."""
    report = paths.evidence / "report/latest/index.html"
    report.parent.mkdir(parents=True)
    report.write_text("")

    gate(paths)

    link = Decision.read(paths.out / "latest/decision.json").allure_report
    assert link is not None
    assert report == ((paths.out / "latest").resolve() / link).resolve()


def test_a_place_that_cannot_be_written_is_an_error(paths: GatePaths) -> None:
    """A decision that nobody can read later is none."""
    paths.evidence.mkdir()
    paths.out.write_text("a file")

    with pytest.raises(EvidenceError, match="--out"):
        gate(paths)


def test_a_history_is_a_file_unless_it_is_in_s3(tmp_path: Path) -> None:
    """The address says which."""
    assert isinstance(open_history(str(tmp_path / "history.jsonl")), FileHistory)
    with pytest.raises(ConfigurationError):
        open_history("s3://bucket-without-a-key")


def test_the_command_ends_with_the_verdicts_code(tmp_path: Path) -> None:
    """Without evidence `seatrials gate` exits with 2."""
    arguments = ["gate", "--criteria", str(PROJECT / "gate.toml"), "--evidence", str(tmp_path / "evidence")]

    result = CliRunner().invoke(app, [*arguments, "--scenarios", str(SCENARIOS), "--commit", "c" * 40])

    assert result.exit_code == 2
    assert "CANNOT TELL" in result.stdout


def test_a_commit_is_told_by_its_hash(paths: GatePaths) -> None:
    """A branch or a tag may be another commit tomorrow."""
    with pytest.raises(ConfigurationError, match="'main' is no commit"):
        run_gate(paths, FileHistory(paths.evidence / "history.jsonl"), "main", Console(file=io.StringIO()))


def test_wrong_criteria_are_an_error_of_ours(tmp_path: Path) -> None:
    """They are no verdict: the error has an exit code of 64 or more."""
    (tmp_path / "gate.toml").write_text("")
    arguments = ["gate", "--criteria", str(tmp_path / "gate.toml"), "--evidence", str(tmp_path), "--scenarios"]

    result = CliRunner().invoke(app, [*arguments, str(SCENARIOS)])

    assert isinstance(result.exception, ConfigurationError)
    assert result.exception.exit_code >= 64


def test_a_decision_says_how_far_its_history_goes(paths: GatePaths, tmp_path: Path) -> None:
    """A later gate that is given the decision goes on from there, and refuses a history that was cut off."""
    history = FileHistory(tmp_path / "history.jsonl")
    history.append([ENTRY])
    run_gate(paths, history, "c" * 40, Console(file=io.StringIO()))
    earlier = tmp_path / "earlier.json"
    shutil.copy(paths.out / "latest/decision.json", earlier)
    after = replace(paths, after=earlier)
    run_gate(after, history, "c" * 40, Console(file=io.StringIO()))
    (tmp_path / "history.jsonl").write_text("")

    head = Decision.read(earlier).history
    assert head is not None
    assert head.lines == 1
    with pytest.raises(EvidenceError, match="lines were cut off"):
        run_gate(after, history, "c" * 40, Console(file=io.StringIO()))


@pytest.mark.parametrize("tamper", ["edited", "unsigned", "signed by somebody else"])
def test_a_decision_that_nobody_answers_for_is_no_start(paths: GatePaths, tmp_path: Path, tamper: str) -> None:
    """Where decisions must be signed, a history goes on from none that was edited: its last lines may be gone."""
    key = Ed25519PrivateKey.generate()
    criteria = tmp_path / "signed.toml"
    shipped = (PROJECT / "gate.toml").read_text()
    criteria.write_text(f"{shipped}\n{trusting(key)}")
    history, console = FileHistory(tmp_path / "history.jsonl"), Console(file=io.StringIO())
    signed = replace(paths, criteria=criteria)
    run_gate(signed, history, "c" * 40, console, signer(key))
    latest = (paths.out / "latest").resolve()
    after = replace(signed, after=latest / "decision.json")
    run_gate(after, history, "c" * 40, console, signer(key))
    match tamper:
        case "edited":
            document = json.loads((latest / "decision.json").read_text())
            (latest / "decision.json").write_text(
                json.dumps({**document, "history": {**document["history"], "lines": 0}})
            )
        case "unsigned":
            (latest / "signature.json").unlink()
        case _:
            sign_decision(latest, signer(Ed25519PrivateKey.generate()))

    with pytest.raises(EvidenceError, match="proves nothing of a history"):
        run_gate(after, history, "c" * 40, console, signer(key))


def test_a_decision_that_cannot_be_written_is_an_error_of_ours(
    paths: GatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is told with the folder, and is no verdict."""

    def full(*_arguments: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page, "render", full)

    with pytest.raises(EvidenceError, match=r"cannot be written in .*: No space left on device"):
        gate(paths)


def test_a_decision_without_a_head_is_no_start(paths: GatePaths, tmp_path: Path) -> None:
    """One of a version that kept none says so, and nothing is judged."""
    gate(paths)
    document = json.loads((paths.out / "latest/decision.json").read_text())
    (tmp_path / "old.json").write_text(json.dumps({**document, "history": None}))

    with pytest.raises(EvidenceError, match="name a newer decision with --after"):
        gate(replace(paths, after=tmp_path / "old.json"))


def test_a_decision_is_written_when_its_runs_cannot_be_remembered(
    paths: GatePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is there for people, it has no head, and the gate ends with the error."""

    def full(_self: FileHistory, _entries: object) -> None:
        msg = "the history cannot be written"
        raise EvidenceError(msg)

    monkeypatch.setattr(FileHistory, "append", full)
    with pytest.raises(EvidenceError, match="cannot be written"):
        gate(paths)

    assert Decision.read(paths.out / "latest/decision.json").history is None
