"""One request on its way to a target, and the answer on its way back.

The actor that serves the client's connection sends the request and waits for the answer. A body that has not arrived
whole is sent by a second actor. A target that does not answer soon gets company too: an actor that notices when the
client leaves. So a small and quick request costs no actor at all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection, Network
from seatrials.twin.balancer.answers import head_bytes
from seatrials.twin.balancer.messages import Headers, MalformedAnswerError, RequestHead, ResponseHead
from seatrials.twin.balancer.node_targets import Target
from seatrials.twin.balancer.streams import (
    CHUNK_BYTES,
    PEER_GONE,
    ClientSide,
    MalformedBodyError,
    Stream,
    framed,
)

# Source: AWS ALB User Guide, "Troubleshoot", HTTP 504: no connection within 10 seconds.
_CONNECT_SECONDS = 10.0
# An answer that takes longer makes it worth watching whether the client still waits.
_QUICK_SECONDS = 1.0
# The client closed before it was answered; only logged, for nobody is there to be told.
CLIENT_LEFT_STATUS = 460
_CONTINUE = 100
_SWITCHING_PROTOCOLS = 101
_FIRST_FINAL_STATUS = 200


class ClientGoneError(Exception):
    """The client left while its answer was on the way; never leaves the balancer."""


@dataclass(frozen=True)
class Result:
    """How an exchange ended."""

    status: int
    # Whether the client has got the head of an answer; if not, the balancer owes it one of *status*.
    answered: bool
    # Whether the connection to the client is fit for another request.
    reusable: bool


@dataclass(eq=False, kw_only=True)
class Exchange:
    """One request to one target."""

    clock: Clock
    network: Network
    client: ClientSide
    request: RequestHead
    # The request's head as the target gets it.
    head: bytes
    target: Target
    idle_timeout_seconds: float
    # Makes of the headers of a target's answer those that the client gets, but for connection and framing.
    dress: Callable[[Headers], Headers]
    # Whether the client's connection lives on after a good answer.
    keep_alive: bool
    # Called with the status when the head of the answer is sent.
    on_head: Callable[[int], None]
    # Why the exchange was broken off from the client's side; None: it was not.
    _broken: int | None = field(default=None, init=False)
    _uploaded: bool = field(default=False, init=False)
    _active_at: float = field(default=0.0, init=False)

    def run(self) -> Result:
        """Exchange request and answer.

        502: the target refuses, resets, closes too early or sends no HTTP, or the deregistration delay is over; 504: no
        connection within 10 s, or no answer within the idle timeout; 460: the client has left. Source: AWS ALB User
        Guide, "Troubleshoot your Application Load Balancers".
        """
        try:
            upstream = self.network.connect(self.target.ip, self.target.port, _CONNECT_SECONDS)
        except TimeoutError:
            return self._failed(504)
        except ConnectionError:
            return self._failed(502)
        flight = self.target.take_off(upstream.reset)
        try:
            return self._exchange(upstream)
        finally:
            flight.land()
            self.client.forget()
            upstream.close()

    def _exchange(self, upstream: Connection) -> Result:
        self._active_at = self.clock.now()
        stream = Stream(lambda: self._receive(upstream))
        try:
            self._send_request(upstream)
            head = self._final_head(stream)
        except TimeoutError:
            # A target that waits for the rest of a body is not the one who is silent.
            return self._failed(504 if self._is_read else 408)
        except (ConnectionError, MalformedAnswerError):
            return self._failed(502)
        except ClientGoneError:
            return Result(CLIENT_LEFT_STATUS, answered=False, reusable=False)
        if head.status == _SWITCHING_PROTOCOLS:
            return self._switch(upstream, stream, head)
        return self._pass_answer(stream, head)

    def _failed(self, status: int) -> Result:
        """Return a failure before the answer; what broke the exchange off from the client's side comes first."""
        return Result(self._broken or status, answered=False, reusable=self._is_read and self._broken is None)

    @property
    def _is_read(self) -> bool:
        """Whether the client has sent the whole request."""
        return self._uploaded or self.request.framing.empty

    def _send_request(self, upstream: Connection) -> None:
        """Send the head, and the body too when it is all there; otherwise let an actor send the body as it comes."""
        framing = self.request.framing
        buffer = self.client.stream.buffer
        if not framing.chunked and framing.length is not None and len(buffer) >= framing.length:
            self._uploaded = True
            upstream.send(self.head + self.client.stream.take(framing.length))
            return
        upstream.send(self.head)
        if self.request.expects_continue and not buffer:
            # The guide does not say who answers; here the balancer does.
            self._to_client(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.clock.spawn(lambda: self._upload(upstream), "balancer-upload")

    def _upload(self, upstream: Connection) -> None:
        chunked = self.request.framing.chunked
        parts = self.client.stream.body(self.request.framing)
        try:
            while (part := self._next_part(parts, upstream)) is not None:
                self._active_at = self.clock.now()
                upstream.send(framed(part, chunked=chunked))
            if self._broken is None:
                upstream.send(b"0\r\n\r\n" if chunked else b"")
                self._uploaded = True
        except ConnectionError:
            # The target takes no more. Whoever reads from it finds out whether it has answered.
            pass

    def _next_part(self, parts: Iterator[bytes], upstream: Connection) -> bytes | None:
        """Return the next part of the body, or None at its end or when the client breaks it off.

        Source: AWS ALB User Guide, "Troubleshoot": 400 for a client that closes before the full body, 408 for one that
        sends nothing within the idle timeout.
        """
        try:
            return next(parts, None)
        except TimeoutError:
            self._break(408, upstream)
        except (*PEER_GONE, MalformedBodyError):
            self._break(400, upstream)
        return None

    def _break(self, status: int, upstream: Connection) -> None:
        self._broken = status
        upstream.reset()

    def _receive(self, upstream: Connection) -> bytes:
        """Return more from the target; raises `TimeoutError` once nothing has passed for the idle timeout."""
        quick = _QUICK_SECONDS
        while True:
            left = self._active_at + self.idle_timeout_seconds - self.clock.now()
            if left <= 0:
                msg = f"nothing passed for {self.idle_timeout_seconds:g} s"
                raise TimeoutError(msg)
            try:
                data = upstream.receive(CHUNK_BYTES, min(left, quick))
            except TimeoutError:
                quick = _QUICK_SECONDS if not self._uploaded else left
                if self._uploaded:
                    self.client.watch(lambda: self._break(CLIENT_LEFT_STATUS, upstream))
            else:
                self._active_at = self.clock.now()
                return data

    def _final_head(self, stream: Stream) -> ResponseHead:
        """Return the head of the answer proper, passing on what comes before it, but for a 100 of the target's own."""
        while True:
            head = stream.response_head(self.request.method)
            if head.status >= _FIRST_FINAL_STATUS:
                return head
            if head.status == _SWITCHING_PROTOCOLS:
                if self.request.upgrade is None:
                    msg = "101 to a request that asked for no upgrade"
                    raise MalformedAnswerError(msg)
                return head
            if head.status != _CONTINUE and not self.request.http_1_0:
                self._to_client(_answer_head(head, head.end_to_end()))

    def _pass_answer(self, stream: Stream, head: ResponseHead) -> Result:
        bodiless = head.framing.empty
        chunked = not bodiless and head.framing.length is None and not self.request.http_1_0
        ends = chunked or head.framing.length is not None
        reusable = self.keep_alive and ends
        headers = [*self.dress(head.end_to_end()), *_framing(head, chunked=chunked)]
        pending = _answer_head(head, [*headers, ("Connection", "keep-alive" if reusable else "close")])
        self.on_head(head.status)
        try:
            if bodiless or not stream.buffer:
                self._to_client(pending)
                pending = b""
            for part in stream.body(head.framing):
                self._to_client(pending + framed(part, chunked=chunked))
                pending = b""
            self._to_client(pending + (b"0\r\n\r\n" if chunked else b""))
        except (ConnectionError, TimeoutError, MalformedBodyError):
            # The head is out, so all that can still be said is that the body is not whole.
            self.client.connection.reset()
            return Result(head.status, answered=True, reusable=False)
        except ClientGoneError:
            return Result(head.status, answered=True, reusable=False)
        return Result(head.status, answered=True, reusable=reusable and self._uploaded)

    def _switch(self, upstream: Connection, stream: Stream, head: ResponseHead) -> Result:
        """Pass bytes both ways until a side closes, or nothing passes for the idle timeout.

        Source: AWS ALB User Guide, "Listeners for your Application Load Balancers", WebSockets, and "Connection idle
        timeout". That the end of the deregistration delay cuts a WebSocket is our reading of HTTP 502's causes.
        """
        upgrade = [("Connection", "Upgrade"), ("Upgrade", next(iter(head.values("upgrade")), "websocket"))]
        self.on_head(head.status)
        over = Result(head.status, answered=True, reusable=False)
        try:
            self._to_client(_answer_head(head, [*self.dress(head.end_to_end()), *upgrade]))
            self._to_client(stream.take(len(stream.buffer)))
            upstream.send(self.client.stream.take(len(self.client.stream.buffer)))
        except (ClientGoneError, ConnectionError):
            return over
        self._active_at = self.clock.now()
        self.clock.spawn(lambda: self._relay(self.client.connection, upstream), "balancer-relay")
        self._relay(upstream, self.client.connection)
        return over

    def _relay(self, source: Connection, sink: Connection) -> None:
        """Pass on what *source* sends; at its end, or the idle timeout's, close *sink*, which ends the other relay."""
        try:
            while data := self._relayed(source):
                sink.send(data)
        except (TimeoutError, *PEER_GONE):
            pass
        sink.close()

    def _relayed(self, source: Connection) -> bytes:
        while True:
            left = self._active_at + self.idle_timeout_seconds - self.clock.now()
            try:
                data = source.receive(CHUNK_BYTES, max(0.0, left))
            except TimeoutError:
                if self.clock.now() >= self._active_at + self.idle_timeout_seconds:
                    raise
            else:
                self._active_at = self.clock.now()
                return data

    def _to_client(self, data: bytes) -> None:
        if not data:
            return
        try:
            self.client.connection.send(data)
        except PEER_GONE as error:
            raise ClientGoneError from error


def _answer_head(head: ResponseHead, headers: Sequence[tuple[str, str]]) -> bytes:
    return head_bytes(f"HTTP/1.1 {head.status} {head.reason}", headers)


def _framing(head: ResponseHead, *, chunked: bool) -> Headers:
    """Return the header that frames an answer's body; the length in the answer to a HEAD stays, with no body."""
    if chunked:
        return [("Transfer-Encoding", "chunked")]
    lengths = [] if head.framing.chunked else head.values("content-length")
    return [("Content-Length", lengths[0])] if lengths else []
