"""What an account in use has from before a run: scaling activities, events of services, and tasks that have stopped.

A world of the calibration `has_past` begins with it. All of it is over: nothing acts on it, and everything lists it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.lifecycle import TaskState
from seatrials.twin.moto_bridge.bridge import Bridge
from seatrials.twin.tasks import TaskRecord

_DAY_SECONDS = 86_400.0
# Scaling activities are told of six weeks. Source: botocore, application-autoscaling.DescribeScalingActivities.
_ACTIVITIES_SECONDS = 42 * _DAY_SECONDS
_ACTIVITIES = 130
# A service shows its newest hundred. Source: botocore, ecs.Service, events.
_EVENTS = 100
_EVENTS_SECONDS = 21 * _DAY_SECONDS
# A stopped task is shown for an hour at least. Source: Amazon ECS Developer Guide, "Stopped tasks error codes".
_STOPPED_SECONDS = 3_600.0
_STOPPED = 130
# The newest of all is so old: what the run does comes after it.
_NEWEST_SECONDS = 90.0

# Descriptions and causes: of a step policy, of a scheduled action, and of an operator who changed the bounds.
_POLICY = "monitor alarm {alarm} in state ALARM triggered policy {policy}"
_ACTIVITY_KINDS = (
    ("Setting desired count to {count}.", _POLICY),
    ("Setting desired count to {count}.", "maximum capacity was set to {count}"),
    ("Setting min capacity to 0 and max capacity to {count}", "scheduled action name office-hours was triggered"),
)


def give_past(bridge: Bridge, ecs: AwsClient, random: Random) -> None:
    """Let there be scaling activities and stopped tasks of each service; its events are the scheduler's to show."""
    now = bridge.now()
    for cluster in ecs.list_clusters()["clusterArns"]:
        found = ecs.get_paginator("list_services").paginate(cluster=cluster).build_full_result()["serviceArns"]
        names = [each for each in found if bridge.neighbours is None or each not in bridge.neighbours.services]
        for service in ecs.describe_services(cluster=cluster, services=names)["services"] if names else []:
            name = cluster.rpartition("/")[2]
            bridge.activities += old_activities(now, random, f"service/{name}/{service['serviceName']}")
            for task in old_tasks(now, random, service):
                bridge.add_task(name, task)


def old_activities(now: float, random: Random, resource: str) -> list[dict[str, Any]]:
    """Return the scaling activities of a service of the last six weeks, oldest first, in the API's names."""
    return [_activity(at, random, resource) for at in _moments(now, random, _ACTIVITIES_SECONDS, _ACTIVITIES)]


def old_events(now: float, random: Random, service: str) -> list[dict[str, Any]]:
    """Return the events of a service of the last weeks, newest first."""
    message = f"(service {service}) has reached a steady state."
    moments = _moments(now, random, _EVENTS_SECONDS, _EVENTS)
    return [
        {"id": f"past-{index:08d}", "createdAt": datetime.fromtimestamp(at, UTC), "message": message}
        for index, at in reversed(list(enumerate(moments)))
    ]


def old_tasks(now: float, random: Random, service: dict[str, Any]) -> list[TaskRecord]:
    """Return the tasks of a *service*, as DescribeServices answers it, that have stopped within the last hour."""
    moments = _moments(now, random, _STOPPED_SECONDS, _STOPPED)
    return [_task(at, random, service) for at in moments]


def _moments(now: float, random: Random, seconds: float, count: int) -> Sequence[float]:
    """Return so many moments of the last *seconds*, oldest first, the newest of them just before *now*."""
    drawn = sorted(random.uniform(now - seconds, now - _NEWEST_SECONDS) for _ in range(count - 1))
    return [*(round(each, 3) for each in drawn), now - _NEWEST_SECONDS]


def _activity(at: float, random: Random, resource: str) -> dict[str, Any]:
    description, cause = random.choice(_ACTIVITY_KINDS)
    values = {"count": random.choice((0, 1, 3)), "alarm": "sessions-of-before", "policy": "policy-of-before"}
    told = description.format(**values)
    return {
        "ActivityId": f"{random.getrandbits(128):032x}",
        "ServiceNamespace": "ecs",
        "ResourceId": resource,
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": told,
        "Cause": cause.format(**values),
        "StartTime": at,
        "EndTime": at + 1.0,
        "StatusCode": "Successful",
        "StatusMessage": "Successfully fulfilled by ecs.",
    }


def _task(at: float, random: Random, service: dict[str, Any]) -> TaskRecord:
    stopped_at = datetime.fromtimestamp(at, UTC)
    began_at = stopped_at - timedelta(seconds=random.uniform(300, 3_000))
    arn = service["clusterArn"].replace(":cluster/", ":task/") + f"/{random.getrandbits(128):032x}"
    deployment = f"ecs-svc/{random.randrange(10**18, 10**19)}"
    return TaskRecord(
        task_arn=arn,
        cluster_arn=service["clusterArn"],
        task_definition_arn=service["taskDefinition"],
        family=service["taskDefinition"].rpartition("/")[2].partition(":")[0],
        group=f"service:{service['serviceName']}",
        started_by=deployment,
        availability_zone="us-west-2a",
        cpu="2048",
        memory="4096",
        enable_execute_command=False,
        created_at=began_at,
        started_at=began_at + timedelta(seconds=30),
        stopping_at=stopped_at - timedelta(seconds=60),
        execution_stopped_at=stopped_at - timedelta(seconds=25),
        stopped_at=stopped_at,
        last_status=TaskState.STOPPED,
        desired_status="STOPPED",
        stop_code="ServiceSchedulerInitiated",
        stopped_reason=f"Scaling activity initiated by (deployment {deployment})",
    )
