"""The clock of a world that real clients reach: the same actors and the same heap, held back by real time.

An event waits until platform time, which is real time times a pace, has come to its due moment; meanwhile the hub waits
for files of the machine (sockets, pipes, child processes) that actors want to read or write. Here an actor waits on
such a file as it waits on a signal, and nothing stalls: with an empty heap the hub waits for what comes from outside.

A machine that is too busy makes the world late, never disorderly: events that are overdue happen one after the other
in their order, each at its own due moment, so no timeout between actors of the world ends because of a busy machine.
A world may therefore begin in the past: it catches up as fast as it can.
"""

import selectors
from collections.abc import Iterator
from contextlib import contextmanager

from seatrials.seams.clock import SystemClock
from seatrials.seams.lateness import Lateness
from seatrials.twin.physics.clock import VirtualClock, VirtualSignal

_MICROSECONDS = 1_000_000
READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE
# While the world is late: how many events go before the outside is looked at again.
_EVENTS_PER_LOOK = 50


class PacedClock(VirtualClock):
    """A `Clock` whose events happen once *real*, platform time by the machine's stopwatch, has come to them."""

    def __init__(self, start_seconds: int, real: SystemClock) -> None:
        super().__init__(start_seconds)
        self.real = real
        # How late its events were.
        self.lateness = Lateness(real.pace)
        self._selector = selectors.DefaultSelector()
        # Who waits for a file, by its number and READ or WRITE.
        self._wanted: dict[tuple[int, int], VirtualSignal] = {}
        self._events_since_look = 0

    @property
    def late_seconds(self) -> float:
        """How far the world is behind platform time."""
        return max(0.0, self.real.now() - self.now())

    def microseconds(self, seconds: float) -> int:
        """Return a time in whole microseconds, and at least one unless it is none.

        What is left of a deadline may be less than this clock can tell; waited for in no time, again and again, it
        would never pass.
        """
        return max(1, super().microseconds(seconds)) if seconds > 0 else 0

    def wait_ready(self, file: int, event: int, timeout_seconds: float | None = None) -> bool:
        """Wait until *file* can be read (`READ`) or written (`WRITE`), or is let go; return whether it was in time."""
        signal = self._wanted.setdefault((file, event), self.signal())
        self._watch(file)
        try:
            return signal.wait_pulse(timeout_seconds)
        finally:
            if not signal.is_awaited and self._wanted.get((file, event)) is signal:
                del self._wanted[file, event]
                self._watch(file)

    def let_go(self, file: int) -> None:
        """Wake who waits for *file*, and watch it no more; to be called before it is closed."""
        for event in (READ, WRITE):
            self._wake(file, event)

    @contextmanager
    def closing(self) -> Iterator["VirtualClock"]:
        """Kill every actor at the end, and watch nothing any more."""
        try:
            with super().closing():
                yield self
        finally:
            self._selector.close()

    def _await_next(self) -> bool:
        """Return whether the next event is due; otherwise wait for it, or for the outside, whichever is first."""
        real_us = self._real_us()
        due_us = self._heap[0][0] if self._heap else None
        if due_us is not None and due_us <= real_us:
            self._note(real_us, due_us)
            self._events_since_look += 1
            if self._events_since_look >= _EVENTS_PER_LOOK:
                self._look(0.0)
            return True
        timeout = None if due_us is None else (due_us - real_us) / _MICROSECONDS / self.real.pace
        self._look(timeout)
        return False

    def _note(self, real_us: int, due_us: int) -> None:
        self.lateness.note(real_us / _MICROSECONDS, (real_us - due_us) / _MICROSECONDS)

    def _look(self, timeout_seconds: float | None) -> None:
        """Wait so many seconds of the machine for files that are ready, and give who waits for them a turn."""
        self._events_since_look = 0
        ready = self._selector.select(timeout_seconds)
        if not ready:
            return
        # What comes from outside happens now, but never after an event that is still to be taken.
        present_us = self._real_us()
        earliest_us = self._heap[0][0] if self._heap else present_us
        self._now_us = max(self._now_us, min(present_us, earliest_us))
        for key, events in ready:
            for event in (READ, WRITE):
                if events & event:
                    self._wake(key.fd, event)

    def _wake(self, file: int, event: int) -> None:
        signal = self._wanted.pop((file, event), None)
        if signal is not None:
            self._watch(file)
            signal.pulse()

    def _watch(self, file: int) -> None:
        """Tell the selector what is wanted of *file*."""
        events = sum(event for event in (READ, WRITE) if (file, event) in self._wanted)
        known = file in self._selector.get_map()
        if events and known:
            self._selector.modify(file, events)
        elif events:
            self._selector.register(file, events)
        elif known:
            self._selector.unregister(file)

    def _real_us(self) -> int:
        return round(self.real.now() * _MICROSECONDS)
