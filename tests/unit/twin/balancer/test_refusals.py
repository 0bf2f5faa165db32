"""Requests that the balancer answers itself and closes the connection upon; the next connection is served.

Source of every code: AWS ALB User Guide, "Troubleshoot your Application Load Balancers" and "Desync mitigation mode".
"""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrials.twin.balancer import Variety
from seatrials.twin.balancer.messages import RefusedRequestError, parse_request
from tests.support.balancer import BalancerWorld, FakeListeners, open_world, receive_all, status_of

IP = "10.0.1.7"
HOST = "Host: shop.example.com\r\n"
REFUSED = {
    "no-request-at-all": ("GARBAGE\r\n\r\n", 400),
    "no-version": ("GET /\r\n\r\n", 400),
    "no-target": (f"GET  HTTP/1.1\r\n{HOST}\r\n", 400),
    "authority-target": (f"GET shop.example.com HTTP/1.1\r\n{HOST}\r\n", 400),
    "raw-nul": (f"GET /a\0b HTTP/1.1\r\n{HOST}\r\n", 400),
    "raw-cr": (f"GET /a\rb HTTP/1.1\r\n{HOST}\r\n", 400),
    "bare-lf": ("GET / HTTP/1.1\nHost: a\n\n", 400),
    "no-host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "header-without-colon": (f"GET / HTTP/1.1\r\n{HOST}oops\r\n\r\n", 400),
    "two-hosts": (f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n", 400),
    "two-hosts-in-1.0": (f"GET / HTTP/1.0\r\n{HOST}{HOST}\r\n", 400),
    "two-versions": (f"GET /a HTTP/1.1 HTTP/1.1\r\n{HOST}\r\n", 400),
    "folded-header": (f"GET / HTTP/1.1\r\n{HOST}X-A: 1\r\n 2\r\n\r\n", 400),
    "lengths-that-differ": (f"POST / HTTP/1.1\r\n{HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "length-of-5000-digits": (f"POST / HTTP/1.1\r\n{HOST}Content-Length: {'9' * 5000}\r\n\r\na", 400),
    "length-over-64-bits": (f"POST / HTTP/1.1\r\n{HOST}Content-Length: {2**64}\r\n\r\na", 400),
    "empty-length": (f"POST / HTTP/1.1\r\n{HOST}Content-Length:\r\n\r\n", 400),
    "chunked-and-a-no-break-space": (f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n", 400),
    "chunked-and-a-next-line": (f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: \x85chunked\r\n\r\n0\r\n\r\n", 400),
    "length-that-is-none": (f"POST / HTTP/1.1\r\n{HOST}Content-Length: +1\r\n\r\na", 400),
    "length-beyond-python": (f"POST / HTTP/1.1\r\n{HOST}Content-Length: {'9' * 5_000}\r\n\r\na", 400),
    "header-over-16k": (f"GET / HTTP/1.1\r\n{HOST}X-A: {'a' * 16_400}\r\n\r\n", 400),
    "header-over-16k-unended": (f"GET / HTTP/1.1\r\n{HOST}X-A: {'a' * 20_000}", 400),
    "headers-over-64k": (f"GET / HTTP/1.1\r\n{HOST}" + f"X-A: {'a' * 9_000}\r\n" * 8 + "\r\n", 400),
    "target-over-16k": (f"GET /{'a' * 17_000} HTTP/1.1\r\n{HOST}\r\n", 414),
    "trace": (f"TRACE / HTTP/1.1\r\n{HOST}\r\n", 405),
    "forwarded-too-often": (f"GET / HTTP/1.1\r\n{HOST}X-Forwarded-For: {', '.join(['10.1.1.1'] * 31)}\r\n\r\n", 463),
    "gzip-coding": (f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "http-2-preface": ("PRI * HTTP/2.0\r\n\r\n", 505),
    "http-3": (f"GET / HTTP/3.1\r\n{HOST}\r\n", 505),
}


@pytest.mark.parametrize(("text", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_requests(world: BalancerWorld, text: str, status: int) -> None:
    """Each gets its documented code, a closed connection, and nothing of it reaches a target."""
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    connection.send(text.encode("latin-1"))
    answer = receive_all(connection).decode()

    assert status == status_of(answer)
    assert connection.receive(1, 1) == b""
    assert "Connection: close\r\n" in answer
    assert world.seen == []
    assert status_of(world.get("/next")) == 200


@pytest.mark.parametrize(
    "text",
    [
        f"GET /%00/%0d HTTP/1.1\r\n{HOST}\r\n",
        f"\r\nGET / HTTP/1.1\r\n{HOST}\r\n",
        f"POST / HTTP/1.1\r\n{HOST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
        f"GET / HTTP/1.1\r\n{HOST}X-Forwarded-For: {', '.join(['10.1.1.1'] * 30)}\r\n\r\n",
        f"GET /{'a' * 16_000} HTTP/1.1\r\n{HOST}\r\n",
        "GET / HTTP/1.0\r\n\r\n",
    ],
    ids=["encoded-nul", "empty-line-first", "equal-lengths", "30-addresses", "long-target", "1.0-hostless"],
)
def test_requests_that_are_let_through(world: BalancerWorld, text: str) -> None:
    """What is within the limits and not severe is routed in defensive mode, the default."""
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    connection.send(text.encode())

    assert status_of(receive_all(connection).decode()) == 200


LONG_HEADER = f"GET / HTTP/1.1\r\n{HOST}X-Long: {'x' * 16_400}\r\n\r\n"
LONG_TARGET = f"GET /{'x' * 16_400} HTTP/1.1\r\n{HOST}\r\n"


def asked(world: BalancerWorld, text: str) -> tuple[int, bool]:
    """Send a request to be refused and a good one after it; return the first status, and whether both were answered."""
    connection = world.connect()
    connection.send(text.encode())
    refusal = connection.receive(10_000, 5).decode()
    if "Connection: close" in refusal:
        return status_of(refusal), False
    connection.send(f"GET /next HTTP/1.1\r\n{HOST}\r\n".encode())
    assert status_of(connection.receive(10_000, 5).decode()) == 200
    return status_of(refusal), True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LONG_HEADER, {(400, False), (413, False), (413, True)}),
        (LONG_TARGET, {(414, False), (414, True)}),
        (f"TRACE / HTTP/1.1\r\n{HOST}\r\n", {(405, False), (405, True)}),
        (f"GET /\0 HTTP/1.1\r\n{HOST}\r\n", {(400, False)}),
    ],
    ids=["header", "target", "trace", "blocked"],
)
def test_of_two_documented_answers_chance_picks_one(text: str, expected: set[tuple[int, bool]]) -> None:
    """Headers over a limit are under 400 and 413; a connection may live on unless the request was blocked (ibid.)."""
    found = []
    for variety in (Variety(), Variety(Random(1))):
        with open_world(FakeListeners(), variety=variety) as world:
            world.serve(IP)
            world.register(IP)
            found.append({asked(world, text) for _ in range(24)})

    assert found == [{min(expected)}, expected]


@settings(max_examples=150, deadline=None, database=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_documented_refusal(data: bytes) -> None:
    """Nothing that a client sends raises anything else."""
    try:
        parse_request(b"GET /" + data + b"\r\n\r\n")
        status = 200
    except RefusedRequestError as error:
        status = error.status

    assert status in {200, 400, 405, 414, 463, 501, 505}


def test_an_ambiguous_request_is_routed_and_its_connection_closed(world: BalancerWorld) -> None:
    """In defensive mode, the default: here both Content-Length and chunks."""
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    head = f"POST / HTTP/1.1\r\n{HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.send(f"{head}2\r\nab\r\n0\r\n\r\n".encode())
    answer = receive_all(connection).decode()

    assert "Connection: close\r\n" in answer
    assert (status_of(answer), [each.body for each in world.seen]) == (200, [b"ab"])
    assert world.seen[0].header("content-length") is None


def test_a_client_that_stops_inside_its_head_gets_408(world: BalancerWorld) -> None:
    """After the idle timeout."""
    connection = world.connect()
    connection.send(b"GET / HT")

    assert status_of(connection.receive(1000, 61).decode()) == 408


@pytest.mark.parametrize("idle_seconds", [60, 1])
def test_a_client_that_stops_inside_its_body_gets_408(
    elbv2: FakeListeners, world: BalancerWorld, idle_seconds: int
) -> None:
    """After the idle timeout, also when the head has reached a target, which is as silent, but waits for the client."""
    elbv2.attributes["idle_timeout.timeout_seconds"] = str(idle_seconds)
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    connection.send(f"POST / HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nab".encode())

    assert status_of(connection.receive(1000, 70).decode()) == 408


@pytest.mark.parametrize(
    "chunks",
    [
        "zz\r\nab\r\n",
        "2\r;x\r\nab\r\n0\r\n\r\n",
        "2;x=\ry\r\nab\r\n0\r\n\r\n",
        "2;x=\ny\r\nab\r\n0\r\n\r\n",
        "\x0b2\r\nab\r\n0\r\n\r\n",
        " 2\r\nab\r\n0\r\n\r\n",
        "2\x85\r\nab\r\n0\r\n\r\n",
        "-2\r\nab\r\n0\r\n\r\n",
        "0x2\r\nab\r\n0\r\n\r\n",
        f"1{'0' * 16}\r\nab\r\n",
        f"{'f' * 3000}\r\nab\r\n",
        f"2;{'x' * 5000}\r\nab\r\n0\r\n\r\n",
        "2\r\nabc\r\n0\r\n\r\n",
        "0\r\nX: a\rb\r\n\r\n",
    ],
    ids=lambda text: text[:12].encode("unicode_escape").decode(),
)
def test_a_broken_chunk_gets_400(world: BalancerWorld, chunks: str) -> None:
    """And never becomes a whole request at the target (RFC 9112, 7.1)."""
    world.serve(IP)
    world.register(IP)
    answer = world.ask(f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n{chunks}")

    assert (status_of(answer), world.seen) == (400, [])


def test_a_client_that_leaves_inside_its_body_is_logged_as_400(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, troubleshoot, HTTP 400."""
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    connection.send(f"POST / HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nab".encode())
    world.clock.sleep(1)
    connection.close()
    world.clock.sleep(1)

    assert (world.balancer.access_log[-1].status, world.seen) == (400, [])


def test_an_idle_connection_is_closed_in_silence(world: BalancerWorld) -> None:
    """After the idle timeout. Source: AWS ALB User Guide, connection idle timeout."""
    connection = world.connect()

    assert connection.receive(1, 61) == b""


def test_refusals_are_in_trace_and_log(world: BalancerWorld) -> None:
    """As far as they are known."""
    world.ask("GARBAGE\r\n\r\n")
    [event] = [each for each in world.trace.events if each.kind == "request"]

    assert event.details == {"listener": 80, "rule": "-", "status": 400, "target_group": "-", "task": "-"}
    assert [entry.status for entry in world.balancer.access_log] == [400]
