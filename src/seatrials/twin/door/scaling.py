"""What Application Auto Scaling and CloudWatch refuse and their models do not say.

Sources: Application Auto Scaling API Reference, PutScalingPolicy and RegisterScalableTarget; Amazon CloudWatch API
Reference, PutMetricAlarm, GetMetricStatistics and GetMetricData.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG = "ValidationException"
_WRONG_ALARM = "ValidationError"
_MISSING = "MissingParameter"
_COMBINATION = "InvalidParameterCombination"
_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d{0,10})?|100)")
# Other statistics of a distribution: trimmed means and their like.
_DISTRIBUTION = re.compile(r"(tm|tc|ts|wm|TM|TC|TS|WM|PR|IQM|p).*")
_HOUR_SECONDS, _DAY_SECONDS, _WEEK_SECONDS = 3_600, 86_400, 604_800
# How many points one answer has at most.
_STATISTICS_MAX = 1_440
_DATA_MAX = 100_800
_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")


@rule("application-autoscaling", "PutScalingPolicy")
def step_scaling(asked: Asked) -> None:
    """A step scaling policy says how it adjusts, and by which steps."""
    if asked.parameters.get("PolicyType", "StepScaling") != "StepScaling":
        return
    configuration = asked.parameters.get("StepScalingPolicyConfiguration")
    if configuration is None:
        raise Refusal(_WRONG, "StepScalingPolicyConfiguration is required for policies of type StepScaling")
    if not configuration.get("AdjustmentType"):
        raise Refusal(_WRONG, "AdjustmentType must be specified for policies of type StepScaling")
    if not configuration.get("StepAdjustments"):
        raise Refusal(_WRONG, "At least one StepAdjustment must be specified")
    for step in configuration["StepAdjustments"]:
        low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
        if low is not None and high is not None and low >= high:
            raise Refusal(_WRONG, f"The lower bound {low} of a StepAdjustment is not below its upper bound {high}")


@rule("application-autoscaling", "RegisterScalableTarget")
def capacities(asked: Asked) -> None:
    """The smallest capacity is no number below none, and not over the largest."""
    least, most = asked.parameters.get("MinCapacity"), asked.parameters.get("MaxCapacity")
    for name, value in (("MinCapacity", least), ("MaxCapacity", most)):
        if value is not None and value < 0:
            raise Refusal(_WRONG, f"{name} cannot be negative: {value}")
    if least is not None and most is not None and least > most:
        raise Refusal(_WRONG, "Maximum capacity cannot be less than minimum capacity")


@rule("application-autoscaling", "RegisterScalableTarget", "PutScalingPolicy")
def services_are_named_in_full(asked: Asked) -> None:
    """A service of ECS is service/CLUSTER/NAME."""
    resource = str(asked.parameters.get("ResourceId"))
    if asked.parameters.get("ServiceNamespace") == "ecs" and not re.fullmatch(r"service/[^/]+/[^/]+", resource):
        raise Refusal(_WRONG, f"Unsupported resource ID '{resource[:100]}': it must be service/CLUSTER/SERVICE")


@rule("cloudwatch", "PutMetricAlarm")
def alarms(asked: Asked) -> None:
    """An alarm is on one metric with one statistic, or on an expression, and counts within its periods."""
    wanted = asked.parameters
    if wanted.get("Metrics"):
        _expression_alarm(wanted)
    elif wanted.get("MetricName"):
        _metric_alarm(wanted)
    elif not wanted.get("EvaluationCriteria"):
        raise Refusal(_WRONG_ALARM, "Either MetricName or Metrics must be specified")
    periods, needed = wanted.get("EvaluationPeriods", 1), wanted.get("DatapointsToAlarm")
    if needed is not None and needed > periods:
        raise Refusal(_WRONG_ALARM, "DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    if wanted.get("TreatMissingData", "missing") not in _TREATMENTS:
        told = f"TreatMissingData must be one of {', '.join(_TREATMENTS)}, not {wanted['TreatMissingData']!r}"
        raise Refusal(_WRONG_ALARM, told)
    threshold = wanted.get("Threshold")
    if threshold is not None and not math.isfinite(threshold):
        raise Refusal(_WRONG_ALARM, f"The threshold {threshold} is not a finite number")


def _metric_alarm(wanted: Mapping[str, Any]) -> None:
    for name in ("Namespace", "Period", "Threshold", "EvaluationPeriods", "ComparisonOperator"):
        if wanted.get(name) is None:
            raise Refusal(_MISSING, f"The parameter {name} is required.")
    statistic, extended = wanted.get("Statistic"), wanted.get("ExtendedStatistic")
    if bool(statistic) == bool(extended):
        told = "Exactly one of Statistic and ExtendedStatistic must be specified"
        raise Refusal(_COMBINATION, told)
    if extended and not (_PERCENTILE.fullmatch(extended) or _DISTRIBUTION.fullmatch(extended)):
        raise Refusal(_WRONG_ALARM, f"The value {extended[:100]} for parameter ExtendedStatistic is not supported.")
    period = wanted["Period"]
    if period not in (10, 20, 30) and (period % 60 or period <= 0):
        raise Refusal(_WRONG_ALARM, f"The period {period} must be 10, 20, 30 or a multiple of 60")
    _span(period * wanted["EvaluationPeriods"], period)


def _span(seconds: int, period: int) -> None:
    most = _WEEK_SECONDS if period >= _HOUR_SECONDS else _DAY_SECONDS
    if seconds > most:
        raise Refusal(_WRONG_ALARM, f"Metrics cannot be checked across more than {most} seconds, such as {seconds}")


@rule("cloudwatch", "GetMetricStatistics")
def statistics(asked: Asked) -> None:
    """One answer has no more points than CloudWatch gives."""
    wanted = asked.parameters
    _points(wanted["StartTime"], wanted["EndTime"], wanted["Period"], _STATISTICS_MAX)


@rule("cloudwatch", "GetMetricData")
def metric_data(asked: Asked) -> None:
    """One query has no more points than CloudWatch gives in all pages of an answer."""
    wanted = asked.parameters
    for each in wanted["MetricDataQueries"]:
        period = each.get("MetricStat", {}).get("Period") or each.get("Period") or 60
        _points(wanted["StartTime"], wanted["EndTime"], period, _DATA_MAX)


def _points(start: object, end: object, period: int, most: int) -> None:
    if period <= 0:
        raise Refusal(_COMBINATION, f"The period {period} must be over 0")
    if isinstance(start, datetime) and isinstance(end, datetime):
        count = (end.replace(tzinfo=None) - start.replace(tzinfo=None)).total_seconds() / period
        if count > most:
            told = f"You have requested up to {count:.0f} datapoints, which exceeds the limit of {most}."
            raise Refusal(_COMBINATION, told)


def _expression_alarm(wanted: Mapping[str, Any]) -> None:
    if wanted.get("MetricName") or wanted.get("Statistic") or wanted.get("ExtendedStatistic"):
        told = "MetricName and Statistic must not be specified together with Metrics"
        raise Refusal(_COMBINATION, told)
    for name in ("EvaluationPeriods", "ComparisonOperator"):
        if wanted.get(name) is None:
            raise Refusal(_MISSING, f"The parameter {name} is required.")
    identifiers = [each.get("Id") for each in wanted["Metrics"]]
    if len(set(identifiers)) < len(identifiers):
        raise Refusal(_WRONG_ALARM, f"The Ids of Metrics must be unique: {', '.join(map(str, identifiers))}")
    band = wanted.get("ThresholdMetricId")
    if band is not None and band not in identifiers:
        raise Refusal(_WRONG_ALARM, f"ThresholdMetricId {band} is not the Id of a metric of this alarm")
    if band is None and wanted.get("Threshold") is None:
        raise Refusal(_MISSING, "The parameter Threshold is required.")
