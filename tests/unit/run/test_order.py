"""Tests of the order of rows on a shared stack: few returns to zero, and the same order for any number of workers."""

from collections.abc import Callable
from itertools import permutations

import pytest

from seatrials.run.items import Alone
from seatrials.run.order import turns

pytest_plugins = ["pytester"]

ZERO, WARMS = Alone(tasks_max=0, leaves=1), Alone(tasks_max=1, leaves=1)
EMPTIES, FILLS = Alone(tasks_max=3, leaves=0), Alone(tasks_max=3, leaves=3)


def returns(*needs: Alone) -> int:
    """Return how often the service returns to zero before one of these rows."""
    return sum(each.returns for each in turns([(index, need) for index, need in enumerate(needs)]))


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        pytest.param((ZERO,), 0, id="it begins at zero"),
        pytest.param((ZERO, ZERO, ZERO), 2, id="each needs it"),
        pytest.param((FILLS, FILLS, FILLS), 0, id="three tasks are shared"),
        pytest.param((FILLS, ZERO), 0, id="who needs zero comes first"),
        pytest.param((WARMS, WARMS, ZERO), 0, id="one task is shared"),
        pytest.param((ZERO, ZERO, EMPTIES), 0, id="a row that ends at zero stands between"),
        pytest.param((ZERO, ZERO, EMPTIES, FILLS), 0, id="and comes before one that fills"),
    ],
)
def test_the_service_returns_to_zero_as_seldom_as_it_can(needs: tuple[Alone, ...], expected: int) -> None:
    """However the rows stand in their files."""
    assert {returns(*each) for each in permutations(needs)} == {expected}


def test_a_row_that_does_not_fit_returns() -> None:
    """A row that needs one task at most comes after a return when three are there."""
    assert [each.returns for each in turns([("row", WARMS)], tasks=3)] == [True]
    assert [each.returns for each in turns([("row", WARMS)], tasks=1)] == [False]


ROWS = """
import pathlib
import pytest


def row(number, **need):
    marks = [pytest.mark.exclusive(**need)] if need else []
    return pytest.param(number, marks=[pytest.mark.scenario(f"COLD-{number:02}"), pytest.mark.staging, *marks])


@pytest.mark.parametrize(
    "number", [row(1), row(2), row(3, tasks_max=3), row(4, leaves=1), row(5, leaves=0), row(6, leaves=2)]
)
def test_row(number):
    with pathlib.Path("order").open("a") as file:
        file.write(f"{number} ")
"""
SHARED = """
[rehearsal]
kind = "rehearsal"
region = "us-west-2"
account_id = "123456789012"
base_url = "https://127.0.0.1:1"
endpoint_url = "http://127.0.0.1:1"
scope = "staging"
capabilities = ["exclusive"]
"""


@pytest.mark.parametrize("options", [("-n", "0"), ("-n", "1"), ("-n", "1", "--dist", "worksteal")])
def test_rows_that_are_alone_come_first(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    """On a shared stack, with workers or without, whatever --dist says."""
    monkeypatch.setattr("seatrials.run.plugin.hold_stacks", lambda _environment, _options: None)
    environments = pytester.path / "environments.toml"
    environments.write_text(environments.read_text() + SHARED)
    run(ROWS, *options, environment="rehearsal")

    assert (pytester.path / "order").read_text().split() == ["5", "4", "3", "6", "1", "2"]


def test_what_exclusive_takes_is_checked(run: Callable[..., pytest.RunResult]) -> None:
    """A number of tasks that there cannot be ends the run before its first row, with the row that has it."""
    result = run(ROWS.replace("leaves=2", "leaves=4"))

    result.stderr.fnmatch_lines(["*exclusive takes tasks_max and leaves, each from 0 to 3*"])
