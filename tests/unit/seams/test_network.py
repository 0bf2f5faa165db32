"""Tests of this machine's own sockets behind the `Network` protocol, and of TLS over any connection."""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from seatrials.errors import PortInUseError
from seatrials.seams.clock import SystemClock, in_parallel
from seatrials.seams.network import Connection, SystemNetwork, TlsConnection
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import VirtualNetwork

Pair = tuple[Connection, Connection]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Give both ends of a connection of this machine, the client's first."""
    network = SystemNetwork()
    listener = network.listen(0)
    near = network.connect("127.0.0.1", listener.port, 5)
    far = listener.accept()
    yield near, far
    for each in (near, far, listener):
        each.close()


def contexts(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's context with a certificate for *name*, and a client's that trusts it."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Give a world's clock."""
    with VirtualClock(1_700_000_000).closing() as clock:
        yield clock


@pytest.fixture
def world_pair(clock: VirtualClock) -> Iterator[Pair]:
    """Give both ends of a connection of a mock world, the client's first."""
    network = VirtualNetwork(clock, lambda: 0.001)
    listener = network.attach("10.0.1.5").listen(8443)
    near = network.attach("10.0.1.6").connect("10.0.1.5", 8443)
    yield near, listener.accept()
    network.close()


def test_bytes_arrive(pair: Pair) -> None:
    """What one end sends the other receives."""
    near, far = pair
    near.send(b"hello")

    assert far.receive(100, 5) == b"hello"


def test_nothing_in_time_is_a_timeout(pair: Pair) -> None:
    """A receiver waits no longer than it says."""
    with pytest.raises(TimeoutError):
        pair[0].receive(1, 0.001)


def test_a_close_is_the_end(pair: Pair) -> None:
    """The peer reads what was sent, then the end."""
    near, far = pair
    near.send(b"last words")
    near.close()

    assert (far.receive(100, 5), far.receive(100, 5)) == (b"last words", b"")


def test_a_reset_is_an_error(pair: Pair) -> None:
    """The peer of a reset connection gets an error."""
    near, far = pair
    near.reset()

    with pytest.raises(ConnectionResetError):
        far.receive(1, 5)


def test_ends_know_each_other(pair: Pair) -> None:
    """Each end tells the address of the other."""
    assert (pair[0].peer_host, pair[1].peer_host) == ("127.0.0.1", "127.0.0.1")
    assert len({pair[0].peer_port, pair[1].peer_port} - {0}) == 2


def test_a_taken_port_says_what_to_do() -> None:
    """A port that another program has is told with the way to find that program."""
    listener = SystemNetwork().listen(0)

    with pytest.raises(PortInUseError, match=rf"cannot listen on 127\.0\.0\.1:{listener.port}: .*stop it, or find it"):
        SystemNetwork().listen(listener.port)
    listener.close()


def test_a_closed_listener_wakes_who_accepts() -> None:
    """Closing a listener ends the wait for a connection."""
    clock = SystemClock(1000)
    listener = SystemNetwork().listen(0)

    def accept() -> None:
        with pytest.raises(ConnectionAbortedError, match="the listener is closed"):
            listener.accept()

    def close() -> None:
        clock.sleep(20)
        listener.close()

    in_parallel(clock, [accept, close])


def test_a_refused_connection_is_an_error() -> None:
    """Connecting where nothing listens fails as a connection error."""
    network = SystemNetwork()
    listener = network.listen(0)
    port = listener.port
    listener.close()

    with pytest.raises(ConnectionRefusedError):
        network.connect("127.0.0.1", port, 5)


def test_tls_runs_over_a_connection_of_a_world(clock: VirtualClock, world_pair: Pair) -> None:
    """Both ends of a TLS session read in clear what the other wrote, and the end."""
    server_context, client_context = contexts("alb.example")

    def serve() -> bytes:
        server = TlsConnection(world_pair[1], server_context, server_side=True)
        data = server.receive(100)
        server.send(data.upper())
        server.close()
        return data

    def call() -> tuple[bytes, bytes]:
        client = TlsConnection(world_pair[0], client_context, server_side=False, server_hostname="alb.example")
        client.send(b"hello")
        return client.receive(100), client.receive(100)

    assert in_parallel(clock, [serve, call]) == [b"hello", (b"HELLO", b"")]


def test_a_certificate_of_another_name_is_refused(clock: VirtualClock, world_pair: Pair) -> None:
    """A client does not talk to a server whose certificate names another host, and the server is told why."""
    server_context, client_context = contexts("elsewhere.example")

    def serve() -> None:
        with pytest.raises(ssl.SSLError, match="BAD_CERTIFICATE"):
            TlsConnection(world_pair[1], server_context, server_side=True).receive(1)

    def call() -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            TlsConnection(world_pair[0], client_context, server_side=False, server_hostname="alb.example")

    in_parallel(clock, [serve, call])


def test_a_peer_that_leaves_in_the_handshake_is_an_error(clock: VirtualClock, world_pair: Pair) -> None:
    """A connection that ends before TLS is up is told so."""
    _, client_context = contexts("alb.example")
    clock.spawn(world_pair[1].close, "server")

    with pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
        TlsConnection(world_pair[0], client_context, server_side=False, server_hostname="alb.example")


def test_a_peer_that_takes_nothing_is_waited_for_as_long_as_is_said(pair: Pair, world_pair: Pair) -> None:
    """A send that nobody reads ends, on this machine and in a world: a full window hangs nobody for ever."""
    for near in (pair[0], world_pair[0]):
        with pytest.raises(TimeoutError):
            near.send(bytes(50_000_000), 0.1)


def test_a_name_of_this_machine_has_addresses() -> None:
    """Whoever asks each node of a load balancer looks its name up."""
    assert SystemNetwork().resolve("127.0.0.1") == ["127.0.0.1"]
