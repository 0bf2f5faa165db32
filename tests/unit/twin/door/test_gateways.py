"""What EC2 refuses of gateways, routes, addresses, endpoints and rules: a bad call, and its good neighbour.

Source: Amazon EC2 API Reference, the page of each operation and "Error codes for the Amazon EC2 API".
"""

from collections.abc import Iterator, Mapping

import pytest

from seatrials.seams.application import AwsClient
from tests.support.aws import Document
from tests.support.network import ANYWHERE, REGION, tcp
from tests.support.refused_calls import code_of
from tests.support.twin import Worlds


class Ground:
    """Two VPCs to be wrong about, the shipped one and another; names stand for their ids."""

    def __init__(self, ec2: AwsClient, ids: Mapping[str, str]) -> None:
        """Make the other VPC, and a NAT gateway in the shipped one."""
        self.ec2 = ec2
        self.ids = {**ids}
        self.ids["OTHER"] = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        self.ids["OTHER_TABLE"] = ec2.create_route_table(VpcId=self.ids["OTHER"])["RouteTable"]["RouteTableId"]
        made = ec2.create_security_group(GroupName="other", Description="other", VpcId=self.ids["OTHER"])
        self.ids["OTHER_GROUP"] = made["GroupId"]
        self.ids["ADDRESS"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
        self.ids["FREE_ADDRESS"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = ec2.create_nat_gateway(SubnetId=self.ids["SubnetA"], AllocationId=self.ids["ADDRESS"])
        self.ids["NAT"] = nat["NatGateway"]["NatGatewayId"]
        self.ids["FREE_GATEWAY"] = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]

    def code(self, operation: str, parameters: Document) -> str:
        """Return the code with which a call is refused, empty when it is taken."""
        return code_of(self.ec2, operation, parameters, self.ids)


@pytest.fixture(scope="module")
def ground(worlds: Worlds) -> Iterator[Ground]:
    """Give a world in which nothing acts."""
    with worlds.open(alive=False) as twin:
        yield Ground(twin.world.bridge.client("scenario", "ec2"), twin.world.stack.physical_ids)


ROUTE = {"RouteTableId": "RouteTable", "DestinationCidrBlock": "192.0.2.0/24"}
ENDPOINT = {"VpcId": "Vpc", "VpcEndpointType": "Interface"}
LOGS, ECS = ({"ServiceName": f"com.amazonaws.{REGION}.{each}"} for each in ("logs", "ecs"))
S3 = {"VpcId": "Vpc", "ServiceName": f"com.amazonaws.{REGION}.s3"}
NO_PORTS = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": ANYWHERE}]}


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("create_subnet", {"VpcId": "Vpc", "CidrBlock": "10.0.99.0/29"}, "InvalidSubnet.Range"),
        ("create_subnet", {"VpcId": "Vpc", "CidrBlock": "10.0.99.0/28"}, ""),
        ("create_route", ROUTE, "MissingParameter"),
        (
            "create_route",
            {**ROUTE, "GatewayId": "InternetGateway", "NatGatewayId": "NAT"},
            "InvalidParameterCombination",
        ),
        ("create_route", {**ROUTE, "NatGatewayId": "nat-0123456789abcdef0"}, "NatGatewayNotFound"),
        ("create_route", {**ROUTE, "NatGatewayId": "NAT"}, ""),
        ("create_route", {**ROUTE, "DestinationCidrBlock": ANYWHERE, "NatGatewayId": "NAT"}, "RouteAlreadyExists"),
        ("create_route", {**ROUTE, "RouteTableId": "OTHER_TABLE", "NatGatewayId": "NAT"}, "InvalidParameterValue"),
        ("create_route", {**ROUTE, "GatewayId": "FREE_GATEWAY"}, "InvalidParameterValue"),
        ("replace_route", {**ROUTE, "DestinationCidrBlock": ANYWHERE, "NatGatewayId": "NAT"}, ""),
        ("associate_route_table", {"RouteTableId": "OTHER_TABLE", "SubnetId": "SubnetA"}, "Resource.AlreadyAssociated"),
        ("associate_route_table", {"RouteTableId": "RouteTable", "SubnetId": "SubnetA"}, ""),
        ("attach_internet_gateway", {"VpcId": "Vpc", "InternetGatewayId": "FREE_GATEWAY"}, "InvalidParameterValue"),
        ("attach_internet_gateway", {"VpcId": "OTHER", "InternetGatewayId": "FREE_GATEWAY"}, ""),
        ("detach_internet_gateway", {"VpcId": "Vpc", "InternetGatewayId": "InternetGateway"}, "DependencyViolation"),
        ("detach_internet_gateway", {"VpcId": "OTHER", "InternetGatewayId": "FREE_GATEWAY"}, ""),
        ("create_nat_gateway", {"SubnetId": "SubnetA"}, "MissingParameter"),
        ("create_nat_gateway", {"SubnetId": "SubnetA", "ConnectivityType": "private"}, ""),
        ("create_nat_gateway", {"SubnetId": "SubnetA", "AllocationId": "ADDRESS"}, "Resource.AlreadyAssociated"),
        ("release_address", {"AllocationId": "ADDRESS"}, "InvalidIPAddress.InUse"),
        ("release_address", {"AllocationId": "FREE_ADDRESS"}, ""),
        ("create_vpc_endpoint", {"VpcId": "Vpc", **LOGS}, "InvalidParameter"),
        ("create_vpc_endpoint", S3, ""),
        ("create_vpc_endpoint", {**ENDPOINT, "VpcId": "OTHER", **LOGS}, "InvalidParameter"),
        ("create_vpc_endpoint", {**ENDPOINT, "VpcId": "OTHER", **LOGS, "PrivateDnsEnabled": False}, ""),
        ("create_vpc_endpoint", {**ENDPOINT, **ECS}, ""),
        ("create_vpc_endpoint", {**ENDPOINT, **ECS}, "InvalidParameter"),
        (
            "authorize_security_group_ingress",
            {"GroupId": "TaskSecurityGroup", "IpPermissions": [tcp(99, group="OTHER_GROUP")]},
            "InvalidGroup.NotFound",
        ),
        (
            "authorize_security_group_ingress",
            {"GroupId": "TaskSecurityGroup", "IpPermissions": [tcp(99, group="LoadBalancerSecurityGroup")]},
            "",
        ),
        (
            "authorize_security_group_egress",
            {"GroupId": "TaskSecurityGroup", "IpPermissions": [NO_PORTS]},
            "InvalidParameterValue",
        ),
    ],
    ids=str,
)
def test_what_ec2_refuses_is_refused(ground: Ground, operation: str, parameters: Document, code: str) -> None:
    """Each rule refuses what breaks it, and takes what does not."""
    assert ground.code(operation, parameters) == code


def test_a_default_group_lets_its_members_in(ground: Ground) -> None:
    """EC2 makes it so with each VPC (Amazon VPC User Guide, "Default security groups for your VPCs")."""
    filters = [{"Name": "vpc-id", "Values": [ground.ids["OTHER"]]}, {"Name": "group-name", "Values": ["default"]}]
    [group] = ground.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    [rule] = group["IpPermissions"]

    assert (rule["IpProtocol"], [each["GroupId"] for each in rule["UserIdGroupPairs"]]) == ("-1", [group["GroupId"]])
