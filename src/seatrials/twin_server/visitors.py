"""Who may call the AWS endpoint: programs of this machine, and no page that a browser here has open.

A page of any site can make the browser send requests to the loopback, and a name that the site gives an address of the
loopback (DNS rebinding) makes them look like its own. Both show in the headers: AWS's clients send the host that they
were told, and no Origin.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from seatrials.seams.http1 import Request, Response
from seatrials.twin.moto_bridge.errors import refusal


class OwnClients:
    """Lets an endpoint answer only those that were told where it is."""

    def __init__(self, handle: Callable[[Request], Response], address: str, port: int) -> None:
        """*handle* answers for what is served on *address* and *port*."""
        self._handle = handle
        self._names = frozenset({address, "localhost"})
        self._origins = frozenset(f"http://{name}:{port}" for name in self._names)

    def handle(self, request: Request) -> Response:
        """Answer, or refuse: 421 for a host not served here, 403 for a page of another site, 400 for no path."""
        if not request.target.startswith("/"):
            return refusal(400, "InvalidRequest", f"the target {request.target[:100]!r} is no path: this is no proxy")
        hosts = _values(request, "host")
        if len(hosts) != 1 or not self._is_served(hosts[0]):
            shown = ", ".join(repr(each[:100]) for each in hosts) or "no host"
            served = " and ".join(sorted(self._names))
            told = f"only {served} are served here, not {shown}: call AWS_ENDPOINT_URL as it is"
            return refusal(421, "InvalidHost", told)
        foreign = [each for each in _values(request, "origin") if each not in self._origins]
        if foreign:
            shown = foreign[0][:100]
            return refusal(403, "InvalidOrigin", f"a page of {shown!r} may not call this endpoint: only programs may")
        return self._handle(request)

    def _is_served(self, host: str) -> bool:
        """Whether *host* is a name of the endpoint, with or without port, or one below localhost.

        SDKs put a bucket, an account or a word before the name that they were told; those below localhost are nobody's
        to give away (RFC 6761, 6.3).
        """
        name = _name_of(host)
        return name in self._names or (name is not None and name.endswith(".localhost"))


def _values(request: Request, name: str) -> list[str]:
    return [value for key, value in request.headers if key == name]


def _name_of(host: str) -> str | None:
    """Return the name of a Host header, or None for what is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname if parts.netloc == host and parts.username is None and host.isascii() else None
