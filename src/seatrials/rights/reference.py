"""Every action that the calls need, and what a policy can bind it to: one statement for those that are bound alike.

`*` stands where AWS takes nothing else. What a call that only lists can be bound to is the region, and for some the
cluster. Source: Service Authorization Reference, "Actions, resources, and condition keys", the page of each service;
cfn-lint ships AWS's own copy of it, against which the tests hold this table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Under these keys runs keep lease and journal, and no session's id begins so.
KEY_PREFIX = "seatrials#"

# Operator, key and values of a condition; the values, like resources, have the names of an environment in braces.
Condition = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A statement of a policy with all actions that it can have, and the names of a stack left open."""

    sid: str
    # IAM's names, with the service before the colon.
    actions: tuple[str, ...]
    # How the reference calls the resources; none for actions that take `*` alone.
    kinds: tuple[str, ...] = ()
    resources: tuple[str, ...] = ("*",)
    conditions: tuple[Condition, ...] = ()
    # Only where rows may change the services under test.
    of_control: bool = False


def _actions(service: str, names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names.split())


# The region is a key of every request. Source: IAM User Guide, "AWS global condition context keys".
_IN_REGION: Condition = ("StringEquals", "aws:RequestedRegion", ("{region}",))
_IN_CLUSTER: Condition = ("ArnEquals", "ecs:cluster", ("{ecs}:cluster/{cluster}",))
_TABLES = ("{dynamodb}:table/{table}", "{dynamodb}:table/{lease_table}")
_INDEXES = ("{dynamodb}:table/{table}/index/{client_index}", "{dynamodb}:table/{table}/index/{activity_index}")
_SERVICES = ("{ecs}:service/{cluster}/{edit_service}", "{ecs}:service/{cluster}/{hermes_service}")
# ELBv2 has a resource for each of its calls that change something, and for none that describes.
_BALANCING = (
    "DescribeListeners DescribeLoadBalancerAttributes DescribeLoadBalancers DescribeRules DescribeSSLPolicies "
    "DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups DescribeTargetHealth"
)

STATEMENTS: tuple[Statement, ...] = (
    Statement(
        sid="Look",
        actions=(
            *_actions(
                "application-autoscaling",
                "DescribeScalableTargets DescribeScalingActivities DescribeScalingPolicies DescribeScheduledActions",
            ),
            # Of composite alarms CloudWatch tells only whoever may ask for `*`.
            # Source: CloudWatch API Reference, DescribeAlarms.
            *_actions(
                "cloudwatch", "DescribeAlarms DescribeAlarmsForMetric GetMetricStatistics ListDashboards ListMetrics"
            ),
            *_actions("ec2", "DescribeSecurityGroups"),
            *_actions("ecs", "DescribeTaskDefinition ListTaskDefinitions"),
            *_actions("elasticloadbalancing", _BALANCING),
            *_actions("logs", "DescribeLogGroups"),
        ),
        conditions=(_IN_REGION,),
    ),
    # The reference has container instances for ListTasks, of which Fargate has none.
    Statement(sid="ListInCluster", actions=_actions("ecs", "ListServices ListTasks"), conditions=(_IN_CLUSTER,)),
    Statement(
        sid="LookAtCluster",
        actions=_actions("ecs", "DescribeClusters"),
        kinds=("cluster",),
        resources=("{ecs}:cluster/{cluster}",),
    ),
    Statement(
        sid="LookAtServices", actions=_actions("ecs", "DescribeServices"), kinds=("service",), resources=_SERVICES
    ),
    Statement(
        sid="LookAtTasks",
        actions=_actions("ecs", "DescribeTasks"),
        kinds=("task",),
        resources=("{ecs}:task/{cluster}/*",),
    ),
    # Alarms are looked for by what they act on, whatever they are called.
    Statement(
        sid="LookAtAlarms",
        actions=_actions("cloudwatch", "DescribeAlarmHistory"),
        kinds=("alarm",),
        resources=("{cloudwatch}:alarm:*",),
    ),
    Statement(
        sid="LookAtDashboards",
        actions=_actions("cloudwatch", "GetDashboard"),
        kinds=("dashboard",),
        resources=("{cloudwatch_dashboards}:dashboard/{run_monitoring_prefix}*",),
    ),
    # Ids of file systems are AWS's, and no name of the environment leads to them.
    Statement(
        sid="LookAtFiles",
        actions=_actions(
            "elasticfilesystem", "DescribeFileSystems DescribeMountTargetSecurityGroups DescribeMountTargets"
        ),
        kinds=("file-system",),
        resources=("{elasticfilesystem}:file-system/*",),
    ),
    Statement(
        sid="LookAtAccessPoints",
        actions=_actions("elasticfilesystem", "DescribeAccessPoints"),
        kinds=("access-point", "file-system"),
        resources=("{elasticfilesystem}:access-point/*", "{elasticfilesystem}:file-system/*"),
    ),
    Statement(
        sid="LookAtTables",
        actions=_actions("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive GetItem"),
        kinds=("table",),
        resources=_TABLES,
    ),
    Statement(
        sid="Query",
        actions=_actions("dynamodb", "Query"),
        kinds=("table", "index"),
        resources=(*_TABLES, *_INDEXES),
    ),
    Statement(
        sid="LookAtLogs",
        actions=_actions("logs", "GetLogEvents"),
        kinds=("log-stream",),
        resources=(
            "{logs}:log-group:{edit_log_group}:log-stream:*",
            "{logs}:log-group:{hermes_log_group}:log-stream:*",
        ),
    ),
    Statement(
        sid="LookAtRoles",
        actions=_actions("iam", "GetRole SimulatePrincipalPolicy"),
        kinds=("role",),
        resources=("{roles}", "{own_role}"),
    ),
    Statement(
        sid="LookAtStack",
        actions=_actions("cloudformation", "DescribeStacks"),
        kinds=("stack",),
        resources=("{cloudformation}:stack/{stack}/*",),
    ),
    # No key of a user's item is the run's alone; the condition that the guard asks for is not IAM's to see.
    Statement(
        sid="LeaseJournalAndOwnItems",
        actions=_actions("dynamodb", "DeleteItem UpdateItem"),
        kinds=("table",),
        resources=_TABLES,
    ),
    Statement(
        sid="LeaseAndJournal",
        actions=_actions("dynamodb", "ConditionCheckItem PutItem"),
        kinds=("table",),
        resources=("{dynamodb}:table/{lease_table}",),
        conditions=(("ForAllValues:StringLike", "dynamodb:LeadingKeys", (f"{KEY_PREFIX}*",)),),
    ),
    Statement(
        sid="ChangeServices",
        actions=_actions("ecs", "UpdateService"),
        kinds=("service",),
        resources=_SERVICES,
        of_control=True,
    ),
    Statement(
        sid="StopTasks",
        actions=_actions("ecs", "StopTask"),
        kinds=("task",),
        resources=("{ecs}:task/{cluster}/*",),
        of_control=True,
    ),
    Statement(
        sid="ChangeTargets",
        actions=_actions("elasticloadbalancing", "DeregisterTargets RegisterTargets"),
        kinds=("targetgroup",),
        resources=("{elasticloadbalancing}:targetgroup/{edit_api_group}/*",),
        of_control=True,
    ),
    Statement(
        sid="DeleteRules",
        actions=_actions("elasticloadbalancing", "DeleteRule"),
        kinds=("listener-rule/app",),
        resources=("{elasticloadbalancing}:listener-rule/app/{load_balancer}/*",),
    ),
    Statement(
        sid="DeleteAccessPoints",
        actions=_actions("elasticfilesystem", "DeleteAccessPoint"),
        kinds=("access-point",),
        resources=("{elasticfilesystem}:access-point/*",),
    ),
    Statement(
        sid="Publish",
        actions=_actions("cloudwatch", "PutMetricData"),
        conditions=(_IN_REGION, ("StringEquals", "cloudwatch:namespace", ("{run_metric_namespace}",))),
    ),
    Statement(
        sid="KeepAlarms",
        actions=_actions("cloudwatch", "PutMetricAlarm"),
        kinds=("alarm",),
        resources=("{cloudwatch}:alarm:{run_monitoring_prefix}-*",),
    ),
    Statement(
        sid="KeepDashboard",
        actions=_actions("cloudwatch", "PutDashboard"),
        kinds=("dashboard",),
        resources=("{cloudwatch_dashboards}:dashboard/{run_monitoring_prefix}s",),
    ),
    Statement(
        sid="History",
        actions=_actions("s3", "GetObject GetObjectVersion PutObject PutObjectRetention"),
        kinds=("object",),
        resources=("{s3}:::{bucket}/{key}",),
    ),
    Statement(
        sid="Bucket",
        actions=_actions("s3", "GetBucketObjectLockConfiguration ListBucket"),
        kinds=("bucket",),
        resources=("{s3}:::{bucket}",),
    ),
    Statement(
        sid="VersionsOfHistory",
        actions=_actions("s3", "ListBucketVersions"),
        kinds=("bucket",),
        resources=("{s3}:::{bucket}",),
        conditions=(("StringEquals", "s3:prefix", ("{key}",)),),
    ),
)


def statement_of(action: str) -> Statement:
    """Return the statement that an action is in; raises `KeyError` for one that no call needs."""
    return _BY_ACTION[action]


def _by_action() -> Iterator[tuple[str, Statement]]:
    for statement in STATEMENTS:
        for action in statement.actions:
            yield action, statement


_BY_ACTION: Mapping[str, Statement] = dict(_by_action())
