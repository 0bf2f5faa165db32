"""The guard on what goes to the load balancer: requests, and the bytes of bare connections and WebSockets.

What changes something passes the guard's one decision, as calls to AWS do. A session that it names must be the run's
own or not exist, and a client that it asks a session for must bear the run's prefix, for else no sweep finds it.
"""

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

import httpx

from seatrials.platform import contract
from seatrials.safety.guard import Guard
from seatrials.seams.network import Connection

# All others are changes as far as a lease goes, though it is Hermes that makes them.
_READING = ("GET", "HEAD", "OPTIONS")
_SESSION_ID = re.compile(contract.SESSION_ID_PREFIX + r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What stands where a session's id does, whatever it looks like.
_IN_PATH = re.compile(rf"(?:{contract.SESSIONS_PATH}|{contract.preview_path('').rstrip('/')})/([^/?#\s]+)")
_IN_HEADER = re.compile(rf"^{contract.SESSION_HEADER}:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_CLIENT = re.compile(r'"clientId"\s*:\s*("(?:[^"\\]|\\.)*")')
# DynamoDB has no longer key, so that no session has a longer id.
_KEY_BYTES_MAX = 2048
# Of a connection so much is remembered that what is sent in parts is seen as a whole.
_REMEMBERED_BYTES = 65_536


class HttpGuard:
    """Says of each request, and of what is sent without one, whether it may be sent."""

    def __init__(self, guard: Guard, prefix: str, client_of: Callable[[str], str | None]) -> None:
        """*prefix* is that of the run's names; *client_of* returns a session's client, None when there is none."""
        self._guard = guard
        self._prefix = prefix
        self._client_of = client_of
        self._own: set[str] = set()

    def look_at(self, request: httpx.Request) -> None:
        """Raise `LeaseLostError` or `RefusedWriteError` for a request that may not be sent."""
        if request.method not in _READING:
            what = f"{request.method} {request.url.path} was not sent"
            self._guard.allow(what, lambda: self._request_refusal(request))

    def watched(self, connection: Connection) -> Connection:
        """Return a connection on which nothing is sent that may not be; raises as `look_at` does."""
        return _Watched(connection, self._look_at_bytes)

    def _request_refusal(self, request: httpx.Request) -> str:
        # A path that goes to the letter is not the URL's.
        target = unquote(request.extensions.get("target", request.url.raw_path).decode("ascii", "replace"))
        is_for_hermes = contract.SESSIONS_PATH in target
        body = _body_of(request).decode("utf-8", "replace") if is_for_hermes else ""
        named = {*_IN_PATH.findall(target), *_SESSION_ID.findall(target + body)}
        named |= {request.headers.get(contract.SESSION_HEADER, "")}
        return self._session_refusal(named) or self._client_refusal(_clients_of(request, is_for_hermes=is_for_hermes))

    def _look_at_bytes(self, sent: bytes) -> None:
        first_line = sent.partition(b"\r\n")[0][:60]
        what = f"{first_line!r} was not sent, or not all of it"
        self._guard.allow(what, lambda: self._bytes_refusal(sent.decode("latin-1")))

    def _bytes_refusal(self, sent: str) -> str:
        plain = unquote(sent)
        named = {*_IN_PATH.findall(plain), *_IN_HEADER.findall(sent), *_SESSION_ID.findall(plain)}
        clients = _CLIENT.findall(sent) if contract.SESSIONS_PATH in plain else []
        return self._session_refusal(named) or self._client_refusal([_text_of(each) for each in clients])

    def _session_refusal(self, named: set[str]) -> str:
        for session_id in sorted(named - self._own - {"", contract.ACTIVATE_PATH.rpartition("/")[2]}):
            if len(session_id.encode("utf-8", "replace")) > _KEY_BYTES_MAX:
                continue
            client = self._client_of(session_id)
            if client is None:
                continue
            if not client.startswith(self._prefix):
                return f"the session {session_id} is one of {client or 'nobody'}, and this run's are of {self._prefix}*"
            self._own.add(session_id)
        return ""

    def _client_refusal(self, clients: list[str]) -> str:
        foreign = [each for each in clients if each and not each.startswith(self._prefix)]
        return f"no sweep would find sessions of {foreign[0]!r}: begin a client with {self._prefix}" if foreign else ""


def _body_of(request: httpx.Request) -> bytes:
    """Return a request's body; one that is given in parts is still sent in these."""
    try:
        return request.content
    except httpx.RequestNotRead:
        assert isinstance(request.stream, httpx.SyncByteStream), "a client that is not async sends no other"
        parts = _Parts(list(request.stream))
        request.stream = parts
        return b"".join(parts)


def _clients_of(request: httpx.Request, *, is_for_hermes: bool) -> list[str]:
    """Return the client that a body asks a session for; none where there is no JSON that names one."""
    if not is_for_hermes:
        return []
    try:
        fields = json.loads(_body_of(request))
    except ValueError:
        return []
    client = fields.get("clientId") if isinstance(fields, dict) else None
    return [client] if isinstance(client, str) else []


def _text_of(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal.strip('"')


class _Parts(httpx.SyncByteStream):
    """A body in parts that may be read more than once."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        """Give the parts as they were given."""
        yield from self._parts


class _Watched:
    """A connection whose bytes are looked at before they leave, together with those before them."""

    def __init__(self, connection: Connection, look_at: Callable[[bytes], None]) -> None:
        self._connection = connection
        self._look_at = look_at
        self._sent = b""

    @property
    def peer_host(self) -> str:
        """The address of the other end."""
        return self._connection.peer_host

    @property
    def peer_port(self) -> int:
        """The port of the other end."""
        return self._connection.peer_port

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return at once."""
        return self._connection.is_readable

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Return what has arrived."""
        return self._connection.receive(max_bytes, timeout_seconds)

    def send(self, data: bytes) -> None:
        """Send all of *data*, unless it may not be sent."""
        self._sent = (self._sent + data)[-max(_REMEMBERED_BYTES, len(data)) :]
        self._look_at(self._sent)
        self._connection.send(data)

    def close(self) -> None:
        """Close in order."""
        self._connection.close()

    def reset(self) -> None:
        """Close at once."""
        self._connection.reset()
