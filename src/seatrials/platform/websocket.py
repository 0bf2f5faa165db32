"""WebSockets of the preview's hot reload, as a browser opens them."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
from wsproto import ConnectionType, WSConnection
from wsproto import events as ws
from wsproto.connection import ConnectionState
from wsproto.utilities import RemoteProtocolError

from seatrials.evidence.history import Socket
from seatrials.evidence.recorder import Recorder
from seatrials.platform import contract
from seatrials.platform.stack import Connect
from seatrials.platform.witness import Witness
from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection

# What a ping comes to, and a WebSocket is, when all is well.
ANSWERED, OPEN = "answered", "open"
_CHUNK_BYTES = 65_536
# How long the other side may take to answer: any answer ends the wait, so it costs time only where there is none.
_ANSWER_SECONDS = 10.0
# How long what is on its way, and may be nothing, gets to arrive.
_ARRIVAL_SECONDS = 0.5
_SWITCHING_PROTOCOLS = 101


class WebSocket:
    """One attempt at a WebSocket: open when its status is 101, else refused with what an ordinary answer has."""

    def __init__(self, connection: Connection, clock: Clock, request_clock: Clock, host: str, target: str) -> None:
        self._connection = connection
        self._clock = clock
        # What the network takes its time for; `clock` has what the platform does.
        self._request_clock = request_clock
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self.status = 0
        self.headers: httpx.Headers = httpx.Headers()
        self.content = b""
        # Text messages as JSON, in the order of their arrival.
        self.messages: list[Any] = []
        self.is_closed = False
        # What has come of a message whose end has not.
        self._begun = ""
        self._pongs: list[bytes] = []
        self._refused = False
        # What the history has of it, by the clock of the platform.
        self.seen: Socket | None = None
        connection.send(self._protocol.send(ws.Request(host=host, target=target)), _ANSWER_SECONDS)
        deadline = request_clock.now() + _ANSWER_SECONDS
        while not (self.status == _SWITCHING_PROTOCOLS or self._refused or self.is_closed):
            self._take(deadline - request_clock.now())

    def ping(self, payload: bytes = b"are you there") -> str:
        """Send a ping; return `ANSWERED` when a pong with the same payload comes, or else what came of it, in words."""
        if self.is_closed:
            return "closed before the ping"
        self._pongs.clear()
        try:
            self._connection.send(self._protocol.send(ws.Ping(payload)), _ANSWER_SECONDS)
        except TimeoutError:
            return f"the ping could not be sent within {_ANSWER_SECONDS:g} s"
        except ConnectionError:
            self._note_closed()
        self._take_while(lambda: payload not in self._pongs, _ANSWER_SECONDS)
        if payload in self._pongs:
            return ANSWERED
        if self.is_closed:
            return "closed in place of a pong"
        others = f" but {self._pongs}" if self._pongs else ""
        return f"no pong {payload!r} within {_ANSWER_SECONDS:g} s{others}"

    def say(self, message: dict[str, str]) -> None:
        """Send a message as JSON; one that cannot be sent any more finds the WebSocket closed."""
        try:
            self._connection.send(self._protocol.send(ws.TextMessage(json.dumps(message))), _ANSWER_SECONDS)
        except (ConnectionError, TimeoutError):
            self._note_closed()

    def received(self) -> list[Any]:
        """Return every message so far, those on their way included."""
        self._take_arriving()
        return self.messages

    def wait_for(self, message: Any, timeout_seconds: float) -> bool:  # noqa: ANN401  # any JSON value
        """Wait until a message has come; return whether it has within so many seconds of the network's time."""
        self._take_while(lambda: message not in self.messages, timeout_seconds)
        return message in self.messages

    def state(self) -> str:
        """Return `OPEN`, or that the other side has closed."""
        self._take_arriving()
        return "closed" if self.is_closed else OPEN

    def wait_closed(self, timeout_seconds: float) -> float:
        """Wait until the other side closes; return the seconds that took, and fail the scenario after *timeout*."""
        began = self._clock.now()
        deadline = began + timeout_seconds
        while not self.is_closed:
            assert self._clock.now() < deadline, f"the WebSocket is still open after {timeout_seconds:g} s"
            self._take_within(deadline - self._clock.now())
        return self._clock.now() - began

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
        self._note_closed()

    def _take_arriving(self) -> None:
        self._take_while(lambda: True, _ARRIVAL_SECONDS)

    def _take_while(self, is_wanted: Callable[[], bool], seconds: float) -> None:
        """Take in what arrives in so many seconds, while more of it is wanted."""
        deadline = self._request_clock.now() + seconds
        while is_wanted() and not self.is_closed and self._request_clock.now() < deadline:
            self._take_within(deadline - self._request_clock.now())
        if self.seen is not None:
            self.seen.seen_until = self._clock.now()

    def _take_within(self, seconds: float) -> None:
        try:
            self._take(seconds)
        except TimeoutError:  # nothing came, which is for the caller to judge
            pass

    def _take(self, seconds: float) -> None:
        """Wait for something to arrive and take it in; raises `TimeoutError`."""
        try:
            data = self._connection.receive(_CHUNK_BYTES, max(0.0, seconds))
        except ConnectionError:
            data = b""
        if not data:
            self._note_closed()
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events():
            self._note(event)

    def _note(self, event: ws.Event) -> None:
        if isinstance(event, ws.AcceptConnection):
            self.status = _SWITCHING_PROTOCOLS
        elif isinstance(event, ws.RejectConnection):
            self.status = event.status_code
            self.headers = httpx.Headers(event.headers)
            self._refused = not event.has_body
        elif isinstance(event, ws.RejectData):
            self.content += event.data
            self._refused = event.body_finished
        elif isinstance(event, ws.TextMessage):
            self._note_text(event)
        elif isinstance(event, ws.Ping):
            self._answer(event.response())
        elif isinstance(event, ws.Pong):
            self._pongs.append(bytes(event.payload))
        elif isinstance(event, ws.CloseConnection):
            if self._protocol.state is ConnectionState.REMOTE_CLOSING:
                self._answer(event.response())
            self._note_closed()

    def _note_text(self, event: ws.TextMessage) -> None:
        """Keep a message once it is whole: networks cut it anywhere, and servers may (RFC 6455, 5.4)."""
        self._begun += event.data
        if not event.message_finished:
            return
        text, self._begun = self._begun, ""
        try:
            self.messages.append(json.loads(text))
        except (ValueError, RecursionError) as error:
            msg = f"expected JSON on the WebSocket, got {text[:200]!r}"
            raise AssertionError(msg) from error
        if self.seen is not None:
            self.seen.messages.append((self._clock.now(), self.messages[-1]))

    def _answer(self, event: ws.Event) -> None:
        """Send what the protocol wants for a ping or a close, without which servers give up (RFC 6455, 5.5)."""
        try:
            self._connection.send(self._protocol.send(event), _ANSWER_SECONDS)
        except (ConnectionError, TimeoutError):  # the other side has gone without waiting for it
            self._note_closed()

    def _note_closed(self) -> None:
        self.is_closed = True
        if self.seen is not None and self.seen.closed is None:
            self.seen.closed = self._clock.now()

    def __repr__(self) -> str:
        """Show status and body: what the message of a failed assertion needs."""
        return f"<WebSocket {self.status}: {self.content.decode('utf-8', 'replace')[:200]}>"


class WebSockets:
    """The way to the load balancer for WebSockets; each has a connection of its own."""

    def __init__(self, connect: Connect, clock: Clock, request_clock: Clock, url: str, recorder: Recorder) -> None:
        self._connect = connect
        self._clock = clock
        self._request_clock = request_clock
        self._host = httpx.URL(url).netloc.decode()
        self._recorder = recorder

    def open(self, session_id: str) -> WebSocket:
        """Open the WebSocket of a session; fails the scenario unless it opens."""
        websocket = self.attempt(session_id)
        assert websocket.status == _SWITCHING_PROTOCOLS, f"expected 101 for {session_id}, got {websocket}"
        return websocket

    def attempt(self, session_id: str) -> WebSocket:
        """Ask for the WebSocket of a session and return what came of it; fails the scenario when nothing does."""
        target = f"{contract.HMR_PATH}?sessionId={quote(session_id)}"
        witness = Witness(self._recorder.history, "GET", target)
        try:
            websocket = WebSocket(self._connect(), self._clock, self._request_clock, self._host, target)
        except (TimeoutError, ConnectionError, RemoteProtocolError) as error:
            msg = f"expected an answer to the WebSocket {target}: {type(error).__name__}: {error}"
            witness.unanswered()
            raise AssertionError(msg) from error
        witness.answered(websocket.status, websocket.headers, websocket.content)
        if websocket.status == _SWITCHING_PROTOCOLS:
            now = self._clock.now()
            websocket.seen = Socket(session_id, opened=now, seen_until=now)
            self._recorder.history.sockets.append(websocket.seen)
        self._recorder.step(f"WebSocket {target} → {websocket.status}", answer=repr(websocket))
        return websocket
