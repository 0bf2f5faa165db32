"""What can be wrong with routes, security groups and mounts, found by rows of COLD that use the platform."""

from seatrials.mutants import Mutants
from seatrials.mutants.mutant import Change, edit_template
from seatrials.mutants.template_edits import Document, add, leave_out, put

MUTANTS = Mutants()

_SERVICES = ("HermesService", "EditService")
_SUBNETS = "NetworkConfiguration.AwsvpcConfiguration.Subnets"
_PUBLIC_ADDRESS = "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp"
_ANYWHERE = "0.0.0.0/0"
_VPC = {"Ref": "Vpc"}


def _gone(*resources: str) -> Change:
    """Take resources out of the template, and out of what others wait for."""

    def edit(document: Document) -> None:
        for each in resources:
            del document["Resources"][each]
        for resource in document["Resources"].values():
            waits = resource.get("DependsOn", [])
            listed = [waits] if isinstance(waits, str) else waits
            resource["DependsOn"] = [each for each in listed if each not in resources]

    return edit_template(edit)


def _let_out(group: str, *ports: int) -> Change:
    """Let a security group send TCP to these ports, and nothing else."""
    rules = [{"IpProtocol": "tcp", "FromPort": each, "ToPort": each, "CidrIp": _ANYWHERE} for each in ports]
    return put(group, "SecurityGroupEgress", rules)


def private_subnets(nat_subnet: str) -> tuple[Change, ...]:
    """Let both services run in private subnets whose way out is a NAT gateway in *nat_subnet*."""
    routed = [
        add(
            f"Private{zone}Routes",
            "AWS::EC2::SubnetRouteTableAssociation",
            SubnetId={"Ref": f"Private{zone}"},
            RouteTableId={"Ref": "PrivateTable"},
        )
        for zone in "AB"
    ]
    private = [{"Ref": "PrivateA"}, {"Ref": "PrivateB"}]
    return (
        *(_subnet(f"Private{zone}", f"10.0.1{index}.0/24", index) for index, zone in enumerate("AB")),
        _subnet("NatSubnet", "10.0.20.0/24", 0),
        add("NatAddress", "AWS::EC2::EIP", Domain="vpc"),
        add(
            "Nat",
            "AWS::EC2::NatGateway",
            SubnetId={"Ref": nat_subnet},
            AllocationId={"Fn::GetAtt": ["NatAddress", "AllocationId"]},
        ),
        add("PrivateTable", "AWS::EC2::RouteTable", VpcId=_VPC),
        add(
            "PrivateRoute",
            "AWS::EC2::Route",
            RouteTableId={"Ref": "PrivateTable"},
            DestinationCidrBlock=_ANYWHERE,
            NatGatewayId={"Ref": "Nat"},
        ),
        *routed,
        *(put(each, _SUBNETS, private) for each in _SERVICES),
        *(put(each, _PUBLIC_ADDRESS, "DISABLED") for each in _SERVICES),
    )


def _subnet(name: str, block: str, zone: int) -> Change:
    chosen = {"Fn::Select": [zone, {"Fn::GetAZs": ""}]}
    return add(name, "AWS::EC2::Subnet", VpcId=_VPC, CidrBlock=block, AvailabilityZone=chosen)


MUTANTS.rows["COLD-03"] = {
    "default-route-gone": ("No route leads from the subnets to the internet.", _gone("DefaultRoute")),
    "default-route-too-narrow": (
        "The route to the internet covers the lower half of all addresses alone.",
        put("DefaultRoute", "DestinationCidrBlock", "0.0.0.0/1"),
    ),
    "association-missing": (
        "One subnet is left to the VPC's main route table, which has no route to the internet.",
        _gone("SubnetARoutes"),
    ),
    "hermes-without-a-public-address": (
        "Hermes's tasks have no public address, and their subnets no NAT gateway.",
        put("HermesService", _PUBLIC_ADDRESS, "DISABLED"),
    ),
    "public-address-left-out": (
        "Nothing is said of public addresses, and AWS then gives a task none.",
        *(leave_out(each, _PUBLIC_ADDRESS) for each in _SERVICES),
    ),
    "tasks-send-no-https": ("The tasks may send NFS alone.", _let_out("TaskSecurityGroup", 2049)),
    "balancer-sends-nothing-to-tasks": (
        "The load balancer may send to port 80 alone, where no task listens.",
        _let_out("LoadBalancerSecurityGroup", 80),
    ),
    "balancer-for-the-vpc-alone": (
        "The load balancer is internal, and the platform's clients are not.",
        put("LoadBalancer", "Scheme", "internal"),
    ),
    "balancer-closed-to-clients": (
        "The load balancer takes HTTPS from the VPC alone.",
        put("LoadBalancerSecurityGroup", "SecurityGroupIngress.1.CidrIp", "10.0.0.0/16"),
    ),
    "nat-without-a-route": (
        "The services are in private subnets, and the NAT gateway's own subnet has no route to the internet.",
        *private_subnets("NatSubnet"),
    ),
    "endpoint-of-logs-closed": (
        "Logs go to an endpoint in the VPC whose security group lets nobody in.",
        add("LogsGroup", "AWS::EC2::SecurityGroup", GroupDescription="the endpoint of logs", VpcId=_VPC),
        add(
            "LogsEndpoint",
            "AWS::EC2::VPCEndpoint",
            VpcId=_VPC,
            VpcEndpointType="Interface",
            ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.logs"},
            PrivateDnsEnabled=True,
            SubnetIds=[{"Ref": "SubnetA"}, {"Ref": "SubnetB"}],
            SecurityGroupIds=[{"Ref": "LogsGroup"}],
        ),
    ),
}

MUTANTS.rows["COLD-06"] = {
    "editors-without-a-public-address": (
        "The edit tasks have no public address, and their subnets no NAT gateway.",
        put("EditService", _PUBLIC_ADDRESS, "DISABLED"),
    ),
    "tasks-send-no-nfs": ("The tasks may send HTTPS alone.", _let_out("TaskSecurityGroup", 443)),
    "file-system-closed": (
        "The file system's security group has no rule that lets anybody in.",
        put("FileSystemSecurityGroup", "SecurityGroupIngress", []),
    ),
    "mount-target-missing": ("The file system has no mount target in one of the zones.", _gone("MountTargetA")),
    "mount-target-in-the-group-of-tasks": (
        "The mount target of one zone is in the tasks' group, which lets no NFS in.",
        put("MountTargetA", "SecurityGroups", [{"Ref": "TaskSecurityGroup"}]),
    ),
    "file-system-without-a-name": (
        "The VPC resolves no names of its own, such as the file system's.",
        put("Vpc", "EnableDnsHostnames", value=False),
    ),
}
