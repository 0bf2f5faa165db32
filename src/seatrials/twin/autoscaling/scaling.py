"""Application Auto Scaling: alarms that fire set the desired count of a service, step by step.

Source: Application Auto Scaling User Guide, "Step scaling policies"; Amazon ECS Developer Guide, "Service auto
scaling".
"""

import math
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.autoscaling.alarms import Evaluation, evaluate, left_out, read_values
from seatrials.twin.calibration import Calibration
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

_ACTION_INTERVAL_SECONDS = 60.0
# Source: Application Auto Scaling User Guide, "Step scaling policies".
_COOLDOWN_SECONDS = 300


class Scaling:
    """All alarms of one world, and the step policies that they drive."""

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
        self._cloudwatch = cloudwatch
        self._autoscaling = autoscaling
        self._ecs = ecs
        self._calibration = calibration
        self._random = random
        self._trace = trace
        self._alarms: list[dict[str, Any]] = []
        self._policies: dict[str, dict[str, Any]] = {}
        # By resource: when the cooldown of its last scaling ends, and what a scale-out of it counted from.
        self._cooldowns: dict[str, tuple[float, int | None]] = {}
        self._last_action: dict[str, float] = {}
        self._readable_at: dict[tuple[str, str], list[float]] = {}
        self._read_at: dict[str, float] = {}
        self._last_seen: dict[str, Evaluation] = {}

    def start(self) -> None:
        """Begin to evaluate; the alarms' minute begins wherever the seed puts it."""
        self._read_definitions()
        self._clock.spawn(self._loop, "alarms")

    def metric_put(self, namespace: str, names: list[str]) -> None:
        """Hear that metrics were put; an alarm on others need not look again."""
        for name in names:
            readable = self._clock.now() + self._calibration.metric_lag.draw(self._random)
            self._readable_at.setdefault((namespace, name), []).append(readable)

    def definitions_changed(self) -> None:
        """Hear that alarms, policies or targets were changed."""
        self._read_definitions()

    def _read_definitions(self) -> None:
        alarms = self._cloudwatch.describe_alarms()["MetricAlarms"]
        self._alarms = [each for each in alarms if left_out(each) is None]
        for alarm in alarms:
            self._tell_left_out(alarm)
        policies = self._autoscaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        self._policies = {each["PolicyARN"]: each for each in policies}
        self._last_seen.clear()

    def _tell_left_out(self, alarm: dict[str, Any]) -> None:
        """Say of an alarm that is stored and not evaluated why its state stays as it is."""
        reason = left_out(alarm)
        if reason is not None and alarm["StateValue"] != "INSUFFICIENT_DATA":
            told = f"the twin does not evaluate {reason}"
            self._cloudwatch.set_alarm_state(
                AlarmName=alarm["AlarmName"], StateValue="INSUFFICIENT_DATA", StateReason=told
            )
            self._trace.add("left_out", alarm["AlarmName"], what=reason)

    def _loop(self) -> None:
        interval = self._calibration.alarm_interval_seconds
        self._clock.sleep(self._random.uniform(0, interval))
        while True:
            for alarm in self._alarms:
                with self._clock.supervisor.turn("CloudWatch", f"alarm {alarm['AlarmName']}"):
                    self._look(alarm)
            self._clock.sleep(interval)

    def _look(self, alarm: dict[str, Any]) -> None:
        now = self._clock.now()
        if self._must_read(alarm, now):
            self._last_seen[alarm["AlarmArn"]] = evaluate(alarm, self._values(alarm, now))
            self._read_at[alarm["AlarmArn"]] = now
        seen = self._last_seen[alarm["AlarmArn"]]
        if seen.state != alarm["StateValue"]:
            self._change_state(alarm, seen)
        if seen.state == "ALARM" and seen.value is not None:
            self._act(alarm, seen.value, now)

    def _values(self, alarm: dict[str, Any], now: float) -> list[float | None]:
        """Return the metric's values; none is asked for that nobody has ever put."""
        if (alarm["Namespace"], alarm["MetricName"]) not in self._readable_at:
            return [None] * int(alarm["EvaluationPeriods"])
        return read_values(self._cloudwatch, alarm, now)

    def _must_read(self, alarm: dict[str, Any], now: float) -> bool:
        """Tell whether the metric's window holds something else than at the last look."""
        last = self._read_at.get(alarm["AlarmArn"])
        if last is None or alarm["AlarmArn"] not in self._last_seen:
            return True
        span = int(alarm["Period"]) * int(alarm["EvaluationPeriods"])
        lag = self._calibration.metric_lag.high
        points = self._readable_at.get((alarm["Namespace"], alarm["MetricName"]), [])
        return any(last < at <= now or last - span - lag <= at < now - span for at in points)

    def _change_state(self, alarm: dict[str, Any], seen: Evaluation) -> None:
        alarm["StateValue"] = seen.state
        self._last_action.pop(alarm["AlarmArn"], None)
        reason = f"the newest value is {seen.value}, the threshold {alarm['Threshold']}"
        self._cloudwatch.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue=seen.state, StateReason=reason)
        self._trace.add("alarm", alarm["AlarmName"], state=seen.state, value=seen.value)
        self._trace.more(metric=alarm["MetricName"], threshold=alarm["Threshold"], reason=reason)

    def _act(self, alarm: dict[str, Any], value: float, now: float) -> None:
        last = self._last_action.get(alarm["AlarmArn"])
        if last is not None and now - last < _ACTION_INTERVAL_SECONDS:
            return
        self._last_action[alarm["AlarmArn"]] = now
        for action in alarm.get("AlarmActions", []):
            policy = self._policies.get(action)
            if policy is not None and policy["PolicyType"] == "StepScaling":
                self._apply(policy, alarm, value)

    def _apply(self, policy: dict[str, Any], alarm: dict[str, Any], value: float) -> None:
        """Apply a step policy, unless it changes nothing or a cooldown forbids it."""
        configuration = policy["StepScalingPolicyConfiguration"]
        step = choose_step(configuration["StepAdjustments"], value - float(alarm["Threshold"]))
        if step is None:
            return
        resource = policy["ResourceId"]
        service = self._service(resource)
        if service is None:
            return
        desired = int(service["desiredCount"])
        base = self._base(resource, int(service["runningCount"]))
        # Most often there is nothing to do, and the bounds need not be asked for.
        if adjusted(base, configuration, step) == desired:
            return
        wanted = self._clamp(resource, adjusted(base, configuration, step))
        if wanted is None or wanted == desired or self._is_blocked(resource, service, wanted):
            return
        self._clock.sleep(self._calibration.scaling_action.draw(self._random))
        self._set_desired(policy, alarm, wanted)
        cooldown = float(configuration.get("Cooldown", _COOLDOWN_SECONDS))
        self._cooldowns[resource] = (self._clock.now() + cooldown, base if wanted > desired else None)

    def _base(self, resource: str, running: int) -> int:
        """Return what an adjustment counts from: what runs, or during a scale-out's cooldown what ran before it.

        So the same step does nothing again, and a larger one adds what is left of it.
        """
        until, base = self._cooldowns.get(resource, (0.0, None))
        return running if base is None or self._clock.now() >= until else base

    def _is_blocked(self, resource: str, service: dict[str, Any], wanted: int) -> bool:
        """Tell whether scaling must wait: cooldowns, and no scale-in during a deployment.

        A scale-out during the cooldown of a scale-in acts at once; a scale-in waits for any cooldown.
        """
        desired = int(service["desiredCount"])
        deploying = any(each["rolloutState"] == "IN_PROGRESS" for each in service["deployments"])
        until, _ = self._cooldowns.get(resource, (0.0, False))
        return wanted < desired and (deploying or self._clock.now() < until)

    def _set_desired(self, policy: dict[str, Any], alarm: dict[str, Any], wanted: int) -> None:
        _, cluster, service = policy["ResourceId"].split("/")
        began = self._clock.now()
        cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
        self._ecs.update_service(cluster=cluster, service=service, desiredCount=wanted)
        self._bridge.activities.append(
            {
                "ActivityId": f"{self._random.getrandbits(128):032x}",
                "ServiceNamespace": "ecs",
                "ResourceId": policy["ResourceId"],
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
        _, cluster, name = resource.split("/")
        found = self._ecs.describe_services(cluster=cluster, services=[name])["services"]
        return next((each for each in found if each["status"] == "ACTIVE"), None)

    def _clamp(self, resource: str, wanted: int) -> int | None:
        """Return *wanted* within the bounds of a scalable target; None when the resource is none."""
        target = self._autoscaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])
        for bounds in target["ScalableTargets"]:
            return min(max(wanted, int(bounds["MinCapacity"])), int(bounds["MaxCapacity"]))
        return None


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
    kind = configuration["AdjustmentType"]
    if kind == "ExactCapacity":
        return amount
    if kind == "ChangeInCapacity":
        return current + amount
    change = current * amount / 100
    whole = math.trunc(change) if abs(change) >= 1 else math.copysign(1, change) if change else 0
    least = int(configuration.get("MinAdjustmentMagnitude", 0))
    return current + int(whole if abs(whole) >= least else math.copysign(least, amount))
