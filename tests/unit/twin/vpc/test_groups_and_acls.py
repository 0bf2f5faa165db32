"""Security groups and network ACLs, as the Amazon VPC User Guide has them; each rule from both sides."""

import pytest

from tests.support.aws import Document
from tests.support.network import ANYWHERE, Networks, tcp

EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}
FROM_IPV6 = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}


@pytest.mark.parametrize(
    ("rule", "lets_in"),
    [
        (tcp(80, ANYWHERE), True),
        (tcp(80, "10.0.0.0/16"), True),
        (tcp(80, "10.0.2.0/24"), True),
        (tcp(80, "10.0.2.10/32"), True),
        (EVERYTHING, True),
        ({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 80, "IpRanges": [{"CidrIp": ANYWHERE}]}, True),
        (tcp(80, "10.0.1.0/24"), False),
        (tcp(81, ANYWHERE), False),
        ({"IpProtocol": "udp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": ANYWHERE}]}, False),
        (FROM_IPV6, False),
    ],
    ids=str,
)
def test_a_rule_lets_in_what_it_covers(networks: Networks, rule: Document, *, lets_in: bool) -> None:
    """Protocol, port and range must all fit; rules of IPv6 are about other addresses ("Security group rules")."""
    vpc = networks.vpc()
    target = networks.task(networks.subnet(vpc), networks.group(vpc, rule))
    source = networks.host(networks.subnet(vpc, "10.0.2.0/24"), "10.0.2.10")

    assert networks.view.admit(source, target, 80) is lets_in


def test_a_group_lets_out_what_its_rules_say(networks: Networks) -> None:
    """EC2 makes a group with a rule for everything; once that is gone, only what rules name goes out."""
    vpc = networks.vpc()
    here, there = networks.subnet(vpc), networks.subnet(vpc, "10.0.2.0/24")
    members = networks.group(vpc, EVERYTHING)
    target = networks.task(there, members)
    groups = [
        networks.group(vpc),
        networks.group(vpc, egress=[]),
        networks.group(vpc, egress=[tcp(80, "10.0.2.0/24")]),
        networks.group(vpc, egress=[tcp(443, ANYWHERE)]),
        networks.group(vpc, egress=[tcp(80, group=members)]),
    ]

    let_out = [networks.view.admit(networks.task(here, group), target, 80) for group in groups]
    assert let_out == [True, False, True, False, True]


def test_a_refusal_names_the_group(networks: Networks) -> None:
    """What keeps two ends apart is told with the group, by the template's name for it."""
    vpc = networks.vpc()
    closed = networks.group(vpc, egress=[])
    networks.logical_ids[closed] = "ClosedGroup"
    subnet = networks.subnet(vpc)

    networks.view.admit(networks.task(subnet, closed), networks.host(subnet, "10.0.1.99"), 80)
    ends, why = "service web does not reach host 10.0.1.99 on port 80", "lets no TCP out to host 10.0.1.99 on port 80"
    assert networks.view.refusals() == [f"{ends}: security group ClosedGroup ({closed}) {why}"]


def test_what_is_in_no_group_is_in_the_default_one(networks: Networks) -> None:
    """An interface that names no group is in its VPC's default group ("Default security groups")."""
    vpc = networks.vpc()
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = networks.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    networks.ec2.authorize_security_group_ingress(GroupId=default, IpPermissions=[tcp(80, "10.0.1.99/32")])
    subnet = networks.subnet(vpc)
    target, friend = networks.task(subnet), networks.host(subnet, "10.0.1.99")
    stranger = networks.host(subnet, "10.0.1.98", networks.group(vpc))

    assert networks.view.admit(friend, target, 80)
    assert not networks.view.admit(stranger, target, 80)


def test_the_default_group_is_a_group_that_rules_may_name(networks: Networks) -> None:
    """Who names no group is a member of the default one, to rules that name it ("Security group rules")."""
    vpc = networks.vpc()
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = networks.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    subnet = networks.subnet(vpc)
    target = networks.task(subnet, networks.group(vpc, tcp(80, group=default)))
    member, other = networks.task(subnet), networks.task(subnet, networks.group(vpc))

    assert networks.view.admit(member, target, 80)
    assert not networks.view.admit(other, target, 80)


def test_a_prefix_list_stands_for_its_entries(networks: Networks) -> None:
    """A rule may name a list of blocks ("Managed prefix lists")."""
    vpc = networks.vpc()
    entries = [{"Cidr": "10.0.2.0/24"}]
    listed = networks.ec2.create_managed_prefix_list(
        PrefixListName="offices", Entries=entries, MaxEntries=1, AddressFamily="IPv4"
    )["PrefixList"]["PrefixListId"]
    target = networks.task(networks.subnet(vpc), networks.group(vpc, tcp(80, prefix_list=listed)))
    on_it = networks.host(networks.subnet(vpc, "10.0.2.0/24"), "10.0.2.10")
    not_on_it = networks.host(networks.subnet(vpc, "10.0.3.0/24"), "10.0.3.10")

    assert networks.view.admit(on_it, target, 80)
    assert not networks.view.admit(not_on_it, target, 80)


def _acl(networks: Networks, vpc: str, subnet: str, *entries: tuple[int, bool, str, str, tuple[int, int]]) -> str:
    """Put a subnet into a network ACL with entries of (number, egress, action, block, ports)."""
    made = str(networks.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"])
    for number, egress, action, block, (first, last) in entries:
        networks.ec2.create_network_acl_entry(
            NetworkAclId=made,
            RuleNumber=number,
            Egress=egress,
            Protocol="6",
            RuleAction=action,
            CidrBlock=block,
            PortRange={"From": first, "To": last},
        )
    filters = [{"Name": "association.subnet-id", "Values": [subnet]}]
    [before] = networks.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    [association] = [each for each in before["Associations"] if each["SubnetId"] == subnet]
    networks.ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=made
    )
    return made


IN, OUT = (100, False, "allow", ANYWHERE, (80, 80)), (100, True, "allow", ANYWHERE, (1024, 65_535))
DENIED = (90, False, "deny", "10.0.2.0/24", (80, 80))


@pytest.mark.parametrize(
    ("entries", "lets_through"),
    [
        ((IN, OUT), True),
        ((IN,), False),
        ((OUT,), False),
        ((DENIED, IN, OUT), False),
        ((IN, OUT, (110, *DENIED[1:])), True),
    ],
    ids=["both ways", "no answers", "no requests", "denied first", "denied later"],
)
def test_a_network_acl_judges_each_direction(
    networks: Networks, entries: tuple[tuple[int, bool, str, str, tuple[int, int]], ...], *, lets_through: bool
) -> None:
    """The first rule that matches decides, answers need a rule of their own ("Network ACL rules")."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    acl = _acl(networks, vpc, subnet, *entries)
    target = networks.task(subnet, networks.group(vpc, EVERYTHING))
    source = networks.host(networks.subnet(vpc, "10.0.2.0/24"), "10.0.2.10")

    assert networks.view.admit(source, target, 80) is lets_through
    assert lets_through or f"network ACL {acl} lets no TCP" in networks.view.refusals()[0]


def test_a_nat_gateways_subnet_has_its_network_acl(networks: Networks) -> None:
    """What goes through a NAT gateway crosses its subnet's edge twice ("NAT gateways", network ACLs)."""
    vpc, subnet = networks.public_vpc()
    private = networks.subnet(vpc, "10.0.2.0/24")
    networks.route(networks.table(vpc, private), NatGatewayId=networks.nat(subnet))
    before = networks.why_not(networks.task(private, is_public=False))
    acl = _acl(networks, vpc, subnet, (100, False, "allow", ANYWHERE, (443, 443)), (100, *OUT[1:]))
    one_way = networks.why_not(networks.task(private, is_public=False))

    assert before == ""
    assert one_way.startswith(f"network ACL {acl} lets no TCP")


def test_a_network_acl_is_no_matter_within_its_subnet(networks: Networks) -> None:
    """Only what crosses a subnet's edge is judged ("Network ACL basics")."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    _acl(networks, vpc, subnet)
    target = networks.task(subnet, networks.group(vpc, EVERYTHING))

    assert networks.view.admit(networks.host(subnet, "10.0.1.99"), target, 80)
