"""Hermes as a program: it serves its port, and ends in order when it is told to."""

import pytest

from seatrials.webordinary.hermes import main
from tests.support.hermes import HermesWorld, Hooks


def exchange(world: HermesWorld, request: bytes) -> bytes:
    """Return what Hermes's port answers to a request."""
    connection = world.host.connect("10.0.1.200", 3000)
    connection.send(request)
    answer = connection.receive(65_536)
    connection.close()
    return answer


@pytest.fixture
def exit_codes(world: HermesWorld) -> list[int]:
    """Start Hermes, and return where its exit code will be."""
    codes: list[int] = []
    world.clock.spawn(lambda: codes.append(main(world.context())), "hermes")
    world.clock.sleep(0.1)
    return codes


@pytest.mark.usefixtures("exit_codes")
def test_hermes_serves_its_port(world: HermesWorld) -> None:
    """The balancer's health check finds it."""
    assert exchange(world, b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")[:13] == b"HTTP/1.1 200 "


def test_hermes_ends_with_0_when_it_is_told_to(world: HermesWorld, exit_codes: list[int]) -> None:
    """And takes no more connections."""
    world.stopping.set()
    world.clock.sleep(1)

    assert exit_codes == [0]
    with pytest.raises(ConnectionRefusedError):
        world.host.connect("10.0.1.200", 3000)


def test_hermes_finishes_the_request_in_flight(world: HermesWorld, exit_codes: list[int], hooks: Hooks) -> None:
    """It is answered, the lock is given back, and only then does Hermes end."""
    hooks.before = lambda _: world.clock.sleep(0.3)
    body = b'{"clientId":"acme","userId":"jo","instruction":"x"}'
    head = b"POST /hermes/api/sessions/activate HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    world.clock.call_later(0.5, world.stopping.set)
    answer = exchange(world, head + body)
    running = list(exit_codes)
    world.clock.sleep(10)

    assert answer[:13] == b"HTTP/1.1 201 "
    assert running == []
    assert exit_codes == [0]
    assert [item["sessionId"]["S"][:8] for item in world.items()] == ["session-"]
