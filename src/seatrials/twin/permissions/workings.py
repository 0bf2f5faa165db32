"""What calls must be allowed of services that do something: load balancers, ECS, ECR, CloudWatch, SQS, SNS, STS.

Source: Service Authorization Reference, the page of each service.
"""

from collections.abc import Iterator

from seatrials.twin.permissions.calls import AskedCall, Keys, Needs, Resources, everything, on, rows, tagging
from seatrials.twin.permissions.policies import Need


def _member(name: str) -> Needs:
    """Return the row of calls that need their own action on the ARN which is a parameter of theirs."""
    return on(lambda asked: (asked.text(name),))


def _new_target_group(asked: AskedCall) -> Iterator[str]:
    yield asked.arn(f"targetgroup/{asked.text('Name')}/*")


def _new_load_balancer(asked: AskedCall) -> Iterator[str]:
    kind = {"network": "net", "gateway": "gwy"}.get(asked.text("Type", "application"), "app")
    yield asked.arn(f"loadbalancer/{kind}/{asked.text('Name')}/*")


def _listeners_rules(asked: AskedCall) -> Iterator[str]:
    """Yield the ARN of a rule of a listener, whose own part AWS is still to draw."""
    yield asked.text("ListenerArn").replace(":listener/", ":listener-rule/", 1) + "/*"


def _new_listener(asked: AskedCall) -> Iterator[str]:
    yield asked.text("LoadBalancerArn").replace(":loadbalancer/", ":listener/", 1) + "/*"


def _rules(asked: AskedCall) -> Iterator[str]:
    for each in asked.parameters.get("RulePriorities", ()):
        yield str(each.get("RuleArn", "*"))


# Calls whose names begin with Describe name no resource.
BALANCING = rows(
    ("CreateTargetGroup", tagging(on(_new_target_group), "AddTags", _new_target_group)),
    ("CreateRule", tagging(_member("ListenerArn"), "AddTags", _listeners_rules)),
    ("CreateListener", tagging(_member("LoadBalancerArn"), "AddTags", _new_listener)),
    ("CreateLoadBalancer", tagging(on(_new_load_balancer), "AddTags", _new_load_balancer)),
    (
        "DeleteTargetGroup DeregisterTargets ModifyTargetGroup ModifyTargetGroupAttributes RegisterTargets",
        _member("TargetGroupArn"),
    ),
    ("DeleteRule ModifyRule", _member("RuleArn")),
    ("SetRulePriorities", on(_rules)),
    (
        ("AddListenerCertificates DeleteListener ModifyListener ModifyListenerAttributes RemoveListenerCertificates"),
        _member("ListenerArn"),
    ),
    (
        (
            "DeleteLoadBalancer ModifyCapacityReservation ModifyLoadBalancerAttributes SetIpAddressType "
            "SetSecurityGroups SetSubnets"
        ),
        _member("LoadBalancerArn"),
    ),
    ("AddTags RemoveTags", on(lambda asked: asked.texts("ResourceArns"))),
)


def _cluster_name(asked: AskedCall) -> str:
    return asked.text("cluster", "default").rpartition("/")[2]


def _in_cluster(asked: AskedCall) -> Keys:
    return {"ecs:cluster": (asked.arn(f"cluster/{_cluster_name(asked)}"),)}


def _in_the_cluster(kind: str, member: str) -> Needs:
    """Return the row of calls about one *kind* of what a cluster has, one or many of it."""

    def resources(asked: AskedCall) -> Iterator[str]:
        given = asked.parameters.get(member)
        for each in given if isinstance(given, list | tuple) else [given or "*"]:
            yield asked.arn(each if str(each).startswith("arn:") else f"{kind}/{_cluster_name(asked)}/{each}")

    return on(resources, keys=_in_cluster)


def _clusters(member: str) -> Resources:
    """Return the clusters that a parameter names, by their names or ARNs; without it, the default one."""

    def resources(asked: AskedCall) -> Iterator[str]:
        given = asked.parameters.get(member) or "default"
        for each in [given] if isinstance(given, str) else given:
            yield asked.arn(f"cluster/{str(each).rpartition('/')[2]}")

    return resources


def _task_definition(asked: AskedCall) -> Iterator[str]:
    """Yield a task definition's ARN; of which revision AWS says, where the caller does not."""
    name = asked.text("taskDefinition", asked.text("family")).rpartition("/")[2]
    yield asked.arn(f"task-definition/{name}" if ":" in name else f"task-definition/{name}:*")


def _with_roles(row: Needs) -> Needs:
    """Return *row* for calls that hand roles to ECS, for which a caller needs iam:PassRole."""

    def needs(asked: AskedCall) -> Iterator[Need]:
        yield from row(asked)
        for role in (asked.parameters.get("taskRoleArn"), asked.parameters.get("executionRoleArn")):
            if role:
                arn = str(role) if str(role).startswith("arn:") else _role_arn(asked, str(role))
                yield Need("iam:PassRole", arn, (("iam:passedtoservice", ("ecs-tasks.amazonaws.com",)),))

    return needs


def _role_arn(asked: AskedCall, name: str) -> str:
    return f"arn:{asked.place.partition}:iam::{asked.place.account}:role/{name}"


ECS = rows(
    ("DescribeServices", _in_the_cluster("service", "services")),
    ("DescribeTasks", _in_the_cluster("task", "tasks")),
    ("CreateService", _in_the_cluster("service", "serviceName")),
    ("DeleteService UpdateService", _in_the_cluster("service", "service")),
    ("ExecuteCommand StopTask", _in_the_cluster("task", "task")),
    # What the reference names for it, whatever the cluster runs on.
    ("ListTasks", _in_the_cluster("container-instance", "containerInstance")),
    ("ListServices", on(everything, keys=_in_cluster)),
    ("RunTask", on(_task_definition, keys=_in_cluster)),
    ("RegisterTaskDefinition", _with_roles(on(_task_definition))),
    ("DescribeClusters", on(_clusters("clusters"))),
    ("DeleteCluster PutClusterCapacityProviders UpdateCluster UpdateClusterSettings", on(_clusters("cluster"))),
    ("ListTagsForResource TagResource UntagResource", _member("resourceArn")),
)


def _repository(asked: AskedCall) -> Iterator[str]:
    yield asked.arn(f"repository/{asked.text('repositoryName')}")


ECR = rows(
    ("GetAuthorizationToken", on(everything)),
    ("BatchCheckLayerAvailability BatchGetImage DescribeImages GetDownloadUrlForLayer ListImages", on(_repository)),
)


def _alarms(asked: AskedCall) -> Iterator[str]:
    for name in asked.texts("AlarmNames") if "AlarmNames" in asked.parameters else [asked.text("AlarmName")]:
        yield asked.arn(f"alarm:{name}")


def _dashboard(asked: AskedCall) -> Iterator[str]:
    yield f"arn:{asked.place.partition}:cloudwatch::{asked.place.account}:dashboard/{asked.text('DashboardName')}"


CLOUDWATCH = rows(
    (
        "PutMetricData",
        on(everything, keys=lambda asked: {"cloudwatch:namespace": (asked.text("Namespace"),)}),
    ),
    (
        (
            "DeleteAlarms DescribeAlarmHistory DescribeAlarms DisableAlarmActions EnableAlarmActions PutMetricAlarm "
            "SetAlarmState"
        ),
        on(_alarms),
    ),
    ("GetDashboard PutDashboard", on(_dashboard)),
)


def _queue(asked: AskedCall) -> Iterator[str]:
    """Yield a queue's ARN, of which its URL has the account and the name."""
    *_, account, name = ["*", *asked.text("QueueUrl", f"{asked.place.account}/{asked.text('QueueName')}").split("/")]
    yield f"arn:{asked.place.partition}:sqs:{asked.place.region}:{account}:{name}"


# A batch is no action of its own. Source: Amazon SQS Developer Guide, "Amazon SQS API permissions: Actions and resource
# reference".
SQS = rows(
    ("SendMessage SendMessageBatch", on(_queue, "SendMessage")),
    ("DeleteMessage DeleteMessageBatch", on(_queue, "DeleteMessage")),
    ("ChangeMessageVisibility ChangeMessageVisibilityBatch", on(_queue, "ChangeMessageVisibility")),
    (
        "CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl PurgeQueue ReceiveMessage SetQueueAttributes",
        on(_queue),
    ),
)


def _topic(asked: AskedCall) -> Iterator[str]:
    yield asked.text("TopicArn", asked.text("TargetArn", asked.arn(asked.text("Name"))))


SNS = rows(
    ("Publish PublishBatch", on(_topic, "Publish")),
    ("CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes Subscribe", on(_topic)),
)


def _function(asked: AskedCall) -> Iterator[str]:
    name = asked.text("FunctionName")
    yield asked.arn(name if name.startswith("arn:") else f"function:{name}")


LAMBDA = rows(("Invoke", on(_function, "InvokeFunction")))


def _stack(asked: AskedCall) -> Iterator[str]:
    name = asked.text("StackName")
    yield asked.arn(name if name.startswith("arn:") or name == "*" else f"stack/{name}/*")


CLOUDFORMATION = rows(("DeleteStack DescribeStackEvents DescribeStackResources DescribeStacks GetTemplate", on(_stack)))


def _role(asked: AskedCall) -> Iterator[str]:
    """Yield a role's ARN, whose path the caller need not know: it is none, or any."""
    yield _role_arn(asked, asked.text("RoleName"))


IAM = rows(
    ("GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies", on(_role)),
    ("SimulatePrincipalPolicy", on(lambda asked: (asked.text("PolicySourceArn"),))),
)

# Anybody may ask who they are, whatever a policy says. Source: AWS STS API Reference, GetCallerIdentity.
STS = rows(("GetCallerIdentity", lambda _asked: ()))

WORKINGS: dict[str, dict[str, Needs]] = {
    "cloudformation": CLOUDFORMATION,
    "elbv2": BALANCING,
    "iam": IAM,
    "ecs": ECS,
    "ecr": ECR,
    "cloudwatch": CLOUDWATCH,
    "lambda": LAMBDA,
    "sns": SNS,
    "sqs": SQS,
    "sts": STS,
}
