"""Ways out of a VPC and in, as the Amazon VPC User Guide has them; each rule from both sides."""

import pytest

from seatrials.twin.vpc.inventory import Inventory
from tests.support.aws import Document
from tests.support.network import ANYWHERE, BROWSER, Networks, tcp


def test_an_internet_gateway_leads_out_who_has_a_public_address(networks: Networks) -> None:
    """A route to an attached gateway, and a public address: both are needed ("Internet gateways")."""
    _, subnet = networks.public_vpc()
    private = networks.why_not(networks.task(subnet, is_public=False))

    assert networks.why_not(networks.task(subnet)) == ""
    assert private == "service web has no public address (AssignPublicIp), and its route is an internet gateway"


def test_a_subnet_without_a_route_leads_nowhere(networks: Networks) -> None:
    """Without an association a subnet uses the main table, which has the local route alone ("Route tables")."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    networks.internet_gateway(vpc)

    assert networks.why_not(networks.task(subnet)) == (
        f"route table {networks.main_table(vpc)} has no route to the internet; "
        f"subnet {subnet} uses it as the main one, for no association names another"
    )


def test_a_subnet_uses_its_own_table_and_not_the_main_one(networks: Networks) -> None:
    """An association takes a subnet out of the main table, whatever routes that has ("Route tables")."""
    vpc = networks.vpc()
    subnet, other = networks.subnet(vpc), networks.subnet(vpc, "10.0.2.0/24")
    networks.route(networks.main_table(vpc), GatewayId=networks.internet_gateway(vpc))
    own = networks.table(vpc, subnet)

    assert networks.why_not(networks.task(other)) == ""
    assert networks.why_not(networks.task(subnet)).startswith(f"route table {own} has no route to the internet")


def test_a_gateway_must_be_attached(networks: Networks) -> None:
    """A gateway that is attached to no VPC, or to another one, leads nowhere ("Internet gateways")."""
    vpc, elsewhere = networks.vpc(), networks.vpc("10.1.0.0/16")
    subnet = networks.subnet(vpc)
    gateway = networks.internet_gateway(vpc)
    networks.route(networks.table(vpc, subnet), GatewayId=gateway)
    networks.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    detached = networks.why_not(networks.task(subnet))
    networks.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=elsewhere)

    assert detached == f"internet gateway {gateway} is not attached to VPC {vpc}"
    assert networks.why_not(networks.task(subnet)) == detached


def test_the_most_specific_route_counts(networks: Networks) -> None:
    """Of two routes that cover an address the longer prefix is taken ("Route priority")."""
    vpc, subnet = networks.public_vpc()
    table = networks.table(vpc, networks.subnet(vpc, "10.0.9.0/24"))
    private = networks.subnet(vpc, "10.0.8.0/24")
    networks.ec2.associate_route_table(RouteTableId=table, SubnetId=private)
    networks.route(table, NatGatewayId=networks.nat(subnet))
    by_nat = networks.why_not(networks.task(private, is_public=False))
    networks.route(table, "128.0.0.0/1", NatGatewayId=networks.nat(private))

    assert by_nat == ""
    assert networks.why_not(networks.task(private, is_public=False)) != ""


def test_a_black_hole_swallows_what_it_covers(networks: Networks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most specific route counts, also when its target is gone ("Route tables", state blackhole)."""
    _, subnet = networks.public_vpc()
    route = {"DestinationCidrBlock": "198.51.100.0/24", "State": "blackhole"}
    whole = Inventory.route_table

    def with_hole(inventory: Inventory, of: str) -> tuple[Document, bool]:
        found, is_main = whole(inventory, of)
        return {**found, "Routes": [*found["Routes"], route]}, is_main

    assert networks.why_not(networks.task(subnet)) == ""
    monkeypatch.setattr(Inventory, "route_table", with_hole)
    assert networks.why_not(networks.task(subnet)).endswith(f"has a black hole for subnet {subnet}")


@pytest.mark.parametrize("is_public", [True, False], ids=["with a public address", "without"])
def test_a_nat_gateway_leads_out_whoever_it_is(networks: Networks, *, is_public: bool) -> None:
    """Behind a NAT gateway in a public subnet nobody needs a public address ("NAT gateways")."""
    vpc, subnet = networks.public_vpc()
    private = networks.subnet(vpc, "10.0.2.0/24")
    networks.route(networks.table(vpc, private), NatGatewayId=networks.nat(subnet))

    assert networks.why_not(networks.task(private, is_public=is_public)) == ""


def test_a_nat_gateway_needs_a_way_out_itself(networks: Networks) -> None:
    """One whose own subnet has no route to an internet gateway leads nowhere ("NAT gateways")."""
    vpc = networks.vpc()
    private, closed = networks.subnet(vpc, "10.0.2.0/24"), networks.subnet(vpc)
    networks.route(networks.table(vpc, private), NatGatewayId=networks.nat(closed))

    assert f"subnet {closed} uses it as the main one" in networks.why_not(networks.task(private, is_public=False))


def test_a_private_nat_gateway_leads_to_no_internet(networks: Networks) -> None:
    """One of the connectivity type private has no public address ("NAT gateways")."""
    vpc, subnet = networks.public_vpc()
    private = networks.subnet(vpc, "10.0.2.0/24")
    nat = networks.nat(subnet, is_public=False)
    networks.route(networks.table(vpc, private), NatGatewayId=nat)

    found = networks.why_not(networks.task(private, is_public=False))
    assert found == f"NAT gateway {nat} is a private NAT gateway, with no address on the internet"


def test_the_default_vpc_is_connected(networks: Networks) -> None:
    """AWS makes the default VPC with a gateway and a route to it ("Default VPCs"); templates count on it."""
    filters = [{"Name": "default-for-az", "Values": ["true"]}]
    subnet = networks.ec2.describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"]

    assert networks.why_not(networks.task(subnet, is_public=False)) == ""


def test_clients_reach_a_load_balancer_that_faces_the_internet(networks: Networks) -> None:
    """Internet-facing nodes in a subnet with a route to a gateway are reached ("Application Load Balancers")."""
    vpc, subnet = networks.public_vpc()
    group = networks.group(vpc, tcp(443, ANYWHERE))
    closed = networks.subnet(vpc, "10.0.2.0/24")
    facing, unrouted = networks.balancer(subnet, groups=(group,)), networks.balancer(closed, groups=(group,))

    assert networks.view.admit(BROWSER, facing, 443)
    assert not networks.view.admit(BROWSER, facing, 80)
    assert not networks.view.admit(BROWSER, unrouted, 443)


def test_an_internal_load_balancer_is_reached_from_its_vpc_alone(networks: Networks) -> None:
    """The name of an internal one leads to private addresses ("Application Load Balancers", schemes)."""
    vpc, subnet = networks.public_vpc()
    internal = networks.balancer(subnet, groups=(networks.group(vpc, tcp(443, ANYWHERE)),), scheme="internal")

    assert networks.view.admit(networks.task(subnet), internal, 443)
    assert not networks.view.admit(BROWSER, internal, 443)
    assert networks.view.refusals()[-1].endswith(
        "load balancer front has private addresses only, which nobody outside of its VPC reaches"
    )


def test_a_public_name_leads_out_and_in_again(networks: Networks) -> None:
    """Who asks for an internet-facing name from inside gets a public address, and needs a way to the internet."""
    vpc, subnet = networks.public_vpc()
    closed = networks.subnet(vpc, "10.0.2.0/24")
    facing = networks.balancer(subnet, groups=(networks.group(vpc, tcp(443, ANYWHERE)),))
    task, lonely = networks.task(subnet), networks.task(closed)

    assert networks.view.admit(task, facing, 443)
    assert not networks.view.admit(lonely, facing, 443)


def test_a_group_stands_for_private_addresses(networks: Networks) -> None:
    """A rule that names a group lets nobody in who comes from the internet ("Security group rules")."""
    vpc, subnet = networks.public_vpc()
    tasks = networks.group(vpc)
    by_group = (networks.group(vpc, tcp(443, group=tasks)),)
    facing = networks.balancer(subnet, groups=by_group)
    internal = networks.balancer(subnet, groups=by_group, scheme="internal")
    task = networks.task(subnet, tasks)

    assert networks.view.admit(task, internal, 443)
    assert not networks.view.admit(task, facing, 443)


def test_another_vpc_is_not_reached(networks: Networks) -> None:
    """Two VPCs are two networks, also where blocks and groups would allow it; peering is left out, and that is told."""
    first, second = networks.vpc(), networks.vpc("10.1.0.0/16")
    group = networks.group(second, tcp(80, ANYWHERE))
    target = networks.task(networks.subnet(second, "10.1.1.0/24"), group)
    source = networks.task(networks.subnet(first))

    assert not networks.view.admit(source, target, 80)
    assert f"VPC {second} is another VPC than VPC {first}" in networks.view.refusals()[-1]
