"""Benchmarks: CPU beside wall time, each round beside a yardstick, one table, and a comparison with the last release.

pytest-benchmark runs the rounds and keeps their figures; what is compared are ratios to the yardstick, for two machines
have no seconds in common, and one has other ones in an hour.
"""

import json
import math
import resource
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from seatrials.environments.file import load_environment
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks
from tests.bench.machine import wall_seconds, yardstick_seconds
from tests.support.project import PROJECT

KEPT = PROJECT / "benchmarks.json"
# Slower by less than this nobody can tell from the machine's moods, however often it is measured.
_NOISE_MIN = 0.04
_HEAD = ("benchmark", "of", "CPU ms", "spread", "wall ms", "yardsticks", "MB")


@dataclass(frozen=True)
class Figure:
    """What one benchmark came to; seconds and yardsticks are of one of its units, such as one request."""

    name: str
    unit: str
    cpu_seconds: float
    wall_seconds: float
    # Half the distance of the quartiles, as a part of the median.
    spread: float
    # CPU time in that of the yardstick.
    ratio: float
    # Of the process that did it, at most.
    memory_mb: float
    rounds: int

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        cpu, wall = self.cpu_seconds * 1000, self.wall_seconds * 1000
        return (
            self.name,
            self.unit,
            f"{cpu:.3g}",
            f"{self.spread:.0%}",
            f"{wall:.3g}",
            f"{self.ratio:.3g}",
            f"{self.memory_mb:.0f}",
        )


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
        KEPT.write_text(json.dumps({each.name: vars(each) for each in found}, indent=1) + "\n", encoding="utf-8")
    for line in slower(config, found):
        terminalreporter.line(line, red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of benchmarks that were faster once."""
    if slower(session.config, figures(session.config)) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def figures(config: pytest.Config) -> list[Figure]:
    """Return the figures of all benchmarks that have run."""
    return [_figure(each) for each in config._benchmarksession.benchmarks]  # type: ignore[attr-defined]  # noqa: SLF001  # the plugin's own place


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


def table(found: list[Figure]) -> list[str]:
    """Return the figures as a table of Markdown."""
    return [_row(_HEAD), _row(["---"] * len(_HEAD)), *(_row(each.cells) for each in found)]


def _row(cells: Any) -> str:  # noqa: ANN401  # texts of any collection
    return f"| {' | '.join(cells)} |"


def slower(config: pytest.Config, found: list[Figure]) -> list[str]:
    """Return what takes more yardsticks than the kept figures say, beyond the noise of both, if that was asked for."""
    if not config.getoption("--compare"):
        return []
    kept: Mapping[str, Mapping[str, Any]] = json.loads(KEPT.read_text(encoding="utf-8"))
    return [line for each in found if each.name in kept and (line := _slower(each, Figure(**kept[each.name])))]


def _slower(now: Figure, then: Figure) -> str:
    noise = max(_NOISE_MIN, math.hypot(now.spread / math.sqrt(now.rounds), then.spread / math.sqrt(then.rounds)) * 2)
    change = now.ratio / then.ratio - 1
    if change <= noise:
        return ""
    return f"{now.name}: {change:+.0%} in yardsticks ({then.ratio:.3g} → {now.ratio:.3g}), noise is {noise:.0%}"
