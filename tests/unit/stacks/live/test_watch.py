"""Tests of the watch: what AWS tells is told once, in order, with the last lines of a container that failed."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.seams.clock import Clock
from seatrials.stacks.live.watch import Watch
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Json
from tests.support.project import PROJECT

NOW = 1_700_000_000


def moment(seconds: float) -> datetime:
    """Return a moment after the scenario's begin."""
    return datetime.fromtimestamp(NOW + seconds, UTC)


class FakeFailedTask:
    """A stack on which a task was started before the scenario and failed in it."""

    def __init__(self) -> None:
        self.states = ["initial", "healthy", "healthy"]
        self.is_refusing = False

    def describe_services(self, **_given: Json) -> dict[str, Any]:
        """Return one service with an old event and a new one."""
        if self.is_refusing:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "DescribeServices")
        events = [
            {"id": "2", "createdAt": moment(5), "message": "(service edit) has started 1 tasks: (task a)."},
            {"id": "1", "createdAt": moment(-60), "message": "(service edit) has reached a steady state."},
        ]
        return {
            "services": [
                {"serviceName": "edit", "events": events},
            ]
        }

    def describe_task_definition(self, **_given: Json) -> dict[str, Any]:
        """Return a definition whose container logs."""
        options = {"awslogs-group": "/ecs/edit", "awslogs-stream-prefix": "edit"}
        containers = [{"name": "edit", "logConfiguration": {"options": options}}]
        return {"taskDefinition": {"containerDefinitions": containers}}

    def describe_scaling_activities(self, **_given: Json) -> dict[str, Any]:
        """Return one activity."""
        activity = {"ActivityId": "x", "StartTime": moment(3), "Description": "Setting desired count to 1."}
        return {"ScalingActivities": [{**activity, "Cause": "monitor alarm a in state ALARM triggered policy p"}]}

    def describe_load_balancers(self, **_given: Json) -> dict[str, Any]:
        """Return one load balancer."""
        return {"LoadBalancers": [{"LoadBalancerArn": "arn:alb"}]}

    def describe_target_groups(self, **_given: Json) -> dict[str, Any]:
        """Return one group."""
        return {"TargetGroups": [{"TargetGroupName": "preview", "TargetGroupArn": "arn:group"}]}

    def describe_target_health(self, **_given: Json) -> dict[str, Any]:
        """Return a target that becomes healthy."""
        target = {"Target": {"Id": "10.0.1.7", "Port": 4321}, "TargetHealth": {"State": self.states.pop(0)}}
        return {"TargetHealthDescriptions": [target]}

    def list_tasks(self, **given: Json) -> dict[str, Any]:
        """Return a stopped task of the edit service."""
        return {"taskArns": ["arn:task/a"] if "edit" in given["serviceName"] else []}

    def describe_tasks(self, **_given: Json) -> dict[str, Any]:
        """Return a task whose container exited."""
        task = {
            "taskArn": "arn:task/a",
            "taskDefinitionArn": "edit:1",
            "stoppedAt": moment(9),
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "edit", "exitCode": 1}],
        }
        return {"tasks": [task]}

    def get_log_events(self, **given: Json) -> dict[str, Any]:
        """Return the last line of the container, which has a secret in it."""
        assert (given["logStreamName"], given["startFromHead"]) == ("edit/edit/a", False)
        return {"events": [{"message": "cannot start: password=hunter2; asked by anna@example.com"}]}


@pytest.fixture
def environment() -> Environment:
    """Return an environment with the contract's names."""
    return load_environment("mock", PROJECT / "environments.toml", {})


@pytest.fixture
def make_watch(environment: Environment) -> Callable[..., Watch]:
    """Return what makes a watch of a stack."""
    return lambda clock, fake: Watch(environment.names, lambda _service: fake, clock, NOW)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Return a virtual clock."""
    with VirtualClock(NOW).closing() as clock:
        yield clock


def test_what_is_new_is_told_once_and_in_order(make_watch: Callable[..., Watch], clock: Clock) -> None:
    """Whatever happened since the scenario began is told, however often it is seen; what was before is not."""
    watch = make_watch(clock, FakeFailedTask())
    with watch.watching():
        clock.sleep(30)

    assert [(each.kind, each.at_seconds - NOW) for each in watch.happenings()] == [
        ("scaling", 3),
        ("service", 5),
        ("task stopped", 9),
        ("log", 9),
        ("target health", 20),
        ("target health", 30),
    ]


def test_a_failed_container_s_last_words_are_kept_without_secrets(
    make_watch: Callable[..., Watch], clock: Clock
) -> None:
    """The last lines of its log say why a container failed, and give nothing away."""
    watch = make_watch(clock, FakeFailedTask())
    clock.sleep(10)
    watch.look()
    told = {each.kind: json.loads(each.as_json())["subject"] for each in watch.happenings()}

    assert told["task stopped"].startswith("a EssentialContainerExited: Essential container in task exited; edit exit")
    assert told["log"] == "edit/edit/a: cannot start: password=[redacted]; asked by a***@example.com"


def test_a_look_that_aws_refuses_costs_only_itself(make_watch: Callable[..., Watch], clock: Clock) -> None:
    """A throttled look is told in the evidence and fails no scenario; the others are made."""
    fake = FakeFailedTask()
    fake.is_refusing = True
    watch = make_watch(clock, fake)
    clock.sleep(10)
    watch.look()

    kinds = [each.kind for each in watch.happenings()]
    (told,) = [each.text for each in watch.happenings() if each.kind == "watch"]
    assert sorted(kinds) == ["log", "scaling", "target health", "task stopped", "watch"]
    assert "ThrottlingException" in told
