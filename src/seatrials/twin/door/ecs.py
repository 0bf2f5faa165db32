"""What ECS refuses and its model does not say.

Sources: Amazon ECS API Reference, CreateService, UpdateService, RegisterTaskDefinition and CreateTaskSet; Amazon ECS
Developer Guide, "Amazon ECS task definition parameters for Fargate".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG_PARAMETER = "InvalidParameterException"
_WRONG_REQUEST = "ClientException"
_UNSUPPORTED = "UnsupportedFeatureException"
_ON_FARGATE = ("FARGATE", "FARGATE_SPOT")

_TASKS_MAX = 5_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

Document = Mapping[str, Any]


@rule("ecs", "CreateCluster", "CreateService", "RegisterTaskDefinition")
def names(asked: Asked) -> None:
    """Clusters, services, families and containers are called by letters, digits, hyphens and underscores."""
    wanted = asked.parameters
    given = [wanted[key] for key in ("clusterName", "serviceName", "family") if wanted.get(key) is not None]
    given += [each["name"] for each in wanted.get("containerDefinitions", []) if each.get("name")]
    for name in given:
        if not _NAME.fullmatch(name):
            told = (
                f"Invalid identifier '{name[:100]}': up to 255 letters, numbers, hyphens, and underscores are allowed."
            )
            raise Refusal(_WRONG_PARAMETER, told)


@rule("ecs", "CreateService", "UpdateService")
def desired_count(asked: Asked) -> None:
    """A service wants no fewer than no tasks, and no more than one may have.

    Source of the limit: Amazon ECS Developer Guide, "Amazon ECS service quotas", tasks per service.
    """
    wanted = asked.parameters.get("desiredCount")
    if wanted is not None and not 0 <= wanted <= _TASKS_MAX:
        raise Refusal(_WRONG_PARAMETER, f"desiredCount must be from 0 to {_TASKS_MAX}, not {wanted}")


@rule("ecs", "RunTask", "StartTask")
def tasks_belong_to_services(_: Asked) -> None:
    """A task without a service is refused, which is ours: nothing here would run it, and moto would say that it runs.

    The code is one that a client of RunTask must expect (botocore, ecs.RunTask).
    """
    told = "seatrials runs tasks of services only: create a service, or update one, with the desired count"
    raise Refusal(_UNSUPPORTED, told)


@rule("ecs", "DeleteCluster")
def clusters_in_use(asked: Asked) -> None:
    """A cluster stays while it has services or tasks. Source: botocore, ecs.DeleteCluster, errors."""
    ecs, cluster = asked.aws("ecs"), asked.parameters["cluster"]
    for code, held in (
        ("ClusterContainsServicesException", ecs.list_services(cluster=cluster)["serviceArns"]),
        ("ClusterContainsTasksException", ecs.list_tasks(cluster=cluster)["taskArns"]),
    ):
        if held:
            raise Refusal(code, f"The Cluster cannot be deleted: it has {len(held)} of these, such as {held[0]}.")


@rule("ecs", "CreateService", "UpdateService", "CreateTaskSet")
def subnets(asked: Asked) -> None:
    """A network configuration names at least one subnet, and none twice."""
    configuration = asked.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if configuration is None:
        return
    named = configuration.get("subnets", [])
    if not named:
        raise Refusal(_WRONG_PARAMETER, "subnets can not be empty.")
    if len(set(named)) < len(named):
        raise Refusal(_WRONG_PARAMETER, f"Duplicate subnet(s) found: {', '.join(named)}")


@rule("ecs", "CreateService", "UpdateService")
def subnets_exist(asked: Asked) -> None:
    """The subnets and security groups of a network configuration are there."""
    configuration = asked.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    ec2 = asked.aws("ec2")
    known = {each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]} if configuration.get("subnets") else set()
    missing = [each for each in configuration.get("subnets", []) if each not in known]
    if missing:
        raise Refusal(_WRONG_PARAMETER, f"Error retrieving subnet information for [{', '.join(missing)}]")
    groups = configuration.get("securityGroups", [])
    known = {each["GroupId"] for each in ec2.describe_security_groups()["SecurityGroups"]} if groups else set()
    missing = [each for each in groups if each not in known]
    if missing:
        raise Refusal(_WRONG_PARAMETER, f"Error retrieving security group information for [{', '.join(missing)}]")


@rule("ecs", "CreateService")
def what_a_service_needs(asked: Asked) -> None:
    """Which of task definition, network and load balancer a service must have, or must not."""
    wanted = asked.parameters
    controller = wanted.get("deploymentController", {}).get("type", "ECS")
    if controller != "EXTERNAL" and not wanted.get("taskDefinition"):
        raise Refusal(_WRONG_PARAMETER, "taskDefinition is required unless the deployment controller is EXTERNAL.")
    if controller == "EXTERNAL":
        return
    definition = _definition(asked, str(wanted["taskDefinition"]))
    is_awsvpc = definition.get("networkMode") == "awsvpc"
    has_network = "awsvpcConfiguration" in wanted.get("networkConfiguration", {})
    if is_awsvpc and not has_network:
        told = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        raise Refusal(_WRONG_PARAMETER, told)
    if has_network and not is_awsvpc:
        told = "Network Configuration is not valid for the given networkMode of this task definition."
        raise Refusal(_WRONG_PARAMETER, told)
    if _is_on_fargate(wanted) and "FARGATE" not in definition.get("requiresCompatibilities", ["FARGATE"]):
        raise Refusal(_WRONG_PARAMETER, "Task definition does not support launch_type FARGATE.")
    for each in wanted.get("loadBalancers", []):
        _load_balancer(each, definition)


def _load_balancer(balancer: Document, definition: Document) -> None:
    if "loadBalancerName" in balancer and definition.get("networkMode") == "awsvpc":
        told = "Classic Load Balancers are not supported for tasks with networkMode 'awsvpc': use a target group."
        raise Refusal(_WRONG_PARAMETER, told)
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    found = [each for each in definition.get("containerDefinitions", []) if each["name"] == name]
    if not found:
        raise Refusal(_WRONG_PARAMETER, f"The container {name} does not exist in the task definition.")
    if port not in [each.get("containerPort") for each in found[0].get("portMappings", [])]:
        told = f"The container {name} did not have a container port {port} defined."
        raise Refusal(_WRONG_PARAMETER, told)


@rule("ecs", "CreateTaskSet")
def task_sets_need_an_external_controller(asked: Asked) -> None:
    """Task sets belong to services whose deployment controller is EXTERNAL."""
    cluster, name = asked.parameters["cluster"], asked.parameters["service"]
    for service in asked.aws("ecs").describe_services(cluster=cluster, services=[name])["services"]:
        if service.get("deploymentController", {}).get("type", "ECS") != "EXTERNAL":
            told = f"The deployment controller of service {name} is not EXTERNAL, so it has no task sets."
            raise Refusal(_WRONG_PARAMETER, told)


@rule("ecs", "RegisterTaskDefinition")
def containers(asked: Asked) -> None:
    """A task definition has containers, each with a name of its own and an image, and one that is essential."""
    defined = asked.parameters.get("containerDefinitions", [])
    if not defined:
        raise Refusal(_WRONG_REQUEST, "Container list cannot be empty.")
    _need(defined, "name")
    _need(defined, "image")
    names = [each["name"] for each in defined]
    if len(set(names)) < len(names):
        raise Refusal(_WRONG_REQUEST, f"Container names must be unique: {', '.join(names)}")
    if not any(each.get("essential", True) for each in defined):
        raise Refusal(_WRONG_REQUEST, "At least one container must be essential.")


def _need(defined: Iterable[Document], name: str) -> None:
    if not all(each.get(name) for each in defined):
        raise Refusal(_WRONG_REQUEST, f"Container.{name} should not be null or empty.")


@rule("ecs", "RegisterTaskDefinition")
def volumes(asked: Asked) -> None:
    """A container mounts volumes that are declared, and on Fargate none of the host's own."""
    declared = asked.parameters.get("volumes", [])
    names = [each.get("name") for each in declared]
    for container in asked.parameters.get("containerDefinitions", []):
        for mount in container.get("mountPoints", []):
            if mount.get("sourceVolume") not in names:
                raise Refusal(_WRONG_REQUEST, f"Unknown volume '{mount.get('sourceVolume')}'.")
            if not mount.get("containerPath"):
                raise Refusal(_WRONG_REQUEST, "mountPoint containerPath should not be null or empty.")
    is_for_fargate = "FARGATE" in asked.parameters.get("requiresCompatibilities", [])
    if is_for_fargate and any(each.get("host", {}).get("sourcePath") for each in declared):
        raise Refusal(_WRONG_REQUEST, "host.sourcePath should not be set for volumes in Fargate.")


@rule("ecs", "RegisterTaskDefinition")
def paths_within_the_container(asked: Asked) -> None:
    """A mount is at an absolute path, and a NUL is in no path."""
    for container in asked.parameters.get("containerDefinitions", []):
        for mount in container.get("mountPoints", []):
            path = str(mount.get("containerPath"))
            if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
                raise Refusal(_WRONG_REQUEST, f"Invalid containerPath {path!r}: it must be an absolute path.")


@rule("ecs", "RegisterTaskDefinition")
def roots_on_file_systems(asked: Asked) -> None:
    """A volume's root on a file system is an absolute path, and / when an access point has a root of its own."""
    for volume in asked.parameters.get("volumes", []):
        configuration = volume.get("efsVolumeConfiguration", {})
        root = configuration.get("rootDirectory", "/")
        if not root.startswith("/") or "\0" in root or ".." in root.split("/"):
            raise Refusal(_WRONG_REQUEST, f"Invalid rootDirectory {root!r}: it must be an absolute path.")
        if configuration.get("authorizationConfig", {}).get("accessPointId") and root != "/":
            told = "rootDirectory must be omitted or set to / when an EFS access point is specified."
            raise Refusal(_WRONG_REQUEST, told)


def _definition(asked: Asked, name: str) -> Document:
    """Return a task definition, or an empty one: that it is missing ECS says itself."""
    ecs = asked.aws("ecs")
    try:
        definition: Document = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    except ecs.exceptions.ClientException as error:
        raise Refusal(_WRONG_REQUEST, "TaskDefinition not found.") from error
    return definition


def _is_on_fargate(service: Document) -> bool:
    providers = [each.get("capacityProvider") for each in service.get("capacityProviderStrategy", [])]
    return service.get("launchType") == "FARGATE" or any(each in _ON_FARGATE for each in providers)
