"""Which pace a machine can hold: the one that is wanted on quick ones, less in proportion on slow ones."""

import pytest

from seatrials.twin_server.pace import QUICK_SECONDS, pace_to_hold


@pytest.mark.parametrize(
    ("times_slower", "pace"), [(0.1, 30.0), (1.0, 30.0), (1.5, 20.0), (3.0, 10.0), (30.0, 1.0), (1000.0, 1.0)]
)
def test_a_slow_machine_gets_a_slower_pace(times_slower: float, pace: float) -> None:
    """Up to what a quick machine takes it is the pace that was wanted, and never slower than real time."""
    assert pace_to_hold(30.0, times_slower * QUICK_SECONDS) == pace


@pytest.mark.parametrize("wanted", [0.5, 1.0])
def test_real_time_stays(wanted: float) -> None:
    """A pace of real time, or a slower one, is what was meant."""
    assert pace_to_hold(wanted, 100.0) == wanted
