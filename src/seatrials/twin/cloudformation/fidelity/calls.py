"""What a call asks for and the twin leaves out, told in the trace as the tables of properties say it.

CloudFormation and the services name nearly everything alike but for case, so what is said of a property holds for the
parameter of its name in the calls that make or change such a resource.
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.cloudformation.fidelity.table import Line, Status, asks_for_nothing, tables
from seatrials.twin.cloudformation.fidelity.usage import leaves
from seatrials.twin.trace import Trace

_ELB = "AWS::ElasticLoadBalancingV2::"
_AAS = "AWS::ApplicationAutoScaling::"
# The resource type that a call makes or changes.
_TYPES = {
    ("application-autoscaling", "PutScalingPolicy"): f"{_AAS}ScalingPolicy",
    ("application-autoscaling", "PutScheduledAction"): f"{_AAS}ScalableTarget",
    ("application-autoscaling", "RegisterScalableTarget"): f"{_AAS}ScalableTarget",
    ("cloudwatch", "PutMetricAlarm"): "AWS::CloudWatch::Alarm",
    ("dynamodb", "CreateTable"): "AWS::DynamoDB::Table",
    ("dynamodb", "UpdateTable"): "AWS::DynamoDB::Table",
    ("ecs", "CreateCluster"): "AWS::ECS::Cluster",
    ("ecs", "CreateService"): "AWS::ECS::Service",
    ("ecs", "RegisterTaskDefinition"): "AWS::ECS::TaskDefinition",
    ("ecs", "UpdateCluster"): "AWS::ECS::Cluster",
    ("ecs", "UpdateService"): "AWS::ECS::Service",
    ("efs", "CreateAccessPoint"): "AWS::EFS::AccessPoint",
    ("efs", "CreateFileSystem"): "AWS::EFS::FileSystem",
    ("efs", "CreateMountTarget"): "AWS::EFS::MountTarget",
    ("elbv2", "CreateListener"): f"{_ELB}Listener",
    ("elbv2", "CreateLoadBalancer"): f"{_ELB}LoadBalancer",
    ("elbv2", "CreateRule"): f"{_ELB}ListenerRule",
    ("elbv2", "CreateTargetGroup"): f"{_ELB}TargetGroup",
    ("elbv2", "ModifyListener"): f"{_ELB}Listener",
    ("elbv2", "ModifyListenerAttributes"): f"{_ELB}Listener",
    ("elbv2", "ModifyLoadBalancerAttributes"): f"{_ELB}LoadBalancer",
    ("elbv2", "ModifyRule"): f"{_ELB}ListenerRule",
    ("elbv2", "ModifyTargetGroup"): f"{_ELB}TargetGroup",
    ("elbv2", "ModifyTargetGroupAttributes"): f"{_ELB}TargetGroup",
}
# Parameters whose property has another name, in the calls where it has.
_RENAMED = {
    "ModifyListenerAttributes": {"Attributes": "ListenerAttributes"},
    "ModifyLoadBalancerAttributes": {"Attributes": "LoadBalancerAttributes"},
    "ModifyTargetGroupAttributes": {"Attributes": "TargetGroupAttributes"},
    "PutScheduledAction": {"Schedule": "ScheduledActions"},
}


class CallWatch:
    """Tells what calls ask for in vain, each property of each resource type once."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._told: set[tuple[str, str]] = set()

    def look(self, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Tell what a call that AWS has taken asks for and the twin leaves out."""
        type_name = _TYPES.get((service, operation))
        if type_name is None:
            return
        renamed = _RENAMED.get(operation, {})
        for leaf in leaves({renamed.get(name, name): value for name, value in parameters.items()}):
            line = tables()[type_name].line_of(leaf.path, leaf.value, any_case=True)
            if line is not None and line.status is Status.LEFT_OUT and not asks_for_nothing(leaf.value):
                self._tell(type_name, operation, line)

    def _tell(self, type_name: str, operation: str, line: Line) -> None:
        if (type_name, line.key) not in self._told:
            self._told.add((type_name, line.key))
            self._trace.add("left_out", operation, what=f"{line.path}: AWS {line.says}")
