"""The load balancer as AWS describes it: its rules and its target groups."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from seatrials.environments.parts import Ports, ResourceNames
from seatrials.platform import contract
from seatrials.platform.calls import Listed
from seatrials.platform.ownership import Ownership
from seatrials.seams.application import AwsClient


class Balancer:
    """Reads ELBv2, and takes targets out for a while."""

    def __init__(self, elbv2: AwsClient, names: ResourceNames, ports: Ports) -> None:
        self._elbv2 = elbv2
        self._ports = ports
        self._own = Ownership(names, lambda _service: elbv2)

    def target_groups(self) -> list[dict[str, Any]]:
        """Return every target group of the load balancer."""
        return self._own.attached_groups()

    def every_group_name(self) -> list[str]:
        """Return the names of all target groups of the stack, those too that no rule uses, in order."""
        return sorted(group["TargetGroupName"] for group in self._own.target_groups())

    def edit_target_groups(self) -> list[dict[str, Any]]:
        """Return the target groups of the load balancer on the edit container's ports."""
        known = self._ports
        ports = (known.edit_api, known.edit_preview, known.edit_hmr)
        return [group for group in self.target_groups() if group["Port"] in ports]

    def edit_targets(self) -> list[str]:
        """Return address:port of the targets of the edit service, in any group of the load balancer, also draining."""
        arns = [group["TargetGroupArn"] for group in self.edit_target_groups()]
        found = [self._targets_unless_gone(arn) for arn in arns]
        return [target for targets in found for target in targets or ()]

    def targets(self, group_arn: str) -> Listed[tuple[str, str]]:
        """Return (address:port, state) of each target of a group."""
        answer = self._elbv2.describe_target_health(TargetGroupArn=group_arn)["TargetHealthDescriptions"]
        targets = [
            (f"{each['Target']['Id']}:{each['Target']['Port']}", each["TargetHealth"]["State"]) for each in answer
        ]
        return Listed(targets, f"targets of {group_arn}")

    def targets_in_words(self, group_arn: str) -> str:
        """Return each target of a group with its state, and AWS's reason for it, for people."""
        try:
            answer = self._elbv2.describe_target_health(TargetGroupArn=group_arn)["TargetHealthDescriptions"]
        except self._elbv2.exceptions.TargetGroupNotFoundException:
            return "has been deleted meanwhile"
        return ", ".join(_target_in_words(each) for each in answer) or "no targets"

    def states(self, group_arn: str) -> list[str]:
        """Return the states of a group's targets, sorted."""
        return sorted(state for _, state in self.targets(group_arn))

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules of the HTTPS listener in the order in which they apply."""
        listeners = self._elbv2.describe_listeners(LoadBalancerArn=self._own.load_balancer()["LoadBalancerArn"])
        https = [each["ListenerArn"] for each in listeners["Listeners"] if each["Protocol"] == "HTTPS"]
        assert https, f"the load balancer has no HTTPS listener: {listeners['Listeners']}"
        pages = self._elbv2.get_paginator("describe_rules").paginate(ListenerArn=https[0])
        rules = [rule for page in pages for rule in page["Rules"]]
        return sorted(rules, key=lambda rule: (rule["Priority"] == "default", _number(rule["Priority"])))

    def session_rules(self, session_id: str) -> list[dict[str, Any]]:
        """Return the rules with a condition that names a session."""
        return [rule for rule in self.rules() if session_id in str(rule["Conditions"])]

    def rules_of_sessions(self) -> list[dict[str, Any]]:
        """Return the rules at the priorities of sessions, whichever session they are for."""
        return [rule for rule in self.rules() if _number(rule["Priority"]) in contract.SESSION_PRIORITIES]

    def all_targets(self) -> dict[str, list[str]]:
        """Return address:port of the targets of every target group of the stack, used by a rule or not, by its ARN."""
        arns = [group["TargetGroupArn"] for group in self._own.target_groups()]
        found = {arn: self._targets_unless_gone(arn) for arn in arns}
        return {arn: targets for arn, targets in found.items() if targets is not None}

    def _targets_unless_gone(self, group_arn: str) -> list[str] | None:
        """Return the targets of a group, None when it has been deleted since it was listed."""
        try:
            return sorted(target for target, _ in self.targets(group_arn))
        except self._elbv2.exceptions.TargetGroupNotFoundException:
            return None

    def priority(self, path: str, session_id: str | None = None) -> int:
        """Return the priority of the rule for a path pattern, a session's own or the one for all."""
        return _number(str(self._rule(path, session_id)["Priority"]))

    def shared_group(self, path: str) -> str:
        """Return the ARN of the target group that the rule for all sends a path pattern to."""
        rule = self._rule(path, None)
        groups = [str(each["TargetGroupArn"]) for each in rule["Actions"] if "TargetGroupArn" in each]
        assert groups, f"the rule for {path} forwards to no target group: {rule}"
        return groups[0]

    @contextmanager
    def deregistered(self, group_arn: str) -> Iterator[str]:
        """Take one target out of a group for a while; gives its address:port."""
        address = self.targets(group_arn)[0][0]
        ip, _, port = address.partition(":")
        targets = [{"Id": ip, "Port": int(port)}]
        self._elbv2.deregister_targets(TargetGroupArn=group_arn, Targets=targets)
        try:
            yield address
        finally:
            self._elbv2.register_targets(TargetGroupArn=group_arn, Targets=targets)

    def _rule(self, path: str, session_id: str | None) -> dict[str, Any]:
        """Return the first rule for a path pattern, of one session or of none; fails the scenario without one."""
        if session_id is None:
            candidates = [rule for rule in self.rules() if _number(rule["Priority"]) not in contract.SESSION_PRIORITIES]
        else:
            candidates = self.session_rules(session_id)
        found = [rule for rule in candidates if path in _path_patterns(rule)]
        seen = [f"{rule['Priority']}: {' '.join(_path_patterns(rule)) or 'any path'}" for rule in candidates]
        assert found, f"there is no rule for {path} of {session_id or 'all sessions'}; those there are: {seen}"
        return found[0]

    def preview_targets(self, session_id: str) -> list[tuple[str, str]]:
        """Return (address:port, state) of the targets that a session's preview is routed to; empty without a rule."""
        path = contract.preview_path(session_id)
        groups = [
            action["TargetGroupArn"]
            for rule in self.session_rules(session_id)
            if path in _path_patterns(rule)
            for action in rule["Actions"]
            if "TargetGroupArn" in action
        ]
        return [target for group in groups for target in self.targets(group)]


def _target_in_words(described: Mapping[str, Any]) -> str:
    target, health = described["Target"], described["TargetHealth"]
    reason = f" ({health['Reason']}: {health.get('Description')})" if "Reason" in health else ""
    return f"{target['Id']}:{target['Port']} is {health['State']}{reason}"


def _path_patterns(rule: Mapping[str, Any]) -> list[str]:
    conditions = [each for each in rule["Conditions"] if each["Field"] == "path-pattern"]
    # DescribeRules gives the patterns under both names; older rules have only the second.
    return [pattern for each in conditions for pattern in each.get("PathPatternConfig", each)["Values"]]


def _number(priority: str) -> int:
    return 0 if priority == "default" else int(priority)
