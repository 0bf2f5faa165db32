"""Tests of the service scheduler: what it starts and stops, in which order, and what it says."""

import itertools
from functools import partial
from ipaddress import ip_address, ip_network

import pytest

from tests.support.twin import CLUSTER, EDIT, IMAGE, Twin, Worlds

SERVICE = "(service webordinary-edit-service)"


def healthy(twin: Twin) -> int:
    """Return how many targets of the edit API are healthy, as the load balancer sees them."""
    group = twin.world.stack.physical_ids["EditApiTargetGroup"]
    answer = twin.world.aws("elbv2").describe_target_health(TargetGroupArn=group)
    return sum(each["TargetHealth"]["State"] == "healthy" for each in answer["TargetHealthDescriptions"])


def kinds(twin: Twin) -> list[str]:
    """Return the events of the edit service without ids and ARNs, oldest first."""
    words = ("started", "unhealthy", "stopped", "completed", "steady", "failed", "rolling back", "unable")
    return [next(word for word in words if word in message) for message in twin.messages()]


def launches(twin: Twin) -> list[float]:
    """Return when tasks of the edit service were started."""
    return [at for at, details in twin.happened("task") if details["state"] == "provisioning"]


def has_launched(twin: Twin, count: int) -> bool:
    """Whether so many tasks of the edit service were started."""
    return len(launches(twin)) == count


def states(twin: Twin) -> list[tuple[str, str]]:
    """Return the deployments' status and rollout state, the newest first."""
    return [(each["status"], each["rolloutState"]) for each in twin.service()["deployments"]]


def test_a_service_gets_the_tasks_that_it_asks_for(twin: Twin) -> None:
    """The scheduler brings the running count to the desired count, and says so."""
    twin.scale(3)
    service = twin.service()

    assert service["desiredCount"] == 3
    assert service["runningCount"] == 3
    assert service["pendingCount"] == 0


def test_a_start_is_told_in_the_words_of_aws(twin: Twin) -> None:
    """Wording of service events of public logs, us-west-2, October 2026."""
    [run] = twin.scale(1)

    assert twin.messages() == [
        f"{SERVICE} has started 1 tasks: (task {run.record.id}).",
        f"{SERVICE} (deployment {run.record.started_by}) deployment completed.",
        f"{SERVICE} has reached a steady state.",
    ]


def test_a_stop_is_told_in_the_words_of_aws(twin: Twin) -> None:
    """Wording of service events of public logs, us-west-2, October 2026."""
    [run] = twin.scale(1)
    twin.scale(0)

    assert f"{SERVICE} has stopped 1 running tasks: (task {run.record.id})." in twin.messages()


def test_tasks_are_spread_over_the_zones(twin: Twin) -> None:
    """Fargate keeps the zones balanced (ECS Developer Guide, "Amazon ECS services"), on addresses of their subnets."""
    runs = twin.scale(2)
    networks = [ip_network("10.0.1.0/24"), ip_network("10.0.2.0/24")]

    assert len({run.record.availability_zone for run in runs}) == 2
    assert all(ip_address(run.address) in network for run, network in zip(runs, networks, strict=True))


def test_services_stable_holds_before_the_targets_are_healthy(twin: Twin) -> None:
    """The waiter asks for one deployment and running = desired, and for nothing else (botocore: waiters-2).

    So it may succeed while the rollout is in progress and no target is healthy.
    """
    twin.update(desiredCount=1)
    twin.until(lambda: twin.service()["runningCount"] == 1)
    service = twin.service()

    assert (len(service["deployments"]), service["desiredCount"]) == (1, 1)
    assert states(twin) == [("PRIMARY", "IN_PROGRESS")]
    assert healthy(twin) == 0


@pytest.mark.parametrize("change", ["taskDefinition", "forceNewDeployment"])
def test_a_new_deployment_shows_at_once(twin: Twin, change: str) -> None:
    """UpdateService answers with the new PRIMARY, IN_PROGRESS, beside the old ACTIVE (botocore: ecs.Deployment).

    So the condition of `services-stable`, one deployment and running = desired, waits for the new task.
    """
    [old] = twin.scale(1)
    value = twin.redefine(stopTimeout=10) if change == "taskDefinition" else True
    answer = twin.ecs.update_service(cluster=CLUSTER, service=EDIT, **{change: value})["service"]
    at_once = states(twin)
    twin.until(lambda: len(states(twin)) == 1 and twin.service()["runningCount"] == 1)

    assert [(each["status"], each["rolloutState"]) for each in answer["deployments"]] == at_once
    assert at_once == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    assert [run is old for run in twin.runs() if run.record.is_running] == [False]


def test_a_service_without_a_count_wants_one_task(twin: Twin) -> None:
    """DesiredCount left out is 1 (CloudFormation template reference, AWS::ECS::Service)."""
    definition = twin.service()["taskDefinition"]
    service = twin.ecs.create_service(cluster=CLUSTER, serviceName="more", taskDefinition=definition)["service"]

    assert service["desiredCount"] == 1


def test_a_cluster_that_is_not_named_is_the_default_one(twin: Twin) -> None:
    """UpdateService without a cluster means `default` (botocore: UpdateService, cluster)."""
    with pytest.raises(twin.ecs.exceptions.ClusterNotFoundException):
        twin.ecs.update_service(service=EDIT, desiredCount=1)


def test_tasks_that_are_not_there_are_failures(twin: Twin) -> None:
    """DescribeTasks names what it has not found, with the reason MISSING (botocore: ecs.Failure)."""
    [run] = twin.scale(1)
    arn = run.record.task_arn
    missing = f"{arn.rsplit('/', 1)[0]}/0123"
    answer = twin.ecs.describe_tasks(cluster=CLUSTER, tasks=[arn, "0123"])

    assert [each["taskArn"] for each in answer["tasks"]] == [arn]
    assert answer["failures"] == [{"arn": missing, "reason": "MISSING"}]


def test_a_task_has_a_network_interface(twin: Twin) -> None:
    """Its attachment names one that EC2 describes for as long as the task lives (ECS guide, task networking)."""
    [run] = twin.scale(1)
    [attachment] = twin.task(run.record.task_arn)["attachments"]
    details = {each["name"]: each["value"] for each in attachment["details"]}
    ec2 = twin.world.aws("ec2")
    identifiers = [details["networkInterfaceId"]]
    [interface] = ec2.describe_network_interfaces(NetworkInterfaceIds=identifiers)["NetworkInterfaces"]
    twin.scale(0)
    twin.until(lambda: run.record.stopped_at is not None)
    left = ec2.describe_network_interfaces()["NetworkInterfaces"]

    assert interface["PrivateIpAddress"] == details["privateIPv4Address"] == run.address
    assert (interface["SubnetId"], interface["Status"]) == (details["subnetId"], "in-use")
    assert interface["Groups"]
    assert identifiers[0] not in [each["NetworkInterfaceId"] for each in left]


def test_a_stopped_task_is_replaced(twin: Twin) -> None:
    """A service keeps its desired count whoever stops its tasks."""
    [run] = twin.scale(1)
    twin.ecs.stop_task(cluster="webordinary-edit-cluster", task=run.record.task_arn)
    twin.until(lambda: twin.world.scheduler.is_settled() and healthy(twin) == 1)

    assert run.record.id not in [each.record.id for each in twin.runs() if each.record.is_wanted]


def test_an_unhealthy_task_is_replaced_before_it_is_stopped(twin: Twin) -> None:
    """The replacement starts first and the old task stops once it is healthy (ECS Developer Guide, "Services").

    A public hang test shows the same order: unhealthy, replacement started, registered, healthy, old task stopped.
    """
    [sick] = twin.scale(1)
    twin.sleep(60)
    twin.containers.sick.append(sick.address)
    twin.until(lambda: not sick.record.is_wanted)
    [spare] = [run for run in twin.runs() if run is not sick]

    assert kinds(twin)[3:] == ["unhealthy", "unhealthy", "started", "stopped", "steady"]
    assert dict(twin.targets(spare.address))["healthy"] <= twin.now
    assert str(sick.record.stopped_reason).startswith("Task failed ELB health checks in (target-group arn:")
    assert sick.record.stop_code == "ServiceSchedulerInitiated"


def test_the_target_group_that_failed_is_accused(twin: Twin) -> None:
    """The event names port, group and reason of the failing target, and of no other, and so does the stopped task.

    Wording: Amazon ECS Developer Guide, "Amazon ECS service event messages", and public logs.
    """
    preview = twin.world.stack.physical_ids["EditPreviewTargetGroup"]
    [sick] = twin.scale(1)
    twin.sleep(60)
    twin.world.targets.faulty.add((sick.address, 4321))
    twin.until(lambda: not sick.record.is_wanted)

    reason = "Health checks failed with these codes: [503]"
    assert [message for message in twin.messages() if "unhealthy" in message] == [
        f"{SERVICE} (port 4321) is unhealthy in (target-group {preview}) due to (reason {reason})"
    ]
    assert sick.record.stopped_reason == f"Task failed ELB health checks in (target-group {preview})"


def test_an_unhealthy_task_is_stopped_first_when_there_is_no_room(twin: Twin) -> None:
    """At a maximum of 100 %, an unhealthy task makes room for its replacement (same page)."""
    twin.update(deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    [sick] = twin.scale(1)
    twin.sleep(60)
    twin.containers.sick.append(sick.address)
    twin.until(lambda: len(launches(twin)) == 2)

    assert kinds(twin)[3:] == ["unhealthy", "unhealthy", "stopped", "started"]


def test_no_task_is_unhealthy_in_its_grace_period(twin: Twin) -> None:
    """Health checks count once healthCheckGracePeriodSeconds, here 60, are over (botocore: CreateService)."""
    twin.containers.all_sick = True
    twin.update(desiredCount=1)
    twin.until(lambda: "unhealthy" in kinds(twin))
    [run, *_] = twin.runs()
    at = dict(twin.states(run))["running"]

    assert 60 <= twin.now - at <= 75


@pytest.mark.parametrize(("minimum", "maximum", "fewest", "most"), [(100, 200, 2, 4), (50, 100, 1, 2), (50, 150, 1, 3)])
def test_a_deployment_keeps_within_its_limits(twin: Twin, minimum: int, maximum: int, fewest: int, most: int) -> None:
    """A rolling update keeps the healthy percentage above the minimum, the tasks below the maximum.

    Source: botocore, DeploymentConfiguration.
    """
    twin.scale(2)
    limits = {"minimumHealthyPercent": minimum, "maximumPercent": maximum}
    twin.update(taskDefinition=twin.redefine(stopTimeout=10), deploymentConfiguration=limits)
    seen: list[tuple[int, int]] = []
    twin.until(lambda: len(states(twin)) == 2)

    def is_over() -> bool:
        seen.append((healthy(twin), tasks(twin)))
        return states(twin) == [("PRIMARY", "COMPLETED")]

    twin.until(is_over)

    assert fewest <= min(count for count, _ in seen)
    assert max(count for _, count in seen) <= most
    assert {run.definition["revision"] for run in twin.runs()} == {2}


def tasks(twin: Twin) -> int:
    """Return how many tasks are not asked to stop."""
    return sum(run.record.is_wanted for run in twin.runs())


def test_both_deployments_are_shown_while_one_replaces_the_other(twin: Twin) -> None:
    """The new deployment is PRIMARY, the old one ACTIVE until its tasks are gone (botocore: ecs.Deployment)."""
    twin.scale(1)
    twin.update(taskDefinition=twin.redefine(stopTimeout=10))
    twin.until(lambda: twin.service()["pendingCount"] == 1)
    shown = [
        (each["desiredCount"], each["runningCount"], each["pendingCount"]) for each in twin.service()["deployments"]
    ]

    assert states(twin) == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    assert shown == [(1, 0, 1), (0, 1, 0)]


def test_a_new_deployment_can_be_forced(twin: Twin) -> None:
    """ForceNewDeployment replaces the tasks of an unchanged definition (botocore: UpdateService)."""
    [old] = twin.scale(1)
    twin.update(forceNewDeployment=True)
    twin.until(lambda: states(twin) == [("PRIMARY", "COMPLETED")] and old not in twin.runs())

    assert [run.definition["revision"] for run in twin.runs()] == [1]
    assert twin.service()["deployments"][0]["id"] != old.record.started_by


def test_a_scale_in_stops_whichever_the_seed_picks(worlds: Worlds) -> None:
    """Which task of a zone a scale-in stops is left open by AWS, so it differs from seed to seed."""
    stopped = []
    for seed in "12345678":
        with worlds.open(seed=seed) as twin:
            runs = twin.scale(3)
            twin.scale(2)
            stopped.append([run.record.is_wanted for run in runs].index(False))

    assert {0, 2} == set(stopped)


def test_a_scale_in_keeps_the_zones_balanced(worlds: Worlds) -> None:
    """Of three tasks, one of the two that share a zone goes (ECS Developer Guide, "Amazon ECS services")."""
    for seed in "123":
        with worlds.open(seed=seed) as twin:
            twin.scale(3)
            twin.scale(2)
            zones = {run.record.availability_zone for run in twin.runs() if run.record.is_wanted}

            assert len(zones) == 2


def test_starts_that_fail_are_throttled(twin: Twin) -> None:
    """Each start that fails delays the next one more, and the service says so.

    Source: ECS Developer Guide, "Service throttle logic"; the doubling from 10 s is ours.
    """
    twin.update(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}})
    twin.world.runtime.troubles.images_missing.add(IMAGE)
    twin.update(desiredCount=1)
    twin.until(lambda: len(launches(twin)) == 5, 600)
    gaps = [later - earlier for earlier, later in itertools.pairwise(launches(twin))]

    assert sorted(gaps) == gaps
    assert gaps[3] - gaps[2] > 30
    assert f"{SERVICE} is unable to consistently start tasks successfully." in twin.messages()


def test_the_throttle_ends_at_27_minutes(twin: Twin) -> None:
    """No delay is longer than 27 minutes, however often starts have failed (same page)."""
    twin.update(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}})
    twin.world.runtime.troubles.images_missing.add(IMAGE)
    twin.update(desiredCount=1)
    twin.sleep(5 * 3600)
    gaps = [later - earlier for earlier, later in itertools.pairwise(launches(twin))]

    assert 27 * 60 <= gaps[-1] < 28 * 60
    assert gaps[-1] == pytest.approx(gaps[-2], abs=10)


def test_a_new_definition_ends_the_throttle(twin: Twin) -> None:
    """A new task definition is started at once (same page)."""
    twin.update(deploymentConfiguration={"deploymentCircuitBreaker": {"enable": False, "rollback": False}})
    twin.world.runtime.troubles.images_missing.add(IMAGE)
    twin.update(desiredCount=1)
    twin.until(lambda: len(launches(twin)) == 6, 900)
    twin.until(lambda: not twin.runs())
    changed = twin.now
    twin.update(taskDefinition=twin.redefine(image="webordinary/edit:1.0.1"))
    twin.until(lambda: len(launches(twin)) == 7)

    assert twin.now - changed < 5


def test_tasks_that_crash_once_they_run_are_not_throttled(twin: Twin) -> None:
    """Only starts that fail are slowed down, not tasks that crash after RUNNING (same page)."""
    for count in range(1, 5):
        twin.scale(1)
        twin.until(lambda: healthy(twin) == 1)
        for containers in list(twin.world.runtime.containers.values()):
            twin.world.runtime.kill(containers[0], 1)
        at = twin.now
        twin.until(partial(has_launched, twin, count + 1))

        assert twin.now - at < 5


def test_three_failed_starts_fail_a_deployment_and_roll_it_back(twin: Twin) -> None:
    """The circuit breaker trips at 3 for a small service and goes back to the last completed deployment.

    That is IN_PROGRESS again until it completes, and its tasks have gone on all the while.
    Source: ECS Developer Guide, "Deployment circuit breaker".
    """
    [kept] = twin.scale(1)
    broken = twin.redefine(image="webordinary/edit:broken")
    twin.world.runtime.troubles.images_missing.add("webordinary/edit:broken")
    twin.update(taskDefinition=broken)
    twin.until(lambda: "rolling back" in kinds(twin))
    twin.until(lambda: states(twin) == [("PRIMARY", "COMPLETED")])

    assert len(launches(twin)) == 1 + 3
    assert [run.record.id for run in twin.runs()] == [kept.record.id]
    assert twin.service()["taskDefinition"] == kept.definition["taskDefinitionArn"]
    assert kinds(twin)[-4:] == ["failed", "rolling back", "completed", "steady"]


def test_a_failed_deployment_says_so(twin: Twin) -> None:
    """FAILED is shown with the number of failures; a second completed deployment there is none to go back to.

    Without one the service stalls: no task is started any more (same page).
    """
    twin.world.runtime.troubles.images_missing.add(IMAGE)
    twin.update(desiredCount=1)
    twin.until(lambda: states(twin) == [("PRIMARY", "FAILED")])
    twin.sleep(600)
    [deployment] = twin.service()["deployments"]

    assert len(launches(twin)) == 3
    assert deployment["failedTasks"] == 3
    assert deployment["rolloutStateReason"] == "ECS deployment circuit breaker: task failed to start."


def test_unhealthy_tasks_fail_a_deployment_too(twin: Twin) -> None:
    """Tasks that are replaced for failed health checks count toward the circuit breaker's threshold (same page)."""
    [kept] = twin.scale(1)
    twin.update(taskDefinition=twin.redefine(stopTimeout=2))
    twin.until(lambda: len(twin.runs()) == 2)
    twin.containers.sick.extend(f"10.0.{zone}.{host}" for zone in (1, 2) for host in range(10, 30))
    twin.containers.sick.remove(kept.address)
    twin.until(lambda: "rolling back" in kinds(twin), 1200)
    twin.until(lambda: states(twin) == [("PRIMARY", "COMPLETED")])

    assert [run.record.id for run in twin.runs()] == [kept.record.id]


def test_a_deleted_service_stops_its_tasks(twin: Twin) -> None:
    """DeleteService with force stops what still runs (botocore: DeleteService)."""
    [run] = twin.scale(1)
    twin.ecs.delete_service(cluster="webordinary-edit-cluster", service="webordinary-edit-service", force=True)
    twin.until(lambda: run.record.last_status == "STOPPED")

    assert tasks(twin) == 0


def test_a_service_keeps_its_last_hundred_events(twin: Twin) -> None:
    """The events are capped at 100 (botocore: ecs.Service), each with an id of its own."""
    for count in (60, 0, 60, 0):
        twin.update(desiredCount=count)
        twin.sleep(2.1)
    events = twin.service()["events"]

    assert len(events) == 100
    assert len({event["id"] for event in events}) == 100
    assert sorted((event["createdAt"] for event in events), reverse=True) == [each["createdAt"] for each in events]
