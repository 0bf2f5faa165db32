"""A world lives through whatever its API is asked for: 500 generated calls, and time after them."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from seatrials.twin.moto_bridge.http_api import AwsApi
from seatrials.twin.world import World
from tests.support.generated_calls import Calls
from tests.support.outside import Outside
from tests.support.twin import Twin

CALLS = 500
CLUSTER = "webordinary-edit-cluster"
# The services that something acts on come up more often.
SERVICES = {
    "ecs": 6,
    "elbv2": 6,
    "application-autoscaling": 4,
    "cloudwatch": 4,
    "dynamodb": 3,
    "efs": 3,
    "ec2": 2,
    "logs": 2,
    "ssm": 1,
    "iam": 1,
    "acm": 1,
    "sns": 1,
    "sqs": 1,
    "sts": 1,
    "dynamodbstreams": 1,
    "secretsmanager": 1,
    "kms": 1,
}
NETWORK_OPERATIONS = ("SecurityGroup", "Subnet", "Vpc", "Route", "NetworkInterface")


def known(world: World) -> Mapping[str, list[str]]:
    """Return the names, ids and ARNs of what is there, by the names of the parameters that take them."""
    elbv2, ecs, ec2, efs = world.aws("elbv2"), world.aws("ecs"), world.aws("ec2"), world.aws("efs")
    groups = [each["TargetGroupArn"] for each in elbv2.describe_target_groups()["TargetGroups"]]
    balancers = [each["LoadBalancerArn"] for each in elbv2.describe_load_balancers()["LoadBalancers"]]
    listeners = [each for arn in balancers for each in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
    rules = [
        rule["RuleArn"] for each in listeners for rule in elbv2.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]
    ]
    services = ecs.list_services(cluster=CLUSTER)["serviceArns"]
    names = [each.rsplit("/", 1)[-1] for each in services]
    definitions = ecs.list_task_definitions()["taskDefinitionArns"]
    alarms = [each["AlarmName"] for each in world.aws("cloudwatch").describe_alarms()["MetricAlarms"]]
    policies = world.aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    systems = [each["FileSystemId"] for each in efs.describe_file_systems()["FileSystems"]]
    tables = world.aws("dynamodb").list_tables()["TableNames"]
    return {
        "cluster": [CLUSTER],
        "clusterName": [CLUSTER],
        "service": names,
        "serviceName": names,
        "services": names,
        "taskDefinition": definitions,
        "TargetGroupArn": groups,
        "LoadBalancerArn": balancers,
        "ListenerArn": [each["ListenerArn"] for each in listeners],
        "RuleArn": rules,
        "subnet": [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]],
        "SubnetId": [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]],
        "GroupId": [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]],
        "securityGroup": [each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]],
        "VpcId": [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]],
        "AlarmName": alarms,
        "PolicyName": [each["PolicyName"] for each in policies],
        "AlarmAction": [each["PolicyARN"] for each in policies],
        "ResourceId": [each["ResourceId"] for each in policies],
        "ServiceNamespace": ["ecs"],
        "ScalableDimension": ["ecs:service:DesiredCount"],
        "Namespace": ["Webordinary/EditSessions"],
        "MetricName": ["ActiveSessionCount"],
        "FileSystemId": systems,
        "TableName": tables,
        "Key": ["idle_timeout.timeout_seconds", "stickiness.enabled", "deregistration_delay.timeout_seconds"],
        "CidrIp": ["10.0.0.0/8"],
        "CidrBlock": ["10.0.9.0/24"],
    }


def answered(client: Any, operation: str, parameters: dict[str, Any]) -> str:  # noqa: ANN401  # any client of boto3
    """Make a call; return `taken`, or the code of its refusal; an answer that boto3 cannot read raises."""
    model = client.meta.service_model.operation_model(operation)
    method = next(name for name, each in client.meta.method_to_api_mapping.items() if each == model.name)
    refused: ClientError | None = None
    try:
        getattr(client, method)(**parameters)
    except ClientError as error:
        refused = error
    except ParamValidationError:
        return "refused by boto3"
    if refused is None:
        return "taken"
    status = refused.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status != 500, f"{operation} {parameters}: {refused}"
    return f"{status} {refused.response['Error']['Code']}"


def operations(client: Any) -> list[str]:  # noqa: ANN401  # any client of boto3
    """Return the operations of a service that the test draws from."""
    names: list[str] = list(client.meta.service_model.operation_names)
    if client.meta.service_model.service_name == "ec2":
        return [each for each in names if any(part in each for part in NETWORK_OPERATIONS)]
    return names


@pytest.mark.parametrize("seed", [1])
def test_generated_calls_end_nothing(survivor: Twin, seed: int) -> None:
    """Each call is answered in a form that boto3 reads, never with 500; no actor fails; the next call is served."""
    random, world = Random(seed), survivor.world
    outside = Outside(AwsApi(world.bridge, lambda _call: None, lambda _call, _reason: None), parameter_validation=False)
    calls, clients = Calls(random, known(world)), {name: outside.client(name) for name in SERVICES}
    drawn_from = {name: operations(client) for name, client in clients.items()}
    counted: Counter[str] = Counter()
    for number in range(CALLS):
        [service] = random.choices(list(SERVICES), list(SERVICES.values()))
        operation = random.choice(drawn_from[service])
        shape = clients[service].meta.service_model.operation_model(operation).input_shape
        parameters = calls.parameters(shape) if shape is not None else {}
        answer = answered(clients[service], operation, parameters)
        counted[answer] += 1
        if answer.startswith("501"):
            drawn_from[service].remove(operation)
        if number % 10 == 0:
            survivor.sleep(30)
    survivor.sleep(600)

    assert world.clock.supervisor.told == []
    assert answered(clients["ecs"], "ListClusters", {}) == "taken"
    assert counted["taken"] > CALLS / 10
