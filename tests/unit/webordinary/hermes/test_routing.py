"""Rules and target groups as moto's load balancer holds them; it refuses what AWS refuses."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from seatrials.seams.application import AwsClient
from seatrials.webordinary.hermes import rules
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.routing import Router

A = Task("arn:aws:ecs:us-west-2:123456789012:task/cluster/" + 31 * "0" + "a", "10.0.1.1", 1.0)
B = Task("arn:aws:ecs:us-west-2:123456789012:task/cluster/" + 31 * "0" + "b", "10.0.1.2", 2.0)


class Balancer:
    """A load balancer with one listener."""

    def __init__(self, elbv2: AwsClient, ec2: AwsClient) -> None:
        self.elbv2 = elbv2
        self.vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet_id = ec2.create_subnet(VpcId=self.vpc_id, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        balancer = self.elbv2.create_load_balancer(Name="alb", Subnets=[subnet_id])["LoadBalancers"][0]
        default = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listeners = self.elbv2.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[default]
        )["Listeners"]
        self.listener_arn: str = listeners[0]["ListenerArn"]
        self.router = Router(self.elbv2, self.listener_arn, self.vpc_id, "cluster")

    def rules(self) -> list[rules.Rule]:
        """Return all rules but the default one, in their order."""
        found = self.elbv2.describe_rules(ListenerArn=self.listener_arn)["Rules"]
        return sorted((rule for rule in found if rule["Priority"] != "default"), key=lambda rule: int(rule["Priority"]))

    def summary(self) -> list[tuple[str, str | None, str]]:
        """Return priority, session and kind of every rule."""
        return [(rule["Priority"], rules.session_of(rule), rules.kind_of(rule)) for rule in self.rules()]

    def group_names(self) -> list[str]:
        """Return the names of all target groups."""
        return sorted(group["TargetGroupName"] for group in self.elbv2.describe_target_groups()["TargetGroups"])


@pytest.fixture(scope="module")
def clients() -> list[AwsClient]:
    """Return clients of ELBv2 and EC2, for making one takes longer than a test."""
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-west-2")  # noqa: S106
    return [session.client(service) for service in ("elbv2", "ec2")]


@pytest.fixture
def balancer(clients: list[AwsClient], monkeypatch: pytest.MonkeyPatch) -> Iterator[Balancer]:
    """Return a load balancer that is forgotten after the test."""
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield Balancer(*clients)


def test_a_session_gets_three_rules_to_its_tasks_groups(balancer: Balancer) -> None:
    """And asking again changes nothing."""
    for _ in range(2):
        balancer.router.ensure_rules("session-1", balancer.router.ensure_groups(A))

    expected = [("150", "session-1", "preview"), ("151", "session-1", "api"), ("152", "session-1", "hmr")]
    assert (expected, ["wo-api-00000000000a", "wo-hmr-00000000000a", "wo-preview-00000000000a"]) == (
        balancer.summary(),
        balancer.group_names(),
    )


def test_a_target_group_is_as_the_contract_has_it(balancer: Balancer) -> None:
    """Type ip, port, health check, deregistration delay, tag and target."""
    arn = balancer.router.ensure_groups(A)["hmr"]
    (group,) = balancer.elbv2.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    attributes = balancer.elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    (tags,) = balancer.elbv2.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    (target,) = balancer.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]

    expected = {
        "TargetType": "ip",
        "Port": 4322,
        "HealthCheckPath": "/health",
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 2,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
    }
    assert {name: group[name] for name in expected} == expected
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "30"} in attributes
    assert [{"Key": "webordinary:task", "Value": A.arn}] == tags["Tags"]
    assert (target["Target"]["Id"], target["Target"]["Port"]) == ("10.0.1.1", 4322)


def test_a_priority_that_was_taken_meanwhile_is_passed_over(
    balancer: Balancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two Hermes may look for one at the same time. Source: ELBv2 API Reference, CreateRule, PriorityInUse."""
    groups = balancer.router.ensure_groups(A)
    balancer.router.ensure_rules("session-1", groups)
    other = Router(balancer.elbv2, balancer.listener_arn, balancer.vpc_id, "cluster")
    monkeypatch.setattr(other, "_rules", list)
    other.ensure_rules("session-2", groups)

    assert [rule["Priority"] for rule in balancer.rules()] == ["150", "151", "152", "153", "154", "155"]


def test_rules_turn_to_another_task(balancer: Balancer) -> None:
    """With the same priorities, and after them nothing holds the old groups."""
    balancer.router.ensure_rules("session-1", balancer.router.ensure_groups(A))
    groups = balancer.router.ensure_groups(B)
    balancer.router.ensure_rules("session-1", groups)
    balancer.router.remove_unused_groups([B.arn])

    assert all(rules.leads_to(rule, rules.forward(groups[rules.kind_of(rule)])) for rule in balancer.rules())
    assert balancer.group_names() == ["wo-api-00000000000b", "wo-hmr-00000000000b", "wo-preview-00000000000b"]


def test_a_rule_that_was_made_twice_goes(balancer: Balancer) -> None:
    """A Hermes that had hung makes its rules after another has made them; the session is then where it is moved to."""
    balancer.router.ensure_rules("session-1", balancer.router.ensure_groups(A))
    [api] = [rule for rule in balancer.rules() if rules.kind_of(rule) == "api"]
    for priority in range(198, 200):
        balancer.elbv2.create_rule(
            ListenerArn=balancer.listener_arn,
            Priority=priority,
            Conditions=[{key: value for key, value in each.items() if value} for each in api["Conditions"]],
            Actions=[{"Type": "forward", "TargetGroupArn": api["Actions"][0]["TargetGroupArn"]}],
        )
    groups = balancer.router.ensure_groups(B)
    balancer.router.ensure_rules("session-1", groups)

    assert sorted(rules.kind_of(rule) for rule in balancer.rules()) == ["api", "hmr", "preview"]
    assert all(rules.leads_to(rule, rules.forward(groups[rules.kind_of(rule)])) for rule in balancer.rules())
    assert api["Priority"] in [rule["Priority"] for rule in balancer.rules()]


def test_a_standby_group_is_used_by_the_rules(balancer: Balancer) -> None:
    """So that its targets are checked; what uses a group cannot lose it."""
    old, new = balancer.router.ensure_groups(A), balancer.router.ensure_groups(B)
    balancer.router.ensure_rules("session-1", old, standby=new)

    assert all(
        rules.leads_to(rule, rules.forward(old[rules.kind_of(rule)], new[rules.kind_of(rule)]))
        for rule in balancer.rules()
    )
    with pytest.raises(ClientError, match="in use"):
        balancer.elbv2.delete_target_group(TargetGroupArn=new["hmr"])


def test_a_handover_is_opened_and_closed(balancer: Balancer) -> None:
    """Before the session's own rules, and gone after."""
    groups = balancer.router.ensure_groups(A)
    balancer.router.ensure_rules("session-1", groups)
    balancer.router.open_handover("session-1", B, balancer.router.ensure_groups(B)["api"])
    during = balancer.summary()[0]
    balancer.router.close_handover("session-1")

    assert (during, len(balancer.rules())) == (("100", "session-1", "handover"), 3)


def test_removal_takes_what_is_there_and_no_more(balancer: Balancer) -> None:
    """Another session's rules stay, and with them the groups of the task they share; nothing there is no error."""
    groups = balancer.router.ensure_groups(A)
    for session_id in ("session-1", "session-2"):
        balancer.router.ensure_rules(session_id, groups)
    for _ in range(2):
        balancer.router.remove_rules("session-1")
        balancer.router.remove_unused_groups([])

    assert ([session for _, session, _ in balancer.summary()], len(balancer.group_names())) == (["session-2"] * 3, 3)


def test_a_sweep_leaves_what_is_used_and_what_is_not_hermess(balancer: Balancer) -> None:
    """Unused tasks lose their groups, others nothing, and only Hermes's own rules tell of sessions."""
    balancer.router.ensure_rules("session-1", balancer.router.ensure_groups(A))
    balancer.router.ensure_rules("session-2", balancer.router.ensure_groups(B))
    static = balancer.elbv2.create_target_group(Name="edit-api", Protocol="HTTP", Port=8080, VpcId=balancer.vpc_id)
    condition = {"Field": "path-pattern", "Values": ["/session/session-1"]}
    forward = rules.forward(static["TargetGroups"][0]["TargetGroupArn"])
    balancer.elbv2.create_rule(ListenerArn=balancer.listener_arn, Priority=610, Conditions=[condition], Actions=forward)
    known = balancer.router.sessions()
    balancer.router.remove_rules("session-1")
    balancer.router.remove_unused_groups([B.arn])

    assert known == ["session-1", "session-2"]
    names = ["edit-api", "wo-api-00000000000b", "wo-hmr-00000000000b", "wo-preview-00000000000b"]
    assert (["153", "154", "155", "610"], names) == (
        [rule["Priority"] for rule in balancer.rules()],
        balancer.group_names(),
    )


def test_groups_serve_while_the_preview_is_healthy(balancer: Balancer) -> None:
    """A task without groups serves nothing."""
    groups = balancer.router.ensure_groups(A)

    assert [groups, None, None] == [balancer.router.serving_groups(arn) for arn in (A.arn, B.arn, None)]


def test_groups_of_another_hermes_stay(balancer: Balancer) -> None:
    """Two stacks of one network give their groups names of one form; whose they are says the task on their tag."""
    other = Router(balancer.elbv2, balancer.listener_arn, balancer.vpc_id, "their-cluster")
    other.ensure_groups(Task(B.arn.replace("/cluster/", "/their-cluster/"), "10.0.1.9", 1.0))
    balancer.router.ensure_groups(A)
    balancer.router.remove_unused_groups([])

    assert balancer.group_names() == ["wo-api-00000000000b", "wo-hmr-00000000000b", "wo-preview-00000000000b"]
