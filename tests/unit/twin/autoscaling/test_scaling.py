"""Tests of Application Auto Scaling: alarms that fire set the desired count, as their step policies say."""

import json
from typing import Any

import pytest

from seatrials.twin.autoscaling.scaling import within_bounds
from tests.support.twin import Twin

NAMESPACE = "Webordinary/EditSessions"
RESOURCE = "service/webordinary-edit-cluster/webordinary-edit-service"
TARGET = {"ServiceNamespace": "ecs", "ResourceId": RESOURCE, "ScalableDimension": "ecs:service:DesiredCount"}
HIGH = "webordinary-edit-sessions-high"
LOW = "webordinary-edit-sessions-low"


class Visitors:
    """Puts the number of sessions as a metric every 20 s."""

    def __init__(self, twin: Twin) -> None:
        """Nothing is put before the first number is set."""
        self.twin = twin
        self._count: int | None = None
        twin.world.clock.spawn(self._loop, "visitors")

    def _put(self) -> None:
        data = [{"MetricName": "ActiveSessionCount", "Value": self._count}]
        self.twin.world.aws("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def _loop(self) -> None:
        while True:
            self.twin.sleep(20)
            if self._count is not None:
                self._put()

    def become(self, count: int, desired: int, within_seconds: float = 300) -> float:
        """Set the number, wait until the desired count is *desired*, and return when it was."""
        self._count = count
        self._put()
        self.twin.until(lambda: self.twin.service()["desiredCount"] == desired, within_seconds)
        return float(self.twin.now)


@pytest.fixture
def visitors(twin: Twin) -> Visitors:
    """Give the metric that the edit service scales on, once the stack has settled."""
    twin.world.settle(60)
    return Visitors(twin)


def set_scale_out(twin: Twin, adjustment: str, cooldown: int, *steps: tuple[float | None, float | None, int]) -> None:
    """Change the step policy that scales out; *steps* are lower bound, upper bound and adjustment."""
    names = ("MetricIntervalLowerBound", "MetricIntervalUpperBound", "ScalingAdjustment")
    shown = [{key: value for key, value in zip(names, step, strict=True) if value is not None} for step in steps]
    configuration = {"AdjustmentType": adjustment, "Cooldown": cooldown, "StepAdjustments": shown}
    twin.world.aws("application-autoscaling").put_scaling_policy(
        PolicyName="webordinary-edit-scale-out",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=configuration,
        **TARGET,
    )


def set_bounds(twin: Twin, lowest: int, highest: int) -> None:
    """Change the capacity bounds of the edit service."""
    twin.world.aws("application-autoscaling").register_scalable_target(
        MinCapacity=lowest, MaxCapacity=highest, **TARGET
    )


def activities(twin: Twin) -> list[dict[str, Any]]:
    """Return the scaling activities as the API gives them, the newest first."""
    answer = twin.world.aws("application-autoscaling").describe_scaling_activities(ServiceNamespace="ecs")
    return list(answer["ScalingActivities"])


def alarm_state(twin: Twin, name: str) -> str:
    """Return an alarm's state as DescribeAlarms gives it."""
    [alarm] = twin.world.aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(alarm["StateValue"])


def test_a_new_alarm_has_too_little_data(twin: Twin) -> None:
    """An alarm begins in INSUFFICIENT_DATA, and stays there while missing data is missing (CloudWatch User Guide)."""
    twin.sleep(120)

    assert [alarm_state(twin, name) for name in (HIGH, LOW)] == ["INSUFFICIENT_DATA"] * 2
    assert alarm_state(twin, "webordinary-run-cold-start") == "OK"


@pytest.mark.parametrize(("sessions", "tasks"), [(1, 1), (2, 1), (3, 3), (9, 3)])
def test_sessions_get_the_tasks_of_their_step(visitors: Visitors, sessions: int, tasks: int) -> None:
    """The alarm fires, and the policy sets the capacity of the step that holds value minus threshold."""
    took = visitors.become(sessions, tasks) - visitors.twin.happened("metric")[0][0]

    assert took <= 0.5 + 10 + 1.25
    assert alarm_state(visitors.twin, HIGH) == "ALARM"


def test_an_activity_is_told_in_the_words_of_aws(visitors: Visitors) -> None:
    """Wording of the Application Auto Scaling User Guide, "Scaling activities"."""
    at = visitors.become(1, 1)
    [activity] = activities(visitors.twin)

    assert activity["Description"] == "Setting desired count to 1."
    assert activity["Cause"] == (f"monitor alarm {HIGH} in state ALARM triggered policy webordinary-edit-scale-out")
    assert activity["StatusMessage"] == ("Successfully set desired count to 1. Change successfully fulfilled by ecs.")
    assert activity["StatusCode"] == "Successful"
    assert activity["StartTime"].timestamp() == pytest.approx(visitors.twin.world.clock.now(), abs=at)


def test_an_alarm_without_data_again_has_too_little(visitors: Visitors) -> None:
    """When the metric stops, the alarm goes back to INSUFFICIENT_DATA and the service stays as it is.

    Not before the last point has left the three periods that an alarm of one period looks at.
    """
    visitors.become(1, 1)
    visitors._count = None  # noqa: SLF001  # the metric stops
    visitors.twin.sleep(120)
    before = alarm_state(visitors.twin, HIGH)
    visitors.twin.sleep(80)

    assert before == "ALARM"

    assert alarm_state(visitors.twin, HIGH) == "INSUFFICIENT_DATA"
    assert visitors.twin.service()["desiredCount"] == 1


def test_an_action_is_invoked_again_once_a_minute(visitors: Visitors) -> None:
    """An Auto Scaling action repeats each minute while its alarm lasts (CloudWatch User Guide, "Using alarms").

    So a count that somebody else has changed is set again.
    """
    first = visitors.become(1, 1)
    visitors.twin.update(desiredCount=0)
    second = visitors.become(1, 1)

    assert 55 <= second - first <= 65


def test_a_scale_in_waits_for_the_cooldown(visitors: Visitors) -> None:
    """A scale-in is blocked until the cooldown, here 60 s, of the scale-out is over (AAS guide, "Cooldown")."""
    out = visitors.become(1, 1)
    inside = visitors.become(0, 0)

    assert inside - out >= 60


def test_a_scale_out_does_not_wait_for_the_cooldown_of_a_scale_in(visitors: Visitors) -> None:
    """A scale-out during the cooldown of a scale-in acts at once (same page)."""
    visitors.become(1, 1)
    inside = visitors.become(0, 0)
    out = visitors.become(3, 3)

    assert out - inside < 15


def test_the_same_step_adds_nothing_during_its_cooldown(visitors: Visitors) -> None:
    """While a scale-out cools down, the same step does not act again; afterwards it does (same page)."""
    set_scale_out(visitors.twin, "ChangeInCapacity", 200, (0, None, 1))
    first = visitors.become(1, 1)
    second = visitors.become(1, 2)

    assert 200 <= second - first <= 265


def test_a_larger_step_adds_the_rest_during_the_cooldown(visitors: Visitors) -> None:
    """After a step of 1, a step of 3 in its cooldown adds 2 (same page)."""
    set_bounds(visitors.twin, 0, 9)
    set_scale_out(visitors.twin, "ChangeInCapacity", 300, (0, 2, 1), (2, None, 3))
    first = visitors.become(1, 1)
    visitors.twin.sleep(30)
    second = visitors.become(3, 3)

    assert second - first < 100


def test_adjustments_count_from_what_runs(visitors: Visitors) -> None:
    """The start value is the running count, not the desired one (ECS Developer Guide, "Service auto scaling").

    Here one task is desired and has not started yet when the alarm fires.
    """
    set_scale_out(visitors.twin, "ChangeInCapacity", 60, (0, None, 2))
    visitors.twin.update(desiredCount=1)
    visitors.become(1, 2)

    assert [details["desired"] for _, details in visitors.twin.happened("scaling")] == [2]


def test_a_scale_out_ends_at_the_maximum(visitors: Visitors) -> None:
    """A policy never leaves the bounds of its target (same page)."""
    set_scale_out(visitors.twin, "ExactCapacity", 60, (0, None, 9))
    visitors.become(3, 3)
    visitors.twin.sleep(130)

    assert [each["Description"] for each in activities(visitors.twin)] == ["Setting desired count to 3."]


def test_a_scale_in_ends_at_the_minimum(visitors: Visitors) -> None:
    """A policy never leaves the bounds of its target (same page)."""
    visitors.become(3, 3)
    set_bounds(visitors.twin, 1, 3)
    visitors.become(0, 1)
    visitors.twin.sleep(130)

    assert visitors.twin.service()["desiredCount"] == 1


def test_nothing_is_scaled_in_during_a_deployment(visitors: Visitors) -> None:
    """Scale-in is off while a deployment is in progress; scale-out goes on (same page).

    The deployment here cannot end: it may neither start a task more nor stop one.
    """
    twin = visitors.twin
    visitors.become(1, 1)
    twin.world.settle(60)
    limits = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    twin.update(forceNewDeployment=True, deploymentConfiguration=limits)
    visitors._count = 0  # noqa: SLF001  # nobody is there any more
    twin.sleep(300)
    before = twin.service()["desiredCount"]
    visitors.become(3, 3)

    assert before == 1


def track(twin: Twin, what: str, percent: float, *, disable_scale_in: bool = False) -> None:
    """Let a policy keep *what*, `cpu` in place of the stack's own policy or `memory`, at *percent*."""
    names = {"cpu": "ECSServiceAverageCPUUtilization", "memory": "ECSServiceAverageMemoryUtilization"}
    twin.world.aws("application-autoscaling").put_scaling_policy(
        PolicyName=f"webordinary-edit-service-{what}",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": percent,
            "DisableScaleIn": disable_scale_in,
            "PredefinedMetricSpecification": {"PredefinedMetricType": names[what]},
        },
        **TARGET,
    )


def test_a_tracking_policy_watches_its_own_target(twin: Twin) -> None:
    """One alarm is above the target for 3 minutes, one below nine tenths of it for 15 (AAS guide, target tracking)."""
    track(twin, "cpu", 40)
    alarms = twin.world.aws("cloudwatch").describe_alarms(AlarmNamePrefix=f"TargetTracking-{RESOURCE}")["MetricAlarms"]
    shown = {
        each["AlarmName"].split("-Alarm")[1][:3]: (each["Threshold"], each["EvaluationPeriods"]) for each in alarms
    }

    assert shown == {"Hig": (40, 3), "Low": (36, 15)}


def test_of_two_policies_the_larger_capacity_counts(visitors: Visitors) -> None:
    """An idle processor takes no task away that the sessions need (AAS guide, "Multiple target tracking policies").

    A CPU policy has too little to do for 15 minutes, and the alarm on sessions goes on.
    """
    track(visitors.twin, "cpu", 40)
    visitors.become(3, 3)
    visitors.twin.sleep(1200)
    [low] = [name for name in fired(visitors.twin) if "-AlarmLow-" in name]

    assert alarm_state(visitors.twin, low) == "ALARM"
    assert visitors.twin.service()["desiredCount"] == 3
    assert len(activities(visitors.twin)) == 1


@pytest.mark.parametrize(
    ("memory_percent", "disable_scale_in", "tasks"), [(25, False, 3), (25, True, 1), (40, False, 2)]
)
def test_a_tracking_policy_takes_nothing_away_before_all_of_them_do(
    visitors: Visitors, memory_percent: float, *, disable_scale_in: bool, tasks: int
) -> None:
    """All tracking policies with scale-in enabled must be ready, and the largest capacity counts (same section).

    Here the processor is idle enough for one of three tasks; memory at 25 % is either at its target or asks for two.
    """
    track(visitors.twin, "cpu", 40)
    track(visitors.twin, "memory", memory_percent, disable_scale_in=disable_scale_in)
    visitors.twin.update(desiredCount=3)
    visitors.twin.sleep(1800)

    assert visitors.twin.service()["desiredCount"] == tasks


@pytest.mark.parametrize(("percent", "tasks"), [(5, 3), (40, 0)])
def test_a_step_policy_takes_nothing_away_that_another_asks_for(visitors: Visitors, percent: float, tasks: int) -> None:
    """Of two that ask at once the larger counts; a tracking policy that is not ready is not asking (same section)."""
    track(visitors.twin, "cpu", percent)
    visitors.become(3, 3)
    visitors.twin.sleep(240)
    visitors.become(0, tasks)
    visitors.twin.sleep(130)

    assert visitors.twin.service()["desiredCount"] == tasks


def fired(twin: Twin) -> list[str]:
    """Return the alarms that have gone to ALARM."""
    return [
        each.subject for each in twin.world.trace.events if each.kind == "alarm" and each.details["state"] == "ALARM"
    ]


def test_a_tracking_policy_scales_in_proportion(visitors: Visitors) -> None:
    """The capacity follows metric over target, and rounds up: 10 % of 5 % on one task are two (same guide)."""
    twin = visitors.twin
    visitors.become(1, 1)
    track(twin, "cpu", 5)
    twin.until(lambda: twin.service()["desiredCount"] == 2, 400)
    [newest, *_] = activities(twin)

    assert "AlarmHigh" in newest["Cause"]
    assert newest["Cause"].endswith("triggered policy webordinary-edit-service-cpu")


@pytest.mark.parametrize("switch", ["ActionsEnabled", "DisableAlarmActions", "SuspendedState"])
def test_what_is_switched_off_does_not_scale(visitors: Visitors, switch: str) -> None:
    """An alarm without actions, or a target whose scaling out is suspended, changes nothing; the alarm fires."""
    twin = visitors.twin
    cloudwatch = twin.world.aws("cloudwatch")
    if switch == "SuspendedState":
        twin.world.aws("application-autoscaling").register_scalable_target(
            SuspendedState={"DynamicScalingOutSuspended": True}, **TARGET
        )
    elif switch == "DisableAlarmActions":
        cloudwatch.disable_alarm_actions(AlarmNames=[HIGH])
    else:
        put_alarm(twin, ActionsEnabled=False)
    visitors.become(3, 0)
    twin.sleep(130)

    assert alarm_state(twin, HIGH) == "ALARM"
    assert activities(twin) == []


def put_alarm(twin: Twin, **changes: object) -> None:
    """Put the alarm on many sessions again, changed."""
    cloudwatch = twin.world.aws("cloudwatch")
    [alarm] = cloudwatch.describe_alarms(AlarmNames=[HIGH])["MetricAlarms"]
    copied = ("AlarmName", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "AlarmActions")
    kept = {name: alarm[name] for name in (*copied, "ComparisonOperator", "Threshold", "TreatMissingData")}
    cloudwatch.put_metric_alarm(**{**kept, **changes})


def test_actions_that_are_enabled_again_scale(visitors: Visitors) -> None:
    """EnableAlarmActions lets an alarm that lasts act within its minute (botocore: EnableAlarmActions)."""
    cloudwatch = visitors.twin.world.aws("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=[HIGH])
    visitors.become(3, 0)
    visitors.twin.sleep(60)
    cloudwatch.enable_alarm_actions(AlarmNames=[HIGH])

    visitors.become(3, 3, within_seconds=75)


@pytest.mark.parametrize(("name", "count"), [("OKActions", 0), ("InsufficientDataActions", None)])
def test_every_state_has_actions(visitors: Visitors, name: str, count: int | None) -> None:
    """OKActions act in OK and InsufficientDataActions without data, as AlarmActions do in ALARM (PutMetricAlarm)."""
    twin = visitors.twin
    [policy] = [each for each in policies(twin) if each["PolicyName"] == "webordinary-edit-scale-out"]
    set_scale_out(twin, "ExactCapacity", 60, (None, None, 2))
    put_alarm(twin, AlarmActions=[], **{name: [policy["PolicyARN"]]})
    visitors._count = 3  # noqa: SLF001  # the alarm fires, without an action
    twin.sleep(60)
    before = twin.service()["desiredCount"]
    visitors._count = count  # noqa: SLF001  # and ends
    twin.until(lambda: twin.service()["desiredCount"] == 2)

    assert before == 0


def policies(twin: Twin) -> list[dict[str, Any]]:
    """Return the scaling policies of all services."""
    answer = twin.world.aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")
    return list(answer["ScalingPolicies"])


@pytest.mark.parametrize(("newest", "tasks"), [(None, 1), (9.0, 3)])
def test_a_state_that_a_client_sets_has_its_actions(visitors: Visitors, newest: float | None, tasks: int) -> None:
    """SetAlarmState scales, by the data point of StateReasonData if there is one (botocore: SetAlarmState)."""
    twin = visitors.twin
    data = {} if newest is None else {"StateReasonData": json.dumps({"recentDatapoints": [newest]})}
    twin.world.aws("cloudwatch").set_alarm_state(AlarmName=HIGH, StateValue="ALARM", StateReason="a test", **data)
    twin.sleep(2)
    [activity] = activities(twin)

    assert (twin.service()["desiredCount"], activity["Cause"].split(" in ")[0]) == (tasks, f"monitor alarm {HIGH}")
    twin.sleep(10)
    assert alarm_state(twin, HIGH) == "INSUFFICIENT_DATA"


def test_a_dimension_keeps_points_from_the_alarm(visitors: Visitors) -> None:
    """An alarm without dimensions does not see a metric that has one (CloudWatch User Guide, "Dimensions")."""
    data = [{"MetricName": "ActiveSessionCount", "Value": 3, "Dimensions": [{"Name": "Stage", "Value": "x"}]}]
    visitors.twin.world.aws("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
    visitors.twin.sleep(60)

    assert alarm_state(visitors.twin, HIGH) == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("desired", "bounds", "becomes", "which"), [(0, (2, 3), 2, "minimum"), (3, (0, 1), 1, "maximum")]
)
def test_bounds_that_the_count_is_beyond_change_it_at_once(
    twin: Twin, desired: int, bounds: tuple[int, int], becomes: int, which: str
) -> None:
    """RegisterScalableTarget brings the capacity within its range, and an activity says so (AAS API Reference)."""
    twin.world.settle(60)
    twin.update(desiredCount=desired)
    set_bounds(twin, *bounds)
    twin.sleep(2)
    [activity] = activities(twin)

    assert twin.service()["desiredCount"] == becomes
    assert activity["Description"] == f"Setting desired count to {becomes}."
    assert activity["Cause"] == f"{which} capacity was set to {becomes}"


@pytest.mark.parametrize(
    ("desired", "wanted", "set_to"),
    [(1, 0, 1), (1, 3, 3), (1, 9, 5), (7, 9, 7), (7, 4, 4), (7, 1, 2), (7, 6, 5), (3, 1, 2), (2, 1, 2), (5, 6, 5)],
)
def test_a_count_out_of_bounds_is_left_alone_on_that_side(desired: int, wanted: int, set_to: int) -> None:
    """Below the minimum a scale-in does nothing, above the maximum a scale-out (ECS guide, "Service auto scaling")."""
    assert set_to == within_bounds({"MinCapacity": 2, "MaxCapacity": 5}, desired, wanted)


def test_a_target_takes_its_policies_along(visitors: Visitors) -> None:
    """DeregisterScalableTarget deletes the policies and their alarms; a step alarm that fires then scales nothing."""
    twin = visitors.twin
    twin.world.aws("application-autoscaling").deregister_scalable_target(**TARGET)
    visitors.become(3, 0)
    twin.sleep(60)
    names = [each["AlarmName"] for each in twin.world.aws("cloudwatch").describe_alarms()["MetricAlarms"]]

    assert [each for each in policies(twin) if each["ResourceId"] == RESOURCE] == []
    assert [name for name in names if name.startswith(f"TargetTracking-{RESOURCE}")] == []
    assert alarm_state(twin, HIGH) == "ALARM"
    assert twin.service()["desiredCount"] == 0


def test_a_changed_policy_keeps_its_arn(twin: Twin) -> None:
    """PutScalingPolicy updates a policy of that name, so alarms still reach it (AAS API Reference)."""
    before = {each["PolicyName"]: each["PolicyARN"] for each in policies(twin)}
    set_scale_out(twin, "ExactCapacity", 60, (0, None, 2))

    assert before == {each["PolicyName"]: each["PolicyARN"] for each in policies(twin)}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "text", "[]", "{}"])
def test_odd_reason_data_ends_no_world(visitors: Visitors, value: str) -> None:
    """Whatever StateReasonData holds, SetAlarmState is answered and the world goes on."""
    data = '{"recentDatapoints": [' + {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity", "text": '"x"'}.get(
        value, value
    )
    cloudwatch = visitors.twin.world.aws("cloudwatch")
    for name in (HIGH, *(each["AlarmName"] for each in cloudwatch.describe_alarms()["MetricAlarms"])):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="odd", StateReasonData=data + "]}")
    visitors.twin.sleep(60)

    assert alarm_state(visitors.twin, HIGH) == "INSUFFICIENT_DATA"
