"""What is not of one VPC, and a public load balancer without a way in: refused by each service in its own code.

Source: API References of Elastic Load Balancing, ECS and EFS.
"""

from collections.abc import Iterator

import pytest

from tests.support.aws import Document
from tests.support.refused_calls import code_of
from tests.support.twin import CLUSTER, EDIT, Twin, Worlds


class Ground:
    """The shipped VPC and another one without an internet gateway; names stand for their ids."""

    def __init__(self, twin: Twin) -> None:
        """Make the other VPC."""
        self._twin = twin
        self._ids = dict(twin.world.stack.physical_ids)
        ec2 = twin.world.aws("ec2")
        other = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        for zone in "ab":
            block = f"10.9.{int(zone == 'b')}.0/24"
            made = ec2.create_subnet(VpcId=other, CidrBlock=block, AvailabilityZone=f"us-west-2{zone}")
            self._ids[f"OTHER_{zone.upper()}"] = made["Subnet"]["SubnetId"]
        made = ec2.create_security_group(GroupName="other", Description="other", VpcId=other)
        self._ids["OTHER_GROUP"] = made["GroupId"]
        files = self._ids["FileSystem"]
        [target] = [
            each
            for each in twin.world.aws("efs").describe_mount_targets(FileSystemId=files)["MountTargets"]
            if each["SubnetId"] == self._ids["SubnetA"]
        ]
        self._ids["TARGET"] = target["MountTargetId"]

    def code(self, service: str, operation: str, parameters: Document) -> str:
        """Return the code with which a call is refused, empty when it is taken."""
        return code_of(self._twin.world.bridge.client("scenario", service), operation, parameters, self._ids)


@pytest.fixture(scope="module")
def ground(worlds: Worlds) -> Iterator[Ground]:
    """Give a world in which nothing acts."""
    with worlds.open(alive=False) as twin:
        yield Ground(twin)


NEW = {"Name": "new", "Subnets": ["SubnetA", "SubnetB"]}
SUBNETS, GROUPS = ["SubnetA", "SubnetB"], ["TaskSecurityGroup"]
BALANCER = {"LoadBalancerArn": "LoadBalancer"}
SERVICE = {"cluster": CLUSTER, "service": EDIT}


def network(subnets: list[str], groups: list[str]) -> Document:
    """Return UpdateService with a network."""
    return {**SERVICE, "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups}}}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("elbv2", "create_load_balancer", {**NEW, "Subnets": ["OTHER_A", "OTHER_B"]}, "InvalidSubnet"),
        ("elbv2", "create_load_balancer", {**NEW, "Subnets": ["SubnetA", "OTHER_B"]}, "InvalidConfigurationRequest"),
        ("elbv2", "create_load_balancer", {**NEW, "SecurityGroups": ["OTHER_GROUP"]}, "InvalidConfigurationRequest"),
        ("elbv2", "create_load_balancer", {**NEW, "SecurityGroups": GROUPS}, ""),
        (
            "elbv2",
            "create_load_balancer",
            {"Name": "inside", "Subnets": ["OTHER_A", "OTHER_B"], "Scheme": "internal"},
            "",
        ),
        ("elbv2", "set_subnets", {**BALANCER, "Subnets": ["OTHER_A", "OTHER_B"]}, "InvalidConfigurationRequest"),
        ("elbv2", "set_subnets", {**BALANCER, "Subnets": SUBNETS}, ""),
        (
            "elbv2",
            "set_security_groups",
            {**BALANCER, "SecurityGroups": ["OTHER_GROUP"]},
            "InvalidConfigurationRequest",
        ),
        ("elbv2", "set_security_groups", {**BALANCER, "SecurityGroups": []}, "InvalidConfigurationRequest"),
        ("elbv2", "set_security_groups", {**BALANCER, "SecurityGroups": GROUPS}, ""),
        ("ecs", "update_service", network(SUBNETS, ["OTHER_GROUP"]), "InvalidParameterException"),
        ("ecs", "update_service", network(["SubnetA", "OTHER_B"], GROUPS), "InvalidParameterException"),
        ("ecs", "update_service", network(SUBNETS, GROUPS), ""),
        (
            "efs",
            "modify_mount_target_security_groups",
            {"MountTargetId": "TARGET", "SecurityGroups": ["OTHER_GROUP"]},
            "SecurityGroupNotFound",
        ),
        ("efs", "modify_mount_target_security_groups", {"MountTargetId": "TARGET", "SecurityGroups": GROUPS}, ""),
        (
            "efs",
            "create_mount_target",
            {"FileSystemId": "FileSystem", "SubnetId": "SubnetA", "SecurityGroups": ["OTHER_GROUP"]},
            "SecurityGroupNotFound",
        ),
    ],
    ids=str,
)
def test_what_is_not_of_one_vpc_is_refused(
    ground: Ground, service: str, operation: str, parameters: Document, code: str
) -> None:
    """Each rule refuses what breaks it, and takes what does not."""
    assert ground.code(service, operation, parameters) == code
