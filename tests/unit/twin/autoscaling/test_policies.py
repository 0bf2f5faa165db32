"""Tests of scaling policies: what each asks for, and how long it waits.

Source: Application Auto Scaling User Guide, "How target tracking scaling for Application Auto Scaling works".
"""

from typing import Any

import pytest

from seatrials.twin.autoscaling.policies import Asked, asked, cooldown_seconds, tracks_downward

ALARM = {"Threshold": 10.0}


def tracking(**of_configuration: object) -> dict[str, Any]:
    """Return a policy that keeps a metric at 40."""
    return {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 40, **of_configuration}}


def steps(adjustment: str, amount: int, **of_configuration: object) -> dict[str, Any]:
    """Return a policy of one step for every value above the threshold."""
    step = {"MetricIntervalLowerBound": 0, "ScalingAdjustment": amount}
    return {
        "StepScalingPolicyConfiguration": {"AdjustmentType": adjustment, "StepAdjustments": [step]} | of_configuration
    }


@pytest.mark.parametrize(
    ("value", "capacity", "direction"), [(60, 3, 1), (41, 3, 1), (39, 2, -1), (20, 1, -1), (1, 1, -1), (0, 0, -1)]
)
def test_a_tracking_policy_asks_in_proportion(value: float, capacity: int, direction: int) -> None:
    """Two tasks times metric over target, rounded up; above the target it may only add, below only take away."""
    found = asked(tracking(), ALARM, value, 2)

    assert found is not None
    assert found.capacity == capacity
    assert found.direction * direction > 0


@pytest.mark.parametrize("value", [40, None, float("nan"), float("inf")])
def test_a_tracking_policy_asks_for_nothing_without_a_difference(value: float | None) -> None:
    """At its target, and without a metric, nothing is scaled ("Considerations")."""
    assert asked(tracking(), ALARM, value, 2) is None


def test_a_policy_without_scale_in_takes_nothing_away() -> None:
    """DisableScaleIn: the policy does not remove capacity (botocore, TargetTrackingScalingPolicyConfiguration)."""
    policy = tracking(DisableScaleIn=True)

    assert asked(policy, ALARM, 20, 2) is None
    assert asked(policy, ALARM, 80, 2) == Asked(4, 40)
    assert (tracks_downward(policy), tracks_downward(tracking())) == (False, True)


@pytest.mark.parametrize(
    ("adjustment", "amount", "expected"),
    [
        ("ExactCapacity", 1, Asked(1, 0)),
        ("ChangeInCapacity", 1, Asked(3, 1)),
        ("ChangeInCapacity", -1, Asked(1, -1)),
        ("PercentChangeInCapacity", -50, Asked(1, -50)),
    ],
)
def test_a_change_has_a_direction_and_a_capacity_none(adjustment: str, amount: int, expected: Asked) -> None:
    """A step adds or takes away by its sign; an exact capacity is what it is."""
    assert asked(steps(adjustment, amount), ALARM, 12, 2) == expected
    assert asked(steps(adjustment, amount), ALARM, 9, 2) is None


@pytest.mark.parametrize(
    ("desired", "wish", "changes"),
    [
        (2, Asked(3, 1), True),
        (4, Asked(3, 1), False),  # who asks for more takes nothing away
        (2, Asked(1, -1), True),
        (2, Asked(3, -1), False),  # who asks for less never gets more
        (2, Asked(3, 0), True),
        (2, Asked(1, 0), True),
        (2, Asked(2, 0), False),
        (2, Asked(2, -1), False),
    ],
)
def test_a_policy_changes_a_count_in_its_direction_only(desired: int, wish: Asked, *, changes: bool) -> None:
    """What runs and what is desired differ while tasks start and stop, and a capacity counts from what runs."""
    assert wish.changes(desired) == changes


@pytest.mark.parametrize(
    ("policy", "out", "inward"),
    [
        (tracking(), 300, 300),
        (tracking(ScaleOutCooldown=10, ScaleInCooldown=20), 10, 20),
        (tracking(ScaleOutCooldown=0), 0, 300),
        (steps("ChangeInCapacity", 1), 300, 300),
        (steps("ChangeInCapacity", 1, Cooldown=60), 60, 60),
        (steps("ChangeInCapacity", 1, Cooldown=0), 0, 0),
    ],
)
def test_a_cooldown_that_is_left_out_is_five_minutes(policy: dict[str, Any], out: int, inward: int) -> None:
    """300 s for services of ECS ("Define cooldown periods"; botocore, StepScalingPolicyConfiguration)."""
    assert (out, inward) == (cooldown_seconds(policy, is_out=True), cooldown_seconds(policy, is_out=False))
