"""CloudWatch alarms: read the metric that moto stores, decide the state, say so.

An alarm of a 60 s period looks at a window that slides, not at the minute of the clock, and its Auto Scaling actions
are invoked again once a minute for as long as the state lasts.
Source: Amazon CloudWatch User Guide, "Alarm evaluation" and "Using Amazon CloudWatch alarms".
"""

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seatrials.seams.application import AwsClient

_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
# Treatments of missing data that leave nothing open.
_DECIDED = ("breaching", "notBreaching")


@dataclass(frozen=True)
class Evaluation:
    """What one look at an alarm's metric found; *value* is None without data."""

    state: str
    value: float | None


def left_out(alarm: dict[str, Any]) -> str | None:
    """Return what of an alarm keeps it from being evaluated here; None for one metric with one statistic."""
    if "MetricName" not in alarm:
        return "metric math and anomaly bands"
    extended = alarm.get("ExtendedStatistic")
    if extended is not None and not extended.startswith("p"):
        return f"the statistic {extended}"
    return None if alarm.get("ComparisonOperator") in _BREACHES else f"the comparison {alarm.get('ComparisonOperator')}"


def evaluate(alarm: dict[str, Any], values: list[float | None]) -> Evaluation:
    """Decide an alarm from its metric's values, one a period, newest last; None where there is no data.

    *values* may go back beyond the alarm's periods: older data stands in for what is missing, and only what is missing
    then counts as the alarm says.
    Source: Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data".
    """
    treatment = alarm.get("TreatMissingData") or "missing"
    periods = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm") or periods)
    threshold = float(alarm["Threshold"])
    breaches = _BREACHES[alarm["ComparisonOperator"]]
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


def read_values(cloudwatch: AwsClient, alarm: dict[str, Any], now: float) -> list[float | None]:
    """Return the metric's statistic for each of the alarm's periods that end now, oldest first."""
    period = int(alarm["Period"])
    count = int(alarm["EvaluationPeriods"])
    # The call's times are cut to whole seconds, and a point of this very second counts.
    end = math.floor(now) + 1
    start = end - period * count
    extended = alarm.get("ExtendedStatistic")
    kind = {"ExtendedStatistics": [extended]} if extended else {"Statistics": [alarm["Statistic"]]}
    points = cloudwatch.get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm.get("Dimensions", []),
        StartTime=datetime.fromtimestamp(start, UTC),
        EndTime=datetime.fromtimestamp(end, UTC),
        Period=period,
        **kind,
    )["Datapoints"]
    values: list[float | None] = [None] * count
    for point in points:
        index = int(point["Timestamp"].timestamp() - start) // period
        values[index] = float(point["ExtendedStatistics"][extended] if extended else point[alarm["Statistic"]])
    return values
