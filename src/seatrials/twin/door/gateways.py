"""What EC2 refuses of gateways, routes, addresses and endpoints, and its model does not say.

Sources: Amazon EC2 API Reference, the page of each operation and "Error codes for the Amazon EC2 API"; Amazon VPC User
Guide, "Subnet CIDR blocks", "Internet gateways", "NAT gateways"; AWS PrivateLink Guide, "Access an AWS service using an
interface VPC endpoint" and "Gateway endpoints". The sentences follow public reports.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from seatrials.twin.door.network import networks_of_services
from seatrials.twin.door.refusal import Asked, Refusal, rule

# What a route may lead to. Source: Amazon EC2 API Reference, CreateRoute.
ROUTE_TARGETS = (
    "CarrierGatewayId",
    "CoreNetworkArn",
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "LocalGatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "OdbNetworkArn",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
)
_WRONG = "InvalidParameterValue"
_WRONG_ENDPOINT = "InvalidParameter"
_WRONG_SUBNET = "InvalidSubnet.Range"
_MISSING = "MissingParameter"
_TOO_MANY = "InvalidParameterCombination"
_IN_USE = "DependencyViolation"
_ADDRESS_IN_USE = "InvalidIPAddress.InUse"
_TAKEN = "Resource.AlreadyAssociated"
_ROUTE_TAKEN = "RouteAlreadyExists"
_UNSUPPORTED = "UnsupportedOperation"
_NO_NAT = "NatGatewayNotFound"
# The lengths of prefixes that VPCs and subnets take. Source: Amazon VPC User Guide, "VPC CIDR blocks".
BLOCK_LENGTHS = range(16, 29)
# The services with gateway endpoints.
_WITH_GATEWAYS = (".s3", ".dynamodb")


@rule("ec2", "CreateSubnet")
def sizes_of_subnets(asked: Asked) -> None:
    """A subnet has from 16 to 65,536 addresses."""
    block = str(asked.parameters.get("CidrBlock", ""))
    prefix = block.partition("/")[2]
    if prefix.isdigit() and int(prefix) not in BLOCK_LENGTHS:
        raise Refusal(_WRONG_SUBNET, f"The CIDR '{block}' is invalid.")


@rule("ec2", "CreateRoute", "ReplaceRoute")
def targets_of_routes(asked: Asked) -> None:
    """A route leads to one target, which is there and in the VPC of its table."""
    given = [name for name in ROUTE_TARGETS if asked.parameters.get(name)]
    if len(given) != 1 and not asked.parameters.get("LocalTarget"):
        told = f"exactly one of GatewayId, NatGatewayId or another target; there are {len(given)}"
        raise Refusal(_MISSING if not given else _TOO_MANY, f"The request must contain {told}")
    table, vpc = asked.parameters["RouteTableId"], _vpc_of_table(asked, asked.parameters["RouteTableId"])
    nat, gateway = asked.parameters.get("NatGatewayId"), str(asked.parameters.get("GatewayId", ""))
    if nat is not None and _nat(asked, nat)["VpcId"] != vpc:
        raise Refusal(_WRONG, f"route table {table} and network gateway {nat} belong to different networks")
    if gateway.startswith("igw-"):
        attached = _internet_gateway(asked, gateway)["Attachments"]
        if vpc not in [each["VpcId"] for each in attached]:
            raise Refusal(_WRONG, f"route table {table} and network gateway {gateway} belong to different networks")


@rule("ec2", "CreateRoute")
def routes_that_are_there(asked: Asked) -> None:
    """A table has one route for a destination."""
    block, table = asked.parameters.get("DestinationCidrBlock"), asked.parameters["RouteTableId"]
    routes = _table(asked, table)["Routes"]
    if block is not None and block in [each.get("DestinationCidrBlock") for each in routes]:
        raise Refusal(_ROUTE_TAKEN, f"The route identified by {block} already exists.")


@rule("ec2", "AssociateRouteTable")
def tables_of_subnets(asked: Asked) -> None:
    """A subnet has one association; another table replaces it by a call of its own."""
    subnet, wanted = asked.parameters.get("SubnetId"), asked.parameters["RouteTableId"]
    for table in asked.aws("ec2").describe_route_tables()["RouteTables"]:
        subnets = [each.get("SubnetId") for each in table["Associations"]]
        if subnet is not None and subnet in subnets and table["RouteTableId"] != wanted:
            raise Refusal(_TAKEN, f"the specified association for route table {wanted} conflicts with an existing one")


@rule("ec2", "AttachInternetGateway")
def one_internet_gateway(asked: Asked) -> None:
    """A VPC has one internet gateway."""
    vpc = asked.parameters["VpcId"]
    for gateway in asked.aws("ec2").describe_internet_gateways()["InternetGateways"]:
        if vpc in [each["VpcId"] for each in gateway["Attachments"]]:
            raise Refusal(_WRONG, f"Network {vpc} already has an internet gateway attached")


@rule("ec2", "DetachInternetGateway")
def gateways_in_use(asked: Asked) -> None:
    """A gateway stays while something of its VPC has a public address: a task, a NAT gateway, or a load balancer."""
    vpc = asked.parameters["VpcId"]
    if vpc in set(_vpcs_with_public_addresses(asked)):
        told = "Please unmap those public address(es) before detaching the gateway."
        raise Refusal(_IN_USE, f"Network {vpc} has some mapped public address(es). {told}")


def _vpcs_with_public_addresses(asked: Asked) -> Iterator[str]:
    ec2 = asked.aws("ec2")
    yield from (each["VpcId"] for each in ec2.describe_nat_gateways()["NatGateways"] if each["State"] == "available")
    for each in asked.aws("elbv2").describe_load_balancers()["LoadBalancers"]:
        if each.get("Scheme") == "internet-facing":
            yield each["VpcId"]
    public = [each for each in networks_of_services(asked) if each.get("assignPublicIp") == "ENABLED"]
    subnets = [subnet for each in public for subnet in each.get("subnets", [])]
    if subnets:
        yield from (each["VpcId"] for each in ec2.describe_subnets(SubnetIds=subnets)["Subnets"])


@rule("ec2", "CreateNatGateway")
def addresses_of_nat_gateways(asked: Asked) -> None:
    """A public NAT gateway has an Elastic IP address that nothing else has."""
    if asked.parameters.get("ConnectivityType", "public") != "public":
        return
    wanted = asked.parameters.get("AllocationId")
    if wanted is None:
        raise Refusal(_MISSING, "The request must include the AllocationId parameter.")
    if wanted in _allocations_in_use(asked):
        raise Refusal(_TAKEN, f"Elastic IP address [{wanted}] is already associated")


@rule("ec2", "ReleaseAddress")
def addresses_in_use(asked: Asked) -> None:
    """The address of a NAT gateway is not given back."""
    wanted = asked.parameters.get("AllocationId")
    if wanted in _allocations_in_use(asked):
        raise Refusal(_ADDRESS_IN_USE, f"The address with allocation id [{wanted}] is in use.")


@rule("ec2", "CreateVpcEndpoint")
def endpoints(asked: Asked) -> None:
    """A service has the kind of endpoint that is asked for, and one private name in a VPC."""
    name, kind = str(asked.parameters.get("ServiceName", "")), asked.parameters.get("VpcEndpointType", "Gateway")
    if kind == "Gateway" and not name.endswith(_WITH_GATEWAYS):
        told = "Endpoint type (Gateway) does not match available service types ([Interface])."
        raise Refusal(_WRONG_ENDPOINT, told)
    # Source: botocore, ec2.CreateVpcEndpointRequest: private DNS is on unless it is switched off.
    if kind == "Interface" and asked.parameters.get("PrivateDnsEnabled", True):
        _private_names(asked, name, str(asked.parameters["VpcId"]))


@rule("ec2", "ModifyVpcEndpoint")
def private_names_stay(asked: Asked) -> None:
    """Private DNS is not switched later, which is ours: moto would take it and do nothing."""
    if "PrivateDnsEnabled" in asked.parameters:
        told = (
            "seatrials does not switch the private DNS of an endpoint: delete the endpoint and create it as it shall be"
        )
        raise Refusal(_UNSUPPORTED, told)


def _private_names(asked: Asked, service: str, vpc: str) -> None:
    ec2 = asked.aws("ec2")
    for each in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=vpc, Attribute=each)
        if not answer[each[0].upper() + each[1:]]["Value"]:
            told = f"both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}"
            raise Refusal(_WRONG_ENDPOINT, f"Enabling private DNS requires {told}")
    for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]:
        is_interface = str(each.get("VpcEndpointType")).lower() == "interface"
        same = (each["VpcId"], each["ServiceName"]) == (vpc, service)
        if same and is_interface and each.get("PrivateDnsEnabled") is not False:
            domain = ".".join(reversed(service.split(".")[2:]))
            told = f"there is already a conflicting DNS domain for {domain}.amazonaws.com in the VPC {vpc}"
            raise Refusal(_WRONG_ENDPOINT, f"private-dns-enabled cannot be set because {told}")


def _table(asked: Asked, identifier: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = asked.aws("ec2").describe_route_tables(RouteTableIds=[identifier])["RouteTables"][0]
    return found


def _vpc_of_table(asked: Asked, identifier: str) -> str:
    return str(_table(asked, identifier)["VpcId"])


def _internet_gateway(asked: Asked, identifier: str) -> Mapping[str, Any]:
    answer = asked.aws("ec2").describe_internet_gateways(InternetGatewayIds=[identifier])
    found: Mapping[str, Any] = answer["InternetGateways"][0]
    return found


def _nat(asked: Asked, identifier: str) -> Mapping[str, Any]:
    nats = asked.aws("ec2").describe_nat_gateways()["NatGateways"]
    found: Mapping[str, Any] | None = next((each for each in nats if each["NatGatewayId"] == identifier), None)
    if found is None:
        raise Refusal(_NO_NAT, f"The Nat Gateway {identifier} was not found")
    return found


def _allocations_in_use(asked: Asked) -> list[str]:
    nats = asked.aws("ec2").describe_nat_gateways()["NatGateways"]
    held = [each for nat in nats if nat["State"] == "available" for each in nat.get("NatGatewayAddresses", [])]
    return [str(each.get("AllocationId")) for each in held]
