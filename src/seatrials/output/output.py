"""Text for people, or with `--json` for programs: one JSON object on standard output, or an error as one on the other.

A command shows text on the console and tells the same as data; which of them is written is decided here alone. So a
program gets nothing but JSON, and keys that docs/programs.md lists.
"""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Protocol

import typer
from rich.console import Console

_FLAG = "--json"
# What follows is another program's command.
_END_OF_OPTIONS = "--"

AsJson = Annotated[bool, typer.Option(_FLAG, help="show JSON in place of text, for programs; errors too")]


class Tell(Protocol):
    """Takes what a command found, by key: what JSON can hold, once."""

    def __call__(self, **found: object) -> None:
        """Hear it."""


class Say(Protocol):
    """Takes a line that is to be read at once, and what it says as data, by key."""

    def __call__(self, line: str, **found: object) -> None:
        """Show it."""


def unheard(**found: object) -> None:
    """Tell nobody."""


class Output:
    """Where one call of a command shows what it found."""

    def __init__(self, *, as_json: bool) -> None:
        self.is_json = as_json
        # What is shown here a program does not see.
        self.console = Console(quiet=as_json)

    def say(self, line: object) -> None:
        """Show a line, as it is, to people."""
        if not self.is_json:
            typer.echo(line)

    def say_at_once(self, line: str, **found: object) -> None:
        """Show a line to whoever waits for it: a program gets an object of its own, with what was *found*."""
        print(_text({"said": line, **found}) if self.is_json else line, flush=True)  # noqa: T201  # read as it comes

    def complain(self, problems: Sequence[str]) -> None:
        """Show *problems* to people, on standard error; a program is told of them with what was found."""
        for problem in problems if not self.is_json else ():
            typer.echo(problem, err=True)

    def tell(self, **found: object) -> None:
        """Show what was *found* to programs."""
        if self.is_json:
            typer.echo(_text(found, indent=2))


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the *arguments* of the command line ask for JSON, be they right or wrong."""
    until = arguments.index(_END_OF_OPTIONS) if _END_OF_OPTIONS in arguments else len(arguments)
    return _FLAG in arguments[:until]


def tell_error(kind: str, message: str, exit_code: int, *, as_json: bool) -> None:
    """Show an error on standard error; *message* has a line for each problem."""
    error = {"kind": kind, "message": message, "problems": message.splitlines(), "exit_code": exit_code}
    # What was typed, or stands in a file, may be no text, or words for a terminal rather than for people.
    sentence = f"seatrials: {''.join(map(_printable, message))}"
    shown = _text({"error": error}, indent=2) if as_json else sentence
    print(shown, file=sys.stderr)  # noqa: T201  # the one place where errors are shown


def _printable(character: str) -> str:
    return character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()


def _text(value: object, indent: int | None = None) -> str:
    """Return *value* in ASCII: a name of a file may be no text, and must not end the command that shows it."""
    return json.dumps(value, indent=indent, allow_nan=False)
