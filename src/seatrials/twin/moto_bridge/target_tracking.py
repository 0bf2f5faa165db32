"""The two alarms of a target tracking policy: moto makes them, whatever the policy says, and here they obey it.

Source: Application Auto Scaling User Guide, "Target tracking scaling policies": they are made with the policy and go
with it. That the upper one counts 3 minutes, the lower one 15 from a tenth below the target is what accounts show.
"""

from collections.abc import Mapping
from typing import Any

from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy
from moto.cloudwatch.models import CloudWatchBackend, Dimension

_LOW_SHARE = 0.9
# Namespace, name, statistic and unit by predefined metric.
_PREDEFINED = {
    "ECSServiceAverageCPUUtilization": ("AWS/ECS", "CPUUtilization", "Average", "Percent"),
    "ECSServiceAverageMemoryUtilization": ("AWS/ECS", "MemoryUtilization", "Average", "Percent"),
    "ALBRequestCountPerTarget": ("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", None),
}


def obey(cloudwatch: CloudWatchBackend, policy: FakeApplicationAutoscalingPolicy, tracking: Mapping[str, Any]) -> None:
    """Let the alarms of *policy* watch what *tracking* names.

    None stays of a policy whose metric is described by queries, or is none of ECS; and no lower one without scale-in.
    """
    metric = _metric(policy, tracking)
    for alarm in list(policy.alarms):
        is_low = "-AlarmLow-" in alarm.name
        if metric is None or (is_low and tracking.get("DisableScaleIn")):
            cloudwatch.delete_alarms([alarm.name])
            policy.alarms.remove(alarm)
            continue
        alarm.namespace, alarm.metric_name, alarm.statistic, alarm.unit, alarm.dimensions = metric
        alarm.threshold = float(tracking.get("TargetValue") or 0) * (_LOW_SHARE if is_low else 1)
        _, _, creator = alarm.alarm_actions[0].rpartition(":createdBy/")
        alarm.alarm_actions = [f"{policy.policy_arn}:createdBy/{creator}"]


def _metric(policy: FakeApplicationAutoscalingPolicy, tracking: Mapping[str, Any]) -> Any:  # noqa: ANN401  # moto's types
    """Return namespace, name, statistic, unit and dimensions of the metric that a policy tracks; None without one."""
    custom = tracking.get("CustomizedMetricSpecification")
    if custom:
        if custom.get("Metrics"):
            return None
        names = ("Namespace", "MetricName", "Statistic", "Unit")
        return (*(custom.get(name) for name in names), _as_moto_has_them(custom.get("Dimensions", [])))
    predefined = tracking.get("PredefinedMetricSpecification", {})
    known = _PREDEFINED.get(predefined.get("PredefinedMetricType", ""))
    if known is None:
        return None
    return (*known, _as_moto_has_them(_dimensions(policy.resource_id, predefined.get("ResourceLabel"))))


def _as_moto_has_them(dimensions: list[dict[str, str]]) -> list[Dimension]:
    return [Dimension(each["Name"], each["Value"]) for each in dimensions]


def _dimensions(resource: str, label: str | None) -> list[dict[str, str]]:
    """Return the dimensions of a service's own metric, or of the target group that *label* names.

    A label is app/<balancer>/<id>/targetgroup/<group>/<id>.
    """
    if label is None:
        _, cluster, service = resource.split("/")
        return [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}]
    balancer, _, group = label.partition("/targetgroup/")
    return [{"Name": "LoadBalancer", "Value": balancer}, {"Name": "TargetGroup", "Value": f"targetgroup/{group}"}]
