"""The short way to moto answers as the long one: each call is made both ways from one state of the control plane."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
import time_machine
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from seatrials.twin.control_plane import EPOCH_SECONDS
from seatrials.twin.moto_bridge import restore, seed_identifiers, snapshot
from seatrials.twin.moto_bridge.quick.answers import answer, has_short_way
from seatrials.twin.moto_bridge.quick.parameters import taken
from tests.support.aws import Json
from tests.support.twin import Twin

TABLE = "webordinary-edit-sessions"
CLUSTER = "webordinary-edit-cluster"
REGION = "us-west-2"
ALARM = "webordinary-edit-sessions-high"
KEY = {"sessionId": {"S": "s-1"}, "userId": {"S": "u"}}
ITEM = {**KEY, "status": {"S": "active"}, "ttl": {"N": "17"}, "tags": {"L": [{"M": {"deep": {"BOOL": True}}}]}}
ACCESS_POINT = {
    "ClientToken": "token",
    "FileSystemId": "{FileSystem}",
    "PosixUser": {"Uid": 1000, "Gid": 1000},
    "RootDirectory": {"Path": "/workspace/c", "CreationInfo": {"OwnerUid": 1, "OwnerGid": 1, "Permissions": "0755"}},
    "Tags": [{"Key": "Name", "Value": "c"}],
}
# A call refers to what the template made by {the resource's logical id}.
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("ecs", "ListClusters", {}),
    ("ecs", "ListServices", {"cluster": CLUSTER}),
    ("ecs", "DescribeServices", {"cluster": CLUSTER, "services": ["webordinary-edit-service"]}),
    ("ecs", "DescribeClusters", {"clusters": [CLUSTER], "include": ["TAGS"]}),
    ("ecs", "DescribeTaskDefinition", {"taskDefinition": "{EditTaskDefinition}", "include": ["TAGS"]}),
    ("ecs", "UpdateService", {"cluster": CLUSTER, "service": "webordinary-edit-service", "desiredCount": 2}),
    ("ecs", "DescribeServices", {"cluster": "nowhere", "services": ["x"]}),
    ("elbv2", "DescribeLoadBalancers", {}),
    ("elbv2", "DescribeLoadBalancerAttributes", {"LoadBalancerArn": "{LoadBalancer}"}),
    ("elbv2", "DescribeListeners", {"LoadBalancerArn": "{LoadBalancer}"}),
    ("elbv2", "DescribeRules", {"ListenerArn": "{HttpsListener}"}),
    ("elbv2", "DescribeTargetGroups", {}),
    ("elbv2", "DescribeTargetGroups", {"Names": ["nothing"]}),
    ("elbv2", "DescribeTargetGroupAttributes", {"TargetGroupArn": "{EditApiTargetGroup}"}),
    ("elbv2", "DescribeTags", {"ResourceArns": ["{LoadBalancer}"]}),
    (
        "elbv2",
        "CreateRule",
        {
            "ListenerArn": "{HttpsListener}",
            "Priority": 150,
            "Conditions": [
                {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*"]}},
                {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "k", "Value": "v"}]}},
            ],
            "Actions": [{"Type": "forward", "TargetGroupArn": "{EditApiTargetGroup}"}],
            "Tags": [{"Key": "owner", "Value": "test"}],
        },
    ),
    ("elbv2", "CreateRule", {"ListenerArn": "{HttpsListener}", "Priority": 5, "Conditions": [], "Actions": []}),
    ("elbv2", "CreateTargetGroup", {"Name": "new", "Protocol": "HTTP", "Port": 80, "VpcId": "{Vpc}"}),
    ("elbv2", "DeleteTargetGroup", {"TargetGroupArn": "{EditApiTargetGroup}"}),
    (
        "elbv2",
        "ModifyTargetGroupAttributes",
        {
            "TargetGroupArn": "{EditApiTargetGroup}",
            "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "7"}],
        },
    ),
    ("dynamodb", "DescribeTable", {"TableName": TABLE}),
    ("dynamodb", "DescribeTimeToLive", {"TableName": TABLE}),
    ("dynamodb", "DescribeContinuousBackups", {"TableName": TABLE}),
    ("dynamodb", "GetItem", {"TableName": TABLE, "Key": KEY, "ConsistentRead": True}),
    ("dynamodb", "GetItem", {"TableName": TABLE, "Key": {**KEY, "userId": {"S": "nobody"}}}),
    ("dynamodb", "Scan", {"TableName": TABLE, "ReturnConsumedCapacity": "TOTAL"}),
    (
        "dynamodb",
        "Query",
        {
            "TableName": TABLE,
            "KeyConditionExpression": "sessionId = :id",
            "ExpressionAttributeValues": {":id": {"S": "s-1"}},
        },
    ),
    ("dynamodb", "PutItem", {"TableName": TABLE, "Item": ITEM, "ReturnValues": "ALL_OLD"}),
    ("dynamodb", "PutItem", {"TableName": TABLE, "Item": ITEM, "ConditionExpression": "attribute_not_exists(userId)"}),
    (
        "dynamodb",
        "UpdateItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "UpdateExpression": "SET #s = :s ADD visits :one REMOVE tags",
            "ExpressionAttributeNames": {"#s": "status"},
            "ExpressionAttributeValues": {":s": {"S": "draining"}, ":one": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    (
        "dynamodb",
        "UpdateItem",
        {
            "TableName": TABLE,
            "Key": KEY,
            "UpdateExpression": "SET visits = :one",
            "ConditionExpression": "visits = :two",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":two": {"N": "2"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    ("dynamodb", "DeleteItem", {"TableName": TABLE, "Key": KEY, "ReturnValues": "ALL_OLD"}),
    ("dynamodb", "Scan", {"TableName": "nothing"}),
    ("cloudwatch", "DescribeAlarms", {}),
    ("cloudwatch", "PutMetricData", {"Namespace": "N", "MetricData": [{"MetricName": "M", "Value": 1}]}),
    (
        "cloudwatch",
        "GetMetricStatistics",
        {
            "Namespace": "Webordinary/EditSessions",
            "MetricName": "ActiveSessionCount",
            "StartTime": EPOCH_SECONDS - 600,
            "EndTime": EPOCH_SECONDS + 600,
            "Period": 60,
            "Statistics": ["Maximum", "Average"],
        },
    ),
    (
        "cloudwatch",
        "GetMetricStatistics",
        {"Namespace": "N", "MetricName": "M", "StartTime": 0, "EndTime": 1, "Period": 9},
    ),
    ("cloudwatch", "SetAlarmState", {"AlarmName": ALARM, "StateValue": "OK", "StateReason": "r"}),
    ("cloudwatch", "SetAlarmState", {"AlarmName": "nothing", "StateValue": "OK", "StateReason": "r"}),
    ("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "ecs"}),
    ("application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "nowhere"}),
    ("application-autoscaling", "DescribeScalingPolicies", {"ServiceNamespace": "ecs", "MaxResults": 1}),
    ("application-autoscaling", "DescribeScalingActivities", {"ServiceNamespace": "ecs"}),
    ("efs", "DescribeFileSystems", {}),
    ("efs", "DescribeFileSystems", {"FileSystemId": "fs-00000000"}),
    ("efs", "DescribeMountTargets", {"FileSystemId": "{FileSystem}", "MaxItems": 1}),
    ("efs", "DescribeMountTargets", {}),
    ("efs", "DescribeAccessPoints", {"FileSystemId": "{FileSystem}"}),
    ("efs", "DescribeAccessPoints", {"AccessPointId": "fsap-0"}),
    ("efs", "CreateAccessPoint", ACCESS_POINT),
    ("efs", "CreateAccessPoint", {**ACCESS_POINT, "ClientToken": "taken"}),
    ("efs", "CreateAccessPoint", {**ACCESS_POINT, "FileSystemId": "fs-00000000"}),
]


def with_arns(value: Json, physical_ids: Mapping[str, str]) -> Json:
    """Return *value* with the physical ids of the resources that it names."""
    if isinstance(value, dict):
        return {name: with_arns(each, physical_ids) for name, each in value.items()}
    if isinstance(value, list):
        return [with_arns(each, physical_ids) for each in value]
    return value.format(**physical_ids) if isinstance(value, str) else value


def ordinarily(service: str, operation: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Make a call through botocore and moto's HTTP, as a client of a test would without the twin."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
    client = boto3.Session("testing", "testing", region_name=REGION).client(service, config=config)
    try:
        return 200, getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], dict(error.response)


def shortly(service: str, operation: str, parameters: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Make a call as the twin's clients do, at the time at which moto is asked the other way."""
    with time_machine.travel(EPOCH_SECONDS, tick=False):
        return answer(service, operation, taken(service, operation, parameters), REGION)


def from_one_state(state: bytes, call: Callable[[], tuple[int, dict[str, Any]]]) -> tuple[int, dict[str, Any], bytes]:
    """Return what *call* answers and what it leaves behind."""
    restore(state)
    seed_identifiers(7)
    status, answered = call()
    return status, {name: value for name, value in answered.items() if name != "ResponseMetadata"}, snapshot()


@pytest.mark.parametrize(
    ("service", "operation", "parameters"), CALLS, ids=[f"{call[1]}-{i}" for i, call in enumerate(CALLS)]
)
def test_both_ways_answer_the_same(twin: Twin, service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Status, answer and what is stored are equal; only the request's own identifier differs."""
    physical_ids = twin.world.stack.physical_ids
    twin.world.aws("dynamodb").put_item(TableName=TABLE, Item=ITEM)
    twin.world.aws("efs").create_access_point(ClientToken="taken", FileSystemId=physical_ids["FileSystem"])
    wanted = with_arns(parameters, physical_ids)
    state = snapshot()
    expected = from_one_state(state, lambda: ordinarily(service, operation, wanted))
    actual = from_one_state(state, lambda: shortly(service, operation, wanted))

    assert expected[:2] == actual[:2]
    assert (expected[2] == state) == (actual[2] == state)


@pytest.mark.usefixtures("twin")
def test_what_is_answered_is_a_copy() -> None:
    """A caller that changes an item it was given changes nothing in the table, and neither does one that gave it."""
    given = {**KEY, "list": {"L": [{"S": "a"}]}}
    shortly("dynamodb", "PutItem", {"TableName": TABLE, "Item": given})
    given["list"]["L"].append({"S": "b"})  # type: ignore[index]  # a list of dicts
    wanted = {"TableName": TABLE, "Key": KEY}
    shortly("dynamodb", "GetItem", wanted)[1]["Item"]["list"]["L"].clear()

    assert shortly("dynamodb", "GetItem", wanted)[1]["Item"]["list"] == {"L": [{"S": "a"}]}


def test_an_error_is_botocores(twin: Twin) -> None:
    """A refused call raises the service's own exception with its code, as botocore does."""
    dynamodb = twin.world.bridge.client("scenario", "dynamodb")

    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException, match="ResourceNotFoundException"):
        dynamodb.scan(TableName="nothing")


def test_parameters_are_validated(twin: Twin) -> None:
    """A call with a parameter that does not exist is refused before it is made, as botocore does."""
    ecs = twin.world.bridge.client("scenario", "ecs")

    with pytest.raises(ParamValidationError, match="Unknown parameter"):
        ecs.list_clusters(nonsense=1)


def test_services_of_another_kind_go_the_ordinary_way() -> None:
    """Only calls of which moto reads each parameter by its name are answered the short way."""
    assert has_short_way("ecs", "ListClusters")
    assert has_short_way("efs", "DescribeFileSystems")
    assert not has_short_way("efs", "UntagResource")
    assert not has_short_way("ec2", "DescribeVpcs")
