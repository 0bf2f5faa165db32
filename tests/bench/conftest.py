"""Benchmarks: CPU beside wall time, each round beside a yardstick, one table, and a comparison with the last release.

pytest-benchmark runs the rounds and keeps their figures; what is compared are ratios to the yardstick, for two machines
have no seconds in common, and one has other ones in an hour.
"""

import resource
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from seatrials.environments.file import load_environment
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks
from tests.bench.figures import KEPT, Figure, keep, read_kept, slower, table
from tests.bench.machine import wall_seconds, yardstick_seconds
from tests.support.project import PROJECT


class Bench:
    """Times a piece of work, round by round."""

    def __init__(self, benchmark: Any) -> None:  # noqa: ANN401  # pytest-benchmark has no types
        self._benchmark = benchmark

    def __call__(
        self,
        work: Callable[[Any], float | None],
        *,
        unit: str,
        prepare: Callable[[], object] = lambda: None,
        times: int = 1,
        rounds: int = 7,
    ) -> None:
        """Time *work* of what *prepare* returns, which is one unit *times* over.

        It may return the MB that another process took for it; else this one's are told.
        """
        yardsticks: list[float] = []
        walls: list[float] = []
        memory: list[float] = []

        def set_up() -> tuple[tuple[object], dict[str, object]]:
            yardsticks.append(yardstick_seconds())
            return (prepare(),), {}

        def timed(prepared: object) -> None:
            began = wall_seconds()
            memory_mb = work(prepared)
            walls.append(wall_seconds() - began)
            memory.append(memory_mb or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

        self._benchmark.pedantic(timed, setup=set_up, rounds=rounds, iterations=1)
        self._benchmark.extra_info.update(
            unit=unit,
            times=times,
            yardstick_seconds=median(yardsticks),
            wall_seconds=median(walls),
            memory_mb=max(memory),
        )


@pytest.fixture
def bench(benchmark: Any) -> Bench:  # noqa: ANN401  # pytest-benchmark has no types
    """Return what times a piece of work."""
    return Bench(benchmark)


@pytest.fixture(scope="session")
def stacks() -> Iterator[MockStacks]:
    """Return what opens mock worlds."""
    opened = MockStacks(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions(seed=1))
    yield opened
    opened.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what becomes of the figures."""
    group = parser.getgroup("bench", "benchmarks")
    group.addoption("--keep", action="store_true", help=f"write the figures to {KEPT.name}, for a release")
    group.addoption("--compare", action="store_true", help=f"fail for what is slower than in {KEPT.name}, beyond noise")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Show one table, and what is slower than it was."""
    found = figures(config)
    for line in table(found):
        terminalreporter.line(line)
    if config.getoption("--keep"):
        keep(found)
    for line in _slower(config):
        terminalreporter.line(line, red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of benchmarks that were faster once."""
    if _slower(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def figures(config: pytest.Config) -> list[Figure]:
    """Return the figures of all benchmarks that have run."""
    return [_figure(each) for each in config._benchmarksession.benchmarks if "times" in each.extra_info]  # type: ignore[attr-defined]  # noqa: SLF001  # the plugin's own place


def _figure(measured: Any) -> Figure:  # noqa: ANN401  # pytest-benchmark has no types
    stats, told = measured.stats, measured.extra_info
    times = told["times"]
    return Figure(
        name=measured.name.removeprefix("test_"),
        unit=told["unit"],
        cpu_seconds=stats.median / times,
        wall_seconds=told["wall_seconds"] / times,
        spread=stats.iqr / 2 / stats.median,
        ratio=stats.median / times / told["yardstick_seconds"],
        memory_mb=told["memory_mb"],
        rounds=stats.rounds,
    )


def _slower(config: pytest.Config) -> list[str]:
    return slower(figures(config), read_kept()) if config.getoption("--compare") else []
