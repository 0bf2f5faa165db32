"""Requests byte by byte, for what no HTTP client would send, and what came back."""

import ssl
from dataclasses import dataclass
from typing import Any

import h11
import httpx

from seatrials.evidence.recorder import Recorder
from seatrials.platform.calls import header_of, json_of, origin_of
from seatrials.platform.stack import Connect
from seatrials.platform.witness import Witness
from seatrials.seams.network import Connection

_CHUNK_BYTES = 65_536
# How long an answer may take, and how long the end of the connection is waited for after it.
_ANSWER_SECONDS = 30.0
_CLOSE_SECONDS = 3.0
# How long a peer that takes nothing is waited for.
_SEND_SECONDS = 30.0
_SHOWN_CHARACTERS = 400


@dataclass(frozen=True)
class RawAnswer:
    """What the platform answered, and whether it closed the connection after it."""

    request: str
    status: int
    headers: httpx.Headers
    content: bytes
    is_closed: bool

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401  # whatever the platform sends
        """Return the body as JSON; fails the scenario, showing the body, when it is none or a field is missing."""
        return json_of(self.content, self)

    def header(self, name: str) -> str:
        """Return a header; fails the scenario, showing the answer, when there is none of that name."""
        return header_of(self.headers, name, self)

    @property
    def origin(self) -> str:
        """Who answered."""
        return origin_of(self.headers)

    def __repr__(self) -> str:
        """Show request, status and body."""
        return f"<{self.request} → {self.status}: {self.text[:_SHOWN_CHARACTERS]}>"


class RawRequest:
    """A request on a connection of its own, sent in parts."""

    def __init__(self, connection: Connection, recorder: Recorder, data: bytes) -> None:
        self._connection = connection
        self._recorder = recorder
        self._sent = data
        self._began = recorder.history.now()
        connection.send(data, _SEND_SECONDS)

    def finish(self, data: bytes = b"") -> RawAnswer:
        """Send the rest and return the answer; fails the scenario when it cannot be sent or there is none."""
        witness = Witness.of_bytes(self._recorder.history, self._sent + data, self._began)
        try:
            self._send(data)
            answer = self._answer()
        finally:
            self._connection.close()
        witness.answered(answer.status, answer.headers, answer.content)
        self._recorder.step(f"{answer.request} → {answer.status}", answer=answer.text[:_SHOWN_CHARACTERS])
        return answer

    def _send(self, data: bytes) -> None:
        try:
            self._connection.send(data, _SEND_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            msg = f"expected to send the rest of {self._line()!r}, and its connection was gone: {error}"
            raise AssertionError(msg) from error

    def _line(self) -> str:
        return self._sent.partition(b"\r\n")[0][:60].decode("latin-1")

    def _answer(self) -> RawAnswer:
        request = self._line()
        # h11 reads answers only to a request that it has sent itself; this one stands for what was really sent.
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method="GET", target="/", headers=[("host", "raw")]))
        reader.send(h11.EndOfMessage())
        head, parts = None, []
        while not isinstance(event := reader.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                reader.receive_data(self._receive(request))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
        assert head is not None, "h11 ends no answer before its head"
        headers = httpx.Headers([(name.decode(), value.decode("latin-1")) for name, value in head.headers])
        return RawAnswer(request, head.status_code, headers, b"".join(parts), self._ends())

    def _receive(self, request: str) -> bytes:
        try:
            data = self._connection.receive(_CHUNK_BYTES, _ANSWER_SECONDS)
        except (TimeoutError, ConnectionError) as error:
            msg = f"{request!r} got no whole answer: {type(error).__name__}: {error}"
            raise AssertionError(msg) from error
        assert data, f"the connection of {request!r} was closed before its whole answer had come"
        return data

    def _ends(self) -> bool:
        """Whether the connection ends soon after the answer."""
        try:
            return not self._connection.receive(_CHUNK_BYTES, _CLOSE_SECONDS)
        except TimeoutError:
            return False
        except ConnectionError:
            return True


class RawClient:
    """The way to the load balancer for bytes of any kind; each request has a connection of its own."""

    def __init__(self, connect: Connect, url: str, recorder: Recorder) -> None:
        self._connect = connect
        self._host = httpx.URL(url).netloc
        self._recorder = recorder

    def send(self, data: bytes) -> RawAnswer:
        """Send *data*, in which `{host}` stands for the load balancer's name, and return the answer."""
        return self.begin(data).finish()

    def get(self, target: str) -> RawAnswer:
        """GET *target* exactly as it is spelled."""
        return self.send(b"GET %b HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n" % target.encode())

    def begin(self, data: bytes) -> RawRequest:
        """Send the first part of a request; fails the scenario when nobody takes it."""
        try:
            return RawRequest(self._connect(), self._recorder, data.replace(b"{host}", self._host))
        except (TimeoutError, ConnectionError) as error:
            msg = f"expected {self._host.decode()} to take a connection and a request: {error}"
            raise AssertionError(msg) from error

    def connect_trusting(self, trust: ssl.SSLContext) -> Connection:
        """Connect as someone who believes *trust* alone; raises `ssl.SSLCertVerificationError` for another one."""
        return self._connect(trust)
