"""What clients of a served world have broken there: each fault has a number until they end it, or its time is over.

A client that is gone heals nothing, so the server does.
"""

import itertools
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from seatrials.platform.faults import FAULTS
from seatrials.seams.clock import Clock, Signal
from seatrials.twin.faults import TwinFaults

# In platform time: longer than any row breaks something.
LONGEST_SECONDS = 1_800.0


class UnknownFaultError(Exception):
    """No such fault can be begun or ended; the text says why."""


class ServedFaults:
    """The faults of one served world."""

    def __init__(self, clock: Clock, breaker: TwinFaults) -> None:
        """*breaker* makes them."""
        self._clock = clock
        self._breaker = breaker
        self._numbers = itertools.count(1)
        # By number: its name, what ends it, and what wakes those who wait for its end.
        self._held: dict[int, tuple[str, ExitStack, Signal]] = {}

    def begin(self, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> int:
        """Begin a fault of the vocabulary and return its number; raises `UnknownFaultError` for what is none."""
        if name not in FAULTS:
            msg = f"no fault is called {name[:100]!r}; there are {', '.join(FAULTS)}"
            raise UnknownFaultError(msg)
        if "client" in given:
            msg = "clients of a served world are outside of it: their packets cannot be lost here"
            raise UnknownFaultError(msg)
        held = ExitStack()
        try:
            held.enter_context(getattr(self._breaker, name)(*given, **named))
        # A task that there is not, a service of another name, or parameters that the fault does not take.
        except (LookupError, TypeError, ValueError, ClientError) as error:
            msg = f"{name} cannot be had with {[*given, *named.items()]}: {type(error).__name__}: {error}"
            raise UnknownFaultError(msg) from error
        number, ended = next(self._numbers), self._clock.signal()
        self._held[number] = (name, held, ended)
        self._clock.spawn(partial(self._end_in_time, number, ended), f"fault {number}")
        return number

    def end(self, number: int) -> None:
        """End a fault; raises `UnknownFaultError` when it has ended, or was never begun."""
        if number not in self._held:
            msg = f"no fault has the number {number}, or it has ended"
            raise UnknownFaultError(msg)
        _, held, ended = self._held.pop(number)
        ended.set()
        held.close()

    def active(self) -> list[str]:
        """Return the names of the faults that go on, the oldest first."""
        return [name for name, _, _ in self._held.values()]

    def end_all(self) -> list[str]:
        """End every fault, the newest first; return their names."""
        ended = self.active()
        for number in reversed(list(self._held)):
            self.end(number)
        return ended

    def _end_in_time(self, number: int, ended: Signal) -> None:
        if not ended.wait(LONGEST_SECONDS):
            self.end(number)
