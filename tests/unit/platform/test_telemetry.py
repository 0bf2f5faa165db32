"""Tests of the metric by which the platform counts its sessions."""

from datetime import UTC, datetime
from typing import Any

from seatrials.environments.environment import Environment
from seatrials.platform.telemetry import Telemetry
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Json

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


def telemetry(clock: VirtualClock, environment: Environment, cloudwatch: FakeCloudwatch) -> Telemetry:
    """Return telemetry that reads a fake."""
    return Telemetry(cloudwatch, clock, environment.names)


def test_the_newest_value_is_the_last(clock: VirtualClock, environment: Environment) -> None:
    """The newest published value wins, wherever it stands in the answer."""
    cloudwatch = FakeCloudwatch((-10, 3.0), (-50, 1.0))

    assert telemetry(clock, environment, cloudwatch).newest_active_sessions() == 3.0


def test_two_values_of_one_second_have_no_order(clock: VirtualClock, environment: Environment) -> None:
    """When the newest second has two values, neither is taken for the newest."""
    cloudwatch = FakeCloudwatch((-10, 3.0))
    cloudwatch.least = 2.0

    assert telemetry(clock, environment, cloudwatch).newest_active_sessions() is None


def test_nothing_published_is_none(clock: VirtualClock, environment: Environment) -> None:
    """A minute without a value is not a value of 0."""
    assert telemetry(clock, environment, FakeCloudwatch()).newest_active_sessions() is None


def test_the_last_minute_of_platform_time_is_asked_for(clock: VirtualClock, environment: Environment) -> None:
    """The metric of the contract is asked for, over the minute before the clock's now."""
    cloudwatch = FakeCloudwatch()

    telemetry(clock, environment, cloudwatch).newest_active_sessions()

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


def test_the_newest_value_is_told_in_words(clock: VirtualClock, environment: Environment) -> None:
    """With its age; that it is silent, or that two values of one second differ."""
    ambiguous = FakeCloudwatch((-1, 3.0))
    ambiguous.least = 2.0
    told = [
        telemetry(clock, environment, each).newest_in_words()
        for each in (FakeCloudwatch((-12, 3.0)), FakeCloudwatch(), ambiguous)
    ]

    assert told == [
        "ActiveSessionCount: 3, published 12 s ago",
        "ActiveSessionCount: not published for a minute",
        "ActiveSessionCount: 2 and 3, published 1 s ago",
    ]
