"""A client of AWS that asks for what nobody thought of: 500 is no answer, and every other must be readable."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from tests.support.aws import Clients
from tests.support.generated_calls import Calls

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


def known(aws: Clients) -> Mapping[str, list[str]]:
    """Return the names, ids and ARNs of what is there, by the names of the parameters that take them."""
    elbv2, ecs, ec2, efs = aws("elbv2"), aws("ecs"), aws("ec2"), aws("efs")
    groups = [each["TargetGroupArn"] for each in elbv2.describe_target_groups()["TargetGroups"]]
    balancers = [each["LoadBalancerArn"] for each in elbv2.describe_load_balancers()["LoadBalancers"]]
    listeners = [each for arn in balancers for each in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]]
    rules = [
        rule["RuleArn"] for each in listeners for rule in elbv2.describe_rules(ListenerArn=each["ListenerArn"])["Rules"]
    ]
    services = ecs.list_services(cluster=CLUSTER)["serviceArns"]
    names = [each.rsplit("/", 1)[-1] for each in services]
    definitions = ecs.list_task_definitions()["taskDefinitionArns"]
    alarms = [each["AlarmName"] for each in aws("cloudwatch").describe_alarms()["MetricAlarms"]]
    policies = aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    systems = [each["FileSystemId"] for each in efs.describe_file_systems()["FileSystems"]]
    tables = aws("dynamodb").list_tables()["TableNames"]
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
    """Return the operations of a service that are drawn from."""
    names: list[str] = list(client.meta.service_model.operation_names)
    if client.meta.service_model.service_name == "ec2":
        return [each for each in names if any(part in each for part in NETWORK_OPERATIONS)]
    return names


class Stranger:
    """Draws and makes calls, from one seed."""

    def __init__(self, seed: int, aws: Clients) -> None:
        """*aws* gives clients that refuse nothing by themselves and try once; what is there now is known by name."""
        self._random = Random(seed)
        self._clients = {service: aws(service) for service in SERVICES}
        self._calls = Calls(self._random, known(aws))
        self._operations = {service: operations(client) for service, client in self._clients.items()}
        # How often which answer was given.
        self.answers: Counter[str] = Counter()

    def ask(self) -> None:
        """Make one call; an operation that is not there (501) is not drawn again."""
        [service] = self._random.choices(list(SERVICES), list(SERVICES.values()))
        operation = self._random.choice(self._operations[service])
        shape = self._clients[service].meta.service_model.operation_model(operation).input_shape
        answer = answered(self._clients[service], operation, self._calls.parameters(shape) if shape is not None else {})
        self.answers[answer] += 1
        if answer.startswith("501"):
            self._operations[service].remove(operation)
