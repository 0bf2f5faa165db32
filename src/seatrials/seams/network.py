"""Byte streams between hosts, as the twin and the mock platform's applications see them.

Code that serves or connects is handed a `Network`. `SystemNetwork` is the machine's own sockets; the mock's network,
whose waits are on virtual time, lives in `twin/physics/network.py`. TLS runs over any connection, on either.
"""

import select
import socket
import ssl
from collections.abc import Sequence
from typing import Protocol

from seatrials.errors import PortInUseError

_CHUNK_BYTES = 65_536


class Connection(Protocol):
    """One end of a TCP connection."""

    @property
    def peer_host(self) -> str:
        """The address of the other end."""

    @property
    def peer_port(self) -> int:
        """The port of the other end."""

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return at once, be it with the end of the stream."""

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Return what has arrived, waiting for at least a byte; `b""` when the peer has closed.

        Raises `TimeoutError` when nothing comes in time and `ConnectionError` when the peer resets.
        """

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Send all of *data*; raises `ConnectionError` when the peer is gone, `TimeoutError` when it takes too long."""

    def close(self) -> None:
        """Close in order: the peer reads what was sent, then the end."""

    def reset(self) -> None:
        """Close at once: the peer gets `ConnectionResetError`."""


class Listener(Protocol):
    """A port that takes connections."""

    @property
    def port(self) -> int:
        """The port that connections name."""

    def accept(self) -> Connection:
        """Return the next connection; raises `ConnectionError` once the listener is closed."""

    def close(self) -> None:
        """Take no more connections."""


class Network(Protocol):
    """A host's way to listen and to connect."""

    def listen(self, port: int) -> Listener:
        """Listen on *port* of this host; raises `PortInUseError`."""

    def connect(self, host: str, port: int, timeout_seconds: float | None = None) -> Connection:
        """Open a connection; raises `ConnectionError` or `TimeoutError`."""

    def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of a name, of which a connection takes any; raises `OSError` for an unknown one."""


class TlsConnection:
    """A TLS session over a connection that knows nothing of it."""

    def __init__(
        self,
        connection: Connection,
        context: ssl.SSLContext,
        *,
        server_side: bool,
        server_hostname: str | None = None,
        timeout_seconds: float | None = None,
    ) -> None:
        self._connection = connection
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_side=server_side, server_hostname=server_hostname
        )
        self._shake_hands(timeout_seconds)

    @property
    def peer_host(self) -> str:
        """The address of the other end."""
        return self._connection.peer_host

    @property
    def peer_port(self) -> int:
        """The port of the other end."""
        return self._connection.peer_port

    @property
    def negotiated(self) -> tuple[str, str]:
        """Protocol and cipher suite, as OpenSSL names them."""
        cipher = self.tls.cipher()
        return self.tls.version() or "", cipher[0] if cipher else ""

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return at once."""
        return bool(self.tls.pending()) or self._connection.is_readable

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Return decrypted bytes; `b""` when the peer has closed."""
        while True:
            try:
                return self.tls.read(max_bytes)
            except ssl.SSLWantReadError:
                if not self._feed(timeout_seconds):
                    return b""
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Encrypt and send all of *data*."""
        self.tls.write(data)
        self._flush(timeout_seconds)

    def close(self) -> None:
        """Say goodbye in TLS, then close the connection."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:  # the peer's goodbye is not waited for
            pass
        try:
            self._flush()
        except ConnectionError:  # the peer has gone without one
            pass
        self._connection.close()

    def reset(self) -> None:
        """Reset the connection below."""
        self._connection.reset()

    def _shake_hands(self, timeout_seconds: float | None) -> None:
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._feed(timeout_seconds):
                    msg = "the peer closed during the TLS handshake"
                    raise ConnectionResetError(msg) from None
            except ssl.SSLError:
                self._flush()  # the alert that tells the peer why
                raise
            else:
                self._flush()
                return

    def _feed(self, timeout_seconds: float | None) -> bool:
        data = self._connection.receive(_CHUNK_BYTES, timeout_seconds)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)

    def _flush(self, timeout_seconds: float | None = None) -> None:
        data = self._outgoing.read()
        if data:
            self._connection.send(data, timeout_seconds)


class SystemConnection:
    """A connection on a socket of this machine."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._peer_host: str
        self._peer_port: int
        self._peer_host, self._peer_port = sock.getpeername()[:2]
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def peer_host(self) -> str:
        """The address of the other end."""
        return self._peer_host

    @property
    def peer_port(self) -> int:
        """The port of the other end."""
        return self._peer_port

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return at once."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Return what has arrived, waiting for at least a byte."""
        self._socket.settimeout(timeout_seconds)
        return self._socket.recv(max_bytes)

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Send all of *data*."""
        self._socket.settimeout(timeout_seconds)
        self._socket.sendall(data)

    def close(self) -> None:
        """Close in order."""
        self._socket.close()

    def reset(self) -> None:
        """Close with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._socket.close()


class SystemListener:
    """A listening socket of this machine."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    @property
    def port(self) -> int:
        """The port that connections name."""
        return int(self._socket.getsockname()[1])

    def accept(self) -> SystemConnection:
        """Return the next connection."""
        try:
            sock, _ = self._socket.accept()
        except OSError as error:
            msg = "the listener is closed"
            raise ConnectionAbortedError(msg) from error
        return SystemConnection(sock)

    def close(self) -> None:
        """Take no more connections, and wake who waits in `accept`."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:  # not every system lets a listener be shut down; closing is enough there
            pass
        self._socket.close()


class SystemNetwork:
    """The sockets of this machine; listens on one address of it."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._address = address

    def listen(self, port: int) -> SystemListener:
        """Listen on *port*; 0 takes a free one."""
        return SystemListener(bind(self._address, port))

    def connect(self, host: str, port: int, timeout_seconds: float | None = None) -> SystemConnection:
        """Open a connection."""
        return SystemConnection(socket.create_connection((host, port), timeout_seconds))

    def resolve(self, host: str) -> Sequence[str]:
        """Return the IPv4 addresses of a name, those that `listen` and `connect` are for."""
        return sorted({str(place[0]) for *_, place in socket.getaddrinfo(host, None, socket.AF_INET)})


def bind(address: str, port: int) -> socket.socket:
    """Return a socket that listens on *address* and *port*; raises `PortInUseError` when another program has it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(128)
    except OSError as error:
        sock.close()
        msg = (
            f"cannot listen on {address}:{port}: {error.strerror}. "
            f"Another program has the port (also when it listens on 0.0.0.0:{port}): "
            f"stop it, or find it with `ss -ltnp 'sport = :{port}'`"
        )
        raise PortInUseError(msg) from error
    return sock
