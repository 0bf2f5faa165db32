"""Nothing that a client asks of moto leaves the machine: one guard below every library of this process.

moto posts to the URLs of SNS subscriptions, starts containers for Lambda and Batch, and fetches what templates name.
Python tells its audit hooks of each connection before it is made, whichever library makes it. What the world itself
connects are sockets that never block, to the loopback; all of moto's block, and one to a port that is served here would
hold up the whole server.
"""

import socket
import sys
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


class LeavesMachineError(NotImplementedError):
    """What a client asks for would leave this machine. Not an `OSError`: libraries would try again, or hide it."""


def confine(on_refused: Callable[[str], None]) -> None:
    """From now on let this process connect to the loopback only, without blocking; *on_refused* hears the rest.

    It holds for the life of the process, since an audit hook cannot be taken back.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        wanted = refused(event, arguments)
        if wanted is not None:
            on_refused(wanted)
            msg = f"nothing leaves this machine, so there is no connection to {wanted}"
            raise LeavesMachineError(msg)

    sys.addaudithook(hook)


def refused(event: str, arguments: tuple[Any, ...]) -> str | None:
    """Return whom an audit event would reach, if that must not be; None for what may happen."""
    if event in _SENDS:
        sock, address = arguments[0], arguments[1]
        return None if address is None or _is_of_the_world(sock, address) else _named(address)
    if event in _LOOKS_UP:
        host = arguments[0].decode("ascii", "replace") if isinstance(arguments[0], bytes) else arguments[0]
        return None if not host or host == "localhost" or _is_loopback(host) else str(host)
    return None


def _is_of_the_world(sock: socket.socket, address: Any) -> bool:  # noqa: ANN401  # as each family writes it
    return sock.family == socket.AF_INET and sock.gettimeout() == 0 and _is_loopback(address[0])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _named(address: Any) -> str:  # noqa: ANN401  # as each family writes it
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) else str(address)
