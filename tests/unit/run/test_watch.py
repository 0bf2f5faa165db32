"""Watching the tree: what is said of files that are no Python, and how a run that goes on ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seatrials.run.watch import Runs, last_words, problem_of


@pytest.fixture(name="runs")
def _runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return runs that never end by themselves."""
    runs = Runs(tmp_path, [])
    monkeypatch.setattr(runs, "_command", [sys.executable, "-c", "import signal; signal.pause()"])
    return runs


def process_of(runs: Runs) -> subprocess.Popen[bytes]:
    """Return the process of the run that goes on."""
    process = runs._process  # noqa: SLF001  # whether it lives is what is asked here
    assert process is not None
    return process


def test_a_file_that_is_no_python_is_told_with_its_line(tmp_path: Path) -> None:
    """What the parser says is shown, and nothing of a file that it accepts, that is gone, or that is no source."""
    broken, whole, page = tmp_path / "broken.py", tmp_path / "whole.py", tmp_path / "stack.yaml"
    broken.write_text("a = 1\ndef (:\n")
    whole.write_text("a = 1\n")
    page.write_text("def (:\n")

    assert problem_of(broken) == "2: invalid syntax"
    assert [problem_of(each) for each in (whole, page, tmp_path / "gone.py")] == [None, None, None]


def test_nothing_runs_while_a_file_is_no_python(runs: Runs, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A save that breaks a file ends the run, and a save of another file begins none before it is mended."""
    broken, whole = tmp_path / "broken.py", tmp_path / "whole.py"
    broken.write_text("def (:\n")
    whole.write_text("a = 1\n")
    runs.begin()
    process = process_of(runs)
    runs.begin_again([broken])
    runs.begin_again([whole])

    assert process.poll() is not None
    assert runs._process is None  # noqa: SLF001  # nothing goes on
    said = "seatrials: broken.py:1: invalid syntax: nothing is run until it is mended\n"
    assert capsys.readouterr().out == said * 2
    broken.write_text("a = 1\n")
    runs.begin_again([broken])
    assert process_of(runs).poll() is None
    runs.end()


def test_a_run_ends_with_all_its_processes(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forks that hear no SIGTERM end too: the whole group is gone."""
    deaf = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.fork(); signal.pause()"
    monkeypatch.setattr(runs, "_command", [sys.executable, "-c", deaf])
    runs.begin()
    group = process_of(runs).pid
    runs.end()

    assert not _is_alive(group)


def _is_alive(group: int) -> bool:
    """Whether a process of the group runs; one that has ended and that nobody has asked after does not."""
    states = [each.read_text().rpartition(")")[2].split() for each in Path("/proc").glob("[0-9]*/stat")]
    return any(int(told[2]) == group and told[0] != "Z" for told in states)


def test_the_last_words_of_a_run_name_the_line(tmp_path: Path) -> None:
    """Of a traceback the error is shown, and the innermost line of the project."""
    errors = "\n".join(
        [
            "Traceback (most recent call last):",
            f'  File "{tmp_path}/src/seatrials/run/plugin.py", line 3, in <module>',
            f'  File "{tmp_path}/src/seatrials/twin/world.py", line 12, in <module>',
            f'  File "{os.__file__}", line 4, in getcwd',
            "NameError: name 'x' is not defined",
            "",
        ]
    )

    assert last_words(errors, tmp_path) == "NameError: name 'x' is not defined (src/seatrials/twin/world.py:12)"


def test_a_run_that_said_nothing_has_no_last_words(tmp_path: Path) -> None:
    """Nothing is made up."""
    assert last_words("", tmp_path) == ""
