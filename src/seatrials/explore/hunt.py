"""One seed: the schedule that it draws, on a world of its own, and the shortest one that fails as well."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import FlakyFailure

from seatrials.errors import SeatrialsError
from seatrials.evidence.recorder import Recorder
from seatrials.explore.coverage import Met
from seatrials.explore.schedule import Step, schedules, written
from seatrials.explore.voyage import Voyage
from seatrials.models.chance import BACKEND
from seatrials.mutants.mutant import Mutant
from seatrials.platform import Platform
from seatrials.stacks import Stacks

# How many worlds may be had to make a failing schedule shorter.
_SHRINKING_WORLDS_MAX = 150


@dataclass
class Hunted:
    """What one seed came to."""

    seed: int
    steps: str
    # What did not hold; empty when all did.
    seen: str = ""
    # Of the world of these steps.
    trace_sha256: str = ""
    met: set[Met] = field(default_factory=set)
    platform_seconds: float = 0.0


def replay(stacks: Stacks, number: int, schedule: Sequence[Step], mutant: Mutant | None = None) -> Hunted:
    """Take the steps of a schedule on a world of seed *number*; the same steps come to the same, to the letter."""
    with stacks.open(f"EXPLORE-{number}", mutant) as run:
        recorder = Recorder(run.stack.clock.now, run.sample_kind)
        run.witness(recorder.history)
        began = run.stack.clock.now()
        voyage, seen = Voyage(Platform(run.stack, recorder)), ""
        try:
            voyage.make(schedule)
        except (AssertionError, SeatrialsError) as error:
            seen = str(error) or type(error).__name__
        took = run.stack.clock.now() - began
        return Hunted(number, written(schedule), seen, run.trace_sha256() or "", voyage.met, took)


def hunt(stacks: Stacks, number: int, mutant: Mutant | None = None) -> Hunted:
    """Draw the schedule of seed *number* and take its steps; one that fails is made as short as can be."""
    tried: list[Hunted] = []

    @settings(
        # The first is the plainest, of no steps, which is not asked for.
        max_examples=2,
        backend=BACKEND,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        database=None,
        deadline=None,
    )
    @seed(number)
    @given(schedules())
    def search(schedule: tuple[Step, ...]) -> None:
        if not schedule or len(tried) > _SHRINKING_WORLDS_MAX:
            return
        tried.append(replay(stacks, number, schedule, mutant))
        assert not tried[-1].seen, tried[-1].seen

    try:
        search()
    except (AssertionError, FlakyFailure):
        failed = [each for each in tried if each.seen]
        return min(failed, key=lambda each: (each.steps.count(";"), len(each.steps)))
    return tried[0] if tried else Hunted(number, "")
