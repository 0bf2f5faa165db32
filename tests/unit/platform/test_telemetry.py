"""Tests of what the platform says of itself."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from seatrials.environments.environment import Environment
from seatrials.platform.telemetry import Telemetry
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Json

if TYPE_CHECKING:
    from seatrials.platform.balancer import Balancer
    from seatrials.platform.services import Services

NOW = 1_700_000_000


class FakeCloudwatch:
    """Holds points of one metric, in the order in which CloudWatch happens to give them."""

    def __init__(self, *points: tuple[int, float]) -> None:
        self.points = points
        # No minimum is above it.
        self.least = float("inf")
        self.asked: list[dict[str, Any]] = []

    def get_metric_statistics(self, **parameters: Json) -> dict[str, Any]:
        """Return every point."""
        self.asked.append(parameters)
        return {
            "Datapoints": [
                {
                    "Timestamp": datetime.fromtimestamp(NOW + at, UTC),
                    "Maximum": value,
                    "Minimum": min(value, self.least),
                }
                for at, value in self.points
            ]
        }


class FakeServices:
    """A service in trouble."""

    events: tuple[str, ...] = ()
    stopped: tuple[dict[str, Any], ...] = ()

    def edit(self) -> dict[str, Any]:
        """Return the service."""
        events = [{"message": message} for message in self.events]
        return {"desiredCount": 1, "runningCount": 0, "pendingCount": 1, "events": events}

    def stopped_edit_tasks(self) -> list[dict[str, Any]]:
        """Return the stopped tasks."""
        return list(self.stopped)


class FakeBalancer:
    """Two groups, one of them empty."""

    def target_groups(self) -> list[dict[str, Any]]:
        """Return the groups."""
        return [{"TargetGroupName": name, "TargetGroupArn": f"arn:{name}"} for name in ("api", "preview")]

    def targets(self, arn: str) -> list[tuple[str, str]]:
        """Return a target for the API only."""
        return [("10.0.0.7:8080", "unhealthy")] if arn == "arn:api" else []


@pytest.fixture
def services() -> FakeServices:
    """Return a service in trouble."""
    return FakeServices()


def telemetry(
    clock: VirtualClock, environment: Environment, cloudwatch: FakeCloudwatch, services: FakeServices
) -> Telemetry:
    """Return telemetry that reads fakes."""
    names, balancer = environment.names, cast("Balancer", FakeBalancer())
    return Telemetry(cloudwatch, clock, names, cast("Services", services), balancer)


def test_the_newest_value_is_the_last(clock: VirtualClock, environment: Environment, services: FakeServices) -> None:
    """The newest published value wins, wherever it stands in the answer."""
    cloudwatch = FakeCloudwatch((-10, 3.0), (-50, 1.0))

    assert telemetry(clock, environment, cloudwatch, services).newest_active_sessions() == 3.0


def test_two_values_of_one_second_have_no_order(
    clock: VirtualClock, environment: Environment, services: FakeServices
) -> None:
    """When the newest second has two values, neither is taken for the newest."""
    cloudwatch = FakeCloudwatch((-10, 3.0))
    cloudwatch.least = 2.0

    assert telemetry(clock, environment, cloudwatch, services).newest_active_sessions() is None


def test_nothing_published_is_none(clock: VirtualClock, environment: Environment, services: FakeServices) -> None:
    """A minute without a value is not a value of 0."""
    assert telemetry(clock, environment, FakeCloudwatch(), services).newest_active_sessions() is None


def test_the_last_minute_of_platform_time_is_asked_for(
    clock: VirtualClock, environment: Environment, services: FakeServices
) -> None:
    """The metric of the contract is asked for, over the minute before the clock's now."""
    cloudwatch = FakeCloudwatch()

    telemetry(clock, environment, cloudwatch, services).newest_active_sessions()

    assert cloudwatch.asked == [
        {
            "Namespace": "Webordinary/EditSessions",
            "MetricName": "ActiveSessionCount",
            "StartTime": datetime.fromtimestamp(NOW - 60, UTC),
            "EndTime": datetime.fromtimestamp(NOW + 1, UTC),
            "Period": 1,
            "Statistics": ["Maximum", "Minimum"],
        }
    ]


def test_an_explanation_has_all_that_can_be_wrong(
    clock: VirtualClock, environment: Environment, services: FakeServices
) -> None:
    """Counts, the newest events, the last stopped tasks with their reasons, and the targets of each group."""
    services.events = tuple(f"event {number}" for number in range(9))
    reason = "CannotPullContainerError: no such image"
    services.stopped = ({"taskArn": "arn:task/c/abc", "stopCode": "TaskFailedToStart", "stoppedReason": reason},)

    explanation = telemetry(clock, environment, FakeCloudwatch((-12, 3.0)), services).explain()

    assert explanation.splitlines() == [
        "edit service: desired 1, running 0, pending 1",
        *(f"  event: event {number}" for number in range(6)),
        f"  stopped: abc: TaskFailedToStart: {reason}",
        "ActiveSessionCount: 3, published 12 s ago",
        "target group api: [('10.0.0.7:8080', 'unhealthy')]",
        "target group preview: no targets",
    ]


def test_an_explanation_says_what_the_metric_lacks(
    clock: VirtualClock, environment: Environment, services: FakeServices
) -> None:
    """That it is silent, or that two values of one second differ."""
    silent = telemetry(clock, environment, FakeCloudwatch(), services).explain()
    ambiguous = FakeCloudwatch((-1, 3.0))
    ambiguous.least = 2.0

    assert "ActiveSessionCount: not published for a minute" in silent.splitlines()
    assert "ActiveSessionCount: 2 and 3, published 1 s ago" in (
        telemetry(clock, environment, ambiguous, services).explain().splitlines()
    )
