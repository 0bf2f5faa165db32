"""How far something runs behind the time that it should keep, as a busy machine makes it.

What is noted is kept by its worst of each half second, for as long as a run may take: whoever asks wants to know how
late it was while a scenario ran, not on average.
"""

import threading
from collections import deque
from collections.abc import Callable

from seatrials.seams.clock import Clock

# Where a served world tells its own.
CONTROL_PATH = "/_seatrials"
LATENESS_PATH = f"{CONTROL_PATH}/lateness"
# Of the machine: how often a pulse looks, and so how short a standstill it may miss.
PULSE_SECONDS = 0.05
_WINDOW_SECONDS = 0.5
_WINDOWS_MAX = 20_000


class Lateness:
    """The worst delays of something that follows a clock of *pace* platform seconds per second."""

    def __init__(self, pace: float) -> None:
        self._window_seconds = _WINDOW_SECONDS * pace
        # The number of a window, and the worst delay in it, in platform seconds.
        self._worst: deque[tuple[int, float]] = deque(maxlen=_WINDOWS_MAX)
        self._lock = threading.Lock()

    def note(self, at: float, late_seconds: float) -> None:
        """Note that what was due before *at*, in platform time, came only then."""
        number = int(at // self._window_seconds)
        with self._lock:
            if self._worst and self._worst[-1][0] >= number:
                number, worst = self._worst.pop()
                late_seconds = max(worst, late_seconds)
            self._worst.append((number, late_seconds))

    def worst_since(self, began: float) -> float:
        """Return the worst delay from *began* on, in platform seconds, and none when nothing was late."""
        first = int(began // self._window_seconds)
        with self._lock:
            return max((late for number, late in self._worst if number >= first), default=0.0)


class Pulse:
    """Sleeps for short times, again and again: what a sleep took too long, its process was late by.

    What the process itself has computed meanwhile is its own time, and not the machine's.
    """

    def __init__(self, clock: Clock, pace: float, computed_seconds: Callable[[], float] = lambda: 0.0) -> None:
        """*computed_seconds* tells how long the process has computed, in the clock's seconds."""
        self._clock, self._computed_seconds = clock, computed_seconds
        self._every_seconds = PULSE_SECONDS * pace
        self.lateness = Lateness(pace)
        self._over = clock.signal()

    def begin(self) -> None:
        """Look at the clock from now on, beside everything else."""
        self._clock.spawn(self._look, "lateness")

    def end(self) -> None:
        """Look no more."""
        self._over.set()

    def _look(self) -> None:
        due, computed = self._clock.now() + self._every_seconds, self._computed_seconds()
        while not self._over.wait(max(0.0, due - self._clock.now())):
            now, before, computed = self._clock.now(), computed, self._computed_seconds()
            self.lateness.note(now, max(0.0, now - due - (computed - before)))
            due = now + self._every_seconds
