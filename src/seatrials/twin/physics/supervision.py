"""What becomes of an exception in an actor of AWS: it is told, and the actor goes on with its next resource.

The idea. An actor such as the scheduler looks at one resource after another, and each look is a *turn*. What a turn
raises belongs to its resource: `Supervisor` notes it, tells it once, and the actor takes the next resource. Whoever
made the world decides what telling means: a scenario fails, a server says a line and lives on.

It is the one place where every `Exception` is caught. A list of the expected ones would be wrong: what is expected, an
actor handles itself, and what remains is a defect or an input that nobody here thought of.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from types import TracebackType
from typing import Self

_PACKAGE = "seatrials"
_PACKAGES = "site-packages"


@dataclass(frozen=True)
class Failure:
    """An exception of a turn: whose it was, which resource it was about, and what was raised."""

    actor: str
    # Empty, when the actor itself failed and not its work on one resource.
    resource: str
    error: Exception

    @property
    def place(self) -> str:
        """The last line of ours that the exception went through: file, line, function and source, hence the property.

        Empty for an exception that went through none of ours.
        """
        ours = [frame for frame in self._frames() if _is_ours(frame)]
        if not ours:
            return ""
        return f"{_named(ours[-1])}: {ours[-1].line}"

    @property
    def lines(self) -> list[str]:
        """The traceback, innermost last, with no path of this machine."""
        return [_named(frame) for frame in self._frames()]

    def __str__(self) -> str:
        """Say all that helps to find it."""
        about = f" at {self.resource}" if self.resource else ""
        where = f" ({self.place})" if self.place else ""
        return f"{self.actor} failed{about}: {type(self.error).__name__}: {self.error}{where}"

    def _frames(self) -> list[traceback.FrameSummary]:
        return list(traceback.extract_tb(self.error.__traceback__))


class Turn:
    """A look at one resource, as a context manager that lets no `Exception` out."""

    __slots__ = ("_actor", "_resource", "_supervisor", "failed")

    def __init__(self, supervisor: "Supervisor", actor: str, resource: str) -> None:
        self._supervisor = supervisor
        self._actor = actor
        self._resource = resource
        self.failed = False

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        """Keep an `Exception` from ending the actor; one of another kind, such as its death, goes on."""
        if not isinstance(error, Exception):
            return False
        self.failed = True
        self._supervisor.note(Failure(self._actor, self._resource, error))
        return True


class Supervisor:
    """Keeps the exceptions of the actors of one world."""

    def __init__(self, on_failure: Callable[[Failure], None]) -> None:
        """*on_failure* hears of each failure once: a loop may meet the same one at every turn."""
        self.on_failure = on_failure
        # What was told, in that order: the texts alone, for a traceback would keep alive all that it went through.
        self.told: list[str] = []
        self._met: set[tuple[str, str, str, str]] = set()

    def turn(self, actor: str, resource: str) -> Turn:
        """Return the block in which *actor* looks at *resource*."""
        return Turn(self, actor, resource)

    def note(self, failure: Failure) -> None:
        """Tell a failure, unless one of that kind and place was told of that resource before."""
        kind = (failure.actor, failure.resource, type(failure.error).__name__, failure.place)
        if kind not in self._met:
            self._met.add(kind)
            self.told.append(str(failure))
            self.on_failure(failure)


def _is_ours(frame: traceback.FrameSummary) -> bool:
    parts = PurePath(frame.filename).parts
    return _PACKAGE in parts and _PACKAGES not in parts[parts.index(_PACKAGE) :]


def _named(frame: traceback.FrameSummary) -> str:
    """Return a place in the code as it is called on every machine."""
    parts = PurePath(frame.filename).parts
    for root in (_PACKAGES, _PACKAGE):
        if root in parts:
            last = len(parts) - 1 - parts[::-1].index(root)
            parts = parts[last + 1 :]
            break
    return f"{PurePath(*parts)}:{frame.lineno} in {frame.name}"
