"""A container's clock, which is not quite that of the world."""

from collections.abc import Callable

from seatrials.seams.clock import Clock, Signal


class WrongClock:
    """A `Clock` that is *ahead_seconds* ahead of another, or behind it, and waits as long as that one does."""

    def __init__(self, clock: Clock, ahead_seconds: float) -> None:
        self._clock = clock
        self._ahead_seconds = ahead_seconds

    def now(self) -> float:
        """Return what this clock takes for the seconds since the epoch."""
        return self._clock.now() + self._ahead_seconds

    def epoch_ms(self) -> int:
        """Return what this clock takes for the milliseconds since the epoch."""
        return int(self.now() * 1000)

    def step(self, seconds: float) -> None:
        """Set the clock forward by so many seconds, as one does whose NTP has found the time again."""
        self._ahead_seconds += seconds

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of platform time."""
        self._clock.sleep(seconds)

    def spawn(self, work: Callable[[], object], name: str) -> None:
        """Run *work* beside the caller."""
        self._clock.spawn(work, name)

    def signal(self) -> Signal:
        """Return a new flag that waits on this clock."""
        return self._clock.signal()
