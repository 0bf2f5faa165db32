"""Tests of CloudWatch alarms: what a metric's values mean, and which values an alarm sees."""

from datetime import UTC, datetime
from typing import Any

import pytest

from seatrials.twin.autoscaling.alarms import evaluate, read
from seatrials.twin.metrics.expressions import ExpressionError
from seatrials.twin.metrics.store import Metric, Metrics
from tests.support.aws import Json

START = 1_772_442_000
# 0 does not breach, X does, - is missing.
VALUES: dict[str, float | None] = {"0": 1.0, "X": 9.0, "-": None}
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def alarm(**changes: object) -> dict[str, Any]:
    """Return an alarm above 5 as DescribeAlarms gives it."""
    return {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 5.0,
        "EvaluationPeriods": 1,
        "Period": 60,
        "Namespace": "Shop",
        "MetricName": "Visitors",
        "Statistic": "Maximum",
        "StateValue": "KEPT",
        **changes,
    }


def states(points: str, periods: int, needed: int) -> list[str]:
    """Return the state that each treatment of missing data leads to."""
    values = [VALUES[each] for each in points.split()]
    counts = {"EvaluationPeriods": periods, "DatapointsToAlarm": needed}
    return [evaluate(alarm(TreatMissingData=each, **counts), values).state for each in TREATMENTS]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 - X - X", ["OK", "OK", "OK", "OK"]),
        ("0 - - - -", ["OK", "OK", "OK", "OK"]),
        ("- - - - -", ["INSUFFICIENT_DATA", "KEPT", "ALARM", "OK"]),
        ("0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("- - X - -", ["ALARM", "KEPT", "ALARM", "OK"]),
    ],
)
def test_three_of_three(points: str, expected: list[str]) -> None:
    """The first table of the CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data"."""
    assert expected == states(points, 3, 3)


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ("0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]),
        ("0 - X - -", ["OK", "OK", "ALARM", "OK"]),
        ("- - - - 0", ["OK", "OK", "ALARM", "OK"]),
        ("- - - X -", ["ALARM", "KEPT", "ALARM", "OK"]),
    ],
)
def test_two_of_three(points: str, expected: list[str]) -> None:
    """The second table of the same page: two of three data points raise the alarm."""
    assert expected == states(points, 3, 2)


@pytest.mark.parametrize("points", ["- - - - X", "- - - X -"])
def test_a_fresh_breach_alone_raises_no_alarm(points: str) -> None:
    """Thin data does not raise an alarm of three before its oldest breach is three points old (same page)."""
    assert states(points, 3, 3)[0] == "OK"


def test_missing_is_the_default() -> None:
    """An alarm that says nothing of missing data has INSUFFICIENT_DATA when all is missing."""
    assert evaluate(alarm(), [None]).state == "INSUFFICIENT_DATA"


def test_all_periods_are_needed_by_default() -> None:
    """Without DatapointsToAlarm, every period must breach (botocore: PutMetricAlarm)."""
    assert evaluate(alarm(EvaluationPeriods=2), [1.0, 9.0]).state == "OK"
    assert evaluate(alarm(EvaluationPeriods=2), [9.0, 9.0]).state == "ALARM"


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_comparisons(comparison: str, below: str, at: str, above: str) -> None:
    """Each comparison operator means what its name says, the threshold itself included."""
    found = [evaluate(alarm(ComparisonOperator=comparison), [value]).state for value in (4.9, 5.0, 5.1)]

    assert [below, at, above] == found


def test_the_newest_value_is_told() -> None:
    """An evaluation holds the newest value there is, which scaling steps are chosen by."""
    assert evaluate(alarm(EvaluationPeriods=3), [1.0, 9.0, None]).value == 9.0


METRIC = Metric("Shop", "Visitors")


def metrics_of(points: dict[float, float], **datum: Json) -> Metrics:
    """Return metrics that hold *points*, values by their time."""
    metrics = Metrics()
    for at, value in points.items():
        metrics.put(
            "Shop",
            {"MetricName": "Visitors", "Value": value, "Timestamp": datetime.fromtimestamp(at, UTC), **datum},
            at,
        )
    return metrics


def newest(metrics: Metrics, count: int, now: float, **changes: object) -> list[float | None]:
    """Return the values of the alarm's *count* newest periods."""
    return read(metrics, alarm(EvaluationPeriods=count, **changes), now).values[-count:]


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.999999])
def test_the_window_ends_now_wherever_the_minute_is(fraction: float) -> None:
    """The window slides and is not aligned to the clock's minute (CloudWatch User Guide, "Alarm evaluation")."""
    now = START + 1000 + fraction

    assert newest(metrics_of({now - 170: 1, now - 100: 2, now - 10: 3}), 3, now) == [1, 2, 3]


def test_a_period_keeps_its_highest_value() -> None:
    """A point of this very second counts, and does not hide a higher one of the same period."""
    now = START + 1000.5

    assert newest(metrics_of({now - 30: 7, now: 2}), 1, now) == [7]


def test_a_period_without_data_is_missing() -> None:
    """A gap is None, in its place."""
    now = START + 1000.5

    assert newest(metrics_of({now - 170: 1, now - 10: 3}), 3, now) == [1, None, 3]


def test_more_periods_are_looked_at_than_are_evaluated() -> None:
    """CloudWatch takes more points than EvaluationPeriods, to fill gaps: the guide shows 5 for an alarm of 3."""
    now = START + 1000.5
    values = read(metrics_of({now - 290: 9}), alarm(EvaluationPeriods=3), now).values

    assert values == [9, None, None, None, None]


def test_a_point_that_has_not_arrived_is_not_seen() -> None:
    """A metric can be read a moment after it was put; the reading says until when it holds."""
    now = START + 1000.0
    metrics = metrics_of({now: 9})
    metrics.hold_back(METRIC, now + 0.5)
    reading = read(metrics, alarm(), now)

    assert (reading.values[-1], reading.until) == (None, now + 0.5)
    assert newest(metrics, 1, now + 0.5) == [9]


def test_a_reading_holds_until_a_point_comes_into_another_period() -> None:
    """So an alarm is looked at again when its points age, and not before."""
    now = START + 1000.0
    metrics = metrics_of({now - 10: 9})
    until = read(metrics, alarm(), now).until

    assert until == now + 50
    assert newest(metrics, 2, until - 0.001) == [None, 9]
    assert newest(metrics, 2, until) == [9, None]


def test_a_unit_filters() -> None:
    """An alarm with a unit sees the points of that unit alone (botocore: PutMetricAlarm, Unit)."""
    now = START + 1000.0
    metrics = metrics_of({now: 9}, Unit="Seconds")

    assert newest(metrics, 1, now, Unit="Seconds") == [9]
    assert newest(metrics, 1, now, Unit="Count") == [None]


def test_a_dimension_makes_another_metric() -> None:
    """An alarm without dimensions sees nothing of a metric with one (CloudWatch User Guide, "Dimensions")."""
    now = START + 1000.0
    dimensions = [{"Name": "Shop", "Value": "north"}]
    metrics = metrics_of({now: 9}, Dimensions=dimensions)

    assert newest(metrics, 1, now) == [None]
    assert newest(metrics, 1, now, Dimensions=dimensions) == [9]


def test_a_percentile_is_a_statistic() -> None:
    """An alarm may watch a percentile (botocore: PutMetricAlarm, ExtendedStatistic)."""
    now = START + 1000.0
    datum = {"MetricName": "Visitors", "Values": [float(each) for each in range(1, 101)]}
    metrics = Metrics()
    metrics.put("Shop", datum, now)

    assert newest(metrics, 1, now, Statistic=None, ExtendedStatistic="p90") == [90]


def test_few_samples_of_a_percentile_keep_the_state() -> None:
    """With EvaluateLowSampleCountPercentile `ignore`, p90 needs 100 samples (guide, "low data samples")."""
    now = START + 1000.0
    percentile = {"Statistic": None, "ExtendedStatistic": "p90", "EvaluateLowSampleCountPercentile": "ignore"}

    def is_sparse(count: int) -> bool:
        return read(metrics_of({now: 9}, Values=[9.0], Counts=[count]), alarm(**percentile), now).has_few_samples

    assert is_sparse(99)
    assert not is_sparse(100)


def test_an_alarm_watches_the_one_query_that_returns_data() -> None:
    """An expression of metrics is a metric for an alarm (CloudWatch User Guide, "Alarms on metric math")."""
    now = START + 1000.0
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "Visitors"}, "Period": 60, "Stat": "Maximum"}
    queries = [{"Id": "m", "MetricStat": stat, "ReturnData": False}, {"Id": "e", "Expression": "m * 2"}]
    changes = {"Metrics": queries, "Period": None, "AlarmName": "a"}

    assert newest(metrics_of({now: 9}), 1, now, **changes) == [18]


def test_a_band_of_anomaly_detection_is_left_out() -> None:
    """What the twin cannot compute is said, with the alarm's name."""
    changes = {"Metrics": [{"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)"}], "ThresholdMetricId": "b"}

    with pytest.raises(ExpressionError, match=r"busy.*anomaly detection"):
        read(Metrics(), alarm(AlarmName="busy", **changes), START)


def test_alarms_on_dynamodb_ignore_missing_data() -> None:
    """Alarms on AWS/DynamoDB keep their state without data, whatever they say (botocore: TreatMissingData)."""
    assert evaluate(alarm(Namespace="AWS/DynamoDB", TreatMissingData="breaching"), [None]).state == "KEPT"
