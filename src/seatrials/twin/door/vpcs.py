"""What services refuse of subnets and security groups: they are of one VPC, and a public load balancer has a way in.

Sources: Elastic Load Balancing API Reference, CreateLoadBalancer, SetSubnets, SetSecurityGroups and "Troubleshoot your
Application Load Balancers"; Amazon ECS API Reference, AwsVpcConfiguration; Amazon EFS API Reference, CreateMountTarget
and ModifyMountTargetSecurityGroups, SecurityGroupNotFound. The sentences follow public reports.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from seatrials.twin.door.refusal import Asked, Refusal, rule

_WRONG_BALANCER = "InvalidConfigurationRequest"
_WRONG_SUBNET = "InvalidSubnet"
_WRONG_SERVICE = "InvalidParameterException"
_NO_GROUP = "SecurityGroupNotFound"


@rule("elbv2", "CreateLoadBalancer", "SetSubnets")
def subnets_of_balancers(asked: Asked) -> None:
    """The subnets of a load balancer are of one VPC, which stays; one for the internet has a gateway there."""
    mappings = [each["SubnetId"] for each in asked.parameters.get("SubnetMappings", []) if each.get("SubnetId")]
    vpcs = _vpcs_of_subnets(asked, [*asked.parameters.get("Subnets", []), *mappings])
    balancer = _balancer(asked)
    own = {balancer["VpcId"]} if balancer else set()
    if len(set(vpcs.values()) | own) > 1:
        raise Refusal(_WRONG_BALANCER, "All subnets must belong to the same VPC")
    scheme = (balancer or asked.parameters).get("Scheme", "internet-facing")
    for vpc in dict.fromkeys(vpcs.values()):
        if scheme == "internet-facing" and not _has_way_in(asked, vpc):
            raise Refusal(_WRONG_SUBNET, f"VPC {vpc} has no internet gateway")


@rule("elbv2", "CreateLoadBalancer", "SetSecurityGroups")
def groups_of_balancers(asked: Asked) -> None:
    """A load balancer is in security groups of its VPC, of which an Application Load Balancer keeps one at least."""
    groups, balancer = asked.parameters.get("SecurityGroups", []), _balancer(asked)
    if balancer is not None and not groups and balancer.get("Type", "application") == "application":
        raise Refusal(_WRONG_BALANCER, "An Application Load Balancer must have a security group")
    vpcs = {balancer["VpcId"]} if balancer else _vpcs_of_subnets(asked, asked.parameters.get("Subnets", [])).values()
    for each in _strangers(asked, groups, vpcs):
        raise Refusal(_WRONG_BALANCER, f"One or more security groups are invalid: {each} is of another VPC")


@rule("ecs", "CreateService", "UpdateService")
def groups_of_services(asked: Asked) -> None:
    """The interfaces of a service's tasks are in groups of the VPC that their subnets are in."""
    network = (asked.parameters.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    vpcs = set(_vpcs_of_subnets(asked, network.get("subnets", [])).values())
    if len(vpcs) > 1:
        raise Refusal(_WRONG_SERVICE, "Subnets must belong to the same VPC.")
    for each in _strangers(asked, network.get("securityGroups", []), vpcs):
        told = "does not appear to belong to the same VPC as the input subnets."
        raise Refusal(_WRONG_SERVICE, f"Security group {each} {told}")


@rule("efs", "CreateMountTarget")
def groups_of_new_mount_targets(asked: Asked) -> None:
    """A mount target is in groups of its subnet's VPC."""
    vpcs = _vpcs_of_subnets(asked, [asked.parameters["SubnetId"]]).values()
    _refuse_strange_groups(asked, vpcs)


@rule("efs", "ModifyMountTargetSecurityGroups")
def groups_of_mount_targets(asked: Asked) -> None:
    """It stays so."""
    answer = asked.aws("efs").describe_mount_targets(MountTargetId=asked.parameters["MountTargetId"])
    _refuse_strange_groups(asked, [each["VpcId"] for each in answer["MountTargets"]])


def _refuse_strange_groups(asked: Asked, vpcs: Iterable[str]) -> None:
    for each in _strangers(asked, asked.parameters.get("SecurityGroups", []), vpcs):
        raise Refusal(_NO_GROUP, f"The security group {each} does not exist in the VPC of the subnet")


def _vpcs_of_subnets(asked: Asked, subnets: list[str]) -> dict[str, str]:
    """Return the VPC of each subnet that is there: of others each service says so itself."""
    if not subnets:
        return {}
    described = asked.aws("ec2").describe_subnets()["Subnets"]
    return {each["SubnetId"]: each["VpcId"] for each in described if each["SubnetId"] in subnets}


def _strangers(asked: Asked, groups: list[str], vpcs: Iterable[str]) -> list[str]:
    """Return the groups that are there and in none of *vpcs*, if it is known which these are."""
    known = set(vpcs)
    if not groups or not known:
        return []
    described = asked.aws("ec2").describe_security_groups()["SecurityGroups"]
    return [each["GroupId"] for each in described if each["GroupId"] in groups and each["VpcId"] not in known]


def _balancer(asked: Asked) -> Mapping[str, Any] | None:
    """Return the load balancer that a call changes, None for one that makes a new one."""
    arn = asked.parameters.get("LoadBalancerArn")
    balancers = [] if arn is None else asked.aws("elbv2").describe_load_balancers()["LoadBalancers"]
    return next((each for each in balancers if each["LoadBalancerArn"] == arn), None)


def _has_way_in(asked: Asked, vpc: str) -> bool:
    """Whether a VPC has an internet gateway; the default one has, though moto makes it without."""
    ec2 = asked.aws("ec2")
    if any(each["VpcId"] == vpc and each.get("IsDefault") for each in ec2.describe_vpcs()["Vpcs"]):
        return True
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    return vpc in [each["VpcId"] for gateway in gateways for each in gateway["Attachments"]]
