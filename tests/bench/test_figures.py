"""Tests of what becomes of figures; they are no benchmarks."""

import pytest

from tests.bench.beside import main as compare
from tests.bench.changes import changes, slower
from tests.bench.changes import table as changes_table
from tests.bench.figures import Figure, table

SUITE = Figure("suite", "run", cpu_seconds=40, wall_seconds=41, spread=0.02, ratio=600, memory_mb=200, rounds=3)


def turns(*factors: float) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Return turns in which the suite took so much longer now; the machine's own pace differs in each."""
    return [({"suite": 40.0 + at}, {"suite": (40.0 + at) * factor}) for at, factor in enumerate(factors)]


@pytest.mark.parametrize(("factor", "is_told"), [(0.8, False), (1.0, False), (1.03, False), (1.1, True), (1.5, True)])
def test_a_tenth_more_is_noticed(factor: float, is_told: bool) -> None:  # noqa: FBT001  # a parameter of a test
    """What takes a tenth longer than then has become slower; what is faster, or within the noise, has not."""
    told = slower(changes(turns(factor - 0.02, factor, factor + 0.02)))

    assert bool(told) == is_told


def test_what_is_noisy_is_not_blamed() -> None:
    """Turns that lie a third apart tell nothing of a tenth."""
    assert slower(changes(turns(0.95, 1.1, 1.3))) == []


def test_a_new_benchmark_is_compared_with_nothing() -> None:
    """What was not there then is no slower."""
    assert changes([({}, {"suite": 40.0})] * 3) == []


def test_changes_have_a_line_for_each() -> None:
    """Both, the change, and what of it is noise."""
    assert changes_table(changes(turns(1.1, 1.1, 1.1)))[2:] == ["| suite | 4.1e+04 | 4.51e+04 | +10.0% | 4.0% |"]


def test_the_table_has_a_line_for_each() -> None:
    """CPU beside wall, with its spread and its yardsticks."""
    assert table([SUITE])[2:] == ["| suite | run | 4e+04 | 2% | 4.1e+04 | 600 | 200 |"]


def test_a_commit_that_is_not_there_is_told() -> None:
    """A comparison with it ends before anything was run, with its name."""
    with pytest.raises(SystemExit, match=r"--compare v0\.0\.0-of-nobody: this clone has no such commit"):
        compare(["--compare", "v0.0.0-of-nobody"])
