"""How far the clock of a run is from AWS's: the `Date` of an answer says what AWS took for the time.

A scenario that compares a moment of its own with one that the platform has written down allows for it.
"""

from seatrials.platform.calls import Calls
from seatrials.platform.patience import CLOCK_SECONDS
from seatrials.seams.clock import Clock
from seatrials.seams.skew import skew_of

_HEALTH_PATH = "/health"


class ScenarioSkew:
    """The difference between a scenario's clock and the load balancer's, measured once."""

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
        return skew_of(answer.header("date"), began, self._clock.now()).least_seconds
