"""Clients from outside of a world, which a network may keep from its load balancer."""

from dataclasses import replace

import pytest

from seatrials.seams.network import Connection
from tests.support.balancer import BalancerWorld


def ask(world: BalancerWorld, *, admitted: bool) -> Connection:
    """Send a request from outside to another balancer, whose network lets port 80 through or not."""
    inside, outside = world.network.attach("10.0.9.4"), world.network.attach("10.0.9.5")
    replace(
        world.balancer,
        hosts=[inside],
        outside=outside,
        outside_ports={80: 80},
        admits_outside=lambda port: admitted and port == 80,
    ).start()
    connection = world.client.connect(outside.address, 80)
    connection.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
    return connection


def test_who_is_let_through_is_answered(world: BalancerWorld) -> None:
    """A rule that lets a port in lets requests in."""
    assert ask(world, admitted=True).receive(100, 90).startswith(b"HTTP/1.1 ")


def test_who_is_kept_out_hears_nothing(world: BalancerWorld) -> None:
    """Who is not let through gets no answer, however long it waits (VPC User Guide, "Security group basics")."""
    connection = ask(world, admitted=False)

    with pytest.raises(TimeoutError, match="nothing arrived within 90 s"):
        connection.receive(100, 90)
