"""Answers of targets that are none."""

from random import Random

import pytest

from tests.support.balancer import BalancerWorld, FakeListeners, open_world, receive_all, serve_raw, status_of


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"NONSENSE\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 33_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x85chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\rX: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
    ],
    ids=[
        "closed",
        "not-http",
        "half-a-head",
        "head-over-32k",
        "length-of-5000-digits",
        "length-over-64-bits",
        "empty-length",
        "two-lengths",
        "chunked-and-a-no-break-space",
        "chunked-and-a-next-line",
        "chunked-twice",
        "cr-in-the-status-line",
        "nul-in-a-header",
        "blank-in-a-name",
    ],
)
def test_a_target_that_gives_no_answer_is_a_bad_gateway(world: BalancerWorld, answer: bytes) -> None:
    """Source: AWS ALB User Guide, troubleshoot, HTTP 502; what is no answer: RFC 9112, 4 to 6."""
    serve_raw(world, answer)

    assert status_of(world.get("/")) == 502


def test_a_chunk_that_is_none_breaks_the_answer_off(world: BalancerWorld) -> None:
    """A CR within a chunk's line is not passed over (RFC 9112, 7.1)."""
    serve_raw(world, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\rb\r\nok\r\n0\r\n\r\n")
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    with pytest.raises(ConnectionResetError):
        receive_all(connection)


ANSWERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n2;a=b\r\nok\r\n0\r\nX-B: 2\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.0 200 OK\r\n\r\nok",
    b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b\r\nConnection: close, X-C\r\nX-C: 3\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
)
ODD = (b"\0", b"\r", b"\n", b"\r\n", b"\t", b" ", b":", b"\x85", b"\xa0", b"9" * 5_000, b"chunked", b"f" * 17)


def mutated(random: Random, data: bytes) -> bytes:
    """Return *data* with a few bytes put in, taken out or changed, or cut short."""
    changed = bytearray(data)
    for _ in range(random.randrange(4)):
        at = random.randrange(len(changed) + 1)
        changed[at : at + random.randrange(3)] = random.choice((random.randbytes(1), random.choice(ODD)))
    return bytes(changed[: random.choice((len(changed), random.randrange(len(changed) + 1)))])


def test_any_answer_of_a_target_is_passed_on_or_a_bad_gateway() -> None:
    """1,000 answers that nobody wrote: each client is answered or its connection ends, and nothing raises."""
    random = Random(15)
    answers = [mutated(random, random.choice(ANSWERS)) for _ in range(1_000)]
    statuses = set()
    with open_world(FakeListeners(attributes={"idle_timeout.timeout_seconds": "5"})) as world:
        serve_raw(world, answers.pop)
        for _ in range(1_000):
            connection = world.connect()
            connection.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            try:
                answer = receive_all(connection, quiet_seconds=12)
            except ConnectionResetError:
                continue
            statuses.add(answer.split(b" ")[1])
            assert answer.startswith(b"HTTP/1.1 ")
            assert connection.receive(1, 1) == b""

    assert answers == []
    assert {b"200", b"204", b"502"} <= statuses
