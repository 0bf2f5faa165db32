"""Tests of which rows have not been asked: those that met a promise whose own row has failed, and no others."""

import json
from typing import Any

import pytest

from seatrials.evidence.not_asked import not_asked
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.report_log import ReportLog, parse_report_log

FAILED = {"COLD-07": "failed", "COLD-08": "failed"}


@pytest.mark.parametrize(
    ("outcomes", "broken", "expected"),
    [
        pytest.param(FAILED, {"COLD-08": "COLD-07"}, {"COLD-08": "COLD-07"}, id="its-row-failed"),
        pytest.param({**FAILED, "COLD-07": "passed"}, {"COLD-08": "COLD-07"}, {}, id="its-row-passed"),
        pytest.param({**FAILED, "COLD-07": "skipped"}, {"COLD-08": "COLD-07"}, {}, id="its-row-was-not-run"),
        pytest.param({"COLD-08": "failed"}, {"COLD-08": "COLD-07"}, {}, id="its-row-is-not-there"),
        pytest.param(FAILED, {"COLD-07": "COLD-08", "COLD-08": "COLD-07"}, {}, id="each-blames-the-other"),
        pytest.param(FAILED, {"COLD-08": "COLD-08"}, {}, id="it-blames-itself"),
        pytest.param({**FAILED, "COLD-08": "passed"}, {"COLD-08": "COLD-07"}, {}, id="it-passed-after-all"),
        pytest.param({**FAILED, "COLD-08": "skipped"}, {"COLD-08": "COLD-07"}, {}, id="it-is-in-doubt"),
    ],
)
def test_a_row_is_excused_by_a_failure_alone(
    outcomes: dict[str, str], broken: dict[str, str], expected: dict[str, str]
) -> None:
    """What would leave a run without a failure excuses nobody."""
    assert not_asked(outcomes, broken) == expected


def report(row: str, outcome: str, message: str = "", promise: str = "") -> list[dict[str, Any]]:
    """Return the lines about one test."""
    properties = [["scenario", row], ["platform_seconds", 5.0], ["calls", 2]]
    properties += [["broken_promise", promise]] if promise else []
    common = {"$report_type": "TestReport", "nodeid": f"test_x.py::{row}", "user_properties": properties}
    told = {"longrepr": {"reprcrash": {"message": message}}} if message else {}
    phases = [("setup", "passed"), ("call", outcome), ("teardown", "passed")]
    return [{**common, "when": when, "outcome": each, **(told if when == "call" else {})} for when, each in phases]


def read(*reports: list[dict[str, Any]]) -> ReportLog:
    """Return what is read of a log of these reports."""
    lines = [{"$report_type": "SessionStart"}, *(line for each in reports for line in each)]
    lines.append({"$report_type": "SessionFinish", "exitstatus": 1})
    return parse_report_log("".join(f"{json.dumps(line)}\n" for line in lines).encode(), "report-log.jsonl")


SLOW = report("COLD-07", "failed", "AssertionError: a cold start took 112 s\nassert 112 < 60")
MET_IT = report("COLD-08", "failed", "BrokenPromiseError: waited 180 s for session x", "COLD-07")


@pytest.mark.parametrize("in_order", [(SLOW, MET_IT), (MET_IT, SLOW)], ids=["its-row-first", "its-row-last"])
def test_a_row_that_was_not_asked_has_the_reason_of_the_one_that_tells(in_order: tuple[Any, Any]) -> None:
    """Whichever of them ran first; it has not failed, and the failure itself is kept for who looks closer."""
    log = read(*in_order)
    own, other = log.results["test_x.py::COLD-07"], log.results["test_x.py::COLD-08"]

    assert (own.outcome, own.failed) == (CellOutcome.FAILED, True)
    assert (other.outcome, other.failed) == (CellOutcome.NOT_ASKED, False)
    assert other.reason == "a cold start took 112 s (COLD-07)"
    assert log.messages["test_x.py::COLD-08"].startswith("BrokenPromiseError: waited 180 s")
    assert log.summary.not_asked == {"COLD-08": "COLD-07"}
    assert log.summary.outcomes == FAILED


def test_where_its_row_has_passed_a_row_has_failed() -> None:
    """Nobody knows then why the platform kept it waiting."""
    log = read(report("COLD-07", "passed"), MET_IT)
    other = log.results["test_x.py::COLD-08"]

    assert (other.outcome, other.failed) == (CellOutcome.FAILED, True)
    assert log.summary.not_asked == {}
