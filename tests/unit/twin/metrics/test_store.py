"""Tests of the metrics' store: which points a metric has, and in which period they are."""

from datetime import UTC, datetime

import pytest

from seatrials.twin.metrics.statistics import statistic
from seatrials.twin.metrics.store import Metric, Metrics, binned, values_of
from tests.support.aws import Json

NOW = 1_000_000.0
METRIC = Metric("Shop", "Visitors")


def put(metrics: Metrics, **datum: Json) -> None:
    """Put one datum of the metric."""
    metrics.put("Shop", {"MetricName": "Visitors", **datum}, NOW)


def test_a_point_without_a_timestamp_is_of_now() -> None:
    """CloudWatch stamps a point with the time at which it came (botocore: MetricDatum, Timestamp)."""
    metrics = Metrics()
    put(metrics, Value=1)

    assert [each.at for each in metrics.between(METRIC, NOW, NOW + 1, None)] == [NOW]


def test_points_may_come_in_any_order() -> None:
    """A point with an older timestamp stands before the newer ones."""
    metrics = Metrics()
    for seconds in (30, 10, 20):
        put(metrics, Value=seconds, Timestamp=datetime.fromtimestamp(NOW - seconds, UTC))

    assert [each.samples.total for each in metrics.between(METRIC, 0, NOW, None)] == [30, 20, 10]


def test_dimensions_are_part_of_a_metric_in_any_order() -> None:
    """The same pairs are the same metric, others or none another (CloudWatch User Guide, "Dimensions")."""
    pairs = [{"Name": "b", "Value": "2"}, {"Name": "a", "Value": "1"}]

    assert Metric.of("n", "m", pairs) == Metric.of("n", "m", pairs[::-1])
    assert len({Metric.of("n", "m", pairs), Metric.of("n", "m", pairs[:1]), Metric.of("n", "m", None)}) == 3


def test_old_points_are_forgotten() -> None:
    """Points of a minute are kept for 15 days (CloudWatch User Guide, "Metrics retention")."""
    metrics = Metrics()
    put(metrics, Value=1, Timestamp=datetime.fromtimestamp(NOW - 16 * 86_400, UTC))
    put(metrics, Value=2)

    assert [each.samples.total for each in metrics.series[METRIC].points] == [2]


def test_periods_hold_the_points_from_their_begin_on() -> None:
    """A period has the points of its begin and not those of its end."""
    metrics = Metrics()
    for at in (0, 59.9, 60, 120, 200):
        put(metrics, Value=at, Timestamp=datetime.fromtimestamp(at, UTC))
    bins = binned(metrics.between(METRIC, 0, 180, None), 0, 60, 3)

    assert values_of(bins, statistic("Maximum")) == [59.9, 60, 120]


@pytest.mark.parametrize(
    ("datum", "count"),
    [
        ({"Value": 2}, 1),
        ({"Values": [1.0, 2.0], "Counts": [3.0, 4.0]}, 7),
        ({"Values": [1.0, 2.0]}, 2),
        ({"StatisticValues": {"SampleCount": 5, "Sum": 9, "Minimum": 1, "Maximum": 4}}, 5),
    ],
)
def test_the_forms_of_a_datum(datum: Json, count: float) -> None:
    """A datum is a value, values with counts, or a statistic set (botocore: MetricDatum)."""
    metrics = Metrics()
    put(metrics, **datum)

    assert [each.samples.count for each in metrics.series[METRIC].points] == [count]
