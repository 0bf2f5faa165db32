"""Resource types of EC2: the network that tasks and load balancers live in.

Source: AWS CloudFormation template reference, AWS::EC2 (return values) and botocore's model of EC2.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from seatrials.twin.cloudformation.intrinsics import PENDING
from seatrials.twin.cloudformation.resources.kind import (
    Creation,
    Extra,
    Facts,
    Lookup,
    Properties,
    ResourceType,
)

# How a rule names the other side, and the list of a permission that takes it.
_SOURCES = (
    ("CidrIp", "IpRanges", "CidrIp"),
    ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ("SourcePrefixListId", "PrefixListIds", "PrefixListId"),
    ("DestinationPrefixListId", "PrefixListIds", "PrefixListId"),
)
_NOT_PERMISSION = ("GroupId", "Description", "SourceSecurityGroupOwnerId")

# What EC2 gives a new group, and CloudFormation takes away when the template lists egress rules of its own.
_EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _permission(rule: Any) -> Any:  # noqa: ANN401  # what is no mapping is reported by the conversion
    """Return a security group rule as EC2 takes it."""
    if not isinstance(rule, Mapping):
        return rule
    sources = {name: rule[name] for name, _, _ in _SOURCES if name in rule}
    permission = {name: value for name, value in rule.items() if name not in (*sources, *_NOT_PERMISSION)}
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    for name, members, member in _SOURCES:
        if name in sources:
            permission.setdefault(members, []).append({member: sources[name], **described})
    return permission


def _single_rule(properties: Properties, _: Creation) -> Properties:
    group = {"GroupId": properties["GroupId"]} if "GroupId" in properties else {}
    return {**group, "IpPermissions": [_permission(properties)]}


def _permissions(facts: Facts, rules: Any) -> Properties:  # noqa: ANN401
    listed = [_permission(rule) for rule in rules] if isinstance(rules, list) else rules
    return {"GroupId": facts.reference, "IpPermissions": listed}


def _vpc_flag(name: str) -> Extra:
    return Extra(
        property=name,
        operation="modify_vpc_attribute",
        parameters=lambda facts, value: {"VpcId": facts.reference, name: {"Value": value}},
    )


def _of_vpc(operation: str, filters: Mapping[str, str], answered: Callable[[Any], object]) -> Lookup:
    """Return the lookup of something that EC2 makes with a VPC, by what tells it from others in the VPC."""

    def lookup(creation: Creation, facts: Facts) -> str:
        wanted = [{"Name": name, "Values": [value]} for name, value in {"vpc-id": facts.reference, **filters}.items()]
        _, answer = creation.call("ec2", operation, {"Filters": wanted})
        return str(answered(answer))

    return lookup


def _endpoint_defaults(properties: Properties, _: Creation) -> Properties:
    """Return endpoint properties with what CloudFormation, other than EC2, takes for granted: no private DNS.

    Source: AWS CloudFormation template reference, AWS::EC2::VPCEndpoint, PrivateDnsEnabled, VpcEndpointType.
    """
    document = properties.get("PolicyDocument")
    policy = {"PolicyDocument": json.dumps(document)} if isinstance(document, Mapping) else {}
    return {"PrivateDnsEnabled": False, "VpcEndpointType": "Gateway", **properties, **policy}


def _rule_id(facts: Facts) -> str:
    rules = facts.response["SecurityGroupRules"]
    # Older answers of EC2 carry no rule; the group then stands for it.
    return str(rules[0]["SecurityGroupRuleId"]) if rules else str(facts.request["GroupId"])


def _group_rule(operation: str) -> ResourceType:
    return ResourceType(
        service="ec2", operation=operation, reference=_rule_id, attributes={"Id": _rule_id}, adjust=_single_rule
    )


NETWORK: Mapping[str, ResourceType] = {
    "AWS::EC2::VPC": ResourceType(
        service="ec2",
        operation="create_vpc",
        reference="{response[Vpc][VpcId]}",
        attributes={"VpcId": "{response[Vpc][VpcId]}", "CidrBlock": "{response[Vpc][CidrBlock]}"},
        lookups={
            "DefaultSecurityGroup": _of_vpc(
                "describe_security_groups",
                {"group-name": "default"},
                lambda answer: answer["SecurityGroups"][0]["GroupId"],
            ),
            "DefaultNetworkAcl": _of_vpc(
                "describe_network_acls",
                {"default": "true"},
                lambda answer: answer["NetworkAcls"][0]["NetworkAclId"],
            ),
        },
        tag_specification="vpc",
        extras=(_vpc_flag("EnableDnsSupport"), _vpc_flag("EnableDnsHostnames")),
    ),
    "AWS::EC2::Subnet": ResourceType(
        service="ec2",
        operation="create_subnet",
        reference="{response[Subnet][SubnetId]}",
        attributes={
            "SubnetId": "{response[Subnet][SubnetId]}",
            "AvailabilityZone": "{response[Subnet][AvailabilityZone]}",
            "CidrBlock": "{response[Subnet][CidrBlock]}",
            "VpcId": "{response[Subnet][VpcId]}",
        },
        tag_specification="subnet",
        inert=("AssignIpv6AddressOnCreation", "EnableDns64", "EnableLniAtDeviceIndex", "PrivateDnsNameOptionsOnLaunch"),
        extras=(
            Extra(
                property="MapPublicIpOnLaunch",
                operation="modify_subnet_attribute",
                parameters=lambda facts, value: {"SubnetId": facts.reference, "MapPublicIpOnLaunch": {"Value": value}},
            ),
        ),
    ),
    "AWS::EC2::InternetGateway": ResourceType(
        service="ec2",
        operation="create_internet_gateway",
        reference="{response[InternetGateway][InternetGatewayId]}",
        attributes={"InternetGatewayId": "{response[InternetGateway][InternetGatewayId]}"},
        tag_specification="internet-gateway",
    ),
    "AWS::EC2::VPCGatewayAttachment": ResourceType(
        service="ec2",
        operation="attach_internet_gateway",
        reference="IGW|{request[VpcId]}",
        attributes={"AttachmentType": "IGW"},
    ),
    "AWS::EC2::RouteTable": ResourceType(
        service="ec2",
        operation="create_route_table",
        reference="{response[RouteTable][RouteTableId]}",
        attributes={"RouteTableId": "{response[RouteTable][RouteTableId]}"},
        tag_specification="route-table",
    ),
    "AWS::EC2::Route": ResourceType(
        service="ec2",
        operation="create_route",
        reference=lambda facts: f"{facts.request['RouteTableId']}|{facts.request.get('DestinationCidrBlock', PENDING)}",
        attributes={"CidrBlock": "{request[DestinationCidrBlock]}"},
    ),
    "AWS::EC2::SubnetRouteTableAssociation": ResourceType(
        service="ec2",
        operation="associate_route_table",
        reference="{response[AssociationId]}",
        attributes={"Id": "{response[AssociationId]}"},
    ),
    "AWS::EC2::EIP": ResourceType(
        service="ec2",
        operation="allocate_address",
        reference="{response[PublicIp]}",
        attributes={"AllocationId": "{response[AllocationId]}", "PublicIp": "{response[PublicIp]}"},
        tag_specification="elastic-ip",
        inert=("InstanceId", "TransferAddress"),
    ),
    "AWS::EC2::NatGateway": ResourceType(
        service="ec2",
        operation="create_nat_gateway",
        reference="{response[NatGateway][NatGatewayId]}",
        attributes={"NatGatewayId": "{response[NatGateway][NatGatewayId]}"},
        tag_specification="natgateway",
        inert=("MaxDrainDurationSeconds",),
    ),
    "AWS::EC2::VPCEndpoint": ResourceType(
        service="ec2",
        operation="create_vpc_endpoint",
        reference="{response[VpcEndpoint][VpcEndpointId]}",
        attributes={"Id": "{response[VpcEndpoint][VpcEndpointId]}"},
        tag_specification="vpc-endpoint",
        adjust=_endpoint_defaults,
    ),
    "AWS::EC2::SecurityGroup": ResourceType(
        service="ec2",
        operation="create_security_group",
        reference="{response[GroupId]}",
        attributes={"GroupId": "{response[GroupId]}", "VpcId": "{request[VpcId]}", "Id": "{response[GroupId]}"},
        name="GroupName",
        renames={"GroupDescription": "Description"},
        tag_specification="security-group",
        extras=(
            Extra(
                property="SecurityGroupIngress",
                operation="authorize_security_group_ingress",
                parameters=_permissions,
            ),
            Extra(
                property="SecurityGroupEgress",
                operation="revoke_security_group_egress",
                parameters=lambda facts, _: {"GroupId": facts.reference, "IpPermissions": [_EVERYTHING]},
            ),
            Extra(
                property="SecurityGroupEgress",
                operation="authorize_security_group_egress",
                parameters=_permissions,
            ),
        ),
    ),
    "AWS::EC2::SecurityGroupIngress": _group_rule("authorize_security_group_ingress"),
    "AWS::EC2::SecurityGroupEgress": _group_rule("authorize_security_group_egress"),
}
