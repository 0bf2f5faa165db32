"""Rules of CloudWatch alarms.

Source: Amazon CloudWatch API Reference, PutMetricAlarm.
"""

import re
from collections.abc import Iterator

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, number
from seatrials.twin.cloudformation.rules.rule import Rule

ALARM = "AWS::CloudWatch::Alarm"
_API = "CloudWatch PutMetricAlarm"
_DAY_SECONDS = 86_400
_WEEK_SECONDS = 7 * _DAY_SECONDS
_HOUR_SECONDS = 3_600
_SHORT_PERIODS = (10, 20, 30)
_MINUTE_SECONDS = 60
_PERCENTILE_MAX = 100
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")


def _datapoints_are_within_periods(alarm: Declared, _: Declarations) -> Iterator[Finding]:
    datapoints, periods = number(alarm.get("DatapointsToAlarm")), number(alarm.get("EvaluationPeriods"))
    if datapoints is not None and periods is not None and datapoints > periods:
        yield "DatapointsToAlarm", f"is {datapoints:g}, which is more than EvaluationPeriods, {periods:g}"


def _window_is_short(alarm: Declared, _: Declarations) -> Iterator[Finding]:
    period, periods = number(alarm.get("Period")), number(alarm.get("EvaluationPeriods"))
    if period is None or periods is None:
        return
    if period not in _SHORT_PERIODS and (period <= 0 or period % _MINUTE_SECONDS):
        yield "Period", f"is {period:g} s; it must be 10, 20, 30 or a multiple of 60"
    longest = _WEEK_SECONDS if period >= _HOUR_SECONDS else _DAY_SECONDS
    if period * periods > longest:
        yield "EvaluationPeriods", f"times Period is {period * periods:g} s; it must be at most {longest} s"


def _one_statistic(alarm: Declared, _: Declarations) -> Iterator[Finding]:
    if alarm.get("Metrics") is not None:
        for name in ("MetricName", "Namespace", "Period", "Statistic", "ExtendedStatistic", "Dimensions", "Unit"):
            if alarm.get(name) is not None:
                yield name, "cannot be given together with Metrics"
        return
    has_statistic, has_extended = (alarm.get(name) is not None for name in ("Statistic", "ExtendedStatistic"))
    if not has_statistic and not has_extended:
        yield "Statistic", "lacks: an alarm on one metric needs Statistic or ExtendedStatistic"
    if has_statistic and has_extended:
        yield "ExtendedStatistic", "cannot be given together with Statistic"
    for name in ("MetricName", "Namespace", "Period"):
        if alarm.get(name) is None:
            yield name, "lacks: an alarm on one metric needs it"
    yield from _percentile(alarm)


def _percentile(alarm: Declared) -> Iterator[Finding]:
    text = alarm.get("ExtendedStatistic")
    match = re.fullmatch(r"p(\d+(\.\d+)?)", str(text))
    if match and float(match[1]) > _PERCENTILE_MAX:
        yield "ExtendedStatistic", f"is {text!r}; a percentile is between p0 and p100"


def _a_threshold_of_its_kind(alarm: Declared, _: Declarations) -> Iterator[Finding]:
    has_static, has_band = (alarm.get(name) is not None for name in ("Threshold", "ThresholdMetricId"))
    if not has_static and not has_band:
        yield "Threshold", "lacks: an alarm needs Threshold, or ThresholdMetricId for a band"
    if has_static and has_band:
        yield "Threshold", "cannot be given together with ThresholdMetricId"


def _actions_are_arns(alarm: Declared, _: Declarations) -> Iterator[Finding]:
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for path, action in alarm.at(f"{name}.*"):
            if is_known(action) and not _ARN.fullmatch(str(action)):
                yield path, f"of {name} is {action!r}, and must be the ARN of an action"


ALARM_RULES = tuple(
    Rule(identity, ALARM, sentence, _API, find)
    for identity, sentence, find in (
        ("alarm-datapoints", "As many datapoints as periods, at most.", _datapoints_are_within_periods),
        ("alarm-window", "A window is a day, or a week of hours.", _window_is_short),
        ("alarm-statistic", "One metric has one statistic.", _one_statistic),
        ("alarm-threshold", "An alarm has one threshold.", _a_threshold_of_its_kind),
        ("alarm-actions", "Actions are ARNs.", _actions_are_arns),
    )
)
