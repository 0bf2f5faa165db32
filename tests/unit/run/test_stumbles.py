"""A scenario that stumbles over an error of Python's own."""

from pathlib import Path

import pytest

from seatrials.evidence.history import History
from seatrials.run.stumbles import stumbled
from tests.support.story import Happened


class Row:
    """A scenario's item, as far as it matters: its file is this one."""

    path = Path(__file__)


def shorter(looks: list[int]) -> int:
    """Take the second look, of which there is none."""
    return looks[1]


def stumble(happened: History) -> str:
    """Return what is told of a list that is shorter than its scenario thinks."""
    with pytest.raises(IndexError) as caught:
        shorter([])
    return str(stumbled(caught.value, Row(), happened))  # type: ignore[arg-type]  # as far as it matters


def test_a_stumble_tells_its_line_and_the_last_answer() -> None:
    """Instead of a bare IndexError there is the scenario's own line, and what it was told last."""
    told = stumble(Happened().asked("GET /hermes/health", 200, {"status": "healthy"}).history)

    assert told.startswith("stumbled over IndexError: list index out of range, in line ")
    assert ": return looks[1]; the last answer was GET /hermes/health → 200" in told


def test_a_stumble_before_any_answer_tells_its_line() -> None:
    """Nothing is said of answers that there were none of."""
    assert stumble(Happened().history).endswith(": return looks[1]")
