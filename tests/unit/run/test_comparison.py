"""A comparison that does not hold shows both sides whole, or all that is different about them."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from seatrials.platform.calls import Fields
from seatrials.run.comparison import comparison
from tests.support.scenario_run import scenario

pytest_plugins = ["pytester"]

Run = Callable[..., pytest.RunResult]
LONG = "x" * 120


@dataclass(frozen=True)
class Facts:
    """A record with a long field."""

    name: str
    size: int


@pytest.mark.parametrize("is_long", [False, True])
def test_a_comparison_says_whose_answer_it_is_about(*, is_long: bool) -> None:
    """A wrong field is told with the request and the service that answered, on whichever side that stands."""
    answer = "<POST /keepalive → 200 from hermes: {'lastActivty': 1}>"
    fields = Fields({"lastActivty": LONG * 2 if is_long else 1}, answer)

    for told in (comparison({"lastActivity": 1}, fields), comparison(fields, {"lastActivity": 1})):
        assert told.endswith(" (answered: POST /keepalive → 200 from hermes)")
        assert "'lastActivty'" in told or "lastActivty is" in told


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ((503, "awselb/2.0"), (200, "astro"), "(503, 'awselb/2.0') == (200, 'astro')"),
        (Facts(LONG, 1), Facts(LONG, 2), "size is 1, not 2"),
        ({LONG: 1, "b": 2, "c": 3}, {LONG: 1, "b": 3, "d": 4}, "b is 2, not 3; c is 3, and should not be there; d is"),
        ({LONG, "b"}, {LONG, "c"}, "'b' should not be there; 'c' is missing"),
        ([LONG, LONG, "b"], [LONG, LONG], "'b' should not be there"),
    ],
    ids=["short", "record", "mapping", "set", "list"],
)
def test_what_differs_is_told(left: object, right: object, told: str) -> None:
    """Short sides are whole; of long ones the fields, keys or items are told that are different, and no others."""
    assert comparison(left, right).startswith(told)
    assert LONG not in comparison(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [(LONG * 9, LONG), (list(range(900)), []), ([LONG, LONG], [LONG, LONG, LONG]), (Facts(LONG, 1), {LONG: 1})],
)
def test_a_comparison_is_one_line_of_bounded_length(left: object, right: object) -> None:
    """However large both sides are, the line stays short, and never is empty."""
    assert 0 < len(comparison(left, right)) <= 400


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_scenario_that_fails_shows_what_differs(run: Run, workers: str) -> None:
    """The line that pytest itself would cut in the middle is nowhere in the summary of a run."""
    body = f"assert {{'first': '{LONG}', 'state': 'draining'}} == {{'first': '{LONG}', 'state': 'healthy'}}"

    result = run(scenario("COLD-01", body=body, fixtures=""), "-n", workers)

    result.stdout.fnmatch_lines(["*COLD-01*: assert state is 'draining', not 'healthy'*"])
