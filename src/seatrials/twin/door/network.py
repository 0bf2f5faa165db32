"""What EC2's network refuses and its model does not say.

Source: Amazon EC2 API Reference, DeleteSecurityGroup: a group that an interface or another group's rule names stays;
DeleteSubnet: so does a subnet with an interface in it; DeleteRouteTable: and the main route table of a VPC;
AuthorizeSecurityGroupIngress, whose sentences follow public reports.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from seatrials.twin.door.refusal import Asked, Refusal, rule

# Source: Amazon EC2 User Guide, "Amazon EC2 instance type quotas": a new account has far fewer.
_INSTANCES_MAX = 1_000
_IN_USE = "DependencyViolation"
_WRONG_COUNT = "InvalidParameterValue"
_TOO_MANY = "InstanceLimitExceeded"
_ELSEWHERE = "InvalidGroup.NotFound"
_WITH_PORTS = ("tcp", "udp", "6", "17")


@rule("ec2", "DeleteSecurityGroup")
def security_groups_in_use(asked: Asked) -> None:
    """A group in use cannot be deleted."""
    wanted = asked.parameters.get("GroupId") or _id_of(asked, asked.parameters.get("GroupName"))
    if wanted is not None and wanted in _in_use(asked, wanted):
        raise Refusal(_IN_USE, f"resource {wanted} has a dependent object")


@rule("ec2", "DeleteSubnet")
def subnets_in_use(asked: Asked) -> None:
    """A subnet with a network interface in it cannot be deleted."""
    wanted = asked.parameters["SubnetId"]
    filters = [{"Name": "subnet-id", "Values": [wanted]}]
    interfaces = asked.aws("ec2").describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    balancers = asked.aws("elbv2").describe_load_balancers()["LoadBalancers"]
    if interfaces or wanted in [zone["SubnetId"] for each in balancers for zone in each["AvailabilityZones"]]:
        raise Refusal(_IN_USE, f"The subnet '{wanted}' has dependencies and cannot be deleted.")


@rule("ec2", "DeleteRouteTable")
def main_route_tables(asked: Asked) -> None:
    """The main route table of a VPC cannot be deleted."""
    wanted = asked.parameters["RouteTableId"]
    tables = asked.aws("ec2").describe_route_tables()["RouteTables"]
    associations = [each for table in tables if table["RouteTableId"] == wanted for each in table["Associations"]]
    if any(each.get("Main") for each in associations):
        raise Refusal(_IN_USE, f"The routeTable '{wanted}' has dependencies and cannot be deleted.")


@rule("ec2", "RunInstances")
def instances(asked: Asked) -> None:
    """One call starts no more instances than an account may have."""
    least, most = asked.parameters["MinCount"], asked.parameters["MaxCount"]
    if not 1 <= least <= most:
        raise Refusal(_WRONG_COUNT, f"MinCount {least} must be from 1 to MaxCount {most}")
    if most > _INSTANCES_MAX:
        raise Refusal(_TOO_MANY, f"You have requested {most} instances, over the limit of {_INSTANCES_MAX}")


def _id_of(asked: Asked, name: str | None) -> str | None:
    groups = asked.aws("ec2").describe_security_groups()["SecurityGroups"]
    return next((each["GroupId"] for each in groups if each["GroupName"] == name), None)


def _in_use(asked: Asked, wanted: str) -> set[str]:
    """Return the groups that load balancers, services and mount targets are in, and those that rules of others name."""
    return {*_of_load_balancers(asked), *_of_services(asked), *_of_mount_targets(asked), *_of_rules(asked, wanted)}


def _of_load_balancers(asked: Asked) -> Iterator[str]:
    for each in asked.aws("elbv2").describe_load_balancers()["LoadBalancers"]:
        yield from each.get("SecurityGroups", [])


def _of_services(asked: Asked) -> Iterator[str]:
    for each in networks_of_services(asked):
        yield from each.get("securityGroups", [])


def networks_of_services(asked: Asked) -> Iterator[Mapping[str, Any]]:
    """Yield the awsvpcConfiguration of each service that has tasks, or wants some."""
    ecs = asked.aws("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        names = ecs.list_services(cluster=cluster)["serviceArns"]
        services = ecs.describe_services(cluster=cluster, services=names)["services"] if names else []
        for each in services:
            if each["status"] == "ACTIVE" and each["desiredCount"] + each["runningCount"] + each["pendingCount"]:
                network: dict[str, Any] = each.get("networkConfiguration") or {}
                yield network.get("awsvpcConfiguration", {})


def _of_mount_targets(asked: Asked) -> Iterator[str]:
    efs = asked.aws("efs")
    for system in efs.describe_file_systems()["FileSystems"]:
        for target in efs.describe_mount_targets(FileSystemId=system["FileSystemId"])["MountTargets"]:
            answer = efs.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])
            yield from answer["SecurityGroups"]


def _of_rules(asked: Asked, wanted: str) -> Iterator[str]:
    for group in asked.aws("ec2").describe_security_groups()["SecurityGroups"]:
        if group["GroupId"] != wanted:
            for permission in [*group["IpPermissions"], *group["IpPermissionsEgress"]]:
                yield from (each["GroupId"] for each in permission.get("UserIdGroupPairs", []))


@rule("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def rules_of_security_groups(asked: Asked) -> None:
    """A rule of TCP or UDP has its ports, and names groups of its own VPC: those of others are reached by peering."""
    for each in asked.parameters.get("IpPermissions", []):
        if each.get("IpProtocol") in _WITH_PORTS and None in (each.get("FromPort"), each.get("ToPort")):
            told = "Must specify both from and to ports with TCP/UDP."
            raise Refusal(_WRONG_COUNT, f"Invalid value '{told}' for portRange.")
    named = [each for each in _pairs(asked) if each.get("GroupId")]
    if named and asked.parameters.get("GroupId"):
        groups = asked.aws("ec2").describe_security_groups()["SecurityGroups"]
        vpcs = {str(each["GroupId"]): str(each.get("VpcId")) for each in groups}
        own = vpcs.get(asked.parameters["GroupId"])
        for each in named:
            if own is not None and vpcs.get(each["GroupId"], own) != own:
                told = "You have specified two resources that belong to different networks."
                raise Refusal(_ELSEWHERE, told)


def _pairs(asked: Asked) -> Iterator[Mapping[str, Any]]:
    for each in asked.parameters.get("IpPermissions", []):
        yield from each.get("UserIdGroupPairs") or ()
