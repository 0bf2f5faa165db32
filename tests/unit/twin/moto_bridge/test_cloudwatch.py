"""Tests of CloudWatch's calls where moto's answers are not AWS's; each call goes through boto3."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.twin.control_plane import EPOCH_SECONDS
from tests.support.aws import Json
from tests.support.twin import Twin

BEGIN = datetime.fromtimestamp(EPOCH_SECONDS, UTC)
NORTH = [{"Name": "Shop", "Value": "north"}]


def put(twin: Twin, value: float, at_seconds: float = 0, **datum: Json) -> None:
    """Put a point so many seconds after the world began."""
    stamp = BEGIN + timedelta(seconds=at_seconds)
    data = [{"MetricName": "Visitors", "Value": value, "Timestamp": stamp, **datum}]
    twin.world.aws("cloudwatch").put_metric_data(Namespace="Shop", MetricData=data)


def statistics(twin: Twin, **changes: Json) -> list[dict[str, Any]]:
    """Return the data points of GetMetricStatistics, a period of a minute, over five minutes."""
    question = {
        "Namespace": "Shop",
        "MetricName": "Visitors",
        "StartTime": BEGIN,
        "EndTime": BEGIN + timedelta(minutes=5),
        "Period": 60,
        **({} if "ExtendedStatistics" in changes else {"Statistics": ["Maximum"]}),
        **changes,
    }
    return list(twin.world.aws("cloudwatch").get_metric_statistics(**question)["Datapoints"])


def data(twin: Twin, *queries: Json, **changes: Json) -> dict[str, list[float]]:
    """Return the values of GetMetricData by query, oldest first, over five minutes."""
    question = {"StartTime": BEGIN, "EndTime": BEGIN + timedelta(minutes=5), "ScanBy": "TimestampAscending", **changes}
    answer = twin.world.aws("cloudwatch").get_metric_data(MetricDataQueries=list(queries), **question)
    return {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}


def query(stat: str, **changes: Json) -> dict[str, Any]:
    """Return a query for the metric with the identifier m."""
    metric = {"Namespace": "Shop", "MetricName": "Visitors"}
    return {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **changes}


def test_without_dimensions_only_points_without_are_found(twin: Twin) -> None:
    """A metric with a dimension is another metric (CloudWatch User Guide, "Dimensions")."""
    put(twin, 1)
    put(twin, 9, Dimensions=NORTH)

    assert [each["Maximum"] for each in statistics(twin)] == [1]
    assert [each["Maximum"] for each in statistics(twin, Dimensions=NORTH)] == [9]


def test_percentiles_have_values(twin: Twin) -> None:
    """GetMetricStatistics gives p99 under ExtendedStatistics, GetMetricData as a Stat."""
    for value in range(1, 101):
        put(twin, value)

    assert [each["ExtendedStatistics"] for each in statistics(twin, ExtendedStatistics=["p99"])] == [{"p99": 99.0}]
    assert data(twin, query("p99")) == {"m": [99.0]}


def test_periods_begin_at_full_minutes(twin: Twin) -> None:
    """StartTime is rounded down to the minute (botocore: GetMetricStatistics, StartTime)."""
    put(twin, 1, 30)
    put(twin, 2, 61)
    found = statistics(twin, StartTime=BEGIN + timedelta(seconds=45))

    assert [(each["Timestamp"], each["Maximum"]) for each in found] == [(BEGIN, 1), (BEGIN + timedelta(minutes=1), 2)]


@pytest.mark.parametrize("period", [1, 10, 30])
def test_a_period_below_a_minute_has_points_of_high_resolution_alone(twin: Twin, period: int) -> None:
    """Others were stored by the minute (botocore: MetricDatum, StorageResolution; GetMetricStatistics, Period)."""
    put(twin, 1)
    put(twin, 2, StorageResolution=60)
    put(twin, 3, StorageResolution=1)
    short = {"Period": period, "Statistics": ["Minimum", "Maximum"]}
    found = [(each["Minimum"], each["Maximum"]) for each in statistics(twin, **short)]
    metric = {"Metric": {"Namespace": "Shop", "MetricName": "Visitors"}, "Period": period, "Stat": "Minimum"}

    assert found == [(3, 3)]
    assert data(twin, {"Id": "m", "MetricStat": metric}) == {"m": [3]}
    assert [each["Maximum"] for each in statistics(twin)] == [3]


def test_math_is_computed(twin: Twin) -> None:
    """An expression is a query, of metrics and of other expressions; what returns no data is not in the answer."""
    put(twin, 1, 0)
    put(twin, 2, 60)
    found = data(
        twin,
        query("Sum", ReturnData=False),
        {"Id": "double", "Expression": "m * 2"},
        {"Id": "more", "Expression": "double + 1"},
    )

    assert found == {"double": [2, 4], "more": [3, 5]}


@pytest.mark.parametrize("expression", ["m +", "nobody * 2", "loop + 1", "ANOMALY_DETECTION_BAND(m)"])
def test_wrong_math_is_refused(twin: Twin, expression: str) -> None:
    """An expression that means nothing, or that the twin leaves out, is a ValidationError that says why."""
    with pytest.raises(ClientError, match=r"ValidationError.*Error in expression"):
        data(twin, query("Sum"), {"Id": "loop", "Expression": expression})


def test_too_many_points_are_refused(twin: Twin) -> None:
    """GetMetricStatistics gives 1,440 points at most (botocore: GetMetricStatistics)."""
    with pytest.raises(ClientError, match="exceeds the limit of 1,440"):
        statistics(twin, EndTime=BEGIN + timedelta(days=2))


def test_metrics_are_listed_once(twin: Twin) -> None:
    """ListMetrics names each metric once, with its dimensions."""
    put(twin, 1)
    put(twin, 2)
    put(twin, 3, Dimensions=NORTH)
    listed = twin.world.aws("cloudwatch").list_metrics(Namespace="Shop")["Metrics"]

    assert sorted(len(each["Dimensions"]) for each in listed) == [0, 1]
