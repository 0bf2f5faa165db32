"""Schedules, as they are drawn and as they are written."""

import re

import pytest
from hypothesis import given, settings

from seatrials.errors import ConfigurationError
from seatrials.explore.schedule import FAULTS, STEPS_MAX, Step, parse, schedules, written


@settings(max_examples=100, database=None, derandomize=True)
@given(schedules())
def test_what_is_written_is_read_as_it_was_drawn(schedule: tuple[Step, ...]) -> None:
    """A schedule has twelve steps at most, and to read what was written of it gives the same steps."""
    assert len(schedule) <= STEPS_MAX
    assert parse(written(schedule)) == schedule


def test_a_step_is_written_as_people_read_it() -> None:
    """Name, seconds and whose; behind them what it may be besides."""
    steps = (
        Step("task killed", 20, 1, arrives=True, leaves=True, hastes=True),
        Step("leave", 5, 3),
        Step("use", 45, hastes=True),
    )

    assert written(steps) == "task killed 20 1 arrives leaves hastes; leave 5 3; use 45 0 hastes"


def test_every_wrong_step_is_told() -> None:
    """What no step is, is listed, each with the names that there are."""
    text = "task killed 20 1; task eaten 20 1; use; Hermes killed x 1; 5 5; table away 20 1 departs"
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    told = re.findall(r"no step is '([^']*)'", str(caught.value))

    assert told == ["task eaten 20 1", "use", "Hermes killed x 1", "5 5", "table away 20 1 departs"]
    assert [each for each in FAULTS if each not in str(caught.value)] == []
