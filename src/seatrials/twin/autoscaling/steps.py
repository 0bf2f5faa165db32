"""Step scaling policies: which step a metric's value takes, and which capacity that is.

Source: Application Auto Scaling User Guide, "Step scaling policies".
"""

import math
from typing import Any


def choose_step(steps: list[dict[str, Any]], difference: float) -> dict[str, Any] | None:
    """Return the step whose bounds hold *difference*, the metric minus the threshold; None outside all steps.

    Above the threshold the lower bound belongs to a step and the upper does not, below it the other way round.
    """
    for step in steps:
        lower = float(step.get("MetricIntervalLowerBound", -math.inf))
        upper = float(step.get("MetricIntervalUpperBound", math.inf))
        holds = lower <= difference < upper if lower >= 0 else lower < difference <= upper
        if holds:
            return step
    return None


def adjusted(current: int, configuration: dict[str, Any], step: dict[str, Any]) -> int:
    """Return the capacity that *step* asks for; a percentage rounds toward none, but never to no change at all."""
    amount = int(step["ScalingAdjustment"])
    kind = configuration.get("AdjustmentType")
    if kind is None:  # AWS takes no such policy
        return current
    if kind == "ExactCapacity":
        return amount
    if kind == "ChangeInCapacity":
        return current + amount
    change = current * amount / 100
    whole = math.trunc(change) if abs(change) >= 1 else math.copysign(1, change) if change else 0
    least = int(configuration.get("MinAdjustmentMagnitude", 0))
    return current + int(whole if abs(whole) >= least else math.copysign(least, amount))
