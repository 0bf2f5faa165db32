"""Tests of the paced clock: nothing happens early or out of order, and the outside is heard."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from seatrials.seams.clock import SystemClock, wall_seconds
from seatrials.twin.physics.paced_clock import READ, WRITE, PacedClock

PACE = 100.0


class Stopwatch(SystemClock):
    """A machine that takes no time for anything but waiting, of which it does as much as it is told to."""

    def __init__(self, pace: float) -> None:
        super().__init__(pace)
        self.began = super().now()
        self.waited_seconds = 0.0

    def now(self) -> float:
        """Return platform time, of which *pace* seconds pass in one that was waited."""
        return self.began + self.waited_seconds * self.pace

    def wait(self, timeout_seconds: float | None) -> list[object]:
        """Wait for files, of which none is ever ready."""
        assert timeout_seconds is not None, "an event is due, and nothing comes from outside"
        self.waited_seconds += timeout_seconds
        return []


@contextmanager
def paced(real: Stopwatch, start_seconds: int) -> Iterator[PacedClock]:
    """Give a clock that waits by *real* alone."""
    with PacedClock(start_seconds, real).closing() as clock, pytest.MonkeyPatch.context() as patch:
        assert isinstance(clock, PacedClock)
        patch.setattr(clock._selector, "select", real.wait)  # noqa: SLF001  # where the machine waits
        yield clock


@pytest.fixture
def clock() -> Iterator[PacedClock]:
    """Give a clock of which a hundred seconds pass in one of the machine."""
    real = SystemClock(PACE)
    with PacedClock(int(real.epoch_seconds) + 1, real).closing() as clock:
        assert isinstance(clock, PacedClock)
        clock.sleep(0.01)
        yield clock


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give two ends of a connection."""
    here, there = socket.socketpair()
    with here, there:
        yield here, there


def test_a_sleep_takes_its_part_of_real_time() -> None:
    """Ten seconds of platform time are a tenth of a second of waiting, never less, and hardly more."""
    real = Stopwatch(PACE)
    with paced(real, int(real.began) + 1) as clock:
        clock.sleep(1)
        before = real.waited_seconds
        clock.sleep(10)

    assert real.waited_seconds - before == pytest.approx(10 / PACE, abs=1e-4)


def test_no_event_runs_early(clock: PacedClock) -> None:
    """When an event is due, platform time by the machine's stopwatch has come to it."""
    began, early = clock.now(), []
    for delay in (0.5, 0.1, 2.0):
        clock.call_later(delay, lambda delay=delay: early.append(clock.real.now() < began + delay))  # type: ignore[misc]

    clock.sleep(3)

    assert early == [False, False, False]


def test_events_keep_their_order(clock: PacedClock) -> None:
    """Events come by their due moment, and those of one moment as they were asked for."""
    seen: list[str] = []
    for delay, name in ((2, "c"), (1, "a"), (1, "b"), (3, "d")):
        clock.call_later(delay, lambda name=name: seen.append(name))  # type: ignore[misc]

    clock.sleep(4)

    assert seen == ["a", "b", "c", "d"]


def test_a_late_world_catches_up_in_order() -> None:
    """A world that begins an hour in the past reaches the present without waiting, each event at its own moment."""
    real = Stopwatch(1.0)
    with paced(real, int(real.began) - 3600) as clock:
        moments = []
        for _ in range(60):
            clock.sleep(60)
            moments.append(clock.elapsed_us())

    assert moments == [60_000_000 * (index + 1) for index in range(60)]
    assert real.waited_seconds == 0


def test_a_timeout_inside_a_late_world_is_its_own(clock: PacedClock) -> None:
    """What is due before a timeout comes before it, however long the machine was busy meanwhile."""
    signal = clock.signal()
    clock.call_later(1.0, signal.set)
    began = wall_seconds()
    while wall_seconds() - began < 0.05:  # five seconds of platform time in which nobody gets a turn
        pass

    assert signal.wait(2.0)


def test_a_file_that_is_ready_wakes_who_waits_for_it(
    clock: PacedClock, pair: tuple[socket.socket, socket.socket]
) -> None:
    """An actor that waits for a socket gets its turn when bytes come, long before its timeout."""
    here, there = pair
    clock.call_later(1.0, lambda: there.sendall(b"x"))

    assert clock.wait_ready(here.fileno(), READ, 1000)


def test_a_file_is_waited_for_without_any_event(clock: PacedClock) -> None:
    """Where something may come from outside, an empty heap is no stall."""
    reader, writer = os.pipe()
    os.write(writer, b"x")

    assert clock.wait_ready(reader, READ)

    os.close(reader)
    os.close(writer)


def test_a_wait_for_a_file_ends_with_its_timeout(clock: PacedClock, pair: tuple[socket.socket, socket.socket]) -> None:
    """When nothing comes, the wait is over at its timeout, and says so."""
    before = clock.now()

    assert not clock.wait_ready(pair[0].fileno(), READ, 2.0)
    assert clock.now() - before == pytest.approx(2.0, abs=1e-5)


def test_one_file_is_read_and_written_by_two(clock: PacedClock, pair: tuple[socket.socket, socket.socket]) -> None:
    """Who waits to write is woken, and who waits to read goes on waiting."""
    here, there = pair
    seen: list[str] = []
    is_read = clock.signal()

    def read() -> None:
        seen.append(f"read {clock.wait_ready(here.fileno(), READ)}")
        is_read.set()

    def write() -> None:
        seen.append(f"written {clock.wait_ready(here.fileno(), WRITE)}")
        # Why not at a moment of the clock: on a busy machine that may come before the outside is looked at.
        there.sendall(b"x")

    clock.spawn(read, "reader")
    clock.spawn(write, "writer")
    is_read.wait()

    assert seen == ["written True", "read True"]


def test_who_waits_for_a_file_that_is_let_go_is_woken(
    clock: PacedClock, pair: tuple[socket.socket, socket.socket]
) -> None:
    """Before a file is closed its reader gets a turn, to find out."""
    clock.call_later(1.0, lambda: clock.let_go(pair[0].fileno()))

    assert clock.wait_ready(pair[0].fileno(), READ, 1000)


def test_the_rest_of_a_deadline_passes(clock: PacedClock) -> None:
    """A wait for less than a microsecond takes one, so that a loop which waits for what is left comes to its end."""
    before = clock.elapsed_us()
    clock.signal().wait(0.000_000_2)

    assert clock.elapsed_us() > before


def test_clocks_of_one_epoch_agree() -> None:
    """Two processes that share pace and epoch have the same platform time."""
    one = SystemClock(50.0)
    other = SystemClock(50.0, epoch_seconds=one.epoch_seconds)
    before, between, after = one.now(), other.now(), one.now()

    # Each has read the machine's time and its stopwatch one after the other, so they may differ by a little.
    assert before - 5 < between < after + 5


def test_what_is_overdue_is_late() -> None:
    """A world that begins in the past is as late as that, until it has caught up."""
    real = SystemClock(PACE)
    with PacedClock(int(real.epoch_seconds) - 1000, real).closing() as clock:
        assert isinstance(clock, PacedClock)
        clock.sleep(1)

        assert clock.lateness.worst_since(real.epoch_seconds) > 900
