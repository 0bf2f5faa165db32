"""A comparison that does not hold shows both sides whole, or all that is different about them."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from seatrials.evidence.history import Exchange
from seatrials.platform.calls import Fields
from seatrials.run.comparison import comparison, who_answered
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


def answered(*statuses: int) -> list[Exchange]:
    """Return requests for /1, /2 and so on, answered with such statuses."""
    return [
        Exchange(
            began=0, ended=0, method="GET", target=f"/{n}", sent_headers={}, sent=b"", status=each, headers=(), body=b""
        )
        for n, each in enumerate(statuses, 1)
    ]


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ((200, 200), (200, 400), " (200 was last answered to GET /2 and GET /4)"),
        ([404, 500], [200, 404], " (500 was last answered to GET /3)"),
        (500, 200, " (500 was last answered to GET /3)"),
        ((503, 200), (200, 200), ""),
        (200, None, ""),
        ([200, "hermes"], [404, "hermes"], ""),
        ([], [200], ""),
    ],
    ids=["tuple", "list", "one", "nobody's", "no status", "others too", "none"],
)
def test_statuses_are_told_with_what_was_asked(left: object, right: object, told: str) -> None:
    """Of statuses that are not as agreed the last requests are told that were answered so; of other sides nothing."""
    assert who_answered(left, right, answered(200, 200, 500, 200, 404)) == told


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_scenario_that_fails_shows_what_differs(run: Run, workers: str) -> None:
    """The line that pytest itself would cut in the middle is nowhere in the summary of a run."""
    body = f"assert {{'first': '{LONG}', 'state': 'draining'}} == {{'first': '{LONG}', 'state': 'healthy'}}"

    result = run(scenario("COLD-01", body=body, fixtures=""), "-n", workers)

    result.stdout.fnmatch_lines(["*COLD-01*: assert state is 'draining', not 'healthy'*"])


def test_a_scenario_tells_who_answered_with_a_status(run: Run) -> None:
    """A status that was not agreed is told with its request, which a number alone does not show."""
    body = """from tests.unit.run.test_comparison import answered
platform.recorder.history.exchanges.extend(answered(200, 404))
status = 404
assert status == 200"""

    result = run(scenario("COLD-01", body=body), "-n", "0")

    result.stdout.fnmatch_lines(["*COLD-01*: assert 404 == 200 (404 was last answered to GET /2)*"])
