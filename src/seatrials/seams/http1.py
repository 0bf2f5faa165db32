"""A small HTTP/1.1 and WebSocket server over any `Network`; h11 and wsproto do the protocols.

An actor per connection, keep-alive, request bodies read whole, answers whole or streamed.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import h11
import wsproto
import wsproto.utilities
from wsproto import events as ws_events
from wsproto.connection import ConnectionState

from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection, Listener, Network

_CHUNK_BYTES = 65_536
_FINISH_POLL_SECONDS = 0.05
# Answers that have no body, whatever they say (RFC 9110, 15.3.5 and 15.4.5).
_BODILESS = frozenset({204, 304})
_HEADERS_BYTES_MAX = 16_384
_BODY_BYTES_MAX = 64 * 1024 * 1024
# How long a refused client may say nothing before its connection ends: closed at once, it would not see the answer.
_LINGER_SECONDS = 1.0
_LINGER_PARTS_MAX = 2048
_WEBSOCKET_VERSION = {"sec-websocket-version": "13"}
# 16 bytes in base64.
_WEBSOCKET_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """A request as it arrived; header names are lower case."""

    method: str
    # Path and query exactly as on the request line.
    target: str
    headers: Headers
    body: bytes = b""
    peer_host: str = ""

    @property
    def raw_path(self) -> str:
        """The path as it was sent, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, percent-decoded."""
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, str]:
        """The query's first value of each name."""
        parsed = parse_qs(self.target.partition("?")[2], keep_blank_values=True)
        return {name: values[0] for name, values in parsed.items()}

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None; *name* in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Response:
    """An answer; a body that is not bytes is streamed in chunks."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: Headers = ()


@dataclass(frozen=True)
class Upgrade:
    """An answer that turns the connection into a WebSocket and hands it to *run*."""

    run: Callable[["ServerWebSocket"], None]


Handler = Callable[[Request], Response | Upgrade]


def json_response(status: int, value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer with *value* as JSON."""
    fields = [("content-type", "application/json"), *(headers or {}).items()]
    return Response(status, json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), fields)


@dataclass
class ServerWebSocket:
    """The server's end of an open WebSocket."""

    connection: Connection
    protocol: wsproto.WSConnection
    closed: bool = field(default=False)
    _parts: list[str] = field(default_factory=list)

    def send_json(self, value: object) -> None:
        """Send *value* as a text message; raises `ConnectionError` when the peer is gone."""
        if self.closed or self.protocol.state is not ConnectionState.OPEN:
            msg = "the WebSocket is closed"
            raise ConnectionResetError(msg)
        self.connection.send(self.protocol.send(ws_events.TextMessage(json.dumps(value))))

    def serve_until_closed(self, on_text: Callable[[str], None]) -> None:
        """Answer pings and closes, and give each text message to *on_text*, until the peer closes."""
        try:
            self._dispatch(on_text)  # what the peer sent without waiting for the answer to its handshake
            while not self.closed:
                self.protocol.receive_data(self.connection.receive(_CHUNK_BYTES) or None)
                self._dispatch(on_text)
        except ConnectionError:
            pass  # the peer has gone without a goodbye
        self.closed = True
        self.connection.close()

    def close(self, code: int = 1001) -> None:
        """Send a close frame and close."""
        if not self.closed:
            self.closed = True
            try:
                self.connection.send(self.protocol.send(ws_events.CloseConnection(code)))
            except ConnectionError:  # the peer closed first, which is as good
                pass
            self.connection.close()

    def _dispatch(self, on_text: Callable[[str], None]) -> None:
        for event in self.protocol.events():
            if isinstance(event, ws_events.Ping):
                self.connection.send(self.protocol.send(event.response()))
            elif isinstance(event, ws_events.TextMessage):
                self._take(event, on_text)
            elif isinstance(event, ws_events.CloseConnection):
                self._say_goodbye(event)

    def _take(self, event: ws_events.TextMessage, on_text: Callable[[str], None]) -> None:
        """Put the frames of a message together before it is handed on."""
        self._parts.append(event.data)
        if event.message_finished:
            text = "".join(self._parts)
            self._parts.clear()
            on_text(text)

    def _say_goodbye(self, event: ws_events.CloseConnection) -> None:
        self.closed = True
        # The state is still OPEN after a frame that breaks the protocol: the peer is told the code (RFC 6455, 7.1.7).
        if self.protocol.state in {ConnectionState.REMOTE_CLOSING, ConnectionState.OPEN}:
            self.connection.send(self.protocol.send(event.response()))


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a server waits for a client that it does not know, in seconds of its clock."""

    # For a request to begin; then the connection is closed.
    idle_seconds: float
    # From its first byte to its last; then the client is answered 408.
    request_seconds: float


class HttpServer:
    """Serves one port until it is closed."""

    def __init__(
        self, clock: Clock, network: Network, port: int, handler: Handler, patience: Patience | None = None
    ) -> None:
        """Without *patience* clients are waited for as long as they like, for they are of this world."""
        self._clock = clock
        self._patience = patience
        self._listener: Listener = network.listen(port)
        self._handler = handler
        self._busy: list[_Exchange] = []
        self.closing = False
        clock.spawn(self._accept, f"accept-{port}")

    def close(self) -> None:
        """Take no more connections; requests in flight are answered, and their connections closed after it."""
        self.closing = True
        self._listener.close()

    def finish(self, timeout_seconds: float) -> bool:
        """Wait until no request is in flight; return whether that came in time. An open WebSocket is no request."""
        deadline = self._clock.now() + timeout_seconds
        while self._busy and self._clock.now() < deadline:
            self._clock.sleep(_FINISH_POLL_SECONDS)
        return not self._busy

    def wait(self) -> "_Wait":
        """Return how long the client of a new connection may take."""
        return _Wait(self._clock, self._patience)

    def answer(self, exchange: "_Exchange", request: Request) -> Response | Upgrade:
        """Return the handler's answer; *exchange* counts as in flight until `answered`."""
        self._busy.append(exchange)
        return self._handler(request)

    def answered(self, exchange: "_Exchange") -> None:
        """Count *exchange* as in flight no longer."""
        if exchange in self._busy:
            self._busy.remove(exchange)

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except ConnectionAbortedError:
                return
            self._clock.spawn(_Exchange(connection, self).run, "connection")


class _Exchange:
    """The requests of one connection, one after the other."""

    def __init__(self, connection: Connection, server: HttpServer) -> None:
        self._connection = connection
        self._server = server
        self._h11 = h11.Connection(h11.SERVER)
        self._wait = server.wait()

    def run(self) -> None:
        try:
            self._serve_all()
        except (ConnectionError, TimeoutError):
            pass  # the peer has gone, or says nothing; nobody is left to answer
        finally:
            self._server.answered(self)
        self._connection.close()

    def _serve_all(self) -> None:
        try:
            while self._serve_one():
                self._server.answered(self)
                self._h11.start_next_cycle()
        except h11.RemoteProtocolError as error:
            self._refuse(error)

    def _serve_one(self) -> bool:
        """Serve a request; return whether the connection lives on for another."""
        self._wait.for_request(has_begun=bool(self._h11.trailing_data[0]))
        head = self._next_event()
        if not isinstance(head, h11.Request):
            return False
        _check_size(head)
        request = self._read(head)
        answer = self._server.answer(self, request)
        if isinstance(answer, Upgrade):
            websocket = self._shake_hands(head)
            if isinstance(websocket, ServerWebSocket):
                self._server.answered(self)
                answer.run(websocket)
                return False
            answer = websocket
        self._send(request, answer)
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    def _read(self, head: h11.Request) -> Request:
        _check_length(head)
        parts, size = [], 0
        while isinstance(event := self._next_event(), h11.Data):
            parts.append(bytes(event.data))
            size += len(parts[-1])
            _check_body(size)
        # h11 gives names in lower case one by one, which takes four times as long.
        sent = head.headers.raw_items()
        headers = [(name.lower().decode("ascii"), value.decode("latin-1")) for name, value in sent]
        return Request(
            head.method.decode("ascii"),
            head.target.decode("latin-1"),
            headers,
            b"".join(parts),
            self._connection.peer_host,
        )

    def _next_event(self) -> Any:  # noqa: ANN401  # h11's own event type is a union with sentinels
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    self._connection.send(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])))
                self._h11.receive_data(self._receive())
                continue
            return event

    def _receive(self) -> bytes:
        try:
            data = self._connection.receive(_CHUNK_BYTES, self._wait.seconds_left())
        except TimeoutError as error:
            if not self._wait.has_begun:
                raise
            msg = "the request did not end in time"
            raise h11.RemoteProtocolError(msg, error_status_hint=408) from error
        self._wait.hear()
        return data

    def _send(self, request: Request, answer: Response) -> None:
        bodiless = request.method == "HEAD" or answer.status in _BODILESS
        body = b"" if bodiless else answer.body
        head = h11.Response(status_code=answer.status, headers=[*answer.headers, *self._framing(answer)])
        data = self._h11.send(head) or b""
        if isinstance(body, bytes):
            data += (self._h11.send(h11.Data(data=body)) or b"") if body else b""
            self._connection.send(data + (self._h11.send(h11.EndOfMessage()) or b""))
            return
        self._connection.send(data)
        for part in body:
            self._connection.send(self._h11.send(h11.Data(data=part)) or b"")
        self._connection.send(self._h11.send(h11.EndOfMessage()) or b"")

    def _framing(self, answer: Response) -> Headers:
        """Return the headers that say where the body ends, and whether the connection does with it."""
        ending = [("connection", "close")] if self._server.closing else []
        if answer.status in _BODILESS:
            return ending
        if isinstance(answer.body, bytes):
            return [("content-length", str(len(answer.body))), *ending]
        return [("transfer-encoding", "chunked"), *ending]

    def _shake_hands(self, head: h11.Request) -> "ServerWebSocket | Response":
        """Return the opened WebSocket, or the refusal of a handshake that is none (RFC 6455, 4.2.2)."""
        protocol = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
        try:
            _check_handshake(head)
            protocol.initiate_upgrade_connection(list(head.headers), head.target)
        except wsproto.utilities.RemoteProtocolError as error:
            hint = error.event_hint
            status = hint.status_code if isinstance(hint, ws_events.RejectConnection) else 400
            return json_response(status, {"error": f"this is no WebSocket handshake: {error}"}, _WEBSOCKET_VERSION)
        for _ in protocol.events():
            break
        self._connection.send(protocol.send(ws_events.AcceptConnection()))
        trailing, _ = self._h11.trailing_data
        if trailing:
            protocol.receive_data(trailing)
        return ServerWebSocket(self._connection, protocol)

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._h11.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            status = error.error_status_hint
            head = h11.Response(status_code=status, headers=[("content-length", "0"), ("connection", "close")])
            self._connection.send((self._h11.send(head) or b"") + (self._h11.send(h11.EndOfMessage()) or b""))
            if self._wait.has_end:
                self._linger()

    def _linger(self) -> None:
        """Take in what is still being sent, up to a size and for as long as a request may take."""
        self._wait.for_request(has_begun=True)
        try:
            for _ in range(_LINGER_PARTS_MAX):
                seconds = min(_LINGER_SECONDS, self._wait.seconds_left() or 0.0)
                if not self._connection.receive(_CHUNK_BYTES, seconds):
                    return
        except (ConnectionError, TimeoutError):
            pass  # enough was waited for


class _Wait:
    """How long the peer of one connection may still take."""

    def __init__(self, clock: Clock, patience: Patience | None) -> None:
        self._clock = clock
        self._patience = patience
        self._until = 0.0
        self.has_begun = False

    @property
    def has_end(self) -> bool:
        """Whether there is a limit at all."""
        return self._patience is not None

    def for_request(self, *, has_begun: bool) -> None:
        """Begin to wait for a request, of which there may be something already."""
        self.has_begun = False
        if self._patience is not None:
            self._until = self._clock.now() + self._patience.idle_seconds
        if has_begun:
            self.hear()

    def hear(self) -> None:
        """Take note that something came: with the first byte the request's own time begins."""
        if not self.has_begun and self._patience is not None:
            self._until = self._clock.now() + self._patience.request_seconds
        self.has_begun = True

    def seconds_left(self) -> float | None:
        """Return how long to wait now, None for ever; raises `TimeoutError` when the time is over."""
        if self._patience is None:
            return None
        left = self._until - self._clock.now()
        if left <= 0:
            msg = "the time for a request is over"
            raise TimeoutError(msg)
        return left


def _check_length(head: h11.Request) -> None:
    """Refuse a body that says itself that it is too long, before any of it is read."""
    lengths = [int(value) for name, value in head.headers.raw_items() if name.lower() == b"content-length"]
    _check_body(max(lengths, default=0))


def _check_body(size: int) -> None:
    if size > _BODY_BYTES_MAX:
        msg = f"the body is longer than {_BODY_BYTES_MAX} bytes"
        raise h11.RemoteProtocolError(msg, error_status_hint=413)


def _check_handshake(head: h11.Request) -> None:
    """Refuse what wsproto does not look at: method, version and the key (RFC 6455, 4.2.1; RFC 9110, 7.8)."""
    if head.method != b"GET":
        msg = "the method is not GET"
        raise wsproto.utilities.RemoteProtocolError(msg)
    if head.http_version < b"1.1":
        msg = "HTTP/1.0 knows no upgrade"
        raise wsproto.utilities.RemoteProtocolError(msg)
    keys = [value for name, value in head.headers if name == b"sec-websocket-key"]
    if len(keys) != 1 or not _WEBSOCKET_KEY.fullmatch(keys[0]):
        msg = f"there are {len(keys)} Sec-WebSocket-Key headers: send one, of 16 bytes in base64"
        raise wsproto.utilities.RemoteProtocolError(msg)


def _check_size(head: h11.Request) -> None:
    """Refuse headers above the limit; h11 limits only those that arrive in several pieces."""
    if sum(len(name) + len(value) for name, value in head.headers.raw_items()) > _HEADERS_BYTES_MAX:
        msg = f"the headers are longer than {_HEADERS_BYTES_MAX} bytes"
        raise h11.RemoteProtocolError(msg, error_status_hint=431)
