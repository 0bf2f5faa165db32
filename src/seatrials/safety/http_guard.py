"""The guard on what goes to the load balancer: requests, and the bytes of bare connections and WebSockets.

What changes something passes the guard's one decision, as calls to AWS do. A session that it names must be the run's
own or not exist, and a client that it asks a session for must bear the run's prefix, for else no sweep finds it.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import httpx

from seatrials.errors import RefusedWriteError
from seatrials.platform import contract
from seatrials.platform.session_table import KEY_BYTES_MAX
from seatrials.safety.guard import Guard
from seatrials.seams.network import Connection

# All others are changes as far as a lease goes, though it is Hermes that makes them.
_READING = ("GET", "HEAD", "OPTIONS")
_SESSION_ID = re.compile(contract.SESSION_ID_PREFIX + r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# What stands where a session's id does, whatever it looks like.
_IN_PATH = re.compile(rf"(?:{contract.SESSIONS_PATH}|{contract.preview_path('').rstrip('/')})/([^/?#\s]+)")
_IN_PREVIEW = re.compile(rf"{contract.preview_path('').rstrip('/')}/([^/?#\s]+)")
_IN_HEADER = re.compile(rf"^{contract.SESSION_HEADER}:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_CLIENT = re.compile(r'"clientId"\s*:\s*("(?:[^"\\]|\\.)*")')
# What JSON, chunks of a body and an encoding of two bytes put between or in place of the letters of a name.
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_CHUNK_EDGE = re.compile(r"\r?\n[0-9a-fA-F]+(?:;[^\r\n]*)?\r?\n")
# Of a connection so much is remembered that what is sent in parts is seen as a whole.
_REMEMBERED_BYTES = 65_536


class HttpGuard:
    """Says of each request, and of what is sent without one, whether it may be sent."""

    def __init__(
        self,
        guard: Guard,
        url: str,
        prefix: str,
        client_of: Callable[[str], str | None],
        announce: Callable[[str], object] = lambda _client: None,
    ) -> None:
        """*url* is the load balancer's, *prefix* that of the run's names.

        *client_of* returns a session's client, None when there is none. *announce* hears of each client once, before
        anything is sent that asks a session for it: a sweep finds sessions by their clients.
        """
        self._guard = guard
        self._host = httpx.URL(url).host
        self._prefix = prefix
        self._client_of = client_of
        self._own: set[str] = set()
        self._announce = announce
        self._announced: set[str] = set()

    def look_at(self, request: httpx.Request) -> None:
        """Raise `LeaseLostError`, `RefusedWriteError` or `BudgetExceededError` for a request that may not be sent."""
        self._guard.require_time()
        what = f"{request.method} {request.url.path} was not sent"
        if request.method not in _READING:
            self._guard.allow(what, lambda: self._request_refusal(request))
            return
        # Looking is free, but a look at a session's preview is an activity of that session, which lives longer by it.
        refusal = self._session_refusal(set(_IN_PREVIEW.findall(_target_of(request))))
        if refusal:
            msg = f"{what}: {refusal}"
            raise RefusedWriteError(msg)

    def watched(self, connection: Connection) -> Connection:
        """Return a connection on which nothing is sent that may not be; raises as `look_at` does."""
        return _Watched(connection, self._look_at_bytes)

    def _request_refusal(self, request: httpx.Request) -> str:
        if request.url.host != self._host:
            return f"{request.url.host} is not the load balancer, which is {self._host}"
        target = _target_of(request)
        is_for_hermes = contract.SESSIONS_PATH in target
        if is_for_hermes and request.headers.get("content-encoding", "identity") != "identity":
            return "nobody can tell what an encoded body asks Hermes for"
        body = _unescaped(_body_of(request).decode("utf-8", "replace")) if is_for_hermes else ""
        named = {*_IN_PATH.findall(target), *_SESSION_ID.findall(target + body)}
        named |= {*request.headers.get_list(contract.SESSION_HEADER, split_commas=True)}
        return self._session_refusal(named) or self._client_refusal(_clients_of(request, is_for_hermes=is_for_hermes))

    def _look_at_bytes(self, sent: bytes) -> None:
        first_line = sent.partition(b"\r\n")[0][:60]
        what = f"{first_line!r} was not sent, or not all of it"
        self._guard.allow(what, lambda: self._bytes_refusal(sent.decode("latin-1")))

    def _bytes_refusal(self, sent: str) -> str:
        # As it stands, and as whoever reads it may put it together.
        joined = _CHUNK_EDGE.sub("", sent.replace("\0", ""))
        named, clients = set[str](), list[str]()
        for text in {sent, unquote(sent), joined, _unescaped(joined)}:
            named |= {*_IN_PATH.findall(text), *_IN_HEADER.findall(text), *_SESSION_ID.findall(text)}
            clients += [_text_of(each) for each in _CLIENT.findall(text)]
        return self._session_refusal(named) or self._client_refusal(clients)

    def _session_refusal(self, named: set[str]) -> str:
        for session_id in sorted(named - self._own - {"", contract.ACTIVATE_PATH.rpartition("/")[2]}):
            if len(session_id.encode("utf-8", "replace")) > KEY_BYTES_MAX:
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
        if foreign:
            return f"no sweep would find sessions of {foreign[0]!r}: begin a client with {self._prefix}"
        for each in dict.fromkeys(clients):
            is_key = 0 < len(each.encode("utf-8", "replace")) <= KEY_BYTES_MAX
            if is_key and each not in self._announced:
                self._announced.add(each)
                self._announce(each)
        return ""


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
        # As pairs, for of two fields of one name another reader may take the other.
        fields = json.loads(_body_of(request), object_pairs_hook=_Fields)
    except ValueError:
        return []
    pairs = fields if isinstance(fields, _Fields) else []
    return [value for name, value in pairs if name == "clientId" and isinstance(value, str)]


def _target_of(request: httpx.Request) -> str:
    # A path that goes to the letter is not the URL's.
    return unquote(request.extensions.get("target", request.url.raw_path).decode("ascii", "replace"))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def _text_of(literal: str) -> str:
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal.strip('"')


class _Fields(list[tuple[str, Any]]):
    """The fields of a JSON object, as they stand."""


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

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Send all of *data*, unless it may not be sent."""
        self._sent = (self._sent + data)[-max(_REMEMBERED_BYTES, len(data)) :]
        self._look_at(self._sent)
        self._connection.send(data, timeout_seconds)

    def close(self) -> None:
        """Close in order."""
        self._connection.close()

    def reset(self) -> None:
        """Close at once."""
        self._connection.reset()
