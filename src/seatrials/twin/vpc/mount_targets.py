"""How a file system is reached: by its mount target in the zone of whoever mounts it, on the port of NFS.

Source: Amazon EFS User Guide, "Managing mount targets": one for each zone, with an address of its subnet and security
groups; "Mounting EFS file systems with DNS names": the name leads to the mount target in the zone of the client, and
needs EnableDnsSupport and EnableDnsHostnames; "Using VPC security groups": port 2049 in at the mount target and out at
the client.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from seatrials.seams.application import AwsClient
from seatrials.twin.vpc.endpoints import unresolved_in
from seatrials.twin.vpc.inventory import Inventory
from seatrials.twin.vpc.places import Blocked, Place
from seatrials.twin.vpc.reachability import reach

NFS_PORT = 2049


@dataclass(frozen=True)
class MountTarget:
    """One way into a file system."""

    file_system: str
    place: Place


def mount_targets(efs: AwsClient) -> Iterator[MountTarget]:
    """Yield every mount target that EFS has."""
    for system in efs.describe_file_systems()["FileSystems"]:
        for each in efs.describe_mount_targets(FileSystemId=system["FileSystemId"])["MountTargets"]:
            identifier = each["MountTargetId"]
            groups = efs.describe_mount_target_security_groups(MountTargetId=identifier)["SecurityGroups"]
            place = Place(each["IpAddress"], identifier, each["SubnetId"], tuple(groups))
            yield MountTarget(system["FileSystemId"], place)


def reach_file_system(
    inventory: Inventory, targets: tuple[MountTarget, ...], source: Place, file_system: str
) -> Blocked | None:
    """Return what keeps *source* from mounting *file_system*."""
    unresolved = unresolved_in(inventory, source, "enableDnsSupport", "enableDnsHostnames")
    if unresolved is not None:
        return unresolved
    zone, vpc = inventory.subnets[source.subnet]["AvailabilityZone"], inventory.vpc_of(source.subnet)
    for target in targets:
        subnet = inventory.subnets[target.place.subnet]
        if (target.file_system, subnet["AvailabilityZone"], subnet["VpcId"]) == (file_system, zone, vpc):
            return reach(inventory, source, target.place, NFS_PORT)
    return Blocked(file_system, f"has no mount target in {zone}, the zone of {source.subnet}", is_unresolved=True)
