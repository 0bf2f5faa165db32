"""Mount targets, as the Amazon EFS User Guide has them; each rule from both sides."""

from dataclasses import dataclass

import pytest

from tests.support.network import ANYWHERE, Networks, tcp


@dataclass
class Files:
    """A VPC with a subnet in each of two zones, and a file system."""

    networks: Networks
    vpc: str
    here: str
    there: str
    file_system: str

    def mount_target(self, subnet: str, *groups: str) -> None:
        """Make a mount target."""
        chosen = {"SecurityGroups": list(groups)} if groups else {}
        self.networks.aws("efs").create_mount_target(FileSystemId=self.file_system, SubnetId=subnet, **chosen)

    def why_not(self, *groups: str, subnet: str = "") -> str:
        """Return what keeps a task in these groups from mounting, empty when nothing does."""
        task = self.networks.task(subnet or self.here, *groups)
        blocked = self.networks.view.reach_file_system(task, self.file_system)
        return "" if blocked is None else self.networks.view.named(f"{blocked.resource} {blocked.why}")


@pytest.fixture
def files(networks: Networks) -> Files:
    """Give a file system without mount targets."""
    vpc = networks.vpc()
    here, there = networks.subnet(vpc), networks.subnet(vpc, "10.0.2.0/24", "b")
    answer = networks.aws("efs").create_file_system(CreationToken=vpc)
    return Files(networks, vpc, here, there, str(answer["FileSystemId"]))


def test_it_is_mounted_by_the_target_of_the_zone(files: Files) -> None:
    """Who is in a zone without a mount target does not resolve the file system's name ("Mounting with DNS names")."""
    open_to_all = files.networks.group(files.vpc, tcp(2049, ANYWHERE))
    files.mount_target(files.here, open_to_all)

    assert files.why_not() == ""
    assert files.why_not(subnet=files.there) == (
        f"file system {files.file_system} has no mount target in us-west-2b, the zone of subnet {files.there}"
    )


def test_another_subnet_of_the_zone_is_as_good(files: Files) -> None:
    """There is one mount target for a zone, and it serves all subnets of it ("Managing mount targets")."""
    files.mount_target(files.here, files.networks.group(files.vpc, tcp(2049, "10.0.0.0/16")))

    assert files.why_not(subnet=files.networks.subnet(files.vpc, "10.0.3.0/24")) == ""


def test_nfs_must_come_in(files: Files) -> None:
    """A mount target's groups must let port 2049 in ("Using VPC security groups")."""
    closed, tasks = files.networks.group(files.vpc), files.networks.group(files.vpc)
    files.mount_target(files.here, closed)
    before = files.why_not(tasks)
    files.networks.ec2.authorize_security_group_ingress(GroupId=closed, IpPermissions=[tcp(2049, group=tasks)])

    assert before == f"security group {closed} lets no TCP in from service web on port 2049"
    assert files.why_not(tasks) == ""
    assert files.why_not() != ""


def test_nfs_must_go_out(files: Files) -> None:
    """The client's groups must let port 2049 out (the same)."""
    files.mount_target(files.here, files.networks.group(files.vpc, tcp(2049, ANYWHERE)))
    https, nfs = (files.networks.group(files.vpc, egress=[tcp(port, ANYWHERE)]) for port in (443, 2049))

    assert files.why_not(https).startswith(f"security group {https} lets no TCP out to mount target ")
    assert files.why_not(nfs) == ""


@pytest.mark.parametrize("attribute", ["EnableDnsSupport", "EnableDnsHostnames"])
def test_the_name_needs_both_attributes_of_dns(files: Files, attribute: str) -> None:
    """EnableDnsSupport and EnableDnsHostnames are needed to resolve the name ("Mounting with DNS names")."""
    files.mount_target(files.here, files.networks.group(files.vpc, tcp(2049, ANYWHERE)))
    files.networks.ec2.modify_vpc_attribute(VpcId=files.vpc, **{attribute: {"Value": False}})
    off = attribute[0].lower() + attribute[1:]

    assert files.why_not() == f"VPC {files.vpc} resolves no such name: {off} is false"
