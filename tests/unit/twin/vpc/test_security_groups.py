"""Security groups as AWS documents them: only what a rule lets in arrives."""

from typing import Any

import pytest

from tests.support.twin import Twin

BALANCER = "10.0.1.5"
BROWSER = "203.0.113.10"


def ingress(twin: Twin, resource: str) -> dict[str, Any]:
    """Return a group of the template, by its logical id, as EC2 describes it."""
    group = twin.world.stack.physical_ids[resource]
    description: dict[str, Any] = twin.world.aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    return description


def revoke_all(twin: Twin, resource: str) -> None:
    """Take every rule from a group."""
    group = ingress(twin, resource)
    twin.world.aws("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])


def test_a_member_of_a_named_group_is_let_in(twin: Twin) -> None:
    """A rule that names a group lets its members in, on the rule's ports (VPC User Guide, "Security group rules")."""
    [run] = twin.scale(1)
    admit = twin.world.vpc.admit

    assert admit(BALANCER, run.address, 8080)
    assert not admit(BALANCER, run.address, 22)


def test_nobody_else_is_let_in(twin: Twin) -> None:
    """What no rule allows is denied (VPC User Guide, "Security group basics")."""
    [run] = twin.scale(1)
    admit = twin.world.vpc.admit

    assert not admit(BROWSER, run.address, 8080)
    assert not admit(run.address, run.address, 8080)


def test_a_range_lets_its_addresses_in(twin: Twin) -> None:
    """A rule that names 0.0.0.0/0 lets everybody in, on its ports alone."""
    admit = twin.world.vpc.admit

    assert admit(BROWSER, BALANCER, 443)
    assert not admit(BROWSER, BALANCER, 8080)


def test_a_change_of_a_rule_takes_effect(twin: Twin) -> None:
    """Rules that are added or removed apply at once (VPC User Guide, "Security group basics")."""
    [run] = twin.scale(1)
    before = twin.world.vpc.admit(BALANCER, run.address, 8080)
    revoke_all(twin, "TaskSecurityGroup")

    assert before
    assert not twin.world.vpc.admit(BALANCER, run.address, 8080)


def test_what_is_not_let_in_is_lost(twin: Twin) -> None:
    """Packets that no rule lets in vanish: the client gets no refusal, and waits (VPC User Guide)."""
    [run] = twin.scale(1)
    before = twin.now

    with pytest.raises(TimeoutError, match="does not answer"):
        twin.world.client_host.connect(run.address, 8080, timeout_seconds=7)
    assert twin.now - before == pytest.approx(7, abs=0.1)


def test_health_checks_of_a_closed_task_time_out(twin: Twin) -> None:
    """A task that the balancer may not reach never becomes healthy, and the reason says timeout."""
    revoke_all(twin, "TaskSecurityGroup")
    twin.ecs.update_service(cluster="webordinary-edit-cluster", service="webordinary-edit-service", desiredCount=1)
    twin.sleep(120)
    group = twin.world.stack.physical_ids["EditApiTargetGroup"]
    health = twin.world.aws("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]

    assert health[0]["TargetHealth"]["Reason"] == "Target.Timeout"
    assert "healthy" not in [each["TargetHealth"]["State"] for each in health]
