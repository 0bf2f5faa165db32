"""What changes a living network counts from the next connection on: one call of EC2's API or EFS's after the other."""

from collections.abc import Callable

import pytest

from tests.support.network import ANYWHERE, REGION, Networks, tcp

# Makes a network; returns whether a connection comes about, and the call that changes the answer.
Case = Callable[[Networks], tuple[Callable[[], bool], Callable[[], object]]]


def _group_of(networks: Networks, *, is_open: bool) -> tuple[str, Callable[[], bool]]:
    vpc = networks.vpc()
    group = networks.group(vpc, *([tcp(80, ANYWHERE)] if is_open else []))
    target = networks.task(networks.subnet(vpc), group)
    source = networks.host(networks.subnet(vpc, "10.0.2.0/24"), "10.0.2.10")
    return group, lambda: networks.view.admit(source, target, 80)


def authorize_ingress(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """AuthorizeSecurityGroupIngress."""
    group, reaches = _group_of(networks, is_open=False)
    rules = [tcp(80, ANYWHERE)]
    return reaches, lambda: networks.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules)


def revoke_ingress(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """RevokeSecurityGroupIngress."""
    group, reaches = _group_of(networks, is_open=True)
    rules = [tcp(80, ANYWHERE)]
    return reaches, lambda: networks.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)


def modify_rules(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """ModifySecurityGroupRules."""
    group, reaches = _group_of(networks, is_open=True)
    rules = networks.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    [rule] = [each["SecurityGroupRuleId"] for each in rules["SecurityGroupRules"] if not each["IsEgress"]]
    changed = {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "CidrIpv4": ANYWHERE}
    changes = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": changed}]
    return reaches, lambda: networks.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=changes)


def _way_out(networks: Networks, subnet: str) -> Callable[[], bool]:
    task = networks.task(subnet)
    return lambda: networks.view.reach_host(task, "registry.example") is None


def delete_route(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """DeleteRoute."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    table = networks.table(vpc, subnet)
    networks.route(table, GatewayId=networks.internet_gateway(vpc))
    reaches = _way_out(networks, subnet)
    return reaches, lambda: networks.ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)


def create_route(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """CreateRoute."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    table, gateway = networks.table(vpc, subnet), networks.internet_gateway(vpc)
    return _way_out(networks, subnet), lambda: networks.route(table, GatewayId=gateway)


def replace_route(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """ReplaceRoute."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    table = networks.table(vpc, subnet)
    networks.route(table, GatewayId=networks.internet_gateway(vpc))
    nat = networks.nat(subnet)
    route = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE, "NatGatewayId": nat}
    return _way_out(networks, subnet), lambda: networks.ec2.replace_route(**route)


def replace_association(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """ReplaceRouteTableAssociation."""
    vpc, subnet = networks.public_vpc()
    association, other = _association(networks, subnet), networks.table(vpc)
    change = {"AssociationId": association, "RouteTableId": other}
    return _way_out(networks, subnet), lambda: networks.ec2.replace_route_table_association(**change)


def disassociate(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """DisassociateRouteTable: the subnet is left to the main table."""
    _, subnet = networks.public_vpc()
    association = _association(networks, subnet)
    return _way_out(networks, subnet), lambda: networks.ec2.disassociate_route_table(AssociationId=association)


def _association(networks: Networks, subnet: str) -> str:
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [table] = networks.ec2.describe_route_tables(Filters=filters)["RouteTables"]
    return str(table["Associations"][0]["RouteTableAssociationId"])


def delete_nat_gateway(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """DeleteNatGateway."""
    vpc, subnet = networks.public_vpc()
    private, nat = networks.subnet(vpc, "10.0.2.0/24"), networks.nat(subnet)
    networks.route(networks.table(vpc, private), NatGatewayId=nat)
    return _way_out(networks, private), lambda: networks.ec2.delete_nat_gateway(NatGatewayId=nat)


def add_acl_entry(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """CreateNetworkAclEntry."""
    _, subnet = networks.public_vpc()
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [acl] = networks.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    entry = {"RuleNumber": 1, "Egress": True, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": ANYWHERE}
    make = networks.ec2.create_network_acl_entry
    return _way_out(networks, subnet), lambda: make(NetworkAclId=acl["NetworkAclId"], **entry)


def _entry_of_acl(networks: Networks) -> tuple[Callable[[], bool], dict[str, object]]:
    """Make a network whose ACL lets out by one entry; return whether it does, and what names the entry."""
    _, subnet = networks.public_vpc()
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [acl] = networks.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    return _way_out(networks, subnet), {"NetworkAclId": acl["NetworkAclId"], "RuleNumber": 100, "Egress": True}


def delete_acl_entry(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """DeleteNetworkAclEntry."""
    reaches, entry = _entry_of_acl(networks)
    return reaches, lambda: networks.ec2.delete_network_acl_entry(**entry)


def replace_acl_entry(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """ReplaceNetworkAclEntry."""
    reaches, entry = _entry_of_acl(networks)
    denial = {"Protocol": "-1", "RuleAction": "deny", "CidrBlock": ANYWHERE}
    return reaches, lambda: networks.ec2.replace_network_acl_entry(**entry, **denial)


def modify_endpoint(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """ModifyVpcEndpoint: a table of routes is taken from a gateway endpoint."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    table = networks.table(vpc, subnet)
    made = networks.endpoint(vpc, "s3", VpcEndpointType="Gateway", RouteTableIds=[table])
    task, modify = networks.task(subnet), networks.ec2.modify_vpc_endpoint
    change = {"VpcEndpointId": made, "RemoveRouteTableIds": [table]}
    return lambda: networks.view.reach_service(task, "s3") is None, lambda: modify(**change)


def modify_prefix_list(networks: Networks) -> tuple[Callable[[], bool], Callable[[], object]]:
    """ModifyManagedPrefixList."""
    vpc = networks.vpc()
    made = networks.ec2.create_managed_prefix_list(
        PrefixListName="offices", Entries=[{"Cidr": "10.0.2.0/24"}], MaxEntries=2, AddressFamily="IPv4"
    )["PrefixList"]["PrefixListId"]
    target = networks.task(networks.subnet(vpc), networks.group(vpc, tcp(80, prefix_list=made)))
    source = networks.host(networks.subnet(vpc, "10.0.2.0/24"), "10.0.2.10")
    change = {"PrefixListId": made, "CurrentVersion": 1, "RemoveEntries": [{"Cidr": "10.0.2.0/24"}]}
    return lambda: networks.view.admit(source, target, 80), lambda: networks.ec2.modify_managed_prefix_list(**change)


@pytest.mark.parametrize(
    ("make", "before"),
    [
        (authorize_ingress, False),
        (revoke_ingress, True),
        (modify_rules, True),
        (create_route, False),
        (delete_route, True),
        (replace_route, True),
        (replace_association, True),
        (disassociate, True),
        (delete_nat_gateway, True),
        (add_acl_entry, True),
        (delete_acl_entry, True),
        (replace_acl_entry, True),
        (modify_endpoint, True),
        (modify_prefix_list, True),
    ],
)
def test_a_change_of_a_network_counts_from_then_on(networks: Networks, make: Case, *, before: bool) -> None:
    """Once EC2 has taken the call, the next connection is judged by it (EC2 API Reference, of each operation)."""
    reaches, change = make(networks)
    first = reaches()
    change()
    networks.view.heard("ec2", "Change")

    assert (first, reaches()) == (before, not before)


@pytest.mark.parametrize("operation", ["delete", "modify"])
def test_a_change_of_a_mount_target_counts_from_then_on(networks: Networks, operation: str) -> None:
    """DeleteMountTarget and ModifyMountTargetSecurityGroups (EFS API Reference)."""
    efs, vpc = networks.aws("efs"), networks.vpc()
    subnet = networks.subnet(vpc)
    system = efs.create_file_system(CreationToken=f"{REGION}-{operation}")["FileSystemId"]
    group = networks.group(vpc, tcp(2049, ANYWHERE))
    made = efs.create_mount_target(FileSystemId=system, SubnetId=subnet, SecurityGroups=[group])["MountTargetId"]
    task = networks.task(subnet)
    before = networks.view.reach_file_system(task, system)
    if operation == "delete":
        efs.delete_mount_target(MountTargetId=made)
        networks.view.heard("efs", "DeleteMountTarget")
    else:
        efs.modify_mount_target_security_groups(MountTargetId=made, SecurityGroups=[networks.group(vpc)])
        networks.view.heard("efs", "ModifyMountTargetSecurityGroups")

    assert before is None
    assert networks.view.reach_file_system(task, system) is not None
