"""The metric by which the platform counts its sessions."""

from datetime import UTC, datetime
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock

_MINUTE = 60


class Telemetry:
    """Reads CloudWatch."""

    def __init__(self, cloudwatch: AwsClient, clock: Clock, names: ResourceNames) -> None:
        self._cloudwatch = cloudwatch
        self._clock = clock
        self._names = names

    def newest_active_sessions(self) -> float | None:
        """Return the newest published ActiveSessionCount of the last minute, None when it cannot be told.

        CloudWatch keeps no order within a second: when two values of the newest second differ, neither is the newest.
        """
        newest = self._newest_point()
        if newest is None or newest["Maximum"] != newest["Minimum"]:
            return None
        return float(newest["Maximum"])

    def _newest_point(self) -> dict[str, Any] | None:
        now = self._clock.now()
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=self._names.metric_namespace,
            MetricName=self._names.metric,
            StartTime=datetime.fromtimestamp(int(now) - _MINUTE, UTC),
            EndTime=datetime.fromtimestamp(int(now) + 1, UTC),
            Period=1,
            Statistics=["Maximum", "Minimum"],
        )
        return max(answer["Datapoints"], key=lambda point: point["Timestamp"], default=None)

    def newest_in_words(self) -> str:
        """Return the newest published ActiveSessionCount as a line for people."""
        name, point = self._names.metric, self._newest_point()
        if point is None:
            return f"{name}: not published for a minute"
        values = " and ".join(f"{value:g}" for value in sorted({point["Minimum"], point["Maximum"]}))
        return f"{name}: {values}, published {self._clock.now() - point['Timestamp'].timestamp():.0f} s ago"
