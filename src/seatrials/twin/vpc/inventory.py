"""What EC2 holds of networks, read once and kept until a call changes something of EC2."""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

from seatrials.seams.application import AwsClient

Document = Mapping[str, Any]

# As the API names them. Source: VPC User Guide, "DNS attributes for your VPC".
_DNS_ATTRIBUTES = ("enableDnsSupport", "enableDnsHostnames")


class Inventory:
    """Networks by their ids, as EC2 describes them."""

    def __init__(self, ec2: AwsClient) -> None:
        self._ec2 = ec2
        self.vpcs = _by_id(ec2.describe_vpcs()["Vpcs"], "VpcId")
        self.subnets = _by_id(ec2.describe_subnets()["Subnets"], "SubnetId")
        self.groups = _by_id(ec2.describe_security_groups()["SecurityGroups"], "GroupId")
        self._tables: list[Document] = ec2.describe_route_tables()["RouteTables"]
        self._acls: list[Document] = ec2.describe_network_acls()["NetworkAcls"]
        self.internet_gateways = _by_id(ec2.describe_internet_gateways()["InternetGateways"], "InternetGatewayId")
        self.nat_gateways = _by_id(ec2.describe_nat_gateways()["NatGateways"], "NatGatewayId")
        self.endpoints: list[Document] = ec2.describe_vpc_endpoints()["VpcEndpoints"]
        self._dns: dict[tuple[str, str], bool] = {}
        self._entries: dict[str, list[IPv4Network]] = {}

    def vpc_of(self, subnet: str) -> str:
        """Return the id of the VPC that a subnet is in."""
        return str(self.subnets[subnet]["VpcId"])

    def is_default(self, subnet: str) -> bool:
        """Whether a subnet is in the account's default VPC."""
        return bool(self.vpcs[self.vpc_of(subnet)].get("IsDefault"))

    def default_group(self, subnet: str) -> tuple[str, ...]:
        """Return the default security group of a subnet's VPC, which interfaces are in that name none."""
        vpc = self.vpc_of(subnet)
        found = (each for each in self.groups.values() if each["VpcId"] == vpc and each["GroupName"] == "default")
        return tuple(str(each["GroupId"]) for each in found)

    def route_table(self, subnet: str) -> tuple[Document, bool]:
        """Return the route table that a subnet uses, and whether it is the VPC's main one for want of another."""
        own = _associated(self._tables, subnet)
        if own is not None:
            return own, False
        vpc = self.vpc_of(subnet)
        return next(each for each in self._tables if each["VpcId"] == vpc and _is_main(each)), True

    def acl(self, subnet: str) -> Document | None:
        """Return the network ACL of a subnet."""
        return _associated(self._acls, subnet)

    def has_dns(self, vpc: str, attribute: str) -> bool:
        """Return an attribute of a VPC: `enableDnsSupport` or `enableDnsHostnames`."""
        if (vpc, attribute) not in self._dns:
            answer = self._ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
            self._dns[vpc, attribute] = bool(answer[attribute[0].upper() + attribute[1:]]["Value"])
        return self._dns[vpc, attribute]

    def read_names(self, subnet: str) -> None:
        """Read what decides whether names are resolved in the VPC of a subnet.

        A task that asks has changed EC2 by its interface. What was read before is known to later worlds too.
        """
        for each in _DNS_ATTRIBUTES:
            self.has_dns(self.vpc_of(subnet), each)

    def prefix_list_holds(self, identifier: str, address: str, name: str) -> bool:
        """Whether a prefix list is the one called *name*, or has an entry that covers *address*."""
        found = self._prefix_lists.get(identifier)
        if found is None or (name and found["PrefixListName"] == name):
            return found is not None
        if identifier not in self._entries:
            answer = self._ec2.get_managed_prefix_list_entries(PrefixListId=identifier)
            self._entries[identifier] = [network_of(each["Cidr"]) for each in answer["Entries"] if "." in each["Cidr"]]
        return any(ip_address(address) in each for each in self._entries[identifier])

    @cached_property
    def _prefix_lists(self) -> dict[str, Document]:
        return _by_id(self._ec2.describe_managed_prefix_lists()["PrefixLists"], "PrefixListId")


@lru_cache(maxsize=1024)
def network_of(block: str) -> IPv4Network:
    """Return an address block; one with bits of a host is the block that the host is in."""
    network = ip_network(block, strict=False)
    assert isinstance(network, IPv4Network), "blocks of IPv6 are kept apart by their members' names"
    return network


def _by_id(documents: list[Document], name: str) -> dict[str, Document]:
    return {str(each[name]): each for each in documents}


def _associated(documents: list[Document], subnet: str) -> Document | None:
    """Return the document that is associated with *subnet*."""
    return next((each for each in documents if subnet in [a.get("SubnetId") for a in each["Associations"]]), None)


def _is_main(table: Document) -> bool:
    return any(each.get("Main") for each in table["Associations"])
