"""Whole worlds of templates whose networks are of other shapes, or broken."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from seatrials.mutants.cold_start.cold_network import MUTANTS, private_subnets
from seatrials.mutants.mutant import Change, Mutant, Plan
from seatrials.mutants.template_edits import add, put
from seatrials.seams.http_client import http_client
from seatrials.twin.cloudformation.template import load_template, parse_template
from seatrials.twin.control_plane import ControlPlane
from tests.support.project import TEMPLATE
from tests.support.twin import PLAIN, Twin, Worlds

PORTS = (3000, 8080, 4321)


@contextmanager
def world_of(worlds: Worlds, *changes: Change) -> Iterator[Twin]:
    """Open a world of the shipped template with *changes*, Hermes at rest."""
    document = copy.deepcopy(dict(load_template(TEMPLATE).document))
    document["Resources"]["HermesService"]["Properties"]["DesiredCount"] = 0
    plan = Plan(calibration=PLAIN)
    for change in changes:
        change(plan)
    for edit in plan.template_edits:
        edit(document)
    plane = ControlPlane(parse_template(document), "us-west-2", "webordinary", rules=())
    with Worlds([plane], worlds.authority).open() as twin:
        yield twin


def block(cidr: str, *subnets: str) -> tuple[Change, ...]:
    """Give the VPC and its subnets other blocks, and let tasks be reached from these, as rules may say it."""
    given = [put("Vpc", "CidrBlock", cidr)]
    given += [put(f"Subnet{name}", "CidrBlock", each) for name, each in zip("AB", subnets, strict=True)]
    return tuple(given)


def reached_from(*ranges: str) -> Change:
    """Let the tasks' group name ranges instead of the balancer's group."""
    rules = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": each} for port in PORTS for each in ranges
    ]
    return put("TaskSecurityGroup", "SecurityGroupIngress", rules)


def endpoint(name: str, **given: object) -> Change:
    """Add a VPC endpoint for a service."""
    service = {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{name}"}
    resource = f"Endpoint{name.title().replace('.', '')}"
    return add(resource, "AWS::EC2::VPCEndpoint", VpcId={"Ref": "Vpc"}, ServiceName=service, **given)


def interface(name: str) -> Change:
    """Add an interface endpoint that whoever is in the group of NFS reaches."""
    subnets = [{"Ref": "PrivateA"}, {"Ref": "PrivateB"}]
    groups = [{"Ref": "EndpointGroup"}]
    return endpoint(
        name, VpcEndpointType="Interface", PrivateDnsEnabled=True, SubnetIds=subnets, SecurityGroupIds=groups
    )


OTHER_BLOCK = ("172.31.0.0/16", "172.31.0.0/20", "172.31.16.0/20")
ENDPOINTS_ONLY = (
    *private_subnets("SubnetA"),
    # A block of the documentation's, so that nothing leads to the internet.
    put("PrivateRoute", "DestinationCidrBlock", "192.0.2.0/24"),
    add(
        "EndpointGroup",
        "AWS::EC2::SecurityGroup",
        GroupDescription="HTTPS from the VPC",
        VpcId={"Ref": "Vpc"},
        SecurityGroupIngress=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}],
    ),
    *(interface(each) for each in ("ecr.api", "ecr.dkr", "logs")),
    endpoint("s3", VpcEndpointType="Gateway", RouteTableIds=[{"Ref": "PrivateTable"}]),
)


@pytest.mark.parametrize(
    "changes",
    [
        (*block(*OTHER_BLOCK), reached_from("172.31.0.0/16")),
        (*block(*OTHER_BLOCK), reached_from("172.31.0.0/20", "172.31.16.0/20")),
        private_subnets("SubnetA"),
        ENDPOINTS_ONLY,
    ],
    ids=["by the VPC's block", "by the subnets' blocks", "behind a NAT gateway", "with endpoints alone"],
)
def test_networks_of_other_shapes_serve(worlds: Worlds, changes: tuple[Change, ...]) -> None:
    """Tasks start and become healthy in every network that AWS would let them (VPC and ECS guides)."""
    with world_of(worlds, *changes) as twin:
        [run] = twin.scale(1)

        assert [state for state, _ in twin.targets(run.address)] == ["initial", "healthy"]
        assert twin.world.vpc.refusals() == []


def test_what_has_no_endpoint_is_not_reached(worlds: Worlds) -> None:
    """With endpoints alone an image of Docker Hub cannot be had (ECR User Guide, "Interface VPC endpoints")."""
    image = put("EditTaskDefinition", "ContainerDefinitions.0.Image", "webordinary/edit:1.0.0")
    with world_of(worlds, *ENDPOINTS_ONLY, image) as twin:
        twin.update(desiredCount=1)
        twin.until(lambda: twin.happened("task_stop"))
        [(_, stop)] = twin.happened("task_stop")

    assert stop["code"] == "TaskFailedToStart"
    assert stop["reason"] == (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
        "docker.io/webordinary/edit:1.0.0: failed to do request: "
        'Head "https://registry-1.docker.io/v2/webordinary/edit/manifests/1.0.0": '
        "dial tcp 198.51.100.1:443: i/o timeout"
    )


BLAMED = {
    "default-route-gone": "route table RouteTable (",
    "default-route-too-narrow": "route table RouteTable (",
    "association-missing": "subnet SubnetA (",
    "editors-without-a-public-address": "service webordinary-edit-service has no public address",
    "tasks-send-no-https": "security group TaskSecurityGroup (",
    "balancer-sends-nothing-to-tasks": "security group LoadBalancerSecurityGroup (",
    "nat-without-a-route": "subnet NatSubnet (",
    "endpoint-of-logs-closed": "security group LogsGroup (",
    "tasks-send-no-nfs": "security group TaskSecurityGroup (",
    "file-system-closed": "security group FileSystemSecurityGroup (",
    "mount-target-missing": "file system FileSystem (",
    "mount-target-in-the-group-of-tasks": "security group TaskSecurityGroup (",
    "file-system-without-a-name": "VPC Vpc (",
}


@pytest.mark.parametrize("mutant", [each for each in MUTANTS if each.id in BLAMED], ids=lambda each: each.id)
def test_what_is_broken_is_named(worlds: Worlds, mutant: Mutant) -> None:
    """The first thing that is not reached is told with the resource of the template that is to blame."""
    with world_of(worlds, *mutant.changes) as twin:
        twin.update(desiredCount=1)
        twin.until(twin.world.vpc.refusals, 60)

        assert BLAMED[mutant.id] in twin.world.vpc.refusals()[0]


def test_a_balancer_that_may_not_send_finds_its_targets_silent(worlds: Worlds) -> None:
    """Health checks that do not leave the balancer time out (ALB User Guide, "Target health status")."""
    [mutant] = [each for each in MUTANTS if each.id == "balancer-sends-nothing-to-tasks"]
    with world_of(worlds, *mutant.changes) as twin:
        twin.update(desiredCount=1)
        twin.until(lambda: "unhealthy" in [each["state"] for _, each in twin.happened("target_health")])
        reasons = [each["reason"] for _, each in twin.happened("target_health") if each["state"] == "unhealthy"]
        status = asked_of(twin, "/api/x", 30)

    assert set(reasons) == {"Target.Timeout"}
    assert status == 504


def asked_of(twin: Twin, path: str = "/health", patience_seconds: float = 5) -> int | None:
    """Return the status with which the load balancer answers a browser, None when it does not in time."""
    url = f"https://{twin.world.address_of('webordinary-edit-alb')}{path}"
    with http_client(twin.world.client_host, twin.world.authority.trust) as client:
        try:
            return client.get(url, timeout=patience_seconds).status_code
        except httpx.TimeoutException:
            return None


def test_a_load_balancer_takes_other_groups(twin: Twin) -> None:
    """SetSecurityGroups replaces them at once (Elastic Load Balancing API Reference, SetSecurityGroups)."""
    elbv2, ids = twin.world.aws("elbv2"), twin.world.stack.physical_ids
    answers = []
    for group in ("FileSystemSecurityGroup", "LoadBalancerSecurityGroup"):
        elbv2.set_security_groups(LoadBalancerArn=ids["LoadBalancer"], SecurityGroups=[ids[group]])
        answers.append(asked_of(twin))

    assert answers == [None, 200]


def test_a_load_balancer_takes_other_subnets(twin: Twin) -> None:
    """SetSubnets moves its nodes, which reach tasks and clients from there (API Reference, SetSubnets)."""
    world, ids = twin.world, twin.world.stack.physical_ids
    ec2 = world.aws("ec2")
    made = ec2.create_subnet(VpcId=ids["Vpc"], CidrBlock="10.0.77.0/24", AvailabilityZone="us-west-2a")
    subnet = made["Subnet"]["SubnetId"]
    ec2.associate_route_table(RouteTableId=ids["RouteTable"], SubnetId=subnet)
    [run] = twin.scale(1)
    subnets = [subnet, ids["SubnetB"]]
    world.aws("elbv2").set_subnets(LoadBalancerArn=ids["LoadBalancer"], Subnets=subnets)
    twin.sleep(60)

    assert world.balancers[0].hosts[0].address == "10.0.77.4"
    assert asked_of(twin, "/api/x") == 200
    assert [state for state, _ in twin.targets(run.address)] == ["initial", "healthy"]
    assert world.vpc.refusals() == []
