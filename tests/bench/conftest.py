"""Benchmarks: CPU beside wall time, each round beside a yardstick, and one table.

pytest-benchmark runs the rounds and keeps their figures; `beside` compares two trees.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from seatrials.environments.file import load_environment
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks
from tests.bench.figures import KEPT, Figure, keep, table
from tests.bench.timing import Bench, Rounds
from tests.support.project import PROJECT


@pytest.fixture
def bench(benchmark: Rounds) -> Bench:
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


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Show one table."""
    found = figures(config)
    for line in table(found):
        terminalreporter.line(line)
    if config.getoption("--keep"):
        keep(found)


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
