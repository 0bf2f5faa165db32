"""How a run ends before its last scenario: its exit code, what it still gives back, and what it says."""

import errno
import os
import signal
from collections.abc import Callable
from typing import NoReturn

import pytest
from allure_commons.logger import AllureFileLogger
from pytest_reportlog.plugin import ReportLogPlugin

from seatrials.environments.file import load_environment
from seatrials.errors import BudgetExceededError, LeaseLostError, SeatrialsError
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.reader import read_newest
from seatrials.run import plugin
from tests.support.project import PROJECT
from tests.support.scenario_run import PLAIN, SCENARIO, WAITS, FakeStacks, record, scenario

pytest_plugins = ["pytester"]

# A worker is a process of its own, where nothing of this one is replaced.
FAKE_IN_WORKERS = """
from seatrials.run import plugin
from seatrials.stacks import AS_IT_IS, Wanted
from tests.support.scenario_run import PLAIN, FakeStacks

plugin.check_stacks = lambda environment, options: plugin.StackNotes()
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
        def open(self, *_: object, **__: object) -> NoReturn:
            msg = "the run has cost $4.00"
            raise error(msg)

    stacks = Spent(load_environment("mock", pytester.path / "environments.toml", {}))
    monkeypatch.setattr(plugin, "hold_stacks", lambda _environment, _options: stacks)
    result = run(SCENARIO + scenario("COLD-02", "test_again"))

    result.assert_outcomes(skipped=2)
    assert (result.ret, record(pytester)["exit_status"]) == (error.exit_code, error.exit_code)
    assert record(pytester)["not_run"] == dict.fromkeys(("COLD-01", "COLD-02"), "the run has cost $4.00")
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
    """The exit code is 92 for any number of workers, who tell the controller, and no row has failed by it."""
    pytester.makeconftest(FAKE_IN_WORKERS)
    result = run(RAISING, *workers)
    told = record(pytester)

    assert (result.ret, told["exit_status"]) == (92, 92)
    assert told["scenarios"] == {"COLD-01": "skipped", "COLD-02": "skipped"}
    assert told["not_run"]["COLD-01"] == "did not come to its end: the run has cost $4.00"
    evidence = read_newest(pytester.path / "evidence", "mock")
    assert evidence is not None
    assert evidence.problems == ("pytest ended with status 92, so not every test was tried",)
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()
    result.stdout.fnmatch_lines(["*seatrials: the run has cost $4.00*"])


CAUGHT = """
import pytest
from seatrials.errors import BudgetExceededError, LeaseLostError

@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_looks(platform):
    try:
        raise LeaseLostError("the lease is another's")
    finally:
        assert False, "what it made is gone"

@pytest.mark.scenario("COLD-02")
@pytest.mark.staging
def test_works_in_parallel(platform): raise ExceptionGroup("2 of 3", [BudgetExceededError("the run has cost $4.00")])

@pytest.mark.scenario("COLD-03")
@pytest.mark.staging
def test_fails(platform): raise AssertionError("it does not hold")
"""


def test_what_comes_of_the_end_of_a_run_is_no_failure_either(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """Neither an error raised while the end was handled, nor one among several, fails a row; its own failure does."""
    result = run(CAUGHT)

    result.assert_outcomes(skipped=2, failed=1)
    assert result.ret == LeaseLostError.exit_code
    assert record(pytester)["scenarios"] == {"COLD-01": "skipped", "COLD-02": "skipped", "COLD-03": "failed"}


SIGNALLED = """
import os, pathlib, signal, threading
import pytest

@pytest.fixture
def held():
    yield
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), number)
    pathlib.Path("given back").touch()

@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_waits(platform, held):
    os.kill(os.{receiver}(), signal.{name})
    threading.Event().wait(60)

@pytest.mark.scenario("COLD-02")
@pytest.mark.staging
def test_again(platform): pathlib.Path("begun").touch()
"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize(
    ("receiver", "workers"),
    [("getpid", ()), ("getppid", ("-n", "1")), ("getpid", ("-n", "1"))],
    ids=["one process", "controller", "worker"],
)
def test_a_signal_ends_a_run_in_order(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    *,
    name: str,
    code: int,
    receiver: str,
    workers: tuple[str, ...],
) -> None:
    """A run that CI cancels begins no other scenario, gives back what it holds, and ends with the signal's code.

    Further signals, while it gives back, change nothing.
    """
    pytester.makeconftest(FAKE_IN_WORKERS)
    result = run(SIGNALLED.format(name=name, receiver=receiver), *workers)

    assert (result.ret, record(pytester)["exit_status"]) == (code, code)
    assert (pytester.path / "given back").exists()
    assert not (pytester.path / "begun").exists()


SWALLOWING = """
import os, pathlib, signal
import pytest

@pytest.hookimpl(optionalhook=True)
def {hook}({of}):
    if not pathlib.Path("signalled").exists():
        pathlib.Path("signalled").touch()
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:
            pass
"""


@pytest.mark.parametrize(
    ("hook", "of", "workers"),
    [
        ("pytest_configure", "config", ("-n", "0")),
        ("pytest_configure", "config", ("-n", "1")),
        ("pytest_collection", "session", ("-n", "0")),
        ("pytest_xdist_setupnodes", "config", ("-n", "1")),
    ],
)
def test_a_signal_that_somebody_swallows_ends_the_run(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, hook: str, of: str, workers: tuple[str, ...]
) -> None:
    """A library that takes the end of the run for an error of its own, as botocore does, delays it and no more."""
    pytester.makeconftest(FAKE_IN_WORKERS + SWALLOWING.format(hook=hook, of=of))
    result = run(scenario("COLD-01", body="import pathlib; pathlib.Path('begun').touch()"), *workers)

    assert result.ret == 143
    assert [(pytester.path / each).exists() for each in ("signalled", "begun")] == [True, False]


def test_a_signal_that_is_swallowed_among_rows_begins_no_others(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """The process that hands out rows to workers hands out no more, though nothing was raised in it."""
    pytester.makeconftest(FAKE_IN_WORKERS + SWALLOWING.format(hook="pytest_xdist_node_collection_finished", of="node"))
    rows = [f"COLD-{number:02}" for number in range(1, 13)]
    result = run("\n".join(scenario(row, f"test_{number}", body="pass") for number, row in enumerate(rows)), "-n", "1")

    assert result.ret == 143
    assert len(record(pytester)["scenarios"]) < len(rows)


def test_a_run_that_was_told_to_end_cleans_up_in_haste(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its stack is given back without waiting for what goes by itself, so that CI's patience is enough; others wait."""
    stacks = FakeStacks(load_environment("mock", pytester.path / "environments.toml", {}))
    monkeypatch.setattr(plugin, "hold_stacks", lambda _environment, _options: stacks)
    run(SCENARIO)
    ended_by_itself = stacks.in_haste
    run(SIGNALLED.format(name="SIGTERM", receiver="getpid"))

    assert (ended_by_itself, stacks.in_haste) == (False, True)


@pytest.mark.usefixtures("run")
def test_a_second_ctrl_c_does_not_disturb_the_end(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is impatient gets what one Ctrl-C does: pytest's 2, with all given back and no traceback of the end."""
    pytester.makeconftest(FAKE_IN_WORKERS)
    pytester.makepyfile(test_cold_start=SIGNALLED.format(name="SIGINT", receiver="getpid"))
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    # In a process of its own, for pytest hands a Ctrl-C within it on to this one.
    result = pytester.runpytest_subprocess(*PLAIN, "--environment", "mock")

    assert (result.ret, record(pytester)["exit_status"]) == (2, 2)
    assert (pytester.path / "given back").exists()
    assert not (pytester.path / "begun").exists()


WITHOUT_A_LINE = """
import os, signal, pytest

def hear():
    os.kill(os.getpid(), signal.SIGTERM)

# As it is of what a compiler adds by itself.
hear.__code__ = hear.__code__.replace(co_linetable=b"")

@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_waits(platform): hear()
"""


def test_a_signal_may_be_heard_where_no_line_is(run: Callable[..., pytest.RunResult]) -> None:
    """Between two lines there are instructions too; the run ends with the signal's code, and with no traceback."""
    result = run(WITHOUT_A_LINE)

    assert result.ret == 143
    result.stderr.no_fnmatch_line("*TypeError*")


def test_a_signal_that_is_ignored_stays_so(run: Callable[..., pytest.RunResult]) -> None:
    """A run that nohup has started goes on when its terminal is closed."""
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        body = "import os, signal; os.kill(os.getpid(), signal.SIGHUP)"
        result = run(scenario("COLD-01", body=body))
    finally:
        signal.signal(signal.SIGHUP, former)

    result.assert_outcomes(passed=1)


DYING = """
import os

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        os._exit(3)
"""


@pytest.mark.parametrize(
    "workers", [("-n", "2"), ("--tx", "2*popen", "--dist", "load")], ids=["counted", "without an end"]
)
def test_a_worker_that_cannot_begin_ends_the_run(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    """What kills one worker before its first scenario would kill the next ones: the run ends with 70 and says so."""
    pytester.makeconftest(DYING)
    result = run(SCENARIO, *workers)

    assert (result.ret, record(pytester)["exit_status"]) == (70, 70)
    result.stdout.fnmatch_lines(["*seatrials: the worker gw* ended before it knew its scenarios*"])


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


HOLDING = """
import pathlib
import pytest

@pytest.fixture
def held():
    yield
    pathlib.Path("given back").touch()

@pytest.mark.scenario("COLD-01")
@pytest.mark.staging
def test_waits(platform, held): pass
"""


@pytest.mark.parametrize(
    ("writer", "writes"),
    [
        (AllureFileLogger, ("_report_item",)),
        (ReportLogPlugin, ("pytest_runtest_logreport", "pytest_sessionfinish", "close")),
        (ReportLogPlugin, ("close",)),
    ],
    ids=["allure", "report log", "end of the report log"],
)
def test_whoever_meets_the_full_disk_the_run_ends_in_order(
    run: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    writer: type,
    writes: tuple[str, ...],
) -> None:
    """Fixtures give back what they hold, the exit code is 77, and the text is a sentence, no traceback."""

    def refuse(*_given: object) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for write in writes:
        monkeypatch.setattr(writer, write, refuse)
    result = run(HOLDING)

    shown = result.stdout.str() + result.stderr.str()
    assert result.ret == 77
    assert "seatrials: evidence cannot be written: No space left on device" in shown
    assert "Traceback" not in shown
    assert (pytester.path / "given back").exists()


def test_a_run_that_ends_before_its_session_keeps_its_exit_code(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps its stack from being given back is told beside it, and is no traceback."""

    class Full(FakeStacks):
        def close(self, *, in_haste: bool = False) -> NoReturn:
            del in_haste
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    stacks = Full(load_environment("mock", pytester.path / "environments.toml", {}))
    monkeypatch.setattr(plugin, "hold_stacks", lambda _environment, _options: stacks)
    pytester.makeconftest("import pytest\ndef pytest_sessionstart(): pytest.exit('enough', returncode=77)")
    result = run(SCENARIO)

    assert result.ret == 77
    result.stderr.fnmatch_lines(["seatrials: evidence cannot be written: No space left on device*"])
    assert "Traceback" not in result.stderr.str()


@pytest.mark.usefixtures("run")
def test_a_full_disk_has_its_code_before_there_is_a_session(pytester: pytest.Pytester) -> None:
    """A file that another plugin closes last, and that does not fit, is a full disk too."""
    pytester.makepyfile(test_cold_start=SCENARIO)
    pytester.makeconftest(
        "import errno, pytest\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_sessionstart(): pytest.exit('enough', returncode=77)\n"
        "def pytest_unconfigure(): raise OSError(errno.EFBIG, 'File too large')\n"
    )
    with pytest.raises(SystemExit) as ended:
        pytester.inline_run(*PLAIN, "--environment", "mock")

    assert ended.value.code == 77


@pytest.mark.parametrize(
    ("raised", "body", "code"),
    [
        ("pytest.PytestUnraisableExceptionWarning('open: socket 17')", WAITS, 70),
        ("pytest.PytestUnhandledThreadExceptionWarning('open: socket 17')", "assert False", 1),
        ("ExceptionGroup('two', [pytest.PytestUnraisableExceptionWarning('open: socket 17')] * 2)", "assert False", 1),
        ("pytest.PytestUnraisableExceptionWarning('open: socket 17')", "pytest.exit('enough', returncode=93)", 93),
    ],
)
def test_what_a_scenario_left_open_does_not_replace_the_exit_code(
    run: Callable[..., pytest.RunResult], pytester: pytest.Pytester, raised: str, body: str, code: int
) -> None:
    """Found at the very end, it is told in a sentence: only a run in which all was well takes a code from it."""
    pytester.makeconftest(f"import pytest\ndef pytest_unconfigure(): raise {raised}")
    result = run(scenario("COLD-01", body=body))

    assert result.ret == code
    result.stdout.fnmatch_lines(["seatrials: something was left open*open: socket 17*"])
    assert "Traceback" not in result.stderr.str()
