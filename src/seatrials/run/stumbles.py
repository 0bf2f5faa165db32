"""A scenario that stumbled: an error of Python's own tells neither what was expected nor what the platform did.

So it is told with the line that it came of, and the last answer before it.
"""

import linecache
import traceback
from types import TracebackType

import pytest

from seatrials.evidence.history import History
from seatrials.evidence.redaction import redact

# What an expression raises that met a value which its author did not think of.
STUMBLES = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
_SHOWN_BYTES = 400


class StumbledError(Exception):
    """The scenario met what it does not expect, before it could say what it expected."""

    def __init__(self, message: str, over: str) -> None:
        """*over* is the name of the error that it stumbled over."""
        super().__init__(message)
        self.over = over


def stumbled(error: Exception, item: pytest.Item, history: History) -> StumbledError:
    """Return what is told in place of *error*, with its traceback."""
    told = f"stumbled over {type(error).__name__}: {error}, {_place(error.__traceback__, str(item.path))}"
    last = next((each for each in reversed(history.exchanges) if each.status), None)
    if last is not None:
        told = f"{told}; the last answer was {last} {last.body[:_SHOWN_BYTES].decode('utf-8', 'replace')}".rstrip()
    return StumbledError(redact(told), type(error).__name__).with_traceback(error.__traceback__)


def _place(trace: TracebackType | None, file: str) -> str:
    """Return the scenario's own line that an error came through last."""
    own = [(frame, line) for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename == file]
    if not own:
        return "before a line of its own"
    _, line = own[-1]
    return f"in line {line}: {linecache.getline(file, line).strip()}"
