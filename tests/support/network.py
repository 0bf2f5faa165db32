"""Networks of EC2 for a test, a call for each part."""

from dataclasses import dataclass, field
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace
from seatrials.twin.vpc.places import Place
from seatrials.twin.vpc.vpc import Vpc
from tests.support.aws import Clients, Document

REGION = "us-west-2"
ANYWHERE = "0.0.0.0/0"
BROWSER = "203.0.113.10"


def tcp(port: int, *ranges: str, group: str = "", prefix_list: str = "") -> Document:
    """Return a permission for TCP on one port, from or to the ranges, group or prefix list that are given."""
    permission: Document = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
    permission["IpRanges"] = [{"CidrIp": each} for each in ranges]
    permission["UserIdGroupPairs"] = [{"GroupId": group}] if group else []
    permission["PrefixListIds"] = [{"PrefixListId": prefix_list}] if prefix_list else []
    return permission


@dataclass
class Networks:
    """What EC2 and EFS hold, and a world's view of it."""

    aws: Clients
    logical_ids: dict[str, str] = field(default_factory=dict)
    trace: Trace = field(default_factory=lambda: Trace(VirtualClock(0)))
    _groups: int = 0
    _balancers: int = 0

    @property
    def ec2(self) -> AwsClient:
        """The client of EC2."""
        return self.aws("ec2")

    def __post_init__(self) -> None:
        """Let the view begin where nothing is yet."""
        self.view = Vpc(self.ec2, self.aws("efs"), self.trace, self.logical_ids, REGION)

    def vpc(self, block: str = "10.0.0.0/16", *, support: bool = True, hostnames: bool = True) -> str:
        """Make a VPC, with its DNS attributes."""
        made = str(self.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"])
        self.ec2.modify_vpc_attribute(VpcId=made, EnableDnsSupport={"Value": support})
        self.ec2.modify_vpc_attribute(VpcId=made, EnableDnsHostnames={"Value": hostnames})
        return made

    def subnet(self, vpc: str, block: str = "10.0.1.0/24", zone: str = "a") -> str:
        """Make a subnet."""
        answer = self.ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{REGION}{zone}")
        return str(answer["Subnet"]["SubnetId"])

    def internet_gateway(self, vpc: str | None) -> str:
        """Make an internet gateway, attached to *vpc* if there is one."""
        made = str(self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"])
        if vpc is not None:
            self.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        return made

    def main_table(self, vpc: str) -> str:
        """Return the main route table of a VPC."""
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
        return str(self.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"])

    def table(self, vpc: str, *subnets: str) -> str:
        """Make a route table for these subnets."""
        made = str(self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
        for each in subnets:
            self.ec2.associate_route_table(RouteTableId=made, SubnetId=each)
        return made

    def route(self, table: str, block: str = ANYWHERE, **target: str) -> None:
        """Add a route."""
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=block, **target)

    def nat(self, subnet: str, *, is_public: bool = True) -> str:
        """Make a NAT gateway."""
        kind: Document = {"ConnectivityType": "private"}
        if is_public:
            kind = {"AllocationId": self.ec2.allocate_address(Domain="vpc")["AllocationId"]}
        return str(self.ec2.create_nat_gateway(SubnetId=subnet, **kind)["NatGateway"]["NatGatewayId"])

    def group(self, vpc: str, *ingress: Document, egress: list[Document] | None = None) -> str:
        """Make a security group; without *egress* it lets everything out, as EC2 makes it."""
        self._groups += 1
        name = f"group-{self._groups}"
        made = str(self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])
        if ingress:
            self.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=list(ingress))
        if egress is not None:
            everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
            self.ec2.revoke_security_group_egress(GroupId=made, IpPermissions=everything)
        if egress:
            self.ec2.authorize_security_group_egress(GroupId=made, IpPermissions=egress)
        return made

    def endpoint(self, vpc: str, service: str, **more: Any) -> str:  # noqa: ANN401  # parameters of the call
        """Make a VPC endpoint for a service of AWS."""
        name = f"com.amazonaws.{REGION}.{service}"
        answer = self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, **more)
        return str(answer["VpcEndpoint"]["VpcEndpointId"])

    def public_vpc(self) -> tuple[str, str]:
        """Make a VPC and a subnet that is led to the internet by an internet gateway."""
        vpc = self.vpc()
        subnet = self.subnet(vpc)
        self.route(self.table(vpc, subnet), GatewayId=self.internet_gateway(vpc))
        return vpc, subnet

    def task(self, subnet: str, *groups: str, is_public: bool = True) -> str:
        """Bring up a task's interface, as EC2 is now, and return its address."""
        self.view.changed()
        address = self.view.join_task(subnet, list(groups), "service web", is_public=is_public)
        assert address is not None
        return address

    def balancer(self, *subnets: str, groups: tuple[str, ...] = (), scheme: str = "internet-facing") -> str:
        """Bring up the nodes of a load balancer, as EC2 is now, and return the address of the first."""
        self.view.changed()
        self._balancers += 1
        name = "front" if self._balancers == 1 else f"front-{self._balancers}"
        zones = [{"SubnetId": each} for each in subnets]
        names = {"LoadBalancerName": name, "Scheme": scheme, "SecurityGroups": list(groups)}
        return self.view.join_load_balancer({**names, "AvailabilityZones": zones})[0]

    def host(self, subnet: str, address: str, *groups: str) -> str:
        """Bring up an interface at *address*."""
        self.view.changed()
        self.view.join(Place(address, f"host {address}", subnet, groups))
        return address

    def why_not(self, source: str) -> str:
        """Return what keeps an interface from the internet, empty when nothing does."""
        blocked = self.view.reach_host(source, "registry.example")
        return "" if blocked is None else self.view.named(f"{blocked.resource} {blocked.why}")
