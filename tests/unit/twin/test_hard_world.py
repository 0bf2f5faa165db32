"""Tests of what is as hard to examine as AWS: each trait alone, on durations that a test can add up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from seatrials.twin.calibration import HARD, Spread
from tests.support.aws import Json
from tests.support.twin import CLUSTER, EDIT, PLAIN, Twin, Worlds, always

RESOURCE = f"service/{CLUSTER}/{EDIT}"
PAST = replace(PLAIN, has_past=True)


def api_found(twin: Twin) -> list[str]:
    """Return the states that the load balancer's own checks have found of the edit API."""
    return [each.state for each in twin.world.targets.describe(twin.world.stack.physical_ids["EditApiTargetGroup"])]


def api_told(twin: Twin) -> list[str]:
    """Return the states that DescribeTargetHealth gives of the same targets."""
    group = twin.world.stack.physical_ids["EditApiTargetGroup"]
    answer = twin.world.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [each["TargetHealth"]["State"] for each in answer]


def activities(twin: Twin, **question: Json) -> dict[str, Json]:
    """Return the answer of DescribeScalingActivities about the edit service."""
    autoscaling = twin.world.aws("application-autoscaling")
    return dict(autoscaling.describe_scaling_activities(ServiceNamespace="ecs", ResourceId=RESOURCE, **question))


def test_a_task_counts_as_running_after_its_targets_serve(worlds: Worlds) -> None:
    """Targets are registered in ACTIVATING, a state before RUNNING (ECS Developer Guide, "Task lifecycle")."""
    with worlds.open(calibration=replace(PLAIN, counting=always(5))) as twin:
        [run] = twin.scale(1)
        healthy = dict(twin.targets(run.address))["healthy"]
        running = dict(twin.states(run))["running"]

    assert 1 < running - healthy < 5


def test_target_health_is_told_after_it_was_found(worlds: Worlds) -> None:
    """A check that has passed lets requests in at once; the API says so later (ALB User Guide, health checks)."""
    with worlds.open(calibration=replace(PLAIN, health_view_lag=always(4))) as twin:
        twin.update(desiredCount=1)
        twin.until(lambda: api_found(twin) == ["healthy"])
        found_at, told = twin.now, api_told(twin)
        twin.until(lambda: api_told(twin) == ["healthy"])
        told_at = twin.now

    assert told == ["initial"]
    assert 3.5 <= told_at - found_at <= 4.25


def test_what_a_call_has_done_to_targets_is_told_at_once(worlds: Worlds) -> None:
    """The API itself knows who was taken out; only what checks find comes late."""
    with worlds.open(calibration=replace(PLAIN, health_view_lag=always(4))) as twin:
        [run] = twin.scale(1)
        group = twin.world.stack.physical_ids["EditApiTargetGroup"]
        twin.sleep(5)
        target = {"Id": run.address, "Port": 8080}
        twin.world.aws("elbv2").deregister_targets(TargetGroupArn=group, Targets=[target])
        told = api_told(twin)

    assert told == ["draining"]


def test_a_containers_clock_is_apart_from_the_worlds(worlds: Worlds) -> None:
    """By no more than the bound, each by its own; waits take as long as ever."""
    with worlds.open(calibration=replace(PLAIN, clock_error_seconds_max=0.7)) as twin:
        twin.scale(2)
        clocks = [each.clock for each in twin.containers.contexts]
        errors = [each.now() - twin.world.clock.now() for each in clocks]
        began = twin.now
        clocks[0].sleep(3)
        waited = twin.now - began

    assert 0.01 < max(abs(each) for each in errors) <= 0.7
    assert errors[0] != errors[1]
    assert waited == 3


def test_without_an_error_containers_have_the_worlds_clock(twin: Twin) -> None:
    """The default world has one clock."""
    twin.scale(1)

    assert [each.clock for each in twin.containers.contexts] == [twin.world.clock]


def test_statistics_are_late_and_alarms_are_not(worlds: Worlds) -> None:
    """What was put can be read later (CloudWatch User Guide, "Publish custom metrics")."""
    with worlds.open(calibration=replace(PLAIN, statistics_lag=always(50))) as twin:
        cloudwatch = twin.world.aws("cloudwatch")
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Visitors", "Value": 1}])
        began = datetime.fromtimestamp(twin.world.clock.now(), UTC)
        found = []
        for _ in range(2):
            found.append(
                cloudwatch.get_metric_statistics(
                    Namespace="Shop",
                    MetricName="Visitors",
                    StartTime=began,
                    EndTime=began + timedelta(minutes=5),
                    Period=60,
                    Statistics=["Maximum"],
                )["Datapoints"]
            )
            twin.sleep(51)

    assert [[each["Maximum"] for each in points] for points in found] == [[], [1]]


def test_an_account_in_use_has_weeks_of_activities_in_pages(worlds: Worlds) -> None:
    """Newest first, 50 a page, of six weeks, and not all of them set a count (botocore: DescribeScalingActivities)."""
    with worlds.open(calibration=PAST) as twin:
        now = twin.world.clock.now()
        first = activities(twin)["ScalingActivities"]
        pages = twin.world.aws("application-autoscaling").get_paginator("describe_scaling_activities")
        all_of_them = pages.paginate(ServiceNamespace="ecs", ResourceId=RESOURCE).build_full_result()
    began = [each["StartTime"].timestamp() for each in all_of_them["ScalingActivities"]]

    assert len(first) == 50
    assert len(began) > 100
    assert began == sorted(began, reverse=True)
    assert 40 * 86_400 < now - began[-1] < 42 * 86_400
    assert began[0] < now
    assert {each["Description"].partition(" to ")[0] for each in all_of_them["ScalingActivities"]} == {
        "Setting desired count",
        "Setting min capacity",
    }


def test_an_account_in_use_has_stopped_tasks_in_pages(worlds: Worlds) -> None:
    """ListTasks gives 100 a page; what has stopped is shown for an hour (botocore: ListTasks; ECS Developer Guide)."""
    with worlds.open(calibration=PAST) as twin:
        question = {"cluster": CLUSTER, "serviceName": EDIT, "desiredStatus": "STOPPED"}
        first = twin.ecs.list_tasks(**question)
        second = twin.ecs.list_tasks(**question, nextToken=first["nextToken"])
        task = twin.task(first["taskArns"][0])

    assert len(first["taskArns"]) == 100
    assert len(second["taskArns"]) == 30
    assert "nextToken" not in second
    assert (task["lastStatus"], task["desiredStatus"]) == ("STOPPED", "STOPPED")


def test_a_service_in_use_has_old_events(worlds: Worlds) -> None:
    """A hundred of them, newest first; those of the run come before (botocore: ecs.Service, events)."""
    with worlds.open(calibration=PAST) as twin:
        twin.scale(1)
        events = twin.service()["events"]
    moments = [each["createdAt"] for each in events]

    assert len(events) == 100
    assert moments == sorted(moments, reverse=True)
    assert "has started 1 tasks" in " ".join(each["message"] for each in events[:5])


def test_old_tasks_start_nothing(worlds: Worlds) -> None:
    """What has been counts for nothing: the service has no task until one is asked for."""
    with worlds.open(calibration=PAST) as twin:
        twin.sleep(60)
        service = twin.service()

    assert (service["runningCount"], service["pendingCount"], twin.runs()) == (0, 0, [])


def test_the_hard_world_keeps_the_promise_of_a_cold_start() -> None:
    """Even its slowest start leaves some of the promised 60 s to a health check and to Hermes."""
    task = (HARD.scheduler_interval, HARD.provisioning, HARD.pull, HARD.activating)
    decision = (HARD.metric_lag, HARD.scaling_action)
    routing = (HARD.node_lag, HARD.health_view_lag)
    spreads = [each for each in (*task, *decision, *routing) if each is not None]

    assert sum(each.high for each in spreads) + HARD.alarm_interval_seconds < 55


def test_the_hard_world_has_every_trait() -> None:
    """None is left at what costs nothing to examine."""
    late = (HARD.counting, HARD.health_view_lag, HARD.statistics_lag, HARD.node_lag, HARD.new_rule_lag)

    assert all(isinstance(each, Spread) and each.high > 1 for each in late)
    assert (HARD.answers_vary, HARD.has_past, HARD.clock_error_seconds_max) == (True, True, 0.7)
    assert HARD.has_nodes
    assert 0 < HARD.reset_share < 0.05
