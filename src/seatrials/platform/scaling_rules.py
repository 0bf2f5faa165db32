"""What scales a service: its scalable target, step policies and their alarms, and what they add up to."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seatrials.seams.application import AwsClient

_DIMENSION = "ecs:service:DesiredCount"
# In the ARN of every scaling policy.
_SCALING = ":scalingPolicy:"
_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True, kw_only=True)
class TargetFacts:
    """How far a service may be scaled, and whether it is."""

    minimum: int
    maximum: int
    # What is suspended of scaling out, scaling in and scheduled scaling.
    suspended: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PolicyFacts:
    """How a step policy scales."""

    adjustment: str
    cooldown_seconds: int


@dataclass(frozen=True, kw_only=True)
class AlarmFacts:
    """What an alarm looks at, and how often it must have seen it."""

    # `namespace name`, with the dimensions behind it when there are any.
    metric: str
    statistic: str
    period_seconds: int
    # `M of N` periods.
    periods: str
    # Whether it takes values in the unit that they are published in, or in any.
    unit_fits: bool
    silence_breaches: bool
    acts: bool
    # Whether it scales when it is over, or cannot tell, too.
    acts_otherwise: bool


class ScalingRules:
    """Reads Application Auto Scaling and CloudWatch."""

    def __init__(self, autoscaling: AwsClient, cloudwatch: AwsClient, resource_id: str) -> None:
        self._autoscaling = autoscaling
        self._cloudwatch = cloudwatch
        self._resource_id = resource_id

    def target(self) -> TargetFacts | None:
        """Return the scalable target, None when the service has none."""
        answer = self._autoscaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[self._resource_id], ScalableDimension=_DIMENSION
        )
        for target in answer["ScalableTargets"]:
            suspended = target.get("SuspendedState", {})
            return TargetFacts(
                minimum=target["MinCapacity"],
                maximum=target["MaxCapacity"],
                suspended=tuple(sorted(name for name, is_suspended in suspended.items() if is_suspended)),
            )
        return None

    def step_policies(self) -> set[PolicyFacts]:
        """Return how the step policies scale; equal ones once."""
        configurations = [policy["StepScalingPolicyConfiguration"] for policy in self._step_policies()]
        return {
            PolicyFacts(adjustment=each["AdjustmentType"], cooldown_seconds=each.get("Cooldown", 0))
            for each in configurations
        }

    def trackings(self) -> list[str]:
        """Return what target tracking keeps a metric at, sorted: `metric at target, adding only` or `…, either way`."""
        configurations = [
            policy["TargetTrackingScalingPolicyConfiguration"]
            for policy in self._policies()
            if policy["PolicyType"] == "TargetTrackingScaling"
        ]
        return sorted(_tracked(each) for each in configurations)

    def schedules(self) -> list[str]:
        """Return the names of the scheduled actions, sorted."""
        pages = self._autoscaling.get_paginator("describe_scheduled_actions").paginate(
            ServiceNamespace="ecs", ResourceId=self._resource_id, ScalableDimension=_DIMENSION
        )
        return sorted(action["ScheduledActionName"] for page in pages for action in page["ScheduledActions"])

    def alarms(self) -> dict[str, dict[str, AlarmFacts]]:
        """Return by step policy what its alarms look at, by their names; a policy may have none."""
        return {
            policy["PolicyName"]: {alarm["AlarmName"]: _facts(alarm) for alarm in self._alarms_of(policy)}
            for policy in self._step_policies()
        }

    def capacities(self, metric_value: float) -> list[int]:
        """Return the numbers of tasks that the policies ask for while the metric has that value, sorted, each once."""
        found = {
            adjustment
            for policy in self._step_policies()
            for alarm in self._alarms_of(policy)
            if _COMPARISONS[alarm["ComparisonOperator"]](metric_value, alarm["Threshold"])
            for adjustment in _adjustments(
                policy["StepScalingPolicyConfiguration"]["StepAdjustments"], metric_value - alarm["Threshold"]
            )
        }
        return sorted(found)

    def _step_policies(self) -> list[dict[str, Any]]:
        return [policy for policy in self._policies() if policy["PolicyType"] == "StepScaling"]

    def _policies(self) -> list[dict[str, Any]]:
        pages = self._autoscaling.get_paginator("describe_scaling_policies").paginate(
            ServiceNamespace="ecs", ResourceId=self._resource_id, ScalableDimension=_DIMENSION
        )
        return [policy for page in pages for policy in page["ScalingPolicies"]]

    def _alarms_of(self, policy: dict[str, Any]) -> list[dict[str, Any]]:
        arn = policy["PolicyARN"]
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(ActionPrefix=arn)
        alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
        return [alarm for alarm in alarms if arn in alarm["AlarmActions"]]


def _tracked(configuration: dict[str, Any]) -> str:
    predefined = configuration.get("PredefinedMetricSpecification", {})
    metric = predefined.get("PredefinedMetricType", "a metric of its own")
    way = "adding only" if configuration.get("DisableScaleIn") else "either way"
    return f"{metric} at {configuration['TargetValue']:g}, {way}"


def _facts(alarm: dict[str, Any]) -> AlarmFacts:
    dimensions = [f"{each['Name']}={each['Value']}" for each in alarm.get("Dimensions", [])]
    periods = alarm["EvaluationPeriods"]
    return AlarmFacts(
        metric=" ".join([alarm["Namespace"], alarm["MetricName"], *dimensions]),
        statistic=alarm.get("Statistic", alarm.get("ExtendedStatistic", "")),
        period_seconds=alarm["Period"],
        periods=f"{alarm.get('DatapointsToAlarm', periods)} of {periods}",
        unit_fits=alarm.get("Unit", "Count") == "Count",
        silence_breaches=alarm.get("TreatMissingData") == "breaching",
        acts=alarm["ActionsEnabled"],
        acts_otherwise=any(
            _SCALING in arn for arn in (*alarm.get("OKActions", []), *alarm.get("InsufficientDataActions", []))
        ),
    )


def _adjustments(steps: Sequence[dict[str, Any]], breach: float) -> list[int]:
    """Return the adjustments of the steps that a breach (metric less threshold) falls into.

    Source: Application Auto Scaling User Guide, "Step scaling policies": above the threshold the lower bound belongs
    to the step and the upper does not; below it the upper bound does and the lower does not.
    """
    return [step["ScalingAdjustment"] for step in steps if _is_in(step, breach)]


def _is_in(step: dict[str, Any], breach: float) -> bool:
    lower = step.get("MetricIntervalLowerBound", float("-inf"))
    upper = step.get("MetricIntervalUpperBound", float("inf"))
    return bool(lower <= breach < upper if _is_upward(step) else lower < breach <= upper)


def _is_upward(step: dict[str, Any]) -> bool:
    """Whether a step is for values above the threshold: no step reaches to both sides of it."""
    return bool(step.get("MetricIntervalLowerBound", float("-inf")) >= 0)
