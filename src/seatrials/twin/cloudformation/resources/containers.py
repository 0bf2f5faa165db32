"""Resource types of ECS and of the logs its containers write.

Source: AWS CloudFormation template reference, AWS::ECS and AWS::Logs (return values).
"""

from collections.abc import Mapping

from seatrials.twin.cloudformation.resources.kind import Extra, ResourceType, tags_as_map

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
