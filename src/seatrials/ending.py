"""How a program ends: with an exit code that says what happened, and one sentence where it is no verdict."""

import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from traceback import format_exception
from typing import NoReturn

import typer

from seatrials.errors import INTERRUPTED, ConfigurationError, SeatrialsError
from seatrials.evidence.redaction import redact
from seatrials.output.output import tell_error, wants_json

_SAID_CHARACTERS_MAX = 300


def end_with(app: typer.Typer) -> NoReturn:
    """Run the command line, and end the process with an exit code of README.md's table, whatever happens.

    Only a verdict ends with 0, 1 or 2 (and with what a command that was asked for ended). A crash is told in one
    sentence, which says where its traceback lies.
    """
    code = _exit_code(app) if _can_begin() else SeatrialsError.exit_code
    _drop_unwritten()
    sys.exit(code)


def _can_begin() -> bool:
    """Whether a command has what each of them needs of the shell; says what is missing."""
    if sys.stdout is None:
        _told(
            "ClosedOutput",
            "standard output is closed: redirect it, to /dev/null if nobody reads it",
            SeatrialsError.exit_code,
        )
        return False
    try:
        Path.cwd()
    except OSError as error:
        sentence = f"the working folder cannot be used ({error.strerror}): change into another one"
        _told(type(error).__name__, sentence, SeatrialsError.exit_code)
        return False
    return True


def _exit_code(app: typer.Typer) -> int:
    try:
        code = app(standalone_mode=False)
        # Here, and not at the interpreter's end, where a full disk would only be a code of Python's own.
        sys.stdout.flush()
    except SeatrialsError as error:
        return _told(type(error).__name__, str(error), error.exit_code)
    except typer.TyperException as error:
        # Typer's own code for wrong use is 2, which for the gate is CANNOT TELL.
        wrong = error.format_message().rstrip(".") or "no command was given"
        return _told(ConfigurationError.__name__, f"{wrong}; --help shows what there is", ConfigurationError.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        return _told("Interrupted", "interrupted", INTERRUPTED)
    except SystemExit as ended:
        # Typer ends so itself when nobody reads what is shown, with the 1 of NO-GO.
        code = ended.code
        if code == 1:
            code = _told(BrokenPipeError.__name__, "nobody reads what is shown", SeatrialsError.exit_code)
    except Exception as error:  # noqa: BLE001  # the last line of defence: Python's own code for a crash is 1, NO-GO
        return _crashed(error)
    return _as_code(code)


def _as_code(given: object) -> int:
    return given if isinstance(given, int) else 0


def _told(kind: str, sentence: str, code: int) -> int:
    # Where nobody can be told, the code alone tells it.
    with suppress(OSError):
        tell_error(kind, sentence, code, as_json=wants_json(sys.argv[1:]))
    return code


def _crashed(error: Exception) -> int:
    """Keep the traceback of an error that nobody expected, and tell where; return the exit code."""
    traceback = redact("".join(format_exception(error)))
    try:
        with NamedTemporaryFile("w", encoding="utf-8", prefix="seatrials-crash-", suffix=".txt", delete=False) as file:
            file.write(traceback)
    except OSError as full:
        with suppress(OSError):
            print(traceback, file=sys.stderr)  # noqa: T201  # the only place that is left for it
        place = f"above, for no file could be written ({full})"
    else:
        place = f"in {file.name}"
    said = " ".join(redact(str(error)).split())[:_SAID_CHARACTERS_MAX]
    sentence = f"stopped by an error that it does not know, so nothing was decided: {type(error).__name__}: {said}"
    return _told(type(error).__name__, f"{sentence}; the traceback is {place}", SeatrialsError.exit_code)


def _drop_unwritten() -> None:
    """Let what cannot be shown go, or Python tries once more at its end and replaces the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
