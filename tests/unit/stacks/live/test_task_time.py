"""Tests of what the edit service's tasks cost a run: each from its creation to its stop, counted once."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.environments.parts import ResourceNames
from seatrials.stacks.live.task_time import TaskMeter, TaskTime, billed_seconds
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Json

BEGAN = 1_700_000_000.0


def moment(seconds: float) -> datetime:
    """Return a moment after the run's beginning."""
    return datetime.fromtimestamp(BEGAN + seconds, UTC)


class FakeEcs:
    """ECS with tasks of 2 vCPU and 4 GB, of which it lists two on a page."""

    def __init__(self) -> None:
        # By name: when it was created and when it stopped, in seconds after the beginning.
        self.lives: dict[str, tuple[float, float | None]] = {}
        self.described: list[str] = []
        self.is_refusing = False

    def get_paginator(self, operation: str) -> "FakeEcs":
        """Return what lists tasks."""
        assert operation == "list_tasks"
        return self

    def paginate(self, *, serviceName: str, desiredStatus: str, **_given: Json) -> Iterator[dict[str, Any]]:  # noqa: N803  # AWS's
        """Yield pages of the tasks that run, or that have stopped."""
        if self.is_refusing:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "ListTasks")
        assert serviceName == ResourceNames().edit_service
        has_stopped = desiredStatus == "STOPPED"
        arns = [f"arn:task/{name}" for name, life in self.lives.items() if (life[1] is not None) == has_stopped]
        for first in range(0, max(1, len(arns)), 2):
            yield {"taskArns": arns[first : first + 2]}

    def describe_tasks(self, *, tasks: list[str], **_given: Json) -> dict[str, Any]:
        """Describe what was listed."""
        self.described += tasks
        return {"tasks": [self._task(arn) for arn in tasks]}

    def describe_task_definition(self, **_given: Json) -> dict[str, Any]:
        """Return a definition of 2 vCPU and 4 GB."""
        return {"taskDefinition": {"cpu": "2048", "memory": "4096"}}

    def _task(self, arn: str) -> dict[str, Any]:
        created, stopped = self.lives[arn.rpartition("/")[2]]
        ended = {} if stopped is None else {"stoppedAt": moment(stopped)}
        return {"taskArn": arn, "taskDefinitionArn": "edit:1", "createdAt": moment(created), **ended}


@pytest.fixture
def ecs() -> FakeEcs:
    """Return an ECS without tasks."""
    return FakeEcs()


@pytest.fixture
def time(ecs: FakeEcs) -> TaskTime:
    """Return what counts from the beginning on."""
    return TaskTime(ResourceNames(), lambda _service: ecs, BEGAN)


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        pytest.param((10, 40), 30, id="within the run"),
        pytest.param((-50, 40), 40, id="created before it"),
        pytest.param((10, None), 90, id="never stops"),
        pytest.param((-50, None), 100, id="all of the run"),
        pytest.param((-50, -10), 0, id="over before it"),
        pytest.param((110, None), 0, id="created after it"),
        pytest.param((90, 130), 10, id="stops after it"),
    ],
)
def test_a_task_costs_what_of_its_life_lies_in_the_run(life: tuple[float, float | None], seconds: float) -> None:
    """It is paid for from its creation to its stop, and a run of 100 s pays for what of that lies in it."""
    assert billed_seconds(*life, 0, 100) == seconds


def test_tasks_that_overlap_are_each_paid_for(ecs: FakeEcs, time: TaskTime) -> None:
    """Three tasks over two pages, and one that was seen only when it had stopped, add up with what they reserve."""
    ecs.lives = {"a": (0, None), "b": (10, None), "c": (20, None), "over": (5, 35)}
    time.look()

    assert time.usage(BEGAN + 100) == {
        "task_seconds": 100 + 90 + 80 + 30,
        "fargate_vcpu_seconds": 600,
        "fargate_memory_gb_seconds": 1200,
    }


def test_how_often_is_looked_changes_nothing(ecs: FakeEcs, time: TaskTime) -> None:
    """A task that was seen running costs no more than to its stop, however many looks there were."""
    ecs.lives = {"a": (0, None)}
    time.look()
    time.look()
    before = time.usage(BEGAN + 50)["task_seconds"]
    ecs.lives = {"a": (0, 60)}
    time.look()
    time.look()

    assert (before, time.usage(BEGAN + 100)["task_seconds"]) == (50, 60)


def test_a_task_that_was_seen_stopped_is_asked_for_no_more(ecs: FakeEcs, time: TaskTime) -> None:
    """AWS shows weeks of stopped tasks in some accounts; each is described once, and none of before is told."""
    ecs.lives = {"old": (-500, -400), "over": (5, 35), "runs": (10, None)}
    time.look()
    time.look()

    assert sorted(ecs.described) == ["arn:task/old", "arn:task/over", "arn:task/runs", "arn:task/runs"]
    assert [each.task for each in time.tasks()] == ["over", "runs"]


def test_the_meter_tells_as_it_goes_and_at_the_end(ecs: FakeEcs, time: TaskTime) -> None:
    """What was counted is told each minute, so that a budget notices, and once more when the run is over."""
    told: list[Mapping[str, float]] = []
    ecs.lives = {"a": (0, None)}
    with VirtualClock(int(BEGAN)).closing() as clock:
        meter = TaskMeter(time, clock, told.append)
        meter.begin()
        clock.sleep(150)
        tasks = meter.end()

    assert [each["task_seconds"] for each in told] == [60, 120, 150]
    assert tasks is not None
    assert [each.task for each in tasks] == ["a"]


def test_what_aws_does_not_tell_costs_an_unknown_sum(ecs: FakeEcs, time: TaskTime) -> None:
    """A look that is refused is made up for by the next; when the last one is, nobody knows what the tasks cost."""
    told: list[Mapping[str, float]] = []
    with VirtualClock(int(BEGAN)).closing() as clock:
        meter = TaskMeter(time, clock, told.append)
        meter.begin()
        ecs.is_refusing = True
        clock.sleep(100)
        tasks = meter.end()

    assert (tasks, told) == (None, [])
