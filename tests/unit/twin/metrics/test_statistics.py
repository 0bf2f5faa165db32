"""Tests of statistics: what CloudWatch makes of the samples of a period."""

import pytest

from seatrials.twin.metrics.statistics import Samples, UnknownStatisticError, has_few_samples, statistic

ONE_TO_TEN = [Samples.of_values([(float(each), 1.0)]) for each in (3, 1, 2, 10, 9, 8, 4, 5, 6, 7)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("SampleCount", 10), ("Sum", 55), ("Average", 5.5), ("Minimum", 1), ("Maximum", 10)],
)
def test_the_five_statistics(name: str, expected: float) -> None:
    """Each is what its name says (CloudWatch User Guide, "CloudWatch statistics definitions")."""
    assert expected == statistic(name)(ONE_TO_TEN)


@pytest.mark.parametrize(
    ("name", "expected"), [("p0", 1), ("p10", 1), ("p50", 5), ("p90", 9), ("p99", 10), ("p100", 10)]
)
def test_a_percentile_is_the_value_that_so_many_do_not_exceed(name: str, expected: float) -> None:
    """p90 of ten values is the ninth (same page)."""
    assert expected == statistic(name)(ONE_TO_TEN)


def test_counts_weigh() -> None:
    """A value that was put 99 times has 99 samples (botocore: MetricDatum, Counts)."""
    samples = [Samples.of_values([(1.0, 99.0), (50.0, 1.0)])]

    assert [statistic(name)(samples) for name in ("SampleCount", "Sum", "p99", "p99.5")] == [100, 149, 1, 50]


def test_a_statistic_set_has_no_percentile_unless_its_values_are_equal() -> None:
    """Percentiles need raw values (same page)."""
    mixed, equal = Samples.of_set(3, 6, 1, 3), Samples.of_set(3, 6, 2, 2)

    assert (statistic("Average")([mixed]), statistic("p50")([mixed])) == (2, None)
    assert statistic("p50")([equal]) == 2


@pytest.mark.parametrize("name", ["p101", "tm90", "average", "p", ""])
def test_what_is_not_computed_is_told(name: str) -> None:
    """A statistic that the twin leaves out is an error that names it."""
    with pytest.raises(UnknownStatisticError, match="the twin computes Average"):
        statistic(name)


@pytest.mark.parametrize(
    ("name", "count", "few"),
    [("p99", 999, True), ("p99", 1000, False), ("p10", 99, True), ("p10", 100, False), ("Average", 1, False)],
)
def test_how_many_samples_a_percentile_needs(name: str, count: float, few: bool) -> None:  # noqa: FBT001  # a table
    """10/(1-percentile) above the median, 10/percentile below it (guide, "low data samples")."""
    assert few == has_few_samples(name, count)
