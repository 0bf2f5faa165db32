"""Tests of how ECS and Application Auto Scaling are read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seatrials.environments.environment import Environment
from seatrials.platform.services import Counts, Scaling, Services
from tests.support.aws import Json

NOW = datetime(2026, 3, 2, tzinfo=UTC)
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

    def list_tasks(self, **parameters: Json) -> dict[str, Any]:
        """Return the ARNs of the tasks of one desired status."""
        self.asked.append(("ListTasks", parameters))
        return {"taskArns": self.tasks.get(parameters["desiredStatus"], [])}

    def describe_tasks(self, **parameters: Json) -> dict[str, Any]:
        """Return the tasks that were asked for."""
        self.asked.append(("DescribeTasks", parameters))
        known = [arn for arn in parameters["tasks"] if not arn.endswith("/unknown")]
        ended = [arn for arn in known if arn.endswith("/ended")]
        return {"tasks": [{"taskArn": arn, **({"executionStoppedAt": NOW} if arn in ended else {})} for arn in known]}


class FakeAutoscaling:
    """Remembers what it was asked."""

    def __init__(self, *activities: dict[str, Any]) -> None:
        self.activities = list(activities) or [{"Description": "Setting desired count to 1."}]
        self.asked: list[dict[str, Any]] = []

    def describe_scaling_activities(self, **parameters: Json) -> dict[str, Any]:
        """Return the activities."""
        self.asked.append(parameters)
        return {"ScalingActivities": self.activities}


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
    ecs = FakeEcs([SERVICE], {"STOPPED": ["arn:c"]})

    assert services(environment, ecs).stopped_edit_tasks() == [{"taskArn": "arn:c"}]


def test_activities_are_those_of_the_edit_service(environment: Environment) -> None:
    """Scaling activities are asked for by the service's resource id."""
    autoscaling = FakeAutoscaling()

    activities = services(environment, FakeEcs([SERVICE], {}), autoscaling).edit_activities()

    assert activities == [{"Description": "Setting desired count to 1."}]
    assert autoscaling.asked == [
        {"ServiceNamespace": "ecs", "ResourceId": "service/webordinary-edit-cluster/webordinary-edit-service"}
    ]


def test_scalings_are_what_activities_did(environment: Environment) -> None:
    """Each scaling has its time and the desired count that it set, oldest first."""
    began = datetime(2026, 3, 2, 9, tzinfo=UTC)
    newest = {"Description": "Setting desired count to 3.", "StartTime": began + timedelta(seconds=60)}
    oldest = {"Description": "Setting desired count to 1.", "StartTime": began}

    scalings = services(environment, FakeEcs([SERVICE], {}), FakeAutoscaling(newest, oldest)).edit_scalings()

    assert scalings == [Scaling(began.timestamp(), 1), Scaling(began.timestamp() + 60, 3)]


def test_a_task_has_ended_when_its_containers_have(environment: Environment) -> None:
    """Whether or not ECS has released its network interface; one that ECS does not know is a failure."""
    services = Services(FakeEcs([SERVICE], {}), FakeAutoscaling(), environment.names)

    assert [services.has_ended(arn) for arn in ("arn:task/runs", "arn:task/ended")] == [False, True]
    with pytest.raises(AssertionError, match="ECS knows no task arn:task/unknown"):
        services.has_ended("arn:task/unknown")
