"""Tests of how the load balancer's configuration is read."""

from collections.abc import Callable
from typing import Any

import pytest

from seatrials.environments.environment import Environment
from seatrials.platform.balancer import Balancer
from tests.support.aws import Json


def rule(priority: str, group: str | None = None, *conditions: dict[str, Any]) -> dict[str, Any]:
    """Return a rule that forwards to a group, or answers by itself."""
    action = {"TargetGroupArn": group} if group else {"FixedResponseConfig": {"StatusCode": "404"}}
    return {"Priority": priority, "Conditions": list(conditions), "Actions": [action]}


def path(*values: str) -> dict[str, Any]:
    """Return a condition on the path."""
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": list(values)}}


HEADER = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Session-ID", "Values": ["session-1"]}}
RULES = [
    rule("default"),
    rule("610", "arn:api", path("/api/*")),
    rule("99", "arn:hermes", path("/hermes/*")),
    rule("100", "arn:preview", path("/session/session-1", "/session/session-1/*")),
    rule("101", "arn:api-1", HEADER, path("/api/*")),
    rule("103", "arn:preview-2", path("/session/session-2", "/session/session-2/*")),
]
GROUPS = [
    {"TargetGroupName": "hermes", "TargetGroupArn": "arn:hermes", "Port": 3000},
    {"TargetGroupName": "api", "TargetGroupArn": "arn:api", "Port": 8080},
    {"TargetGroupName": "preview", "TargetGroupArn": "arn:preview", "Port": 4321},
    {"TargetGroupName": "hmr", "TargetGroupArn": "arn:hmr", "Port": 4322},
]


class FakeLoadBalancer:
    """One load balancer."""

    def __init__(self, *, protocols: tuple[str, ...] = ("HTTP", "HTTPS"), exists: bool = True) -> None:
        self.protocols = protocols
        self.exists = exists
        self.rules_asked_of: list[str] = []
        self.changes: list[tuple[str, str, list[dict[str, Any]]]] = []

    def describe_load_balancers(self, **parameters: Json) -> dict[str, Any]:
        """Return the load balancer under the name that was asked for."""
        name = parameters["Names"][0]
        return {"LoadBalancers": [{"LoadBalancerArn": f"arn:{name}"}] if self.exists else []}

    def describe_listeners(self, **_parameters: Json) -> dict[str, Any]:
        """Return a listener for each protocol."""
        return {"Listeners": [{"ListenerArn": f"arn:{each}", "Protocol": each} for each in self.protocols]}

    def get_paginator(self, operation: str) -> "FakeLoadBalancer":
        """Return what gives the pages of rules, or of groups."""
        assert operation in {"describe_rules", "describe_target_groups"}
        return self

    def paginate(self, **parameters: Json) -> list[dict[str, Any]]:
        """Return the rules in no order, or the groups of the one load balancer, over two pages."""
        if "ListenerArn" not in parameters:
            assert parameters["LoadBalancerArn"] == "arn:webordinary-edit-alb"
            return [{"TargetGroups": GROUPS[:2]}, {"TargetGroups": GROUPS[2:]}]
        self.rules_asked_of.append(parameters["ListenerArn"])
        return [{"Rules": RULES[:1]}, {"Rules": RULES[1:]}]

    def describe_target_health(self, **parameters: Json) -> dict[str, Any]:
        """Return one target of the group."""
        target = {"Id": f"10.0.0.{len(parameters['TargetGroupArn'])}", "Port": 4321}
        return {"TargetHealthDescriptions": [{"Target": target, "TargetHealth": {"State": "healthy"}}]}

    def deregister_targets(self, **parameters: Json) -> None:
        """Note the call."""
        self.changes.append(("deregister", parameters["TargetGroupArn"], parameters["Targets"]))

    def register_targets(self, **parameters: Json) -> None:
        """Note the call."""
        self.changes.append(("register", parameters["TargetGroupArn"], parameters["Targets"]))


@pytest.fixture
def make_balancer(environment: Environment) -> Callable[[FakeLoadBalancer], Balancer]:
    """Return what makes a balancer of a fake."""
    return lambda elbv2: Balancer(elbv2, environment.names, environment.ports)


def test_rules_come_in_the_order_in_which_they_apply(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """Priorities are compared as numbers, the default is last, and the HTTPS listener is the one asked.

    Source: AWS ALB User Guide, listener rules: the lowest number first, the default rule last.
    """
    elbv2 = FakeLoadBalancer()

    rules = make_balancer(elbv2).rules()

    assert [each["Priority"] for each in rules] == ["99", "100", "101", "103", "610", "default"]
    assert elbv2.rules_asked_of == ["arn:HTTPS"]


def test_a_missing_listener_is_told(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """A load balancer without HTTPS fails the scenario, showing the listeners that it has."""
    with pytest.raises(AssertionError, match=r"has no HTTPS listener: .*arn:HTTP"):
        make_balancer(FakeLoadBalancer(protocols=("HTTP",))).rules()


def test_a_missing_load_balancer_is_named(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """A load balancer that is not there fails the scenario with its name."""
    with pytest.raises(AssertionError, match="there is no load balancer webordinary-edit-alb"):
        make_balancer(FakeLoadBalancer(exists=False)).target_groups()


def test_edit_groups_are_known_by_their_ports(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """The groups of API, preview and hot reload are the edit container's; that of Hermes is not."""
    groups = make_balancer(FakeLoadBalancer()).edit_target_groups()

    assert [group["TargetGroupName"] for group in groups] == ["api", "preview", "hmr"]


def test_targets_are_addresses_with_states(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """A target is told by address, port and state."""
    assert make_balancer(FakeLoadBalancer()).targets("arn:api") == [("10.0.0.7:4321", "healthy")]


def test_rules_of_a_session_name_it(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """A session's rules are those with a condition on its id, in path or header."""
    rules = make_balancer(FakeLoadBalancer()).session_rules("session-1")

    assert [each["Priority"] for each in rules] == ["100", "101"]


def test_a_preview_has_the_targets_of_its_own_rule(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """Only the rule on the session's path counts, not the one on its header."""
    balancer = make_balancer(FakeLoadBalancer())

    assert balancer.preview_targets("session-1") == balancer.targets("arn:preview")


def test_a_session_without_rules_has_no_targets(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """Before a session is routed its preview has no target."""
    assert make_balancer(FakeLoadBalancer()).preview_targets("session-9") == []


def test_a_path_has_a_priority_for_all_and_for_a_session(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """The rule for all is found apart from those of the sessions, whose patterns are the same."""
    balancer = make_balancer(FakeLoadBalancer())

    assert (balancer.priority("/api/*"), balancer.priority("/api/*", "session-1")) == (610, 101)
    assert balancer.shared_group("/api/*") == "arn:api"


def test_a_missing_rule_is_told(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """A path without a rule fails the scenario."""
    with pytest.raises(AssertionError, match="no rule for /none of all sessions"):
        make_balancer(FakeLoadBalancer()).priority("/none")


def test_a_target_is_taken_out_and_put_back(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """A target is deregistered for a while, and registered again also when the block fails."""
    elbv2 = FakeLoadBalancer()
    with pytest.raises(ZeroDivisionError), make_balancer(elbv2).deregistered("arn:api") as address:
        raise ZeroDivisionError

    target = {"Id": "10.0.0.7", "Port": 4321}
    assert address == "10.0.0.7:4321"
    assert elbv2.changes == [("deregister", "arn:api", [target]), ("register", "arn:api", [target])]


def test_states_of_a_group_are_sorted(make_balancer: Callable[[FakeLoadBalancer], Balancer]) -> None:
    """The states of a group's targets can be compared with a list."""
    assert make_balancer(FakeLoadBalancer()).states("arn:api") == ["healthy"]
