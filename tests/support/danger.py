"""A run on a platform with a bystander, for calls that would do harm."""

from collections.abc import Callable
from dataclasses import dataclass

import boto3

from seatrials.errors import LeftoversError
from seatrials.platform import Platform
from seatrials.seams.application import AwsClient
from seatrials.stacks import StackRun
from seatrials.stacks.live.stacks import LiveStacks
from tests.support.aws import Clients
from tests.support.live_run import platform_of
from tests.support.small_platform import REGION, SmallPlatform

CLUSTER, EDIT, HERMES = "webordinary-edit-cluster", "webordinary-edit-service", "webordinary-hermes-service"
TABLE, STRANGER = "webordinary-edit-sessions", "session-11111111-0000-4000-8000-000000000000"
ITEM = {
    "sessionId": {"S": STRANGER},
    "userId": {"S": "anna@example.com"},
    "clientId": {"S": "acme"},
    "threadId": {"S": "thread-1"},
    "status": {"S": "active"},
    "previewUrl": {"S": f"https://127.0.0.1/session/{STRANGER}"},
    "createdAt": {"N": "1700000000000"},
    "lastActivity": {"N": "1700000000000"},
    "ttl": {"N": "4000000000"},
}
KEY = {name: ITEM[name] for name in ("sessionId", "userId")}
LEASE = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
OWN = {"sessionId": {"S": "session-new"}, "userId": {"S": "TEST_run-1_COLD-03-user-1@example.com"}}
SET_STATUS = {"UpdateExpression": "SET ttl = :s", "ExpressionAttributeValues": {":s": {"N": "1"}}}


@dataclass
class Danger:
    """A run on a platform with a bystander, and what has reached AWS since it began."""

    small: SmallPlatform
    stacks: LiveStacks
    run: StackRun
    effects: list[str]
    arns: dict[str, str]

    @property
    def platform(self) -> Platform:
        """The platform as a scenario holds it."""
        return platform_of(self.run)

    def aws(self, service: str) -> AwsClient:
        """Return a client as a scenario is given it; those that the project does not use are made as it makes them."""
        return self.run.stack.aws(service)

    def stolen(self, service: str) -> AwsClient:
        """Return a client with the run's credentials, taken from where they are private."""
        found = self.run.stack.aws("ecs")._request_signer._credentials.get_frozen_credentials()  # noqa: SLF001  # what it is about
        keys = {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}
        made: AwsClient = boto3.client(service, region_name=REGION, **keys)
        return made

    def changes_by_http(self) -> list[str]:
        """Return the requests that the load balancer got, but for those that only look at Hermes's things."""
        return [each for each in self.small.requests if not each.startswith(("GET /health", "GET /hermes"))]


def others_things(aws: Clients) -> dict[str, str]:
    """Make what a run must leave alone; return the ARNs and ids that calls name."""
    aws("dynamodb").put_item(TableName=TABLE, Item=ITEM)
    for prefix in ("/ecs/edit", "/ecs/hermes"):
        aws("logs").create_log_group(logGroupName=prefix)
    system = aws("efs").create_file_system(CreationToken="x")["FileSystemId"]
    volume = {"name": "workspace", "efsVolumeConfiguration": {"fileSystemId": system}}
    container = {"name": "app", "image": "app", "memory": 512}
    aws("ecs").register_task_definition(family=EDIT, containerDefinitions=[container], volumes=[volume])
    aws("ecs").update_service(cluster=CLUSTER, service=EDIT, taskDefinition=EDIT)
    root = {"Path": "/workspace/acme"}
    point = aws("efs").create_access_point(ClientToken="x", FileSystemId=system, RootDirectory=root)["AccessPointId"]
    resource = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/{EDIT}"}
    dimension = {"ScalableDimension": "ecs:service:DesiredCount"}
    aws("application-autoscaling").register_scalable_target(**resource, **dimension, MinCapacity=0, MaxCapacity=3)
    put_alarm(aws("cloudwatch"), threshold=1)
    aws("cloudwatch").put_dashboard(DashboardName="webordinary-runs", DashboardBody='{"widgets": []}')
    balancer = aws("elbv2").describe_load_balancers()["LoadBalancers"][0]
    listener = aws("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0][
        "ListenerArn"
    ]
    rules = aws("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    group = aws("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    rule = next(each["RuleArn"] for each in rules if each["Priority"] == "5")
    session_rule = aws("elbv2").create_rule(
        ListenerArn=listener,
        Priority=100,
        Conditions=[{"Field": "path-pattern", "Values": [f"/session/{STRANGER}"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Rules"][0]["RuleArn"]
    arns = {"system": system, "point": point, "balancer": balancer["LoadBalancerArn"], "listener": listener}
    return {**arns, "group": group, "rule": rule, "session_rule": session_rule}


def put_alarm(cloudwatch: AwsClient, threshold: float) -> None:
    """Set the threshold of the alarm that scales the editor out."""
    cloudwatch.put_metric_alarm(
        AlarmName="edit-out",
        Namespace="Webordinary/EditSessions",
        MetricName="ActiveSessionCount",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


Call = Callable[[Danger], object]


def end_of(danger: Danger) -> str:
    """End the run as a whole; return what it says has been left."""
    try:
        danger.stacks.close()
    except LeftoversError as error:
        return str(error)
    return ""
