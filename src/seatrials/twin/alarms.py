"""CloudWatch alarms: read the metric that moto stores, decide the state, say so.

An alarm of a 60 s period looks at a window that slides, not at the minute of the clock, and its Auto Scaling actions
are invoked again once a minute for as long as the state lasts.
Source: Amazon CloudWatch User Guide, "Alarm evaluation" and "Using Amazon CloudWatch alarms".
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from seatrials.application import AwsClient

_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Evaluation:
    """What one look at an alarm's metric found; *value* is None without data."""

    state: str
    value: float | None


def evaluate(alarm: dict[str, Any], values: list[float | None]) -> Evaluation:
    """Decide an alarm from its metric's values, one a period, newest last; None where there is no data.

    Missing data counts as the alarm says; when it says nothing and all is missing, the state is INSUFFICIENT_DATA.
    """
    treatment = alarm.get("TreatMissingData") or "missing"
    present = [value for value in values if value is not None]
    newest = present[-1] if present else None
    if not present and treatment in ("missing", "ignore"):
        return Evaluation("INSUFFICIENT_DATA" if treatment == "missing" else alarm["StateValue"], None)
    breaches = _BREACHES[alarm["ComparisonOperator"]]
    breaching = sum(
        treatment == "breaching" if value is None else breaches(value, float(alarm["Threshold"])) for value in values
    )
    needed = int(alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"])
    return Evaluation("ALARM" if breaching >= needed else "OK", newest)


def read_values(cloudwatch: AwsClient, alarm: dict[str, Any], now: float) -> list[float | None]:
    """Return the metric's statistic for each of the alarm's periods that end now, oldest first."""
    period = int(alarm["Period"])
    count = int(alarm["EvaluationPeriods"])
    start = now - period * count
    points = cloudwatch.get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm.get("Dimensions", []),
        StartTime=datetime.fromtimestamp(start, UTC),
        # The call's times are cut to whole seconds, and a point of this very second counts.
        EndTime=datetime.fromtimestamp(now + 1, UTC),
        Period=period,
        Statistics=[alarm["Statistic"]],
    )["Datapoints"]
    values: list[float | None] = [None] * count
    for point in points:
        index = int((point["Timestamp"].timestamp() - start) // period)
        values[min(max(index, 0), count - 1)] = float(point[alarm["Statistic"]])
    return values
