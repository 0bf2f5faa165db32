"""CloudWatch alarms: what a metric says now, and which state that means.

An alarm of a 60 s period looks at a window that slides, not at the minute of the clock, and its Auto Scaling actions
are invoked again once a minute for as long as the state lasts.
Source: Amazon CloudWatch User Guide, "Alarm evaluation" and "Using Amazon CloudWatch alarms".
"""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.twin.metrics.expressions import ExpressionError, Values
from seatrials.twin.metrics.queries import Queries, metric_of, period_of
from seatrials.twin.metrics.statistics import Samples, Statistic, UnknownStatisticError, has_few_samples, statistic
from seatrials.twin.metrics.store import Metric, Metrics, Point, binned, values_of

_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
# Treatments of missing data that leave nothing open.
_DECIDED = ("breaching", "notBreaching")
_EXTRA_PERIODS = 2
# Seven days, and what is looked at beyond. Source: botocore, PutMetricAlarm, EvaluationPeriods.
_SECONDS_MAX = 8 * 86_400


@dataclass(frozen=True)
class Evaluation:
    """What one look at an alarm's metric found; *value* is None without data."""

    state: str
    value: float | None


def evaluate(alarm: Mapping[str, Any], values: list[float | None]) -> Evaluation:
    """Decide an alarm from its metric's values, one a period, newest last; None where there is no data.

    *values* may go back beyond the alarm's periods: older data stands in for what is missing, and only what is missing
    then counts as the alarm says.
    Source: Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
    """
    treatment = _treatment(alarm)
    periods = evaluation_range(alarm) - _EXTRA_PERIODS
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    threshold = float(alarm["Threshold"])
    breaches = _BREACHES.get(alarm["ComparisonOperator"])
    if breaches is None:
        # Only a band of anomaly detection is compared otherwise, and its alarm has been told of.
        return Evaluation(alarm["StateValue"], None)
    present = [value for value in values if value is not None][-periods:]
    breaching = sum(breaches(value, threshold) for value in present)
    newest = present[-1] if present else None
    filled = periods - len(present) if treatment == "breaching" else 0
    if breaching + filled >= needed:
        return Evaluation("ALARM", newest)
    if treatment in _DECIDED or breaching < len(present):
        return Evaluation("OK", newest)
    if treatment == "ignore":
        return Evaluation(alarm["StateValue"], newest)
    if not present:
        return Evaluation("INSUFFICIENT_DATA", None)
    # Data that is thin but breaches throughout raises the alarm once its oldest point is old enough.
    age = len(values) - next(index for index, value in enumerate(values) if value is not None)
    return Evaluation("ALARM" if age >= needed else "OK", newest)


def _treatment(alarm: Mapping[str, Any]) -> str:
    """Return how missing data counts; of DynamoDB's metrics it is ignored (botocore: PutMetricAlarm)."""
    return "ignore" if alarm.get("Namespace") == "AWS/DynamoDB" else alarm.get("TreatMissingData") or "missing"


@dataclass(frozen=True)
class Reading:
    """What an alarm's metric says at one moment."""

    # One value a period of the evaluation range, newest last.
    values: list[float | None]
    # Whether a percentile rests on so few samples that the alarm is to keep its state.
    has_few_samples: bool = False
    # When points come into another period, so that the values may be others without a new point.
    until: float = math.inf


def read(metrics: Metrics, alarm: Mapping[str, Any], now: float) -> Reading:
    """Return what an alarm's metric says in the periods that end now.

    Raises `ExpressionError` for what the twin leaves out, such as a band of anomaly detection.
    """
    period, length = period_seconds(alarm), evaluation_range(alarm)
    _check(alarm, period * length)
    # A point of this very second counts.
    end = math.floor(now) + 1
    start = end - period * length
    found: dict[Metric, list[Point]] = {}

    def points(metric: Metric, unit: str | None) -> list[Point]:
        found[metric] = metrics.between(metric, start, end, unit, period)
        return [each for each in found[metric] if each.readable_at <= now]

    bins: list[list[Samples]] = []
    if alarm.get("Metrics"):
        values = _values_of_queries(alarm, lambda metric, unit: binned(points(metric, unit), start, period, length))
    else:
        bins = binned(points(metric_of_alarm(alarm), alarm.get("Unit")), start, period, length)
        values = values_of(bins, _statistic(alarm))
    until = min((_changes_at(metrics, metric, each, now, period) for metric, each in found.items()), default=math.inf)
    return Reading(values, _has_few_samples(alarm, bins), until)


def _check(alarm: Mapping[str, Any], seconds: int) -> None:
    """Raise `ExpressionError` for an alarm that AWS would not have taken; a read must not fail by it."""
    name = alarm.get("AlarmName")
    if alarm.get("Threshold") is None and not alarm.get("ThresholdMetricId"):
        msg = f"alarm {name} has no threshold: give it a number, or a metric as ThresholdMetricId"
        raise ExpressionError(msg)
    if seconds > _SECONDS_MAX:
        msg = f"alarm {name} looks at {seconds:,} seconds; AWS evaluates seven days at most"
        raise ExpressionError(msg)


def metric_of_alarm(alarm: Mapping[str, Any]) -> Metric:
    """Return the metric of an alarm that watches a single one."""
    return Metric.of(str(alarm.get("Namespace")), str(alarm.get("MetricName")), alarm.get("Dimensions"))


def metrics_of_alarm(alarm: Mapping[str, Any]) -> list[Metric]:
    """Return every metric that an alarm looks at."""
    if not alarm.get("Metrics"):
        return [metric_of_alarm(alarm)]
    return [metric_of(each) for each in alarm["Metrics"] if each.get("MetricStat")]


def period_seconds(alarm: Mapping[str, Any]) -> int:
    """Return the length of an alarm's periods; an expression has those of its metrics."""
    if alarm.get("Period"):
        return max(1, int(alarm["Period"]))
    queries: list[Mapping[str, Any]] = alarm.get("Metrics") or [{}]
    return period_of(queries[0], queries)


def evaluation_range(alarm: Mapping[str, Any]) -> int:
    """Return how many periods an alarm looks at, to find points in place of those that are missing.

    The guide shows 5 of an alarm of 3, and says that the number depends on period and resolution, but not how: two more
    for every alarm are ours. Source: Amazon CloudWatch User Guide, "How alarm state is evaluated when data is missing".
    """
    return max(1, int(alarm.get("EvaluationPeriods") or 1)) + _EXTRA_PERIODS


def _values_of_queries(alarm: Mapping[str, Any], read_bins: Callable[[Metric, str | None], Any]) -> Values:
    queries = [dict(each) for each in alarm["Metrics"]]
    if alarm.get("ThresholdMetricId"):
        msg = f"alarm {alarm['AlarmName']} has a band of anomaly detection as its threshold, which the twin leaves out"
        raise ExpressionError(msg)
    watched = [str(each["Id"]) for each in queries if each.get("ReturnData", True)]
    if len(watched) != 1:
        msg = f"alarm {alarm['AlarmName']} must watch one query, by ReturnData, and watches {watched}"
        raise ExpressionError(msg)
    length = evaluation_range(alarm)
    return Queries(queries, lambda metric, unit, _period: read_bins(metric, unit), lambda _: length).values(watched[0])


def _statistic(alarm: Mapping[str, Any]) -> Statistic:
    name = str(alarm.get("ExtendedStatistic") or alarm.get("Statistic"))
    try:
        return statistic(name)
    except UnknownStatisticError as error:
        raise ExpressionError(str(error)) from error


def _has_few_samples(alarm: Mapping[str, Any], bins: list[list[Samples]]) -> bool:
    if alarm.get("EvaluateLowSampleCountPercentile") != "ignore":
        return False
    count = sum(each.count for samples in bins for each in samples)
    return has_few_samples(str(alarm.get("ExtendedStatistic")), count)


def _changes_at(metrics: Metrics, metric: Metric, points: list[Point], now: float, period: int) -> float:
    """Return when the first of a metric's points becomes readable, or goes from one period to the one before it."""
    series = metrics.series.get(metric)
    if series is None:
        return math.inf
    second = math.floor(now)
    moments = [series.changes_after(now)]
    for point in points:
        if point.readable_at > now:
            moments.append(point.readable_at)
        at = math.floor(point.at)
        moments.append(float(at + ((second - at) // period + 1) * period))
    return min(moments)
