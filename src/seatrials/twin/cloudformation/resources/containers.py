"""Resource types of ECS and of the logs its containers write.

Source: AWS CloudFormation template reference, AWS::ECS and AWS::Logs (return values).
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.cloudformation.resources.kind import Creation, Extra, Properties, ResourceType, tags_as_map


def _as_created(properties: Properties, creation: Creation) -> Properties:
    """Return service properties with what CreateService takes for granted: one task, the VPC's default group.

    Source: AWS CloudFormation template reference, AWS::ECS::Service, DesiredCount; ECS API Reference,
    AwsVpcConfiguration, securityGroups.
    """
    if properties.get("SchedulingStrategy") != "DAEMON":
        properties = {"DesiredCount": 1, **properties}
    network = properties.get("NetworkConfiguration")
    within = network.get("AwsvpcConfiguration") if isinstance(network, Mapping) else None
    if (
        creation.on_paper
        or not isinstance(within, Mapping)
        or within.get("SecurityGroups")
        or not within.get("Subnets")
    ):
        return properties
    grouped = {**within, "SecurityGroups": _default_groups(creation, within["Subnets"][0])}
    return {
        **properties,
        "NetworkConfiguration": {**properties["NetworkConfiguration"], "AwsvpcConfiguration": grouped},
    }


def _default_groups(creation: Creation, subnet: str) -> list[Any]:
    _, answer = creation.call("ec2", "describe_subnets", {"SubnetIds": [subnet]})
    filters = [
        {"Name": "vpc-id", "Values": [answer["Subnets"][0]["VpcId"]]},
        {"Name": "group-name", "Values": ["default"]},
    ]
    _, found = creation.call("ec2", "describe_security_groups", {"Filters": filters})
    return [group["GroupId"] for group in found["SecurityGroups"]]


CONTAINERS: Mapping[str, ResourceType] = {
    "AWS::ECS::Cluster": ResourceType(
        service="ecs",
        operation="create_cluster",
        reference="{response[cluster][clusterName]}",
        attributes={"Arn": "{response[cluster][clusterArn]}"},
        name="ClusterName",
        renames={"ClusterSettings": "settings"},
    ),
    "AWS::ECS::TaskDefinition": ResourceType(
        service="ecs",
        operation="register_task_definition",
        reference="{response[taskDefinition][taskDefinitionArn]}",
        attributes={"TaskDefinitionArn": "{response[taskDefinition][taskDefinitionArn]}"},
        name="Family",
    ),
    "AWS::ECS::Service": ResourceType(
        service="ecs",
        operation="create_service",
        reference="{response[service][serviceArn]}",
        attributes={"Name": "{response[service][serviceName]}", "ServiceArn": "{response[service][serviceArn]}"},
        name="ServiceName",
        renames={"PlacementStrategies": "placementStrategy"},
        adjust=_as_created,
        inert=("ForceNewDeployment",),
    ),
    "AWS::Logs::LogGroup": ResourceType(
        service="logs",
        operation="create_log_group",
        reference="{request[logGroupName]}",
        attributes={"Arn": "arn:aws:logs:{stack.region}:{stack.account}:log-group:{request[logGroupName]}:*"},
        name="LogGroupName",
        adjust=tags_as_map,
        inert=(
            "BearerTokenAuthenticationEnabled",
            "DataProtectionPolicy",
            "FieldIndexPolicies",
            "ResourcePolicyDocument",
        ),
        extras=(
            Extra(
                property="RetentionInDays",
                operation="put_retention_policy",
                parameters=lambda facts, days: {"LogGroupName": facts.reference, "RetentionInDays": days},
            ),
        ),
    ),
}
