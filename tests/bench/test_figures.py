"""Tests of what becomes of figures; they are no benchmarks."""

from dataclasses import replace

import pytest

from tests.bench.figures import Figure, slower, table

SUITE = Figure("suite", "run", cpu_seconds=40, wall_seconds=41, spread=0.02, ratio=600, memory_mb=200, rounds=3)


@pytest.mark.parametrize(("factor", "is_told"), [(0.8, False), (1.0, False), (1.03, False), (1.1, True), (1.5, True)])
def test_a_tenth_more_is_noticed(factor: float, is_told: bool) -> None:  # noqa: FBT001  # a parameter of a test
    """What takes a tenth more yardsticks has become slower; what is faster, or within the noise, has not."""
    told = slower([replace(SUITE, ratio=SUITE.ratio * factor)], {"suite": SUITE})

    assert bool(told) == is_told


def test_what_is_noisy_is_not_blamed() -> None:
    """A figure that spreads by a fifth tells nothing of a tenth."""
    noisy = replace(SUITE, spread=0.2)

    assert slower([replace(noisy, ratio=SUITE.ratio * 1.1)], {"suite": SUITE}) == []


def test_a_new_benchmark_is_compared_with_nothing() -> None:
    """What the last release did not have is no slower."""
    assert slower([SUITE], {}) == []


def test_the_table_has_a_line_for_each() -> None:
    """CPU beside wall, with its spread and its yardsticks."""
    assert table([SUITE])[2:] == ["| suite | run | 4e+04 | 2% | 4.1e+04 | 600 | 200 |"]
