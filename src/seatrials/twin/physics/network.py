"""The network of a mock world: hosts, listeners and connections whose waits and delays are on virtual time.

A host has the address that AWS would give it (10.0.1.7), and a port that it listens on is bound on this machine at
127.B.1.7, where B is a block that this process has claimed: a port that another program holds fails here as it does
where containers are programs. Bytes stay in this process. When the other end may read them is an event of the world's
clock, after a latency drawn from the world's seed, which makes the order of everything repeatable: a reader waits on
the clock, never in the kernel.
"""

import atexit
import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import NoReturn

from seatrials.errors import PortInUseError, UnknownHostError
from seatrials.seams.network import Connection, bind
from seatrials.twin.physics.clock import Process, VirtualClock
from seatrials.twin.physics.cuts import Cuts
from seatrials.twin.physics.external import ExternalNetwork

# What one direction may hold unread; a sender waits beyond it, as TCP's window makes it.
_WINDOW_BYTES = 65_536
_GUARD_PORT = 47_111
# The last two bytes of the addresses from which on a process keeps its own of a block: 255.253 and 255.254.
_GUARD_PLACE = 255 * 256 + 253
_PRIVILEGED_PORTS = 1024
# Those of Linux.
_EPHEMERAL_PORTS = range(32_768, 61_000)


class VirtualConnection:
    """One end of a connection inside the world."""

    def __init__(
        self, clock: VirtualClock, latency: Callable[[], float], cuts: Cuts, peer_host: str, peer_port: int
    ) -> None:
        self._clock = clock
        self._latency = latency
        self._cuts = cuts
        self.peer_host = peer_host
        self.peer_port = peer_port
        self.peer: VirtualConnection | None = None
        # Whose end it is.
        self.owner: Process | None = None
        self.closed = False
        self._changed = clock.signal()
        self._received = bytearray()
        self._travelling_bytes = 0
        self._arrival_us = 0
        self._ended = False
        self._was_reset = False

    @property
    def is_readable(self) -> bool:
        """Whether `receive` would return at once, be it with the end of the stream."""
        return bool(self._received) or self._ended or self._was_reset or self.closed

    def receive(self, max_bytes: int, timeout_seconds: float | None = None) -> bytes:
        """Return what has arrived, waiting for at least a byte; `b""` when the peer has closed."""
        deadline_us = self._deadline_us(timeout_seconds)
        while not self._received:
            if self.closed or self._was_reset:
                msg = "the connection was reset by the peer" if self._was_reset else "the connection is closed"
                raise ConnectionResetError(msg)
            if self._ended:
                return b""
            if not self._changed.wait_pulse(self._seconds_left(deadline_us)):
                msg = f"nothing arrived within {timeout_seconds:g} s"
                raise TimeoutError(msg)
        was_full = len(self._received) + self._travelling_bytes >= _WINDOW_BYTES
        data = bytes(self._received[:max_bytes])
        del self._received[:max_bytes]
        if was_full and self.peer is not None:
            # Its sender may go on. Nobody else there waits for this, and most reads make room that nobody needs.
            self.peer._changed.pulse()
        return data

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Send all of *data*, waiting while the peer's window is full."""
        deadline_us = self._deadline_us(timeout_seconds)
        view = memoryview(data)
        while view:
            peer = self._living_peer()
            room = _WINDOW_BYTES - len(peer._received) - peer._travelling_bytes
            if room <= 0:
                if not self._changed.wait_pulse(self._seconds_left(deadline_us)):
                    msg = f"the peer has made no room within {timeout_seconds:g} s"
                    raise TimeoutError(msg)
                continue
            part = bytes(view[:room])
            peer._travelling_bytes += len(part)
            self._deliver(peer, partial(peer._arrive, part))
            view = view[room:]

    def close(self) -> None:
        """Close in order: the peer reads what was sent, then the end."""
        self._end(lambda peer: peer._end_of_stream())

    def reset(self) -> None:
        """Close at once: the peer loses what it has not read."""
        self._end(lambda peer: peer._reset_by_peer())

    def _deadline_us(self, timeout_seconds: float | None) -> int | None:
        if timeout_seconds is None:
            return None
        return self._clock.elapsed_us() + self._clock.microseconds(timeout_seconds)

    def _seconds_left(self, deadline_us: int | None) -> float | None:
        return None if deadline_us is None else (deadline_us - self._clock.elapsed_us()) / 1_000_000

    def _end(self, tell: Callable[["VirtualConnection"], None]) -> None:
        if self.closed:
            return
        self.closed = True
        self._received.clear()
        self._changed.pulse()
        peer = self.peer
        if peer is not None and not peer.closed:
            self._deliver(peer, lambda: tell(peer))

    def _living_peer(self) -> "VirtualConnection":
        if self.closed or self._was_reset or self.peer is None or self.peer.closed:
            msg = "the other end of the connection is closed"
            raise ConnectionResetError(msg)
        return self.peer

    def _deliver(self, peer: "VirtualConnection", arrive: Callable[[], None]) -> None:
        """Let something arrive at *peer* after a latency, and never before what was sent earlier."""
        self._cuts.pass_or_hold(self.peer_host, peer.peer_host, partial(self._travel, peer, arrive))

    def _travel(self, peer: "VirtualConnection", arrive: Callable[[], None]) -> None:
        now_us = self._clock.elapsed_us()
        peer._arrival_us = max(peer._arrival_us, now_us + round(self._latency() * 1_000_000))
        self._clock.call_later((peer._arrival_us - now_us) / 1_000_000, arrive)

    def _arrive(self, data: bytes) -> None:
        self._travelling_bytes -= len(data)
        if not self.closed:
            self._received += data
            self._changed.pulse()

    def _end_of_stream(self) -> None:
        self._ended = True
        self._changed.pulse()

    def _reset_by_peer(self) -> None:
        self._was_reset = True
        self._received.clear()
        self._changed.pulse()


class VirtualListener:
    """A port of a host of the world."""

    def __init__(self, host: "Host", port: int, sock: socket.socket) -> None:
        self.host = host
        self.port = port
        # Bound, and asked for nothing: see the module.
        self._socket = sock
        self._waiting: list[VirtualConnection] = []
        self._changed = host.network.clock.signal()
        self.owner = host.network.clock.current_process()
        self.closed = False

    def accept(self) -> VirtualConnection:
        """Return the next connection; raises `ConnectionAbortedError` once the listener is closed."""
        while not self._waiting:
            if self.closed:
                msg = "the listener is closed"
                raise ConnectionAbortedError(msg)
            self._changed.wait_pulse()
        return self._waiting.pop(0)

    def admit(self, connection: VirtualConnection) -> None:
        """Queue a connection that has arrived."""
        self.host.keep(connection)
        self._waiting.append(connection)
        self._changed.pulse()

    def close(self) -> None:
        """Take no more connections."""
        if not self.closed:
            self.closed = True
            self._socket.close()
            self.host.network.listeners.pop((self.host.address, self.port), None)
            for connection in self._waiting:
                connection.reset()
            self._waiting.clear()
            self._changed.pulse()


@dataclass(eq=False)
class Host:
    """A network interface of the world: what listens on it and what is connected from it."""

    network: "VirtualNetwork"
    address: str
    # Whether connections to it are closed as soon as they are made.
    hangs_up: bool = False
    # Who connects to what its containers listen on, when they are programs of this machine.
    outside: ExternalNetwork | None = None
    connections: list[VirtualConnection] = field(default_factory=list)
    _ports: Iterator[int] = field(default_factory=lambda: cycle(_EPHEMERAL_PORTS), init=False)

    def next_port(self) -> int:
        """Return the port that the next connection from here comes from."""
        return next(self._ports)

    def listen(self, port: int) -> VirtualListener:
        """Listen on *port* of this host; raises `PortInUseError`."""
        return self.network.listen(self, port)

    @property
    def loopback_address(self) -> str:
        """Where the host is on this machine."""
        return self.network.loopback_address(self.address)

    def connect(self, host: str, port: int, timeout_seconds: float | None = None) -> Connection:
        """Open a connection to a host of the world, by name or address."""
        return self.network.connect(self, host, port, timeout_seconds)

    def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of a host of the world."""
        return self.network.resolve(host)

    def keep(self, connection: VirtualConnection) -> None:
        """Remember a connection of this host for as long as it is open."""
        self.connections = [each for each in self.connections if not each.closed]
        self.connections.append(connection)

    def release(self, process: Process) -> None:
        """Close the listeners that *process* has left, and reset its connections, as a system does at its end."""
        for listener in [each for each in self.network.listeners.values() if each.host is self]:
            if listener.owner is process:
                listener.close()
        for connection in [each for each in self.connections if each.owner is process]:
            connection.reset()

    def move(self, address: str) -> None:
        """Have another address, by every name of this host; what listens here must be closed, and begin again there."""
        network = self.network
        before, self.address = self.address, address
        network.hosts.pop(before, None)
        network.hosts[address] = self
        for name, addresses in network.names.items():
            network.names[name] = tuple(address if each == before else each for each in addresses)

    def detach(self) -> None:
        """Take the interface away: its listeners close and its connections are reset."""
        for listener in [each for each in self.network.listeners.values() if each.host is self]:
            listener.close()
        for connection in self.connections:
            connection.reset()
        self.connections.clear()
        if self.outside is not None:
            self.outside.close()
        self.network.hosts.pop(self.address, None)


class VirtualNetwork:
    """All hosts of one world, their names, and the latency between them."""

    def __init__(
        self,
        clock: VirtualClock,
        latency: Callable[[], float],
        admit: Callable[[str, str, int], bool] = lambda _source, _target, _port: True,
        pick: Callable[[Sequence[str]], str] = lambda addresses: addresses[0],
    ) -> None:
        """*admit* says whether packets of one address reach a port of another; a world asks its security groups.

        Of several addresses of a name, *pick* says which one a connection goes to, as the order of a DNS answer does.
        """
        self.clock = clock
        self.latency = latency
        self.cuts = Cuts()
        self._admit = admit
        self._pick = pick
        self.hosts: dict[str, Host] = {}
        # Addresses by name; an address may lead to another one.
        self.names: dict[str, tuple[str, ...]] = {}
        self.listeners: dict[tuple[str, int], VirtualListener] = {}
        self._block = claim_block()
        # Places on this machine by address.
        self._loopbacks: dict[str, str] = {}

    def attach(self, address: str) -> Host:
        """Bring up an interface with *address*."""
        return self.hosts.setdefault(address, Host(self, address))

    def listen(self, host: Host, port: int) -> VirtualListener:
        """Listen on *port* of *host*."""
        if (host.address, port) in self.listeners:
            msg = f"port {port} of {host.address} is in use inside the world: one task defines it twice"
            raise PortInUseError(msg)
        listener = VirtualListener(host, port, self._bind(host.address, port))
        self.listeners[host.address, port] = listener
        return listener

    def connect(self, source: Host, host: str, port: int, timeout_seconds: float | None) -> Connection:
        """Connect *source* to a listener, or fail as TCP does: refused, or unanswered."""
        self.clock.sleep(self.latency())
        addresses = self.resolve(host)
        address = addresses[0] if len(addresses) == 1 else self._pick(addresses)
        listener = self.listeners.get((address, port))
        target = self.hosts.get(address)
        if target is None and host not in self.names and not _is_address(host):
            msg = f"no host {host!r} in this world; its names are {sorted(self.names)}"
            raise UnknownHostError(msg)
        if target is None or not self._reaches(source, target, port):
            self._never(timeout_seconds, f"{host}:{port} does not answer")
        if listener is None and target.outside is not None:
            return target.outside.connect(target.loopback_address, port, timeout_seconds)
        if listener is None:
            msg = f"{host}:{port} refused the connection: nothing listens there"
            raise ConnectionRefusedError(msg)
        return self._join(source, listener)

    def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses that a name stands for, in no order that means anything; an address is its own."""
        return self.names.get(host, (host,))

    def _reaches(self, source: Host, target: Host, port: int) -> bool:
        if source is target:  # its loopback, which no security group sees
            return True
        is_cut = self.cuts.parts(source.address, target.address)
        return not is_cut and self._admit(source.address, target.address, port)

    def close(self) -> None:
        """Close every listener and connection of the world."""
        for listener in list(self.listeners.values()):
            listener.close()
        for host in list(self.hosts.values()):
            host.detach()

    def loopback_address(self, address: str) -> str:
        """Return where a host of the world is on this machine."""
        if address not in self._loopbacks:
            # Two networks may have the same ends of addresses: then the one that comes later has another place.
            wanted = int(address.split(".")[2]) * 256 + int(address.split(".")[3])
            places = (f"127.{self._block}.{number >> 8}.{number & 255}" for number in _from(wanted))
            taken = set(self._loopbacks.values())
            self._loopbacks[address] = next(each for each in places if each not in taken)
        return self._loopbacks[address]

    def _never(self, timeout_seconds: float | None, message: str) -> NoReturn:
        self.clock.signal().wait(timeout_seconds)
        raise TimeoutError(message)

    def _join(self, source: Host, listener: VirtualListener) -> VirtualConnection:
        client = VirtualConnection(self.clock, self.latency, self.cuts, listener.host.address, listener.port)
        server = VirtualConnection(self.clock, self.latency, self.cuts, source.address, source.next_port())
        client.peer, server.peer = server, client
        client.owner, server.owner = self.clock.current_process(), listener.owner
        source.keep(client)
        if listener.host.hangs_up:
            server.close()
        else:
            listener.admit(server)
        return client

    def _bind(self, address: str, port: int) -> socket.socket:
        """Bind the loopback twin of *address*; a privileged port gets any free one, for only root may have it."""
        kernel_port = port if port >= _PRIVILEGED_PORTS else 0
        try:
            return bind(self.loopback_address(address), kernel_port)
        except PortInUseError as error:
            if isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRNOTAVAIL:
                # Systems such as macOS have only 127.0.0.1: there every port is a free one.
                return bind("127.0.0.1", 0)
            raise


def check_ports(ports: list[int]) -> None:
    """Raise `PortInUseError` when tasks could not listen on *ports*, because a program has one on all addresses."""
    block = claim_block()
    for port in ports:
        bind(f"127.{block}.255.253" if block else "127.0.0.1", port if block else 0).close()


_claimed: dict[int, tuple[int, socket.socket]] = {}


def claim_block() -> int:
    """Return the B of this process's 127.B.0.0/16, held by a guard socket for as long as the process lives."""
    pid = os.getpid()
    if pid not in _claimed:
        _claimed[pid] = _first_free_block(pid)
    return _claimed[pid][0]


def _first_free_block(start: int) -> tuple[int, socket.socket]:
    for step in range(230):
        block = 16 + (start + step) % 230
        guard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            guard.bind((f"127.{block}.255.254", _GUARD_PORT))
        except OSError as error:
            guard.close()
            if error.errno == errno.EADDRNOTAVAIL:
                return 0, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        else:
            atexit.register(guard.close)
            return block, guard
    msg = "all 230 loopback blocks 127.16.0.0-127.245.0.0 are claimed by runs of seatrials: end some of them"
    raise PortInUseError(msg)


def _from(wanted: int) -> Iterator[int]:
    """Yield the last two bytes of an address that is wanted, then all others."""
    yield wanted
    yield from range(1, _GUARD_PLACE)


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit()
