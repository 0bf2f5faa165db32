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


OLD_TASKS = [f"arn:task/old-{number}" for number in range(100)]


class FakePages:
    """The pages of a list: a second one where the first says that there is more."""

    def __init__(self, listed: Callable[..., dict[str, Any]]) -> None:
        self._listed = listed

    def paginate(self, **given: Json) -> Iterator[dict[str, Any]]:
        """Give one page after the other."""
        page = self._listed(**given)
        yield page
        if page.get("has_more"):
            yield self._listed(**given, nextToken="2")


class FakeFailedTask:
    """A stack on which a task was started before the scenario and failed in it."""

    def __init__(self) -> None:
        self.states = ["initial", "healthy", "healthy"]
        self.is_refusing = False
        # Target groups that are deleted between the list and the look, and how often the log is not there yet.
        self.gone: list[str] = []
        self.silent_looks = 0

    @property
    def exceptions(self) -> type["FakeFailedTask"]:
        """Return the errors of this service."""
        return FakeFailedTask

    class TargetGroupNotFoundException(Exception):  # noqa: N818  # as boto3 calls it
        """The group has been deleted."""

    class ResourceNotFoundException(Exception):  # noqa: N818  # as boto3 calls it
        """There is no such log stream."""

    def get_paginator(self, operation: str) -> "FakePages":
        """Return the pages of a list."""
        return FakePages(getattr(self, operation))

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
        """Return one group, behind those that are about to go."""
        return {
            "TargetGroups": [{"TargetGroupName": "preview", "TargetGroupArn": each} for each in (*self.gone, "arn")]
        }

    def describe_target_health(self, **given: Json) -> dict[str, Any]:
        """Return a target that becomes healthy."""
        if given["TargetGroupArn"] in self.gone:
            raise self.TargetGroupNotFoundException
        target = {"Target": {"Id": "10.0.1.7", "Port": 4321}, "TargetHealth": {"State": self.states.pop(0)}}
        return {"TargetHealthDescriptions": [target]}

    def list_tasks(self, **given: Json) -> dict[str, Any]:
        """Return the stopped tasks of the edit service: those of before fill the first page."""
        if "edit-service" not in given["serviceName"]:
            return {"taskArns": []}
        return {"taskArns": ["arn:task/a"] if "nextToken" in given else OLD_TASKS, "has_more": "nextToken" not in given}

    def describe_tasks(self, **given: Json) -> dict[str, Any]:
        """Return tasks whose container exited, before the scenario but for one."""
        assert len(given["tasks"]) <= 100
        return {"tasks": [self._task(each) for each in given["tasks"]]}

    def _task(self, arn: str) -> dict[str, Any]:
        return {
            "taskArn": arn,
            "stoppedAt": moment(-60 if arn in OLD_TASKS else 9),
            "taskDefinitionArn": "edit:1",
            "stopCode": "EssentialContainerExited",
            "stoppedReason": "Essential container in task exited",
            "containers": [{"name": "edit", "exitCode": 1}],
        }

    def get_log_events(self, **given: Json) -> dict[str, Any]:
        """Return the last line of the container, which has a secret in it."""
        if self.silent_looks:
            self.silent_looks -= 1
            raise self.ResourceNotFoundException
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


def test_a_group_that_goes_meanwhile_ends_no_look(make_watch: Callable[..., Watch], clock: Clock) -> None:
    """Tasks stop, and their groups go, at any moment; those after it in the list are looked at all the same."""
    fake = FakeFailedTask()
    fake.gone = ["arn:of-a-task"]
    watch = make_watch(clock, fake)
    clock.sleep(10)
    watch.look()

    kinds = [each.kind for each in watch.happenings()]
    assert ("target health" in kinds, "watch" in kinds) == (True, False)


def test_a_log_that_comes_late_is_told_at_the_next_look(make_watch: Callable[..., Watch], clock: Clock) -> None:
    """A task has stopped before its log stream is made; its last words are asked for again."""
    fake = FakeFailedTask()
    fake.silent_looks = 1
    watch = make_watch(clock, fake)
    found = []
    for _ in range(2):
        clock.sleep(10)
        watch.look()
        found.append([each.kind for each in watch.happenings() if each.kind in {"log", "task stopped"}])

    assert found == [["task stopped"], ["task stopped", "log"]]


def test_a_log_that_never_comes_is_told(make_watch: Callable[..., Watch], clock: Clock) -> None:
    """At the end, for whoever looks for it."""
    fake = FakeFailedTask()
    fake.silent_looks = 99
    watch = make_watch(clock, fake)
    with watch.watching():
        clock.sleep(10)

    assert [each.text for each in watch.happenings() if each.kind == "log"] == ["of the task a there is no log yet"]
