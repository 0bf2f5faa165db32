"""Tests of the metric by which the platform counts its sessions."""

from datetime import UTC, datetime
from typing import Any

from seatrials.environments.environment import Environment
from seatrials.evidence.history import History
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
    return Telemetry(cloudwatch, clock, environment.names, History(clock.now))


def test_the_newest_minute_counts(clock: VirtualClock, environment: Environment) -> None:
    """Of several minutes after the moment, wherever they stand in the answer."""
    cloudwatch = FakeCloudwatch((-60, 3.0), (-120, 1.0))

    assert telemetry(clock, environment, cloudwatch).active_sessions_after(NOW - 200) == 3.0


def test_a_minute_that_had_begun_says_nothing(clock: VirtualClock, environment: Environment) -> None:
    """What was published before the moment may be all that it has."""
    cloudwatch = FakeCloudwatch((-60, 3.0))
    found = telemetry(clock, environment, cloudwatch).active_sessions_after(NOW - 59)

    assert repr(found) == "no minute that began since has a value"


def test_two_values_of_one_minute_have_no_order(clock: VirtualClock, environment: Environment) -> None:
    """When the newest minute has two values, neither is taken for the newest, and none of an older minute either."""
    cloudwatch = FakeCloudwatch((-60, 3.0))
    cloudwatch.least = 2.0
    found = telemetry(clock, environment, cloudwatch).active_sessions_after(NOW - 61)

    assert repr(found) == "the newest minute has values from 2 to 3"


def test_a_value_of_zero_is_one(clock: VirtualClock, environment: Environment) -> None:
    """Without a session the platform publishes 0, which is not the same as nothing."""
    found = telemetry(clock, environment, FakeCloudwatch((-60, 0.0))).active_sessions_after(NOW - 61)

    assert found == 0.0
    assert isinstance(found, float)


def test_all_that_was_told_since_is_in_order(clock: VirtualClock, environment: Environment) -> None:
    """Of each minute that began later its least and its greatest value, once where they are one."""
    cloudwatch = FakeCloudwatch((-60, 3.0), (-120, 2.0), (-600, 9.0))
    cloudwatch.least = 2.0

    assert telemetry(clock, environment, cloudwatch).told_since(NOW - 200) == [2.0, 2.0, 3.0]


def test_minutes_are_asked_for(clock: VirtualClock, environment: Environment) -> None:
    """AWS keeps no shorter periods of what is put without a resolution; that of the moment itself is whole."""
    cloudwatch = FakeCloudwatch()

    telemetry(clock, environment, cloudwatch).active_sessions_after(NOW - 61)

    assert cloudwatch.asked == [
        {
            "Namespace": "Webordinary/EditSessions",
            "MetricName": "ActiveSessionCount",
            "StartTime": datetime.fromtimestamp((NOW - 61) // 60 * 60, UTC),
            "EndTime": datetime.fromtimestamp(NOW + 60, UTC),
            "Period": 60,
            "Statistics": ["Maximum", "Minimum"],
        }
    ]


def test_the_newest_value_is_told_in_words(clock: VirtualClock, environment: Environment) -> None:
    """With its age; that it is silent, or that two values of one minute differ."""
    ambiguous = FakeCloudwatch((-1, 3.0))
    ambiguous.least = 2.0
    told = [
        telemetry(clock, environment, each).newest_in_words()
        for each in (FakeCloudwatch((-12, 3.0)), FakeCloudwatch(), ambiguous)
    ]

    assert told == [
        "ActiveSessionCount: 3, of the minute that began 12 s ago",
        "ActiveSessionCount: no value of the last 5 minutes",
        "ActiveSessionCount: 2 and 3, of the minute that began 1 s ago",
    ]
