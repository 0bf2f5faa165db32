"""How services of AWS are reached: over the internet, or by endpoints, as the AWS PrivateLink Guide has them."""

import pytest

from tests.support.network import ANYWHERE, REGION, Networks, tcp


def why_not(networks: Networks, source: str, service: str) -> str:
    """Return what keeps an interface from a service, empty when nothing does."""
    blocked = networks.view.reach_service(source, service)
    return "" if blocked is None else networks.view.named(f"{blocked.resource} {blocked.why}")


def interface(networks: Networks, vpc: str, subnet: str, group: str, *, private_dns: bool = True) -> str:
    """Make an interface endpoint for CloudWatch Logs."""
    more = {"SubnetIds": [subnet], "SecurityGroupIds": [group], "PrivateDnsEnabled": private_dns}
    return networks.endpoint(vpc, "logs", VpcEndpointType="Interface", **more)


def test_a_service_is_on_the_internet(networks: Networks) -> None:
    """Without an endpoint it takes a way out, and a rule that lets HTTPS out."""
    vpc, subnet = networks.public_vpc()
    closed = networks.group(vpc, egress=[tcp(80, ANYWHERE)])
    lonely = networks.subnet(vpc, "10.0.2.0/24")

    assert why_not(networks, networks.task(subnet), "dynamodb") == ""
    assert why_not(networks, networks.task(subnet, closed), "dynamodb") == (
        f"security group {closed} lets no TCP out to AWS's dynamodb on port 443"
    )
    assert "has no route to the internet" in why_not(networks, networks.task(lonely), "dynamodb")


def test_an_interface_endpoint_takes_no_way_out(networks: Networks) -> None:
    """With private DNS the service's name leads to the endpoint, and to nothing else of AWS."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    interface(networks, vpc, subnet, networks.group(vpc, tcp(443, "10.0.0.0/16")))
    task = networks.task(subnet, is_public=False)

    assert why_not(networks, task, "logs") == ""
    assert why_not(networks, task, "monitoring") != ""


def test_the_endpoints_group_must_let_https_in(networks: Networks) -> None:
    """Private DNS leads to the endpoint even where there is another way, so a closed group is the end of it."""
    vpc, subnet = networks.public_vpc()
    closed = networks.group(vpc)
    interface(networks, vpc, subnet, closed)

    assert why_not(networks, networks.task(subnet), "logs") == (
        f"security group {closed} lets no TCP in from service web on port 443"
    )


def test_an_endpoint_that_is_deleted_is_no_way(networks: Networks) -> None:
    """Its name and its routes go with it."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    made = interface(networks, vpc, subnet, networks.group(vpc, tcp(443, ANYWHERE)))
    networks.ec2.delete_vpc_endpoints(VpcEndpointIds=[made])

    assert "has no route to the internet" in why_not(networks, networks.task(subnet), "logs")


def test_without_private_dns_the_name_leads_to_the_internet(networks: Networks) -> None:
    """Only names of the endpoint's own lead to it then, which no client asks for by itself."""
    vpc, subnet = networks.public_vpc()
    interface(networks, vpc, subnet, networks.group(vpc), private_dns=False)
    lonely = networks.subnet(vpc, "10.0.2.0/24")

    assert why_not(networks, networks.task(subnet), "logs") == ""
    assert why_not(networks, networks.task(lonely), "logs") != ""


def test_private_dns_takes_both_attributes_of_dns(networks: Networks) -> None:
    """A VPC whose names are switched off later asks the internet again ("DNS attributes for your VPC")."""
    vpc, subnet = networks.public_vpc()
    interface(networks, vpc, subnet, networks.group(vpc))
    closed = why_not(networks, networks.task(subnet), "logs")
    networks.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})

    assert closed != ""
    assert why_not(networks, networks.task(subnet), "logs") == ""


def test_a_gateway_endpoint_is_for_the_tables_that_it_names(networks: Networks) -> None:
    """It adds a route to those tables; another subnet has none ("Gateway endpoints")."""
    vpc = networks.vpc()
    routed, other = networks.subnet(vpc), networks.subnet(vpc, "10.0.2.0/24")
    networks.endpoint(vpc, "dynamodb", VpcEndpointType="Gateway", RouteTableIds=[networks.table(vpc, routed)])
    networks.table(vpc, other)

    assert why_not(networks, networks.task(routed, is_public=False), "dynamodb") == ""
    assert why_not(networks, networks.task(routed, is_public=False), "s3") != ""
    assert why_not(networks, networks.task(other, is_public=False), "dynamodb") != ""


@pytest.mark.parametrize(("service", "lets_out"), [("dynamodb", True), ("s3", False)])
def test_a_rule_may_name_the_services_prefix_list(networks: Networks, service: str, *, lets_out: bool) -> None:
    """AWS keeps a list of the addresses of S3 and of DynamoDB ("AWS-managed prefix lists")."""
    vpc = networks.vpc()
    subnet = networks.subnet(vpc)
    filters = [{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{REGION}.{service}"]}]
    listed = networks.ec2.describe_managed_prefix_lists(Filters=filters)["PrefixLists"][0]["PrefixListId"]
    group = networks.group(vpc, egress=[tcp(443, prefix_list=listed)])
    networks.endpoint(vpc, "dynamodb", VpcEndpointType="Gateway", RouteTableIds=[networks.table(vpc, subnet)])

    assert (why_not(networks, networks.task(subnet, group), "dynamodb") == "") is lets_out


def test_a_vpc_without_dns_resolves_no_name(networks: Networks) -> None:
    """EnableDnsSupport switches AWS's resolver ("DNS attributes for your VPC")."""
    vpc = networks.vpc(support=False, hostnames=False)
    subnet = networks.subnet(vpc)
    networks.route(networks.table(vpc, subnet), GatewayId=networks.internet_gateway(vpc))
    blocked = networks.view.reach_service(networks.task(subnet), "ecs")

    assert blocked is not None
    assert (blocked.resource, blocked.is_unresolved) == (vpc, True)


def test_who_is_in_no_vpc_reaches_everything(networks: Networks) -> None:
    """Clients of a world are somewhere else, and their networks are nobody's business here."""
    assert networks.view.reach_service("203.0.113.10", "dynamodb") is None
