"""Tests of CloudWatch alarms: what a metric's values mean, and which values an alarm sees."""

from datetime import UTC, datetime
from typing import Any

import pytest

from seatrials.twin.autoscaling.alarms import evaluate, read_values
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


class FakeCloudWatch:
    """Bins data points as GetMetricStatistics does: from the start of the window, in periods."""

    def __init__(self, points: dict[float, float]) -> None:
        """*points* are values by their time."""
        self._points = points

    def get_metric_statistics(self, **call: Json) -> dict[str, Any]:
        """Answer the highest value of each period that has any."""
        start, end = int(call["StartTime"].timestamp()), call["EndTime"].timestamp()
        bins: dict[int, list[float]] = {}
        for at, value in self._points.items():
            if start <= at < end:
                bins.setdefault(start + int(at - start) // call["Period"] * call["Period"], []).append(value)
        found = [{"Timestamp": datetime.fromtimestamp(at, UTC), "Maximum": max(each)} for at, each in bins.items()]
        return {"Datapoints": found[::-1]}


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.999999])
def test_the_window_ends_now_wherever_the_minute_is(fraction: float) -> None:
    """The window slides and is not aligned to the clock's minute (CloudWatch User Guide, "Alarm evaluation")."""
    now = START + 1000 + fraction
    cloudwatch = FakeCloudWatch({now - 170: 1, now - 100: 2, now - 10: 3})

    assert read_values(cloudwatch, alarm(EvaluationPeriods=3), now) == [1, 2, 3]


def test_a_period_keeps_its_highest_value() -> None:
    """A point of this very second counts, and does not hide a higher one of the same period."""
    now = START + 1000.5

    assert read_values(FakeCloudWatch({now - 30: 7, now: 2}), alarm(), now) == [7]


def test_a_period_without_data_is_missing() -> None:
    """A gap is None, in its place."""
    now = START + 1000.5

    assert read_values(FakeCloudWatch({now - 170: 1, now - 10: 3}), alarm(EvaluationPeriods=3), now) == [1, None, 3]


def test_older_data_is_not_seen() -> None:
    """What is older than the alarm's periods does not count."""
    now = START + 1000.5

    assert read_values(FakeCloudWatch({now - 62: 9}), alarm(), now) == [None]
