"""Tests of how long a scenario has waited for its sessions."""

import pytest

from seatrials.errors import WaitTimeoutError
from seatrials.platform import Waited
from seatrials.seams.clock import in_parallel
from seatrials.twin.physics.clock import VirtualClock


def test_stretches_are_added_up(clock: VirtualClock) -> None:
    """What lies between them counts for nothing."""
    waited = Waited(clock.now)
    for _ in range(2):
        with waited.counted():
            clock.sleep(30)
        clock.sleep(100)

    assert waited.seconds == 60


def test_stretches_that_overlap_count_once(clock: VirtualClock) -> None:
    """Three actors who wait for a minute have waited for a minute, and one of them for half a minute more."""
    waited = Waited(clock.now)

    def wait(seconds: float) -> None:
        with waited.counted():
            clock.sleep(seconds)

    in_parallel(clock, [lambda: wait(60), lambda: wait(60), lambda: wait(90)])

    assert waited.seconds == pytest.approx(90)


def test_a_wait_that_fails_counts(clock: VirtualClock) -> None:
    """The scenario fails by the wait, and not by its limit too."""
    waited = Waited(clock.now)

    def wait_in_vain() -> None:
        with waited.counted():
            clock.sleep(120)
            raise WaitTimeoutError

    with pytest.raises(WaitTimeoutError):
        wait_in_vain()

    assert waited.seconds == 120
