"""How a run ends before its last scenario: its exit code, what it still gives back, and what it says."""

from collections.abc import Callable
from typing import NoReturn

import pytest

from seatrials.environments.file import load_environment
from seatrials.errors import BudgetExceededError, LeaseLostError, SeatrialsError
from seatrials.evidence.folder import RunFolder
from seatrials.mutants.mutant import Mutant
from seatrials.run import plugin
from tests.support.scenario_run import SCENARIO, FakeStacks, record, scenario

pytest_plugins = ["pytester"]

# A worker is a process of its own, where nothing of this one is replaced.
FAKE_IN_WORKERS = """
from seatrials.run import plugin
from tests.support.scenario_run import FakeStacks

plugin.open_stacks = lambda environment, options: FakeStacks(environment)
"""


@pytest.mark.parametrize("error", [BudgetExceededError, LeaseLostError])
def test_what_ends_every_scenario_ends_the_run(
    run: Callable[..., pytest.RunResult],
    monkeypatch: pytest.MonkeyPatch,
    pytester: pytest.Pytester,
    error: type[SeatrialsError],
) -> None:
    """With the budget used up or the lease lost no other scenario is begun, and the exit code says which it was."""

    class Spent(FakeStacks):
        def open(self, scenario: str, mutant: Mutant | None = None, *, exclusive: bool = False) -> NoReturn:
            del scenario, mutant, exclusive
            msg = "the run has cost $4.00"
            raise error(msg)

    stacks = Spent(load_environment("mock", pytester.path / "environments.toml", {}))
    monkeypatch.setattr(plugin, "hold_stacks", lambda _environment, _options: stacks)
    result = run(SCENARIO + scenario("COLD-02", "test_again"))

    result.assert_outcomes(errors=1)
    assert (result.ret, record(pytester)["exit_status"]) == (error.exit_code, error.exit_code)
    assert stacks.closed
    result.stdout.fnmatch_lines(["*seatrials: the run has cost $4.00*"])


RAISING = """
import pytest
from seatrials.errors import BudgetExceededError

@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_spends(platform): raise BudgetExceededError("the run has cost $4.00")

@pytest.mark.scenario("COLD-02")
@pytest.mark.staging
def test_again(platform): raise BudgetExceededError("the run has cost $4.00")
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "workers"])
def test_a_budget_that_ends_in_a_scenario_ends_the_run(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """The exit code is 92 for any number of workers, who tell the controller; nothing is pytest's internal error."""
    pytester.makeconftest(FAKE_IN_WORKERS)
    result = run(RAISING, *workers)

    assert (result.ret, record(pytester)["exit_status"]) == (92, 92)
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["*seatrials: the run has cost $4.00*"])


TERMINATED = """
import os, pathlib, signal, threading
import pytest

@pytest.fixture
def held():
    yield
    pathlib.Path("given back").touch()

@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_waits(platform, held):
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    os.kill(os.getppid() if is_worker else os.getpid(), signal.SIGTERM)
    threading.Event().wait(60)

@pytest.mark.scenario("COLD-02")
@pytest.mark.staging
def test_again(platform): pathlib.Path("begun").touch()
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "a worker"])
def test_sigterm_ends_a_run_in_order(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
) -> None:
    """A run that CI cancels begins no other scenario, gives back what it holds, and ends with the signal's code."""
    # This test may itself run in a worker, and what runs in it must not take that one's controller for its own.
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makeconftest(FAKE_IN_WORKERS)
    result = run(TERMINATED, *workers)

    assert (result.ret, record(pytester)["exit_status"]) == (143, 143)
    assert (pytester.path / "given back").exists()
    assert not (pytester.path / "begun").exists()


def test_evidence_that_cannot_be_written_is_told_before_a_run(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """A file in the place of the evidence's folder ends the run with 77 and a sentence, before any scenario."""
    (pytester.path / "taken").touch()

    result = run(SCENARIO, "--evidence", "taken")

    assert result.ret == 77
    result.stderr.fnmatch_lines(["*seatrials: evidence cannot be written: *taken*"])


FULL = """
import errno, os
from seatrials.evidence.folder import RunFolder

def refuse(self, *arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

def pytest_runtest_call(item):
    RunFolder.write_timeline = RunFolder.write_run = refuse
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one process", "a worker"])
def test_a_disk_that_fills_up_ends_the_run(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
) -> None:
    """Evidence that can be written no more ends the run with 77, with the stack given back and no internal error."""
    # Noted, so that they are there again after the test.
    monkeypatch.setattr(RunFolder, "write_timeline", RunFolder.write_timeline)
    monkeypatch.setattr(RunFolder, "write_run", RunFolder.write_run)
    stacks = FakeStacks(load_environment("mock", pytester.path / "environments.toml", {}))
    monkeypatch.setattr(plugin, "hold_stacks", lambda _environment, _options: stacks)
    pytester.makeconftest(FAKE_IN_WORKERS + FULL)

    result = run(SCENARIO + scenario("COLD-02", "test_again"), *workers)

    shown = result.stdout.str() + result.stderr.str()
    assert (result.ret, stacks.closed) == (77, True)
    assert "seatrials: evidence cannot be written: No space left on device" in shown
    assert "INTERNALERROR" not in shown
