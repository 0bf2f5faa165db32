"""What a stack is like, but for what the platform changes by itself, so that a run's end can be held against its start.

The guard sees what goes through it. This sees what did not: a resource that is new, gone or other than before. Desired
counts within the contract, tasks, sessions' target groups and alarms' states are the platform's own doing, and no part
of it. Some sixty calls, all of which read.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from seatrials.environments.parts import ResourceNames
from seatrials.platform import contract
from seatrials.platform.ownership import Ownership
from seatrials.platform.session_table import SessionTable
from seatrials.safety.aws_errors import translated
from seatrials.safety.changes import describe_service, task_addresses
from seatrials.safety.store import KEY_PREFIX, KINDS
from seatrials.safety.under_test import family_of, file_systems_of, is_of_a_session
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import plain_item

# Of what an account may have thousands of, so many pages are compared.
_PAGES_MAX = 20
# An API call stopped the task; the scheduler, a failed container and a Spot interruption have other codes.
# Source: Amazon ECS API Reference, Task, stopCode.
_STOPPED_BY_A_CALL = "UserInitiated"
_LEAVING = frozenset({"draining", "unused"})

_SERVICE = (
    *("status", "taskDefinition", "networkConfiguration", "loadBalancers", "launchType", "deploymentConfiguration"),
    *("healthCheckGracePeriodSeconds", "enableExecuteCommand", "capacityProviderStrategy", "schedulingStrategy"),
)
_TABLE = (
    *("KeySchema", "AttributeDefinitions", "BillingModeSummary", "StreamSpecification", "SSEDescription"),
    *("DeletionProtectionEnabled", "TableStatus"),
)
_ALARM_STATE = ("State", "EvaluationState", "AlarmConfigurationUpdatedTimestamp")

Attributes = Mapping[str, Any]


@dataclass
class Snapshot:
    """A stack at one moment."""

    # By kind and name; each must be the same at the end.
    things: dict[str, Attributes] = field(default_factory=dict)
    # The same of what others in the account may own, which is told and not judged.
    neighbours: dict[str, Attributes] = field(default_factory=dict)
    # By ARN; groups of tasks come and go, and must not change.
    groups: dict[str, Attributes] = field(default_factory=dict)
    # By the ARN of a group, the addresses of its targets that are not on their way out.
    targets: dict[str, frozenset[str]] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()
    # By ARN, those at the priorities of sessions.
    rules: dict[str, Attributes] = field(default_factory=dict)
    # By id, of the file systems that the editor mounts, with the last part of the path that each is the root of.
    access_points: dict[str, str] = field(default_factory=dict)
    # ARNs of tasks of no service, which end by themselves, and of those that a call has stopped.
    lone_tasks: frozenset[str] = frozenset()
    stopped_tasks: frozenset[str] = frozenset()
    # ARNs of the policies that scale the services.
    policies: frozenset[str] = frozenset()
    # Changes of state that no evaluation of an alarm of the stack made, a sentence each.
    false_alarms: frozenset[str] = frozenset()
    # By both keys: the sessions that are open, and those that were when the run began; what runs keep beside them.
    items: dict[tuple[str, str], Attributes] = field(default_factory=dict)


class Surveyor:
    """Takes snapshots of a stack; raises our errors for what cannot be read."""

    def __init__(self, names: ResourceNames, aws: Callable[[str], AwsClient]) -> None:
        self._names = names
        self._aws = aws
        self._services = (names.edit_service, names.hermes_service)

    def snapshot(self, before: Snapshot | None = None) -> Snapshot:
        """Return what the stack is like now; of sessions and access points also what has become of those *before*."""
        seen = Snapshot()
        for what, look in (
            ("the services", self._look_at_services),
            ("the tasks", self._look_at_tasks),
            ("the scaling", self._look_at_scaling),
            ("the alarms and dashboards", self._look_at_monitoring),
            ("the load balancer", self._look_at_balancer),
            ("the table", self._look_at_table),
            ("the file systems", self._look_at_files),
            ("the log groups", self._look_at_logs),
        ):
            with translated(f"compare {what} with how the run found them"):
                look(seen)
        if before is not None:
            with translated("compare sessions with how the run found them"):
                self._follow(seen, before)
        return seen

    def _follow(self, seen: Snapshot, before: Snapshot) -> None:
        """Look at the sessions that were open before, and at those of whoever has a new access point."""
        table = SessionTable(self._aws("dynamodb"), self._names)
        known = {str(item.get("clientId")) for item in (*before.items.values(), *seen.items.values())}
        new = {seen.access_points[each] for each in seen.access_points.keys() - before.access_points.keys()}
        found = [item for key in before.items.keys() - seen.items.keys() if (item := table.item(*key)) is not None]
        _add_items(seen, [*found, *(item for client in sorted(new - known) for item in table.of_client(client))])

    def _look_at_services(self, seen: Snapshot) -> None:
        ecs, names = self._aws("ecs"), self._names
        for arn in self._pages("ecs", "list_services", "serviceArns", cluster=names.cluster):
            seen.things[f"service {arn.rpartition('/')[2]}"] = {}
        for name in self._services:
            service = describe_service(ecs, names.cluster, name)
            seen.things[f"service {name}"] = {**_only(service, _SERVICE), "desiredCount": self._count(service)}
            family = family_of(service["taskDefinition"])
            newest = ecs.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=1)["taskDefinitionArns"]
            seen.things[f"newest task definition of {family}"] = {"arn": newest}

    def _count(self, service: Mapping[str, Any]) -> int | str:
        """Return how many tasks a service wants, where that is not the platform's to say."""
        count: int = service["desiredCount"]
        is_scaled = service["serviceName"] == self._names.edit_service
        return "as the contract scales it" if is_scaled and 0 <= count <= contract.TASKS_MAX else count

    def _look_at_tasks(self, seen: Snapshot) -> None:
        cluster, own = self._names.cluster, Ownership(self._names, self._aws)
        for status in ("RUNNING", "STOPPED"):
            arns = self._pages("ecs", "list_tasks", "taskArns", cluster=cluster, desiredStatus=status)
            for task in own.described_tasks(arns):
                if not task.get("group", "").startswith("service:"):
                    seen.lone_tasks |= {task["taskArn"]}
                is_ours = task.get("group") in [f"service:{name}" for name in self._services]
                if is_ours and task.get("stopCode") == _STOPPED_BY_A_CALL:
                    seen.stopped_tasks |= {task["taskArn"]}
        addresses = (task_addresses(self._aws, self._names, name) for name in self._services)
        seen.addresses = frozenset(each for every in addresses for each in every)

    def _look_at_scaling(self, seen: Snapshot) -> None:
        resources = [f"service/{self._names.cluster}/{name}" for name in self._services]
        for operation, key, name, which in (
            ("describe_scalable_targets", "ScalableTargets", "ScalableDimension", [{"ResourceIds": resources}]),
            (
                "describe_scaling_policies",
                "ScalingPolicies",
                "PolicyName",
                [{"ResourceId": each} for each in resources],
            ),
            (
                "describe_scheduled_actions",
                "ScheduledActions",
                "ScheduledActionName",
                [{"ResourceId": each} for each in resources],
            ),
        ):
            for given in which:
                for each in self._pages("application-autoscaling", operation, key, ServiceNamespace="ecs", **given):
                    seen.things[f"scaling of {each['ResourceId']} {each[name]}"] = _without(each, ("Alarms",))
                    seen.policies |= {each["PolicyARN"]} if "PolicyARN" in each else set()

    def _look_at_monitoring(self, seen: Snapshot) -> None:
        """Look at the alarms that scale our services, and at the alarms and dashboards of runs, which are only told."""
        prefix = self._names.run_monitoring_prefix
        for each in self._pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix):
            seen.neighbours[f"alarm {each['AlarmName']}"] = _without(each, _ALARM_STATE)
        for name, each in self._alarms_that_scale(seen.policies).items():
            seen.things[f"alarm {name}"] = _without(each, _ALARM_STATE)
            seen.false_alarms |= self._false_alarms(name)
        for each in self._pages("cloudwatch", "list_dashboards", "DashboardEntries", DashboardNamePrefix=prefix):
            seen.neighbours[f"dashboard {each['DashboardName']}"] = _only(each, ("LastModified", "Size"))

    def _alarms_that_scale(self, policies: Iterable[str]) -> dict[str, Attributes]:
        """Return the alarms on the platform's metric, and those that act on a policy, by name."""
        names = self._names
        metric = {"Namespace": names.metric_namespace, "MetricName": names.metric}
        found = list(self._aws("cloudwatch").describe_alarms_for_metric(**metric)["MetricAlarms"])
        for arn in sorted(policies):
            found += self._pages("cloudwatch", "describe_alarms", "MetricAlarms", ActionPrefix=arn)
        # Those of target tracking are Application Auto Scaling's own.
        return {each["AlarmName"]: each for each in found if not each["AlarmName"].startswith("TargetTracking-")}

    def _false_alarms(self, name: str) -> frozenset[str]:
        """Return how an alarm came by states that were not CloudWatch's finding.

        Its own changes of state tell the data that they rest on; SetAlarmState does so only if its caller lies.
        Source: CloudWatch API Reference, DescribeAlarmHistory; AWS CLI Command Reference, describe-alarm-history.
        """
        given = {"AlarmName": name, "HistoryItemType": "StateUpdate"}
        found = self._pages("cloudwatch", "describe_alarm_history", "AlarmHistoryItems", **given)
        states = [(each["Timestamp"], _new_state(each.get("HistoryData", ""))) for each in found]
        return frozenset(
            f"alarm {name} was set to {state.get('stateValue')} by a call at {at}: {state.get('stateReason')}"
            for at, state in states
            if "queryDate" not in (state.get("stateReasonData") or {})
        )

    def _look_at_balancer(self, seen: Snapshot) -> None:
        elbv2 = self._aws("elbv2")
        balancer = elbv2.describe_load_balancers(Names=[self._names.load_balancer])["LoadBalancers"][0]
        arn = balancer["LoadBalancerArn"]
        attributes = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        seen.things[f"load balancer {arn}"] = {**_without(balancer, ("State",)), **_by_key(attributes)}
        self._look_at_security_groups(seen, balancer.get("SecurityGroups", []))
        for listener in self._pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn):
            seen.things[f"listener {listener['ListenerArn']}"] = listener
            for rule in self._pages("elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]):
                if is_of_a_session(rule):
                    seen.rules[rule["RuleArn"]] = rule
                else:
                    seen.things[f"rule {rule['RuleArn']}"] = rule
        for group in Ownership(self._names, self._aws).attached_groups():
            self._look_at_group(seen, group)

    def _look_at_group(self, seen: Snapshot, group: Mapping[str, Any]) -> None:
        elbv2, arn = self._aws("elbv2"), group["TargetGroupArn"]
        try:
            self._look_at_targets(seen, arn, group)
        except elbv2.exceptions.TargetGroupNotFoundException:
            # Its task has stopped since the groups were listed.
            seen.groups.pop(arn, None)

    def _look_at_targets(self, seen: Snapshot, arn: str, group: Mapping[str, Any]) -> None:
        elbv2 = self._aws("elbv2")
        attributes = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
        # Which load balancer it is of comes with its first rule and goes with the last.
        seen.groups[arn] = {**_without(group, ("LoadBalancerArns",)), **_by_key(attributes)}
        health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        staying = [each["Target"]["Id"] for each in health if each["TargetHealth"]["State"] not in _LEAVING]
        seen.targets[arn] = frozenset(staying)

    def _look_at_security_groups(self, seen: Snapshot, of_balancer: Iterable[str]) -> None:
        services = [seen.things[f"service {name}"].get("networkConfiguration", {}) for name in self._services]
        of_tasks = [each for one in services for each in one.get("awsvpcConfiguration", {}).get("securityGroups", [])]
        ids = sorted({*of_balancer, *of_tasks})
        groups = self._aws("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"] if ids else []
        for each in groups:
            seen.things[f"security group {each['GroupId']}"] = _only(each, ("IpPermissions", "IpPermissionsEgress"))

    def _look_at_table(self, seen: Snapshot) -> None:
        dynamodb, name = self._aws("dynamodb"), self._names.table
        table = dynamodb.describe_table(TableName=name)["Table"]
        indexes = sorted(each["IndexName"] for each in table.get("GlobalSecondaryIndexes", []))
        ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        looked = {"indexes": indexes, "ttl": ttl, "point-in-time recovery": recovery}
        seen.things[f"table {name}"] = {**_only(table, _TABLE), **looked}
        _add_items(seen, SessionTable(dynamodb, self._names).with_status(contract.OPEN))
        for kind in KINDS:
            found = self._pages("dynamodb", "query", "Items", **SessionTable.question_of(name, KEY_PREFIX + kind))
            _add_items(seen, found)

    def _look_at_files(self, seen: Snapshot) -> None:
        definition = seen.things[f"service {self._names.edit_service}"]["taskDefinition"]
        mounted = file_systems_of(self._aws("ecs"), definition)
        told = ("LifeCycleState", "Encrypted", "ThroughputMode", "PerformanceMode", "FileSystemProtection")
        for identifier in sorted(mounted):
            for each in self._pages("efs", "describe_file_systems", "FileSystems", FileSystemId=identifier):
                seen.things[f"file system {identifier}"] = _only(each, told)
            for each in self._pages("efs", "describe_access_points", "AccessPoints", FileSystemId=identifier):
                root = each.get("RootDirectory", {}).get("Path", "")
                seen.access_points[each["AccessPointId"]] = root.rpartition("/")[2]

    def _look_at_logs(self, seen: Snapshot) -> None:
        for name in (self._names.edit_log_group, self._names.hermes_log_group):
            # Of all whose names begin so, the one of that very name comes first.
            found = self._aws("logs").describe_log_groups(logGroupNamePrefix=name, limit=1)["logGroups"]
            for each in found:
                if each["logGroupName"] == name:
                    seen.things[f"log group {name}"] = _only(each, ("retentionInDays", "kmsKeyId"))

    def _pages(self, service: str, operation: str, key: str, **given: Any) -> list[Any]:  # noqa: ANN401  # botocore's
        pages = self._aws(service).get_paginator(operation).paginate(**given)
        return [each for page in islice(pages, _PAGES_MAX) for each in page.get(key, [])]


def _add_items(seen: Snapshot, items: Iterable[Mapping[str, Any]]) -> None:
    for item in map(plain_item, items):
        seen.items[str(item["sessionId"]), str(item["userId"])] = item


def _new_state(history: str) -> Attributes:
    """Return the state that an item of an alarm's history tells of; nothing of one that cannot be read."""
    try:
        told = json.loads(history)["newState"]
    except (ValueError, TypeError, KeyError):
        return {}
    return told if isinstance(told, dict) else {}


def _only(described: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: described[name] for name in names if name in described}


def _without(described: Mapping[str, Any], beginnings: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in described.items() if not name.startswith(beginnings)}


def _by_key(attributes: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in attributes}
