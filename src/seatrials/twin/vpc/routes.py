"""Where the routes of a subnet lead: to the internet through which gateway, or to nowhere.

Source: Amazon VPC User Guide, "Configure route tables": a subnet without an association uses the VPC's main table, and
the most specific route counts; "Enable internet access for a VPC using an internet gateway": the gateway must be
attached to the VPC, and an interface have a public address; "NAT gateways": a public one is in a subnet that has a
route to an internet gateway. "Default VPCs": they have both, and moto's does not.
"""

from ipaddress import ip_address

from seatrials.twin.vpc.inventory import Document, Inventory, network_of
from seatrials.twin.vpc.places import INTERNET_ADDRESS, Blocked, Place

Way = str | Blocked


def way_out(inventory: Inventory, source: Place) -> Way:
    """Return the address as which the internet sees *source*, or what keeps it from there."""
    if inventory.is_default(source.subnet):
        return INTERNET_ADDRESS
    route = _route_out(inventory, source.subnet)
    if isinstance(route, Blocked):
        return route
    if "NatGatewayId" in route:
        return _through_nat(inventory, str(route["NatGatewayId"]))
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
    covering = [each for each in table["Routes"] if _covers(each) and each.get("State") != "blackhole"]
    if covering:
        chosen: Document = max(covering, key=lambda each: network_of(each["DestinationCidrBlock"]).prefixlen)
        return chosen
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


def _through_nat(inventory: Inventory, identifier: str) -> Way:
    nat = inventory.nat_gateways.get(identifier)
    if nat is None or nat["State"] != "available":
        return Blocked(identifier, "is not there any more")
    addresses = [each["PublicIp"] for each in nat.get("NatGatewayAddresses", []) if each.get("PublicIp")]
    if not addresses:
        return Blocked(identifier, "is a private NAT gateway, with no address on the internet")
    if inventory.is_default(str(nat["SubnetId"])):
        return str(addresses[0])
    route = _route_out(inventory, str(nat["SubnetId"]))
    blocked = route if isinstance(route, Blocked) else _through_internet_gateway(inventory, nat["SubnetId"], route)
    return str(addresses[0]) if blocked is None else blocked
