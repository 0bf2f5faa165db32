"""`--json`: each command has it, shows nothing else with it, and has the keys that docs/programs.md lists."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.console import Console

from seatrials import cli, gate_command
from seatrials.commands import pages
from seatrials.evidence.folder import MatrixFolder, RunFolder
from seatrials.evidence.record import MatrixRecord, MatrixRun, MutantRecord, RunRecord
from seatrials.evidence.signing import sign_run
from seatrials.output.output import wants_json
from seatrials.publishing import command as publishing
from seatrials.publishing import notify as notifying
from seatrials.publishing.command import Published
from seatrials.publishing.notify import Notification
from seatrials.safety.sweep import Leftover, Sweeper
from seatrials.stacks.live.command import doctor, sweep
from seatrials.twin_server.server import Server
from tests.support.aws import Clients
from tests.support.project import PROJECT
from tests.support.signing import public_pem, signer
from tests.support.small_platform import SmallPlatform
from tests.support.whole_command import Run, runner

PAGE = PROJECT / "docs/programs.md"
# What follows these keys has a schema of its own.
WHOLE = ("decision", "policies")
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
STAGING = {"SEATRIALS_ACCOUNT_ID": "123456789012", "SEATRIALS_BASE_URL": "https://127.0.0.1:9"}
MATRIX = MatrixRecord(
    run=MatrixRun(started="2026-11-25T09:00:00+00:00"),
    mutants={"one": MutantRecord(killed_by=("COLD-01",)), "two": MutantRecord(killed_by=())},
    problems=("two survives",),
)


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Return what runs a command beside the project's files; it returns the exit code and what both streams have."""
    for name in ("gate.toml", "environments.toml", "schemas", "stack", "tests"):
        (tmp_path / name).symlink_to(PROJECT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(pages, "forget_aws_variables", lambda: None)
    return runner(monkeypatch, capsys)


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # Typer's own
    """Yield each command of the command line with its name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


# `watch` shows what pytest shows, until Ctrl-C.
COMMANDS = {name: command for name, command in commands(typer.main.get_command(cli.app)) if name != "watch"}


def documented(command: str) -> set[str]:
    """Return the keys that the page lists for a command."""
    lines = PAGE.read_text(encoding="utf-8").partition("\n## Schemas")[0].splitlines()
    found: dict[str, set[str]] = {}
    name = ""
    for row in (line.strip("|").split("|") for line in lines if line.startswith("|")):
        if len(row) == len(("command", "key", "what")):
            name = row[0].strip().strip("`") or name
            found.setdefault(name, set()).add(row[1].strip().strip("`"))
    return found[command]


def keys(value: object, prefix: str = "") -> set[str]:
    """Return the keys of *value* as the page writes them."""
    if prefix in WHOLE:
        return {prefix}
    if isinstance(value, dict) and prefix != "figures":
        return {key for name, each in value.items() for key in keys(each, f"{prefix}.{name}" if prefix else name)}
    if isinstance(value, dict):
        return {f"{prefix}.*"}
    if isinstance(value, list):
        return {key for each in value for key in keys(each, f"{prefix}[]")} or {f"{prefix}[]"}
    return {prefix}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_the_option(command: str) -> None:
    """No command is left out, and the help of each tells of it."""
    assert "--json" in [option for parameter in COMMANDS[command].params for option in parameter.opts]


def test_the_page_has_every_command_that_tells() -> None:
    """Each command has its rows on the page; those of the twin, which say lines, a sentence."""
    text = PAGE.read_text(encoding="utf-8")

    for name in COMMANDS:
        assert f"`seatrials {name} --json`" in text if name.startswith("twin ") else documented(name), name


def test_the_gate_tells_its_decision(run: Run) -> None:
    """The verdict, where it stands, and the whole decision, with the exit code of the verdict."""
    code, out, err = run("gate", "--commit", "c" * 40, "--json")

    told = json.loads(out)
    assert (code, err, told["verdict"]) == (2, "", "CANNOT TELL")
    assert keys(told) == documented("gate")
    assert told["decision"] == json.loads(Path(told["folder"], "decision.json").read_text())
    assert Path(told["page"]).is_file()


def test_signatures_are_told_before_the_error(run: Run, tmp_path: Path) -> None:
    """What was found is on standard output whole, and the error that ends the command on the other."""
    (tmp_path / "key.pem").write_text(public_pem(KEY))
    for started in ("2026-11-25T09:00:00.000000+00:00", "2026-11-25T10:00:00.000000+00:00"):
        folder = RunFolder.create(tmp_path / "evidence", "mock", started)
        folder.write_run(RunRecord(environment="mock", kind="mock", started=started))
        folder.write_seal()
    sign_run(folder, signer(KEY))
    code, out, err = run("verify", "evidence", "--key", "key.pem", "--json")

    told = json.loads(out)
    assert keys(told) == documented("verify")
    assert sorted(each["outcome"] for each in told["signatures"]) == ["unsigned", "verifies"]
    assert (code, json.loads(err)["error"]["exit_code"]) == (79, 79)


def test_a_doctor_tells_its_findings(small_platform: SmallPlatform) -> None:
    """Each check with what was seen, and the problem of one that failed with its exit code."""
    small_platform.is_hermes_up = False
    told: dict[str, Any] = {}
    code = doctor(small_platform.environment(), {}, Console(quiet=True), told.update)

    assert keys(told) == documented("doctor")
    assert code in {each["exit_code"] for each in told["findings"] if each["problem"] is not None}
    assert {each["exit_code"] for each in told["findings"] if each["problem"] is None} == {0}


def test_policies_are_told_by_their_purpose(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each a document of IAM, also where one alone is asked for."""
    monkeypatch.setenv("SEATRIALS_ACCOUNT_ID", "123456789012")
    code, out, err = run("policy", "staging", "--purpose", "sweep", "--json")

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert keys(told) == documented("policy")
    assert [*told["policies"]] == ["sweep"]
    assert told["policies"]["sweep"]["Version"] == "2012-10-17"


@pytest.mark.parametrize("left", [[Leftover("item", "session-1", "delete it")], []])
def test_a_sweep_tells_what_is_left(
    small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch, left: list[Leftover]
) -> None:
    """Each thing with what `--yes` would do, and that nothing was removed without it."""
    monkeypatch.setattr(Sweeper, "find", lambda _self: left)
    told: dict[str, Any] = {}
    sweep(small_platform.environment(), {}, Console(quiet=True), told.update, yes=False)

    assert [each["name"] for each in told["left"]] == [each.name for each in left]
    assert told["removed"] is False
    assert keys(told) == (documented("sweep") if left else {"environment", "left[]", "removed"})


def test_a_dashboard_tells_what_differs(
    run: Run, aws: Clients, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each thing that is other with its fields, and whether it was written."""
    for name, value in STAGING.items():
        monkeypatch.setenv(name, value)
    assert run("dashboard", "staging")[0] == 0
    aws("cloudwatch").put_dashboard(DashboardName="webordinary-runs", DashboardBody="{}")
    code, out, err = run("dashboard", "staging", "--dry-run", "--json")

    told = json.loads(out)
    assert (code, err, told["written"], (tmp_path / "evidence").exists()) == (1, "", False, False)
    assert keys(told) == documented("dashboard")


def test_a_matrix_is_told_at_its_end(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What stands in the matrix that the run has written, and nothing of what pytest shows."""

    def pretend(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        MatrixFolder.create(tmp_path / "evidence").write(MATRIX, "")
        return subprocess.CompletedProcess(command, 1, "much text", "")

    monkeypatch.setattr("seatrials.mutants.run.subprocess.run", pretend)
    code, out, err = run("mutants", "--json")

    told = json.loads(out)
    assert (code, err) == (1, "")
    assert keys(told) == documented("mutants")
    assert (told["mutants"], told["killed"], told["survivors"]) == (2, 1, ["two"])


def test_a_matrix_that_was_not_made_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What pytest said is the error, with its exit code, and an older matrix is not taken for the new one."""
    MatrixFolder.create(tmp_path / "evidence").write(MATRIX, "")

    def pretend(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 64, "", "Exit: seatrials: no mutant is called 'three'")

    monkeypatch.setattr("seatrials.mutants.run.subprocess.run", pretend)
    code, out, err = run("mutants", "--only", "three", "--json")

    assert (code, out) == (64, "")
    assert json.loads(err)["error"] == {
        "kind": "ConfigurationError",
        "message": "no mutant is called 'three'",
        "problems": ["no mutant is called 'three'"],
        "exit_code": 64,
    }


@pytest.mark.parametrize("command", ["scenarios", "schemas", "fidelity", "reference"])
def test_the_lists_are_told(run: Run, command: str) -> None:
    """Rows with their mutants, and schemas with their files, each as the page says."""
    code, out, err = run(command, "--json")

    assert (code, err) == (0, "")
    assert keys(json.loads(out)) == documented(command)


def test_problems_are_told_with_what_was_found(run: Run) -> None:
    """A check that fails ends with 1, and its problems are data, not lines on standard error."""
    code, out, err = run("schemas", "--check", "--folder", "nowhere", "--json")

    told = json.loads(out)
    assert (code, err) == (1, "")
    assert len(told["problems"]) == len(told["schemas"])


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("report", "seatrials.report.report.write_report"),
        ("timeline mock", "seatrials.timeline.command.write_timeline"),
    ],
)
def test_what_was_made_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, command: str, made: str) -> None:
    """The path of the page."""
    monkeypatch.setattr(made, lambda *_arguments, **_options: Path("page.html"))
    code, out, _ = run(*command.split(), "--json")

    assert code == 0
    assert keys(json.loads(out)) == documented(command.split(maxsplit=1)[0])
    assert list(json.loads(out).values()) == ["page.html"]


def test_what_was_published_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose figures went out, and which are missing."""
    published = Published(environment="staging", run="1", sent=True, figures={"Seconds": 1.5}, missing=["Dollars"])
    for name, value in STAGING.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(publishing, "publish_newest", lambda *_arguments: published)
    code, out, _ = run("publish", "--json")

    assert code == 0
    assert keys(json.loads(out)) == documented("publish")
    assert json.loads(out)["figures"] == {"Seconds": 1.5}


def test_who_was_told_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of each channel is on standard output, though a problem ends the command with 68."""
    outcome = Notification(verdict="NO-GO: slow", done=["slack is told"], problems=["sns was not told"])
    monkeypatch.setattr(notifying, "notify", lambda *_arguments, **_options: outcome)
    code, out, err = run("notify", "folder", "--to", "slack", "--json")

    assert code == 68
    assert keys(json.loads(out)) == documented("notify")
    assert json.loads(err)["error"]["problems"] == ["sns was not told"]


def test_a_server_says_each_line_as_an_object(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the server reads a line at a time, and the variables as data."""

    def serve(server: Server) -> None:
        server._say("export A=B", variables={"A": "B"})  # noqa: SLF001  # what a server does, without one
        server._say("stopping")  # noqa: SLF001

    monkeypatch.setattr(Server, "run", serve)
    monkeypatch.setattr("seatrials.twin_server.command.forget_aws_variables", lambda: None)
    code, out, _ = run("twin", "serve", "--json")

    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {"said": "export A=B", "variables": {"A": "B"}},
        {"said": "stopping"},
    ]


@pytest.mark.parametrize(
    ("arguments", "kind", "code", "problems"),
    [
        (("gate", "--json", "--nothing"), "ConfigurationError", 64, 1),
        (("nothing", "--json"), "ConfigurationError", 64, 1),
        (("doctor", "staging", "--json"), "ConfigurationError", 64, 2),
        (("report", "--json"), "EvidenceError", 77, 1),
        (("twin", "run", "--json", "--pace", "nan", "--", "true"), "ConfigurationError", 64, 1),
    ],
)
def test_an_error_is_an_object(run: Run, arguments: tuple[str, ...], kind: str, code: int, problems: int) -> None:
    """Whatever is wrong, standard error has one object with the exit code and each problem, and the other nothing."""
    ended, out, err = run(*arguments)

    error = json.loads(err)["error"]
    assert (ended, out) == (code, "")
    assert (error["kind"], error["exit_code"], len(error["problems"])) == (kind, code, problems)
    rows = re.findall(r"^\| `([\w\[\]]+)` \| [^|]+ \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert keys(error) == set(rows)


def test_a_crash_is_an_object(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody expected has Python's name for it, and says where the traceback lies."""

    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(gate_command, "run_gate", fail)
    code, _, err = run("gate", "--json")

    assert (code, json.loads(err)["error"]["kind"]) == (70, "RuntimeError")
    assert "seatrials-crash-" in json.loads(err)["error"]["message"]


def test_without_the_option_an_error_is_a_sentence(run: Run) -> None:
    """People are told as ever."""
    assert run("gate", "--nothing")[2].startswith("seatrials: No such option: --nothing")


def test_an_error_has_no_words_for_a_terminal(run: Run, tmp_path: Path) -> None:
    """What a file says is shown as text: it colours nothing, moves no cursor and turns no line around."""
    (tmp_path / "c.toml").write_text(r'[signatures.signers."\u202e\u001b[31m\u0007"]')
    _, _, told = run("verify", str(tmp_path), "--criteria", str(tmp_path / "c.toml"))

    assert r"signatures.signers.\u202e\x1b[31m\x07" in told
    assert all(each.isprintable() or each == "\n" for each in told)


def test_the_flag_of_another_command_is_not_ours() -> None:
    """What follows `--` belongs to the command that is run."""
    assert wants_json(["twin", "run", "--json", "--", "ls"])
    assert not wants_json(["twin", "run", "--", "ls", "--json"])


def test_the_version_is_told(run: Run) -> None:
    """`--version` shows the version of the installed project, a tag's or one on the way to the next, and ends."""
    assert re.fullmatch(r"seatrials \d+\.\d+\.\d+(\.dev\d+\S*)?\n", run("--version")[1])
