"""What others have in an account in use: a second stack shaped like ours, a service in our cluster, pages of the rest.

All of it is in moto before a world begins, and nothing of the twin acts on it: its tasks run, its targets are healthy
and its deployment goes on for as long as the world lasts. It has as much in common with what is under test as two
stacks of one account and one VPC can have: ports, kinds, and the names that Hermes gives to the groups of a task.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.lifecycle import TaskState
from seatrials.twin.moto_bridge.bridge import Bridge
from seatrials.twin.moto_bridge.hooks import ACCOUNT
from seatrials.twin.tasks import TaskRecord

# Of each kind that lists come in pages of, more than `Calibration.page_max`.
_MANY = 25
CLUSTER, TABLE = "shop-edit-cluster", "shop-edit-sessions"
_TASK = "5409c4f1d2e3"
# By name: the port, and whether a rule of their load balancer leads there. The last two are of a task that just starts.
_GROUPS = {
    "shop-edit-api": (8080, True),
    "shop-edit-preview": (4321, True),
    "shop-hermes": (3000, True),
    f"wo-preview-{_TASK}": (4321, False),
    f"wo-api-{_TASK}": (8080, False),
}
_ADDRESSES = ("10.0.1.201", "10.0.1.202")
_PATTERN = [{"type": "metric", "properties": {"region": "us-west-2", "metrics": [
    ["Webordinary/IntegrationTests", "TestSuccessRate"],
    ["AWS/ECS", "CPUUtilization", "ClusterName", CLUSTER, "ServiceName", "shop-edit-service"],
    ["...", "shop-hermes-service"],
]}}]  # fmt: skip


@dataclass(frozen=True)
class Neighbours:
    """Names and ARNs of what nothing of the twin acts on."""

    load_balancers: frozenset[str] = frozenset()
    target_groups: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    alarms: frozenset[str] = frozenset()


NOBODY = Neighbours()


def let_neighbours_in(bridge: Bridge, aws: Callable[[str], AwsClient]) -> Neighbours:
    """Make what others have beside the stack that is deployed, in its VPC; there is nobody beside half a stack."""
    balancers, clusters = aws("elbv2").describe_load_balancers()["LoadBalancers"], aws("ecs").list_clusters()
    if not balancers or not clusters["clusterArns"]:
        return NOBODY
    vpc, subnets = balancers[0]["VpcId"], [each["SubnetId"] for each in balancers[0]["AvailabilityZones"]]
    for number in range(_MANY):
        aws("ecs").create_cluster(clusterName=f"others-{number:02}")
        aws("logs").create_log_group(logGroupName=f"/ecs/edit-of-others-{number:02}")
    _add_stores(aws)
    balancer = _add_balancer(aws, vpc, subnets)
    aws("ecs").create_cluster(clusterName=CLUSTER)
    ours = clusters["clusterArns"][0].rpartition("/")[2]
    services = ((CLUSTER, "shop-edit-service"), (CLUSTER, "shop-hermes-service"), (ours, "shop-reports"))
    return Neighbours(
        load_balancers=frozenset({balancer}),
        target_groups=frozenset(_add_groups(aws("elbv2"), vpc, balancer)),
        services=frozenset(_add_service(bridge, aws("ecs"), subnets, *each) for each in services),
        alarms=frozenset(_add_monitoring(aws("cloudwatch"))),
    )


def _add_balancer(aws: Callable[[str], AwsClient], vpc: str, subnets: list[str]) -> str:
    """Make a load balancer, and the group of a bastion that is open to the world."""
    ec2, groups = aws("ec2"), list[str]()
    for number in range(_MANY):
        name = f"bastion-{number:02}"
        groups.append(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])
    world = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[world])
    made = aws("elbv2").create_load_balancer(Name="shop-edit-alb", Subnets=subnets, SecurityGroups=groups[:1])
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def _add_groups(elbv2: AwsClient, vpc: str, balancer: str) -> list[str]:
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    made = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=fixed)
    listener = made["Listeners"][0]["ListenerArn"]
    known = {**_GROUPS, **{f"others-{number:02}": (8080, False) for number in range(_MANY)}}
    tags = [{"Key": "webordinary:task", "Value": f"arn:aws:ecs:us-west-2:{ACCOUNT}:task/{CLUSTER}/{_TASK}"}]
    arns = []
    for priority, (name, (port, is_routed)) in enumerate(known.items(), 1):
        group = {"Name": name, "Protocol": "HTTP", "Port": port, "VpcId": vpc, "TargetType": "ip"}
        arns.append(elbv2.create_target_group(**group, Tags=tags)["TargetGroups"][0]["TargetGroupArn"])
        targets = [{"Id": each, "Port": port} for each in _ADDRESSES]
        elbv2.register_targets(TargetGroupArn=arns[-1], Targets=targets)
        if is_routed:
            elbv2.create_rule(
                ListenerArn=listener,
                Priority=priority,
                Conditions=[{"Field": "path-pattern", "Values": [f"/{name}/*"]}],
                Actions=[{"Type": "forward", "TargetGroupArn": arns[-1]}],
            )
    return arns


def _add_service(bridge: Bridge, ecs: AwsClient, subnets: list[str], cluster: str, name: str) -> str:
    """Make a service with two tasks that run, one that was stopped by a call, and a deployment that goes on."""
    container = {"name": "app", "image": "shop", "memory": 512}
    size = {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"}
    family = ecs.register_task_definition(family=name, containerDefinitions=[container], **size)
    service = ecs.create_service(
        cluster=cluster,
        serviceName=name,
        taskDefinition=family["taskDefinition"]["taskDefinitionArn"],
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": []}},
    )["service"]
    now = datetime.fromtimestamp(bridge.now(), UTC)
    for number, state in enumerate((TaskState.RUNNING, TaskState.RUNNING, TaskState.STOPPED)):
        bridge.add_task(cluster, _task(service, number, state, now))
    deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "IN_PROGRESS", "desiredCount": 2}
    deployment |= {"taskDefinition": service["taskDefinition"], "createdAt": now, "updatedAt": now}
    counts = {"pendingCount": 0, "runningCount": 1, "failedTasks": 0}
    older = {**deployment, **counts, "id": "ecs-svc/0", "status": "ACTIVE", "rolloutState": "COMPLETED"}
    both = [{**deployment, **counts}, older]
    bridge.show_service(cluster, name, running_count=2, pending_count=0, events=[], deployments=both)
    return str(service["serviceArn"])


def _task(service: dict[str, Any], number: int, state: TaskState, now: datetime) -> TaskRecord:
    over = state is TaskState.STOPPED
    began, ended = now - timedelta(days=1), now - timedelta(seconds=100)
    return TaskRecord(
        task_arn=service["clusterArn"].replace(":cluster/", ":task/") + f"/{service['serviceName']}-{number}",
        cluster_arn=service["clusterArn"],
        task_definition_arn=service["taskDefinition"],
        group=f"service:{service['serviceName']}",
        started_by=f"ecs-svc/{number % 2}",
        availability_zone="us-west-2a",
        cpu="256",
        memory="512",
        enable_execute_command=False,
        created_at=began,
        started_at=began + timedelta(seconds=30),
        last_status=state,
        desired_status="STOPPED" if over else "RUNNING",
        stopping_at=ended if over else None,
        execution_stopped_at=ended if over else None,
        stopped_at=ended if over else None,
        stop_code="UserInitiated" if over else None,
        stopped_reason="restarted by hand" if over else None,
    )


def _add_stores(aws: Callable[[str], AwsClient]) -> None:
    """Make a table with sessions of its own, and a file system with access points of its clients."""
    dynamodb, efs = aws("dynamodb"), aws("efs")
    keys = (("sessionId", "HASH"), ("userId", "RANGE"))
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
    )
    system = efs.create_file_system(CreationToken=TABLE)["FileSystemId"]
    for number in range(_MANY):
        item = {"sessionId": f"session-{number}", "userId": "anna", "clientId": "shop", "status": "active"}
        dynamodb.put_item(TableName=TABLE, Item={name: {"S": value} for name, value in item.items()})
        root = {"Path": f"/workspace/shop-{number}"}
        efs.create_access_point(ClientToken=f"shop-{number}", FileSystemId=system, RootDirectory=root)


def _add_monitoring(cloudwatch: AwsClient) -> list[str]:
    """Make alarms, and dashboards that show one metric of runs among others; return the alarms' names."""
    names = [f"shop-{number:02}" for number in range(_MANY)]
    for name in names:
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": _PATTERN}))
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Shop/EditSessions",
            MetricName="ActiveSessionCount",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    return names
