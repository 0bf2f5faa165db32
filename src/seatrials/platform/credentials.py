"""What the credentials of a run, and the roles of tasks, may do, by IAM's own simulation of their policies.

A policy that names resources allows nothing on `*`, and one that allows everything on one table is an administrator's
of that table. So each action is asked for on the ARN of what a run meets.
Sources: IAM API Reference, SimulatePrincipalPolicy; Service Authorization Reference, for the resources of each action.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from seatrials.environments.parts import ResourceNames
from seatrials.seams.application import AwsClient

# An assumed role speaks as a session of itself, which has no policies of its own, and leaves out the role's path.
_ASSUMED = re.compile(r"arn:[\w-]+:sts::\d+:assumed-role/(?P<role>[^/]+)/.+")
_ANYTHING = "*"

# What docs/live.md asks for, by what it is done to; a run calls nothing else.
NEEDED: Mapping[str, tuple[str, ...]] = {
    # These know no resources.
    _ANYTHING: (
        "application-autoscaling:DescribeScalableTargets",
        "application-autoscaling:DescribeScalingActivities",
        "application-autoscaling:DescribeScalingPolicies",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricStatistics",
        "ecs:ListTasks",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetHealth",
    ),
    "table": (
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "index": ("dynamodb:Query",),
    "service": ("ecs:DescribeServices",),
    "task": ("ecs:DescribeTasks",),
    "file system": ("elasticfilesystem:DescribeFileSystems",),
    "log stream": ("logs:GetLogEvents",),
    "principal": ("iam:SimulatePrincipalPolicy",),
}
# What only an administrator may do, each in another corner of the account; those on the stack's own on any as well.
ADMINISTRATORS: Mapping[str, tuple[str, ...]] = {
    "table": ("dynamodb:DeleteTable",),
    "cluster": ("ecs:DeleteCluster",),
    "service": ("ecs:DeleteService",),
    "file system": ("elasticfilesystem:DeleteFileSystem",),
    "load balancer": ("elasticloadbalancing:DeleteLoadBalancer",),
    "listener": ("elasticloadbalancing:DeleteListener",),
    "network": ("ec2:DeleteVpc",),
    "principal": ("iam:AttachRolePolicy", "iam:PutRolePolicy"),
    _ANYTHING: ("iam:CreateUser", "kms:ScheduleKeyDeletion"),
}
# What no task has to change: services and tasks are scaling's, and the rest of it is the stack's.
_STACKS: Mapping[str, tuple[str, ...]] = {
    **ADMINISTRATORS,
    _ANYTHING: (*ADMINISTRATORS[_ANYTHING], "ecs:RegisterTaskDefinition", "ecs:RunTask", "iam:PassRole"),
    "cluster": ("ecs:DeleteCluster", "ecs:UpdateCluster"),
    "service": ("ecs:DeleteService", "ecs:UpdateService"),
    "task": ("ecs:ExecuteCommand", "ecs:StopTask"),
    "listener": (
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:ModifyListener",
    ),
    "load balancer": (
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:SetSecurityGroups",
    ),
}
_TABLES = ("dynamodb:DeleteTable", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive")
_FILE_SYSTEMS = (
    "elasticfilesystem:ClientRootAccess",
    "elasticfilesystem:DeleteFileSystem",
    "elasticfilesystem:PutFileSystemPolicy",
)
# What the tasks of a service have no work with: the stack's own beyond it, and what is of another stack.
NO_WORK_OF: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "edit": {
        **_STACKS,
        "table": ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Scan", *_TABLES),
        "file system": _FILE_SYSTEMS,
        "another table": ("dynamodb:UpdateItem",),
        "another file system": ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
        "listener": ("elasticloadbalancing:CreateRule", *_STACKS["listener"]),
    },
    "hermes": {
        **_STACKS,
        "table": _TABLES,
        "file system": (*_FILE_SYSTEMS, "elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
        "another table": ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"),
        "another file system": ("elasticfilesystem:ClientMount", "elasticfilesystem:CreateAccessPoint"),
    },
}


@dataclass(frozen=True, order=True)
class Right:
    """An action on a resource."""

    action: str
    # An ARN, or `*`.
    resource: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.action} on {self.resource}"


class Credentials:
    """The credentials that a run's calls are made with."""

    def __init__(
        self, aws: Callable[[str], AwsClient], names: ResourceNames, region: str, file_system_arn: Callable[[], str]
    ) -> None:
        self._aws = aws
        self._names = names
        self._region = region
        self._file_system_arn = file_system_arn

    def missing(self) -> list[str]:
        """Return what a run needs and may not do, sorted."""
        needed = self._rights(NEEDED)
        return sorted(map(str, needed - self._allowed(needed)))

    def excessive(self) -> list[str]:
        """Return what only an administrator may do and a run may, on this stack or on anything, sorted."""
        own = self._rights(ADMINISTRATORS)
        anywhere = {Right(each.action, _ANYTHING) for each in own}
        return sorted(map(str, self._allowed(own | anywhere)))

    def beyond_the_work_of(self, service: str, role: str, access_points: Iterable[str]) -> list[str]:
        """Return what a role of a service's tasks allows though it is no work of theirs, sorted.

        *access_points* are the ids of those that the tasks mount by: without them, and their cluster, a role may allow
        nothing.
        """
        arn = self._arn_of("elasticfilesystem")
        mounted = [f"{arn}:access-point/{each}" for each in access_points]
        cluster = self._arn_of("ecs") + f":cluster/{self._names.cluster}"
        conditions = {"elasticfilesystem:AccessPointArn": mounted[:1], "ecs:cluster": [cluster]}
        context = [
            {"ContextKeyName": name, "ContextKeyType": "string", "ContextKeyValues": values}
            for name, values in conditions.items()
            if values
        ]
        return sorted(map(str, self._allowed(self._rights(NO_WORK_OF[service]), role, context)))

    def _rights(self, actions: Mapping[str, tuple[str, ...]]) -> set[Right]:
        arns = {_ANYTHING: _ANYTHING, **self._arns()}
        return {Right(action, arns[kind]) for kind, every in actions.items() for action in every}

    def _allowed(
        self, rights: Iterable[Right], role: str | None = None, context: Sequence[Mapping[str, object]] = ()
    ) -> set[Right]:
        """Return those of *rights* that a role allows, else the run's own, asked for each resource by itself."""
        by_resource: dict[str, list[str]] = {}
        for each in sorted(rights):
            by_resource.setdefault(each.resource, []).append(each.action)
        principal = role or self._principal()
        return {
            Right(action, resource)
            for resource, actions in by_resource.items()
            for action in self._allowed_on(principal, resource, actions, context)
        }

    def _allowed_on(
        self, principal: str, resource: str, actions: list[str], context: Sequence[Mapping[str, object]]
    ) -> list[str]:
        more = {"ContextEntries": list(context)} if context else {}
        pages = (
            self._aws("iam")
            .get_paginator("simulate_principal_policy")
            .paginate(PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource], **more)
        )
        results = [result for page in pages for result in page["EvaluationResults"]]
        return [str(each["EvalActionName"]) for each in results if each["EvalDecision"] == "allowed"]

    def _principal(self) -> str:
        """Return the ARN of the user or role whose policies count: of a role IAM alone knows the path."""
        arn = str(self._aws("sts").get_caller_identity()["Arn"])
        assumed = _ASSUMED.fullmatch(arn)
        if assumed is None:
            return arn
        return str(self._aws("iam").get_role(RoleName=assumed["role"])["Role"]["Arn"])

    def _arn_of(self, service: str) -> str:
        """Return how the ARNs of a service's resources begin here."""
        identity = self._aws("sts").get_caller_identity()
        return f"arn:{str(identity['Arn']).split(':')[1]}:{service}:{self._region}:{identity['Account']}"

    def _arns(self) -> dict[str, str]:
        names = self._names

        def arn(service: str, resource: str) -> str:
            return f"{self._arn_of(service)}:{resource}"

        table = arn("dynamodb", f"table/{names.table}")
        balancer = self._aws("elbv2").describe_load_balancers(Names=[names.load_balancer])["LoadBalancers"][0]
        listeners = self._aws("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        assert listeners, f"the load balancer {names.load_balancer} has no listener"
        return {
            "table": table,
            "another table": f"{table}-of-another-stack",
            "index": f"{table}/index/{names.client_index}",
            "cluster": arn("ecs", f"cluster/{names.cluster}"),
            "service": arn("ecs", f"service/{names.cluster}/{names.edit_service}"),
            "task": arn("ecs", f"task/{names.cluster}/00000000000000000000000000000000"),
            "log stream": arn("logs", f"log-group:{names.edit_log_group}:log-stream:edit/edit/1"),
            "load balancer": balancer["LoadBalancerArn"],
            "listener": listeners[0]["ListenerArn"],
            "network": arn("ec2", f"vpc/{balancer['VpcId']}"),
            "file system": self._file_system_arn(),
            "another file system": arn("elasticfilesystem", "file-system/fs-00000000000000000"),
            "principal": self._principal(),
        }
