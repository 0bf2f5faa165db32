"""moto's backends and answers where the twin knows better than moto."""

import json
from typing import Any

from moto.applicationautoscaling import urls as autoscaling_urls
from moto.applicationautoscaling.models import (
    ApplicationAutoscalingBackend,
    FakeApplicationAutoscalingPolicy,
    applicationautoscaling_backends,
)
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.cloudwatch import urls as cloudwatch_urls
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult
from moto.dynamodb import urls as dynamodb_urls
from moto.ec2.models import ec2_backends
from moto.ecs import urls as ecs_urls
from moto.ecs.exceptions import InvalidParameterException
from moto.ecs.models import EC2ContainerServiceBackend, ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.efs import urls as efs_urls
from moto.efs.exceptions import EFSError
from moto.efs.models import AccessPoint, EFSBackend, MountTarget, efs_backends
from moto.elbv2 import urls as elbv2_urls
from moto.elbv2.models import FakeHealthStatus, elbv2_backends
from moto.iam import urls as iam_urls
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from seatrials.twin.balancer.targets import TargetRegistry
from seatrials.twin.moto_bridge import listener_rules
from seatrials.twin.moto_bridge.cloudwatch import TwinCloudWatch, TwinCloudWatchResponse
from seatrials.twin.moto_bridge.dynamodb import TwinDynamoResponse
from seatrials.twin.moto_bridge.ec2 import TwinEc2
from seatrials.twin.moto_bridge.hooks import Living, current
from seatrials.twin.moto_bridge.listener_rules import RuleKeeper
from seatrials.twin.moto_bridge.pages import page_of
from seatrials.twin.moto_bridge.roles import TwinIam, TwinIamResponse, TwinSts
from seatrials.twin.moto_bridge.target_tracking import obey

_TASKS_PER_PAGE = 100
_SERVICES_PER_PAGE = 10
_ACTIVITIES_PER_PAGE = 50


class TwinEcs(EC2ContainerServiceBackend):
    """ECS whose tasks and counts are the scheduler's."""

    # moto finds a backend's URLs by the name of the module of its class.
    _url_module = ecs_urls

    def create_service(
        self,
        cluster_str: str,
        service_name: str,
        desired_count: int | None,
        *arguments: Any,  # noqa: ANN401  # moto's own
        **parameters: Any,  # noqa: ANN401  # moto's own
    ) -> Any:  # noqa: ANN401  # moto's service
        """Make a service; one that names no count wants one task (CloudFormation reference, AWS::ECS::Service)."""
        wanted = 1 if desired_count is None else desired_count
        return super().create_service(cluster_str, service_name, wanted, *arguments, **parameters)

    def register_task_definition(self, *arguments: Any, **parameters: Any) -> Any:  # noqa: ANN401  # moto's own
        """Make a task definition; a role may be named by its ARN, or by its name alone (botocore, ecs)."""
        made: Any = super().register_task_definition(*arguments, **parameters)
        for member in ("task_role_arn", "execution_role_arn"):
            name = getattr(made, member, None)
            if name and not name.startswith("arn:"):
                partition = get_partition(self.region_name)
                setattr(made, member, f"arn:{partition}:iam::{self.account_id}:role/{name}")
        return made

    def update_service(self, service_properties: dict[str, Any]) -> Any:  # noqa: ANN401  # moto's service, with more
        cluster = service_properties.get("cluster") or "default"
        service: Any = self._get_service(cluster, service_properties["service"])
        definition = service_properties.get("task_definition")
        if definition:
            service.task_definition = self.describe_task_definition(definition).arn
        if service_properties.get("force_new_deployment"):
            service.forced_deployments = getattr(service, "forced_deployments", 0) + 1
        ours = ("cluster", "service", "task_definition", "force_new_deployment")
        for name, value in service_properties.items():
            if name not in ours and value is not None:
                setattr(service, name, value)
        living = _living()
        if living is not None:
            living.update_service(service.cluster_name, service.name, service.task_definition, service.desired_count)
        return service

    def describe_tasks(self, cluster_str: str, tasks: list[str]) -> list[Any]:
        """Return the tasks of this cluster alone; moto looks through all."""
        found: list[Any] = super().describe_tasks(cluster_str, tasks)
        return [each for each in found if each.cluster_arn == self._get_cluster(cluster_str).arn]

    def list_tasks(
        self,
        cluster_str: str | None = None,
        container_instance: str | None = None,
        family: str | None = None,
        started_by: str | None = None,
        service_name: str | None = None,
        desiredStatus: str | None = None,  # noqa: N803  # moto's own name
    ) -> list[Any]:
        wanted = desiredStatus or "RUNNING"
        tasks = super().list_tasks(cluster_str, container_instance, family, started_by, None, wanted)
        if service_name is None:
            return tasks
        group = f"service:{service_name.rsplit('/', 1)[-1]}"
        return [task for task in tasks if task.group == group]

    def stop_task(self, cluster_str: str, task_str: str, reason: str) -> Any:  # noqa: ANN401  # a task of ours
        tasks: dict[str, Any] = self.tasks.get(self._get_cluster(cluster_str).name, {})
        found = [arn for arn in tasks if arn.endswith(task_str.rsplit("/", 1)[-1])]
        if not found:
            msg = "The referenced task was not found."
            raise InvalidParameterException(msg)
        task = tasks[found[0]]
        living = _living()
        if living is not None:
            living.stop_task(task, reason or "Task stopped by user")
        return task


class TwinEcsResponse(EC2ContainerServiceResponse):
    """ECS calls with what moto drops from CreateService."""

    def create_service(self) -> ActionResult:
        result = super().create_service()
        service: Any = result.result["service"]  # type: ignore[index]  # an answer, which moto calls an object
        service.running_count = 0
        service.pending_count = 0
        service.deployments = []
        service.deployment_configuration = self._get_param("deploymentConfiguration") or {}
        service.health_check_grace_period_seconds = self._get_param("healthCheckGracePeriodSeconds") or 0
        service.enable_execute_command = bool(self._get_param("enableExecuteCommand"))
        strategy = self._get_param("capacityProviderStrategy")
        if strategy:
            service.capacity_provider_strategy = strategy
            service.launch_type = None
        return result

    def describe_tasks(self) -> ActionResult:
        """Answer DescribeTasks, with a failure for each task that is not there. Source: botocore, ecs.Failure."""
        result = super().describe_tasks()
        answer: Any = result.result
        cluster: Any = self.ecs_backend.describe_clusters([self._get_param("cluster", "default")])[0][0]
        prefix = cluster.arn.replace(":cluster/", ":task/")
        asked = [f"{prefix}/{each.rsplit('/', 1)[-1]}" for each in self._get_param("tasks", [])]
        known = {each.task_arn for each in answer["tasks"]}
        answer["failures"] = [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known]
        return result

    def list_services(self) -> ActionResult:
        """Answer ListServices, a page at a time. Source: botocore, ecs.ListServicesRequest, maxResults."""
        arns: list[str] = super().list_services().result["serviceArns"]  # type: ignore[index]  # as above
        wanted = self._get_param("maxResults") or _SERVICES_PER_PAGE
        page, token = page_of(arns, wanted, self._get_param("nextToken"), _TASKS_PER_PAGE)
        return ActionResult({"serviceArns": page} if token is None else {"serviceArns": page, "nextToken": token})

    def list_tasks(self) -> ActionResult:
        """Answer ListTasks, a page at a time. Source: botocore, ecs.ListTasksRequest, maxResults."""
        arns: list[str] = super().list_tasks().result["taskArns"]  # type: ignore[index]  # as above
        page, token = page_of(arns, self._get_param("maxResults"), self._get_param("nextToken"), _TASKS_PER_PAGE)
        return ActionResult({"taskArns": page} if token is None else {"taskArns": page, "nextToken": token})


class TwinElb(RuleKeeper):
    """ELBv2 whose targets live in the balancer."""

    _url_module = elbv2_urls

    def register_targets(self, target_group_arn: str, instances: list[Any]) -> None:
        super().register_targets(target_group_arn, instances)
        targets = _targets()
        if targets is not None:
            default_port = self.target_groups[target_group_arn].port
            targets.register(
                target_group_arn, [(each["Id"], int(each.get("Port", default_port))) for each in instances]
            )

    def deregister_targets(self, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        super().deregister_targets(target_group_arn, instances)
        targets = _targets()
        if targets is not None:
            default_port = self.target_groups[target_group_arn].port
            targets.deregister(
                target_group_arn, [(each["Id"], int(each.get("Port", default_port))) for each in instances]
            )

    def describe_target_health(self, target_group_arn: str, targets: list[dict[str, Any]]) -> list[FakeHealthStatus]:
        living = _living()
        registry = None if living is None else living.health_view or living.targets
        if registry is None or target_group_arn not in self.target_groups or _is_of_neighbours(target_group_arn):
            return super().describe_target_health(target_group_arn, targets)
        default_port = self.target_groups[target_group_arn].port
        wanted = [(each["Id"], int(each.get("Port", default_port))) for each in targets] or None
        return [
            FakeHealthStatus(each.ip, str(each.port), str(each.port), each.state, each.reason, each.description)
            for each in registry.describe(target_group_arn, wanted)
        ]


class _AccessPointAlreadyExistsError(EFSError):
    code = 409

    def __init__(self, access_point_id: str) -> None:
        super().__init__("AccessPointAlreadyExists", f"Access point already exists: {access_point_id}")


class TwinEfs(EFSBackend):
    """EFS that makes an access point once for each token, and no mount target without a security group."""

    _url_module = efs_urls

    def create_access_point(
        self,
        client_token: str,
        tags: list[dict[str, str]],
        file_system_id: str,
        posix_user: dict[str, Any],
        root_directory: dict[str, Any],
    ) -> AccessPoint:
        for point in self.access_points.values():
            if (point.client_token, point.file_system_id) == (client_token, file_system_id):
                raise _AccessPointAlreadyExistsError(point.access_point_id)
        return super().create_access_point(client_token, tags, file_system_id, posix_user, root_directory)

    def create_mount_target(
        self,
        file_system_id: str,
        subnet_id: str,
        ip_address: str | None = None,
        security_groups: list[str] | None = None,
    ) -> MountTarget:
        """Make a mount target; one that names no group is in its VPC's default group (botocore, efs)."""
        made = super().create_mount_target(file_system_id, subnet_id, ip_address, security_groups)
        if not security_groups:
            made.security_groups = [self.ec2_backend.get_security_group_from_name("default", made.vpc_id).id]
        return made


class TwinAutoScaling(ApplicationAutoscalingBackend):
    """Application Auto Scaling whose policies keep their ARN, go with their target, and track the metric they name."""

    _url_module = autoscaling_urls

    def put_scaling_policy(self, *arguments: Any, **parameters: Any) -> FakeApplicationAutoscalingPolicy:  # noqa: ANN401
        before = {key: (policy, policy.policy_arn) for key, policy in self.policies.items()}
        policy = super().put_scaling_policy(*arguments, **parameters)
        for key, (older, arn) in before.items():
            if self.policies[key] is policy:
                older.delete_alarms(self.account_id, self.region_name)
                policy.policy_arn = arn
        tracking = policy.target_tracking_scaling_policy_configuration
        if tracking and policy.service_namespace == "ecs":
            obey(cloudwatch_backends[self.account_id][self.region_name], policy, tracking)
        return policy

    def deregister_scalable_target(self, namespace: str, r_id: str, dimension: str) -> None:
        """Forget a target and its policies. Source: botocore, application-autoscaling.DeregisterScalableTarget."""
        super().deregister_scalable_target(namespace, r_id, dimension)
        for policy in list(self.policies.values()):
            if (policy.service_namespace, policy.resource_id, policy.scalable_dimension) == (
                namespace,
                r_id,
                dimension,
            ):
                self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)


class TwinAutoScalingResponse(ApplicationAutoScalingResponse):
    """Application Auto Scaling with activities, which moto does not implement, and policies that end with a target."""

    def deregister_scalable_target(self) -> str:
        """Answer DeregisterScalableTarget: the scaling policies of the target go with it."""
        answer = super().deregister_scalable_target()
        names = ("ServiceNamespace", "ResourceId", "ScalableDimension")
        target = tuple(self._get_param(name) for name in names)
        policies: dict[str, Any] = self.applicationautoscaling_backend.policies
        for key, policy in list(policies.items()):
            if (policy.service_namespace, policy.resource_id, policy.scalable_dimension) == target:
                del policies[key]
        return answer

    def describe_scaling_activities(self) -> str:
        """Answer DescribeScalingActivities, newest first, a page at a time.

        Source: botocore, application-autoscaling.DescribeScalingActivitiesRequest, MaxResults.
        """
        hooks = current()
        activities = hooks.activities if hooks is not None else []
        resource = self._get_param("ResourceId")
        shown = [each for each in activities if resource in (None, each["ResourceId"])]
        given = self._get_param("MaxResults"), self._get_param("NextToken")
        page, token = page_of(list(reversed(shown)), *given, _ACTIVITIES_PER_PAGE)
        answer: dict[str, Any] = {"ScalingActivities": page}
        return json.dumps(answer if token is None else {**answer, "NextToken": token})


def put_in_place() -> None:
    """Let moto use these in place of its own, for the life of the process."""
    ours_by_backends: tuple[tuple[Any, Any], ...] = (
        (ec2_backends, TwinEc2),
        (ecs_backends, TwinEcs),
        (elbv2_backends, TwinElb),
        (efs_backends, TwinEfs),
        (cloudwatch_backends, TwinCloudWatch),
        (applicationautoscaling_backends, TwinAutoScaling),
        (iam_backends, TwinIam),
        (sts_backends, TwinSts),
    )
    for backends, ours in ours_by_backends:
        backends.backend = ours
        # One that was asked for before has moto's own class.
        backends.clear()
    listener_rules.put_in_place()
    ecs_urls.url_paths["{0}/$"] = TwinEcsResponse.dispatch
    dynamodb_urls.url_paths["{0}/"] = TwinDynamoResponse.dispatch
    cloudwatch_urls.url_paths["{0}/$"] = TwinCloudWatchResponse.dispatch
    autoscaling_urls.url_paths["{0}/$"] = TwinAutoScalingResponse.dispatch
    iam_urls.url_paths["{0}/$"] = TwinIamResponse.dispatch


def _is_of_neighbours(target_group_arn: str) -> bool:
    hooks = current()
    return hooks is not None and hooks.neighbours is not None and target_group_arn in hooks.neighbours.target_groups


def _living() -> Living | None:
    hooks = current()
    return None if hooks is None else hooks.living


def _targets() -> TargetRegistry | None:
    living = _living()
    return None if living is None else living.targets
