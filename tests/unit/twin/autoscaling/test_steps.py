"""Tests of step scaling policies: which step a value takes, and which capacity that is."""

from typing import Any

import pytest

from seatrials.twin.autoscaling.steps import adjusted, choose_step

# The bounds of the example in the Application Auto Scaling User Guide, "Step scaling policies".
STEPS: list[dict[str, Any]] = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 0},
    {"MetricIntervalLowerBound": 10, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 10},
    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 30},
    {"MetricIntervalLowerBound": -10, "MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},
    {"MetricIntervalUpperBound": -10, "ScalingAdjustment": -30},
]


@pytest.mark.parametrize(
    ("difference", "adjustment"), [(0, 0), (9.9, 0), (10, 10), (19.9, 10), (20, 30), (500, 30), (-0.1, -1)]
)
def test_above_the_threshold_the_lower_bound_belongs_to_a_step(difference: float, adjustment: int) -> None:
    """Lower bound inclusive, upper exclusive above the threshold (same guide)."""
    step = choose_step(STEPS, difference)

    assert step is not None
    assert adjustment == step["ScalingAdjustment"]


@pytest.mark.parametrize(("difference", "adjustment"), [(0, -1), (-9.9, -1), (-10, -30), (-500, -30)])
def test_below_the_threshold_the_upper_bound_belongs_to_a_step(difference: float, adjustment: int) -> None:
    """Lower bound exclusive, upper inclusive below the threshold (same guide)."""
    step = choose_step(STEPS[3:], difference)

    assert step is not None
    assert adjustment == step["ScalingAdjustment"]


def test_outside_all_steps_nothing_is_done() -> None:
    """A value that no step holds has no action; the guide does not say so, but knows no other outcome."""
    assert choose_step(STEPS[:2], -1) is None
    assert choose_step(STEPS[:2], 20) is None


@pytest.mark.parametrize(
    ("current", "percent", "capacity"),
    [(10, 25, 12), (10, 5, 11), (10, -5, 9), (10, -25, 8), (10, 100, 20), (0, 50, 0), (10, 0, 10), (4, 50, 6)],
)
def test_percentages_round_toward_the_present_but_not_to_nothing(current: int, percent: int, capacity: int) -> None:
    """Above 1 down, between 0 and 1 to 1, between -1 and 0 to -1, below -1 toward 0 (same guide)."""
    configuration = {"AdjustmentType": "PercentChangeInCapacity"}

    assert capacity == adjusted(current, configuration, {"ScalingAdjustment": percent})


@pytest.mark.parametrize(("percent", "capacity"), [(25, 6), (-25, 2), (100, 8)])
def test_a_percentage_may_have_a_least_magnitude(percent: int, capacity: int) -> None:
    """MinAdjustmentMagnitude is how many tasks a percentage changes at least (same guide)."""
    configuration = {"AdjustmentType": "PercentChangeInCapacity", "MinAdjustmentMagnitude": 2}

    assert capacity == adjusted(4, configuration, {"ScalingAdjustment": percent})


@pytest.mark.parametrize(("kind", "capacity"), [("ExactCapacity", 2), ("ChangeInCapacity", 7)])
def test_the_other_kinds_of_adjustment(kind: str, capacity: int) -> None:
    """An adjustment is a capacity, or a change of it (same guide)."""
    assert capacity == adjusted(5, {"AdjustmentType": kind}, {"ScalingAdjustment": 2})
