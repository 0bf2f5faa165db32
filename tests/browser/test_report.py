"""The Allure report in a browser, from disk: that it shows what was given to it, and that it loads nothing."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from seatrials.environments.variables import read_variables
from seatrials.report.report import Build, write_report
from tests.support.project import PROJECT

TOOLS = PROJECT / "allure"
TESTS = ("test_first", "test_second")
NODES = {f"ROUTE-0{count}": f"tests/integration/test_routing.py::{test}" for count, test in enumerate(TESTS, 1)}
RECORD = {
    "kind": "mock",
    "commit": "c" * 40,
    "dirty": False,
    "started": "2026-03-02T09:00:00.000+00:00",
    "ended": "2026-03-02T09:01:00.000+00:00",
    "exit_status": 0,
    "expected": list(NODES.values()),
    "rows": NODES,
}
FAILURE = "AssertionError: waited 60 s for <img src='https://elsewhere.example/a.png'>; last seen: 503"
# Allure's program and its fonts stand in the page under addresses of these kinds.
INSIDE = ("data:", "blob:")

Opened = Callable[[str], Page]


def write_run(evidence: Path, environment: str, outcomes: dict[str, str], **changes: object) -> None:
    """Write a run with the results of *outcomes*, as pytest and allure-pytest do."""
    folder = evidence / environment / "20260302T090000Z-1"
    results = folder / "allure-results"
    results.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({**RECORD, "environment": environment, **changes}))
    ends = [{"$report_type": "SessionStart"}, {"$report_type": "SessionFinish", "exitstatus": 0}]
    (folder / "report-log.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in ends))
    for test, status in outcomes.items():
        result = {
            "uuid": f"{environment}-{test}",
            "name": test,
            "fullName": f"tests.integration.test_routing#{test}",
            "status": status,
            "statusDetails": {"message": FAILURE} if status == "failed" else {},
            "labels": [{"name": "env", "value": environment}, {"name": "suite", "value": "routing"}],
            "parameters": [{"name": "environment", "value": repr(environment)}],
        }
        (results / f"{test}-result.json").write_text(json.dumps(result))
    (folder.parent / "latest").symlink_to(folder.name)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make the report of a run that failed and of one that was killed, and return where it stands."""
    evidence = tmp_path_factory.mktemp("evidence")
    write_run(evidence, "mock", {"test_first": "passed", "test_second": "failed"}, exit_status=1)
    write_run(evidence, "staging", {"test_first": "passed"}, ended=None, exit_status=None)
    page = write_report(evidence=evidence, tools=TOOLS, build=Build(name="job 12"), variables=read_variables())
    return page.as_uri()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    """Give a function that opens a part of the report; at the end, nothing was loaded and nothing went wrong."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    requests, errors = list[str](), list[str]()
    context.on("request", lambda request: requests.append(request.url))
    context.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))

    def open_part(part: str) -> Page:
        shown = context.new_page()
        shown.goto(f"{address}#{part}")
        return shown

    yield open_part
    context.close()

    outside = [each for each in requests if not each.startswith((*INSIDE, address))]
    assert (outside, [error[:500] for error in errors]) == ([], [])


def test_the_report_shows_every_row(opened: Opened) -> None:
    """Each row stands under each environment that set out to examine it, whatever became of it."""
    shown = opened("")

    for test in TESTS:
        # One that has no result is called by its row too, as results are.
        expect(shown.get_by_text(re.compile(rf"^(ROUTE-\d\d )?{test}$"))).to_have_count(2)


def test_the_report_says_what_failed_and_what_has_no_result(opened: Opened) -> None:
    """A row that a killed run left out has a category of its own."""
    shown = opened("categories")

    expect(shown.get_by_text("Has no result")).to_be_visible()
    expect(shown.get_by_text("Waited in vain")).to_be_visible()


def test_the_report_says_which_run_was_killed(opened: Opened) -> None:
    """A run without an end is an error of the whole report."""
    shown = opened("globalErrors")

    expect(shown.get_by_text("on staging: it has no end")).to_be_visible()


def test_the_report_has_its_graphs(opened: Opened) -> None:
    """The charts find their data in the page."""
    shown = opened("charts")

    expect(shown.get_by_text("Results over the last reports")).to_be_visible()
