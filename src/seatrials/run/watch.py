"""Watching the tree: whenever a file is saved, a recording is brought up to date, which runs what has changed.

A run that is going on is ended when another file is saved. Nothing is lost by that, for a recording is written at the
end of a run, and what it does not have yet is run by the next one.
"""

import ast
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from watchfiles import watch

from seatrials.affected.tree import root_of

# Where what a mock executes lies, as far as it is there.
_WATCHED = ("src", "contract", "tests/integration", "stack")
_SUFFIXES = (".py", ".yaml", ".yml", ".json", ".toml")
# Editors save in several steps; whoever saves all files at once does it within this time.
_DEBOUNCE_MS = 300
_STEP_MS = 50
# How often it is looked whether a run has ended.
_LOOK_MS = 200
_END_SECONDS = 0.2
# How pytest ends when it has run what it was to run; the tests have said the rest.
_ORDERLY = (0, 1)
_PLACE = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')


def watch_rows(directory: Path, arguments: Sequence[str]) -> None:
    """Run rows until Ctrl-C or SIGTERM; *arguments* go to pytest, as `-k NAMES` or `--stack FILE`."""
    root = root_of(directory)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    runs = Runs(root, arguments)
    try:
        runs.begin()
        for changes in watch(
            *_folders(root, arguments),
            watch_filter=lambda _change, path: path.endswith(_SUFFIXES),
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
        ):
            if changes:
                runs.begin_again(Path(path) for _, path in changes)
            else:
                runs.look()
    except KeyboardInterrupt:
        _say("watching ended")
    finally:
        runs.end()


class Runs:
    """The runs of a watched tree, one at a time, each in a process group of its own."""

    def __init__(self, root: Path, arguments: Sequence[str]) -> None:
        self._root = root
        options = ("--environment", "mock", "--record-coverage", "-p", "no:terminal")
        self._command = [sys.executable, "-m", "seatrials.run.record", "tests/integration", *options, *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        # By file that cannot be parsed: why.
        self._broken: dict[Path, str] = {}

    def begin(self) -> None:
        """Begin a run."""
        # What goes wrong before pytest can tell it is a traceback of many lines, of which one is shown.
        self._errors = TemporaryFile()  # noqa: SIM115  # closed when the run has ended
        self._process = subprocess.Popen(self._command, cwd=self._root, stderr=self._errors, start_new_session=True)  # noqa: S603

    def begin_again(self, paths: Iterable[Path]) -> None:
        """End the run that goes on, and begin another one unless a file of *paths*, or an earlier one, is no Python."""
        self.end()
        for path in paths:
            self._broken.pop(path, None)
            problem = problem_of(path)
            if problem is not None:
                self._broken[path] = problem
        for path, problem in sorted(self._broken.items()):
            _say(f"{path.relative_to(self._root)}:{problem}: nothing is run until it is mended")
        if not self._broken:
            self.begin()

    def look(self) -> None:
        """Say why a run ended that could not run its rows."""
        if self._process is None or self._process.poll() is None:
            return
        code, self._process = self._process.returncode, None
        told = self._take_errors()
        if code not in _ORDERLY:
            _say(last_words(told, self._root) or f"the run ended with code {code}")
        _say("waits for the next save; Ctrl-C ends")

    def end(self) -> None:
        """End the run that goes on, with all its forks."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            # A fork may outlive the process that it is of.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._take_errors()

    def _take_errors(self) -> str:
        assert self._errors is not None, "a run that has begun has a file for its errors"
        with self._errors as file:
            file.seek(0)
            return file.read().decode(errors="replace")


def problem_of(path: Path) -> str | None:
    """Return the line of a file that is no Python, and why; None for one that is, or that is gone."""
    if path.suffix != ".py" or not path.is_file():
        return None
    try:
        ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        return f"{error.lineno}: {error.msg}"
    except ValueError as error:
        return f"1: {error}"
    return None


def last_words(errors: str, root: Path) -> str:
    """Return what a process said at last, with the innermost line of the project; empty when it said nothing."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    if not lines:
        return ""
    places = [found for found in _PLACE.finditer(errors) if found["path"].startswith(f"{root}/src")]
    place = f" ({Path(places[-1]['path']).relative_to(root)}:{places[-1]['line']})" if places else ""
    return f"{lines[-1].removeprefix('INTERNALERROR> ').removeprefix('Exit: ')}{place}"


def _folders(root: Path, arguments: Sequence[str]) -> list[Path]:
    """Return what is watched: the folders of the project that matter, and that of another template."""
    given = [Path(each).parent for option, each in pairwise(arguments) if option == "--stack"]
    return [each for each in (*(root / name for name in _WATCHED), *given) if each.is_dir()]


def _say(line: str) -> None:
    print(line if line.startswith("seatrials: ") else f"seatrials: {line}", flush=True)  # noqa: T201  # its one output
