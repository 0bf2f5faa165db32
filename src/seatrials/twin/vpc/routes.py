"""Where the routes of a subnet lead: to the internet through which gateway, or to nowhere.

Source: Amazon VPC User Guide, "Configure route tables": a subnet without an association uses the VPC's main table, and
the most specific route counts; "Enable internet access for a VPC using an internet gateway": the gateway must be
attached to the VPC, and an interface have a public address; "NAT gateways": a public one is in a subnet that has a
route to an internet gateway. "Default VPCs": they have both, and moto's does not.
"""

from dataclasses import replace
from ipaddress import ip_address

from seatrials.twin.vpc.inventory import Document, Inventory, network_of
from seatrials.twin.vpc.places import INTERNET_ADDRESS, Blocked, Place
from seatrials.twin.vpc.rules import lets_across

Way = str | Blocked


def way_out(inventory: Inventory, source: Place, port: int) -> Way:
    """Return the address as which the internet sees *source* when it asks for a *port*, or what keeps it from there."""
    if inventory.is_default(source.subnet):
        return INTERNET_ADDRESS
    route = _route_out(inventory, source.subnet)
    if isinstance(route, Blocked):
        return route
    if "NatGatewayId" in route:
        return _through_nat(inventory, source, str(route["NatGatewayId"]), port)
    blocked = _through_internet_gateway(inventory, source.subnet, route)
    if blocked is not None:
        return blocked
    if not source.is_public:
        return Blocked(source.label, "has no public address (AssignPublicIp), and its route is an internet gateway")
    return INTERNET_ADDRESS


def way_in(inventory: Inventory, target: Place) -> Blocked | None:
    """Return what keeps the internet from *target*, whose answers must find their way out."""
    if inventory.is_default(target.subnet):
        return None
    route = _route_out(inventory, target.subnet)
    return route if isinstance(route, Blocked) else _through_internet_gateway(inventory, target.subnet, route)


def _route_out(inventory: Inventory, subnet: str) -> Document | Blocked:
    """Return the most specific route that a subnet has to the internet."""
    table, is_main = inventory.route_table(subnet)
    covering = [each for each in table["Routes"] if _covers(each)]
    if covering:
        chosen: Document = max(covering, key=lambda each: network_of(each["DestinationCidrBlock"]).prefixlen)
        is_lost = chosen.get("State") == "blackhole"
        return Blocked(str(table["RouteTableId"]), f"has a black hole for {subnet}") if is_lost else chosen
    used = "as the main one, for no association names another" if is_main else "by its association"
    return Blocked(str(table["RouteTableId"]), f"has no route to the internet; {subnet} uses it {used}")


def _covers(route: Document) -> bool:
    block = route.get("DestinationCidrBlock")
    return block is not None and ip_address(INTERNET_ADDRESS) in network_of(block)


def _through_internet_gateway(inventory: Inventory, subnet: str, route: Document) -> Blocked | None:
    gateway, vpc = str(route.get("GatewayId", "")), inventory.vpc_of(subnet)
    found = inventory.internet_gateways.get(gateway)
    if found is None:
        table, _ = inventory.route_table(subnet)
        return Blocked(str(table["RouteTableId"]), f"leads {subnet} to no internet gateway that is there")
    if vpc not in [each["VpcId"] for each in found["Attachments"]]:
        return Blocked(gateway, f"is not attached to {vpc}")
    return None


def _through_nat(inventory: Inventory, source: Place, identifier: str, port: int) -> Way:
    nat = inventory.nat_gateways.get(identifier)
    if nat is None or nat["State"] != "available":
        return Blocked(identifier, "is not there any more")
    addresses = [each for each in nat.get("NatGatewayAddresses", []) if each.get("PublicIp")]
    if not addresses:
        return Blocked(identifier, "is a private NAT gateway, with no address on the internet")
    address, subnet = str(addresses[0]["PublicIp"]), str(nat["SubnetId"])
    if inventory.is_default(subnet):
        return address
    route = _route_out(inventory, subnet)
    blocked = route if isinstance(route, Blocked) else _through_internet_gateway(inventory, subnet, route)
    own = Place(str(addresses[0]["PrivateIp"]), identifier, subnet)
    return blocked or _past_acls(inventory, source, own, port) or address


def _past_acls(inventory: Inventory, source: Place, nat: Place, port: int) -> Blocked | None:
    """Ask the network ACLs on the way to a NAT gateway and beyond it; a gateway itself is in no security group."""
    beyond = Place(INTERNET_ADDRESS, "the internet")
    to_nat = lets_across(inventory, source, replace(nat, address=INTERNET_ADDRESS), port)
    return to_nat or lets_across(inventory, nat, beyond, port)
