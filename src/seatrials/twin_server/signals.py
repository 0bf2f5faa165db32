"""SIGINT and SIGTERM, as a server on a `PacedClock` hears them."""

import atexit
import faulthandler
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from seatrials.twin.physics.clock import VirtualSignal
from seatrials.twin.physics.paced_clock import READ, PacedClock

_STOPPING = (signal.SIGINT, signal.SIGTERM)
# Of the machine: how long a server may take to end after a signal, and then to remove what must not stay.
END_SECONDS = 10.0
_LAST_SECONDS = 3.0
# A pipe that nobody reads would hold up the last thing that this process does.
_NOWHERE = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # for the life of the process
atexit.register(_NOWHERE.close)


@contextmanager
def exiting_on_signals() -> Iterator[None]:
    """Until the block ends, leave the program in order at a signal, with exit code 0."""
    before = {number: signal.signal(number, _leave) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stopping_on_signals(clock: PacedClock, on_overdue: Callable[[], None]) -> Iterator[VirtualSignal]:
    """Yield what a signal sets; the hub, which waits for sockets most of the time, is woken by a socket too.

    When the block has not ended `END_SECONDS` after the signal, because something in this process never hands over its
    turn or nobody reads what it says, *on_overdue* removes what must not stay, and the process ends with exit code 70.
    """
    stopping = clock.signal()
    here, there = socket.socketpair()
    here.settimeout(0)
    there.settimeout(0)

    def listen() -> None:
        clock.wait_ready(here.fileno(), READ)
        stopping.set()

    def end(_number: int, _frame: FrameType | None) -> None:
        try:
            on_overdue()
        finally:
            os._exit(os.EX_SOFTWARE)

    before = {number: signal.signal(number, _give_time) for number in _STOPPING}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, end)
    former = signal.set_wakeup_fd(there.fileno())
    clock.spawn_in(clock.world, listen, "signals")
    try:
        yield stopping
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.set_wakeup_fd(former)
        for number, handler in before.items():
            signal.signal(number, handler)
        clock.let_go(here.fileno())
        here.close()
        there.close()


def stop_with(file: int, clock: PacedClock, stopping: VirtualSignal) -> None:
    """Set *stopping* when *file* has come to its end, or anything else can be read from it."""

    def listen() -> None:
        clock.wait_ready(file, READ)
        # As if it were told: so it has no more time than that.
        signal.raise_signal(signal.SIGTERM)
        stopping.set()

    clock.spawn_in(clock.world, listen, "standard input")


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(os.EX_OK)


def _give_time(_number: int, _frame: FrameType | None) -> None:
    """Let the world end in order, for a while; Python writes the signal's number to the socket."""
    if signal.getitimer(signal.ITIMER_REAL)[0] == 0:
        signal.setitimer(signal.ITIMER_REAL, END_SECONDS)
        # Why both: the timer's handler needs Python's own loop, and code in C may hold that up.
        faulthandler.dump_traceback_later(END_SECONDS + _LAST_SECONDS, exit=True, file=_NOWHERE)
