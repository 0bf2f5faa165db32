"""How a service of AWS is reached from a VPC: through an endpoint of the VPC, else over the internet.

Source: AWS PrivateLink Guide, "Access an AWS service using an interface VPC endpoint": with private DNS, which takes
both attributes of DNS of the VPC, the service's name leads to the endpoint, whose security groups must let the port in;
"Gateway endpoints": a route table that the endpoint names leads there, and a rule may name the service's prefix list.
"DNS attributes for your VPC" (VPC User Guide): without EnableDnsSupport no name is resolved. What policies of endpoints
allow is left out.
"""

from seatrials.twin.vpc.inventory import Document, Inventory, network_of
from seatrials.twin.vpc.places import INTERNET_ADDRESS, Blocked, Place
from seatrials.twin.vpc.reachability import reach
from seatrials.twin.vpc.rules import lets_across, lets_out

HTTPS_PORT = 443
# The first address of a subnet that is not AWS's own stands for that of an endpoint.
_ENDPOINT_HOST = 4


def reach_host(inventory: Inventory, source: Place, label: str) -> Blocked | None:
    """Return what keeps *source* from a host of the internet over HTTPS."""
    unresolved = unresolved_in(inventory, source, "enableDnsSupport")
    return unresolved or reach(inventory, source, Place(INTERNET_ADDRESS, label), HTTPS_PORT)


def reach_service(inventory: Inventory, source: Place, name: str, label: str) -> Blocked | None:
    """Return what keeps *source* from a service of AWS, as endpoints name it: `com.amazonaws.us-west-2.dynamodb`."""
    unresolved = unresolved_in(inventory, source, "enableDnsSupport")
    if unresolved is not None:
        return unresolved
    vpc = inventory.vpc_of(source.subnet)
    service = Place(INTERNET_ADDRESS, label, prefix_list=name)
    table, _ = inventory.route_table(source.subnet)
    for endpoint in inventory.endpoints:
        if (endpoint["VpcId"], endpoint["ServiceName"], endpoint["State"]) != (vpc, name, "available"):
            continue
        if _has_private_dns(endpoint) and unresolved_in(inventory, source, "enableDnsHostnames") is None:
            return reach(inventory, source, _place(inventory, source, endpoint), HTTPS_PORT)
        if table["RouteTableId"] in endpoint.get("RouteTableIds", []):
            return lets_out(inventory, source, service, HTTPS_PORT) or lets_across(
                inventory, source, service, HTTPS_PORT
            )
    return reach(inventory, source, service, HTTPS_PORT)


def unresolved_in(inventory: Inventory, source: Place, *attributes: str) -> Blocked | None:
    """Return what keeps names from being resolved in the VPC of *source*, when one of its DNS *attributes* is off."""
    vpc = inventory.vpc_of(source.subnet)
    if inventory.is_default(source.subnet):
        return None
    off = next((each for each in attributes if not inventory.has_dns(vpc, each)), None)
    return None if off is None else Blocked(vpc, f"resolves no such name: {off} is false", is_unresolved=True)


def _has_private_dns(endpoint: Document) -> bool:
    """Whether an endpoint stands behind the service's own name. Source: botocore, ec2.CreateVpcEndpointRequest."""
    is_interface = str(endpoint.get("VpcEndpointType", "Gateway")).lower() == "interface"
    return is_interface and endpoint.get("PrivateDnsEnabled") is not False


def _place(inventory: Inventory, source: Place, endpoint: Document) -> Place:
    subnets = endpoint.get("SubnetIds", [])
    subnet = source.subnet if source.subnet in subnets or not subnets else str(subnets[0])
    groups = tuple(str(each["GroupId"]) for each in endpoint.get("Groups", []))
    address = str(network_of(inventory.subnets[subnet]["CidrBlock"])[_ENDPOINT_HOST])
    return Place(address, str(endpoint["VpcEndpointId"]), subnet, groups)
