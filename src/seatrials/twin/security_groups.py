"""Who may connect to whom: the security groups of EC2, as they are now.

A connection that no rule lets in is not refused: its packets vanish, and the client waits until its own patience ends.
Source: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups": rules only allow, those of
all groups of an interface add up, and a rule may name a range of addresses or another group's members.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from seatrials.seams.application import AwsClient

_ANY_PROTOCOL = "-1"


class SecurityGroups:
    """The groups of each interface of a world; one without a group, such as a browser's, is open."""

    def __init__(self, ec2: AwsClient) -> None:
        self._ec2 = ec2
        self._groups_by_address: dict[str, tuple[str, ...]] = {}
        # The port that the rules know, by the address and port under which it is known outside.
        self._known_ports: dict[tuple[str, int], int] = {}
        # Permissions by group, until EC2 changes.
        self._permissions: dict[str, list[dict[str, Any]]] = {}

    def assign(self, address: str, groups: Sequence[str]) -> None:
        """Put the interface at *address* into *groups*, which are ids."""
        self._groups_by_address[address] = tuple(groups)

    def publish(self, address: str, ports: Mapping[int, int]) -> None:
        """Let rules for the keys of *ports* of an address be rules for their values too."""
        self._known_ports.update({(address, outside): port for port, outside in ports.items()})

    def changed(self) -> None:
        """Hear that a call has changed something of EC2."""
        self._permissions.clear()

    def admit(self, source: str, target: str, port: int) -> bool:
        """Whether TCP from address *source* reaches *port* of address *target*."""
        groups = self._groups_by_address.get(target)
        if groups is None:
            return True
        port = self._known_ports.get((target, port), port)
        sources = self._groups_by_address.get(source, ())
        return any(
            _names(permission, source, sources)
            for group in groups
            for permission in self._ingress(group)
            if _covers(permission, port)
        )

    def _ingress(self, group: str) -> list[dict[str, Any]]:
        if group not in self._permissions:
            # Why by a filter: one that a client has deleted is an error when it is asked for by its id.
            named = [{"Name": "group-id", "Values": [group]}]
            found = self._ec2.describe_security_groups(Filters=named)["SecurityGroups"]
            self._permissions[group] = found[0]["IpPermissions"] if found else []
        return self._permissions[group]


def _covers(permission: dict[str, Any], port: int) -> bool:
    if permission["IpProtocol"] == _ANY_PROTOCOL:
        return True
    return permission["IpProtocol"] == "tcp" and port in range(permission["FromPort"], permission["ToPort"] + 1)


def _names(permission: dict[str, Any], address: str, groups: Sequence[str]) -> bool:
    """Whether a permission lets in an address, or a member of *groups*."""
    ranges = [each["CidrIp"] for each in permission.get("IpRanges", [])]
    if any(ip_address(address) in ip_network(each) for each in ranges):
        return True
    return any(each["GroupId"] in groups for each in permission.get("UserIdGroupPairs", []))
