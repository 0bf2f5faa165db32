"""The command line's end: every error has a code that means it, and none is taken for a verdict."""

import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer
from typer import rich_utils
from typer.testing import CliRunner

from seatrials import cli, ending, gate_command
from seatrials.errors import exit_code_of
from tests.support.project import PROJECT
from tests.support.whole_command import runner

COMMANDS = (
    *(
        "mutants",
        "scenarios",
        "schemas",
        "fidelity",
        "reference",
        "doctor",
        "policy",
        "sweep",
        "dashboard",
        "gate",
        "merge",
        "verify",
        "notify",
        "report",
        "timeline",
    ),
    *("publish", "twin serve", "twin run"),
)
GATE = ("gate", "--scenarios", str(PROJECT / "tests/integration"), "--criteria", str(PROJECT / "gate.toml"))

Ended = tuple[int, str]


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Ended]:
    """Return what runs the command line in this process; it returns the exit code and what was told as an error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    whole = runner(monkeypatch, capsys)

    def run(*arguments: str) -> Ended:
        code, _, err = whole(*arguments)
        return code, err

    return run


@pytest.fixture(name="fail")
def _fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Return what lets the gate fail."""

    def fail(error: BaseException) -> None:
        def raise_it(*_arguments: object, **_options: object) -> NoReturn:
            raise error

        monkeypatch.setattr(gate_command, "run_gate", raise_it)

    return fail


@pytest.mark.parametrize("error", [KeyError("rows"), RecursionError("too deep"), MemoryError(), OSError(28, "full")])
def test_a_crash_of_the_gate_is_no_verdict(
    run: Callable[..., Ended], fail: Callable[[BaseException], None], error: Exception, tmp_path: Path
) -> None:
    """An error that nobody expected ends with 70 and one sentence, which names the file with its traceback."""
    fail(error)

    code, told = run(*GATE)

    (kept,) = tmp_path.glob("seatrials-crash-*.txt")
    assert (code, told.count("\n")) == (70, 1)
    assert type(error).__name__ in told
    assert str(kept) in told
    assert "in raise_it" in kept.read_text()


def test_a_traceback_that_cannot_be_kept_is_shown(
    run: Callable[..., Ended],
    fail: Callable[[BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where no file can be written, the traceback stands above the sentence, and the code is 70 all the same."""

    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    fail(KeyError("rows"))
    monkeypatch.setattr(ending, "NamedTemporaryFile", refuse)

    code, told = run(*GATE)

    assert code == 70
    assert "in raise_it" in told
    assert "No space left on device" in told.splitlines()[-1]


def test_a_secret_in_a_crash_is_not_kept(
    run: Callable[..., Ended], fail: Callable[[BaseException], None], tmp_path: Path
) -> None:
    """Neither the sentence nor the file with the traceback has what evidence would not have."""
    fail(ValueError("AKIAIOSFODNN7EXAMPLE"))

    _, told = run(*GATE)

    (kept,) = tmp_path.glob("seatrials-crash-*.txt")
    assert "AKIAIOSFODNN7EXAMPLE" not in told + kept.read_text()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("wrong", ["--no-such-option", "--environments"])
def test_wrong_use_is_an_error_of_configuration(run: Callable[..., Ended], command: str, wrong: str) -> None:
    """An option that does not exist, or lacks its value, ends each command with 64 and a sentence that names it."""
    code, told = run(*command.split(), wrong)

    assert (code, told.count("\n")) == (64, 1)
    assert wrong in told


def options_of(command: str) -> list[Any]:
    """Return the options and arguments of a command, as Typer has them."""
    found: Any = typer.main.get_command(cli.app)
    for name in command.split():
        found = found.commands[name]
    return list(found.params)


def names_of_paths() -> list[tuple[str, str]]:
    """Return each option and argument of a command that is a path, with the command."""
    given = [(command, each) for command in COMMANDS for each in options_of(command)]
    are_paths = [(command, each) for command, each in given if "Path" in str(each.type_descriptor.annotation)]
    return [(command, each.opts[0]) for command, each in are_paths]


@pytest.mark.parametrize(("text", "problem"), [("", "it is empty, which names no file and no folder"), ("\0", "a NUL")])
@pytest.mark.parametrize(("command", "name"), names_of_paths())
def test_what_names_no_file_is_refused(
    run: Callable[..., Ended], tmp_path: Path, command: str, name: str, text: str, problem: str
) -> None:
    """A variable of the shell that is not set is no path: it would lead to the working folder, and fill it."""
    wanted = [] if not name.startswith("--") else ["x" for each in options_of(command) if each.required]
    given = [f"{name}={text}"] if name.startswith("--") else [text]

    code, told = run(*command.split(), *wanted, *given)

    assert (code, told.count("\n")) == (64, 1)
    assert problem in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("workers", ["-1", "-0", "1.5", "1e3", "", "many", "٣", "0x1"])
def test_a_number_of_workers_is_one(run: Callable[..., Ended], workers: str) -> None:
    """What is no number of processes is refused before pytest takes it for something else."""
    code, told = run("mutants", f"-n={workers}" if workers == "" else "-n", *([workers] if workers else []))

    assert (code, "worker processes from 0 on" in told) == (64, True)


def test_generated_mutants_go_with_no_choice_of_others(run: Callable[..., Ended]) -> None:
    """Every option that says something about chosen mutants is named at once; a sample is one of generated ones."""
    code, told = run("mutants", "--generated", "--whole-suite", "--json")
    lonely = [run("mutants", *options) for options in (["--sample", "3"], ["--again"], ["--keep-killers"])]

    assert (code, "--generated does not go with --whole-suite, --json" in told) == (64, True)
    assert [(code, "--sample, --again and --keep-killers go with" in said) for code, said in lonely] == [(64, True)] * 3


@pytest.mark.parametrize("arguments", [(), ("twin",), ("gat",), ("sweep",), ("sweep", "staging", "--wait", "soon")])
def test_an_incomplete_command_is_an_error_of_configuration(run: Callable[..., Ended], arguments: tuple[str]) -> None:
    """No command, an unknown one, a missing argument or a word for a number end with 64."""
    code, _ = run(*arguments)

    assert code == 64


def test_ctrl_c_has_the_code_of_its_signal(run: Callable[..., Ended], fail: Callable[[BaseException], None]) -> None:
    """A command that is interrupted ends with 130, as shells say it."""
    fail(KeyboardInterrupt())

    assert run(*GATE)[0] == 130


def test_a_closed_pipe_is_no_verdict(run: Callable[..., Ended], fail: Callable[[BaseException], None]) -> None:
    """The gate whose reader has gone ends with 70: nobody has seen a NO-GO."""
    fail(BrokenPipeError(32, "Broken pipe"))

    assert run(*GATE)[0] == 70


def test_a_full_disk_behind_the_output_is_no_verdict(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be shown ends with 70, though it was only found when the last of it was written."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert run("gate", "--help")[0] == 70


@pytest.mark.parametrize(
    ("arguments", "streams", "code"),
    [
        ("--help", ">&-", 70),
        ("--help", ">/dev/full 2>/dev/full", 70),
        ("gate --no-such-option", "2>/dev/full", 64),
        ("gate --no-such-option", ">&- 2>&-", 70),
        ("gate --evidence missing --commit nonsense", ">/dev/full 2>/dev/full", 64),
    ],
)
def test_streams_that_take_nothing_change_no_code(tmp_path: Path, arguments: str, streams: str, code: int) -> None:
    """A process whose standard streams are closed or full ends with a code of the table, not with Python's 120."""
    command = f"exec {shlex.quote(sys.executable)} -m seatrials.cli {arguments} {streams}"

    ended = subprocess.run(  # noqa: S603  # this Python
        ["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, "Traceback" in ended.stderr) == (code, False)


@pytest.mark.parametrize("page", ["/dev/full", "."])
def test_a_page_that_cannot_be_written_is_told(run: Callable[..., Ended], page: str) -> None:
    """A full disk or a folder in the place of the page of scenarios is a wrong option, in one sentence."""
    code, told = run("scenarios", "--write", "--page", page, "--path", str(PROJECT / "tests/integration"))

    assert (code, told.count("\n")) == (64, 1)
    assert f"--page: {page} cannot be written" in told


def test_a_working_folder_that_is_gone_is_told(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing can be found from there, and a traceback would say less."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    code, told = run("verify", str(tmp_path))

    assert (code, told.count("\n")) == (70, 1)
    assert "working folder cannot be used (No such file or directory)" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_each_text_whole(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """What stands in brackets is shown, and not taken for a style: `[signatures]` is a table of the criteria."""
    monkeypatch.setattr(rich_utils, "MAX_WIDTH", 400)
    texts = [each.help.replace("\\[", "[") for each in options_of(command) if getattr(each, "help", None)]

    shown = " ".join(CliRunner().invoke(cli.app, [*command.split(), "--help"]).output.split())

    assert [each for each in texts if " ".join(each.split()) not in shown] == []
    assert texts


@pytest.mark.parametrize(("verdict", "code"), [(0, 0), (1, 1), (2, 2)])
def test_a_verdict_keeps_its_code(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, verdict: int, code: int
) -> None:
    """GO, NO-GO and CANNOT TELL leave the command line as 0, 1 and 2."""
    monkeypatch.setattr(gate_command, "run_gate", lambda *_arguments, **_options: verdict)

    assert run(*GATE)[0] == code


@pytest.mark.parametrize(("returncode", "code"), [(0, 0), (3, 3), (-15, 143), (-9, 137)])
def test_a_killed_process_has_the_code_of_its_signal(returncode: int, code: int) -> None:
    """A process that a signal ended is told as a shell tells it, never as a small number."""
    assert exit_code_of(returncode) == code


def test_criteria_without_an_end_are_refused(run: Callable[..., Ended]) -> None:
    """A device in the place of a file of configuration is read no further than one can go."""
    code, told = run("gate", "--scenarios", str(PROJECT / "tests/integration"), "--criteria", "/dev/zero")

    assert (code, "is larger than 10 MB" in told) == (64, True)
