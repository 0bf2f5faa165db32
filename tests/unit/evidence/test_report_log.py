"""What a report log tells of a test, of a crash, and of its own end."""

import json
from pathlib import Path
from typing import Any

import pytest

from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.record import Sample
from seatrials.evidence.report_log import ReportLog, RowResult, parse_report_log
from tests.support.aws import Json

START = {"$report_type": "SessionStart"}
FINISH = {"$report_type": "SessionFinish", "exitstatus": 0}
TEST = "tests/test_x.py::test_x"
# What a test says of itself that has asked the platform something.
ASKED = [["platform_seconds", 23.5], ["calls", 3]]


def report(when: str, outcome: str = "passed", **more: object) -> dict[str, Any]:
    """Return one line about the test."""
    return {"$report_type": "TestReport", "nodeid": TEST, "when": when, "outcome": outcome, **more}


def read(tmp_path: Path, *lines: dict[str, Any]) -> ReportLog:
    """Return what is read from a log of these lines."""
    path = tmp_path / "report-log.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return parse_report_log(path.read_bytes(), path.name)


def result(tmp_path: Path, *lines: dict[str, Any]) -> RowResult:
    """Return what became of the test in a log with these lines between its beginning and end."""
    return read(tmp_path, START, *lines, FINISH).results[TEST]


def test_a_pass_has_a_call_and_a_tear_down(tmp_path: Path) -> None:
    """A test has passed when all its phases have; its time is that of the platform."""
    properties = [*ASKED, ["scenario", "COLD-07"]]

    found = result(tmp_path, report("setup"), report("call", user_properties=properties), report("teardown"))

    assert (found.outcome, found.seconds, found.failed) == (CellOutcome.PASSED, 23.5, False)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ([["platform_seconds", 23.5], ["calls", 0]], "passed without one call to the platform"),
        ([["platform_seconds", 0.0], ["calls", 3]], "passed without a moment of the platform's time"),
        ([["platform_seconds", 23.5]], "passed, and the run does not tell whether it called the platform"),
    ],
    ids=["no-call", "no-time", "not-told"],
)
def test_a_pass_that_asked_nothing_proves_nothing(tmp_path: Path, properties: list[list[Json]], reason: str) -> None:
    """A test whose body was skipped behind pytest's back has not run, whatever pytest says of it."""
    found = result(tmp_path, report("setup"), report("call", user_properties=properties), report("teardown"))

    assert (found.outcome, found.reason) == (CellOutcome.NOT_RUN, reason)


@pytest.mark.parametrize("phase", ["setup", "call", "teardown"])
def test_a_failure_of_any_phase_is_a_failure(tmp_path: Path, phase: str) -> None:
    """Set-up and tear-down are part of the test."""
    phases = [
        report(each, "failed" if each == phase else "passed", longrepr="no") for each in ("setup", "call", "teardown")
    ]

    found = result(tmp_path, *phases)

    assert (found.outcome, found.reason, found.failed) == (CellOutcome.FAILED, "no", True)


def test_a_test_without_an_end_crashed(tmp_path: Path) -> None:
    """A beginning is no pass."""
    assert CellOutcome.CRASHED is result(tmp_path, report("setup"), report("call")).outcome


def test_a_crashed_worker_is_a_crash(tmp_path: Path) -> None:
    """pytest-xdist reports a test whose worker ended in a phase of its own."""
    found = result(tmp_path, report("setup"), report("???", "failed", longrepr="worker 'gw1' crashed"))

    assert (found.outcome, found.reason, found.failed) == (CellOutcome.CRASHED, "worker 'gw1' crashed", False)


def test_what_an_environment_cannot_do_says_why(tmp_path: Path) -> None:
    """A declared reason is kept apart from a skip of somebody's."""
    declared = report("setup", "skipped", user_properties=[["not_run", "needs faults.kill"]])
    skipped = report("setup", "skipped", longrepr=["x.py", 1, "Skipped: flaky"])
    teardown = report("teardown")

    assert (
        result(tmp_path, declared, teardown).reason,
        result(tmp_path, declared, teardown).declared,
    ) == ("needs faults.kill", True)
    assert (
        result(tmp_path, skipped, teardown).reason,
        result(tmp_path, skipped, teardown).declared,
    ) == ("skipped: flaky", False)


def test_a_pass_in_part_says_what_was_not_asked(tmp_path: Path) -> None:
    """What a scenario could not ask where it ran stands beside its pass."""
    call = report(
        "call", user_properties=[*ASKED, ["left_out", "of neighbours: one session at a time may be had here"]]
    )
    found = result(tmp_path, report("setup"), call, report("teardown"))

    told = "passed in part, and not asked of neighbours: one session at a time may be had here"
    assert (CellOutcome.PASSED, told) == (found.outcome, found.reason)


def test_an_expected_failure_is_no_pass(tmp_path: Path) -> None:
    """An xfail is a kind of skip to pytest, and not run to us."""
    expected = report("call", "skipped", wasxfail="a known bug")

    found = result(tmp_path, report("setup"), expected, report("teardown"))

    assert (found.outcome, found.reason) == (CellOutcome.NOT_RUN, "expected to fail: a known bug")


@pytest.mark.parametrize("first", ["rerun", "failed", "passed"])
def test_a_test_that_ran_twice_is_retried(tmp_path: Path, first: str) -> None:
    """A pass that is not the first answer is none, and a failure before it is remembered."""
    once = [report("setup"), report("call", first), report("teardown")]
    again = [report("setup"), report("call"), report("teardown")]

    found = result(tmp_path, *once, *again)

    assert (CellOutcome.RETRIED, first != "passed") == (found.outcome, found.failed)


def test_samples_are_those_of_the_call(tmp_path: Path) -> None:
    """A measurement is read with its unit and kind."""
    sample = ["sample", {"name": "api_seconds", "value": 0.2, "unit": "seconds", "kind": "measured"}]

    log = read(tmp_path, START, report("call", user_properties=[sample]), FINISH)

    assert (Sample(name="api_seconds", value=0.2, unit="seconds", kind="measured"),) == log.samples


NO_SAMPLES = [3, {}, *({"name": "x", "value": value, "unit": "s", "kind": "measured"} for value in ("fast", "1", True))]


@pytest.mark.parametrize("sample", [*NO_SAMPLES, {"name": "x", "value": float("nan"), "unit": "s", "kind": "measured"}])
def test_a_sample_that_is_none_damages_its_line(tmp_path: Path, sample: object) -> None:
    """A measurement without a value is not passed over."""
    log = read(tmp_path, START, report("call", user_properties=[["sample", sample]]), FINISH)

    assert log.problems == ("report-log.jsonl is cut off or damaged at line 2",)


@pytest.mark.parametrize("told", ["soon", "2.5", [], True, float("inf")])
def test_a_time_that_is_none_damages_its_line(tmp_path: Path, told: object) -> None:
    """A test that took nonsense is not taken for one that took no time."""
    log = read(tmp_path, START, report("call", user_properties=[["platform_seconds", told]]), FINISH)

    assert log.problems == ("report-log.jsonl is cut off or damaged at line 2",)


@pytest.mark.parametrize("longrepr", [{"reprcrash": "no"}, {"reprcrash": None}, [], {}, 3, ""])
def test_a_failure_without_a_reason_is_one_still(tmp_path: Path, longrepr: object) -> None:
    """Whatever stands where pytest tells why."""
    found = result(tmp_path, report("setup"), report("call", "failed", longrepr=longrepr), report("teardown"))

    assert CellOutcome.FAILED is found.outcome
    assert found.reason


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([START, report("setup")], "has no end"),
        ([START, FINISH, START, FINISH], "two runs are mixed"),
        ([report("setup"), FINISH], "has 0 beginnings"),
        (
            [START, {"$report_type": "CollectReport", "nodeid": "x.py", "outcome": "failed"}, FINISH],
            "x.py could not be",
        ),
    ],
)
def test_a_log_that_is_not_whole_says_so(tmp_path: Path, lines: list[dict[str, Any]], problem: str) -> None:
    """A killed pytest, a mixed log, a cut one and a collection error are told."""
    assert any(problem in each for each in read(tmp_path, *lines).problems)


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    """The number of the line is told, and what can be read is read."""
    path = tmp_path / "report-log.jsonl"
    path.write_text(f"{json.dumps(START)}\n{json.dumps(report('setup'))[:30]}\n{json.dumps(FINISH)}\n")

    assert parse_report_log(path.read_bytes(), path.name).problems == (
        "report-log.jsonl is cut off or damaged at line 2",
    )


def test_a_log_that_is_no_text_is_a_problem() -> None:
    """Of bytes that are no text nothing is known."""
    log = parse_report_log(b"\xff", "report-log.jsonl")

    assert log.problems
    assert not log.results


def test_a_file_that_was_not_collected_is_told_with_its_error(tmp_path: Path) -> None:
    """Of a traceback the error is told, not the frame of Python's that it begins with."""
    traceback = (
        'ast.py:50: in parse\n    return compile(source)\nE     File "test_x.py", line 4\nE   SyntaxError: invalid'
    )
    line = {"$report_type": "CollectReport", "nodeid": "test_x.py", "outcome": "failed", "longrepr": traceback}

    found = read(tmp_path, START, line, FINISH)

    assert list(found.problems) == ["test_x.py could not be collected: SyntaxError: invalid"]
