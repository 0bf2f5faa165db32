"""The way to a session's own container: its task's target groups, and the listener rules that lead there.

Rules are known by what they match and groups by their names, so a Hermes that has just started finds what another made.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.webordinary.hermes import rules
from seatrials.webordinary.hermes.fleet import Task, short_id
from seatrials.webordinary.hermes.table import unless

# Ports of an edit container, by what serves there.
PORTS: Mapping[str, int] = {"preview": 4321, "api": 8080, "hmr": 4322}
TASK_TAG = "webordinary:task"
DEREGISTRATION_DELAY_SECONDS = 30
_NAME_PREFIX = "wo-"
_NAME_PREFIXES = tuple(f"{_NAME_PREFIX}{kind}-" for kind in PORTS)


class NoPriorityError(Exception):
    """Every priority that sessions may have is taken."""


class Router:
    """Makes, changes and removes rules and target groups; raises botocore's errors for what it does not expect."""

    def __init__(self, elbv2: AwsClient, listener_arn: str, vpc_id: str, cluster: str) -> None:
        """*cluster* is the name of the one whose tasks get groups."""
        self._elbv2 = elbv2
        self._pages_of_rules = elbv2.get_paginator("describe_rules")
        self._pages_of_groups = elbv2.get_paginator("describe_target_groups")
        self._listener_arn = listener_arn
        self._vpc_id = vpc_id
        self._cluster = cluster

    def ensure_groups(self, task: Task) -> dict[str, str]:
        """Return the ARNs of the task's target groups by kind, with the task registered in each."""
        existing = self._groups()
        arns = {}
        for kind, port in PORTS.items():
            name = group_name(kind, task.short_id)
            arns[kind] = existing.get(name) or self._create_group(name, port, task.arn)
            self._elbv2.register_targets(TargetGroupArn=arns[kind], Targets=[{"Id": task.address, "Port": port}])
        return arns

    def serving_groups(self, task_arn: str | None) -> dict[str, str] | None:
        """Return the ARNs of a task's groups by kind while the load balancer finds its preview healthy, else None."""
        if task_arn is None:
            return None
        existing = self._groups()
        names = {kind: group_name(kind, short_id(task_arn)) for kind in PORTS}
        if any(name not in existing for name in names.values()):
            return None
        arns = {kind: existing[name] for kind, name in names.items()}
        return arns if self.is_healthy(arns["preview"]) else None

    def ensure_rules(
        self, session_id: str, groups: Mapping[str, str], standby: Mapping[str, str] | None = None
    ) -> None:
        """Let the session's three rules lead to *groups*, whether they exist or not, and have *standby* checked too.

        A second rule of a kind goes: a Hermes that had hung has made it after another one had made its own.
        """
        existing = self._rules()
        mine: dict[str, rules.Rule] = {}
        # The lower number is what the load balancer goes by, so that one stays.
        for rule in sorted(existing, key=lambda rule: rules.priority_of(rule) or 0):
            if rules.session_of(rule) == session_id and mine.setdefault(rules.kind_of(rule), rule) is not rule:
                self._delete_rule(rule)
        free = _free(rules.PRIORITIES, existing)
        for kind, conditions in rules.conditions_of(session_id).items():
            actions = rules.forward(groups[kind], standby[kind] if standby else None)
            if kind not in mine:
                self._create_rule(free, conditions, actions)
            elif not rules.leads_to(mine[kind], actions):
                self._elbv2.modify_rule(RuleArn=mine[kind]["RuleArn"], Actions=actions)

    def open_handover(self, session_id: str, task: Task, api_group_arn: str) -> None:
        """Let Hermes reach *task* for a session that still is on another."""
        self.close_handover(session_id)
        conditions = rules.handover_conditions(session_id, task.short_id)
        free = _free(rules.HANDOVER_PRIORITIES, self._rules())
        self._create_rule(free, conditions, rules.forward(api_group_arn))

    def close_handover(self, session_id: str) -> None:
        """Undo `open_handover`, if it was done."""
        for rule in self._rules_of(session_id):
            if rules.kind_of(rule) == rules.HANDOVER:
                self._delete_rule(rule)

    def is_healthy(self, group_arn: str) -> bool:
        """Whether the load balancer finds the task of a task's own group healthy."""
        return self._state(group_arn) == "healthy"

    def failing(self, tasks: Collection[Task]) -> list[str]:
        """Return the ARNs of those tasks of which the load balancer has marked any port unhealthy."""
        existing = self._groups()
        return [task.arn for task in tasks if self._is_failing(task, existing)]

    def _is_failing(self, task: Task, existing: Mapping[str, str]) -> bool:
        arns = [existing.get(group_name(kind, task.short_id)) for kind in PORTS]
        return any(arn is not None and self._state(arn) == "unhealthy" for arn in arns)

    def remove_rules(self, session_id: str) -> None:
        """Remove the session's rules, as far as there are any."""
        for rule in self._rules_of(session_id):
            self._delete_rule(rule)

    def sessions(self) -> list[str]:
        """Return the ids of the sessions that have rules."""
        ids = [session_id for rule in self._rules() if (session_id := rules.session_of(rule)) is not None]
        return list(dict.fromkeys(ids))

    def remove_unused_groups(self, task_arns_used: Collection[str]) -> None:
        """Remove the groups of tasks that no session uses."""
        used = {group_name(kind, short_id(arn)) for arn in task_arns_used for kind in PORTS}
        unused = [arn for name, arn in self._groups().items() if name not in used]
        for arn in filter(self._is_own, unused):
            self._delete_group(arn)

    def _is_own(self, arn: str) -> bool:
        """Whether a group is of a task of this cluster: another Hermes may work in the same network."""
        (described,) = self._elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
        return f":task/{self._cluster}/" in tags.get(TASK_TAG, "")

    def _rules(self) -> list[rules.Rule]:
        pages = self._pages_of_rules.paginate(ListenerArn=self._listener_arn)
        return [rule for page in pages for rule in page["Rules"]]

    def _rules_of(self, session_id: str) -> list[rules.Rule]:
        return [rule for rule in self._rules() if rules.session_of(rule) == session_id]

    def _groups(self) -> dict[str, str]:
        """Return the ARNs of the target groups that Hermes made, by name."""
        pages = self._pages_of_groups.paginate()
        groups = {each["TargetGroupName"]: each["TargetGroupArn"] for page in pages for each in page["TargetGroups"]}
        return {name: arn for name, arn in groups.items() if name.startswith(_NAME_PREFIXES)}

    def _create_group(self, name: str, port: int, task_arn: str) -> str:
        with unless("DuplicateTargetGroupName"):
            answer = self._elbv2.create_target_group(
                Name=name,
                Protocol="HTTP",
                Port=port,
                VpcId=self._vpc_id,
                TargetType="ip",
                HealthCheckPath="/health",
                HealthCheckIntervalSeconds=30,
                HealthCheckTimeoutSeconds=5,
                HealthyThresholdCount=2,
                UnhealthyThresholdCount=2,
                Matcher={"HttpCode": "200"},
                Tags=[{"Key": TASK_TAG, "Value": task_arn}],
            )
            arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
            delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(DEREGISTRATION_DELAY_SECONDS)}
            self._elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[delay])
            return arn
        return self._groups()[name]  # another session on the same task has just made it

    def _create_rule(
        self, free: Iterator[int], conditions: rules.Conditions, actions: Sequence[Mapping[str, Any]]
    ) -> None:
        """Create a rule at the first priority that is still *free*."""
        if not any(self._try_priority(priority, conditions, actions) for priority in free):
            msg = "every listener rule priority that sessions may have is taken"
            raise NoPriorityError(msg)

    def _try_priority(self, priority: int, conditions: rules.Conditions, actions: Sequence[Mapping[str, Any]]) -> bool:
        with unless("PriorityInUse"):
            self._elbv2.create_rule(
                ListenerArn=self._listener_arn, Priority=priority, Conditions=conditions, Actions=actions
            )
            return True
        return False  # taken since the rules were read

    def _state(self, group_arn: str) -> str:
        """Return the state of the one target of a task's own group."""
        answer = self._elbv2.describe_target_health(TargetGroupArn=group_arn)
        return next((str(each["TargetHealth"]["State"]) for each in answer["TargetHealthDescriptions"]), "unused")

    def _delete_rule(self, rule: rules.Rule) -> None:
        with unless("RuleNotFound"):
            self._elbv2.delete_rule(RuleArn=rule["RuleArn"])

    def _delete_group(self, arn: str) -> None:
        """Delete a group that no rule uses; one in use belongs to a session that is not over yet, and stays."""
        with unless("ResourceInUse"):
            self._elbv2.delete_target_group(TargetGroupArn=arn)


def group_name(kind: str, task_id: str) -> str:
    """Return the name of a task's target group; AWS allows 32 characters."""
    return f"{_NAME_PREFIX}{kind}-{task_id}"


def _free(priorities: range, existing: Sequence[rules.Rule]) -> Iterator[int]:
    """Return the priorities that none of the *existing* rules has, in their order."""
    taken = {rules.priority_of(rule) for rule in existing}
    return (priority for priority in priorities if priority not in taken)
