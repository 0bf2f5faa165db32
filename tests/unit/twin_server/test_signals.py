"""Tests of signals: a server ends within a bound, whatever goes on in it."""

import os
import signal
import subprocess
import sys

import pytest

# A world whose block does not end: an actor that never hands over its turn, or one who ends it that waits for ever.
_SERVER = """
import os, sys
from seatrials.seams.clock import SystemClock
from seatrials.twin.physics.paced_clock import PacedClock
from seatrials.twin_server import signals

signals.END_SECONDS = 0.3
real = SystemClock()

def hold_up():
    print("ready", flush=True)
    if sys.argv[1] == "loop":
        while True:
            pass
    os.read(os.pipe()[0], 1)

with PacedClock(int(real.epoch_seconds), real).closing() as clock:
    with signals.stopping_on_signals(clock, lambda: os.write(1, b"overdue")) as stopping:
        clock.spawn(hold_up, "holds up")
        stopping.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("what", ["loop", "wait"])
def test_a_server_that_is_held_up_ends_all_the_same(number: signal.Signals, what: str) -> None:
    """What never hands over its turn keeps no server alive: what must not stay goes, and the exit code is 70."""
    process = subprocess.Popen(  # noqa: S603  # this Python
        [sys.executable, "-c", _SERVER, what], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    said, _ = process.communicate(timeout=30)

    assert said == "overdue"
    assert process.returncode == os.EX_SOFTWARE
