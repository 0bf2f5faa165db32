"""The alarms of a world: looked at when they are due, their state changed, their actions invoked.

Source: Amazon CloudWatch User Guide, "Using Amazon CloudWatch alarms" and "Alarm evaluation".
"""

import json
import math
from collections.abc import Callable, Collection, Mapping
from functools import partial
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.seams.clock import iso_timestamp
from seatrials.twin.autoscaling.alarms import Evaluation, evaluate, metrics_of_alarm, period_seconds, read
from seatrials.twin.calibration import Calibration
from seatrials.twin.metrics.expressions import ExpressionError
from seatrials.twin.metrics.store import Metric, Metrics
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

_ACTION_INTERVAL_SECONDS = 60.0
# An alarm of a period of 10, 20 or 30 s is evaluated so often. Source: same guide, "High-resolution alarms".
_HIGH_RESOLUTION_SECONDS = 10.0
_MINUTE = 60
_ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
# What Application Auto Scaling's alarms have behind the ARN of a policy.
_CREATOR = ":createdBy/"

# Hears (action, alarm, the newest value there is).
OnAction = Callable[[str, Mapping[str, Any], float | None], None]


class _Watched:
    """One alarm, and what was last seen of it."""

    def __init__(self, alarm: dict[str, Any]) -> None:
        self.alarm = alarm
        self.metrics = metrics_of_alarm(alarm)
        self.is_high_resolution = period_seconds(alarm) < _MINUTE
        self.seen: Evaluation | None = None
        self._versions: list[int] = []
        self._until = -math.inf

    def look(self, metrics: Metrics, now: float) -> Evaluation:
        """Return the alarm's state; its metric is read only when it may say something else than at the last look."""
        versions = [metrics.series[each].version if each in metrics.series else 0 for each in self.metrics]
        if self.seen is None or now >= self._until or versions != self._versions:
            reading = read(metrics, self.alarm, now)
            self._versions, self._until = versions, reading.until
            self.seen = evaluate(self.alarm, reading.values)
            if reading.has_few_samples:
                self.seen = Evaluation(self.alarm["StateValue"], self.seen.value)
        return self.seen


class Alarms:
    """All metric alarms of one world."""

    def __init__(  # noqa: PLR0913  # what an alarm needs to look and to tell, each named
        self,
        *,
        clock: VirtualClock,
        cloudwatch: AwsClient,
        metrics: Metrics,
        calibration: Calibration,
        random: Random,
        trace: Trace,
        on_action: OnAction,
        left_alone: Collection[str] = (),
    ) -> None:
        """Alarms whose names are *left_alone* stay as they are."""
        self._clock = clock
        self._cloudwatch = cloudwatch
        self._metrics = metrics
        self._calibration = calibration
        self._random = random
        self._trace = trace
        self._on_action = on_action
        self._left_alone = left_alone
        # How much later than usual a point is readable: the sum of these.
        self.late_seconds: list[float] = []
        self._watched: dict[str, _Watched] = {}
        # By alarm that has changed its state: when its actions were last invoked.
        self._acted_at: dict[str, float] = {}
        self._told: set[str] = set()
        # By alarm: what it watches and triggers, as the timeline was told.
        self._described: dict[str, dict[str, Any]] = {}

    def start(self) -> None:
        """Begin to evaluate; the alarms' minute begins wherever the seed puts it."""
        self.read_definitions()
        interval = self._calibration.alarm_interval_seconds
        self._clock.spawn(partial(self._loop, interval, interval <= _HIGH_RESOLUTION_SECONDS), "alarms")
        if interval > _HIGH_RESOLUTION_SECONDS:
            self._clock.spawn(self._loop_at_high_resolution, "high-resolution alarms")

    def read_definitions(self) -> None:
        """Take over what alarms there are, and what they say."""
        alarms = self._cloudwatch.get_paginator("describe_alarms").paginate().build_full_result()["MetricAlarms"]
        self._watched = {
            each["AlarmName"]: _Watched(each) for each in alarms if each["AlarmName"] not in self._left_alone
        }
        self._acted_at = {name: at for name, at in self._acted_at.items() if name in self._watched}
        for name, watched in self._watched.items():
            self._describe(name, watched)

    def metric_put(self, metric: Metric) -> None:
        """Hear that a metric has a new point: alarms, and then statistics, have it after a while."""
        now, lag = self._clock.now() + sum(self.late_seconds), self._calibration.statistics_lag
        readable_at = now + self._calibration.metric_lag.draw(self._random)
        shown_at = now if self.late_seconds else -math.inf
        self._metrics.hold_back(metric, readable_at, shown_at if lag is None else now + lag.draw(self._random))

    def state_set(self, name: str, state: str, reason_data: str | None) -> None:
        """Hear SetAlarmState: one that changes the state has its actions, until the alarm is evaluated again.

        They go by the newest data point of *reason_data*, and without one by the threshold itself, which is ours.
        Source: botocore, cloudwatch.SetAlarmState.
        """
        watched = self._watched.get(name)
        # The twin's own calls say what is known here already.
        if watched is None or watched.alarm["StateValue"] == state:
            return
        value = _newest_of(reason_data)
        watched.alarm["StateValue"] = state
        watched.seen = None
        self._acted_at.pop(name, None)
        self._trace.add("alarm", name, state=state, value=value, by="SetAlarmState")
        # Why not here: the caller of SetAlarmState does not wait for what comes of it.
        self._clock.spawn_in(self._clock.world, partial(self._act_on_call, watched.alarm, value), f"alarm {name}")

    def in_alarm(self) -> list[tuple[Mapping[str, Any], float | None]]:
        """Return the alarms in ALARM whose actions are enabled, each with the newest value there is."""
        return [
            (each.alarm, each.seen.value if each.seen else None)
            for each in self._watched.values()
            if each.alarm["StateValue"] == "ALARM" and each.alarm.get("ActionsEnabled", True)
        ]

    def _loop(self, interval: float, takes_all: bool) -> None:  # noqa: FBT001  # partial names it
        self._clock.sleep(self._random.uniform(0, interval))
        while True:
            self._look_at(lambda watched: takes_all or not watched.is_high_resolution)
            self._clock.sleep(interval)

    def _loop_at_high_resolution(self) -> None:
        while True:
            self._clock.sleep(_HIGH_RESOLUTION_SECONDS)
            self._look_at(lambda watched: watched.is_high_resolution)

    def _look_at(self, is_due: Callable[[_Watched], bool]) -> None:
        for watched in [each for each in self._watched.values() if is_due(each)]:
            name = watched.alarm["AlarmName"]
            with self._clock.supervisor.turn("CloudWatch", f"alarm {name}"):
                try:
                    self._look(watched)
                except ExpressionError as error:
                    self._tell(name, str(error))

    def _look(self, watched: _Watched) -> None:
        alarm = watched.alarm
        seen = watched.look(self._metrics, self._clock.now())
        if seen.state != alarm["StateValue"]:
            self._change_state(alarm, seen)
        elif alarm["AlarmName"] not in self._acted_at and seen.state != "ALARM":
            # It has not come from another state since the world began.
            return
        self._act(alarm, seen.value)

    def _tell(self, name: str, what: str) -> None:
        """Say once that an alarm cannot be evaluated; it stays as it is."""
        if name not in self._told:
            self._told.add(name)
            self._trace.add("left_out", name, what=what)

    def _describe(self, name: str, watched: _Watched) -> None:
        """Tell what an alarm watches and triggers, where that is news."""
        described = {
            "watches": [each.label for each in watched.metrics],
            "triggers": _triggered(watched.alarm, "ALARM"),
        }
        if self._described.get(name) != described:
            self._described[name] = described
            self._trace.note("alarm_definition", name, **described)

    def _change_state(self, alarm: dict[str, Any], seen: Evaluation) -> None:
        alarm["StateValue"] = seen.state
        self._acted_at.pop(alarm["AlarmName"], None)
        newest = "there is no value" if seen.value is None else f"the newest value is {seen.value}"
        reason = f"{newest}, the threshold {alarm['Threshold']}"
        points = [] if seen.value is None else [seen.value]
        data = {"version": "1.0", "recentDatapoints": points, "threshold": alarm["Threshold"]}
        self._cloudwatch.set_alarm_state(
            AlarmName=alarm["AlarmName"],
            StateValue=seen.state,
            StateReason=reason,
            StateReasonData=json.dumps({**data, "queryDate": iso_timestamp(self._clock.now())}),
        )
        self._trace.add("alarm", alarm["AlarmName"], state=seen.state, value=seen.value)
        triggers = _triggered(alarm, seen.state)
        # That it triggers nothing is worth a word of an alarm that is on.
        more = {"triggers": triggers} if triggers or seen.state == "ALARM" else {}
        self._trace.more(metric=alarm.get("MetricName"), threshold=alarm["Threshold"], reason=reason, **more)

    def _act_on_call(self, alarm: Mapping[str, Any], value: float | None) -> None:
        with self._clock.supervisor.turn("CloudWatch", f"alarm {alarm['AlarmName']}"):
            self._act(alarm, value)

    def _act(self, alarm: Mapping[str, Any], value: float | None) -> None:
        """Invoke the actions of an alarm's state: once a minute for as long as it lasts, if they are enabled."""
        now = self._clock.now()
        last = self._acted_at.get(alarm["AlarmName"])
        if last is not None and now - last < _ACTION_INTERVAL_SECONDS:
            return
        self._acted_at[alarm["AlarmName"]] = now
        if alarm.get("ActionsEnabled", True):
            for action in alarm.get(_ACTIONS[alarm["StateValue"]], []):
                self._on_action(action, alarm, value)


def _triggered(alarm: Mapping[str, Any], state: str) -> list[str]:
    """Return the names of what an alarm triggers in a state: policies by their own names, else the end of the ARN."""
    if not alarm.get("ActionsEnabled", True):
        return []
    actions = (str(each).partition(_CREATOR)[0] for each in alarm.get(_ACTIONS[state], []))
    return [each.rpartition(":")[2].rpartition("/")[2] for each in actions]


def _newest_of(reason_data: str | None) -> float | None:
    """Return the newest data point that StateReasonData names, as CloudWatch's own does."""
    try:
        points = json.loads(reason_data or "{}").get("recentDatapoints")
        return float(points[-1])
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return None
