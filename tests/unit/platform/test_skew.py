"""Tests of how far the clock of a run is from AWS's."""

from email.utils import formatdate

import httpx
import pytest

from seatrials.evidence.recorder import Recorder
from seatrials.platform.calls import Calls
from seatrials.platform.patience import CLOCK_SECONDS
from seatrials.platform.skew import ScenarioSkew
from seatrials.twin.physics.clock import VirtualClock


class FakeBalancer:
    """Dates its answers by a clock that is ahead of the run's, and takes its time on the way there and back."""

    def __init__(self, clock: VirtualClock, ahead_seconds: float, way_seconds: float = 0.1) -> None:
        self.clock = clock
        self.ahead_seconds = ahead_seconds
        self.way_seconds = way_seconds
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.asked.append(request.url.path)
        self.clock.sleep(self.way_seconds)
        date = formatdate(int(self.clock.now() + self.ahead_seconds), usegmt=True)
        self.clock.sleep(self.way_seconds)
        return httpx.Response(200, headers={"date": date})


def skew(balancer: FakeBalancer, recorder: Recorder) -> ScenarioSkew:
    """Return the skew to a balancer."""
    client = httpx.Client(base_url="https://alb.example", transport=httpx.MockTransport(balancer.answer))
    return ScenarioSkew(Calls(client, balancer.clock, recorder), balancer.clock)


@pytest.mark.parametrize("ahead_seconds", [-7.0, -2.0, 2.0, 7.0])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.9])
def test_a_difference_is_measured_to_the_second(
    clock: VirtualClock, recorder: Recorder, ahead_seconds: float, fraction: float
) -> None:
    """A date has whole seconds, so that the least difference that explains it is told, never more than there is."""
    clock.sleep(fraction)
    measured = skew(FakeBalancer(clock, ahead_seconds), recorder).seconds

    assert abs(measured) <= abs(ahead_seconds)
    assert abs(measured - ahead_seconds) <= 1 + 0.2
    assert measured * ahead_seconds > 0


@pytest.mark.parametrize("fraction", [0.0, 0.5, 0.95])
def test_clocks_that_agree_have_no_difference(clock: VirtualClock, recorder: Recorder, fraction: float) -> None:
    """Whenever in a second, and however long the way is."""
    clock.sleep(fraction)

    assert skew(FakeBalancer(clock, 0.0, way_seconds=0.7), recorder).seconds == 0.0


def test_a_comparison_allows_for_what_was_measured_and_a_little_more(clock: VirtualClock, recorder: Recorder) -> None:
    """In both directions; it is measured once, by an answer of the load balancer's own."""
    balancer = FakeBalancer(clock, -5.0)
    measured = skew(balancer, recorder)

    assert measured.allowance_seconds == CLOCK_SECONDS - measured.seconds
    assert 6 <= measured.allowance_seconds <= 7
    assert balancer.asked == ["/health"]
