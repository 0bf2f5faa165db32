"""How real clients reach a world: its clock, the address it listens on, and the names that they know it by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seatrials.twin.physics.external import ExternalNetwork, Ports
from seatrials.twin.physics.paced_clock import PacedClock

_SCHEMES = {"https": 443, "http": 80}


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The way in from outside, to one of a world's load balancers, and from it to the others."""

    clock: PacedClock
    network: ExternalNetwork
    ports: Ports
    # The name of the load balancer that stands on `ports`.
    load_balancer: str
    # The ways in to further load balancers, on ports of their own.
    others: dict[str, "Outside"] = field(default_factory=dict)

    def way_in_to(self, load_balancer: str) -> "Outside":
        """Return the way in to a load balancer, which is this one or is made."""
        if load_balancer == self.load_balancer:
            return self
        if load_balancer not in self.others:
            ports = Ports(self.network.address, {})
            network = ExternalNetwork(self.clock, self.network.address, ports)
            self.others[load_balancer] = Outside(
                clock=self.clock, network=network, ports=ports, load_balancer=load_balancer
            )
        return self.others[load_balancer]

    def close(self) -> None:
        """Close every way in."""
        for each in (self, *self.others.values()):
            each.network.close()

    def certificate_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return what the load balancer's certificate is good for, whose *names* inside of the world these are."""
        return *names, self.network.address, "localhost"

    def public_names(self, name: str) -> Mapping[str, str]:
        """Return what stands outside for the URLs that begin with a *name* of the load balancer."""
        return {f"{scheme}://{name}": self.url(scheme) for scheme in _SCHEMES}

    def url(self, scheme: str, inside_port: int | None = None) -> str:
        """Return the load balancer's URL of *scheme*, for a client outside, at its own port or the scheme's."""
        inside_port = inside_port or _SCHEMES[scheme]
        port = self.ports.outside.get(inside_port, inside_port)
        suffix = "" if port == _SCHEMES[scheme] else f":{port}"
        return f"{scheme}://{self.network.address}{suffix}"
