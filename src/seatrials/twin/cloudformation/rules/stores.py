"""Rules of tables, file systems and the network that they are in.

Source: Amazon DynamoDB, Amazon EFS and Amazon EC2 API References.
"""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network, ip_network

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding, is_known, mapping, number
from seatrials.twin.cloudformation.rules.rule import Rule
from seatrials.twin.door.conditions import is_block
from seatrials.twin.door.gateways import BLOCK_LENGTHS, ROUTE_TARGETS

TABLE, FILE_SYSTEM = "AWS::DynamoDB::Table", "AWS::EFS::FileSystem"
MOUNT_TARGET = "AWS::EFS::MountTarget"
VPC, SUBNET, GROUP = "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup"
ROUTE, ASSOCIATION = "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation"
_INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
_PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6", "-1", "all")
_SOURCES = ("CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId")
_PROTOCOL_NUMBER_MAX = 255


def _indexes_have_names_of_their_own(table: Declared, _: Declarations) -> Iterator[Finding]:
    names = Counter(str(name) for index in _INDEXES for _, name in table.at(f"{index}.*.IndexName"))
    for name, count in names.items():
        if count > 1 and is_known(name):
            yield "GlobalSecondaryIndexes", f"duplicate index name (IndexName): {name!r}"


def _keys_are_defined(table: Declared, _: Declarations) -> Iterator[Finding]:
    defined = [name for _, name in table.at("AttributeDefinitions.*.AttributeName")]
    keys = list(table.at("KeySchema.*.AttributeName"))
    keys += [found for index in _INDEXES for found in table.at(f"{index}.*.KeySchema.*.AttributeName")]
    for path, name in keys:
        if is_known(name) and is_known(defined) and name not in defined:
            yield path, f"the key attribute {name!r} is not in AttributeDefinitions"
    used = {str(name) for _, name in keys}
    if is_known(sorted(used)):
        for name in defined:
            if is_known(name) and str(name) not in used:
                yield "AttributeDefinitions", f"the attribute {name!r} is the key of nothing; only keys are defined"


def _provisioned_says_how_much(system: Declared, _: Declarations) -> Iterator[Finding]:
    mode, given = system.get("ThroughputMode"), system.get("ProvisionedThroughputInMibps")
    if mode == "provisioned" and given is None:
        yield "ProvisionedThroughputInMibps", "lacks: the throughput mode provisioned needs it"
    if given is not None and is_known(mode) and mode != "provisioned":
        yield (
            "ProvisionedThroughputInMibps",
            f"is for the throughput mode provisioned only, not for {mode or 'bursting'}",
        )


def _one_mount_target_a_zone(target: Declared, all_: Declarations) -> Iterator[Finding]:
    place = (target.get("FileSystemId"), _zone(target, all_))
    for other in all_.of(MOUNT_TARGET):
        if other is target:
            return
        if place[1] is not None and place == (other.get("FileSystemId"), _zone(other, all_)):
            yield (
                "SubnetId",
                f"{other.logical_id} is in the same Availability Zone; a file system has one target in each",
            )


def _zone(target: Declared, all_: Declarations) -> object:
    subnet = all_.referred(target.get("SubnetId"))
    return None if subnet is None else subnet.properties.get("AvailabilityZone", subnet.logical_id)


def _block(resource: Declared | None) -> IPv4Network | None:
    try:
        found = ip_network(str(resource.get("CidrBlock") if resource else None), strict=False)
    except ValueError:
        return None
    return found if isinstance(found, IPv4Network) else None


def _block_has_its_size(owner: Declared, _: Declarations) -> Iterator[Finding]:
    block = _block(owner)
    if block is not None and block.prefixlen not in BLOCK_LENGTHS:
        yield "CidrBlock", f"is {block}; it must be between /16 and /28"


def _subnets_share_the_network(subnet: Declared, all_: Declarations) -> Iterator[Finding]:
    block, whole = _block(subnet), _block(all_.referred(subnet.get("VpcId")))
    if block is None:
        return
    if whole is not None and not block.subnet_of(whole):
        yield "CidrBlock", f"is {block}, which is not within that of the VPC, {whole}"
    for other in all_.of(SUBNET):
        if other is subnet:
            return
        theirs = _block(other)
        if theirs is not None and other.get("VpcId") == subnet.get("VpcId") and block.overlaps(theirs):
            yield "CidrBlock", f"is {block}, which overlaps {theirs} of {other.logical_id}"


def _permissions_are_whole(group: Declared, _: Declarations) -> Iterator[Finding]:
    for path, value in group.at("SecurityGroupIngress.*"):
        rule = mapping(value)
        sources = [name for name in _SOURCES if name in rule]
        if len(sources) > 1:
            yield f"{path}.{sources[0]}", f"cannot be given together with {', '.join(sources[1:])}"
        if not sources:
            yield path, f"has no source; one of {', '.join(_SOURCES)} must be given"
    for side in ("SecurityGroupIngress", "SecurityGroupEgress"):
        for path, value in group.at(f"{side}.*"):
            yield from _permission(path, dict(mapping(value)))


def _permission(path: str, rule: dict[str, object]) -> Iterator[Finding]:
    protocol = str(rule.get("IpProtocol", "-1"))
    is_number = protocol.isdecimal() and int(protocol) <= _PROTOCOL_NUMBER_MAX
    if is_known(protocol) and protocol.lower() not in _PROTOCOLS and not is_number:
        yield (
            f"{path}.IpProtocol",
            f"is {protocol!r}; it must be {', '.join(_PROTOCOLS[:4])}, -1 or a protocol's number",
        )
    low, high = number(rule.get("FromPort")), number(rule.get("ToPort"))
    if protocol in ("tcp", "udp"):
        if low is None and is_known(rule.get("FromPort")):
            yield f"{path}.FromPort", f"lacks: {protocol} needs FromPort and ToPort"
        elif low is not None and high is not None and low > high:
            yield f"{path}.FromPort", f"is {low:g}, which is above ToPort, {high:g}"
    for name in ("CidrIp", "CidrIpv6"):
        block = rule.get(name)
        if block is not None and is_known(block) and not is_block(str(block)):
            yield f"{path}.{name}", f"is {block!r}, and must be an address block, such as 10.0.0.0/16"


def _routes_lead_somewhere(route: Declared, _: Declarations) -> Iterator[Finding]:
    targets = [name for name in ROUTE_TARGETS if route.get(name) is not None]
    if len(targets) != 1:
        listed = ", ".join(targets) or "no target"
        yield "GatewayId", f"the route has {listed}; it takes exactly one of {', '.join(ROUTE_TARGETS)}"


def _subnets_have_one_route_table(association: Declared, all_: Declarations) -> Iterator[Finding]:
    subnet = association.get("SubnetId")
    for other in all_.of(ASSOCIATION):
        if other is association:
            return
        if subnet is not None and subnet == other.get("SubnetId"):
            yield "SubnetId", f"the subnet is associated with a route table already, by {other.logical_id}"


def _bare_table_has_keys(table: Declared, _: Declarations) -> Iterator[Finding]:
    mode = table.get("BillingMode") or "PROVISIONED"
    if mode == "PROVISIONED" and table.get("ProvisionedThroughput") is None:
        yield "ProvisionedThroughput", "lacks: the billing mode PROVISIONED needs it"
    capacity = number(table.get("ProvisionedThroughput.ReadCapacityUnits"))
    if mode == "PAY_PER_REQUEST" and capacity is not None:
        yield "ProvisionedThroughput", "cannot be given with the billing mode PAY_PER_REQUEST"


STORE_RULES = (
    Rule(
        "table-index-names",
        TABLE,
        "Indexes have different names.",
        "DynamoDB CreateTable",
        _indexes_have_names_of_their_own,
    ),
    Rule("table-keys", TABLE, "Keys are defined, and only keys.", "DynamoDB CreateTable", _keys_are_defined),
    Rule("table-throughput", TABLE, "Provisioned says how much.", "DynamoDB CreateTable", _bare_table_has_keys),
    Rule(
        "efs-throughput", FILE_SYSTEM, "Provisioned says how much.", "EFS CreateFileSystem", _provisioned_says_how_much
    ),
    Rule(
        "efs-zone", MOUNT_TARGET, "A zone has one mount target.", "EFS: MountTargetConflict", _one_mount_target_a_zone
    ),
    Rule("vpc-block", VPC, "A VPC is between /16 and /28.", "EC2 CreateVpc", _block_has_its_size),
    Rule("subnet-block", SUBNET, "A subnet is between /16 and /28.", "EC2 CreateSubnet", _block_has_its_size),
    Rule(
        "subnet-share",
        SUBNET,
        "Subnets share the VPC's block.",
        "EC2: InvalidSubnet.Conflict",
        _subnets_share_the_network,
    ),
    Rule("group-permissions", GROUP, "A permission has one source.", "EC2 IpPermission", _permissions_are_whole),
    Rule("route-target", ROUTE, "A route has one target.", "EC2 CreateRoute", _routes_lead_somewhere),
    Rule(
        "route-association",
        ASSOCIATION,
        "A subnet has one route table.",
        "EC2: Resource.AlreadyAssociated",
        _subnets_have_one_route_table,
    ),
)
