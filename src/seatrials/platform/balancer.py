"""The load balancer: its rules, its target groups, and requests of any kind."""

from typing import Any

from seatrials.application import AwsClient
from seatrials.environment import Environment
from seatrials.platform.calls import Calls

# Priorities that Hermes may give to the rules of a session.
SESSION_PRIORITIES = range(100, 500)


class Balancer:
    """Reads ELBv2, and sends requests; changes nothing."""

    def __init__(self, calls: Calls, elbv2: AwsClient, environment: Environment) -> None:
        self._elbv2 = elbv2
        self._environment = environment
        self.get = calls.get
        self.post = calls.post
        self.send = calls.send

    def target_groups(self) -> list[dict[str, Any]]:
        """Return every target group of the load balancer."""
        arn = self._load_balancer()["LoadBalancerArn"]
        return list(self._elbv2.describe_target_groups(LoadBalancerArn=arn)["TargetGroups"])

    def every_group_name(self) -> list[str]:
        """Return the names of all target groups, those too that no rule uses, in order."""
        pages = self._elbv2.get_paginator("describe_target_groups").paginate()
        return sorted(group["TargetGroupName"] for page in pages for group in page["TargetGroups"])

    def edit_target_groups(self) -> list[dict[str, Any]]:
        """Return the target groups of the load balancer on the edit container's ports."""
        known = self._environment.ports
        ports = (known.edit_api, known.edit_preview, known.edit_hmr)
        return [group for group in self.target_groups() if group["Port"] in ports]

    def targets(self, group_arn: str) -> list[tuple[str, str]]:
        """Return (address:port, state) of each target of a group."""
        answer = self._elbv2.describe_target_health(TargetGroupArn=group_arn)["TargetHealthDescriptions"]
        return [(f"{each['Target']['Id']}:{each['Target']['Port']}", each["TargetHealth"]["State"]) for each in answer]

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules of the HTTPS listener in the order in which they apply."""
        listeners = self._elbv2.describe_listeners(LoadBalancerArn=self._load_balancer()["LoadBalancerArn"])
        https = [each["ListenerArn"] for each in listeners["Listeners"] if each["Protocol"] == "HTTPS"]
        assert https, f"the load balancer has no HTTPS listener: {listeners['Listeners']}"
        rules = self._elbv2.describe_rules(ListenerArn=https[0])["Rules"]
        return sorted(rules, key=lambda rule: (rule["Priority"] == "default", _number(rule["Priority"])))

    def session_rules(self, session_id: str) -> list[dict[str, Any]]:
        """Return the rules with a condition that names a session."""
        return [rule for rule in self.rules() if session_id in str(rule["Conditions"])]

    def rules_of_sessions(self) -> list[dict[str, Any]]:
        """Return the rules at the priorities of sessions, whichever session they are for."""
        return [rule for rule in self.rules() if _number(rule["Priority"]) in SESSION_PRIORITIES]

    def all_targets(self) -> dict[str, list[str]]:
        """Return address:port of the targets of every target group there is, used by a rule or not, by its ARN."""
        pages = self._elbv2.get_paginator("describe_target_groups").paginate()
        arns = [group["TargetGroupArn"] for page in pages for group in page["TargetGroups"]]
        return {arn: sorted(target for target, _ in self.targets(arn)) for arn in arns}

    def preview_targets(self, session_id: str) -> list[tuple[str, str]]:
        """Return (address:port, state) of the targets that a session's preview is routed to; empty without a rule."""
        path = f"/session/{session_id}"
        groups = [
            action["TargetGroupArn"]
            for rule in self.session_rules(session_id)
            if any(path in condition.get("Values", []) or path in str(condition) for condition in rule["Conditions"])
            for action in rule["Actions"]
            if "TargetGroupArn" in action
        ]
        return [target for group in groups for target in self.targets(group)]

    def _load_balancer(self) -> dict[str, Any]:
        name = self._environment.names.load_balancer
        balancers = self._elbv2.describe_load_balancers(Names=[name])["LoadBalancers"]
        assert balancers, f"there is no load balancer {name}"
        description: dict[str, Any] = balancers[0]
        return description


def _number(priority: str) -> int:
    return 0 if priority == "default" else int(priority)
