"""A walk: steps that hypothesis draws and shrinks, each done to the platform and to a model, which are then compared.

Walks are drawn from the seed of the run alone. All of a row are taken in one world, each with clients of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.errors import Flaky, FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from seatrials.errors import BrokenPromiseError, SeatrialsError
from seatrials.models.chance import BACKEND
from seatrials.platform import Platform

# How many steps may be done to find a shorter walk that departs as well.
_SHRINKING_STEPS_MAX = 600
# So many walks go through a table together, a part of it each: as many as a row takes unless it is asked for more.
_WALKS_PER_TABLE = 2

T = TypeVar("T")


@dataclass(frozen=True)
class Departure:
    """A walk on which platform and model parted: its steps, and what was seen after the last one."""

    steps: tuple[str, ...]
    seen: str

    def __str__(self) -> str:
        """Return it in words, the last step first."""
        count = len(self.steps)
        lines = [f"after {count} steps, the last of which was to {self.steps[-1]}: {self.seen}"]
        return "\n".join([*lines, *(f"  {number}. {step}" for number, step in enumerate(self.steps, 1))])


@dataclass
class Walks:
    """How far the walks of a row go, and the shortest of them on which platform and model parted."""

    seed: int
    # Of all walks together.
    steps: int
    # Whether a departure is made shorter before it is told.
    shrinks: bool = True
    shortest: Departure | None = None
    # While a step is under way; one that ends in an error of its own leaves it so, and ends the walks.
    is_broken: bool = False
    # Which walk it is, from 0 on; it is the same one when it is done again to be shortened.
    place: int = 0
    _is_plain: bool = False
    _is_plainest: bool = False
    # Of the steps of walks from one seed.
    _left: int = 0
    _steps_since_departure: int = 0

    def departure(self, walk: "type[Walk]", platform: Platform) -> str:
        """Return the shortest walk on which *platform* departs from the model of *walk*, empty when none does."""
        steps = self.steps * walk.steps_factor
        for self.place, begun in enumerate(range(0, steps, walk.steps_per_walk)):
            # Each from a seed of its own, so that more steps are the same walks, and further ones.
            self._take(walk, platform, seed(f"{self.seed}/{begun}"), min(steps - begun, walk.steps_per_walk))
            if self.shortest is not None:
                return str(self.shortest)
        return ""

    def _take(self, walk: "type[Walk]", platform: Platform, seeded: Callable[[Any], Any], steps: int) -> None:
        chosen = settings(
            # The first is the plainest that there is.
            max_examples=2,
            backend=BACKEND,
            stateful_step_count=steps,
            phases=[Phase.generate, *([Phase.shrink] if self.shrinks else [])],
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
            database=None,
            deadline=None,
        )
        self._is_plainest, self._left = True, steps
        try:
            run_state_machine_as_test(seeded(lambda: walk(platform, self)), settings=chosen)
        except (AssertionError, SeatrialsError, Flaky) as error:
            # One that departs no second time, or at another step, in the same world, has departed all the same.
            if self.shortest is None:
                raise error.exceptions[0] if isinstance(error, FlakyFailure) else error from None

    def begin(self) -> None:
        """Begin a walk, of which the first from a seed is the plainest."""
        self._is_plainest, self._is_plain = False, self._is_plainest

    @property
    def are_over(self) -> bool:
        """Whether enough has been tried to shorten a departure: what is still asked for need not be done."""
        # The plainest walk shows nothing, but may be what another is shortened to.
        is_vain = (self._is_plain or self._left <= 0) and self.shortest is None
        most = _SHRINKING_STEPS_MAX if self.shrinks else 0
        is_enough = self.shortest is not None and self._steps_since_departure >= most
        return self.is_broken or is_vain or is_enough

    def in_turn(self, table: tuple[T, ...], what: str, turn: int) -> T:
        """Return the entry of *table* for *what* at that turn of the walk; the next walk begins half of it further."""
        order = Random(f"{self.seed}/{what}").sample(table, len(table))
        return order[(turn + self.place * ceil(len(order) / _WALKS_PER_TABLE)) % len(order)]

    def count_step(self) -> None:
        """Count a step, of whichever walk."""
        self._left -= 1
        self._steps_since_departure += self.shortest is not None

    def note(self, departure: Departure) -> None:
        """Keep the shorter of two departures."""
        if self.shortest is None or len(departure.steps) < len(self.shortest.steps):
            self.shortest = departure


class Walk(RuleBasedStateMachine):
    """One walk; a rule does its step within `step`, which compares at its end."""

    # How many times as far as others walks of this kind go.
    steps_factor: ClassVar[int] = 1
    steps_per_walk: ClassVar[int] = 20

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__()
        self.platform = platform
        walks.begin()
        # What is no draw may depend on this, and on nothing that is another when the walk is done again.
        self.place = walks.place
        self._walks = walks
        self._steps: list[str] = []
        self._turns: Counter[tuple[str, tuple[Any, ...]]] = Counter()

    def in_turn(self, table: tuple[T, ...], what: str) -> T:
        """Return the next entry of *table* for *what*, for a walk is too short to come to all of one by chance."""
        turn = self._turns[what, table]
        self._turns[what, table] += 1
        return self._walks.in_turn(table, what, turn)

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Do a step, of which *what* says what it is, and note a departure from the model."""
        self._steps.append(what)
        self._walks.count_step()
        self._walks.is_broken = True
        try:
            yield
            self.compare()
        except BrokenPromiseError:
            # Another row's failure is no departure of this one's, and no walk goes on from there.
            raise
        except (AssertionError, SeatrialsError) as error:
            self._walks.is_broken = False
            self._walks.note(Departure(tuple(self._steps), str(error)))
            raise
        self._walks.is_broken = False

    @property
    def is_over(self) -> bool:
        """Whether no further step need be done."""
        return self._walks.are_over

    def compare(self) -> None:
        """Hold the platform against the model; fails with an `AssertionError`."""
        raise NotImplementedError
