"""Reading heads and bodies from a connection, piece by piece, and framing bodies for the next one."""

import re
import ssl
from collections.abc import Callable, Iterator

from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection
from seatrials.twin.balancer.messages import (
    RESPONSE_HEAD_BYTES_MAX,
    Framing,
    MalformedAnswerError,
    RequestHead,
    ResponseHead,
    check_request_so_far,
    parse_request,
    parse_response,
)

CHUNK_BYTES = 65_536
# What a connection raises when its peer has gone, with and without TLS.
PEER_GONE = (ConnectionError, ssl.SSLError)
_HEAD_END = b"\r\n\r\n"
_CHUNK_LINE_BYTES_MAX = 4_096
_BREAKING = re.compile(rb"[\x00\r\n]")
# Of at most 64 bits.
_CHUNK_SIZE = re.compile(rb"0*[0-9a-fA-F]{1,16}")


class MalformedBodyError(Exception):
    """A chunked body that is not framed as one; never leaves the balancer."""


class Stream:
    """What a connection brings, buffered; *receive* waits for more and returns `b""` at the end."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self.buffer = bytearray()

    def fill(self) -> bool:
        """Wait for more; return whether there was any."""
        data = self._receive()
        self.buffer += data
        return bool(data)

    def take(self, count: int) -> bytes:
        """Return the first *count* bytes of what is there."""
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def line(self) -> bytes:
        """Return the next line without its end; raises `MalformedBodyError` for what is no line of a chunked body."""
        while (end := self.buffer.find(b"\r\n")) < 0 and len(self.buffer) <= _CHUNK_LINE_BYTES_MAX:
            self._fill_or_fail()
        if not 0 <= end <= _CHUNK_LINE_BYTES_MAX:
            msg = "a chunk's line over 4 K"
            raise MalformedBodyError(msg)
        line = self.take(end + 2)[:-2]
        if _BREAKING.search(line):
            msg = f"a NUL, or a CR or LF that ends no line, in a chunk's line: {line[:20]!r}"
            raise MalformedBodyError(msg)
        return line

    def request_head(self) -> RequestHead | None:
        """Return the next request, or None when the peer has closed before one; raises `RefusedRequestError`."""
        while (end := self.buffer.find(_HEAD_END)) < 0:
            self._skip_empty_lines()
            check_request_so_far(bytes(self.buffer))
            if not self.fill():
                return None
        if self._skip_empty_lines():
            return self.request_head()
        head = parse_request(bytes(self.buffer[: end + len(_HEAD_END)]))
        self.skip_head()
        return head

    def skip_head(self) -> None:
        """Drop the head that has begun to come, of a request that was refused or read."""
        while (end := self.buffer.find(_HEAD_END)) < 0:
            # What may be the beginning of its end stays.
            del self.buffer[: 1 - len(_HEAD_END)]
            self._fill_or_fail()
        self.take(end + len(_HEAD_END))

    def response_head(self, request_method: str) -> ResponseHead:
        """Return the next answer; raises `MalformedAnswerError`, and `ConnectionError` when the peer closes first."""
        while (end := self.buffer.find(_HEAD_END)) < 0 and len(self.buffer) <= RESPONSE_HEAD_BYTES_MAX:
            self._fill_or_fail()
        if not 0 <= end <= RESPONSE_HEAD_BYTES_MAX:
            msg = "the answer's head is over 32 K"
            raise MalformedAnswerError(msg)
        return parse_response(self.take(end + len(_HEAD_END)), request_method)

    def body(self, framing: Framing) -> Iterator[bytes]:
        """Yield a body's content as it comes; raises `ConnectionError` when the peer closes inside it."""
        if framing.chunked:
            return self._chunks()
        return self._until_end() if framing.length is None else self._counted(framing.length)

    def _counted(self, length: int) -> Iterator[bytes]:
        left = length
        while left:
            if not self.buffer:
                self._fill_or_fail()
            part = self.take(min(left, len(self.buffer)))
            left -= len(part)
            yield part

    def _until_end(self) -> Iterator[bytes]:
        while self.buffer or self.fill():
            yield self.take(len(self.buffer))

    def _chunks(self) -> Iterator[bytes]:
        while size := self._chunk_size():
            yield from self._counted(size)
            if self.line():
                msg = "a chunk is longer than its size says"
                raise MalformedBodyError(msg)
        while self.line():  # trailers are dropped
            pass

    def _chunk_size(self) -> int:
        digits = self.line().partition(b";")[0].rstrip(b" \t")
        if not _CHUNK_SIZE.fullmatch(digits):
            msg = f"a chunk's size is {digits[:20]!r}"
            raise MalformedBodyError(msg)
        return int(digits, 16)

    def _fill_or_fail(self) -> None:
        if not self.fill():
            msg = "the peer closed inside a message"
            raise ConnectionResetError(msg)

    def _skip_empty_lines(self) -> bool:
        """Drop what RFC 9112 section 2.2 lets a client send before a request; return whether there was any."""
        skipped = False
        while self.buffer.startswith(b"\r\n"):
            del self.buffer[:2]
            skipped = True
        return skipped


def framed(part: bytes, *, chunked: bool) -> bytes:
    """Return a part of a body as it goes on the wire."""
    return b"%x\r\n%b\r\n" % (len(part), part) if chunked else part


class ClientSide:
    """The connection to a client, which may be watched for its end while nothing is read from it."""

    def __init__(self, clock: Clock, connection: Connection, idle_timeout_seconds: float) -> None:
        self.connection = connection
        self.stream = Stream(self._receive)
        self._clock = clock
        self._idle_timeout_seconds = idle_timeout_seconds
        self._arrival = clock.signal()
        self._watched = False
        self._arrived = b""
        self._on_gone: Callable[[], None] | None = None

    def watch(self, on_gone: Callable[[], None]) -> None:
        """Call *on_gone*, which must not block, when the client leaves; until `forget`."""
        self._on_gone = on_gone
        if not self._watched:
            self._watched = True
            self._arrival.clear()
            self._clock.spawn(self._await_arrival, "balancer-watch")

    def forget(self) -> None:
        """Let the client leave unnoticed, until it is read from again."""
        self._on_gone = None

    def linger(self) -> None:
        """Take in what has been sent already, so that closing does not cost the client its answer."""
        try:
            while self.connection.receive(CHUNK_BYTES, 0.05):
                pass
        except (TimeoutError, *PEER_GONE):
            pass

    def _await_arrival(self) -> None:
        try:
            self._arrived = self.connection.receive(CHUNK_BYTES)
        except PEER_GONE:
            self._arrived = b""
        if not self._arrived and self._on_gone is not None:
            self._on_gone()
        self._arrival.set()

    def _receive(self) -> bytes:
        if not self._watched:
            return self.connection.receive(CHUNK_BYTES, self._idle_timeout_seconds)
        if not self._arrival.wait(self._idle_timeout_seconds):
            msg = f"nothing arrived within {self._idle_timeout_seconds:g} s"
            raise TimeoutError(msg)
        self._watched = False
        return self._arrived
