"""Statistics are what a textbook says they are."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrials.gate.statistics import quantile, spread, statistic

VALUES = st.lists(st.floats(0, 1e6), min_size=2, max_size=50)


@pytest.mark.parametrize(
    ("name", "value"),
    [("count", 4), ("mean", 2.5), ("minimum", 1), ("p50", 2.5), ("p95", 3.85), ("p99", 3.97), ("maximum", 4)],
)
def test_each_statistic_of_four_values(name: str, value: float) -> None:
    """Quantiles lie between two values in proportion."""
    assert value == pytest.approx(statistic(name, [4.0, 1.0, 3.0, 2.0]))


def test_a_single_value_is_every_quantile() -> None:
    """Of one value there is nothing to choose."""
    assert [quantile([7.0], 0.5), quantile([7.0], 0.99)] == [7.0, 7.0]


@given(VALUES)
def test_quantiles_are_those_of_the_standard_library(values: list[float]) -> None:
    """They agree with `statistics.quantiles` by its inclusive method."""
    expected = statistics.quantiles(values, n=100, method="inclusive")

    assert expected[94] == pytest.approx(quantile(values, 0.95))
    assert expected[49] == pytest.approx(quantile(values, 0.5))


def test_an_outlier_does_not_move_the_spread() -> None:
    """One value that is far off leaves the deviation of the others as it is."""
    assert spread([39.0, 40.0, 41.0, 40.5, 39.5]) == pytest.approx(spread([39.0, 40.0, 41.0, 40.5, 400.0]), rel=0.1)
