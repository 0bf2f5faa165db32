"""The metrics of one account and region: each is a name, a namespace and its dimensions, and has points in time.

A metric with a dimension is another metric than the one without. Source: Amazon CloudWatch User Guide, "Metrics
concepts", "Dimensions".
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, NamedTuple

from seatrials.twin.metrics.statistics import Samples, Statistic

MINUTE = 60
# CloudWatch keeps points of a minute for 15 days. Source: same page, "Metrics retention".
_KEPT_SECONDS = 15 * 86_400.0


class Metric(NamedTuple):
    """Which metric; *dimensions* are (name, value), sorted."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, namespace: str, name: str, dimensions: Iterable[Mapping[str, Any]] | None) -> "Metric":
        """Return the metric that the API names so."""
        pairs = ((str(each["Name"]), str(each.get("Value", ""))) for each in dimensions or ())
        return cls(namespace, name, tuple(sorted(pairs)))

    @property
    def label(self) -> str:
        """The metric in words: namespace, name and each dimension."""
        return " ".join([self.namespace, self.name, *(f"{name}={value}" for name, value in self.dimensions)])


@dataclass(eq=False, slots=True)
class Point:
    """What was put for one moment, in epoch seconds."""

    at: float
    samples: Samples
    unit: str
    # Alarms do not see it before, and neither do those who ask for statistics.
    readable_at: float = -math.inf
    shown_at: float = -math.inf
    # 1 of a metric of high resolution, else a minute.
    resolution_seconds: int = MINUTE


@dataclass(eq=False)
class Series:
    """The points of one metric, oldest first."""

    points: list[Point] = field(default_factory=list)
    # How often something was put.
    version: int = 0

    def add(self, point: Point) -> None:
        """Put a point in its place, and forget what is too old."""
        insort(self.points, point, key=attrgetter("at"))
        self.version += 1
        if self.points[0].at < point.at - _KEPT_SECONDS:
            del self.points[: bisect_left(self.points, point.at - _KEPT_SECONDS, key=attrgetter("at"))]

    def between(self, start: float, end: float) -> list[Point]:
        """Return the points from *start* on and before *end*."""
        first = bisect_left(self.points, start, key=attrgetter("at"))
        return self.points[first : bisect_left(self.points, end, key=attrgetter("at"))]

    def changes_after(self, moment: float) -> float:
        """Return when the first point that is not yet past at *moment* will be; infinite without one."""
        later = bisect_right(self.points, moment, key=attrgetter("at"))
        return self.points[later].at if later < len(self.points) else math.inf


class Metrics:
    """Every metric of a world."""

    def __init__(self) -> None:
        self.series: dict[Metric, Series] = {}

    def put(self, namespace: str, datum: Mapping[str, Any], now: float) -> None:
        """Store one MetricDatum of PutMetricData; without a timestamp it is of *now*."""
        metric = Metric.of(namespace, datum["MetricName"], datum.get("Dimensions"))
        stamp = datum.get("Timestamp")
        at = now if stamp is None else epoch_seconds(stamp)
        point = Point(at, _samples(datum), datum.get("Unit") or "None")
        point.resolution_seconds = int(datum.get("StorageResolution") or MINUTE)
        self.add(metric, point)

    def add(self, metric: Metric, point: Point) -> None:
        """Store one point."""
        self.series.setdefault(metric, Series()).add(point)

    def hold_back(self, metric: Metric, until: float, shown_at: float = -math.inf) -> None:
        """Let alarms see the metric's newest point from *until* on, and statistics have it from *shown_at* on."""
        point = self.series[metric].points[-1]
        point.readable_at, point.shown_at = until, shown_at

    def between(self, metric: Metric, start: float, end: float, unit: str | None, period: int = MINUTE) -> list[Point]:
        """Return a metric's points from *start* on and before *end*, of *unit* alone if there is one.

        In periods of less than a minute are points of high resolution alone.
        Source: botocore, cloudwatch.GetMetricStatistics, Period, and cloudwatch.MetricDatum, StorageResolution.
        """
        series = self.series.get(metric)
        points = [] if series is None else series.between(start, end)
        if period < MINUTE:
            points = [each for each in points if each.resolution_seconds < MINUTE]
        return points if unit is None else [each for each in points if each.unit == unit]


def epoch_seconds(moment: datetime) -> float:
    """Return a moment in epoch seconds; one without a zone is UTC, as moto's are."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def binned(points: Iterable[Point], start: int, period: int, count: int) -> list[list[Samples]]:
    """Return the samples of each of *count* periods of *period* seconds from *start* on, oldest first."""
    bins: list[list[Samples]] = [[] for _ in range(count)]
    for point in points:
        index = int(point.at - start) // period
        if 0 <= index < count:
            bins[index].append(point.samples)
    return bins


def values_of(bins: Iterable[list[Samples]], compute: Statistic) -> list[float | None]:
    """Return a statistic of each period, None of one without samples."""
    return [compute(each) if each else None for each in bins]


def _samples(datum: Mapping[str, Any]) -> Samples:
    if datum.get("Values"):
        counts = datum.get("Counts") or [1] * len(datum["Values"])
        return Samples.of_values(
            (float(value), float(count)) for value, count in zip(datum["Values"], counts, strict=False)
        )
    if datum.get("StatisticValues"):
        known = datum["StatisticValues"]
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        return Samples.of_set(*(float(known[name]) for name in names))
    return Samples.of_values([(float(datum.get("Value", 0)), 1.0)])
