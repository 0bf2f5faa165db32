"""SIGINT and SIGTERM, as a server on a `PacedClock` hears them."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from seatrials.twin.physics.clock import VirtualSignal
from seatrials.twin.physics.paced_clock import READ, PacedClock

_STOPPING = (signal.SIGINT, signal.SIGTERM)


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
def stopping_on_signals(clock: PacedClock) -> Iterator[VirtualSignal]:
    """Yield what a signal sets; the hub, which waits for sockets most of the time, is woken by a socket too."""
    stopping = clock.signal()
    here, there = socket.socketpair()
    here.settimeout(0)
    there.settimeout(0)

    def listen() -> None:
        clock.wait_ready(here.fileno(), READ)
        stopping.set()

    before = {number: signal.signal(number, _ignore) for number in _STOPPING}
    former = signal.set_wakeup_fd(there.fileno())
    clock.spawn_in(clock.world, listen, "signals")
    try:
        yield stopping
    finally:
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
        stopping.set()

    clock.spawn_in(clock.world, listen, "standard input")


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(os.EX_OK)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: Python writes the signal's number to the socket."""
