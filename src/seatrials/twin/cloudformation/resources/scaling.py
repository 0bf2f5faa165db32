"""Resource types of Application Auto Scaling and CloudWatch.

Source: AWS CloudFormation template reference, AWS::ApplicationAutoScaling and AWS::CloudWatch (return values).
"""

from collections.abc import Mapping
from typing import Any

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.intrinsics import PENDING
from seatrials.twin.cloudformation.resources.kind import (
    Creation,
    Extra,
    Facts,
    Properties,
    ResourceType,
    mapping_of,
    tags_as_map,
)

# A scalable target, in the order in which its id spells it.
_TARGET = ("ResourceId", "ScalableDimension", "ServiceNamespace")


def _target_spelled_out(properties: Properties, creation: Creation) -> Properties:
    """Return policy properties with `ScalingTargetId`, which only CloudFormation knows, as the service wants it."""
    properties = dict(properties)
    identity = properties.pop("ScalingTargetId", None)
    if identity is None:
        return properties
    parts = [PENDING] * len(_TARGET) if identity == PENDING else str(identity).split("|")
    if len(parts) != len(_TARGET):
        msg = f"{creation.where}.ScalingTargetId: must be a Ref to a scalable target, not {identity!r}"
        raise TemplateError(msg)
    return {**dict(zip(_TARGET, parts, strict=True)), **properties}


def _scheduled(facts: Facts, action: Any) -> Properties:  # noqa: ANN401
    target = {name: facts.request[name] for name in _TARGET}
    return {**target, **mapping_of(action, "an item of ScheduledActions")}


SCALING: Mapping[str, ResourceType] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": ResourceType(
        service="application-autoscaling",
        operation="register_scalable_target",
        reference="{request[ResourceId]}|{request[ScalableDimension]}|{request[ServiceNamespace]}",
        attributes={"Id": "{request[ResourceId]}|{request[ScalableDimension]}|{request[ServiceNamespace]}"},
        adjust=tags_as_map,
        extras=(
            Extra(property="ScheduledActions", operation="put_scheduled_action", parameters=_scheduled, each=True),
        ),
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": ResourceType(
        service="application-autoscaling",
        operation="put_scaling_policy",
        reference="{response[PolicyARN]}",
        attributes={"Arn": "{response[PolicyARN]}", "PolicyName": "{request[PolicyName]}"},
        adjust=_target_spelled_out,
    ),
    "AWS::CloudWatch::Alarm": ResourceType(
        service="cloudwatch",
        operation="put_metric_alarm",
        reference="{request[AlarmName]}",
        attributes={"Arn": "arn:aws:cloudwatch:{stack.region}:{stack.account}:alarm:{request[AlarmName]}"},
        name="AlarmName",
    ),
    "AWS::CloudWatch::Dashboard": ResourceType(
        service="cloudwatch",
        operation="put_dashboard",
        reference="{request[DashboardName]}",
        name="DashboardName",
    ),
}
