"""How many runs are interrupted, and the platform that all of them are interrupted on."""

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from _pytest.terminal import TerminalReporter

from seatrials.twin_server import running_server
from tests.support.interruption.plans import Phase, Plan, plans
from tests.support.interruption.rehearsal import Rehearsal

# Generous, for a machine that others use too.
_READY_SECONDS = 240.0
_MET = pytest.StashKey[Counter[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the numbers of runs, and the pace; the seed is the plugin's own option."""
    group = parser.getgroup("kills", "interrupted runs on a rehearsal")
    group.addoption("--stopped", type=int, default=40, help="runs that are stopped, swept and continued (40)")
    group.addoption("--others", type=int, default=40, help="runs that are killed, or end in another way (40)")
    group.addoption(
        "--rows", action="append", help="what they run in turn, by pytest's -k; of several, each run has one"
    )
    group.addoption("--aim", choices=list(Phase), help="interrupt all in this phase (default: in one after another)")
    group.addoption("--pace", type=float, default=30.0, help="platform seconds per second (30)")


def pytest_configure(config: pytest.Config) -> None:
    """Count what is met, and let runs hear their signals."""
    config.stash[_MET] = Counter()
    # What `nohup` and `&` have ignored, every run would ignore too.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of an interruption its plans."""
    if "plan" in metafunc.fixturenames:
        config = metafunc.config
        drawn = plans(config.getoption("--seed"), config.getoption("--stopped"), config.getoption("--others"))
        aim = config.getoption("--aim")
        drawn = drawn if aim is None else [replace(plan, aim=Phase(aim)) for plan in drawn]
        metafunc.parametrize("plan", drawn, ids=str)


@pytest.fixture(name="met")
def _met(pytestconfig: pytest.Config, plan: Plan) -> "Met":
    return Met(pytestconfig.stash[_MET], plan)


class Met:
    """Notes in which phase a run was interrupted."""

    def __init__(self, counts: Counter[tuple[str, str]], plan: Plan) -> None:
        self._counts = counts
        self._plan = plan

    def __call__(self, phase: Phase) -> None:
        """Count a phase for the way of the plan."""
        self._counts[str(self._plan.way), str(phase)] += 1


@pytest.fixture(scope="session")
def rehearsal(pytestconfig: pytest.Config) -> Iterator[Rehearsal]:
    """Return one server for all runs: what one leaves, the next one would find."""
    # A shell that starts this in the background ignores them, and so would every run.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    pace = f"{pytestconfig.getoption('--pace'):g}"
    with running_server("--pace", pace, "--allow-exec", within_seconds=_READY_SECONDS) as running:
        rehearsal = Rehearsal(running, may_replace=bool(pytestconfig.getoption("--rows")))
        rehearsal.let_a_stranger_in()
        yield rehearsal
        rehearsal.http.close()


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Show how often each way met each phase, and how a failed one is repeated."""
    counts = config.stash[_MET]
    if counts:
        terminalreporter.section("interrupted", sep="=")
        terminalreporter.line(f"{'':<20}" + "".join(f"{phase:>10}" for phase in Phase))
        for way in sorted({way for way, _ in counts}):
            terminalreporter.line(f"{way:<20}" + "".join(f"{counts[way, str(phase)] or '-':>10}" for phase in Phase))
    options = " ".join(f"--{name} {config.getoption(name):g}" for name in ("seed", "stopped", "others", "pace"))
    for report in terminalreporter.getreports("failed"):
        name = report.nodeid.partition("[")[2].rstrip("]")
        terminalreporter.line(f"again: nox -s kills -- {options} -k '{name or report.nodeid.rpartition('::')[2]}'")
