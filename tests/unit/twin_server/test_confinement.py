"""Tests of the guard: what of a served twin may connect to whom."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from seatrials.twin_server.confinement import refused


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    """Give a socket that blocks, as libraries make them."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        yield sock


def test_the_world_connects_to_the_loopback(sock: socket.socket) -> None:
    """A socket that never blocks reaches every address of the loopback: those are the containers of --run."""
    sock.settimeout(0)

    assert refused("socket.connect", (sock, ("127.0.0.1", 80))) is None
    assert refused("socket.connect", (sock, ("127.1.2.3", 80))) is None


def test_the_world_connects_to_no_other_machine(sock: socket.socket) -> None:
    """Any other address is refused, and named."""
    sock.settimeout(0)

    assert refused("socket.connect", (sock, ("192.0.2.1", 80))) == "192.0.2.1:80"
    assert refused("socket.connect", (sock, ("127.0.0.1.example.com", 80))) == "127.0.0.1.example.com:80"


@pytest.mark.parametrize("timeout_seconds", [None, 5.0])
def test_who_would_wait_is_refused(sock: socket.socket, timeout_seconds: float | None) -> None:
    """A library's own connection would hold up the server, and may be to one of its own ports."""
    sock.settimeout(timeout_seconds)

    assert refused("socket.connect", (sock, ("127.0.0.1", 80))) == "127.0.0.1:80"


def test_docker_is_refused() -> None:
    """The socket of a daemon on this machine leads out of it: it fetches images."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        assert refused("socket.connect", (sock, "/var/run/docker.sock")) == "/var/run/docker.sock"


def test_a_datagram_is_refused(sock: socket.socket) -> None:
    """What needs no connection is refused as well; what goes on over one has been judged."""
    assert refused("socket.sendto", (sock, ("192.0.2.1", 53))) == "192.0.2.1:53"
    assert refused("socket.sendmsg", (sock, None)) is None


@pytest.mark.parametrize(
    ("host", "wanted"),
    [("example.com", "example.com"), (b"example.org", "example.org"), ("localhost", None), ("127.0.0.1", None)],
)
@pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"])
def test_a_name_is_not_looked_up(event: str, host: str | bytes, wanted: str | None) -> None:
    """The question for a name leaves the machine too."""
    arguments: tuple[Any, ...] = (host, 80, 0, 0, 0)

    assert refused(event, arguments) == wanted


def test_nothing_else_is_refused() -> None:
    """The guard minds no other event."""
    assert refused("open", ("/etc/hosts", "r", 0)) is None
