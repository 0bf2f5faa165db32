"""Application Auto Scaling: alarms that fire set the desired count of a service.

Source: Application Auto Scaling User Guide, "Step scaling policies" and "Target tracking scaling policies"; Amazon ECS
Developer Guide, "Service auto scaling".
"""

import sys
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.autoscaling.policies import (
    Asked,
    Described,
    asked,
    cooldown_seconds,
    is_tracking,
    tracks_downward,
)
from seatrials.twin.autoscaling.watch import Alarms
from seatrials.twin.calibration import Calibration
from seatrials.twin.metrics.store import Metric
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

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
            left_alone=bridge.neighbours.alarms if bridge.neighbours else (),
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

    def _act(self, action: str, alarm: Described, value: float | None) -> None:
        """Do what an action of an alarm asks for, when it is the ARN of a policy."""
        policy = self._policy(action)
        target = None if policy is None else self._targets.get(policy["ResourceId"])
        service = None if target is None else self._service(target["ResourceId"])
        if policy is None or target is None or service is None:
            return
        base, desired = self._base(target["ResourceId"], int(service["runningCount"])), int(service["desiredCount"])
        wish = asked(policy, alarm, value, base)
        # Most often there is nothing to do.
        if wish is None or not wish.changes(desired):
            return
        wanted = wish.capacity if wish.capacity > desired else self._least(policy, wish.capacity, base, desired)
        if wanted != desired:
            self._scale(policy, alarm, target, service, base, wanted)

    def _policy(self, action: str) -> dict[str, Any] | None:
        return self._policies.get(action.partition(_CREATOR)[0])

    def _least(self, policy: Described, wanted: int, base: int, desired: int) -> int:
        """Return what is left where *policy* asks for less: of all that is asked for now the largest capacity counts.

        A tracking policy takes nothing away before every other one that may do so asks for less too; a step policy does
        not wait for them.
        Source: Application Auto Scaling User Guide, "How target tracking scaling works", "Multiple scaling policies".
        """
        wishes = self._wishes(policy["ResourceId"], base)
        waited_for = [
            arn
            for arn, each in self._policies.items()
            if each["ResourceId"] == policy["ResourceId"] and tracks_downward(each)
        ]
        if is_tracking(policy) and not all(arn in wishes and wishes[arn].direction < 0 for arn in waited_for):
            return desired
        return min(desired, max(wanted, *(each.capacity for each in wishes.values())))

    def _wishes(self, resource: str, base: int) -> dict[str, Asked]:
        """Return what the policies of a service ask for whose alarms are in ALARM now, by ARN."""
        wishes = [
            (policy["PolicyARN"], asked(policy, alarm, value, base))
            for alarm, value in self.alarms.in_alarm()
            for policy in map(self._policy, alarm.get("AlarmActions", []))
            if policy is not None and policy["ResourceId"] == resource
        ]
        return {arn: wish for arn, wish in wishes if wish is not None}

    def _scale(  # what was asked, of whom, and what is
        self,
        policy: Described,
        alarm: Described,
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
        cooldown = cooldown_seconds(policy, is_out=wanted > desired)
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
