"""Tests of how far the clock of a run is from AWS's, and of what is refused."""

from email.utils import formatdate
from typing import Any

import pytest

from seatrials.errors import WrongClockError
from seatrials.safety.skew import SKEW_SECONDS_MAX, measure_skew, told_skew
from seatrials.seams.clock import Clock
from seatrials.seams.skew import Skew


class FakeSts:
    """Dates its answers by a clock that is ahead; the first takes longest, as one without a connection does."""

    def __init__(self, clock: Clock, ahead_seconds: float) -> None:
        self._clock = clock
        self._ahead_seconds = ahead_seconds
        self._ways = [4.0, 0.2, 0.5]

    def get_caller_identity(self) -> dict[str, Any]:
        """Answer one call."""
        way = self._ways.pop(0)
        date = formatdate(int(self._clock.now() + self._ahead_seconds), usegmt=True)
        self._clock.sleep(way)
        return {"ResponseMetadata": {"HTTPHeaders": {"date": date}}}


def test_the_quickest_answer_is_believed(clock: Clock) -> None:
    """One that took four seconds leaves two open, and one that took a fifth of a second a tenth."""
    sts = FakeSts(clock, 3.0)
    skew = measure_skew(lambda _service: sts, clock)

    assert skew.uncertainty_seconds == pytest.approx(0.6)
    assert abs(skew.seconds - 3.0) <= skew.uncertainty_seconds


@pytest.mark.parametrize("seconds", [-7.0, 7.0])
def test_a_clock_that_is_surely_wrong_is_refused(seconds: float) -> None:
    """In either direction, with what was seen and what to do; what may be within the bound is told."""
    with pytest.raises(WrongClockError, match=rf"wrong by more than 5 s \(AWS's is \{seconds:+.1f} s.*timedatectl"):
        told_skew(Skew(seconds, 1.0))

    assert told_skew(Skew(seconds, 7.0 - SKEW_SECONDS_MAX)).startswith("AWS's is ")
