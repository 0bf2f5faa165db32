"""The HTTP/1.1 and WebSocket server, byte by byte, over the mock's network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import wsproto
from wsproto import events

from seatrials.seams.http1 import HttpServer, Request, Response, ServerWebSocket, Upgrade, json_response
from seatrials.seams.network import Connection
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import VirtualNetwork

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@dataclass
class Site:
    """A server of one handler, and the means to reach it."""

    clock: VirtualClock
    server: HttpServer
    connect: Callable[[], Connection]

    def exchange(self, data: bytes) -> bytes:
        """Return everything that *data* is answered with until the line falls silent."""
        connection = self.connect()
        connection.send(data)
        return drain(connection)


def drain(connection: Connection) -> bytes:
    """Return what arrives until a second passes without anything, or the peer closes."""
    received = b""
    while True:
        try:
            part = connection.receive(65_536, 1)
        except TimeoutError:
            return received
        if not part:
            return received + b"<closed>"
        received += part


@pytest.fixture
def site() -> Iterator[Site]:
    """Serve `_handle`, and WebSockets that greet and echo."""
    clock = VirtualClock(1_700_000_000)
    network = VirtualNetwork(clock, lambda: 0.001)
    caller, host = network.attach("10.0.0.9"), network.attach("10.0.1.5")

    def handle(request: Request) -> Response | Upgrade:
        if request.path == "/slow":
            clock.sleep(2)
        return _handle(request)

    with clock.closing():
        yield Site(clock, HttpServer(clock, host, 8080, handle), lambda: caller.connect("10.0.1.5", 8080))
    network.close()


def _handle(request: Request) -> Response | Upgrade:
    if request.path == "/ws":
        return Upgrade(_greet)
    if request.path == "/stream":
        return Response(200, iter([b"one", b"two"]))
    if request.path == "/nothing":
        return Response(204, headers=[("allow", "GET")])
    if request.path == "/echo":
        return Response(200, request.body)
    return json_response(200, {"path": request.path, "query": request.query, "peer": request.peer_host})


def _greet(websocket: ServerWebSocket) -> None:
    websocket.send_json({"hello": 1})
    websocket.serve_until_closed(websocket.send_json)


def test_requests_follow_one_another_on_a_connection(site: Site) -> None:
    """Two requests sent at once are answered in order, and the connection stays open."""
    answers = site.exchange(b"GET /a?q=1&q=2&e= HTTP/1.1\r\nhost: x\r\n\r\nGET /b%20c HTTP/1.1\r\nhost: x\r\n\r\n")

    first, second = (part.partition(b"\r\n\r\n")[2] for part in answers.split(b"HTTP/1.1 ")[1:])
    assert first == b'{"path":"/a","query":{"q":"1","e":""},"peer":"10.0.0.9"}'
    assert second == b'{"path":"/b c","query":{},"peer":"10.0.0.9"}'


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /a HTTP/1.0\r\n\r\n",
    ],
)
def test_a_connection_ends_when_the_caller_wants_it_to(site: Site, request_bytes: bytes) -> None:
    """`Connection: close` and HTTP/1.0 close the connection after the answer."""
    assert site.exchange(request_bytes).endswith(b"}<closed>")


def test_a_stream_goes_in_chunks(site: Site) -> None:
    """A body of unknown length is sent chunked."""
    answer = site.exchange(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")

    assert answer.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "framing"), [("/a", b"content-length: 42"), ("/stream", b"transfer-encoding: chunked")]
)
def test_head_has_no_body(site: Site, path: str, framing: bytes) -> None:
    """HEAD is answered with the headers of GET alone, streamed answers too."""
    answer = site.exchange(f"HEAD {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())

    assert framing in answer.lower()
    assert answer.endswith(b"\r\n\r\n")


def test_an_answer_without_a_body_has_no_length(site: Site) -> None:
    """204 carries no content-length (RFC 9110, 8.6), and the connection lives on."""
    answer = site.exchange(b"OPTIONS /nothing HTTP/1.1\r\nhost: x\r\n\r\n")

    assert answer == b"HTTP/1.1 204 \r\nallow: GET\r\n\r\n"


def test_uploads_are_read_whole(site: Site) -> None:
    """A chunked body and one announced with `Expect: 100-continue` reach the handler byte for byte."""
    chunked = site.exchange(
        b"POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    )
    connection = site.connect()
    connection.send(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n")
    go_on = drain(connection)
    connection.send(b"xyz")

    assert chunked.endswith(b"\r\n\r\nabcde")
    assert go_on.startswith(b"HTTP/1.1 100 ")
    assert drain(connection).endswith(b"\r\n\r\nxyz")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nhost: x\r\nbig: " + b"b" * 20_000 + b"\r\n\r\n", 431),
    ],
)
def test_malformed_requests_are_refused_and_cut_off(site: Site, request_bytes: bytes, status: int) -> None:
    """What is not HTTP gets its status and a closed connection, and the next caller is served."""
    answer = site.exchange(request_bytes)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"<closed>")
    assert site.exchange(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "part", [b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab", b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n"]
)
def test_a_caller_that_leaves_harms_nobody(site: Site, part: bytes) -> None:
    """A connection cut in the middle, orderly or not, ends quietly."""
    for leave in ("close", "reset"):
        connection = site.connect()
        connection.send(part)
        site.clock.sleep(0.5)
        getattr(connection, leave)()
    site.clock.sleep(5)

    assert site.exchange(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_closing_answers_what_is_in_flight(site: Site) -> None:
    """A closed server refuses callers, answers the request in flight, and hangs up after it."""
    connection = site.connect()
    connection.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
    site.clock.sleep(0.5)

    site.server.close()
    too_short = site.server.finish(1)
    long_enough = site.server.finish(5)

    assert (too_short, long_enough) == (False, True)
    assert drain(connection).endswith(b"}<closed>")
    with pytest.raises(ConnectionRefusedError):
        site.connect()


class Peer:
    """A WebSocket client."""

    def __init__(self, site: Site, behind_handshake: bytes = b"") -> None:
        self.connection = site.connect()
        self.protocol = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        request = self.protocol.send(events.Request(host="x", target="/ws"))
        self.connection.send(request + behind_handshake)

    def received(self) -> list[events.Event]:
        """Return what has happened when the line falls silent."""
        self.protocol.receive_data(drain(self.connection).removesuffix(b"<closed>"))
        return list(self.protocol.events())

    def send(self, event: events.Event) -> None:
        """Send a frame."""
        self.connection.send(self.protocol.send(event))


def test_the_upgrade_and_the_first_message_reach_the_client(site: Site) -> None:
    """The 101 and a message sent at once with it both arrive, however few reads they take."""
    answer = site.exchange(HANDSHAKE)

    head, _, frames = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    # Source: RFC 6455, 1.3: the accept value of this sample nonce.
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    assert frames == b'\x81\x0c{"hello": 1}'


def test_a_frame_behind_the_handshake_is_not_lost(site: Site) -> None:
    """A frame that the client sends without waiting for the 101 is answered."""
    peer = Peer(site, b"\x81\x83\0\0\0\0abc")

    messages = [event.data for event in peer.received() if isinstance(event, events.TextMessage)]

    assert messages == ['{"hello": 1}', '"abc"']


def test_messages_in_parts_and_pings(site: Site) -> None:
    """A message in fragments is handed on in one piece; a ping between them is answered."""
    peer = Peer(site)
    peer.received()

    peer.send(events.TextMessage("to", message_finished=False))
    peer.send(events.Ping(b"are you there"))
    peer.send(events.TextMessage("gether"))
    received = peer.received()

    assert [events.Pong, events.TextMessage] == [type(event) for event in received]
    assert received[1].data == '"together"'  # type: ignore[attr-defined]  # the line above says what it is


def test_a_goodbye_is_returned(site: Site) -> None:
    """A close frame is answered with its own code, and the connection is closed."""
    peer = Peer(site)
    peer.received()

    peer.send(events.CloseConnection(1000, "done"))
    data = drain(peer.connection)

    assert data == b"\x88\x06\x03\xe8done<closed>"


def test_a_frame_that_breaks_the_protocol_ends_the_connection(site: Site) -> None:
    """A text frame that is not UTF-8 is answered with the code 1007 (RFC 6455, 8.1)."""
    peer = Peer(site)
    peer.received()

    peer.connection.send(b"\x81\x81\0\0\0\0\xff")
    data = drain(peer.connection)

    assert (1007).to_bytes(2, "big") == data[2:4]
    assert data.endswith(b"<closed>")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_websocket_whose_peer_vanishes_ends_quietly(site: Site, leave: str) -> None:
    """A peer that is gone without a goodbye harms nobody."""
    peer = Peer(site)
    peer.received()

    getattr(peer.connection, leave)()
    site.clock.sleep(1)

    assert site.exchange(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /ws HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        (HANDSHAKE.replace(b"sec-websocket-key", b"no-key"), 400),
        (HANDSHAKE.replace(b"version: 13", b"version: 8"), 426),
        (HANDSHAKE.replace(b"GET", b"POST"), 400),
        (HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
        (HANDSHAKE.replace(b"ZQ==\r\n", b"ZQ==\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), 400),
        (HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"none"), 400),
        (HANDSHAKE.replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"dGhlIHNhbXBsZSBub25jZTEy"), 400),
    ],
    ids=["none", "no-key", "version-8", "post", "http-1.0", "two-keys", "no-base64", "18-bytes"],
)
def test_a_handshake_that_is_none_is_refused(site: Site, request_bytes: bytes, status: int) -> None:
    """RFC 6455, 4.2.2: an incomplete handshake gets 400, another version 426 and the version that is spoken."""
    answer = site.exchange(request_bytes)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"sec-websocket-version: 13" in answer.lower()
