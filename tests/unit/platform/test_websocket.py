"""Tests of WebSockets as a scenario opens them, on a small server of the mock's network."""

import ssl
from collections.abc import Callable, Iterator

import pytest
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage

from seatrials.evidence.recorder import Recorder
from seatrials.platform.websocket import ANSWERED, OPEN, WebSockets
from seatrials.seams.http1 import HttpServer, Request, Response, ServerWebSocket, Upgrade, json_response
from seatrials.seams.network import Connection
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import VirtualNetwork

SERVER = "10.0.0.10"
SILENT = "no pong b'are you there' within 10 s"
Serve = Callable[[ServerWebSocket], None]


@pytest.fixture
def make_websockets(clock: VirtualClock, recorder: Recorder) -> Iterator[Callable[[Serve], WebSockets]]:
    """Return what makes WebSockets to a server that knows the session `s1` and serves it as the test says."""
    network = VirtualNetwork(clock, lambda: 0.001)
    client, host = network.attach("10.0.9.9"), network.attach(SERVER)

    def make(serve: Serve) -> WebSockets:
        def route(request: Request) -> Response | Upgrade:
            known = request.target == "/ws/hmr?sessionId=s1"
            return Upgrade(serve) if known else json_response(404, {"error": "not found"})

        def connect(_trust: ssl.SSLContext | None = None, /) -> Connection:
            return client.connect(SERVER, 8080)

        HttpServer(clock, host, 8080, route)
        return WebSockets(connect, clock, clock, "https://alb.example", recorder)

    yield make
    network.close()


def listen(websocket: ServerWebSocket) -> None:
    """Answer what the protocol asks for and nothing else."""
    websocket.serve_until_closed(lambda _text: None)


def test_an_open_websocket_answers_pings(make_websockets: Callable[[Serve], WebSockets]) -> None:
    """A WebSocket that opens has status 101, and its ping comes back."""
    websocket = make_websockets(listen).open("s1")

    assert websocket.status == 101
    assert websocket.ping(b"a") == ANSWERED
    assert websocket.state() == OPEN


def test_a_refusal_is_kept(make_websockets: Callable[[Serve], WebSockets]) -> None:
    """A refused handshake has the status and body of the answer."""
    websocket = make_websockets(listen).attempt("s2")

    assert (websocket.status, websocket.content) == (404, b'{"error":"not found"}')


def test_a_refusal_fails_who_needs_it_open(make_websockets: Callable[[Serve], WebSockets]) -> None:
    """`open` fails the scenario with what came instead."""
    with pytest.raises(AssertionError, match="expected 101 for s2, got <WebSocket 404"):
        make_websockets(listen).open("s2")


def test_messages_are_kept_in_order(make_websockets: Callable[[Serve], WebSockets], clock: VirtualClock) -> None:
    """Messages are JSON, those on their way included."""

    def tell(websocket: ServerWebSocket) -> None:
        websocket.send_json({"n": 1})
        clock.sleep(0.1)
        websocket.send_json({"n": 2})
        listen(websocket)

    assert make_websockets(tell).open("s1").received() == [{"n": 1}, {"n": 2}]


def test_the_end_is_noticed(make_websockets: Callable[[Serve], WebSockets], clock: VirtualClock) -> None:
    """How long it took until the other side closed is told; afterwards the WebSocket is no longer open."""

    def leave(_websocket: ServerWebSocket) -> None:
        clock.sleep(7)

    websocket = make_websockets(leave).open("s1")

    assert websocket.wait_closed(10) == pytest.approx(7, abs=0.1)
    assert websocket.state() == "closed"
    assert websocket.ping() == "closed before the ping"


def test_a_websocket_that_does_not_end_fails_the_wait(make_websockets: Callable[[Serve], WebSockets]) -> None:
    """Waiting for an end that does not come fails the scenario."""
    with pytest.raises(AssertionError, match="still open after 3 s"):
        make_websockets(listen).open("s1").wait_closed(3)


def test_a_server_that_does_not_answer_pings_is_noticed(
    make_websockets: Callable[[Serve], WebSockets], clock: VirtualClock
) -> None:
    """Without a pong a ping is not answered."""
    assert make_websockets(lambda _websocket: clock.sleep(60)).open("s1").ping() == SILENT


def test_a_ping_waits_for_its_own_pong_and_no_longer(
    make_websockets: Callable[[Serve], WebSockets], clock: VirtualClock
) -> None:
    """A slow pong is one, an earlier one is none to a later ping, and the wait is over when it has come."""

    def answer_once(websocket: ServerWebSocket) -> None:
        clock.sleep(3)
        websocket.protocol.receive_data(websocket.connection.receive(1024))
        for event in websocket.protocol.events():
            assert isinstance(event, Ping)
            websocket.connection.send(websocket.protocol.send(event.response()))
        clock.sleep(60)

    began = clock.now()
    websocket = make_websockets(answer_once).open("s1")

    assert websocket.ping() == ANSWERED
    assert clock.now() - began == pytest.approx(3, abs=0.1)
    assert websocket.ping() == SILENT


def test_a_message_in_parts_is_one(make_websockets: Callable[[Serve], WebSockets], clock: VirtualClock) -> None:
    """Frames of one message, and one frame that the network has cut, are put together before they are read."""

    def tell(websocket: ServerWebSocket) -> None:
        send = websocket.connection.send
        send(websocket.protocol.send(TextMessage('{"n": ', message_finished=False)))
        send(websocket.protocol.send(TextMessage("1}")))
        frame = websocket.protocol.send(TextMessage('{"n": "ü"}'))
        for part in (frame[:10], frame[10:]):
            clock.sleep(0.1)
            send(part)
        listen(websocket)

    assert make_websockets(tell).open("s1").received() == [{"n": 1}, {"n": "ü"}]


def test_a_message_that_is_no_json_fails_the_scenario(make_websockets: Callable[[Serve], WebSockets]) -> None:
    """What came instead is told."""

    def tell(websocket: ServerWebSocket) -> None:
        websocket.connection.send(websocket.protocol.send(TextMessage("hello")))
        listen(websocket)

    with pytest.raises(AssertionError, match="expected JSON on the WebSocket, got 'hello'"):
        make_websockets(tell).open("s1").received()


@pytest.mark.parametrize(("asked", "answer"), [(Ping(b"there"), Pong), (CloseConnection(1000), CloseConnection)])
def test_pings_and_closes_are_answered(
    make_websockets: Callable[[Serve], WebSockets], clock: VirtualClock, asked: Event, answer: type[Event]
) -> None:
    """A server that asks whether anybody is there hears that somebody is, as RFC 6455, 5.5 wants it."""
    heard: list[type[Event]] = []

    def ask(websocket: ServerWebSocket) -> None:
        websocket.connection.send(websocket.protocol.send(asked))
        websocket.protocol.receive_data(websocket.connection.receive(1024))
        heard.extend(type(event) for event in websocket.protocol.events())

    make_websockets(ask).open("s1").wait_closed(5)
    clock.sleep(1)

    assert heard == [answer]


def test_silence_fails_the_scenario(clock: VirtualClock, recorder: Recorder) -> None:
    """A handshake that nobody answers says which one it was."""
    network = VirtualNetwork(clock, lambda: 0.001)
    client, host = network.attach("10.0.9.9"), network.attach(SERVER)
    host.listen(8080)

    def connect(_trust: ssl.SSLContext | None = None, /) -> Connection:
        return client.connect(SERVER, 8080)

    websockets = WebSockets(connect, clock, clock, "https://alb.example", recorder)
    with pytest.raises(
        AssertionError, match=r"expected an answer to the WebSocket /ws/hmr\?sessionId=s1: TimeoutError"
    ):
        websockets.attempt("s1")
    network.close()
