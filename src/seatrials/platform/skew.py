"""How far the clock of a run is from AWS's: the `Date` of an answer says what AWS took for the time.

A scenario that compares a moment of its own with one that the platform has written down allows for it.
"""

from email.utils import parsedate_to_datetime

from seatrials.platform.calls import Calls
from seatrials.platform.patience import CLOCK_SECONDS
from seatrials.seams.clock import Clock

# A `Date` has whole seconds. Source: RFC 9110, 5.6.7.
_RESOLUTION_SECONDS = 1.0
_HEALTH_PATH = "/health"


class Skew:
    """The difference between two clocks, measured once."""

    def __init__(self, http: Calls, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._measured: list[float] = []

    @property
    def seconds(self) -> float:
        """By how much the load balancer's clock is ahead of the run's at least, or behind it below 0."""
        if not self._measured:
            self._measured.append(self._measure())
        return self._measured[0]

    @property
    def allowance_seconds(self) -> float:
        """How far a moment of one clock may seem to be from the same moment of the other."""
        return abs(self.seconds) + CLOCK_SECONDS

    def _measure(self) -> float:
        """Return the least difference that explains the date of an answer of the load balancer's own."""
        began = self._clock.now()
        answer = self._http.get(_HEALTH_PATH)
        ended = self._clock.now()
        told = parsedate_to_datetime(answer.header("date")).timestamp()
        # The load balancer dated it at some moment from began to ended, when its clock was from told to told + 1 s.
        ahead_at_least, ahead_at_most = told - ended, told + _RESOLUTION_SECONDS - began
        return max(ahead_at_least, 0.0) + min(ahead_at_most, 0.0)
