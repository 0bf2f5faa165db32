"""Tests of the durations of a world."""

from dataclasses import fields
from random import Random
from typing import get_args

import pytest

from seatrials.environments.environment import WorldName
from seatrials.twin.calibration import DEFAULT, SLOW, WORLDS, Calibration, Spread


def spreads(calibration: Calibration) -> dict[str, Spread]:
    """Return the durations that chance draws."""
    values = {each.name: getattr(calibration, each.name) for each in fields(calibration)}
    return {name: value for name, value in values.items() if isinstance(value, Spread)}


def test_draws_stay_within_bounds() -> None:
    """A draw is never below the lowest or above the highest value."""
    random = Random(1)
    draws = [Spread(1, 2, 5).draw(random) for _ in range(500)]

    assert min(draws) >= 1
    assert max(draws) <= 5


def test_draws_are_most_often_near_the_mode() -> None:
    """Half of the draws lie closer to the mode than a quarter of the width."""
    random = Random(1)
    draws = [Spread(0, 5, 10).draw(random) for _ in range(1000)]

    assert sum(abs(draw - 5) < 2.5 for draw in draws) > 500


def test_draws_are_whole_microseconds() -> None:
    """The clock counts microseconds, so a draw has no finer part that would be lost."""
    draw = Spread(1, 2, 5).draw(Random(1))

    assert draw == round(draw * 1_000_000) / 1_000_000


def test_one_seed_draws_the_same() -> None:
    """Chance comes from the generator alone."""
    first, second = Random(7), Random(7)

    assert [DEFAULT.pull.draw(first) for _ in range(5)] == [DEFAULT.pull.draw(second) for _ in range(5)]


def test_a_spread_of_no_width_is_a_constant() -> None:
    """A test may fix a duration."""
    assert Spread(3, 3, 3).draw(Random(1)) == 3


@pytest.mark.parametrize("name", WORLDS)
def test_every_spread_is_in_order(name: str) -> None:
    """In every world, low <= mode <= high, and nothing takes negative time."""
    wrong = {key: each for key, each in spreads(WORLDS[name]).items() if not 0 <= each.low <= each.mode <= each.high}

    assert wrong == {}


def test_an_environment_may_have_every_world() -> None:
    """What `world` in environments.toml and `--world` may say are the worlds that there are."""
    assert get_args(WorldName) == tuple(WORLDS)


def test_the_slow_world_has_the_measured_start() -> None:
    """SLOW's usual start lies near the median of public Fargate tasks, 57 s, and its bounds hold their range.

    Source: own sample of 13 public DescribeTasks outputs, created to RUNNING 15 to 102 s, median 57 s; the single legs
    have medians of 14.2, 15.0 and 11.4 s.
    """
    legs = (SLOW.provisioning, SLOW.pull, SLOW.activating)

    assert tuple(leg.mode for leg in legs) == (14.2, 15.0, 11.4)
    assert sum(leg.low for leg in legs) < 57 < sum(leg.high for leg in legs)


def test_the_slow_world_looks_at_alarms_once_a_minute() -> None:
    """An alarm of a period of 60 s is evaluated every minute (CloudWatch User Guide, "Alarm evaluation")."""
    assert SLOW.alarm_interval_seconds == 60


def test_the_default_world_can_keep_the_promise_of_a_cold_start() -> None:
    """Even the slowest start of a task in DEFAULT leaves some of the promised 60 s to alarm and health checks."""
    slowest = sum(each.high for each in (DEFAULT.provisioning, DEFAULT.pull, DEFAULT.activating))

    assert slowest + DEFAULT.alarm_interval_seconds < 60
