"""What a run tells of itself is what the gate needs to judge it, also when the run ended badly.

These are true runs of pytest in processes of their own; but for one, their scenarios touch no platform.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence, read_runs
from tests.support.project import PROJECT
from tests.support.scenario_run import PLAIN

pytest_plugins = ["pytester"]


# Ports of its own, for other tests occupy the usual ones.
ENVIRONMENTS = """
[mock]
kind = "mock"
region = "us-west-2"
account_id = "123456789012"
template = "stack.yaml"

[mock.ports]
hermes = 23000
edit_api = 28080
edit_preview = 24321
edit_hmr = 24322
"""
SCENARIOS = """
    import os
    import pytest

    @pytest.fixture(autouse=True)
    def _asked(request):
        request.node.user_properties += [("calls", 1), ("platform_seconds", 1.5)]

    @pytest.mark.scenario("COLD-01")
    @pytest.mark.production
    def test_passes(): pass

    @pytest.mark.scenario("COLD-02")
    @pytest.mark.staging
    def test_second(request): {second}

    @pytest.mark.scenario("COLD-03")
    @pytest.mark.mock_only
    def test_third(): pass
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., RunEvidence]:
    """Return what runs three scenarios, of which the second is given, and reads the evidence."""
    pytester.makeini("[pytest]")
    (pytester.path / "environments.toml").write_text(ENVIRONMENTS)
    (pytester.path / "stack.yaml").write_text("Resources:\n  Logs:\n    Type: AWS::Logs::LogGroup\n")

    def run(second: str, *options: str) -> RunEvidence:
        pytester.makepyfile(test_cold_start=SCENARIOS.format(second=second))
        pytester.runpytest_subprocess(*PLAIN, "--environment", "mock", *options)
        return read_runs(pytester.path / "evidence", "mock")[-1]

    return run


def test_a_good_run_is_whole(run: Callable[..., RunEvidence]) -> None:
    """The gate finds nothing to object to in a run that simply ended."""
    evidence = run("pass")

    assert evidence.problems == ()
    assert {"COLD-01", "COLD-02", "COLD-03"} == set(evidence.results)
    assert {CellOutcome.PASSED} == {each.outcome for each in evidence.results.values()}
    assert evidence.record.scopes == {"COLD-01": "production", "COLD-02": "staging", "COLD-03": "mock_only"}


def test_a_run_says_which_job_made_it(run: Callable[..., RunEvidence], monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate links a failing row to the job that ran it."""
    monkeypatch.setenv("SEATRIALS_JOB_URL", "https://ci.example/run/7")

    evidence = run("pass")
    assert (evidence.record.job_url, evidence.problems) == ("https://ci.example/run/7", ())


def test_allure_knows_a_row_by_its_id(run: Callable[..., RunEvidence]) -> None:
    """A result is called after its row and its sentence, or its test where that has none."""
    results = run("'It holds.'").folder.allure_results.glob("*-result.json")

    names = sorted(json.loads(path.read_text())["name"] for path in results)
    assert names == ["COLD-01 test_passes", "COLD-02 It holds.", "COLD-03 test_third"]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_every_file_that_is_judged_has_a_checksum(run: Callable[..., RunEvidence], workers: str) -> None:
    """The report log has its last line, and its hash is of all of it, with workers and without."""
    evidence = run("pass", "-n", workers)

    log = evidence.path / "report-log.jsonl"
    assert "SessionFinish" in log.read_text().splitlines()[-1]
    sealed = json.loads(evidence.folder.seal.read_text())
    assert hashlib.sha256(log.read_bytes()).hexdigest() == sealed["report-log.jsonl"]
    assert hashlib.sha256(evidence.folder.record.read_bytes()).hexdigest() == sealed["run.json"]
    assert evidence.problems == ()


def test_a_crashed_worker_is_recorded(run: Callable[..., RunEvidence]) -> None:
    """The row whose worker ended is named, and the rows after it are run by another worker."""
    evidence = run("os._exit(3)", "-n", "1")

    assert evidence.record.crashed == ("COLD-02",)
    assert CellOutcome.CRASHED is evidence.results["COLD-02"].outcome
    assert CellOutcome.PASSED is evidence.results["COLD-03"].outcome
    assert evidence.problems == ("these ended with the process that ran them: COLD-02",)


def test_a_killed_run_tells_what_it_wanted(run: Callable[..., RunEvidence]) -> None:
    """Without an end there is still the list of rows, so that those without a result are known."""
    evidence = run("os._exit(3)", "-n", "0")

    assert evidence.record.ended is None
    assert CellOutcome.PASSED is evidence.results["COLD-01"].outcome
    assert [evidence.results[row].outcome for row in ("COLD-02", "COLD-03")] == [CellOutcome.CRASHED] * 2
    assert "it has no end: it still runs, or was killed" in evidence.problems


def test_what_a_scenario_left_out_stands_beside_its_pass(tmp_path: Path) -> None:
    """A row that had one session alone has passed, and its evidence says what it asked nobody."""
    capabilities = re.compile(r"capabilities = \[.*?\]", re.DOTALL)
    environments = capabilities.sub("capabilities = []", (PROJECT / "environments.toml").read_text(), count=1)
    (tmp_path / "environments.toml").write_text(
        environments.replace("stack/webordinary.yaml", str(PROJECT / "stack/webordinary.yaml"))
    )
    options = ("--environment", "mock", "--environments", str(tmp_path / "environments.toml"))
    command = (sys.executable, "-m", "pytest", "tests/integration/test_cold_start.py", "-q", "-n", "0", *options)
    done = subprocess.run(  # noqa: S603  # our own command
        [*command, "--evidence", str(tmp_path / "evidence"), "-k", "leaves_nothing_behind"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout

    found = read_runs(tmp_path / "evidence", "mock")[-1].results["COLD-14"]
    told = "passed in part, and not asked of neighbours: one session at a time may be had here"
    assert (CellOutcome.PASSED, told) == (found.outcome, found.reason)


@pytest.mark.parametrize(
    ("second", "reason", "declared"),
    [
        ("pytest.skip('no time')", "skipped: no time", False),
        (
            "request.node.user_properties.append(('not_run', 'needs faults.kill')); pytest.skip('x')",
            "needs faults.kill",
            True,
        ),
    ],
)
def test_what_was_not_run_says_why(
    run: Callable[..., RunEvidence], second: str, reason: str, *, declared: bool
) -> None:
    """A skipped scenario is recorded with its reason; one that the environment cannot run with the declared one."""
    evidence = run(second)

    assert {"COLD-02": reason.removeprefix("skipped: ")} == evidence.record.not_run
    assert evidence.results["COLD-02"].outcome == CellOutcome.NOT_RUN
    assert evidence.results["COLD-02"].reason == reason
    assert evidence.results["COLD-02"].declared == declared


def test_a_file_that_cannot_be_collected_is_told(run: Callable[..., RunEvidence], pytester: pytest.Pytester) -> None:
    """A run that pytest gave up has its reason among its problems."""
    (pytester.path / "test_routing.py").write_text("import nothing_of_that_name\n")

    evidence = run("pass")

    assert any("test_routing.py could not be collected" in each for each in evidence.problems)
    assert any("status 2" in each for each in evidence.problems)


def test_the_record_is_read_whole(run: Callable[..., RunEvidence]) -> None:
    """What was read is all that is on disk."""
    evidence = run("pass")
    written: dict[str, Any] = json.loads(Path(evidence.path, "run.json").read_text())

    assert written == evidence.record.model_dump(mode="json")
