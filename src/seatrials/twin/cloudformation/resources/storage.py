"""Resource types that keep things: DynamoDB tables, EFS file systems and SSM parameters.

Source: AWS CloudFormation template reference, AWS::DynamoDB, AWS::EFS and AWS::SSM (return values).
"""

from collections.abc import Mapping
from typing import Any

from seatrials.twin.cloudformation.resources.kind import Creation, Extra, Facts, Properties, ResourceType


def _table_settings(properties: Properties, _: Creation) -> Properties:
    """Return table properties with the two structures that the service itself words differently."""
    encryption = properties.get("SSESpecification")
    if isinstance(encryption, Mapping):
        renamed = {("Enabled" if name == "SSEEnabled" else name): value for name, value in encryption.items()}
        properties = {**properties, "SSESpecification": renamed}
    stream = properties.get("StreamSpecification")
    if isinstance(stream, Mapping):
        properties = {**properties, "StreamSpecification": {"StreamEnabled": True, **stream}}
    return properties


def _backups(facts: Facts, value: Any) -> Properties:  # noqa: ANN401
    return {"TableName": facts.reference, "PointInTimeRecoverySpecification": value}


def _token(name: str) -> Any:  # noqa: ANN401
    """Return the adjustment that gives EFS the token by which it tells a repeated call."""
    return lambda properties, creation: {name: creation.generated_name(64), **properties}


def _of_file_system(property_name: str, operation: str, member: str) -> Extra:
    return Extra(
        property=property_name,
        operation=operation,
        parameters=lambda facts, value: {"FileSystemId": facts.reference, member: value},
    )


def _tags_as_list(properties: Properties, _: Creation) -> Properties:
    """Return SSM parameter properties with the tags as the service takes them: a list of keys and values."""
    tags = properties.get("Tags")
    if not isinstance(tags, Mapping):
        return properties
    return {**properties, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


STORAGE: Mapping[str, ResourceType] = {
    "AWS::DynamoDB::Table": ResourceType(
        service="dynamodb",
        operation="create_table",
        reference="{response[TableDescription][TableName]}",
        attributes={
            "Arn": "{response[TableDescription][TableArn]}",
            "StreamArn": "{response[TableDescription][LatestStreamArn]}",
        },
        name="TableName",
        adjust=_table_settings,
        inert=("ContributorInsightsSpecification", "KinesisStreamSpecification", "ResourcePolicy"),
        extras=(
            Extra(
                property="TimeToLiveSpecification",
                operation="update_time_to_live",
                parameters=lambda facts, value: {"TableName": facts.reference, "TimeToLiveSpecification": value},
            ),
            Extra(
                property="PointInTimeRecoverySpecification",
                operation="update_continuous_backups",
                parameters=_backups,
            ),
        ),
    ),
    "AWS::EFS::FileSystem": ResourceType(
        service="efs",
        operation="create_file_system",
        reference="{response[FileSystemId]}",
        attributes={"Arn": "{response[FileSystemArn]}", "FileSystemId": "{response[FileSystemId]}"},
        renames={"FileSystemTags": "Tags"},
        adjust=_token("CreationToken"),
        inert=("BackupPolicy", "BypassPolicyLockoutSafetyCheck", "FileSystemProtection", "ReplicationConfiguration"),
        extras=(
            _of_file_system("LifecyclePolicies", "put_lifecycle_configuration", "LifecyclePolicies"),
            _of_file_system("FileSystemPolicy", "put_file_system_policy", "Policy"),
        ),
    ),
    "AWS::EFS::MountTarget": ResourceType(
        service="efs",
        operation="create_mount_target",
        reference="{response[MountTargetId]}",
        attributes={"Id": "{response[MountTargetId]}", "IpAddress": "{response[IpAddress]}"},
    ),
    "AWS::EFS::AccessPoint": ResourceType(
        service="efs",
        operation="create_access_point",
        reference="{response[AccessPointId]}",
        attributes={"Arn": "{response[AccessPointArn]}", "AccessPointId": "{response[AccessPointId]}"},
        renames={"AccessPointTags": "Tags"},
        adjust=_token("ClientToken"),
    ),
    "AWS::SSM::Parameter": ResourceType(
        service="ssm",
        operation="put_parameter",
        reference="{request[Name]}",
        attributes={"Type": "{request[Type]}", "Value": "{request[Value]}"},
        name="Name",
        adjust=_tags_as_list,
    ),
}
