"""Who has which address of a world, and how what is not reached is told."""

import json
from ipaddress import ip_address, ip_network

import pytest

from seatrials.twin.vpc.addresses import Addresses
from seatrials.twin.vpc.places import Place
from tests.support.network import ANYWHERE, Networks, tcp


@pytest.mark.parametrize("block", ["10.0.1.0/28", "172.31.16.0/20", "192.168.7.64/26"])
def test_addresses_are_of_the_block(block: str) -> None:
    """The first four addresses of a subnet and its last one are AWS's own ("Subnet CIDR blocks")."""
    addresses, network = Addresses(), ip_network(block)
    usable = network.num_addresses - 5
    taken = [addresses.take(block, 10) for _ in range(min(usable, 200))]

    assert len(set(taken)) == len(taken)
    assert all(ip_address(str(each)) in network for each in taken)
    assert not {str(network[host]) for host in (0, 1, 2, 3, -1)} & set(map(str, taken))


def test_a_full_subnet_has_no_address() -> None:
    """A /28 has eleven addresses to give, and one that is given back comes round again."""
    addresses = Addresses(["10.0.1.4"])
    taken = [addresses.take("10.0.1.0/28") for _ in range(11)]
    addresses.give_back("10.0.1.7")

    assert taken.index(None) == 10
    assert addresses.take("10.0.1.0/28") == "10.0.1.7"


def test_a_load_balancer_has_an_address_in_each_subnet(networks: Networks) -> None:
    """Each of its nodes is an interface in its own subnet, and in the balancer's groups (ALB User Guide)."""
    vpc = networks.vpc("172.20.0.0/16")
    subnets = [networks.subnet(vpc, "172.20.1.0/24"), networks.subnet(vpc, "172.20.2.0/24", "b")]
    networks.view.changed()
    zones = [{"SubnetId": each} for each in subnets]
    addresses = networks.view.join_load_balancer({"LoadBalancerName": "front", "AvailabilityZones": zones})

    assert addresses == ["172.20.1.4", "172.20.2.4"]


def test_what_is_kept_apart_is_told_once(networks: Networks) -> None:
    """However many tasks of a service try, and however often."""
    vpc = networks.vpc()
    subnet, closed = networks.subnet(vpc), networks.group(vpc)
    target = networks.host(subnet, "10.0.1.99", closed)
    for task in [networks.task(subnet), networks.task(subnet)]:
        assert not networks.view.admit(task, target, 80)
        assert not networks.view.admit(task, target, 80)
    [event] = networks.trace.events

    assert json.loads(event.as_json()) == {
        "at_us": 0,
        "kind": "not_reached",
        "subject": f"security group {closed}",
        "source": "service web",
        "target": "host 10.0.1.99",
        "port": 80,
        "why": "lets no TCP in from service web on port 80",
    }


def test_a_change_of_ec2_takes_effect(networks: Networks) -> None:
    """What was asked before is asked again once a call has changed something, and not before."""
    vpc = networks.vpc()
    subnet, group = networks.subnet(vpc), networks.group(vpc)
    ends = networks.host(subnet, "10.0.1.98"), networks.host(subnet, "10.0.1.99", group), 80
    before = networks.view.admit(*ends)
    networks.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[tcp(80, ANYWHERE)])
    unheard = networks.view.admit(*ends)
    networks.view.heard("ec2", "AuthorizeSecurityGroupIngress")

    assert [before, unheard, networks.view.admit(*ends)] == [False, False, True]


def test_an_address_has_the_rules_of_the_interface_that_has_it_now(networks: Networks) -> None:
    """A task that gets the address of another one is in groups of its own, and others stay as they were."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    open_, closed = networks.group(vpc, tcp(80, ANYWHERE)), networks.group(vpc, egress=[])
    server = networks.host(subnet, "10.0.1.99", open_)
    others = networks.host(subnet, "10.0.1.98"), server
    task = networks.task(subnet, open_)
    before = [networks.view.admit(*ends, 80) for ends in ((task, server), (server, task), others)]
    networks.view.leave(task)
    networks.view.join(Place(task, "service web", subnet, (closed,)))
    after = [networks.view.admit(*ends, 80) for ends in ((task, server), (server, task), others)]

    assert (before, after) == ([True, True, True], [False, False, True])


def test_a_port_has_the_rules_of_the_one_it_stands_for(networks: Networks) -> None:
    """A server's clients know ports of this machine, and rules know those of the template."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    target = networks.host(subnet, "10.0.1.99", networks.group(vpc, tcp(443, ANYWHERE)))
    networks.view.publish(target, {443: 18_443})
    source = networks.host(subnet, "10.0.1.98")

    assert networks.view.admit(source, target, 18_443)
    assert not networks.view.admit(source, target, 18_080)
