"""What the balancer changes in a request's head before a target sees it.

Source: AWS ALB User Guide, "HTTP headers and Application Load Balancers" (X-Forwarded-*), "Request tracing" and "Edit
attributes" (host header, X-Forwarded-For mode).
"""

import re
from dataclasses import dataclass
from random import Random

from seatrials.seams.network import Connection, TlsConnection
from seatrials.twin.balancer.answers import head_bytes
from seatrials.twin.balancer.header_policy import HeaderPolicy
from seatrials.twin.balancer.messages import Headers, RequestHead
from seatrials.twin.balancer.table import ListenerSettings, LoadBalancerSettings
from seatrials.twin.balancer.transforms import Transforms

_VALID_NAME = re.compile(r"[-A-Za-z0-9]+")
_TLS_VERSION = "X-Amzn-Tls-Version"
_TLS_SUITE = "X-Amzn-Tls-Cipher-Suite"
_DEFAULT_PORTS = {"HTTP": 80, "HTTPS": 443}
# Replaced, or handled here: the balancer answers `Expect: 100-continue` itself.
_REPLACED = ("host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "x-amzn-trace-id", "expect")


@dataclass(frozen=True)
class Peer:
    """The client's end of its connection."""

    host: str
    port: int
    # Protocol and cipher suite, as OpenSSL names them; None without TLS.
    tls: tuple[str, str] | None = None

    @classmethod
    def of(cls, connection: Connection) -> "Peer":
        """Return the other end of *connection*."""
        tls = connection.negotiated if isinstance(connection, TlsConnection) else None
        return cls(connection.peer_host, connection.peer_port, tls)

    def forwarded_for(self, settings: LoadBalancerSettings) -> str:
        """Return what X-Forwarded-For gets of it: the address, and the port behind it if that is wanted."""
        if not settings.forwards_client_port:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def tls_headers(self, settings: LoadBalancerSettings, policy: HeaderPolicy) -> Headers:
        """Return the headers that tell of the client's TLS, under the names that the listener wants."""
        if not settings.tells_tls or self.tls is None:
            return []
        version, suite = self.tls
        return [(policy.name_of(_TLS_VERSION), version), (policy.name_of(_TLS_SUITE), suite)]


@dataclass(frozen=True)
class Way:
    """What a request meets between the client and a target."""

    listener: ListenerSettings
    settings: LoadBalancerSettings
    policy: HeaderPolicy
    # Of the rule that it meets.
    transforms: Transforms


def outgoing_head(request: RequestHead, way: Way, *, peer: Peer, now: float, random: Random) -> bytes:
    """Return the head that goes to the target; the request line is the client's own unless a rule changes it.

    Raises `TransformError`.
    """
    listener, settings, transforms = way.listener, way.settings, way.transforms
    tls = peer.tls_headers(settings, way.policy)
    told = {name.lower() for name, _ in tls}
    kept = [each for each in request.end_to_end() if _is_kept(each[0], settings) and each[0].lower() not in told]
    headers: Headers = [
        ("Host", transforms.host_of(_host(request, listener, settings))),
        *_forwarded_for(request, settings, peer.forwarded_for(settings)),
        ("X-Forwarded-Proto", listener.protocol.lower()),
        ("X-Forwarded-Port", str(listener.port)),
        ("X-Amzn-Trace-Id", _trace_id(request, now, random)),
        *tls,
        *kept,
        *_connection(request),
        *_framing(request),
    ]
    return head_bytes(f"{request.method} {transforms.target_of(request.target)} HTTP/1.1", headers)


def _is_kept(name: str, settings: LoadBalancerSettings) -> bool:
    """Whether a header of the client's goes on to the target.

    One without a name, or that begins with a blank, would go on as a part of the header before it.
    """
    if name.lower() in _REPLACED or not name.strip(" \t") or name.startswith((" ", "\t")):
        return False
    return not settings.drop_invalid_headers or _VALID_NAME.fullmatch(name) is not None


def _host(request: RequestHead, listener: ListenerSettings, settings: LoadBalancerSettings) -> str:
    """Return the Host header: with the listener's port appended, or removed when it is 80 or 443."""
    sent = next(iter(request.values("host")), "")
    if settings.preserve_host_header or not sent:
        return sent
    name = re.sub(r":\d*\Z", "", sent)
    return name if listener.port in _DEFAULT_PORTS.values() else f"{name}:{listener.port}"


def _forwarded_for(request: RequestHead, settings: LoadBalancerSettings, peer: str) -> Headers:
    before = request.values("x-forwarded-for")
    mode = settings.forwarded_for_mode
    after = {"append": [*before, peer], "preserve": before, "remove": []}[mode]
    return [("X-Forwarded-For", ", ".join(after))] if after else []


def _trace_id(request: RequestHead, now: float, random: Random) -> str:
    """Return the trace: a new Root, or the client's own behind a Self."""
    fresh = f"1-{int(now):08x}-{random.getrandbits(96):024x}"
    given = next(iter(request.values("x-amzn-trace-id")), "")
    fields = [field for field in given.split(";") if field and not field.startswith("Self=")]
    if any(field.startswith("Root=") for field in fields):
        return ";".join([f"Self={fresh}", *fields])
    return ";".join([f"Root={fresh}", *fields])


def _connection(request: RequestHead) -> Headers:
    # Each request has a connection of its own to the target; a pool of them would keep these alive.
    if request.upgrade is not None:
        return [("Connection", "Upgrade"), ("Upgrade", request.upgrade)]
    return [("Connection", "close")]


def _framing(request: RequestHead) -> Headers:
    if request.framing.chunked:
        return [("Transfer-Encoding", "chunked")]
    if request.framing.length or request.values("content-length"):
        return [("Content-Length", str(request.framing.length))]
    return []
