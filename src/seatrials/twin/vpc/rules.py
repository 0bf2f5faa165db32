"""What the rules of security groups and of network ACLs let through; IPv6 is in neither, for no address here is one.

Source: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups": rules only allow, those of
all groups of an interface add up, and a rule may name a range of addresses, another group's members or a prefix list.
"Control subnet traffic with network access control lists": the first rule that matches decides, in each direction by
itself, and traffic within a subnet meets none.
"""

from ipaddress import ip_address

from seatrials.twin.vpc.inventory import Document, Inventory, network_of
from seatrials.twin.vpc.places import Blocked, Place

_ANY_PROTOCOL = "-1"
# TCP as security groups and as network ACLs name it.
_TCP = ("tcp", "6")
# One that stands for the ports that answers go to. Source: Amazon VPC User Guide, "Ephemeral ports".
_EPHEMERAL_PORT = 49_152


def lets_out(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    """Ask the egress rules of *source* for TCP to *port* of *target*."""
    return _ask_groups(inventory, "IpPermissionsEgress", source, target, port)


def lets_in(inventory: Inventory, target: Place, source: Place, port: int) -> Blocked | None:
    """Ask the ingress rules of *target* for TCP from *source* to its *port*."""
    return _ask_groups(inventory, "IpPermissions", target, source, port)


def _ask_groups(inventory: Inventory, member: str, own: Place, other: Place, port: int) -> Blocked | None:
    groups = _groups_of(inventory, own)
    for group in groups:
        # One that a client has deleted has no rules any more.
        for permission in inventory.groups.get(group, {}).get(member, []):
            if _covers(permission, port) and _names(inventory, permission, other):
                return None
    direction = "in from" if member == "IpPermissions" else "out to"
    return Blocked(groups[0] if groups else own.label, f"lets no TCP {direction} {other.label} on port {port}")


def _covers(permission: Document, port: int) -> bool:
    if permission["IpProtocol"] == _ANY_PROTOCOL:
        return True
    return permission["IpProtocol"] in _TCP and permission["FromPort"] <= port <= permission["ToPort"]


def _names(inventory: Inventory, permission: Document, other: Place) -> bool:
    """Whether a permission is about a place, by its address, its groups or the prefix list it is on."""
    ranges = (each["CidrIp"] for each in permission.get("IpRanges", []))
    if any(ip_address(other.address) in network_of(each) for each in ranges):
        return True
    pairs = permission.get("UserIdGroupPairs", [])
    if pairs and any(each["GroupId"] in _groups_of(inventory, other) for each in pairs):
        return True
    lists = (each["PrefixListId"] for each in permission.get("PrefixListIds", []))
    return any(inventory.prefix_list_holds(each, other.address, other.prefix_list) for each in lists)


def _groups_of(inventory: Inventory, place: Place) -> tuple[str, ...]:
    """Return the groups of an interface: one that names none is in its VPC's default group."""
    return place.groups if place.groups or place.is_outside else inventory.default_group(place.subnet)


def lets_across(inventory: Inventory, source: Place, target: Place, port: int) -> Blocked | None:
    """Ask the network ACLs of both subnets for a connection to *port*, there and, of its answers, back."""
    if source.subnet == target.subnet:
        return None
    questions = (
        (source, True, target.address, port),
        (target, False, source.address, port),
        (target, True, source.address, _EPHEMERAL_PORT),
        (source, False, target.address, _EPHEMERAL_PORT),
    )
    for place, egress, address, asked in questions:
        acl = None if place.is_outside else inventory.acl(place.subnet)
        if acl is not None and not _allows(acl, address, asked, egress=egress):
            direction = f"out to {address}" if egress else f"in from {address}"
            return Blocked(str(acl["NetworkAclId"]), f"lets no TCP {direction} on port {asked}")
    return None


def _allows(acl: Document, address: str, port: int, *, egress: bool) -> bool:
    for entry in sorted(acl["Entries"], key=lambda each: int(each["RuleNumber"])):
        if bool(entry["Egress"]) is egress and _matches(entry, address, port):
            return bool(entry["RuleAction"] == "allow")
    return False


def _matches(entry: Document, address: str, port: int) -> bool:
    block = entry.get("CidrBlock")
    if block is None or ip_address(address) not in network_of(block):
        return False
    if entry["Protocol"] == _ANY_PROTOCOL:
        return True
    ports = entry.get("PortRange", {"From": 0, "To": 65_535})
    return entry["Protocol"] in _TCP and ports["From"] <= port <= ports["To"]
