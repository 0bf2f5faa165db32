"""A run on a platform that breaks a promise: one row fails, those that build on it were not asked, and all hear it."""

from collections.abc import Callable

import pytest

from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import read_newest
from tests.support.scenario_run import STEP, record, scenario

pytest_plugins = ["pytester"]

SLOW = scenario("COLD-07", "test_own", body=f"{STEP}\nclock.sleep(1)\nassert 112 < 60, 'a cold start took 112 s'")
QUICK = scenario("COLD-07", "test_own", body=f"{STEP}\nclock.sleep(1)")
MEETS_IT = f"""{STEP}
from seatrials.errors import BrokenPromiseError
raise BrokenPromiseError("waited 180 s for session session-1", "COLD-07", frozenset({{"COLD-07", "CONC-02"}}))"""
OTHERS = [scenario(row, f"test_{row[-2:]}", body=MEETS_IT) for row in ("COLD-08", "COLD-09", "CONC-02")]

Run = Callable[..., pytest.RunResult]


def test_one_cause_is_told_once(run: Run, pytester: pytest.Pytester) -> None:
    """In the summary, in run.json and to the reader; a row that is about the promise itself is not excused."""
    result = run("\n".join([*OTHERS, SLOW]))
    told = record(pytester)
    newest = read_newest(pytester.path / "evidence", "mock")
    assert newest is not None
    outcomes = {row: each.outcome for row, each in newest.results.items()}

    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*2 failed of 2 causes, 2 more not asked*",
            "*FAILED COLD-07 *a cold start took 112 s*",
            "   and so 2 were not asked: COLD-08, COLD-09",
            "not asked, so not proven, for COLD-07 has failed: COLD-08, COLD-09",
        ]
    )
    assert told["not_asked"] == {"COLD-08": "COLD-07", "COLD-09": "COLD-07"}
    assert outcomes == {
        "COLD-07": CellOutcome.FAILED,
        "CONC-02": CellOutcome.FAILED,
        "COLD-08": CellOutcome.NOT_ASKED,
        "COLD-09": CellOutcome.NOT_ASKED,
    }
    assert newest.results["COLD-08"].reason == "a cold start took 112 s (COLD-07)"
    assert newest.success_percent == 0
    assert [each for each in newest.problems if "commit" not in each and "sources" not in each] == []


def test_without_the_failure_that_tells_it_they_have_failed(run: Run, pytester: pytest.Pytester) -> None:
    """The promise's own row has passed, so that nothing else in the run would say that something is wrong."""
    result = run("\n".join([*OTHERS, QUICK]))
    newest = read_newest(pytester.path / "evidence", "mock")
    assert newest is not None

    assert result.ret == 1
    # Of rows, that is: invariants that nothing of this stack shows are told of in a line of their own.
    assert [line for line in result.outlines if "not asked" in line and not line.startswith("invariants ")] == []
    assert record(pytester)["not_asked"] == {}
    assert {row for row, each in newest.results.items() if each.failed} == {"COLD-08", "COLD-09", "CONC-02"}
