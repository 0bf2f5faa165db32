"""A row that failed while it was late: nobody can tell why, and everybody is told so."""

from collections.abc import Callable

import pytest

from seatrials.errors import TooLateError
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import read_runs
from seatrials.run.late import late_seconds_max
from tests.support.scenario_run import STEP, FakeStacks, record, scenario

pytest_plugins = ["pytester"]

WAITS_IN_VAIN = f"""{STEP}
from seatrials.seams.clock import wait_until
wait_until(clock, lambda: None, 5, what="a task")"""
FAILS = f"{STEP}\nassert 2 == 3, 'two updates, not three'"
IS_REFUSED = f"""{STEP}
from seatrials.errors import RefusedWriteError
raise RefusedWriteError("not yours")"""
HAS_NO_CREDENTIALS = f"""{STEP}
from botocore.exceptions import NoCredentialsError
raise NoCredentialsError"""
# Twice what is harmless, and just what is.
HARMLESS = late_seconds_max(1)
LATE = 10 * HARMLESS


@pytest.fixture
def run_late(
    run: Callable[..., pytest.RunResult], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, float | None], pytest.RunResult]:
    """Return what runs scenarios on a stack that is so late."""

    def run_late(source: str, late_seconds: float | None) -> pytest.RunResult:
        monkeypatch.setattr(FakeStacks, "late_seconds", late_seconds)
        return run(source)

    return run_late


RunLate = Callable[[str, float | None], pytest.RunResult]


@pytest.mark.parametrize("body", [WAITS_IN_VAIN, FAILS], ids=["a-wait", "an-assertion"])
def test_a_failure_while_late_is_in_doubt(run_late: RunLate, pytester: pytest.Pytester, body: str) -> None:
    """The row has not failed and has not passed, the run has a code of its own, and both say why."""
    result = run_late(scenario("COLD-01", body=body), LATE)

    result.assert_outcomes(skipped=1)
    told = record(pytester)
    assert (result.ret, told["exit_status"]) == (TooLateError.exit_code, TooLateError.exit_code)
    assert told["late_seconds"] == LATE
    assert told["not_run"]["COLD-01"].startswith("failed while it was 10.0 s late, so nobody can tell: ")
    result.stdout.fnmatch_lines(["*nobody can tell, for they failed while it was late: COLD-01"])
    assert "not run, so not proven" not in result.stdout.str()


def test_what_failed_is_kept(run_late: RunLate, pytester: pytest.Pytester) -> None:
    """Whoever looks into the evidence finds the failure, the steps and the timeline, as of a row that failed."""
    run_late(scenario("COLD-01", body=FAILS), LATE)

    log = (pytester.path / "evidence/mock/latest/report-log.jsonl").read_text()
    for each in ("two updates, not three", "what the scenario did", "timeline of the platform"):
        assert each in log


def test_the_reader_of_the_evidence_knows_it(run_late: RunLate, pytester: pytest.Pytester) -> None:
    """For the gate it is neither a pass nor a failure, and the run is whole."""
    run_late(scenario("COLD-01", body=FAILS), LATE)

    newest = read_runs(pytester.path / "evidence", "mock")[-1]
    assert (newest.results["COLD-01"].outcome, newest.results["COLD-01"].failed) == (CellOutcome.CANNOT_TELL, False)
    assert [each for each in newest.problems if "commit" not in each and "sources" not in each] == []


@pytest.mark.parametrize("late_seconds", [0.0, HARMLESS, None])
def test_a_failure_in_time_is_a_failure(run_late: RunLate, pytester: pytest.Pytester, late_seconds: float) -> None:
    """Up to the bound, and on virtual time, nothing excuses a failure."""
    result = run_late(scenario("COLD-01", body=FAILS), late_seconds)

    result.assert_outcomes(failed=1)
    assert (result.ret, record(pytester)["late_seconds"]) == (1, late_seconds)


def test_a_pass_while_late_is_a_pass(run_late: RunLate, pytester: pytest.Pytester) -> None:
    """What a row has seen it has seen, and the run says how late it was."""
    result = run_late(scenario("COLD-01"), LATE)

    result.assert_outcomes(passed=1)
    assert (result.ret, record(pytester)["late_seconds"]) == (0, LATE)
    result.stdout.fnmatch_lines(["late by 10.0 s of platform time at worst*"])


@pytest.mark.parametrize("other", [IS_REFUSED, HAS_NO_CREDENTIALS], ids=["a refusal", "no credentials"])
def test_another_failure_stays_the_runs(run_late: RunLate, other: str) -> None:
    """A row whose failure has another reason has failed however late it was, and so has the run."""
    result = run_late(scenario("COLD-01", body=FAILS) + scenario("COLD-02", "test_asks", body=other), LATE)

    result.assert_outcomes(failed=1, skipped=1)
    assert result.ret == 1


@pytest.mark.parametrize(("pace", "harmless"), [(1, 1.0), (10, 1.0), (30, 3.0), (50, 5.0), (200, 5.0)])
def test_requests_are_late_in_the_machines_time(pace: float, harmless: float) -> None:
    """A tenth of a second of the machine is harmless, and of the platform's time at least one and at most five."""
    assert late_seconds_max(pace) == pytest.approx(harmless)
