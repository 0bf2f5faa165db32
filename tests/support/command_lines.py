"""Command lines as their programs read them, up to where they would begin: nox, pytest, and seatrials."""

import argparse
import runpy
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
import typer.main

from seatrials import cli
from tests.support.noxfile import commands_of, sessions
from tests.support.project import PROJECT

# What a session may start that is no program of the project, and takes no words from a document.
_PROGRAMS = ("pre-commit", "mypy", "mkdocs", "coverage", "uv", "twine", "check-wheel-contents")
_PYTEST, _SEATRIALS = ["python", "-m", "pytest"], ["python", "-m", "seatrials.cli"]
# What a document writes for nox.
_NOX = (["nox"], ["./run"], ["uv", "run", "noxfile.py"], ["pipx", "run", "nox"])


class WrongCommandError(Exception):
    """A program would refuse the command."""


class Reader:
    """Reads command lines; *config* is that of the pytest that runs, whose options are those of the project."""

    def __init__(self, config: pytest.Config) -> None:
        self._parser = config._parser  # noqa: SLF001  # pytest has no other way to read a command line

    def read(self, words: Sequence[str]) -> bool:
        """Whether *words* are a command of nox, pytest or seatrials; raises `WrongCommandError` for a wrong one."""
        given = list(words)
        if any(given[: len(prefix)] == prefix for prefix in _NOX):
            self._nox(given[next(len(prefix) for prefix in _NOX if given[: len(prefix)] == prefix) :])
        elif given[:3] == _PYTEST:
            self._pytest(given[3:])
        elif given[:3] == _SEATRIALS or given[0] == "seatrials":
            self._seatrials(given[1:] if given[0] == "seatrials" else given[3:])
        else:
            return _is_own(given)
        return True

    def _nox(self, words: list[str]) -> None:
        ours, _, theirs = (words, None, []) if "--" not in words else _split(words)
        parser = _Parser(prog="nox", add_help=False, allow_abbrev=False)
        parser.add_argument("-s", dest="sessions", nargs="+", default=[])
        parser.add_argument("-R", action="store_true")
        parser.add_argument("-l", action="store_true")
        for name in parser.parse_args(ours).sessions:
            if name not in sessions():
                msg = f"nox has no session {name!r}: it has {', '.join(sessions())}"
                raise WrongCommandError(msg)
            for command in commands_of(name, theirs):
                if command[0] not in _PROGRAMS and not self.read(command):
                    msg = f"session {name} runs {command[0]}, of which nobody knows what it takes"
                    raise WrongCommandError(msg)

    def _pytest(self, words: list[str]) -> None:
        # The options of a folder are those that its conftest.py adds.
        extra = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        plugins = [after.replace(".", "/") + ".py" for before, after in pairwise(words) if before == "-p"]
        files = [PROJECT / path.partition("::")[0] / "conftest.py" for path in words]
        for file in [*files, *(PROJECT / each for each in plugins)]:
            for names, attributes in _options_of(file):
                extra.add_argument(*names, **attributes)
        try:
            _, unknown = self._parser.parse_known_and_unknown_args(extra.parse_known_args(words)[1])
        except (pytest.UsageError, SystemExit) as error:
            raise WrongCommandError(str(error)) from error
        # A session of benchmarks loads a plugin that this pytest is without.
        if wrong := [each for each in unknown if each.startswith("-") and not each.startswith("--benchmark-")]:
            msg = f"pytest takes no {', '.join(wrong)}"
            raise WrongCommandError(msg)

    def _seatrials(self, words: list[str]) -> None:
        command: Any = typer.main.get_command(cli.app)
        while words and hasattr(command, "commands"):
            if words[0].startswith("-"):
                break
            if words[0] not in command.commands:
                msg = f"seatrials has no command {words[0]!r}"
                raise WrongCommandError(msg)
            command, words = command.commands[words[0]], words[1:]
        # A sentence may name a command without what it takes.
        if not words:
            return
        try:
            context = command.make_context("seatrials", list(words))
        except typer.Exit:
            return
        except Exception as error:
            if not hasattr(error, "exit_code"):
                raise
            raise WrongCommandError(str(error)) from error
        if started := context.params.get("command"):
            self.read(started)


def _is_own(words: list[str]) -> bool:
    """Whether a module beside the package is run, which reads itself what it is given."""
    module = PROJECT / f"{words[2].replace('.', '/')}.py" if words[:2] == ["python", "-m"] else None
    return module is not None and module.is_file()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:  # noqa: ANN401  # argparse's
        raise WrongCommandError(message)


class _Listener:
    def __init__(self) -> None:
        self.options: list[tuple[tuple[str, ...], dict[str, Any]]] = []

    def getgroup(self, *_of: str) -> "_Listener":
        return self

    def addoption(self, *names: str, **attributes: Any) -> None:  # noqa: ANN401  # argparse's
        self.options.append((names, attributes))


def _options_of(conftest: Any) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:  # noqa: ANN401  # a path
    # One without options is not run: it may import what this environment is without.
    if not conftest.is_file() or "def pytest_addoption(" not in conftest.read_text(encoding="utf-8"):
        return
    add = runpy.run_path(str(conftest)).get("pytest_addoption")
    listener = _Listener()
    if add is not None:
        add(listener)
    yield from listener.options


def _split(words: list[str]) -> tuple[list[str], str, list[str]]:
    at = words.index("--")
    return words[:at], "--", words[at + 1 :]
