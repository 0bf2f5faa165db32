"""5,000 raw requests that nobody wrote, from a seed, on one balancer: valid, mutated, cut short, one behind another."""

import re
from random import Random

from seatrials.seams.network import Connection
from seatrials.twin.balancer.desync import Tier
from seatrials.twin.balancer.messages import RefusedRequestError, parse_request
from tests.support.balancer import BalancerWorld, FakeListeners, open_world, receive_all, status_of
from tests.support.desync_cases import CASES, Case

IP = "10.0.1.7"
REQUESTS = 5_000
BODIES = {
    b"": b"",
    b"Content-Length: 2\r\n": b"ab",
    b"Transfer-Encoding: chunked\r\n": b"2\r\nab\r\n0\r\n\r\n",
    b"Expect: 100-continue\r\nContent-Length: 2\r\n": b"ab",
}
METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE")
TARGETS = (b"/", b"/a?b=c", b"/%00", b"http://a/b", b"*", b"/" + b"x" * 17_000)
ODD = (b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b":", b",", b"\x85", b"\xa0", b"\xff", b"9" * 5_000, b"chunked")
# What the balancer says itself, and what the target, which refuses more, may say.
STATUSES = {200, 400, 405, 408, 413, 414, 463, 501, 502, 505}


def valid(random: Random) -> bytes:
    """Return a request that may be in order."""
    head, body = random.choice(list(BODIES.items()))
    line = b"%b %b HTTP/1.%d\r\n" % (random.choice(METHODS), random.choice(TARGETS), random.randrange(2))
    connection = random.choice((b"", b"Connection: close\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"))
    return line + b"Host: shop.example.com\r\n" + connection + head + b"\r\n" + body


def of_a_case(random: Random) -> bytes:
    """Return one of the published cases as it would be sent."""
    case: Case = random.choice(CASES)
    lines = [f"{case.method} {case.target} {case.version}", "Host: a", *(f"{k}: {v}" for k, v in case.fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + random.choice(list(BODIES.values()))


def mutated(random: Random, data: bytes) -> bytes:
    """Return *data* with a few bytes put in, taken out or changed."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(changed) + 1)
        changed[at : at + random.randrange(3)] = random.choice((random.randbytes(1), random.choice(ODD)))
    return bytes(changed)


def generated(random: Random) -> bytes:
    """Return one client's bytes."""
    data = random.choice((valid, of_a_case))(random)
    kind = random.randrange(4)
    if kind == 1:
        return mutated(random, data)
    if kind == 2:
        return data[: random.randrange(len(data) + 1)]
    if kind == 3:
        return data + random.choice((valid, of_a_case))(random)
    return data


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
