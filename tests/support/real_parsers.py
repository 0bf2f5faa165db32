"""The commands of steps and sessions, read by the parsers that would read them; what these refuse is an error."""

import argparse
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import typer
import xdist.plugin
from nox._options import options as of_nox

from seatrials import cli
from seatrials.run import load
from seatrials.run.options import add_options
from seatrials.shard import Shard
from tests.package import outside
from tests.support.noxfile import commands_of, sessions
from tests.support.project import PROJECT


class _Parser(argparse.ArgumentParser):
    """argparse's, to which pytest's plugins can add their options as to pytest's own."""

    def getgroup(self, *_: str) -> "_Parser":
        return self

    def addini(self, *_: object, **__: object) -> None:
        """Leave out what configuration files may say."""

    def addoption(self, *names: str, **attributes: Any) -> None:  # noqa: ANN401  # as argparse's own
        self.add_argument(*names, **attributes)

    _addoption = addoption

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def read_nox(arguments: list[str]) -> list[list[str]]:
    """Return the commands that `nox ARGUMENTS` would run; raises for what nox, or one of them, would refuse."""
    found = of_nox.parser().parse_args(arguments)
    unknown = set(found.sessions or ()) - set(sessions())
    if unknown or not found.sessions:
        msg = f"nox {' '.join(arguments)}: noxfile.py has no session {unknown or 'in it'}"
        raise ValueError(msg)
    given = found.posargs[1:] if found.posargs[:1] == ["--"] else found.posargs
    commands = [each for session in found.sessions for each in commands_of(session, given)]
    for each in commands if not getattr(found, "install_only", False) else ():
        _read(each)
    return commands


def _read(words: list[str]) -> None:
    match words:
        case ["python", "-m", "pytest", *rest]:
            _read_pytest(rest)
        case ["seatrials", *rest] | ["python", "-m", "seatrials.cli", *rest]:
            _read_seatrials(rest)
            if "--" in rest:
                _read(rest[rest.index("--") + 1 :])
        case ["pre-commit", "run", "--all-files", "--show-diff-on-failure"] | ["mypy"]:
            pass
        # What no argument of a step reaches.
        case ["uv" | "twine" | "check-wheel-contents", *_] | [
            "python",
            "-m",
            "releasing.sbom" | "releasing.notes",
            "dist",
        ]:
            pass
        case ["python", "-m", "releasing.provenance" | "sigstore", *_]:
            pass
        case _:
            msg = f"nobody knows how {words} is read"
            raise ValueError(msg)


@cache
def _parser_of_pytest() -> _Parser:
    parser: Any = _Parser(prog="pytest", allow_abbrev=False)
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("-q", action="store_true")
    parser.add_argument("-k")
    parser.add_argument("-p", action="append")
    for each in (add_options, load.pytest_addoption, xdist.plugin.pytest_addoption, outside.add_option):
        each(parser)
    found: _Parser = parser
    return found


def _read_pytest(arguments: list[str]) -> None:
    found = _parser_of_pytest().parse_args(arguments)
    environments = tomllib.loads((PROJECT / "environments.toml").read_text(encoding="utf-8"))
    missing = [str(path) for path in found.paths if not (PROJECT / path).exists()]
    if missing or (found.environment is not None and found.environment not in environments):
        msg = f"pytest {' '.join(arguments)}: {missing or found.environment} is not there"
        raise ValueError(msg)
    if found.shard is not None:
        Shard.parse(found.shard)


def _read_seatrials(arguments: list[str]) -> None:
    command: Any = typer.main.get_command(cli.app)
    name, rest = "seatrials", arguments
    while hasattr(command, "commands"):
        name, *rest = rest
        command = command.commands[name]
    command.make_context(name, rest)
