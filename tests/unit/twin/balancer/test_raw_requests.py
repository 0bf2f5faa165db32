"""5,000 raw requests that nobody wrote, from a seed, on one balancer: valid, mutated, cut short, one behind another."""

import re
from random import Random

from seatrials.seams.network import Connection
from seatrials.twin.balancer.desync import Tier
from seatrials.twin.balancer.messages import RefusedRequestError, parse_request
from tests.support.balancer import BalancerWorld, FakeListeners, open_world, receive_all, status_of
from tests.support.generated_requests import generated

IP = "10.0.1.7"
REQUESTS = 5_000
# What the balancer says itself, and what the target, which refuses more, may say.
STATUSES = {200, 400, 405, 408, 413, 414, 463, 501, 502, 505}


def is_readable(data: bytes) -> bool:
    """Whether *data* begins with a whole head that the balancer may route."""
    head, end, _ = data.partition(b"\r\n\r\n")
    try:
        return bool(end) and parse_request(head + end).classification.tier is not Tier.SEVERE
    except RefusedRequestError:
        return False


def is_open(connection: Connection) -> bool:
    """Whether the other end has not closed."""
    try:
        return connection.receive(1, 0.01) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def exchange(world: BalancerWorld, data: bytes) -> bytes:
    """Send *data*, wait beyond every timeout, and return what came back; the connection must be over by then."""
    connection = world.connect()
    try:
        connection.send(data)
        answer = receive_all(connection, quiet_seconds=7)
    except ConnectionError:
        answer = b""
    assert not is_open(connection)
    connection.close()
    return answer


def test_every_request_is_answered_or_closed_and_the_next_one_served() -> None:
    """Nothing raises, every status is one of the guide's, and what cannot be read gets no 200.

    A client that has said nothing whole is closed at the idle timeout, here five seconds.
    """
    random = Random(15)
    listeners = FakeListeners(attributes={"idle_timeout.timeout_seconds": "5"})
    with open_world(listeners) as world:
        world.serve(IP)
        world.register(IP)
        for number in range(REQUESTS):
            listeners.attributes["routing.http.desync_mitigation_mode"] = random.choice(
                ("monitor", "defensive", "strictest")
            )
            world.balancer.view.invalidate()
            data = generated(random)
            answer = exchange(world, data)
            statuses = {int(found) for found in re.findall(rb"HTTP/1\.1 (\d\d\d) ", answer)} - {100}
            told = f"request {number}: {data[:300]!r} got {answer[:300]!r}"
            assert statuses <= STATUSES, told
            assert answer or not data.lstrip(b"\r\n"), told
            assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 100 ")) <= is_readable(data.lstrip(b"\r\n")), told
            if number % 50 == 0:
                assert status_of(world.get("/next")) == 200, told
