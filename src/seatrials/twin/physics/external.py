"""The machine's own sockets for a world on a `PacedClock`: what real clients and child processes are reached by.

Every wait goes through the clock, so that an actor which waits for a client holds nobody up. Who is outside answers in
real time, which no pace multiplies; therefore a wait for them is not made shorter than a second of the machine, however
soon the platform would have lost patience.
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from seatrials.seams.network import bind
from seatrials.twin.physics.paced_clock import READ, WRITE, PacedClock

_PATIENCE_SECONDS = 1.0
# Seconds of the machine in which a peer that takes nothing of what is sent to it is given up.
_STUCK_SECONDS = 60.0
# Two such networks leave room for the other files of a process that may have 1024.
_CONNECTIONS_MAX = 384
# What is read from one peer before the others get a turn, however fast it sends.
_BYTES_PER_TURN = 1_048_576
_TURN_SECONDS = 0.001


class ExternalConnection:
    """A connection to a program outside the world."""

    def __init__(
        self,
        clock: PacedClock,
        sock: socket.socket,
        peer: tuple[str, int],
        on_close: Callable[["ExternalConnection"], None],
    ) -> None:
        """*on_close* hears when the connection ends here.

        *peer* is address and port of the other end: a socket that the peer has reset by now does not know them.
        """
        sock.settimeout(0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clock = clock
        self._socket = sock
        self._on_close = on_close
        self._bytes_this_turn = 0
        self.peer_host, self.peer_port = peer
        self.closed = False

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return at once."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:  # reset, or closed here: `receive` tells
            return True
        return True

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Return what has arrived, waiting for at least a byte; `b""` when the peer has closed."""
        deadline = _Deadline(self._clock, timeout_seconds)
        while True:
            self._check_open()
            try:
                data = self._socket.recv(max_bytes)
            except BlockingIOError:
                left = deadline.seconds_left()
            else:
                self._give_turns(len(data))
                return data
            self._bytes_this_turn = 0
            if left == 0:
                msg = f"nothing arrived within {timeout_seconds:g} s"
                raise TimeoutError(msg)
            self._clock.wait_ready(self._socket.fileno(), READ, left)

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Send all of *data*, waiting while the peer takes none; one that takes nothing for a minute is reset."""
        deadline = _Deadline(self._clock, timeout_seconds)
        view = memoryview(data)
        while view:
            self._check_open()
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                self._wait_for_room(deadline.seconds_left())

    def close(self) -> None:
        """Close in order."""
        if not self.closed:
            self.closed = True
            self._clock.let_go(self._socket.fileno())
            self._socket.close()
            self._on_close(self)

    def reset(self) -> None:
        """Close with RST."""
        if not self.closed:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            self.close()

    def _wait_for_room(self, seconds_left: float | None) -> None:
        stuck_seconds = _STUCK_SECONDS * self._clock.real.pace
        patience_seconds = stuck_seconds if seconds_left is None else min(stuck_seconds, seconds_left)
        if not self._clock.wait_ready(self._socket.fileno(), WRITE, patience_seconds):
            if patience_seconds < stuck_seconds:
                msg = "the peer has made no room in time"
                raise TimeoutError(msg)
            self.reset()
            msg = f"the peer has taken nothing for {_STUCK_SECONDS:g} s"
            raise ConnectionResetError(msg)

    def _give_turns(self, count: int) -> None:
        """Let the others act now and then: a peer that sends without end is never waited for."""
        self._bytes_this_turn += count
        if self._bytes_this_turn >= _BYTES_PER_TURN:
            self._bytes_this_turn = 0
            self._clock.sleep(_TURN_SECONDS)

    def _check_open(self) -> None:
        if self.closed:
            msg = "the connection is closed"
            raise ConnectionResetError(msg)


class ExternalListener:
    """A port of the machine that takes connections for the world."""

    def __init__(self, network: "ExternalNetwork", sock: socket.socket) -> None:
        sock.settimeout(0)
        self._network = network
        self._socket = sock
        self.port = int(sock.getsockname()[1])
        self.closed = False

    def accept(self) -> ExternalConnection:
        """Return the next connection; raises `ConnectionAbortedError` once the listener is closed.

        While the network has as many as it may have, whoever comes is turned away.
        """
        while not self.closed:
            try:
                sock, peer = self._socket.accept()
                if not self._network.is_full:
                    return self._network.keep(sock, peer)
                sock.close()
                self._network.clock.sleep(_TURN_SECONDS)
            except BlockingIOError:
                self._network.clock.wait_ready(self._socket.fileno(), READ)
            except ConnectionAbortedError:  # the client left before it was let in; another one may come
                continue
        msg = "the listener is closed"
        raise ConnectionAbortedError(msg)

    def close(self) -> None:
        """Take no more connections."""
        if not self.closed:
            self.closed = True
            self._network.clock.let_go(self._socket.fileno())
            self._socket.close()


class ExternalNetwork:
    """One loopback address of the machine, for a world to listen on, and to connect from."""

    def __init__(self, clock: PacedClock, address: str, ports: "Ports | None" = None) -> None:
        self.clock = clock
        self.address = address
        self._ports = ports
        self._connections: set[ExternalConnection] = set()
        self._listeners: list[ExternalListener] = []

    @property
    def is_full(self) -> bool:
        """Whether there are as many connections as there may be."""
        return len(self._connections) >= _CONNECTIONS_MAX

    def listen(self, port: int) -> ExternalListener:
        """Listen on what stands outside for *port* of the world; raises `PortInUseError`."""
        listener = ExternalListener(self, self._ports.take(port) if self._ports else bind(self.address, port))
        self._listeners = [each for each in self._listeners if not each.closed]
        self._listeners.append(listener)
        return listener

    def connect(self, host: str, port: int, timeout_seconds: float | None = None) -> ExternalConnection:
        """Open a connection; raises `ConnectionError` or `TimeoutError`."""
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with ExitStack() as undone:
            undone.callback(sock.close)
            undone.callback(self.clock.let_go, sock.fileno())
            self._connect(sock, host, port, timeout_seconds)
            undone.pop_all()
        return self.keep(sock, (host, port))

    def resolve(self, host: str) -> Sequence[str]:
        """Return the address itself: programs of this machine are known by theirs."""
        return (host,)

    def keep(self, sock: socket.socket, peer: tuple[str, int]) -> ExternalConnection:
        """Return a connected socket as a connection, which is closed with the network."""
        connection = ExternalConnection(self.clock, sock, peer, self._connections.discard)
        self._connections.add(connection)
        return connection

    def close(self) -> None:
        """Close every listener, and reset every connection."""
        for listener in self._listeners:
            listener.close()
        for connection in list(self._connections):
            connection.reset()

    def _connect(self, sock: socket.socket, host: str, port: int, timeout_seconds: float | None) -> None:
        sock.settimeout(0)
        deadline = _Deadline(self.clock, timeout_seconds)
        try:
            sock.connect((host, port))
        except BlockingIOError:
            if not self.clock.wait_ready(sock.fileno(), WRITE, deadline.seconds_left()):
                msg = f"{host}:{port} does not answer"
                raise TimeoutError(msg) from None
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, f"{host}:{port}: {os.strerror(code)}") from None


class Ports:
    """Which port of the machine stands for which port of the world, held from the beginning."""

    def __init__(self, address: str, wanted: dict[int, int]) -> None:
        """*wanted* gives the machine's port for each of the world's, 0 for any free one; raises `PortInUseError`."""
        self.address = address
        self._held: dict[int, socket.socket] = {}
        self.outside: dict[int, int] = {}
        with ExitStack() as undone:
            undone.callback(self.close)
            for port, outside in wanted.items():
                self._held[port] = bind(address, outside)
                self.outside[port] = int(self._held[port].getsockname()[1])
            undone.pop_all()

    def reserve(self, port: int) -> int:
        """Return the machine's port that stands for *port* of the world, and hold it until it is taken."""
        if port not in self.outside:
            self._held[port] = bind(self.address, 0)
            self.outside[port] = int(self._held[port].getsockname()[1])
        return self.outside[port]

    def take(self, port: int) -> socket.socket:
        """Return a listening socket for *port* of the world; one without a wanted port gets any free one."""
        held = self._held.pop(port, None)
        if held is None:
            held = bind(self.address, self.outside.get(port, 0))
            self.outside[port] = int(held.getsockname()[1])
        return held

    def close(self) -> None:
        """Give back what nobody has taken."""
        for sock in self._held.values():
            sock.close()
        self._held.clear()


class _Deadline:
    """The end of a wait for someone outside."""

    def __init__(self, clock: PacedClock, timeout_seconds: float | None) -> None:
        self._clock = clock
        self._at_us: int | None = None
        if timeout_seconds is not None:
            patience_seconds = max(timeout_seconds, min(timeout_seconds, _PATIENCE_SECONDS) * clock.real.pace)
            self._at_us = clock.elapsed_us() + clock.microseconds(clock.late_seconds + patience_seconds)

    def seconds_left(self) -> float | None:
        """Return the seconds of platform time that are left, or None without a timeout."""
        return None if self._at_us is None else max(0, self._at_us - self._clock.elapsed_us()) / 1_000_000
