"""How real clients reach a world: its clock, the address it listens on, and the names that they know it by."""

from collections.abc import Mapping
from dataclasses import dataclass

from seatrials.twin.physics.external import ExternalNetwork, Ports
from seatrials.twin.physics.paced_clock import PacedClock

_SCHEMES = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The way in from outside, to one of a world's load balancers."""

    clock: PacedClock
    network: ExternalNetwork
    ports: Ports
    # The name of the load balancer that stands on `ports`.
    load_balancer: str

    def certificate_names(self, dns_name: str) -> tuple[str, ...]:
        """Return what the load balancer's certificate is good for."""
        return dns_name, self.network.address, "localhost"

    def public_names(self, dns_name: str) -> Mapping[str, str]:
        """Return what stands outside for the URLs that begin with the load balancer's own name."""
        return {f"{scheme}://{dns_name}": self.url(scheme) for scheme in _SCHEMES}

    def url(self, scheme: str) -> str:
        """Return the load balancer's URL of *scheme*, for a client outside."""
        port = self.ports.outside.get(_SCHEMES[scheme], _SCHEMES[scheme])
        suffix = "" if port == _SCHEMES[scheme] else f":{port}"
        return f"{scheme}://{self.network.address}{suffix}"
