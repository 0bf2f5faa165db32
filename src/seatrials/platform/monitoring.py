"""The dashboards and alarms that watch the metrics of the runs."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from seatrials.publishing.run_metrics import RUN_METRICS
from seatrials.seams.application import AwsClient

# In a dashboard's row of a metric, these stand for what the row before has: in one place, and in all but the last ones.
_SAME, _SAME_BEGINNING = ".", "..."


class Monitoring:
    """Reads CloudWatch. A metric is written `region namespace name`, with its dimensions behind it."""

    def __init__(self, cloudwatch: AwsClient, namespace: str, prefix: str, region: str) -> None:
        """*prefix* is what the names of the dashboards and alarms begin with that are looked at."""
        self._cloudwatch = cloudwatch
        self._namespace = namespace
        self._prefix = prefix
        self._region = region

    def published(self) -> set[str]:
        """Return the metrics that a run publishes: it publishes each without dimensions."""
        return {f"{self._region} {self._namespace} {name}" for name in RUN_METRICS}

    def on_dashboards(self) -> set[str]:
        """Return the metrics of the runs' namespace that the dashboards show; what else they show is no matter."""
        shown = {metric for name in self._dashboards() for metric in self._shown(name)}
        return {metric for metric in shown if metric.split(" ")[1] == self._namespace}

    def in_alarms(self) -> set[str]:
        """Return the metrics that the alarms on the runs' namespace look at."""
        return {
            _metric(self._region, [alarm["Namespace"], alarm["MetricName"], *_dimensions(alarm)])
            for alarm in self._alarms()
        }

    def alarm_conditions(self) -> set[str]:
        """Return when the alarms on the runs' namespace fire: `statistic metric operator threshold`."""
        return {
            f"{alarm['Statistic']} {alarm['MetricName']} {alarm['ComparisonOperator']} {alarm['Threshold']:g}"
            for alarm in self._alarms()
            if "Statistic" in alarm
        }

    def deaf_alarms(self) -> set[str]:
        """Return the names of the alarms on the runs' namespace that one run's figures cannot let fire.

        A run publishes each figure once, in a unit; an alarm that waits for a second one waits for ever.
        Source: CloudWatch User Guide, "Alarm evaluation"; CloudWatch API Reference, PutMetricAlarm, Unit.
        """
        return {
            str(alarm["AlarmName"])
            for alarm in self._alarms()
            if alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) > 1
            or alarm.get("Unit", RUN_METRICS.get(alarm["MetricName"])) != RUN_METRICS.get(alarm["MetricName"])
        }

    def _alarms(self) -> list[dict[str, Any]]:
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix=self._prefix)
        alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
        return [alarm for alarm in alarms if alarm.get("Namespace") == self._namespace]

    def _dashboards(self) -> list[str]:
        pages = self._cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix=self._prefix)
        return [entry["DashboardName"] for page in pages for entry in page["DashboardEntries"]]

    def _shown(self, dashboard: str) -> Iterator[str]:
        body = json.loads(self._cloudwatch.get_dashboard(DashboardName=dashboard)["DashboardBody"])
        for widget in body.get("widgets", []):
            properties = widget.get("properties", {})
            region = properties.get("region", self._region)
            for row in _rows(properties.get("metrics", [])):
                yield _metric(region, row)


def _rows(metrics: Sequence[Sequence[Any]]) -> Iterator[list[str]]:
    """Yield namespace, name and dimensions of each metric of a widget; expressions have none of their own.

    Source: CloudWatch API Reference, "Dashboard body structure and syntax", metric widget.
    """
    before: list[str] = []
    for entry in metrics:
        words = [word for word in entry if isinstance(word, str)]
        if words:
            before = _filled_in(words, before)
            yield before


def _filled_in(words: list[str], before: list[str]) -> list[str]:
    """Return a row with what it takes over of the row before it, which is as long."""
    if words[0] == _SAME_BEGINNING:
        own = words[1:]
        return [*before[: max(0, len(before) - len(own))], *own]
    return [before[index] if word == _SAME and index < len(before) else word for index, word in enumerate(words)]


def _metric(region: str, words: Sequence[str]) -> str:
    return " ".join([region, *words])


def _dimensions(alarm: dict[str, Any]) -> list[str]:
    return [word for each in alarm.get("Dimensions", []) for word in (each["Name"], each["Value"])]
