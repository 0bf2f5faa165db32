"""Tests of what belongs to the services under test, as AWS says it."""

import pytest

from seatrials.environments.parts import ResourceNames
from seatrials.safety.under_test import UnderTest, family_of
from tests.support.aws import Clients
from tests.support.live_run import set_edit_desired
from tests.support.small_platform import SmallPlatform

NAMES = ResourceNames()


@pytest.fixture
def under_test(small_platform: SmallPlatform) -> UnderTest:
    """Return the services of the small platform."""
    return UnderTest(NAMES, small_platform.aws)


def _make_group(aws: Clients, name: str) -> str:
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    made = aws("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def _route(aws: Clients, balancer: str, group: str, priority: int) -> None:
    elbv2 = aws("elbv2")
    arn = elbv2.describe_load_balancers(Names=[balancer])["LoadBalancers"][0]["LoadBalancerArn"]
    elbv2.create_rule(
        ListenerArn=elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]["ListenerArn"],
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )


def test_groups_are_those_that_a_service_or_a_session_names(
    under_test: UnderTest, small_platform: SmallPlatform
) -> None:
    """Neither a group without a rule, nor one of another rule, nor one that only another load balancer uses."""
    aws = small_platform.aws
    of_session, of_service, other, _unused = (_make_group(aws, name) for name in ("session", "edit", "other", "unused"))
    _route(aws, NAMES.load_balancer, of_session, 100)
    _route(aws, NAMES.load_balancer, of_service, 20)
    _route(aws, NAMES.load_balancer, other, 30)
    loaded = [{"targetGroupArn": of_service, "containerName": "app", "containerPort": 8080}]
    aws("ecs").update_service(cluster=NAMES.cluster, service=NAMES.edit_service, loadBalancers=loaded)

    assert under_test.target_groups() == {of_session, of_service}


def test_a_group_of_another_load_balancer_is_not_under_test(
    under_test: UnderTest, small_platform: SmallPlatform
) -> None:
    """Though a rule at a session's priority names it there."""
    elbv2 = small_platform.aws("elbv2")
    subnets = [each["SubnetId"] for each in small_platform.aws("ec2").describe_subnets()["Subnets"][:2]]
    balancer = elbv2.create_load_balancer(Name="theirs", Subnets=subnets)["LoadBalancers"][0]
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    elbv2.create_listener(LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[fixed])
    _route(small_platform.aws, "theirs", _make_group(small_platform.aws, "theirs"), 100)

    assert under_test.target_groups() == set()


def test_a_session_has_the_client_of_its_item(under_test: UnderTest, small_platform: SmallPlatform) -> None:
    """One without an item has none."""
    session_id = small_platform.add_session("acme")

    assert under_test.client_of(session_id) == "acme"
    assert under_test.client_of("session-unknown") is None


def test_strangers_are_open_sessions_of_others(under_test: UnderTest, small_platform: SmallPlatform) -> None:
    """Neither one's own nor those that are over."""
    stranger = small_platform.add_session("acme")
    small_platform.add_session("TEST_run-1_COLD-03-client-1")
    small_platform.add_session("acme", status="expired")

    assert under_test.strangers("TEST_run-1_") == [stranger]


def test_a_service_wants_tasks_of_a_family(under_test: UnderTest, small_platform: SmallPlatform) -> None:
    """As ECS says now."""
    set_edit_desired(small_platform, 2)

    assert under_test.desired_count(NAMES.edit_service) == 2  # as it was set
    assert under_test.family(NAMES.hermes_service) == NAMES.hermes_service


def test_a_task_of_the_cluster_is_not_yet_a_service_s(under_test: UnderTest, small_platform: SmallPlatform) -> None:
    """A task that somebody runs by hand, and one that does not exist, are not under test."""
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    ran = small_platform.aws("ecs").run_task(
        cluster=NAMES.cluster,
        taskDefinition=NAMES.edit_service,
        launchType="FARGATE",
        networkConfiguration=network,
        group="family:by-hand",
    )

    assert not under_test.has_task(ran["tasks"][0]["taskArn"])
    assert not under_test.has_task("00000000000000000000000000000000")
    assert under_test.addresses() == set()


@pytest.mark.parametrize("definition", ["edit", "edit:7", "arn:aws:ecs:us-west-2:123456789012:task-definition/edit:7"])
def test_a_definition_has_a_family(definition: str) -> None:
    """However it is written."""
    assert family_of(definition) == "edit"
