"""What the credentials of a run, and the roles of tasks, may do, by IAM's own simulation of their policies.

A policy that allows everything on one table is an administrator's of that table. So each action is asked for on the ARN
of what a run meets.
Source: Service Authorization Reference, for the resources of each action.
"""

from collections.abc import Callable, Iterable, Mapping

from seatrials.environments.environment import Environment
from seatrials.rights.calls import Purpose
from seatrials.rights.policies import grants
from seatrials.rights.simulation import Question, Simulator, questions_of
from seatrials.seams.application import AwsClient

_ANYTHING = "*"

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
# What is the work of a service's tasks in this stack alone, by the condition key that says where.
WORK_HERE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "edit": {},
    "hermes": {
        "ecs:cluster": ("ecs:DescribeTasks", "ecs:ListTasks"),
        "cloudwatch:namespace": ("cloudwatch:PutMetricData",),
    },
}
_ANOTHER = "of-another-stack"


class Credentials:
    """The credentials that a run's calls are made with."""

    def __init__(
        self, aws: Callable[[str], AwsClient], environment: Environment, file_system_arn: Callable[[], str]
    ) -> None:
        self._aws = aws
        self._environment = environment
        self._names = environment.names
        self._file_system_arn = file_system_arn
        self._simulator = Simulator(aws)

    def missing(self) -> list[str]:
        """Return what the calls of a run need and its credentials do not allow, sorted."""
        principal = self._simulator.principal()
        found = {"file-system": self._file_system_arn(), **({"role": principal} if ":role/" in principal else {})}
        questions = questions_of(grants(Purpose.RUN, self._environment), found)
        return sorted(map(str, set(questions) - self._simulator.allowed(questions, principal)))

    def excessive(self) -> list[str]:
        """Return what only an administrator may do and a run may, on this stack or on anything, sorted."""
        own = self._questions(ADMINISTRATORS)
        anywhere = {Question(each.action, _ANYTHING) for each in own}
        here = (("aws:RequestedRegion", (self._environment.region,)),)
        questions = {Question(each.action, each.resource, here) for each in own | anywhere}
        return sorted(map(str, self._simulator.allowed(questions, self._simulator.principal())))

    def beyond_the_work_of(self, service: str, role: str, access_points: Iterable[str]) -> list[str]:
        """Return what a role of a service's tasks allows though it is no work of theirs, sorted.

        *access_points* are the ids of those that the tasks mount by: without them, and their cluster, a role may allow
        nothing.
        """
        arn = self._arn_of("elasticfilesystem")
        mounted = tuple(f"{arn}:access-point/{each}" for each in access_points)
        cluster = self._arn_of("ecs") + f":cluster/{self._names.cluster}"
        conditions = {"elasticfilesystem:AccessPointArn": mounted[:1], "ecs:cluster": (cluster,)}
        context = tuple((name, values) for name, values in conditions.items() if values)
        questions = {Question(each.action, each.resource, context) for each in self._questions(NO_WORK_OF[service])}
        elsewhere = self._allowed_elsewhere(service, role, cluster)
        return sorted([*map(str, self._simulator.allowed(questions, role)), *elsewhere])

    def _allowed_elsewhere(self, service: str, role: str, cluster: str) -> list[str]:
        """Return what a role allows in another stack of what its tasks do in this one."""
        other = f"{cluster}-{_ANOTHER}"
        # Whether the action's own condition names the cluster, or the task's ARN alone.
        resources = {"ecs:cluster": (_ANYTHING, f"{other.replace(':cluster/', ':task/')}/{'0' * 32}")}
        values = {"ecs:cluster": other, "cloudwatch:namespace": f"Metrics/{_ANOTHER}"}
        questions = {
            Question(action, resource, ((key, (values[key],)),))
            for key, actions in WORK_HERE[service].items()
            for action in actions
            for resource in resources.get(key, (_ANYTHING,))
        }
        return [
            f"{each} with {each.context[0][0]} {values[each.context[0][0]]}"
            for each in self._simulator.allowed(questions, role)
        ]

    def _questions(self, actions: Mapping[str, tuple[str, ...]]) -> set[Question]:
        arns = {_ANYTHING: _ANYTHING, **self._arns()}
        return {Question(action, arns[kind]) for kind, every in actions.items() for action in every}

    def _arn_of(self, service: str) -> str:
        """Return how the ARNs of a service's resources begin here."""
        identity = self._aws("sts").get_caller_identity()
        return f"arn:{str(identity['Arn']).split(':')[1]}:{service}:{self._environment.region}:{identity['Account']}"

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
            "another table": f"{table}-{_ANOTHER}",
            "cluster": arn("ecs", f"cluster/{names.cluster}"),
            "service": arn("ecs", f"service/{names.cluster}/{names.edit_service}"),
            "task": arn("ecs", f"task/{names.cluster}/00000000000000000000000000000000"),
            "load balancer": balancer["LoadBalancerArn"],
            "listener": listeners[0]["ListenerArn"],
            "network": arn("ec2", f"vpc/{balancer['VpcId']}"),
            "file system": self._file_system_arn(),
            "another file system": arn("elasticfilesystem", "file-system/fs-00000000000000000"),
            "principal": self._simulator.principal(),
        }
