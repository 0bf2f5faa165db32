"""Rules of task definitions.

Source: Amazon ECS API Reference, RegisterTaskDefinition; Developer Guide, "Amazon ECS task definition parameters for
Fargate" and "Amazon ECS task definition differences for Fargate".
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, mapping, number
from seatrials.twin.cloudformation.rules.rule import Rule

TASK_DEFINITION = "AWS::ECS::TaskDefinition"
_API = "ECS RegisterTaskDefinition"
_FARGATE = "ECS Developer Guide, Amazon ECS task definition differences for Fargate"
_EFS = "ECS EFSVolumeConfiguration"

_STOP_SECONDS_MAX = 120
_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
_LOG_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix")
# Parameters of a container that Fargate, or the network mode awsvpc, has not.
_NOT_ON_FARGATE = (
    "Privileged",
    "DockerSecurityOptions",
    "LinuxParameters.Devices",
    "LinuxParameters.SharedMemorySize",
    "LinuxParameters.Tmpfs",
    "LinuxParameters.MaxSwap",
)
_NOT_IN_AWSVPC = ("DnsSearchDomains", "DnsServers", "ExtraHosts", "Hostname", "Links")
_VOLUMES_OF_HOSTS = ("Host.SourcePath", "DockerVolumeConfiguration")


def is_fargate(definition: Declared) -> bool:
    """Whether the task definition is for Fargate."""
    listed = definition.get("RequiresCompatibilities")
    return isinstance(listed, list) and "FARGATE" in listed


def containers(definition: Declared) -> list[tuple[str, dict[str, Any]]]:
    """Return the containers with their paths."""
    return [(path, dict(mapping(value))) for path, value in definition.at("ContainerDefinitions.*")]


def has_container(definition: Declared, name: object) -> bool:
    """Whether a container has *name*."""
    return any(container.get("Name") == name for _, container in containers(definition))


def ports_of(definition: Declared, name: object) -> set[int]:
    """Return the ports that the container *name* maps."""
    mapped = [
        number(port)
        for path, container in containers(definition)
        if container.get("Name") == name
        for _, port in definition.at(f"{path}.PortMappings.*.ContainerPort")
    ]
    return {int(port) for port in mapped if port is not None}


def _is_yes(value: object) -> bool:
    return str(value).lower() == "true"


def _some_container_is_essential(definition: Declared, _: Declarations) -> Iterator[Finding]:
    listed = containers(definition)
    if not listed:
        yield "ContainerDefinitions", "lists no container; a task needs at least one"
    elif not any(_is_yes(container.get("Essential", True)) for _, container in listed):
        yield "ContainerDefinitions", "no container is essential; at least one must be"


def _names_are_unique(definition: Declared, _: Declarations) -> Iterator[Finding]:
    names = Counter(str(container.get("Name")) for _, container in containers(definition))
    for name, count in names.items():
        if count > 1 and is_known(name):
            yield "ContainerDefinitions", f"the container name {name!r} is used {count} times"


def _volumes_are_declared(definition: Declared, _: Declarations) -> Iterator[Finding]:
    names = [name for _, name in definition.at("Volumes.*.Name")]
    for path, name in definition.at("ContainerDefinitions.*.MountPoints.*.SourceVolume"):
        if name not in names and is_known(name):
            yield path, f"unknown volume {name!r}; the task definition has {', '.join(map(str, names)) or 'none'}"


def _dependencies_are_containers(definition: Declared, _: Declarations) -> Iterator[Finding]:
    for path, name in definition.at("ContainerDefinitions.*.DependsOn.*.ContainerName"):
        if is_known(name) and not has_container(definition, name):
            yield path, f"there is no container {name!r} in this task definition"


def _containers_fit_the_task(definition: Declared, _: Declarations) -> Iterator[Finding]:
    for name in ("Cpu", "Memory"):
        whole = number(definition.get(name))
        parts = [number(container.get(name)) or 0 for _, container in containers(definition)]
        if whole is not None and sum(parts) > whole:
            yield f"ContainerDefinitions.*.{name}", f"the containers ask for {sum(parts):g}, the task has {whole:g}"


def _host_ports_are_those_of_the_container(definition: Declared, _: Declarations) -> Iterator[Finding]:
    if definition.get("NetworkMode") != "awsvpc":
        return
    for path, port in definition.at("ContainerDefinitions.*.PortMappings.*"):
        host, own = number(mapping(port).get("HostPort")), number(mapping(port).get("ContainerPort"))
        if host not in (None, 0, own):
            yield f"{path}.HostPort", f"is {host:g}, and with awsvpc must be the container port, {own}"


def _awsvpc_has_no_names_of_its_own(definition: Declared, _: Declarations) -> Iterator[Finding]:
    if definition.get("NetworkMode") != "awsvpc":
        return
    for name in _NOT_IN_AWSVPC:
        for path, value in definition.at(f"ContainerDefinitions.*.{name}"):
            yield path, f"is {value!r}, and is not supported with the network mode awsvpc"


def _fargate_stops_within_two_minutes(definition: Declared, _: Declarations) -> Iterator[Finding]:
    for path, value in definition.at("ContainerDefinitions.*.StopTimeout"):
        seconds = number(value)
        if is_fargate(definition) and seconds is not None and seconds > _STOP_SECONDS_MAX:
            yield path, f"is {seconds:g} s; on Fargate at most {_STOP_SECONDS_MAX} s"


def _fargate_has_it(definition: Declared, _: Declarations) -> Iterator[Finding]:
    if not is_fargate(definition):
        return
    for name in _NOT_ON_FARGATE:
        for path, value in definition.at(f"ContainerDefinitions.*.{name}"):
            if name != "Privileged" or _is_yes(value):
                yield path, f"is {value!r}, and is not supported on Fargate"
    for name in _VOLUMES_OF_HOSTS:
        for path, value in definition.at(f"Volumes.*.{name}"):
            yield path, f"is {value!r}: Fargate has no host to take a volume from"
    for name, allowed in (("PidMode", ("task",)), ("IpcMode", ())):
        value = definition.get(name)
        if value is not None and value not in allowed and is_known(value):
            yield name, f"is {value!r}; on Fargate it is {' or '.join(allowed) or 'not supported'}"
    if definition.get("PlacementConstraints"):
        yield "PlacementConstraints", "are not supported on Fargate"


def _logs_have_what_they_need(definition: Declared, _: Declarations) -> Iterator[Finding]:
    for path, container in containers(definition):
        log = mapping(container.get("LogConfiguration"))
        driver = log.get("LogDriver")
        if is_fargate(definition) and driver is not None and driver not in _LOG_DRIVERS:
            yield f"{path}.LogConfiguration.LogDriver", f"is {driver!r}; Fargate has {', '.join(_LOG_DRIVERS)}"
        if driver != "awslogs":
            continue
        options = mapping(log.get("Options"))
        needed = _LOG_OPTIONS if is_fargate(definition) else _LOG_OPTIONS[:2]
        for option in needed:
            if option not in options:
                yield f"{path}.LogConfiguration.Options", f"log driver awslogs requires the option {option}"


def _the_agent_has_a_role(definition: Declared, _: Declarations) -> Iterator[Finding]:
    if definition.get("ExecutionRoleArn") or not is_fargate(definition):
        return
    for path, container in containers(definition):
        if mapping(container.get("LogConfiguration")).get("LogDriver") == "awslogs":
            yield "ExecutionRoleArn", f"lacks: Fargate requires an execution role for the log driver awslogs of {path}"
        if container.get("Secrets"):
            yield "ExecutionRoleArn", f"lacks: Fargate requires an execution role for the secrets of {path}"


def _efs_is_encrypted_for_its_authorization(definition: Declared, _: Declarations) -> Iterator[Finding]:
    for path, value in definition.at("Volumes.*.EFSVolumeConfiguration"):
        volume = mapping(value)
        authorization = mapping(volume.get("AuthorizationConfig"))
        needs = authorization.get("AccessPointId") or authorization.get("IAM") == "ENABLED"
        encryption = volume.get("TransitEncryption", "DISABLED")
        if needs and encryption == "DISABLED":
            yield (
                f"{path}.TransitEncryption",
                f"is {encryption!r}, and must be ENABLED for an access point or IAM authorization",
            )
        root = volume.get("RootDirectory", "/")
        if authorization.get("AccessPointId") and is_known(root) and root != "/":
            yield f"{path}.RootDirectory", f"is {root!r}; with an access point it must be left out or be /"


TASK_RULES = tuple(
    Rule(identity, TASK_DEFINITION, sentence, source, find)
    for identity, sentence, source, find in (
        ("task-essential", "At least one container is essential.", _API, _some_container_is_essential),
        ("task-container-names", "Containers have different names.", _API, _names_are_unique),
        ("task-volumes", "A mount names a volume of the task.", _API, _volumes_are_declared),
        ("task-dependencies", "A container depends on one of the task.", _API, _dependencies_are_containers),
        ("task-size", "Containers ask for no more than the task has.", _API, _containers_fit_the_task),
        (
            "task-host-ports",
            "With awsvpc host ports are container ports.",
            _API,
            _host_ports_are_those_of_the_container,
        ),
        ("task-awsvpc", "With awsvpc a container has no host names.", _API, _awsvpc_has_no_names_of_its_own),
        ("task-stop-timeout", "Fargate waits two minutes at most.", _FARGATE, _fargate_stops_within_two_minutes),
        ("task-fargate", "Fargate has no host to ask things of.", _FARGATE, _fargate_has_it),
        ("task-logs", "awslogs has its group, region and prefix.", "ECS LogConfiguration", _logs_have_what_they_need),
        ("task-execution-role", "Who pulls and logs has a role.", _FARGATE, _the_agent_has_a_role),
        ("task-efs", "EFS is encrypted where it authorizes.", _EFS, _efs_is_encrypted_for_its_authorization),
    )
)
