"""Application Auto Scaling: alarms that fire set the desired count of a service.

Source: Application Auto Scaling User Guide, "Step scaling policies" and "Target tracking scaling policies"; Amazon ECS
Developer Guide, "Service auto scaling".
"""

import math
import sys
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.autoscaling.steps import adjusted, choose_step
from seatrials.twin.autoscaling.watch import Alarms
from seatrials.twin.calibration import Calibration
from seatrials.twin.metrics.store import Metric
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

# Source: Application Auto Scaling User Guide, "Step scaling policies" and "Target tracking scaling policies".
_COOLDOWN_SECONDS = 300
# What moto's alarms add to a policy's ARN, as Application Auto Scaling does.
_CREATOR = ":createdBy/"


class Scaling:
    """All scalable targets of one world, with the policies of their services and the alarms that drive them."""

    def __init__(  # noqa: PLR0913  # the AWS services that scaling speaks to, each named
        self,
        *,
        clock: VirtualClock,
        bridge: Bridge,
        cloudwatch: AwsClient,
        autoscaling: AwsClient,
        ecs: AwsClient,
        calibration: Calibration,
        random: Random,
        trace: Trace,
    ) -> None:
        self._clock = clock
        self._bridge = bridge
        self._autoscaling = autoscaling
        self._ecs = ecs
        self._calibration = calibration
        self._random = random
        self._trace = trace
        self._policies: dict[str, dict[str, Any]] = {}
        self._targets: dict[str, dict[str, Any]] = {}
        # By resource: when the cooldown of its last scaling ends, and what a scale-out of it counted from.
        self._cooldowns: dict[str, tuple[float, int | None]] = {}
        self.alarms = Alarms(
            clock=clock,
            cloudwatch=cloudwatch,
            metrics=bridge.metrics(),
            calibration=calibration,
            random=random,
            trace=trace,
            on_action=self._act,
        )

    def start(self) -> None:
        """Begin to act."""
        self._read_definitions()
        self.alarms.start()
        for resource in list(self._targets):
            self._keep_bounds(resource)

    def metric_put(self, namespace: str, data: list[dict[str, Any]]) -> None:
        """Hear that metrics were put."""
        for each in data:
            self.alarms.metric_put(Metric.of(namespace, each["MetricName"], each.get("Dimensions")))

    def definitions_changed(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """Hear that alarms, policies or targets were changed."""
        self._read_definitions()
        self.alarms.read_definitions()
        if operation == "RegisterScalableTarget":
            self._keep_bounds(str(parameters.get("ResourceId")))

    def _read_definitions(self) -> None:
        for kind, known, key in (
            ("policies", self._policies, "PolicyARN"),
            ("targets", self._targets, "ResourceId"),
        ):
            operation = "describe_scaling_policies" if kind == "policies" else "describe_scalable_targets"
            pages = self._autoscaling.get_paginator(operation).paginate(ServiceNamespace="ecs").build_full_result()
            found = pages["ScalingPolicies" if kind == "policies" else "ScalableTargets"]
            known.clear()
            known.update({each[key]: each for each in found})

    def _act(self, action: str, alarm: Mapping[str, Any], value: float | None) -> None:
        """Do what an action of an alarm asks for, when it is the ARN of a policy."""
        policy = self._policies.get(action.partition(_CREATOR)[0])
        target = None if policy is None else self._targets.get(policy["ResourceId"])
        if policy is None or target is None:
            return
        resource = policy["ResourceId"]
        service = self._service(resource)
        if service is None:
            return
        base = self._base(resource, int(service["runningCount"]))
        wanted = self._asked(policy, alarm, value, base)
        # Most often there is nothing to do; and an alarm that asks for less never gets more.
        desired = int(service["desiredCount"])
        if wanted is None or wanted == desired or (wanted > desired and _asks_for_less(policy, value)):
            return
        self._scale(policy, alarm, target, service, base, wanted)

    def _asked(self, policy: Mapping[str, Any], alarm: Mapping[str, Any], value: float | None, base: int) -> int | None:
        """Return the capacity that a policy asks for, counted from *base*; None: none."""
        threshold = float(alarm.get("Threshold") or 0)
        steps = policy.get("StepScalingPolicyConfiguration")
        if steps:
            step = choose_step(steps.get("StepAdjustments", []), 0 if value is None else value - threshold)
            return None if step is None else adjusted(base, steps, step)
        tracking = policy.get("TargetTrackingScalingPolicyConfiguration")
        aim = float(tracking.get("TargetValue") or 0) if tracking else 0
        if aim <= 0 or value is None or not math.isfinite(value):
            return None
        wanted = math.ceil(base * value / aim)
        return wanted if wanted > base else self._least(policy, wanted, base)

    def _least(self, tracking: Mapping[str, Any], wanted: int, base: int) -> int:
        """Return what a scale-in of a tracking policy leaves: of all policies in force the largest capacity counts.

        Source: Application Auto Scaling User Guide, "Multiple target tracking scaling policies" and the note there.
        """
        others = [
            self._asked(policy, alarm, value, base)
            for arn, policy in self._policies.items()
            if policy["ResourceId"] == tracking["ResourceId"] and policy.get("StepScalingPolicyConfiguration")
            for alarm, value in self.alarms.in_alarm(arn)
        ]
        return max([wanted, *(each for each in others if each is not None)])

    def _scale(  # what was asked, of whom, and what is
        self,
        policy: Mapping[str, Any],
        alarm: Mapping[str, Any],
        target: Mapping[str, Any],
        service: Mapping[str, Any],
        base: int,
        wanted: int,
    ) -> None:
        """Set the desired count, unless bounds, a suspension or a cooldown forbid it."""
        resource, desired = policy["ResourceId"], int(service["desiredCount"])
        wanted = within_bounds(target, desired, wanted)
        if wanted == desired or self._is_blocked(target, service, wanted):
            return
        self._clock.sleep(self._calibration.scaling_action.draw(self._random))
        state = alarm["StateValue"]
        cause = f"monitor alarm {alarm['AlarmName']} in state {state} triggered policy {policy['PolicyName']}"
        self._set_desired(resource, wanted, cause)
        cooldown = _cooldown_seconds(policy, is_out=wanted > desired)
        self._cooldowns[resource] = (self._clock.now() + cooldown, base if wanted > desired else None)

    def _base(self, resource: str, running: int) -> int:
        """Return what an adjustment counts from: what runs, or during a scale-out's cooldown what ran before it.

        So the same step does nothing again, and a larger one adds what is left of it.
        """
        until, base = self._cooldowns.get(resource, (0.0, None))
        return running if base is None or self._clock.now() >= until else base

    def _is_blocked(self, target: Mapping[str, Any], service: Mapping[str, Any], wanted: int) -> bool:
        """Tell whether scaling must wait: suspension, cooldowns, and no scale-in during a deployment.

        A scale-out during the cooldown of a scale-in acts at once; a scale-in waits for any cooldown.
        """
        suspended = target.get("SuspendedState") or {}
        if wanted > int(service["desiredCount"]):
            return bool(suspended.get("DynamicScalingOutSuspended"))
        deploying = any(each["rolloutState"] == "IN_PROGRESS" for each in service["deployments"])
        until, _ = self._cooldowns.get(target["ResourceId"], (0.0, None))
        return bool(suspended.get("DynamicScalingInSuspended")) or deploying or self._clock.now() < until

    def _keep_bounds(self, resource: str) -> None:
        """Bring a desired count outside its bounds back, as RegisterScalableTarget does.

        Source: botocore, application-autoscaling.RegisterScalableTarget.
        """
        if self._out_of_bounds(resource) is not None:
            # Why not here: the caller of RegisterScalableTarget does not wait for it.
            self._clock.spawn_in(self._clock.world, partial(self._return_to_bounds, resource), f"bounds {resource}")

    def _return_to_bounds(self, resource: str) -> None:
        with self._clock.supervisor.turn("Application Auto Scaling", resource):
            self._clock.sleep(self._calibration.scaling_action.draw(self._random))
            bound = self._out_of_bounds(resource)
            if bound is not None:
                which, count = bound
                self._set_desired(resource, count, f"{which} capacity was set to {count}")

    def _out_of_bounds(self, resource: str) -> tuple[str, int] | None:
        """Return the bound that the desired count is beyond, with its name; None when it is not."""
        target = self._targets.get(resource)
        service = None if target is None else self._service(resource)
        if target is None or service is None:
            return None
        desired, (low, high) = int(service["desiredCount"]), _bounds(target)
        if desired < low:
            return "minimum", low
        return ("maximum", high) if desired > high else None

    def _set_desired(self, resource: str, wanted: int, cause: str) -> None:
        _, cluster, service = resource.split("/")
        began = self._clock.now()
        self._ecs.update_service(cluster=cluster, service=service, desiredCount=wanted)
        self._bridge.activities.append(
            {
                "ActivityId": f"{self._random.getrandbits(128):032x}",
                "ServiceNamespace": "ecs",
                "ResourceId": resource,
                "ScalableDimension": "ecs:service:DesiredCount",
                "Description": f"Setting desired count to {wanted}.",
                "Cause": cause,
                "StartTime": began,
                "EndTime": self._clock.now(),
                "StatusCode": "Successful",
                "StatusMessage": f"Successfully set desired count to {wanted}. Change successfully fulfilled by ecs.",
            }
        )
        self._trace.add("scaling", service, desired=wanted, cause=cause)

    def _service(self, resource: str) -> dict[str, Any] | None:
        """Return a service that is there and not being deleted."""
        _, cluster, name = resource.split("/")
        try:
            found = self._ecs.describe_services(cluster=cluster, services=[name])["services"]
        except self._ecs.exceptions.ClusterNotFoundException:  # deleted with its cluster
            return None
        return next((each for each in found if each["status"] == "ACTIVE"), None)


def _asks_for_less(policy: Mapping[str, Any], value: float | None) -> bool:
    """Whether a tracked metric is below its target, so that its policy may take tasks away and add none."""
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
    return value is not None and value < float(tracking.get("TargetValue") or 0)


def within_bounds(target: Mapping[str, Any], desired: int, wanted: int) -> int:
    """Return what a policy that asks for *wanted* sets; *desired* itself where it is out of bounds on that very side.

    So a scale-in leaves a count below the minimum alone, and a scale-out one above the maximum.
    Source: Amazon ECS Developer Guide, "Service auto scaling".
    """
    low, high = _bounds(target)
    if wanted < desired <= low or wanted > desired >= high:
        return desired
    return min(max(wanted, low), high)


def _bounds(target: Mapping[str, Any]) -> tuple[int, int]:
    """Return the lowest and the highest capacity; AWS takes no target without them, moto does."""
    low, high = target.get("MinCapacity"), target.get("MaxCapacity")
    return int(low or 0), sys.maxsize if high is None else int(high)


def _cooldown_seconds(policy: Mapping[str, Any], *, is_out: bool) -> float:
    steps = policy.get("StepScalingPolicyConfiguration")
    if steps:
        return float(steps.get("Cooldown", _COOLDOWN_SECONDS))
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    return float(tracking.get("ScaleOutCooldown" if is_out else "ScaleInCooldown", _COOLDOWN_SECONDS))
