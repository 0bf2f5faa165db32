"""What is the stack's own, while others come and go in the same account."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from seatrials.environments.parts import ResourceNames
from seatrials.platform.ownership import Ownership

if TYPE_CHECKING:
    from seatrials.seams.application import AwsClient

NAMES = ResourceNames()
OURS, THEIRS = f"arn:task/x:task/{NAMES.cluster}/1", "arn:task/x:task/another-cluster/1"


class GroupGoneError(Exception):
    """What ELBv2 raises when one of the groups that it is asked about is not there."""


class Elbv2:
    """Two load balancers' groups, one of which is gone as soon as it was listed."""

    exceptions = SimpleNamespace(TargetGroupNotFoundException=GroupGoneError)

    def describe_load_balancers(self, **_parameters: object) -> dict[str, Any]:
        """Return ours."""
        return {"LoadBalancers": [{"LoadBalancerArn": "arn:lb", "VpcId": "vpc-1"}]}

    def get_paginator(self, _operation: str) -> "Elbv2":
        """Return what gives the pages of groups."""
        return self

    def paginate(self, **_parameters: object) -> list[dict[str, Any]]:
        """Return groups that no load balancer uses: ours, a neighbour's, and one that goes."""
        name = f"{NAMES.session_group_prefix}api"
        groups = [
            {"TargetGroupArn": arn, "TargetGroupName": name, "VpcId": "vpc-1"} for arn in ("ours", "theirs", "gone")
        ]
        return [{"TargetGroups": groups}]

    def describe_tags(self, ResourceArns: list[str]) -> dict[str, Any]:  # noqa: N803  # boto3's own parameter
        """Return whose each is, or of none when one is gone."""
        if "gone" in ResourceArns:
            raise GroupGoneError
        tags = {"ours": OURS, "theirs": THEIRS}
        described = [{"ResourceArn": arn, "Tags": [{"Key": "task", "Value": tags[arn]}]} for arn in ResourceArns]
        return {"TagDescriptions": described}


@pytest.fixture
def ownership() -> Ownership:
    """Return what is ours of the account."""
    return Ownership(NAMES, lambda _service: cast("AwsClient", Elbv2()))


def test_a_neighbours_group_that_goes_meanwhile_is_no_failure(ownership: Ownership) -> None:
    """What is there is told by its tags all the same; of what is gone nobody can say whose it was."""
    groups = {each["TargetGroupArn"] for each in ownership.target_groups()}

    assert "ours" in groups
    assert "theirs" not in groups
