"""Connections that are reset before an answer. Source: RFC 9110, 9.2.2; RFC 9112, 9.3.1."""

from collections.abc import Iterator
from random import Random

import pytest

from seatrials.seams.network import Connection
from seatrials.twin.balancer import Resets
from tests.support.balancer import BalancerWorld, FakeListeners, open_world

IP = "10.0.1.7"


@pytest.fixture
def world() -> Iterator[BalancerWorld]:
    """Return a world in which every request that may meet a reset does."""
    with open_world(FakeListeners(), resets=Resets(Random(1), 1.0)) as built:
        built.serve(IP)
        built.register(IP)
        yield built


def ask(connection: Connection, method: str = "GET") -> bytes:
    """Return the status of the answer to a request, empty for a connection that is reset."""
    connection.send(f"{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".encode())
    try:
        return connection.receive(65_536, 5)[9:12]
    except ConnectionResetError:
        return b""


def test_an_idle_connection_is_reset_before_a_target_hears_of_the_request(world: BalancerWorld) -> None:
    """The first request is answered, and so is one that follows at once."""
    connection = world.connect()
    answered = [ask(connection), ask(connection)]
    world.clock.sleep(2)

    assert answered == [b"200"] * 2
    assert ask(connection) == b""
    assert len(world.seen) == 2
    assert [each.subject for each in world.trace.events if each.kind == "connection_reset"] == [world.client.address]


def test_what_may_not_be_sent_again_is_answered(world: BalancerWorld) -> None:
    """A POST meets no reset, however long its connection was idle."""
    connection = world.connect()
    ask(connection)
    world.clock.sleep(2)

    assert ask(connection, "POST") == b"200"


def test_a_share_of_requests_is_reset() -> None:
    """As often as the world says, and never without a world that says so."""
    resets = Resets(Random(1), 0.1)
    hits = sum(resets.hits("GET", 60.0) for _ in range(1000))

    assert 70 < hits < 130
    assert not any(Resets().hits("GET", 60.0) for _ in range(1000))
