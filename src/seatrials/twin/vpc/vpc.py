"""The networks of a world: who has which address, and who reaches whom as EC2 is now.

A connection that nothing lets through is not refused: its packets vanish, and the client waits until its own patience
ends. What kept it is told once for each pair of ends, with the name of the resource to blame.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.trace import Trace
from seatrials.twin.vpc.addresses import FIRST_TASK, Addresses
from seatrials.twin.vpc.endpoints import HTTPS_PORT, reach_host, reach_service
from seatrials.twin.vpc.inventory import Inventory
from seatrials.twin.vpc.mount_targets import NFS_PORT, MountTarget, mount_targets, reach_file_system
from seatrials.twin.vpc.places import Blocked, Place
from seatrials.twin.vpc.reachability import reach

_KINDS = {
    "acl": "network ACL",
    "fs": "file system",
    "fsmt": "mount target",
    "igw": "internet gateway",
    "nat": "NAT gateway",
    "rtb": "route table",
    "sg": "security group",
    "subnet": "subnet",
    "vpc": "VPC",
    "vpce": "VPC endpoint",
}
_ID = re.compile(rf"\b(?P<kind>{'|'.join(_KINDS)})-[0-9a-f]+\b")
_INTERNET_FACING = "internet-facing"


class Vpc:
    """Every network interface of a world; what has none, such as a browser, is outside."""

    def __init__(
        self, ec2: AwsClient, efs: AwsClient, trace: Trace, logical_ids: Mapping[str, str], region: str
    ) -> None:
        """*logical_ids* are the template's names of resources, by their ids."""
        self._ec2 = ec2
        self._trace = trace
        self._logical_ids = logical_ids
        self._region = region
        self._efs = efs
        self._places: dict[str, Place] = {}
        self._addresses = Addresses(each.place.address for each in self._mount_targets)
        # The port that rules know, by the address and port under which it is known outside.
        self._known_ports: dict[tuple[str, int], int] = {}
        # Answers until EC2 changes, or the interface at one of the ends.
        self._answers: dict[tuple[str, str, int], Blocked | None] = {}
        # What has been told, in the order of telling.
        self._told: dict[str, None] = {}

    @cached_property
    def _inventory(self) -> Inventory:
        return Inventory(self._ec2)

    @cached_property
    def _mount_targets(self) -> tuple[MountTarget, ...]:
        return tuple(mount_targets(self._efs))

    def heard(self, service: str, operation: str) -> None:
        """Hear of a call that has changed something."""
        if service == "ec2" or (service == "efs" and "MountTarget" in operation):
            self.changed()

    def changed(self) -> None:
        """Forget what EC2 and EFS held before."""
        for each in ("_inventory", "_mount_targets"):
            self.__dict__.pop(each, None)
        self._answers.clear()

    def join_load_balancer(self, description: Mapping[str, Any]) -> list[str]:
        """Let a load balancer have a node in each of its subnets, in its groups; return the addresses of the nodes.

        Nodes that it has already keep their addresses, and those of subnets that it has left go.
        Source: ALB User Guide, "Application Load Balancers", schemes and subnets.
        """
        is_public = description.get("Scheme", _INTERNET_FACING) == _INTERNET_FACING
        groups = tuple(description.get("SecurityGroups", []))
        label = f"load balancer {description['LoadBalancerName']}"
        subnets = [str(zone["SubnetId"]) for zone in description["AvailabilityZones"]]
        before = {place.subnet: address for address, place in self._places.items() if place.label == label}
        for address in [address for subnet, address in before.items() if subnet not in subnets]:
            self.leave(address)
        addresses: list[str] = []
        for subnet in subnets:
            self._inventory.read_names(subnet)
            node = before.get(subnet) or self._addresses.take(self._block(subnet))
            if node is not None:
                addresses.append(node)
                self.join(Place(node, label, subnet, groups, is_public, is_public))
        return addresses

    def join_task(self, subnet: str, groups: list[str], label: str, *, is_public: bool) -> str | None:
        """Give a task an address of its *subnet* and return it; None when the subnet has none left."""
        address = self._addresses.take(self._block(subnet), FIRST_TASK)
        if address is not None:
            self.join(Place(address, label, subnet, tuple(groups), is_public))
        return address

    def zone_of(self, subnet: str) -> str:
        """Return the Availability Zone that a subnet is in."""
        return str(self._inventory.subnets[subnet]["AvailabilityZone"])

    def join(self, place: Place) -> None:
        """Bring up an interface."""
        self._places[place.address] = place
        self._forget(place.address)

    def leave(self, address: str) -> None:
        """Take an interface away."""
        self._places.pop(address, None)
        self._addresses.give_back(address)
        self._forget(address)

    def publish(self, address: str, ports: Mapping[int, int]) -> None:
        """Let rules for the keys of *ports* of an address be rules for their values too."""
        self._known_ports.update({(address, outside): port for port, outside in ports.items()})

    def admit(self, source: str, target: str, port: int) -> bool:
        """Whether TCP from address *source* reaches *port* of address *target*."""
        port = self._known_ports.get((target, port), port)
        if (source, target, port) not in self._answers:
            ends = self._place(source), self._place(target)
            self._answers[source, target, port] = self._tell(*ends, port, reach(self._inventory, *ends, port))
        return self._answers[source, target, port] is None

    def reach_service(self, source: str, name: str) -> Blocked | None:
        """Return what keeps an interface from a service of AWS, by its name in a VPC endpoint's: `ecr.api`."""
        key = (source, f"AWS's {name}", HTTPS_PORT)
        if key not in self._answers:
            place, label, whole = self._place(source), key[1], f"com.amazonaws.{self._region}.{name}"
            blocked = None if place.is_outside else reach_service(self._inventory, place, whole, label)
            self._answers[key] = self._tell(place, Place("", label), HTTPS_PORT, blocked)
        return self._answers[key]

    def reach_host(self, source: str, host: str) -> Blocked | None:
        """Return what keeps an interface from a host of the internet over HTTPS."""
        place = self._place(source)
        return self._tell(place, Place("", host), HTTPS_PORT, reach_host(self._inventory, place, host))

    def reach_file_system(self, source: str, file_system: str) -> Blocked | None:
        """Return what keeps an interface from mounting a file system."""
        place = self._place(source)
        blocked = reach_file_system(self._inventory, self._mount_targets, place, file_system)
        return self._tell(place, Place("", self.named(file_system)), NFS_PORT, blocked)

    def refusals(self) -> list[str]:
        """Return a sentence for each pair of ends that did not come together, and why."""
        return list(self._told)

    def named(self, text: str) -> str:
        """Return *text* with each id of AWS behind what it is and the template's name for it."""

        def name(found: re.Match[str]) -> str:
            kind, logical = _KINDS[found["kind"]], self._logical_ids.get(found[0])
            return f"{kind} {found[0]}" if logical is None else f"{kind} {logical} ({found[0]})"

        return _ID.sub(name, text)

    def _forget(self, address: str) -> None:
        """Forget who reaches an address and whom it reaches; of others EC2 alone decides."""
        for each in [each for each in self._answers if address in each[:2]]:
            del self._answers[each]

    def _place(self, address: str) -> Place:
        return self._places.get(address) or Place(address, "a client outside")

    def _block(self, subnet: str) -> str:
        return str(self._inventory.subnets[subnet]["CidrBlock"])

    def _tell(self, source: Place, target: Place, port: int, blocked: Blocked | None) -> Blocked | None:
        """Note what keeps two ends apart, the first time."""
        if blocked is None:
            return None
        resource, why, reached = self.named(blocked.resource), self.named(blocked.why), self.named(target.label)
        told = f"{source.label} does not reach {reached} on port {port}: {resource} {why}"
        if told not in self._told:
            self._told[told] = None
            self._trace.add("not_reached", resource, source=source.label, target=reached, port=port, why=why)
        return blocked
