"""What belongs to the two services under test, as AWS says it now: their tasks, target groups and task definitions."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform import contract
from seatrials.platform.ownership import Ownership
from seatrials.platform.session_table import SessionTable
from seatrials.safety.aws_errors import translated
from seatrials.safety.changes import describe_service, task_addresses
from seatrials.seams.application import AwsClient


class UnderTest:
    """Looks a stack's parts up, each time it is asked; raises our errors."""

    def __init__(self, names: ResourceNames, aws: Callable[[str], AwsClient]) -> None:
        self._names = names
        self._aws = aws
        self._services = (names.edit_service, names.hermes_service)

    def strangers(self, prefix: str) -> list[str]:
        """Return the ids of open sessions of clients whose names do not begin with *prefix*."""
        found = open_sessions(self._aws("dynamodb"), self._names)
        return [item["sessionId"] for item in found if not item["clientId"].startswith(prefix)]

    def client_of(self, session_id: str) -> str | None:
        """Return the client of a session, None when there is no item of it, by a strongly consistent read."""
        with translated(f"read the item of {session_id}"):
            items = SessionTable(self._aws("dynamodb"), self._names).of_id(session_id)
        return str(items[0].get("clientId", {}).get("S", "")) if items else None

    def desired_count(self, service: str) -> int:
        """Return how many tasks a service wants."""
        return int(self._describe(service)["desiredCount"])

    def family(self, service: str) -> str:
        """Return the family of a service's task definition."""
        return family_of(self._describe(service)["taskDefinition"])

    def has_task(self, task: str) -> bool:
        """Whether a task, by its id or ARN, is one of the two services'."""
        with translated(f"describe the task {task}"):
            tasks = self._aws("ecs").describe_tasks(cluster=self._names.cluster, tasks=[task])["tasks"]
        # Source: Amazon ECS API Reference, Task: the group of a service's task is `service:` and its name.
        groups = [f"service:{service}" for service in self._services]
        return any(each.get("group") in groups for each in tasks)

    def target_groups(self) -> set[str]:
        """Return the ARNs of the load balancer's target groups that a service, or a session's rule, names."""
        with translated("read the target groups of the load balancer"):
            of_balancer = {each["TargetGroupArn"] for each in Ownership(self._names, self._aws).attached_groups()}
        of_services = {
            each["targetGroupArn"]
            for service in self._services
            for each in self._describe(service).get("loadBalancers", [])
            if "targetGroupArn" in each
        }
        rules = [rule for rule in rules_of(self._aws("elbv2"), self._names.load_balancer) if is_of_a_session(rule)]
        of_sessions = {action.get("TargetGroupArn") for rule in rules for action in rule["Actions"]}
        return of_balancer & (of_services | of_sessions)

    def addresses(self) -> set[str]:
        """Return the addresses of the two services' tasks."""
        return {each for service in self._services for each in task_addresses(self._aws, self._names, service)}

    def _describe(self, service: str) -> dict[str, Any]:
        return describe_service(self._aws("ecs"), self._names.cluster, service)


def family_of(definition: str) -> str:
    """Return the family of a task definition's ARN, of `family:revision` or of a family."""
    return definition.rpartition("/")[2].partition(":")[0]


def rules_of(elbv2: AwsClient, balancer: str) -> list[dict[str, Any]]:
    """Return the rules of all listeners of a load balancer, by its name."""
    with translated("read the rules of the load balancer"):
        balancers = elbv2.describe_load_balancers(Names=[balancer])["LoadBalancers"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=balancers[0]["LoadBalancerArn"])["Listeners"]
        pages = [
            page
            for listener in listeners
            for page in elbv2.get_paginator("describe_rules").paginate(ListenerArn=listener["ListenerArn"])
        ]
    return [rule for page in pages for rule in page["Rules"]]


def is_of_a_session(rule: Mapping[str, Any]) -> bool:
    """Whether a rule stands at one of the priorities of sessions."""
    return rule["Priority"].isdigit() and int(rule["Priority"]) in contract.SESSION_PRIORITIES


def sessions_of_rule(rule: Mapping[str, Any]) -> set[str]:
    """Return the words that a rule's conditions ask for, its session's id among them: the parts of a path are words."""
    values = [
        value["Value"] if isinstance(value, Mapping) else value
        for condition in rule["Conditions"]
        for config in (condition, *(each for each in condition.values() if isinstance(each, Mapping)))
        for value in config.get("Values", [])
    ]
    return {word for value in values for word in re.split(r"[/*?]", value)}


def as_texts(items: Iterable[Mapping[str, Any]], prefix: str = "") -> list[dict[str, str]]:
    """Return the texts of those items that are sessions' of clients with *prefix*.

    An item that no Hermes wrote like this is passed over: `odd_items` tells of it.
    """
    texts = [_texts(item) for item in items]
    return [item for item in texts if not _oddness(item, prefix) and item["clientId"].startswith(prefix)]


def odd_items(items: Iterable[Mapping[str, Any]], table: str, prefix: str = "") -> list[str]:
    """Return which of *items* of a table have a client with *prefix* and are no session's all the same, and why."""
    found = [(item, _oddness(_texts(item), prefix)) for item in items]
    return [f"{table}: {_key(item)}: {why}" for item, why in found if why and _is_of(item, prefix)]


def _is_of(item: Mapping[str, Any], prefix: str) -> bool:
    return str(next(iter(item.get("clientId", {"S": ""}).values()))).startswith(prefix)


def _texts(item: Mapping[str, Any]) -> dict[str, str]:
    return {name: value["S"] for name, value in item.items() if "S" in value}


def _oddness(item: Mapping[str, str], prefix: str) -> str:
    """Say why an item's texts are no session's of runs with names of *prefix*; nothing where they are."""
    missing = [name for name in ("sessionId", "userId", "clientId", "status") if name not in item]
    if missing:
        return f"has no text in {', '.join(missing)}"
    if item["status"] not in (*contract.OPEN, *contract.FINAL):
        return f"has the unknown status {item['status']!r}"
    if not item["userId"].startswith(prefix):
        return f"has the client {item['clientId']!r} of a run, and the user {item['userId']!r}, who is none of it"
    return ""


def _key(item: Mapping[str, Any]) -> str:
    return "/".join(str(next(iter(item[name].values()))) for name in ("sessionId", "userId") if name in item)


def access_points(aws: Callable[[str], AwsClient], names: ResourceNames) -> list[dict[str, Any]]:
    """Return the access points of the file systems that the edit service mounts; EFS lists them in no other way."""
    definition = describe_service(aws("ecs"), names.cluster, names.edit_service)["taskDefinition"]
    with translated("list the access points"):
        pages = [
            page
            for each in sorted(file_systems_of(aws("ecs"), definition))
            for page in aws("efs").get_paginator("describe_access_points").paginate(FileSystemId=each)
        ]
    return [point for page in pages for point in page["AccessPoints"]]


def file_systems_of(ecs: AwsClient, definition: str) -> set[str]:
    """Return the ids of the file systems that tasks of a definition mount."""
    described = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    mounts = [each.get("efsVolumeConfiguration", {}) for each in described.get("volumes", [])]
    return {each["fileSystemId"] for each in mounts if "fileSystemId" in each}


def open_sessions(dynamodb: AwsClient, names: ResourceNames) -> list[dict[str, str]]:
    """Return the texts of the sessions that are not over, whoever's they are, as far as the activity index has them."""
    with translated(f"read the open sessions of {names.table}"):
        return as_texts(SessionTable(dynamodb, names).with_status(contract.OPEN))
