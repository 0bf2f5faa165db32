"""Tests of requests byte by byte: what is sent, what is made of the answer, and how the connection ends."""

import ssl
from collections.abc import Callable

import pytest

from seatrials.evidence.recorder import Recorder
from seatrials.platform.raw import RawClient
from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection


class FakeConnection:
    """The balancer's end of a connection, as a script: what to give, one item a read."""

    peer_host = "192.0.2.1"
    peer_port = 443
    is_readable = True

    def __init__(self, *script: bytes | Exception) -> None:
        self.script = list(script)
        self.sent = b""
        self.is_closed = False

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Give the next item; silence after the last."""
        del max_bytes, timeout_seconds
        item = self.script.pop(0) if self.script else TimeoutError("nothing arrived")
        if isinstance(item, Exception):
            raise item
        return item

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Note what is sent."""
        del timeout_seconds
        self.sent += data

    def close(self) -> None:
        """Note the end."""
        self.is_closed = True

    def reset(self) -> None:
        """Note the end."""
        self.is_closed = True


@pytest.fixture
def make_client(clock: Clock) -> Callable[[Connection], RawClient]:
    """Return what makes a client of one connection."""
    recorder = Recorder(clock.now, "modelled")

    def make(connection: Connection) -> RawClient:
        def connect(_trust: ssl.SSLContext | None = None, /) -> Connection:
            return connection

        return RawClient(connect, "https://alb.example", recorder)

    return make


Make = Callable[[Connection], RawClient]


def test_a_target_goes_to_the_letter(make_client: Make) -> None:
    """Nothing of a target is resolved or encoded, and the balancer's own name is the host."""
    connection = FakeConnection(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", b"")

    answer = make_client(connection).get("/a/../%2e%2e//b?c=d")

    assert connection.sent == b"GET /a/../%2e%2e//b?c=d HTTP/1.1\r\nHost: alb.example\r\nConnection: close\r\n\r\n"
    assert answer.status == 404
    assert answer.json() == {}
    assert answer.is_closed
    assert connection.is_closed


def test_an_open_connection_is_told_from_a_closed_one(make_client: Make) -> None:
    """After the answer the connection may stay open, end, or be reset."""
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

    ends = [make_client(FakeConnection(head, *end)).send(b"x").is_closed for end in ((), (b"",), (ConnectionError(),))]

    assert ends == [False, True, True]


def test_a_chunked_answer_in_pieces_is_put_together(make_client: Make) -> None:
    """The framing of an answer is taken off, however it arrives."""
    pieces = [b"HTTP/1.1 200 OK\r\nTransfer-Enc", b"oding: chunked\r\n\r\n3\r\nabc\r\n", b"2\r\nde\r\n0\r\n\r\n"]

    answer = make_client(FakeConnection(*pieces)).send(b"x")

    assert answer.content == b"abcde"


def test_a_request_is_finished_later(make_client: Make) -> None:
    """The second part follows the first on the same connection."""
    connection = FakeConnection(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    request = make_client(connection).begin(b"PUT ")
    begun = connection.sent
    request.finish(b"rest")

    assert (begun, connection.sent) == (b"PUT ", b"PUT rest")


@pytest.mark.parametrize("script", [(), (b"",), (ConnectionResetError("reset"),), (b"HTTP/1.1 200 OK\r\n", b"")])
def test_no_whole_answer_fails_the_scenario(make_client: Make, script: tuple[bytes | Exception, ...]) -> None:
    """Silence, a connection that ends and one that breaks are failures that name the request."""
    with pytest.raises(AssertionError, match="GET /x HTTP"):
        make_client(FakeConnection(*script)).send(b"GET /x HTTP/1.1\r\n\r\n")


def test_a_connection_that_is_gone_fails_the_scenario(make_client: Make) -> None:
    """A scenario whose bytes nobody takes says which request it was, at its beginning and at its end."""

    class Gone(FakeConnection):
        def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
            if self.sent:
                msg = "the other end is closed"
                raise ConnectionResetError(msg)
            super().send(data, timeout_seconds)

    gone = Gone()
    request = make_client(gone).begin(b"GET / HTTP/1.1\r\n")

    with pytest.raises(AssertionError, match=r"expected to send the rest of 'GET / HTTP/1.1'.*the other end is closed"):
        request.finish(b"\r\n")
    with pytest.raises(AssertionError, match=r"expected alb.example to take a connection and a request"):
        make_client(gone).begin(b"GET / HTTP/1.1\r\n")
