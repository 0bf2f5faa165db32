"""Tests of how ECS and Application Auto Scaling are read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seatrials.environments.environment import Environment
from seatrials.platform.services import Counts, Scaling, Services
from tests.support.aws import Json

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SHOWN = {"createdAt": NOW, "lastStatus": "STOPPED"}
ENDED = {"executionStoppedAt": NOW}
SERVICE = {"serviceName": "webordinary-edit-service", "desiredCount": 3, "runningCount": 2, "pendingCount": 1}


class FakeEcs:
    """Answers from what it was given and remembers what it was asked."""

    def __init__(self, services: list[dict[str, Any]], tasks: dict[str, list[str]]) -> None:
        self.services = services
        self.tasks = tasks
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def describe_services(self, **parameters: Json) -> dict[str, Any]:
        """Return the services."""
        self.asked.append(("DescribeServices", parameters))
        return {"services": self.services}

    def get_paginator(self, operation: str) -> "FakeEcs":
        """Return what lists tasks."""
        assert operation == "list_tasks"
        return self

    def paginate(self, **parameters: Json) -> Iterator[dict[str, Any]]:
        """Give the ARNs of the tasks of one desired status, two a page."""
        self.asked.append(("ListTasks", parameters))
        arns = self.tasks.get(parameters["desiredStatus"], [])
        for first in range(0, max(len(arns), 1), 2):
            yield {"taskArns": arns[first : first + 2]}

    def describe_tasks(self, **parameters: Json) -> dict[str, Any]:
        """Return the tasks that were asked for."""
        self.asked.append(("DescribeTasks", parameters))
        known = [arn for arn in parameters["tasks"] if not arn.endswith("/unknown")]
        ended = [arn for arn in known if arn.endswith("/ended")]
        return {"tasks": [{"taskArn": arn, **SHOWN, **(ENDED if arn in ended else {})} for arn in known]}


class FakeAutoscaling:
    """Remembers what it was asked."""

    def __init__(self, *activities: dict[str, Any]) -> None:
        self.activities = list(activities)
        self.asked: list[dict[str, Any]] = []
        self.pages = 0

    def get_paginator(self, operation: str) -> "FakeAutoscaling":
        """Return what gives the activities."""
        assert operation == "describe_scaling_activities"
        return self

    def paginate(self, **parameters: Json) -> Iterator[dict[str, Any]]:
        """Give two activities a page."""
        self.asked.append(parameters)
        for first in range(0, len(self.activities), 2):
            self.pages += 1
            yield {"ScalingActivities": self.activities[first : first + 2]}


def activity(hours_ago: float, description: str) -> dict[str, Any]:
    """Return a scaling activity of so many hours before NOW."""
    return {"StartTime": NOW - timedelta(hours=hours_ago), "Description": description, "Cause": "an alarm"}


def services(environment: Environment, ecs: FakeEcs, autoscaling: FakeAutoscaling | None = None) -> Services:
    """Return services that read fakes."""
    return Services(ecs, autoscaling or FakeAutoscaling(), environment.names)


def test_counts_are_those_of_the_edit_service(environment: Environment) -> None:
    """Desired, running and pending are told apart."""
    ecs = FakeEcs([SERVICE], {})

    assert Counts(desired=3, running=2, pending=1) == services(environment, ecs).edit_counts()
    assert ecs.asked == [
        ("DescribeServices", {"cluster": "webordinary-edit-cluster", "services": ["webordinary-edit-service"]})
    ]


def test_a_missing_service_is_named(environment: Environment) -> None:
    """A cluster without the service fails the scenario, naming both."""
    with pytest.raises(
        AssertionError, match="ECS knows no service webordinary-edit-service in cluster webordinary-edit-cluster"
    ):
        services(environment, FakeEcs([], {})).edit()


def test_tasks_come_in_a_steady_order(environment: Environment) -> None:
    """The ARNs of running tasks are sorted, so that two looks can be compared."""
    ecs = FakeEcs([SERVICE], {"RUNNING": ["arn:b", "arn:a"], "STOPPED": ["arn:c"]})

    assert services(environment, ecs).edit_task_arns() == ["arn:a", "arn:b"]


def test_without_tasks_none_is_described(environment: Environment) -> None:
    """ECS refuses to describe no tasks, so it is not asked to."""
    ecs = FakeEcs([SERVICE], {})

    assert services(environment, ecs).edit_tasks() == []
    assert [operation for operation, _ in ecs.asked] == ["ListTasks"]


def test_stopped_tasks_are_asked_for(environment: Environment) -> None:
    """Stopping and stopped tasks are those whose desired status is STOPPED."""
    ecs = FakeEcs([SERVICE], {"STOPPED": ["arn:c", "arn:d", "arn:e"]})

    stopped = services(environment, ecs).stopped_edit_tasks()

    assert [task["taskArn"] for task in stopped] == ["arn:c", "arn:d", "arn:e"]


def test_tasks_are_told_apart_by_how_far_they_have_come(environment: Environment) -> None:
    """In the order in which they were asked for; one that ECS does not know is a failure."""
    known = services(environment, FakeEcs([SERVICE], {}))

    assert known.last_statuses(["arn:a", "arn:b"]) == ["STOPPED", "STOPPED"]
    with pytest.raises(AssertionError, match="ECS knows no task arn:unknown/unknown"):
        known.last_statuses(["arn:a", "arn:unknown/unknown"])


def test_scalings_are_what_activities_of_the_edit_service_did(environment: Environment) -> None:
    """Each has its time, the count that it set and its cause, oldest first; changed bounds have set no count."""
    autoscaling = FakeAutoscaling(
        activity(1, "Setting desired count to 3."),
        activity(2, "Setting min capacity to 0 and max capacity to 3"),
        activity(3, "Setting desired count to 1."),
    )
    scalings = services(environment, FakeEcs([SERVICE], {}), autoscaling).edit_scalings(0)
    hour = 3600

    assert scalings == [
        Scaling(NOW.timestamp() - 3 * hour, 1, "an alarm"),
        Scaling(NOW.timestamp() - hour, 3, "an alarm"),
    ]
    assert autoscaling.asked == [
        {"ServiceNamespace": "ecs", "ResourceId": "service/webordinary-edit-cluster/webordinary-edit-service"}
    ]


def test_six_weeks_of_activities_are_not_read_for_the_newest(environment: Environment) -> None:
    """A page without one that is asked for ends the look, and whatever else is too old counts for nothing."""
    old = [activity(hours, "Setting desired count to 2.") for hours in range(2, 40)]
    autoscaling = FakeAutoscaling(activity(1, "Setting desired count to 3."), *old)

    scalings = services(environment, FakeEcs([SERVICE], {}), autoscaling).edit_scalings(NOW.timestamp() - 5_400)

    assert [scaling.desired for scaling in scalings] == [3]
    assert autoscaling.pages == 2


def test_a_task_has_ended_when_its_containers_have(environment: Environment) -> None:
    """Whether or not ECS has released its network interface; one that ECS does not know is a failure."""
    services = Services(FakeEcs([SERVICE], {}), FakeAutoscaling(), environment.names)

    assert [services.has_ended(arn) for arn in ("arn:task/runs", "arn:task/ended")] == [False, True]
    with pytest.raises(AssertionError, match="ECS knows no task arn:task/unknown"):
        services.has_ended("arn:task/unknown")
