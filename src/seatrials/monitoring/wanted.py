"""The dashboard and the alarms on the figures of runs, as they are to be: data, in the words of CloudWatch's API.

`stack/webordinary.yaml` makes the same, but for the alarm on the cost of a day, which is an account's affair and no
stack's; INFRA-10 asks for both on a stack.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from seatrials.errors import ConfigurationError
from seatrials.monitoring.bounds import Bounds

Document = dict[str, Any]

# A run publishes each of its figures once, so the one value of a period decides.
_RUN_SECONDS = 300
_DAY_SECONDS = 86_400
_HOUR_SECONDS = 3600
_COLUMN_WIDTH, _HEIGHT, _COLUMNS = 12, 6, 2
# Source: CloudWatch API Reference, PutDashboard, DashboardName; PutMetricAlarm, AlarmName.
_DASHBOARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ALARM_NAME_MAX = 255

_Bound = Callable[[Bounds], float]
_SUCCESS: _Bound = attrgetter("success_percent")
_COLD_START: _Bound = attrgetter("cold_start_seconds")
_RUN_COST: _Bound = attrgetter("run_dollars")
_DAY_COST: _Bound = attrgetter("day_dollars")


@dataclass(frozen=True, kw_only=True)
class _Watch:
    """What one alarm looks at; *sentence* says when it fires."""

    name: str
    metric: str
    statistic: str
    operator: str
    bound: _Bound
    sentence: str
    period_seconds: int = _RUN_SECONDS


_WATCHES = (
    _Watch(
        name="success-rate",
        metric="TestSuccessRate",
        statistic="Average",
        operator="LessThanThreshold",
        bound=_SUCCESS,
        sentence="Fewer than {:g} % of a run's scenarios passed.",
    ),
    _Watch(
        name="cold-start",
        metric="ColdStartLatency",
        statistic="Maximum",
        operator="GreaterThanThreshold",
        bound=_COLD_START,
        sentence="The median cold start of a run took more than {:g} s.",
    ),
    _Watch(
        name="cost",
        metric="TestCost",
        statistic="Maximum",
        operator="GreaterThanOrEqualToThreshold",
        bound=_RUN_COST,
        sentence="A run cost ${:g} or more.",
    ),
    _Watch(
        name="day-cost",
        metric="TestCost",
        statistic="Sum",
        operator="GreaterThanOrEqualToThreshold",
        bound=_DAY_COST,
        sentence="The runs of a day cost ${:g} or more.",
        period_seconds=_DAY_SECONDS,
    ),
)


@dataclass(frozen=True, kw_only=True)
class _Line:
    """A metric in a chart; with a *bound*, a line across the chart says where its alarm begins."""

    metric: str
    bound: _Bound | None = None
    is_right: bool = False

    @property
    def side(self) -> Document:
        """The axis that it is on, where that is not the usual one."""
        return {"yAxis": "right"} if self.is_right else {}


# By title: the statistic, and the metrics.
_CHARTS: Mapping[str, tuple[str, tuple[_Line, ...]]] = {
    "Cold start and container startup (s)": (
        "p99",
        (_Line(metric="ColdStartLatency", bound=_COLD_START), _Line(metric="ContainerStartupTime")),
    ),
    "Session creation (s)": ("Average", (_Line(metric="SessionCreationTime"),)),
    "Success rate (%)": ("Average", (_Line(metric="TestSuccessRate", bound=_SUCCESS),)),
    "Duration (s) and cost (USD) of a run": (
        "Maximum",
        (_Line(metric="TestDuration"), _Line(metric="TestCost", bound=_RUN_COST, is_right=True)),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be there."""

    namespace: str
    dashboard: str
    body: Document
    # By name, as PutMetricAlarm takes them.
    alarms: Mapping[str, Document]


def wanted(prefix: str, namespace: str, region: str, bounds: Bounds) -> Wanted:
    """Return what is to be there: a dashboard `<prefix>s` and alarms `<prefix>-…` on the metrics of *namespace*.

    Raises `ConfigurationError` for a prefix that begins no name of either.
    """
    dashboard = f"{prefix}s"
    body: Document = {"widgets": [_widget(place, namespace, region, bounds) for place in range(len(_CHARTS))]}
    alarms = {f"{prefix}-{each.name}": _alarm(each, namespace, bounds) for each in _WATCHES}
    if _DASHBOARD_NAME.fullmatch(dashboard) is None or max(map(len, alarms)) > _ALARM_NAME_MAX:
        msg = (
            f"names.run_monitoring_prefix: {prefix[:80]!r} begins no name of a dashboard and of alarms: "
            "take letters, digits, - and _, 240 at most"
        )
        raise ConfigurationError(msg)
    named = {name: {"AlarmName": name, **alarm} for name, alarm in alarms.items()}
    return Wanted(namespace=namespace, dashboard=dashboard, body=body, alarms=named)


def body_text(body: Document) -> str:
    """Return a body as PutDashboard takes it."""
    return json.dumps(body, indent=1)


def _alarm(watch: _Watch, namespace: str, bounds: Bounds) -> Document:
    bound = watch.bound(bounds)
    return {
        "AlarmDescription": watch.sentence.format(bound),
        "ActionsEnabled": True,
        "Namespace": namespace,
        "MetricName": watch.metric,
        "Statistic": watch.statistic,
        "Period": watch.period_seconds,
        "EvaluationPeriods": 1,
        "ComparisonOperator": watch.operator,
        "Threshold": bound,
        # Between two runs nothing is published.
        "TreatMissingData": "notBreaching",
    }


def _widget(place: int, namespace: str, region: str, bounds: Bounds) -> Document:
    """Return the chart at a *place*, counted line by line."""
    title, (statistic, lines) = list(_CHARTS.items())[place]
    marks = [{"label": "alarm", "value": each.bound(bounds), **each.side} for each in lines if each.bound is not None]
    return {
        "type": "metric",
        "x": place % _COLUMNS * _COLUMN_WIDTH,
        "y": place // _COLUMNS * _HEIGHT,
        "width": _COLUMN_WIDTH,
        "height": _HEIGHT,
        "properties": {
            "title": title,
            "region": region,
            "stat": statistic,
            "period": _HOUR_SECONDS,
            "metrics": [[namespace, each.metric, *([each.side] if each.side else [])] for each in lines],
            **({"annotations": {"horizontal": marks}} if marks else {}),
        },
    }
