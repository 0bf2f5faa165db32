"""How late a run was: its own process, and the world of a rehearsal, which tells it where AWS would not be asked."""

from collections.abc import Callable

import httpx

from seatrials.seams.clock import SystemClock
from seatrials.seams.lateness import LATENESS_PATH, Pulse

_ASK_SECONDS = 60.0


class RunLateness:
    """The lateness of this process and, behind *control_url*, of the served world that it examines."""

    def __init__(self, clock: SystemClock, control_url: str | None) -> None:
        self._clock = clock
        self._control_url = control_url
        self._pulse = Pulse(clock, clock.pace, clock.computed_seconds)
        self._pulse.begin()

    def watch(self) -> Callable[[], float]:
        """Return what tells the worst delay since this call, in seconds of platform time."""
        began = self._clock.now()
        return lambda: max(self._pulse.lateness.worst_since(began), self._of_world(began))

    def close(self) -> None:
        """Look at the clock no more."""
        self._pulse.end()

    def _of_world(self, began: float) -> float:
        """Return how late the world was; one that does not answer is not late but gone, and no excuse for a failure."""
        if self._control_url is None:
            return 0.0
        try:
            answer = httpx.get(
                f"{self._control_url}{LATENESS_PATH}", params={"since": began}, timeout=_ASK_SECONDS, trust_env=False
            )
            return float(answer.raise_for_status().json()["late_seconds"])
        except httpx.HTTPError:
            return 0.0
