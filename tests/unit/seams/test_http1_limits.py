"""The HTTP/1.1 server and clients that say half, too much, or nothing: what it waits for and what it takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from seatrials.seams.http1 import HttpServer, Patience, Request, Response
from seatrials.seams.network import Connection
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import VirtualNetwork

HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"
BODY_BYTES_MAX = 64 * 1024 * 1024
IDLE_SECONDS = 120.0
REQUEST_SECONDS = 30.0


@dataclass
class Site:
    """A server that answers with the size of a body, and the means to reach it."""

    clock: VirtualClock
    connect: Callable[[], Connection]

    def answered_after(self, connection: Connection) -> tuple[bytes, float]:
        """Return what comes until the server closes, and how long that takes."""
        began, received = self.clock.now(), b""
        while part := connection.receive(65_536, 1000):
            received += part
        return received, self.clock.now() - began


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve with patience for clients."""
    clock = VirtualClock(1_700_000_000)
    network = VirtualNetwork(clock, lambda: 0.001)
    caller, host = network.attach("10.0.0.9"), network.attach("10.0.1.5")
    patience = Patience(idle_seconds=IDLE_SECONDS, request_seconds=REQUEST_SECONDS)

    def handle(request: Request) -> Response:
        return Response(200, str(len(request.body)).encode())

    with clock.closing():
        HttpServer(clock, host, 8080, handle, patience)
        yield Site(clock, lambda: caller.connect("10.0.1.5", 8080))
    network.close()


def test_a_client_that_says_nothing_is_dropped(site: Site) -> None:
    """A connection on which no request begins is closed without an answer."""
    answer, seconds = site.answered_after(site.connect())

    assert answer == b""
    assert seconds == pytest.approx(IDLE_SECONDS, abs=1)


@pytest.mark.parametrize("half", [b"P", HEAD, HEAD + b"content-length: 10\r\n\r\nhalf"])
def test_half_a_request_is_answered_in_time(site: Site, half: bytes) -> None:
    """A client that stops inside a head or a body is told so, and dropped."""
    connection = site.connect()
    connection.send(half)
    answer, seconds = site.answered_after(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert seconds == pytest.approx(REQUEST_SECONDS, abs=2)


def test_bytes_now_and_then_win_no_time(site: Site) -> None:
    """The time of a request is that of the whole of it, not that from byte to byte."""
    connection = site.connect()
    began = site.clock.now()
    connection.send(HEAD + b"content-length: 1000\r\n\r\n")

    def drip() -> None:
        while True:
            connection.send(b"x")
            site.clock.sleep(0.9)

    site.clock.spawn(drip, "drip")
    answer = connection.receive(65_536, 1000)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert site.clock.now() - began == pytest.approx(REQUEST_SECONDS, abs=2)
    assert site.answered_after(connection)[1] <= REQUEST_SECONDS + 2


def test_each_request_has_its_own_time(site: Site) -> None:
    """A connection that is in use lives longer than a request may take."""
    connection = site.connect()
    for _ in range(3):
        site.clock.sleep(REQUEST_SECONDS * 2)
        connection.send(HEAD + b"content-length: 2\r\n\r\nok")

        assert connection.receive(65_536, 5).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_says_it_is_too_long_is_refused(site: Site) -> None:
    """The answer is 413, before any of it is read."""
    connection = site.connect()
    connection.send(HEAD + b"content-length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1))

    assert site.answered_after(connection)[0].startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_end_is_refused(site: Site) -> None:
    """A body in chunks is refused once it is too long."""
    connection = site.connect()
    connection.send(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
    for _ in range(BODY_BYTES_MAX // 0x100000 + 1):
        connection.send(chunk)

    assert site.answered_after(connection)[0].startswith(b"HTTP/1.1 413 ")


def test_the_longest_body_is_taken(site: Site) -> None:
    """A body of exactly the limit is answered."""
    connection = site.connect()
    connection.send(HEAD + b"content-length: %d\r\n\r\n" % BODY_BYTES_MAX + bytes(BODY_BYTES_MAX))
    answer = connection.receive(65_536, 60)

    assert answer.endswith(str(BODY_BYTES_MAX).encode())


def test_a_head_that_does_not_end_is_refused(site: Site) -> None:
    """Headers above the limit are answered with 431."""
    connection = site.connect()
    connection.send(HEAD + b"x: " + b"y" * 20_000)

    assert site.answered_after(connection)[0].startswith(b"HTTP/1.1 431 ")
