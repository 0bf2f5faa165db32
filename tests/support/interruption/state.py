"""All that a run could have changed on a platform, as one reading that is compared with another.

What the platform changes by itself is left out by name, with the reason.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from seatrials.platform.contract import ACTIVE, EXPIRED, FINAL
from seatrials.safety.permitted import TEST_PREFIX
from tests.support.aws import Json

Aws = Callable[[str], Json]
# A resource by its kind and name, and what is known of it.
State = dict[str, Json]

# By kind, what no run changes: it comes and goes with the platform's own doing.
_OF_THE_PLATFORM: Mapping[str, tuple[str, ...]] = {
    # What DynamoDB counts now and then.
    "table": ("ItemCount", "TableSizeBytes"),
    # What Hermes writes with each sign of life.
    "item": ("lastActivity", "ttl"),
    # What ECS tells about its work.
    "service": ("events", "deployments", "runningCount", "pendingCount", "taskSets"),
    "task": ("containers", "attachments", "lastStatus", "connectivity", "healthStatus", "version"),
    "cluster": ("runningTasksCount", "pendingTasksCount", "activeServicesCount", "registeredContainerInstancesCount"),
    # Evaluated by CloudWatch every minute.
    "alarm": ("StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp"),
    # Follows from the rules, which are compared themselves.
    "target group": ("LoadBalancerArns",),
    # The addresses that tasks leave.
    "subnet": ("AvailableIpAddressCount",),
    # Grow with what is written.
    "file system": ("SizeInBytes",),
    "log group": ("storedBytes",),
}


def read_state(aws: Aws, files: Path, scaled: str, *, may_replace: bool = False) -> State:
    """Return the state of everything behind *aws*, with the files of EFS below *files*.

    *scaled* is the service whose count and tasks the platform's alarms change at any time. Where rows *may replace* the
    tasks of others, these are compared by their kind, and what a task left of its own is left out.
    """
    state: State = {}
    tables, tasks = _tables(aws, may_replace=may_replace), _tasks(aws, scaled, may_replace=may_replace)
    for kind, name, known in (*tables, *tasks, *_balancers(aws), *_others(aws), *_files(files)):
        left_out = _OF_THE_PLATFORM.get(kind, ())
        of_known = {key: value for key, value in known.items() if key not in left_out}
        if kind == "service" and name.endswith(scaled):
            del of_known["desiredCount"]
        state[f"{kind} {name}"] = of_known
    return state


def difference(before: State, after: State) -> list[str]:
    """Return a line for each resource that is gone, new, or another one."""
    gone = [f"gone: {name}: {before[name]}" for name in before.keys() - after.keys()]
    new = [f"left: {name}: {after[name]}" for name in after.keys() - before.keys()]
    changed = [
        f"changed: {name}: {key} was {before[name].get(key)!r} and is {after[name].get(key)!r}"
        for name in before.keys() & after.keys()
        for key in sorted(before[name].keys() | after[name].keys())
        if before[name].get(key) != after[name].get(key)
    ]
    return sorted([*gone, *new, *changed])


Known = Iterator[tuple[str, str, dict[str, Json]]]


def _all(client: Json, operation: str, key: str, **given: Json) -> list[Json]:
    """Return what all pages of an answer have under *key*."""
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**given)[key])
    return [each for page in client.get_paginator(operation).paginate(**given) for each in page[key]]


def _tables(aws: Aws, *, may_replace: bool) -> Known:
    dynamodb = aws("dynamodb")
    for table in _all(dynamodb, "list_tables", "TableNames"):
        yield "table", table, dynamodb.describe_table(TableName=table)["Table"]
        for item in _all(dynamodb, "scan", "Items", TableName=table, ConsistentRead=True):
            is_lock = item.get("userId") == {"S": "lock"}
            if not (_goes_or_stays_by_itself(item) or (may_replace and is_lock)):
                yield "item", f"{table} {item.get('sessionId')} {item.get('userId')}", item


def _goes_or_stays_by_itself(item: Json) -> bool:
    """Whether an item is the number of a free lease, or somebody's ended session, which DynamoDB removes in time."""
    is_ended = item.get("status", {}).get("S") == EXPIRED
    is_of_a_run = item.get("clientId", {}).get("S", "").startswith(TEST_PREFIX)
    return item.keys() == {"sessionId", "userId", "fence"} or (is_ended and not is_of_a_run)


def _tasks(aws: Aws, scaled: str, *, may_replace: bool) -> Known:
    ecs = aws("ecs")
    for cluster in _all(ecs, "list_clusters", "clusterArns"):
        yield "cluster", cluster, ecs.describe_clusters(clusters=[cluster], include=["TAGS"])["clusters"][0]
        tasks = _tasks_of(ecs, cluster)
        for name in _all(ecs, "list_services", "serviceArns", cluster=cluster):
            service = ecs.describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"][0]
            yield "service", name, service
            yield "targets of service", name, {"missing": _missing_targets(aws("elbv2"), service, tasks)}
        others = [task for task in tasks if task["group"] != f"service:{scaled}"]
        for number, task in enumerate(sorted(others, key=lambda each: str(each["group"]))):
            if not (may_replace and task["group"].startswith("service:")):
                yield "task", task["taskArn"], task
            else:
                # A row may have it replaced, and then its service has another one of the same kind.
                of_service = {"taskDefinitionArn": task["taskDefinitionArn"], "desiredStatus": task["desiredStatus"]}
                yield "task of a service", f"{task['group']} {number}", of_service
    for definition in _all(ecs, "list_task_definitions", "taskDefinitionArns"):
        yield "task definition", definition, ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]


def _tasks_of(ecs: Json, cluster: str) -> list[Json]:
    arns = _all(ecs, "list_tasks", "taskArns", cluster=cluster)
    return list(ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]) if arns else []


def _missing_targets(elbv2: Json, service: Json, tasks: list[Json]) -> list[str]:
    """Return the running tasks of a service that one of its target groups lacks: somebody has taken them out."""
    missing = []
    for group in service["loadBalancers"]:
        there = {each["Id"] for each in _targets(elbv2, group["targetGroupArn"])}
        for task in tasks:
            if task["group"] == f"service:{service['serviceName']}" and task["lastStatus"] == "RUNNING":
                details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
                if details["privateIPv4Address"] not in there:
                    missing.append(f"{task['taskArn']} in {group['targetGroupArn']}")
    return missing


def _balancers(aws: Aws) -> Known:
    elbv2 = aws("elbv2")
    for balancer in _all(elbv2, "describe_load_balancers", "LoadBalancers"):
        arn = balancer["LoadBalancerArn"]
        yield "load balancer", arn, {**balancer, **_tags(elbv2, arn)}
        for listener in _all(elbv2, "describe_listeners", "Listeners", LoadBalancerArn=arn):
            yield "listener", listener["ListenerArn"], listener
            for rule in _all(elbv2, "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
                yield "rule", rule["RuleArn"], {**rule, **_tags(elbv2, rule["RuleArn"])}
    for group in _all(elbv2, "describe_target_groups", "TargetGroups"):
        with suppress(elbv2.exceptions.TargetGroupNotFoundException):  # it may go between two calls
            yield from _group(elbv2, group)


def _group(elbv2: Json, group: Json) -> Known:
    arn = group["TargetGroupArn"]
    tags = _tags(elbv2, arn)
    # The targets of the services' groups follow from their tasks; the others are Hermes's or a stranger's.
    is_of_a_service = group["TargetGroupName"].startswith("webordinary-")
    targets = [] if is_of_a_service else [("targets", arn, {"of": sorted(map(str, _targets(elbv2, arn)))})]
    yield from [("target group", arn, {**group, **tags}), *targets]


def _targets(elbv2: Json, group: str) -> list[Json]:
    """Return the targets of a group, without those that were taken out and only drain."""
    health = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return [each["Target"] for each in health if each["TargetHealth"]["State"] != "draining"]


def _tags(elbv2: Json, arn: str) -> dict[str, Json]:
    return {"tags": elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"]}


# Service, operation, the key of its answer, the key of a resource's name, and what it is called here.
_LISTS = (
    ("efs", "describe_file_systems", "FileSystems", "FileSystemId", "file system"),
    ("efs", "describe_access_points", "AccessPoints", "AccessPointId", "access point"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", "alarm"),
    ("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName", "dashboard"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName", "log group"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId", "security group"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId", "subnet"),
    ("iam", "list_roles", "Roles", "RoleName", "role"),
)
_SCALING = (
    ("describe_scalable_targets", "ScalableTargets", "ResourceId", "scalable target"),
    ("describe_scaling_policies", "ScalingPolicies", "PolicyName", "scaling policy"),
)


def _others(aws: Aws) -> Known:
    for service, operation, key, name, kind in _LISTS:
        for each in _all(aws(service), operation, key):
            yield kind, each[name], each
    for operation, key, name, kind in _SCALING:
        for each in _all(aws("application-autoscaling"), operation, key, ServiceNamespace="ecs"):
            yield kind, each[name], each


def _files(root: Path) -> Known:
    """Give the files of workspaces, but for those of test clients, which stay by design."""
    for path in sorted(root.glob("*/workspace/*/**/*")):
        client = path.relative_to(root).parts[2]
        if path.is_file() and not client.startswith(TEST_PREFIX):
            yield "file", str(path), {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def is_at_rest(state: State) -> bool:
    """Whether no session is on its way anywhere, with rules and groups that come and go with it."""
    statuses = [each["status"]["S"] for name, each in state.items() if name.startswith("item ") and "status" in each]
    routes = str([each for name, each in state.items() if name.startswith("rule ")])
    # Hermes looks every few seconds which of its groups have no rule any more.
    of_hermes = [each for each in state.values() if str(each.get("TargetGroupName", "")).startswith("wo-")]
    is_clear = all(each["TargetGroupArn"] in routes for each in of_hermes)
    return is_clear and all(status in {ACTIVE, *FINAL} for status in statuses)
