"""The stack as AWS describes it: read from the control plane, never changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from seatrials.environments.environment import Environment
from seatrials.evidence.secret_formats import looks_secret
from seatrials.evidence.secret_names import is_secret_name
from seatrials.platform.calls import Listed
from seatrials.platform.credentials import Credentials
from seatrials.platform.listeners import Listeners
from seatrials.platform.monitoring import Monitoring
from seatrials.platform.scaling_rules import ScalingRules
from seatrials.platform.security_groups import Ingress, ingress_of
from seatrials.platform.services import describe_service
from seatrials.seams.application import AwsClient

ServiceName = Literal["edit", "hermes"]
_ROOTS = ("root", "0")
# Source: Amazon ECS API Reference, ContainerDefinition, stopTimeout: the default on Fargate.
_STOP_SECONDS = 30


@dataclass(frozen=True, kw_only=True)
class ServiceFacts:
    """How an ECS service is set up."""

    status: str
    launch_type: str
    # The least and the most tasks that scaling may choose; None when nothing scales the service.
    capacity: tuple[int, int] | None
    # Whether it wants no more tasks than scaling may choose.
    desired_in_capacity: bool
    circuit_breaker: bool
    rollback: bool
    # How many tasks there may be while a deployment goes on, in percent of those that are wanted.
    least_and_most_percent: tuple[int, int]
    # For how long a task that has just started is not stopped for its target's health.
    grace_seconds: int


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """How the session table is set up; keys and index keys as `name:type kind`, hash first, then what is projected."""

    key: tuple[str, ...]
    indexes: dict[str, tuple[str, ...]]
    billing: str
    ttl_attribute: str | None
    point_in_time_recovery: str


@dataclass(frozen=True, kw_only=True)
class Mount:
    """An EFS volume of a container."""

    path: str
    read_only: bool
    transit_encryption: str
    through_access_point: bool


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What the task definition that a service runs gives its container."""

    cpu: str
    memory: str
    # Whether the container may use all of the task's memory.
    has_all_memory: bool
    ports: tuple[int, ...]
    mounts: tuple[Mount, ...]
    log_group: str | None
    log_region: str | None
    # Whether the definition makes its user root, or gives it the host's rights; another user may be the image's.
    is_root: bool


class Infrastructure:
    """Everything that was deployed; clients are made when they are first needed."""

    def __init__(self, aws: Callable[[str], AwsClient], environment: Environment) -> None:
        self._aws = aws
        self._environment = environment
        self._names = names = environment.names
        self._ports = environment.ports
        self._services = {"edit": names.edit_service, "hermes": names.hermes_service}
        self._containers = {"edit": names.edit_container, "hermes": names.hermes_container}

    @cached_property
    def listeners(self) -> Listeners:
        """The load balancer's listeners, rules and target groups."""
        backends = {
            group["targetGroupArn"]: (name, int(group["containerPort"]))
            for name in self._services
            for group in self._describe(name)["loadBalancers"]
        }
        return Listeners(self._aws("elbv2"), self._aws("dynamodb"), self._names, self._ports, backends)

    @cached_property
    def scaling(self) -> ScalingRules:
        """What scales the edit service, and when."""
        resource = f"service/{self._names.cluster}/{self._names.edit_service}"
        return ScalingRules(self._aws("application-autoscaling"), self._aws("cloudwatch"), resource)

    @cached_property
    def monitoring(self) -> Monitoring:
        """The dashboards and alarms of the runs' metrics."""
        names = self._names
        where = names.run_metric_namespace, names.run_monitoring_prefix
        return Monitoring(self._aws("cloudwatch"), *where, self._environment.region)

    @cached_property
    def credentials(self) -> Credentials:
        """The credentials that these calls are made with."""
        return Credentials(self._aws, self._environment, lambda: str(self.file_system()["FileSystemArn"]))

    def cluster_status(self) -> str:
        """Return the status of the cluster; fails the scenario when there is none of that name."""
        name = self._names.cluster
        clusters = self._aws("ecs").describe_clusters(clusters=[name])["clusters"]
        assert clusters, f"ECS knows no cluster {name}"
        return str(clusters[0]["status"])

    def service(self, name: ServiceName) -> ServiceFacts:
        """Return how a service is set up."""
        service = self._describe(name)
        deployment = service["deploymentConfiguration"]
        breaker = deployment.get("deploymentCircuitBreaker", {})
        capacity = self._capacity(name)
        return ServiceFacts(
            status=service["status"],
            launch_type=service.get("launchType", "by capacity providers"),
            capacity=capacity,
            desired_in_capacity=capacity is not None and service["desiredCount"] <= capacity[1],
            circuit_breaker=breaker.get("enable", False),
            rollback=breaker.get("rollback", False),
            # The defaults of a rolling update. Source: Amazon ECS API Reference, DeploymentConfiguration.
            least_and_most_percent=(
                deployment.get("minimumHealthyPercent", 100),
                deployment.get("maximumPercent", 200),
            ),
            grace_seconds=service.get("healthCheckGracePeriodSeconds", 0),
        )

    def table(self) -> TableFacts:
        """Return how the session table is set up."""
        name = self._names.table
        dynamodb = self._aws("dynamodb")
        table = dynamodb.describe_table(TableName=name)["Table"]
        types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
        expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        return TableFacts(
            key=_key(table["KeySchema"], types),
            indexes={
                each["IndexName"]: (*_key(each["KeySchema"], types), str(each["Projection"]["ProjectionType"]))
                for each in table.get("GlobalSecondaryIndexes", [])
            },
            # DynamoDB leaves the summary out for a table that was always provisioned.
            billing=table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
            ttl_attribute=expiry.get("AttributeName") if expiry["TimeToLiveStatus"] == "ENABLED" else None,
            point_in_time_recovery=backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        )

    def task(self, name: ServiceName) -> TaskFacts:
        """Return what the task definition that a service runs gives its container."""
        definition = self._task_definition(name)
        container = self._container(name, definition)
        log = container.get("logConfiguration", {})
        options = log["options"] if log.get("logDriver") == "awslogs" else {}
        return TaskFacts(
            cpu=definition["cpu"],
            memory=definition["memory"],
            has_all_memory=int(container.get("memory", definition["memory"])) >= int(definition["memory"]),
            ports=tuple(sorted(each["containerPort"] for each in container.get("portMappings", []))),
            mounts=tuple(_mount(each, definition["volumes"]) for each in container.get("mountPoints", [])),
            log_group=options.get("awslogs-group"),
            log_region=options.get("awslogs-region"),
            is_root=str(container.get("user", "")).partition(":")[0] in _ROOTS or container.get("privileged", False),
        )

    def plaintext_secrets(self, name: ServiceName) -> list[str]:
        """Return the names of variables that hold a secret in the open; their values are told to nobody."""
        containers = self._task_definition(name)["containerDefinitions"]
        variables = [variable for container in containers for variable in container.get("environment", [])]
        return [
            each["name"] for each in variables if is_secret_name(each["name"]) or looks_secret(each.get("value", ""))
        ]

    def stop_seconds(self, name: ServiceName) -> int:
        """Return for how long a service's container may go on after SIGTERM."""
        return int(self._container(name, self._task_definition(name)).get("stopTimeout", _STOP_SECONDS))

    def rights_beyond_its_work(self, name: ServiceName) -> list[str]:
        """Return what the role of a service's tasks allows, and their work does not ask for, sorted."""
        definition = self._task_definition(name)
        points = [
            point
            for volume in definition.get("volumes", [])
            if (point := volume.get("efsVolumeConfiguration", {}).get("authorizationConfig", {}).get("accessPointId"))
        ]
        return self.credentials.beyond_the_work_of(name, definition["taskRoleArn"], points)

    def has_log_group(self, name: str) -> bool:
        """Whether there is a log group of that very name, which comes first of those that begin so."""
        answer = self._aws("logs").describe_log_groups(logGroupNamePrefix=name, limit=1)
        return [group["logGroupName"] for group in answer["logGroups"]] == [name]

    def file_system(self) -> dict[str, Any]:
        """Return the file system that the edit service mounts, as EFS describes it."""
        answer = self._aws("efs").describe_file_systems(FileSystemId=self._file_system_id())
        description: dict[str, Any] = answer["FileSystems"][0]
        return description

    def access_point_roots(self) -> list[str]:
        """Return the root directory of each access point of the file system, sorted."""
        return sorted(point["RootDirectory"]["Path"] for point in self._access_points())

    def access_point_owners(self) -> set[tuple[int | None, int | None]]:
        """Return, for each access point, whom its clients work as and whom its root is made for; None: not said."""
        return {
            (point.get("PosixUser", {}).get("Uid"), point["RootDirectory"].get("CreationInfo", {}).get("OwnerUid"))
            for point in self._access_points()
        }

    def mount_ingress(self) -> list[list[Ingress]]:
        """Return what each mount target of the file system that can be mounted now lets in."""
        return [self.ingress(each) for each in self._mount_groups()]

    def mount_target_subnets(self) -> list[str]:
        """Return the subnets in which the file system can be mounted now, sorted."""
        return sorted(each["SubnetId"] for each in self._mount_targets())

    def service_subnets(self, name: ServiceName) -> list[str]:
        """Return the subnets that a service's tasks may start in, sorted."""
        return sorted(self._network(name)["subnets"])

    def balancer_groups(self) -> Listed[str]:
        """Return the security groups of the load balancer, sorted."""
        return Listed(sorted(self.listeners.load_balancer["SecurityGroups"]), "security groups of the load balancer")

    def task_groups(self, name: ServiceName) -> Listed[str]:
        """Return the security groups of a service's tasks, sorted."""
        return Listed(sorted(self._network(name)["securityGroups"]), f"security groups of {name}")

    def ingress(self, groups: Sequence[str]) -> list[Ingress]:
        """Return what security groups let in."""
        answer = self._aws("ec2").describe_security_groups(GroupIds=list(groups))
        return ingress_of(answer["SecurityGroups"])

    def open_to_the_world(self) -> list[str]:
        """Return `owner protocol ports` for whatever any of the stack's groups lets in from everywhere, sorted.

        The owner is `balancer` for a group of the load balancer, else the group's id. A network may have other stacks:
        the groups are those of the load balancer, of the services' tasks and of the file system.
        """
        balancer = self.balancer_groups()
        of_tasks = [*self.task_groups("edit"), *self.task_groups("hermes")]
        of_files = [group for groups in self._mount_groups() for group in groups]
        found = {
            f"{'balancer' if each.group in balancer else each.group} {each.protocol} {each.ports}"
            for each in self.ingress(sorted({*balancer, *of_tasks, *of_files}))
            if each.is_from_the_world
        }
        return sorted(found)

    def _describe(self, name: str) -> dict[str, Any]:
        return describe_service(self._aws("ecs"), self._names.cluster, self._services[name])

    def _capacity(self, name: str) -> tuple[int, int] | None:
        resource = f"service/{self._names.cluster}/{self._services[name]}"
        answer = self._aws("application-autoscaling").describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[resource], ScalableDimension="ecs:service:DesiredCount"
        )
        targets = answer["ScalableTargets"]
        return (targets[0]["MinCapacity"], targets[0]["MaxCapacity"]) if targets else None

    def _task_definition(self, name: str) -> dict[str, Any]:
        answer = self._aws("ecs").describe_task_definition(taskDefinition=self._describe(name)["taskDefinition"])
        definition: dict[str, Any] = answer["taskDefinition"]
        return definition

    def _container(self, name: str, definition: dict[str, Any]) -> dict[str, Any]:
        wanted = self._containers[name]
        found = {each["name"]: each for each in definition["containerDefinitions"]}
        assert wanted in found, f"the task definition of {name} has the containers {sorted(found)}, not {wanted}"
        container: dict[str, Any] = found[wanted]
        return container

    def _network(self, name: str) -> dict[str, Any]:
        network: dict[str, Any] = self._describe(name)["networkConfiguration"]["awsvpcConfiguration"]
        return network

    def _file_system_id(self) -> str:
        volumes = self._task_definition("edit").get("volumes", [])
        mounted = {
            each["efsVolumeConfiguration"]["fileSystemId"] for each in volumes if "efsVolumeConfiguration" in each
        }
        assert len(mounted) == 1, f"the edit service mounts {sorted(mounted)}, not one file system"
        return str(mounted.pop())

    def _access_points(self) -> list[dict[str, Any]]:
        pages = self._aws("efs").get_paginator("describe_access_points").paginate(FileSystemId=self._file_system_id())
        return [point for page in pages for point in page["AccessPoints"]]

    def _mount_groups(self) -> list[list[str]]:
        """Return the security groups of each mount target that can be mounted now."""
        efs = self._aws("efs")
        return [
            list(efs.describe_mount_target_security_groups(MountTargetId=each["MountTargetId"])["SecurityGroups"])
            for each in self._mount_targets()
        ]

    def _mount_targets(self) -> list[dict[str, Any]]:
        """Return those that can be mounted now."""
        pages = self._aws("efs").get_paginator("describe_mount_targets").paginate(FileSystemId=self._file_system_id())
        targets = [target for page in pages for target in page["MountTargets"]]
        return [target for target in targets if target["LifeCycleState"] == "available"]


def _key(schema: Sequence[dict[str, str]], types: dict[str, str]) -> tuple[str, ...]:
    """Return a key as `name:type kind`; DynamoDB lists the hash key first."""
    return tuple(f"{each['AttributeName']}:{types[each['AttributeName']]} {each['KeyType']}" for each in schema)


def _mount(point: dict[str, Any], volumes: Sequence[dict[str, Any]]) -> Mount:
    volume = next((each for each in volumes if each["name"] == point["sourceVolume"]), {})
    efs = volume.get("efsVolumeConfiguration", {})
    return Mount(
        path=point["containerPath"],
        read_only=point.get("readOnly", False),
        transit_encryption=efs.get("transitEncryption", "DISABLED" if efs else "not EFS"),
        through_access_point="accessPointId" in efs.get("authorizationConfig", {}),
    )
