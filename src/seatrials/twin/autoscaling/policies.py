"""Scaling policies: which capacity one asks for, and how long it then waits.

Source: Application Auto Scaling User Guide, "Step scaling policies" and "How target tracking scaling for Application
Auto Scaling works".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.twin.autoscaling.steps import adjusted, choose_step

# For the services of ECS. Source: same guide, "Define cooldown periods"; botocore, StepScalingPolicyConfiguration.
_COOLDOWN_SECONDS = 300

# A policy or an alarm as its describing call answers it.
Described = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """A capacity that a policy asks for; a direction above 0 may only add, one below 0 only take away, 0 either."""

    capacity: int
    direction: float

    def changes(self, desired: int) -> bool:
        """Whether it changes a count of *desired* in its direction.

        A capacity counts from what runs, so it may lie on the wrong side of what is desired; nothing is done then,
        which is ours: the guide does not say.
        """
        return self.capacity != desired and (self.capacity - desired) * self.direction >= 0


def asked(policy: Described, alarm: Described, value: float | None, running: int) -> Asked | None:
    """Return what *policy* asks for when *alarm* invokes it with *value*, counted from *running* tasks; None: nothing.

    Without a value a step policy goes by the threshold itself, and a tracking one does nothing.
    """
    if is_tracking(policy):
        return _tracked(policy["TargetTrackingScalingPolicyConfiguration"], value, running)
    configuration = policy.get("StepScalingPolicyConfiguration") or {}
    difference = 0 if value is None else value - float(alarm.get("Threshold") or 0)
    step = choose_step(configuration.get("StepAdjustments", []), difference)
    if step is None:
        return None
    is_exact = configuration.get("AdjustmentType") == "ExactCapacity"
    return Asked(adjusted(running, configuration, step), 0 if is_exact else int(step["ScalingAdjustment"]))


def _tracked(configuration: Described, value: float | None, running: int) -> Asked | None:
    target = float(configuration.get("TargetValue") or 0)
    if target <= 0 or value is None or not math.isfinite(value) or value == target:
        return None
    if value < target and configuration.get("DisableScaleIn"):
        return None
    return Asked(math.ceil(running * value / target), value - target)


def is_tracking(policy: Described) -> bool:
    """Whether a policy keeps a metric at a target; the others go by steps."""
    return bool(policy.get("TargetTrackingScalingPolicyConfiguration"))


def tracks_downward(policy: Described) -> bool:
    """Whether a policy keeps a metric at a target by taking away too."""
    return is_tracking(policy) and not policy["TargetTrackingScalingPolicyConfiguration"].get("DisableScaleIn")


def cooldown_seconds(policy: Described, *, is_out: bool) -> float:
    """Return how long a policy lets a scaling take effect."""
    steps = policy.get("StepScalingPolicyConfiguration")
    if steps:
        return float(steps.get("Cooldown", _COOLDOWN_SECONDS))
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    return float(tracking.get("ScaleOutCooldown" if is_out else "ScaleInCooldown", _COOLDOWN_SECONDS))
