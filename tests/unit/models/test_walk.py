"""Walks: drawn from the seed, and shortened."""

from itertools import chain
from typing import Any, ClassVar, cast

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from seatrials.errors import BrokenPromiseError
from seatrials.models.walk import Walk, Walks
from seatrials.platform import Platform

NO_PLATFORM = cast("Platform", None)


class Numbers(Walk):
    """Numbers that are drawn; platform and model part when seven follows three, however much later."""

    drawn: list[list[int]]
    compared = 0

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self.drawn.append([])

    @rule(number=st.sampled_from(range(10)))
    def draw(self, number: int) -> None:
        """Draw a number."""
        if not self.is_over:
            with self.step(f"draw {number}"):
                self.drawn[-1].append(number)

    def compare(self) -> None:
        """Fail when seven follows three."""
        numbers = self.drawn[-1]
        if 3 in numbers and 7 in numbers[numbers.index(3) :]:
            msg = "seven after three"
            raise AssertionError(msg)


class Peaceful(Numbers):
    """Numbers on which nothing parts."""

    def compare(self) -> None:
        """Find nothing."""


class Turning(Peaceful):
    """Numbers that are not drawn but gone through, six in a walk."""

    steps_per_walk = 6

    @rule(data=st.data())
    def draw(self, data: st.DataObject) -> None:
        """Take the next number."""
        del data
        if not self.is_over:
            with self.step("take the next number"):
                self.drawn[-1].append(self.in_turn((*range(11),), "numbers"))


class Broken(Numbers):
    """A walk that has a mistake of its own."""

    def compare(self) -> None:
        """Stumble."""
        raise KeyError


class Unpromised(Numbers):
    """A walk on a platform that breaks what another row asks for."""

    def compare(self) -> None:
        """Find that no session starts in time."""
        msg = "gave up waiting"
        raise BrokenPromiseError(msg, "COLD-07", frozenset())


class Fickle(Numbers):
    """A walk that parts for what is left of those before it: at the twentieth step, and later on at the fourth."""

    def compare(self) -> None:
        """Fail the sooner when a walk has failed before."""
        before = [each for each in self.drawn[:-1] if each]
        assert len(self.drawn[-1]) < (4 if before else 20), "left over"


class Placed(Numbers):
    """Numbers of a walk whose place each step shows."""

    places: ClassVar[list[int]] = []

    def compare(self) -> None:
        """Part in the second walk, as often as it is done."""
        self.places.append(self.place)
        assert self.place != 1 or len(self.drawn[-1]) < 3, "third step"


def take(kind: type[Numbers], *, steps: int = 60, **given: Any) -> tuple[str, list[list[int]]]:  # noqa: ANN401
    """Return how a walk departed, and what each walk drew, those that were taken in vain left out."""
    kind.drawn = []
    departure = Walks(given.pop("seed", 1), steps, **given).departure(kind, NO_PLATFORM)
    return departure, [each for each in kind.drawn if each]


def test_a_departure_is_told_as_the_fewest_steps() -> None:
    """Of a long walk the two steps are left that it takes."""
    departure, _ = take(Numbers)

    assert departure == "after 2 steps, the last of which was to draw 7: seven after three\n  1. draw 3\n  2. draw 7"


def test_without_shortening_the_first_departure_is_told() -> None:
    """It is taken once, and what comes after it is not."""
    departure, drawn = take(Numbers, shrinks=False)

    assert departure.splitlines()[0].endswith("the last of which was to draw 7: seven after three")
    assert departure.count("\n") == len(drawn[-1])


def test_a_promise_of_another_row_is_no_departure() -> None:
    """It ends the walks at once, as what it is."""
    with pytest.raises(BrokenPromiseError, match="gave up waiting"):
        take(Unpromised)

    assert [len(each) for each in Unpromised.drawn if each] == [1]


def test_equal_seeds_take_equal_walks() -> None:
    """Another seed takes others, more steps take the same and more, and so many are taken as were asked for."""
    first, longer = take(Peaceful)[1], take(Peaceful, steps=110)[1]

    assert take(Peaceful)[1] == first
    assert take(Peaceful, seed=2)[1] != first
    assert longer[: len(first)] == first
    assert (sum(map(len, first)), sum(map(len, longer))) == (60, 110)


def test_walks_come_to_all_of_a_table_before_they_come_to_one_again() -> None:
    """Each goes on where the one before ended; another seed has another order."""
    first, second = ([*chain(*take(Turning, steps=12, seed=seed)[1])] for seed in (1, 2))

    assert sorted(first[:11]) == sorted(second[:11]) == list(range(11))
    assert first != second
    assert first[11] == first[0]


def test_a_walks_own_mistake_ends_it_at_once() -> None:
    """It is told as what it is, and not shortened."""
    with pytest.raises(KeyError):
        take(Broken)
    assert sum(map(len, Broken.drawn)) == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_walk_that_departs_at_another_step_when_it_is_done_again_has_departed(seed: int) -> None:
    """It is told, and not that hypothesis drew other data than before."""
    departure, _ = take(Fickle, seed=seed)

    assert "left over" in departure


def test_a_walk_has_the_same_place_when_it_is_done_again() -> None:
    """What a walk does by its place it does again when it is shortened, and the next walk does something else."""
    Placed.places = []
    departure, drawn = take(Placed)

    assert departure.startswith("after 3 steps")
    assert len(drawn) > 3, "the second walk was not done again"
    assert (Placed.places[:20], set(Placed.places[20:])) == ([0] * 20, {1})
