"""Tests of what a run's credentials may do, against answers of IAM's simulation."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from seatrials.platform.credentials import ADMINISTRATORS, Credentials
from seatrials.rights.calls import Purpose, needed
from tests.support.aws import Json
from tests.support.judged import environment

ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/examiner"
SESSION = "arn:aws:sts::123456789012:assumed-role/examiner/a-session"
BALANCER = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/webordinary-edit-alb/1"
TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/webordinary-edit-sessions"
SERVICE = "arn:aws:ecs:us-west-2:123456789012:service/webordinary-edit-cluster"
SERVICES = ("webordinary-edit-service", "webordinary-hermes-service")
# What a policy allows: an action and a resource, as patterns.
Allows = Callable[[str, str], bool]


class FakeAws:
    """STS, IAM and the load balancer of one principal; pages of two results, as IAM may cut them anywhere."""

    def __init__(self, caller: str, allows: Allows) -> None:
        self._caller = caller
        self._allows = allows
        self.asked: set[str] = set()
        self.context: list[dict[str, Any]] = []

    def client(self, service: str) -> "FakeAws":
        """Return the client of any of these: this one answers for all."""
        assert service in {"elbv2", "iam", "sts"}
        return self

    def get_caller_identity(self) -> dict[str, str]:
        """Say who calls."""
        return {"Arn": self._caller, "Account": "123456789012"}

    def get_role(self, **given: Json) -> dict[str, Any]:
        """Return the role with its path, which its sessions leave out."""
        assert given == {"RoleName": "examiner"}
        return {"Role": {"Arn": ROLE}}

    def describe_load_balancers(self, **_given: Json) -> dict[str, Any]:
        """Return the load balancer."""
        return {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "VpcId": "vpc-1"}]}

    def describe_listeners(self, **_given: Json) -> dict[str, Any]:
        """Return its listener."""
        return {"Listeners": [{"ListenerArn": f"{BALANCER.replace('loadbalancer', 'listener')}/2"}]}

    def get_paginator(self, operation: str) -> "FakeAws":
        """Return the paginator of the one operation."""
        assert operation == "simulate_principal_policy"
        return self

    def paginate(self, **given: Json) -> list[dict[str, Any]]:
        """Answer in pages, for one resource."""
        [resource] = given["ResourceArns"]
        self.asked.add(given["PolicySourceArn"])
        self.context += given.get("ContextEntries", [])
        results = [
            {"EvalActionName": name, "EvalDecision": "allowed" if self._allows(name, resource) else "implicitDeny"}
            for name in given["ActionNames"]
        ]
        return [{"EvaluationResults": results[at : at + 2]} for at in range(0, len(results), 2)]


def credentials(allows: Allows, caller: str = SESSION) -> tuple[Credentials, FakeAws]:
    """Return the credentials of a principal whom its policies allow so much."""
    aws = FakeAws(caller, allows)
    system = "arn:aws:elasticfilesystem:us-west-2:123456789012:file-system/fs-1"
    return Credentials(aws.client, environment(), lambda: system), aws


@pytest.mark.parametrize("caller", [ROLE, SESSION])
def test_a_role_is_asked_for_by_its_own_name_and_path(caller: str) -> None:
    """IAM simulates roles and users, not the sessions that a role speaks through, whose ARN has no path."""
    found, aws = credentials(lambda _action, _resource: True, caller)
    found.missing()

    assert aws.asked == {ROLE}


def test_a_right_on_the_stacks_own_resources_is_enough() -> None:
    """Lease and journal are written to one table, and no policy of care allows it on all; the ARN is asked for."""
    writes = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
    found, _ = credentials(lambda action, resource: resource == TABLE if action in writes else True)

    assert found.missing() == []


def test_what_is_allowed_elsewhere_is_missing() -> None:
    """A role for another table, and for services of another cluster, is not good for a run here."""
    found, _ = credentials(lambda _action, resource: resource != TABLE and "service/" not in resource)

    assert found.missing() == [
        *(
            f"dynamodb:{each} on {TABLE}"
            for each in (
                *("ConditionCheckItem", "DeleteItem", "DescribeContinuousBackups", "DescribeTable"),
                *("DescribeTimeToLive", "GetItem", "PutItem", "Query", "UpdateItem"),
            )
        ),
        *(f"ecs:{action} on {SERVICE}/{name}" for action in ("DescribeServices", "UpdateService") for name in SERVICES),
    ]


def test_conditions_are_asked_with_what_they_look_at() -> None:
    """A policy that is bound to a region, or to a cluster, allows nothing to who does not say which."""
    found, aws = credentials(lambda _action, _resource: True)
    found.missing()

    cluster = "arn:aws:ecs:us-west-2:123456789012:cluster/webordinary-edit-cluster"
    assert {(each["ContextKeyName"], *each["ContextKeyValues"]) for each in aws.context} == {
        ("aws:RequestedRegion", "us-west-2"),
        ("dynamodb:LeadingKeys", "seatrials#0"),
        ("ecs:cluster", cluster),
    }


@pytest.mark.parametrize(
    ("pattern", "resource", "found"),
    [
        ("dynamodb:*", TABLE, f"dynamodb:DeleteTable on {TABLE}"),
        ("elasticloadbalancing:*", BALANCER, f"elasticloadbalancing:DeleteLoadBalancer on {BALANCER}"),
        ("iam:*", ROLE, f"iam:AttachRolePolicy on {ROLE}"),
        ("ec2:*", "*", "ec2:DeleteVpc on *"),
        ("kms:*", "*", "kms:ScheduleKeyDeletion on *"),
    ],
)
def test_an_administrator_of_one_resource_is_found(pattern: str, resource: str, found: str) -> None:
    """Whose rights are bound to ARNs is one all the same; what needs no ARN is asked for on any."""
    scoped, _ = credentials(lambda action, asked: fnmatchcase(action, pattern) and asked == resource)
    nobody, _ = credentials(lambda _action, _resource: False)

    assert found in scoped.excessive()
    assert nobody.excessive() == []


def test_a_run_needs_nothing_that_only_administrators_may() -> None:
    """The two lists exclude each other."""
    administrators = {each for every in ADMINISTRATORS.values() for each in every}

    assert needed(Purpose.RUN) & administrators == set()
