"""The metric by which the platform counts its sessions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.evidence.history import History, MetricMinute
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock, NotYet

# What is stored by the minute is read by the minute. Source: botocore, cloudwatch.GetMetricStatistics, Period.
_MINUTE = 60
# How far a failed wait looks back: the newest minutes may not be readable yet.
_LOOK_BACK_SECONDS = 5 * _MINUTE


class Telemetry:
    """Reads CloudWatch."""

    def __init__(self, cloudwatch: AwsClient, clock: Clock, names: ResourceNames, history: History) -> None:
        """*history* gets what is read, for the checkers."""
        self._cloudwatch = cloudwatch
        self._clock = clock
        self._history = history
        self._names = names

    def active_sessions_after(self, moment: float) -> float | NotYet:
        """Return the ActiveSessionCount of the newest minute that began after *moment*, in epoch seconds.

        There is none yet while that minute has no value, or several that differ: within a minute there is no order.
        """
        later = [each for each in self._minutes(moment) if _began(each) > moment]
        newest = max(later, key=_began, default=None)
        if newest is None:
            return NotYet("no minute that began since has a value")
        if newest["Maximum"] != newest["Minimum"]:
            return NotYet(f"the newest minute has values from {newest['Minimum']:g} to {newest['Maximum']:g}")
        return float(newest["Maximum"])

    def told_since(self, moment: float) -> list[float]:
        """Return each value that ActiveSessionCount has had in the minutes that began after *moment*, in order."""
        later = sorted((each for each in self._minutes(moment) if _began(each) > moment), key=_began)
        return [float(value) for each in later for value in sorted({each["Minimum"], each["Maximum"]})]

    def newest_in_words(self) -> str:
        """Return the newest ActiveSessionCount as a line for people."""
        name, now = self._names.metric, self._clock.now()
        newest = max(self._minutes(now - _LOOK_BACK_SECONDS), key=_began, default=None)
        if newest is None:
            return f"{name}: no value of the last {_LOOK_BACK_SECONDS // _MINUTE} minutes"
        values = " and ".join(f"{value:g}" for value in sorted({newest["Minimum"], newest["Maximum"]}))
        return f"{name}: {values}, of the minute that began {now - _began(newest):.0f} s ago"

    def _minutes(self, since: float) -> list[dict[str, Any]]:
        """Return the minutes that have values, from that of *since* on."""
        answer = self._cloudwatch.get_metric_statistics(
            Namespace=self._names.metric_namespace,
            MetricName=self._names.metric,
            StartTime=datetime.fromtimestamp(since // _MINUTE * _MINUTE, UTC),
            EndTime=datetime.fromtimestamp(self._clock.now() + _MINUTE, UTC),
            Period=_MINUTE,
            Statistics=["Maximum", "Minimum"],
        )
        minutes = list(answer["Datapoints"])
        self._history.read_metric([_seen(each) for each in minutes])
        return minutes


def _seen(minute: Mapping[str, Any]) -> MetricMinute:
    return MetricMinute(
        began=_began(minute), minimum=minute["Minimum"], maximum=minute["Maximum"], unit=str(minute.get("Unit"))
    )


def _began(minute: Mapping[str, Any]) -> float:
    began: datetime = minute["Timestamp"]
    return began.timestamp()
