"""The load balancer's listeners, rules and target groups, in words that can be compared with the contract."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from seatrials.environments.parts import Ports, ResourceNames
from seatrials.platform import contract
from seatrials.platform.ownership import Ownership
from seatrials.platform.session_table import SessionTable
from seatrials.seams.application import AwsClient

_SESSION_ID = re.compile(contract.SESSION_ID_PREFIX + r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class GroupFacts:
    """How a target group is set up."""

    target_type: str
    # With the version of HTTP that targets are spoken to in.
    protocol: str
    sticky: bool
    health_check: str
    interval_seconds: int
    timeout_seconds: int
    healthy_threshold: int
    unhealthy_threshold: int
    success_codes: str
    deregistration_delay_seconds: int


@dataclass(frozen=True, order=True)
class SessionRule:
    """A rule with a priority of the sessions; *session_id* is None when it names no session."""

    priority: int
    session_id: str | None


class Listeners:
    """Reads ELBv2, and the table for the sessions that rules belong to."""

    def __init__(
        self,
        elbv2: AwsClient,
        dynamodb: AwsClient,
        names: ResourceNames,
        ports: Ports,
        backends: Mapping[str, tuple[str, int]],
    ) -> None:
        """*backends* gives, by target group, the service that registers there and its container's port."""
        self._elbv2 = elbv2
        self._dynamodb = dynamodb
        self._names = names
        self._ports = ports
        self._backends = backends
        self._own = Ownership(names, lambda _service: elbv2)

    @cached_property
    def load_balancer(self) -> dict[str, Any]:
        """The load balancer as ELBv2 describes it."""
        return self._own.load_balancer()

    def protocols(self) -> dict[int, str]:
        """Return the protocol of each listener by its port."""
        return {each["Port"]: each["Protocol"] for each in self._listeners()}

    def tls_protocols(self) -> list[str]:
        """Return the versions of TLS that any HTTPS listener agrees to, sorted."""
        names = sorted({each["SslPolicy"] for each in self._listeners() if each["Protocol"] == "HTTPS"})
        assert names, f"the load balancer has no HTTPS listener: {self.protocols()}"
        policies = self._elbv2.describe_ssl_policies(Names=names)["SslPolicies"]
        return sorted({version for policy in policies for version in policy["SslProtocols"]})

    def static_rules(self, port: int) -> list[str]:
        """Return a listener's rules but those of the sessions, in their order: `priority: conditions → action`."""
        return [
            f"{rule['Priority']}: {' and '.join(sorted(map(_condition, rule['Conditions']))) or 'all'} → "
            f"{', '.join(map(self._action, rule['Actions']))}"
            for rule in self._rules(port)
            if not _is_of_a_session(rule)
        ]

    def stray_session_rules(self) -> list[SessionRule]:
        """Return the rules with a priority of the sessions that belong to no live session, by priority.

        Hermes stores a session before it makes its rules, and removes them before the session is over; so a rule that
        is there before and after the table is read belongs to a session that the table holds.
        """
        before = self._session_rules()
        unfinished = {each.session_id for each in before if each.session_id and self._is_unfinished(each.session_id)}
        after = self._session_rules()
        return sorted(rule for rule in before & after if rule.session_id not in unfinished)

    def target_groups(self) -> dict[str, GroupFacts]:
        """Return how each target group of the load balancer is set up, by its name."""
        return {group["TargetGroupName"]: self._facts(group) for group in self._groups()}

    def target_group_ports(self) -> list[int]:
        """Return the ports of the load balancer's target groups, sorted, each once."""
        return sorted({group["Port"] for group in self._groups()})

    def registrations(self, service: str) -> dict[int, int | None]:
        """Return, by container port of a service, the port of the target group that it registers in.

        None stands for a target group that the load balancer does not use.
        """
        ports = {group["TargetGroupArn"]: group["Port"] for group in self._groups()}
        return {port: ports.get(arn) for arn, (name, port) in self._backends.items() if name == service}

    def _listeners(self) -> list[dict[str, Any]]:
        arn = self.load_balancer["LoadBalancerArn"]
        pages = self._elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
        return [listener for page in pages for listener in page["Listeners"]]

    def _rules(self, port: int) -> list[dict[str, Any]]:
        arns = {each["Port"]: each["ListenerArn"] for each in self._listeners()}
        assert port in arns, f"the load balancer listens on {sorted(arns)}, not on {port}"
        pages = self._elbv2.get_paginator("describe_rules").paginate(ListenerArn=arns[port])
        rules = [rule for page in pages for rule in page["Rules"]]
        return sorted(rules, key=lambda rule: (rule["Priority"] == "default", rule["Priority"].zfill(5)))

    def _session_rules(self) -> set[SessionRule]:
        rules = [rule for rule in self._rules(self._ports.https) if _is_of_a_session(rule)]
        return {SessionRule(int(rule["Priority"]), _session_id(rule)) for rule in rules}

    def _is_unfinished(self, session_id: str) -> bool:
        # An item that no Hermes wrote like this is as good as none.
        items = SessionTable(self._dynamodb, self._names).of_id(session_id)
        return any(item.get("status", {}).get("S") in contract.OPEN for item in items)

    def _groups(self) -> list[dict[str, Any]]:
        return self._own.attached_groups()

    def _facts(self, group: dict[str, Any]) -> GroupFacts:
        answer = self._elbv2.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
        attributes = {each["Key"]: each["Value"] for each in answer["Attributes"]}
        return GroupFacts(
            target_type=group["TargetType"],
            protocol=f"{group['Protocol']} {group.get('ProtocolVersion', 'HTTP1')}",
            sticky=attributes.get("stickiness.enabled") == "true",
            health_check=f"{group['HealthCheckProtocol']} {group['HealthCheckPort']} {group['HealthCheckPath']}",
            interval_seconds=group["HealthCheckIntervalSeconds"],
            timeout_seconds=group["HealthCheckTimeoutSeconds"],
            healthy_threshold=group["HealthyThresholdCount"],
            unhealthy_threshold=group["UnhealthyThresholdCount"],
            success_codes=group["Matcher"]["HttpCode"],
            deregistration_delay_seconds=int(attributes["deregistration_delay.timeout_seconds"]),
        )

    def _action(self, action: dict[str, Any]) -> str:
        """Return an action in words; a forward names service and port of the containers that it leads to."""
        if action["Type"] == "fixed-response":
            fixed = action["FixedResponseConfig"]
            return f"{fixed['StatusCode']} {fixed.get('ContentType')} {_plain(fixed.get('MessageBody', ''))}"
        if action["Type"] == "redirect":
            redirect = action["RedirectConfig"]
            return f"{redirect['StatusCode']} to {redirect.get('Protocol')}:{redirect.get('Port')}"
        if action["Type"] == "forward":
            groups = action.get("ForwardConfig", {}).get("TargetGroups") or [action]
            return " or ".join(self._backend(group["TargetGroupArn"]) for group in groups)
        return str(action["Type"])

    def _backend(self, arn: str) -> str:
        name, port = self._backends.get(arn, (arn, 0))
        return f"{name}:{port}" if port else f"{name}, where no service registers"


def _is_of_a_session(rule: dict[str, Any]) -> bool:
    return rule["Priority"] != "default" and int(rule["Priority"]) in contract.SESSION_PRIORITIES


def _session_id(rule: dict[str, Any]) -> str | None:
    found = _SESSION_ID.search(json.dumps(rule["Conditions"]))
    return found.group() if found else None


def _condition(condition: dict[str, Any]) -> str:
    """Return a condition in words, its values sorted."""
    settings = next((value for name, value in condition.items() if name.endswith("Config")), condition)
    name = settings.get("HttpHeaderName", condition["Field"])
    values = [value if isinstance(value, str) else json.dumps(value) for value in settings["Values"]]
    return f"{name} {' '.join(sorted(values))}"


def _plain(body: str) -> str:
    """Return a body that is JSON as one writes it without blanks, any other as it is."""
    try:
        return json.dumps(json.loads(body), separators=(",", ":"))
    except ValueError:
        return body
