"""What security groups let in, one entry for each source."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

# A range of so few fixed bits is the world, also when it is written as two halves of it.
_WORLD_PREFIX_BITS_MAX = 7


@dataclass(frozen=True, kw_only=True)
class Ingress:
    """One source that a group lets in."""

    group: str
    # `all` stands for every protocol and port.
    protocol: str
    # None for every port.
    port_range: tuple[int, int] | None
    # A range of addresses, a security group's id, or a prefix list's id.
    source: str

    @property
    def ports(self) -> str:
        """The ports as people write them."""
        if self.port_range is None:
            return "all"
        first, last = self.port_range
        return str(first) if first == last else f"{first}-{last}"

    @property
    def is_from_the_world(self) -> bool:
        """Whether anybody may come in."""
        return "/" in self.source and ip_network(self.source).prefixlen <= _WORLD_PREFIX_BITS_MAX

    def lets_in(self, port: int, source: str) -> bool:
        """Whether TCP to *port* is let in from *source*."""
        first, last = self.port_range or (0, 65_535)
        return self.source == source and self.protocol in {"tcp", "all"} and first <= port <= last


def ingress_of(groups: Iterable[dict[str, Any]]) -> list[Ingress]:
    """Return what security groups, as EC2 describes them, let in."""
    return [
        Ingress(
            group=group["GroupId"],
            protocol="all" if permission["IpProtocol"] == "-1" else permission["IpProtocol"],
            port_range=(permission["FromPort"], permission["ToPort"]) if "FromPort" in permission else None,
            source=source,
        )
        for group in groups
        for permission in group["IpPermissions"]
        for source in _sources(permission)
    ]


def _sources(permission: dict[str, Any]) -> Iterator[str]:
    yield from (each["CidrIp"] for each in permission.get("IpRanges", []))
    yield from (each["CidrIpv6"] for each in permission.get("Ipv6Ranges", []))
    yield from (each["GroupId"] for each in permission.get("UserIdGroupPairs", []))
    yield from (each["PrefixListId"] for each in permission.get("PrefixListIds", []))
