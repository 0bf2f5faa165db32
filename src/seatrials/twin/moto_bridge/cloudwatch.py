"""CloudWatch as AWS has it, where moto's is not: metrics apart by their dimensions, percentiles, math, alarms' states.

Source: botocore, cloudwatch: GetMetricStatistics, GetMetricData, PutMetricAlarm.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from moto.cloudwatch import urls as cloudwatch_urls
from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricDatumBase
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from seatrials.twin.metrics.expressions import ExpressionError, Values
from seatrials.twin.metrics.queries import Queries
from seatrials.twin.metrics.statistics import Samples, UnknownStatisticError, statistic
from seatrials.twin.metrics.store import Metric, Metrics, Point, binned, epoch_seconds
from seatrials.twin.moto_bridge.pages import page_of

_MINUTE = 60
_STATISTICS_POINTS_MAX = 1440
_DATA_POINTS_MAX = 100_800
_HISTORY_ITEMS_MAX = 100
_ALARMS_PER_PAGE = 100
_DASHBOARDS_PER_PAGE = 1000


class TwinCloudWatch(CloudWatchBackend):
    """CloudWatch whose metrics are the twin's."""

    _url_module = cloudwatch_urls

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.metrics = Metrics()

    def put_metric_alarm(self, name: str, *arguments: Any, **parameters: Any) -> Alarm:  # noqa: ANN401  # moto's own
        """Let a new alarm begin in INSUFFICIENT_DATA, and one that is changed keep its state, as AWS does."""
        before = self.alarms.get(name)
        alarm = super().put_metric_alarm(name, *arguments, **parameters)
        alarm.state_value = "INSUFFICIENT_DATA"
        if before is not None:
            alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
            alarm.state_reason_data, alarm.history = before.state_reason_data, before.history
            alarm.state_updated_timestamp = before.state_updated_timestamp
        return alarm

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        for number, datum in enumerate(metric_data, start=1):
            self._validate_parameters_put_metric_data(datum, number)
        for datum in metric_data:
            self.metrics.put(namespace, datum, epoch_seconds(utcnow()))

    def get_all_metrics(self) -> list[MetricDatumBase]:
        """Return one datum of each metric: moto asks only which metrics there are."""
        known = [
            MetricDatumBase(each.namespace, each.name, [{"Name": n, "Value": v} for n, v in each.dimensions], None)
            for each in self.metrics.series
        ]
        return self.aws_metric_data + known

    def statistics(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Answer GetMetricStatistics, whose parameters are *question*."""
        period = int(question["Period"])
        start, end = _window(question["StartTime"], question["EndTime"], period)
        count = -(-(end - start) // period)
        if count > _STATISTICS_POINTS_MAX:
            msg = (
                f"You have requested up to {count:,} datapoints, which exceeds the limit of 1,440. You may reduce the "
                "datapoints requested by increasing Period, or decreasing the time range."
            )
            raise InvalidParameterCombination(msg)
        metric = Metric.of(question["Namespace"], question["MetricName"], question.get("Dimensions"))
        points = self._shown(metric, (start, end), question.get("Unit"), period)
        bins = binned(points, start, period, count)
        unit = points[0].unit if points else "None"
        return [
            {"Timestamp": _moment(start + index * period), "Unit": unit, **_computed(question, samples)}
            for index, samples in enumerate(bins)
            if samples
        ]

    def _shown(self, metric: Metric, window: tuple[int, int], unit: str | None, period: int) -> list[Point]:
        """Return the points of a window that statistics have by now."""
        now = epoch_seconds(utcnow())
        return [each for each in self.metrics.between(metric, *window, unit, period) if each.shown_at <= now]

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        def read(metric: Metric, unit: str | None, period: int) -> list[list[Samples]]:
            start, end = _window(start_time, end_time, period)
            return binned(self._shown(metric, (start, end), unit, period), start, period, count(period))

        def count(period: int) -> int:
            start, end = _window(start_time, end_time, period)
            periods = -(-(end - start) // period)
            if periods > _DATA_POINTS_MAX:
                msg = (
                    f"The window holds {periods:,} periods of {period} seconds; at most {_DATA_POINTS_MAX:,} are given."
                )
                raise ValidationError(msg)
            return periods

        answers = Queries(queries, read, count)
        try:
            return [
                _result(query, answers, _window(start_time, end_time, answers.period(query["Id"]))[0], scan_by)
                for query in queries
                if query.get("ReturnData", True)
            ]
        except ExpressionError as error:
            msg = f"Error in expression: {error}"
            raise ValidationError(msg) from error


class TwinCloudWatchResponse(CloudWatchResponse):
    """CloudWatch calls with the parameters that moto drops."""

    def get_metric_statistics(self) -> ActionResult:
        names = ["Namespace", "MetricName", "StartTime", "EndTime", "Period", "Dimensions", "Unit"]
        question = {name: self._get_param(name) for name in [*names, "Statistics", "ExtendedStatistics"]}
        if not question["Statistics"] and not question["ExtendedStatistics"]:
            msg = "Must specify either Statistics or ExtendedStatistics"
            raise InvalidParameterCombination(msg)
        backend: Any = self.cloudwatch_backend
        return ActionResult({"Label": question["MetricName"], "Datapoints": backend.statistics(question)})

    def describe_alarms(self) -> ActionResult:
        """Answer DescribeAlarms, a page at a time. Source: botocore, cloudwatch.DescribeAlarmsInput, MaxRecords."""
        found: Any = super().describe_alarms().result
        given = self._get_param("MaxRecords"), self._get_param("NextToken")
        page, token = page_of(list(found["MetricAlarms"]), *given, _ALARMS_PER_PAGE)
        answer = {**found, "MetricAlarms": page}
        return ActionResult(answer if token is None else {**answer, "NextToken": token})

    def list_dashboards(self) -> ActionResult:
        """Answer ListDashboards, a page at a time. Source: botocore, cloudwatch.ListDashboards, 1,000 at most."""
        found: Any = super().list_dashboards().result
        page, token = page_of(list(found["DashboardEntries"]), None, self._get_param("NextToken"), _DASHBOARDS_PER_PAGE)
        answer = {"DashboardEntries": page}
        return ActionResult(answer if token is None else {**answer, "NextToken": token})

    def describe_alarm_history(self) -> ActionResult:
        """Answer DescribeAlarmHistory, newest first: changes of state, and no other kind of item.

        Source: botocore, cloudwatch.DescribeAlarmHistory; AWS CLI Command Reference, describe-alarm-history, for what
        HistoryData holds.
        """
        name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
        alarms = [each for each in self.cloudwatch_backend.alarms.values() if name in (None, each.name)]
        items = [item for alarm in alarms for item in _updates(alarm)] if kind in (None, "StateUpdate") else []
        start, end = (self._get_param(each) for each in ("StartDate", "EndDate"))
        within = [
            item
            for item in items
            if (start is None or epoch_seconds(start) <= epoch_seconds(item["Timestamp"]))
            and (end is None or epoch_seconds(item["Timestamp"]) <= epoch_seconds(end))
        ]
        within.sort(key=lambda item: epoch_seconds(item["Timestamp"]), reverse=True)
        first = int(self._get_param("NextToken") or 0)
        last = first + int(self._get_param("MaxRecords") or _HISTORY_ITEMS_MAX)
        more = {"NextToken": str(last)} if last < len(within) else {}
        return ActionResult({"AlarmHistoryItems": within[first:last], **more})


def _updates(alarm: Alarm) -> list[dict[str, Any]]:
    """Return the changes of state of an alarm; moto keeps with each the state that it ended."""
    now = ("StateUpdate", alarm.state_reason, alarm.state_reason_data, alarm.state_value, alarm.state_updated_timestamp)
    return [
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm",
            "Timestamp": after[-1],
            "HistoryItemType": "StateUpdate",
            "HistorySummary": f"Alarm updated from {before[3]} to {after[3]}",
            "HistoryData": json.dumps({"version": "1.0", "oldState": _state(*before), "newState": _state(*after)}),
        }
        for before, after in pairwise([*alarm.history, now])
    ]


def _state(_kind: str, reason: str, reason_data: str | None, value: str, _at: datetime) -> dict[str, Any]:
    data = json.loads(reason_data or "{}")
    told = {"stateValue": value, "stateReason": reason}
    return {**told, "stateReasonData": data} if data else told


def _window(start_time: datetime, end_time: datetime, period: int) -> tuple[int, int]:
    """Return the window of a question in epoch seconds, its start rounded down to a full minute, or to a short period.

    Source: botocore, cloudwatch.GetMetricStatistics, StartTime.
    """
    start, end = int(epoch_seconds(start_time)), int(epoch_seconds(end_time))
    if start >= end:
        msg = "The parameter StartTime must be less than the parameter EndTime."
        raise InvalidParameterValue(msg)
    return start - start % min(period, _MINUTE), end


def _computed(question: Mapping[str, Any], samples: list[Samples]) -> dict[str, Any]:
    """Return the statistics of one period that a question asks for; the percentiles under their own name."""
    try:
        values = {name: statistic(name)(samples) for name in question.get("Statistics") or []}
        percentiles = {name: statistic(name)(samples) for name in question.get("ExtendedStatistics") or []}
    except UnknownStatisticError as error:
        raise InvalidParameterValue(str(error)) from error
    known = {name: value for name, value in percentiles.items() if value is not None}
    return {**values, "ExtendedStatistics": known} if known else values


def _result(query: Mapping[str, Any], answers: Queries, start: int, scan_by: str) -> dict[str, Any]:
    identifier = str(query["Id"])
    values: Values = answers.values(identifier)
    period = answers.period(identifier)
    found = [(_moment(start + index * period), value) for index, value in enumerate(values) if value is not None]
    if scan_by == "TimestampDescending":
        found.reverse()
    name = query["MetricStat"]["Metric"].get("MetricName") if query.get("MetricStat") else identifier
    return {
        "id": identifier,
        "label": query.get("Label") or name,
        "timestamps": [moment for moment, _ in found],
        "values": [value for _, value in found],
        "status_code": "Complete",
    }


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
