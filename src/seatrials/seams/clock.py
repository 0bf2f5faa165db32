"""Time, as the rest of the project is allowed to see it.

Code that waits is handed a `Clock`. `SystemClock` is real time, optionally at a faster pace; the mock's virtual clock
lives in `twin/physics/clock.py`. This file alone reads the machine's time, with `time` and `datetime.now`.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol, TypeVar

from seatrials.errors import FatalStateError, WaitTimeoutError

T = TypeVar("T")


class Signal(Protocol):
    """A flag that one actor sets and others wait for."""

    def set(self) -> None:
        """Raise the flag and wake everyone who waits."""

    def clear(self) -> None:
        """Lower the flag."""

    def is_set(self) -> bool:
        """Whether the flag is up."""

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait until the flag is up; return whether it is (False: the time was over first)."""


class NotYet:
    """What the condition of a wait returns in place of False: it is falsy, and says in words what was seen instead."""

    def __init__(self, seen: str) -> None:
        self._seen = seen

    def __bool__(self) -> bool:
        """Return False."""
        return False

    def __repr__(self) -> str:
        """Return what was seen."""
        return self._seen


class Clock(Protocol):
    """Time of the platform under test, and what concurrency needs of it."""

    def now(self) -> float:
        """Return the seconds since the epoch."""

    def epoch_ms(self) -> int:
        """Return the milliseconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of platform time."""

    def spawn(self, work: Callable[[], object], name: str) -> None:
        """Run *work* beside the caller."""

    def signal(self) -> Signal:
        """Return a new flag that waits on this clock."""


class _ThreadSignal:
    def __init__(self, pace: float) -> None:
        self._event = threading.Event()
        self._pace = pace

    def set(self) -> None:
        self._event.set()

    def clear(self) -> None:
        self._event.clear()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        return self._event.wait(None if timeout_seconds is None else timeout_seconds / self._pace)


class SystemClock:
    """Real time; with a *pace* above 1, platform seconds pass that many times faster.

    Processes that share a platform give the same *epoch_seconds*, the moment at which platform time and real time were
    the same; without one it is now.
    """

    def __init__(self, pace: float = 1.0, epoch_seconds: float | None = None) -> None:
        if pace <= 0:
            msg = f"the pace of a clock must be above 0 platform seconds per second, not {pace!r}"
            raise ValueError(msg)
        self._pace = pace
        real = time.time()
        self.epoch_seconds = real if epoch_seconds is None else epoch_seconds
        self._started = self.epoch_seconds + (real - self.epoch_seconds) * pace
        self._started_monotonic = time.monotonic()

    @property
    def pace(self) -> float:
        """The platform seconds per second."""
        return self._pace

    def now(self) -> float:
        """Return the seconds since the epoch, of platform time."""
        return self._started + (time.monotonic() - self._started_monotonic) * self._pace

    def epoch_ms(self) -> int:
        """Return the milliseconds since the epoch, of platform time."""
        return int(self.now() * 1000)

    def computed_seconds(self) -> float:
        """Return how long this process has computed, in seconds of platform time."""
        return time.process_time() * self._pace

    def sleep(self, seconds: float) -> None:
        """Wait for so many seconds of platform time."""
        time.sleep(max(0.0, seconds) / self._pace)

    def spawn(self, work: Callable[[], object], name: str) -> None:
        """Run *work* in a thread that does not keep the program alive."""
        threading.Thread(target=work, name=name, daemon=True).start()

    def signal(self) -> Signal:
        """Return a new flag that waits on this clock."""
        return _ThreadSignal(self._pace)


def wall_seconds() -> float:
    """Return a reading of the machine's own stopwatch, for saying how long a run took."""
    return time.perf_counter()


def iso_timestamp(epoch_seconds: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds")


def wall_epoch_seconds() -> float:
    """Return the machine's date and time in seconds since the epoch, for judging the age of evidence."""
    return time.time()


def wall_timestamp() -> str:
    """Return the machine's date and time as ISO 8601 in UTC, for evidence."""
    return iso_timestamp(time.time())


def in_parallel(clock: Clock, tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run *tasks* beside one another and return their results in order; the first error in that order is raised."""
    outcomes: list[tuple[T | None, BaseException | None]] = [(None, None)] * len(tasks)
    done = [clock.signal() for _ in tasks]

    def run(index: int) -> None:
        try:
            outcomes[index] = (tasks[index](), None)
        except Exception as error:  # noqa: BLE001  # handed to the caller below, never swallowed
            outcomes[index] = (None, error)
        except BaseException as error:
            outcomes[index] = (None, error)  # such as pytest's `fail`: no task may end as if it had a result
            raise
        finally:
            done[index].set()

    for index in range(len(tasks)):
        clock.spawn(partial(run, index), name=f"parallel-{index}")
    for signal in done:
        signal.wait()
    for _, error in outcomes:
        if error is not None:
            raise error
    return [result for result, _ in outcomes]  # type: ignore[misc]  # no error, so every slot holds a T


def wait_until(
    clock: Clock,
    condition: Callable[[], T],
    timeout_seconds: float,
    *,
    what: str,
    every_seconds: float = 1.0,
    explain: Callable[[], str] = lambda: "",
    last_step: Callable[[], str] = lambda: "",
) -> T:
    """Return the first truthy value of *condition*, asked again every *every_seconds* of platform time.

    Raises `WaitTimeoutError` naming *what*, the last value, or *last_step* where that is False, and what *explain*
    returns. A condition that sees that the
    wait is hopeless raises `FatalStateError`, which ends the wait at once with the same explanation.
    """
    deadline = clock.now() + timeout_seconds
    while True:
        try:
            value = condition()
        except FatalStateError as error:
            msg = f"gave up waiting for {what}: {error}{_paragraph(explain())}"
            raise FatalStateError(msg) from error
        if value:
            return value
        left = deadline - clock.now()
        if left <= 0:
            seen = _not_yet(last_step()) if value is False else f"last seen: {value!r}"
            msg = f"waited {timeout_seconds:g} s for {what}; {seen}{_paragraph(explain())}"
            raise WaitTimeoutError(msg)
        clock.sleep(min(every_seconds, left))


def _not_yet(last_step: str) -> str:
    """Return what to say of a bare False, which says no more than that it was waited for."""
    return f"it did not happen; the last step was {last_step}" if last_step else "it did not happen"


def _paragraph(text: str) -> str:
    return f"\n{text}" if text else ""
