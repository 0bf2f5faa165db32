"""How late something was: the worst of what was noted since a moment, and a pulse that notices a standstill."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from seatrials.seams.lateness import PULSE_SECONDS, Lateness, Pulse
from seatrials.twin.physics.clock import VirtualClock

PACE = 30.0
NOTES = st.lists(st.tuples(st.floats(0, 100_000), st.floats(0, 100)), max_size=50)


@given(notes=NOTES, began=st.floats(0, 100_000))
def test_the_worst_since_a_moment_is_told(notes: list[tuple[float, float]], began: float) -> None:
    """Nothing noted since is missed, and nothing is told that was over a window earlier."""
    lateness = Lateness(PACE)
    for at, late_seconds in sorted(notes):
        lateness.note(at, late_seconds)

    since = max((late for at, late in notes if at >= began), default=0.0)
    shortly_before = max((late for at, late in notes if at >= began - PACE), default=0.0)
    assert since <= lateness.worst_since(began) <= shortly_before


class StandingClock:
    """A clock that stands still for a while, as on a machine that has no time for its process."""

    def __init__(self, standstills: list[float]) -> None:
        self._now = 0.0
        self._standstills = standstills
        self.signal: Callable[[], StandingClock] = lambda: self

    def now(self) -> float:
        """Return the seconds."""
        return self._now

    def wait(self, seconds: float) -> bool:
        """Wait so long and as much longer as it stands still, and tell that all is over when that is known."""
        if not self._standstills:
            return True
        self._now += seconds + self._standstills.pop(0)
        return False

    def spawn(self, work: Callable[[], object], _name: str) -> None:
        """Do it at once."""
        work()


def test_a_pulse_notices_a_standstill() -> None:
    """What a short sleep took too long is how late its process was, and the time before is not counted again."""
    clock = StandingClock([0.0, 7.5, 0.0, 2.5])
    pulse = Pulse(clock, PACE)  # type: ignore[arg-type]  # as much of a clock as a pulse needs

    pulse.begin()

    after_the_first = 3 * PULSE_SECONDS * PACE + 7.5 + 1
    assert pulse.lateness.worst_since(0.0) == 7.5
    assert Lateness(PACE).worst_since(after_the_first) == 0.0


def test_what_a_process_computes_itself_is_not_late() -> None:
    """A process that was busy with its own work had the machine; what is left of the delay it had not."""
    clock, computed = StandingClock([0.0, 7.5]), [0.0, 0.0, 6.0]
    pulse = Pulse(clock, PACE, lambda: computed.pop(0))  # type: ignore[arg-type]  # as much of a clock as it needs

    pulse.begin()

    assert pulse.lateness.worst_since(0.0) == 1.5


def test_virtual_time_is_never_late() -> None:
    """A pulse on a clock that waits for everybody sees nothing, and ends when it is told to."""
    with VirtualClock(1_000).closing() as clock:
        pulse = Pulse(clock, PACE)
        pulse.begin()
        clock.sleep(100)
        pulse.end()
        clock.sleep(100)

        assert pulse.lateness.worst_since(0.0) == 0.0
