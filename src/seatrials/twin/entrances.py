"""Where load balancers stand in the network of a world, and the names that lead to them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.twin.physics.network import Host, VirtualNetwork
from seatrials.twin.vpc.vpc import Vpc


@dataclass(frozen=True)
class Entrance:
    """The places of one load balancer's nodes."""

    # As ELBv2 describes the load balancer.
    description: Mapping[str, Any]
    hosts: tuple[Host, ...]
    # Its own name, and those by which users know it.
    names: tuple[str, ...]

    @property
    def load_balancer(self) -> str:
        """The load balancer's name in ELBv2."""
        return str(self.description["LoadBalancerName"])

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that its names stand for."""
        return tuple(host.address for host in self.hosts)


def open_entrances(
    network: VirtualNetwork,
    vpc: Vpc,
    balancers: Iterable[Mapping[str, Any]],
    domain_names: Mapping[str, tuple[str, ...]],
    *,
    all_nodes_act: bool,
) -> tuple[Entrance, ...]:
    """Give the nodes of each load balancer their places; unless *all_nodes_act*, the first stands for all."""
    return tuple(
        _open(network, vpc.join_load_balancer(each), each, domain_names, all_nodes_act=all_nodes_act)
        for each in balancers
    )


def _open(
    network: VirtualNetwork,
    addresses: list[str],
    description: Mapping[str, Any],
    domain_names: Mapping[str, tuple[str, ...]],
    *,
    all_nodes_act: bool,
) -> Entrance:
    names = (str(description["DNSName"]), *domain_names[description["LoadBalancerArn"]])
    first, *others = addresses
    if all_nodes_act:
        hosts = tuple(map(network.attach, addresses))
    else:
        hosts = (network.attach(first),)
        network.names.update(dict.fromkeys(others, (first,)))
    entrance = Entrance(description, hosts, names)
    network.names.update(dict.fromkeys(names, entrance.addresses))
    return entrance


def domain_names(aws: Callable[[str], AwsClient]) -> Mapping[str, tuple[str, ...]]:
    """Return the names of each load balancer's certificates by its ARN; a wildcard is no name.

    On AWS an alias record of Route 53, or a CNAME, leads such a name to the load balancer; the twin takes it for made.
    Source: Elastic Load Balancing User Guide, "Configure a custom domain name for your Application Load Balancer".
    """
    elbv2, acm = aws("elbv2"), aws("acm")
    found: dict[str, tuple[str, ...]] = {}
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        arn = balancer["LoadBalancerArn"]
        listeners = elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        certificates = [each["CertificateArn"] for listener in listeners for each in listener.get("Certificates", [])]
        names = [name for each in certificates for name in _names(acm, each)]
        found[arn] = tuple(dict.fromkeys(name for name in names if not name.startswith("*")))
    return found


def _names(acm: AwsClient, certificate_arn: str) -> list[str]:
    try:
        described: Mapping[str, Any] = acm.describe_certificate(CertificateArn=certificate_arn)["Certificate"]
    except acm.exceptions.ResourceNotFoundException:  # one that was there before the stack, and is not here
        return []
    return [described["DomainName"], *described.get("SubjectAlternativeNames", [])]
