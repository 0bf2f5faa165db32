"""Tests of the machine's sockets in a paced world: the protocols of seams.network, kept towards real peers."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from seatrials.errors import PortInUseError
from seatrials.seams.clock import SystemClock
from seatrials.twin.physics import external
from seatrials.twin.physics.external import ExternalConnection, ExternalNetwork, Ports
from seatrials.twin.physics.paced_clock import PacedClock


@pytest.fixture
def clock() -> Iterator[PacedClock]:
    """Give a clock that keeps real time."""
    real = SystemClock()
    with PacedClock(int(real.epoch_seconds), real).closing() as clock:
        assert isinstance(clock, PacedClock)
        yield clock


@pytest.fixture
def network(clock: PacedClock) -> Iterator[ExternalNetwork]:
    """Give the machine's loopback."""
    network = ExternalNetwork(clock, "127.0.0.1")
    yield network
    network.close()


@pytest.fixture
def connected(network: ExternalNetwork) -> Iterator[tuple[ExternalConnection, socket.socket]]:
    """Give a connection of the world, and the real client at its other end."""
    listener = network.listen(0)
    with socket.create_connection(("127.0.0.1", listener.port)) as client:
        yield listener.accept(), client


def test_a_client_is_let_in_and_heard(connected: tuple[ExternalConnection, socket.socket]) -> None:
    """Bytes of a real client arrive, and the answer reaches it."""
    connection, client = connected
    client.sendall(b"hello")

    assert connection.receive(100, 5) == b"hello"
    connection.send(b"welcome")
    assert client.recv(100) == b"welcome"
    assert (connection.peer_host, connection.peer_port) == client.getsockname()


def test_the_end_of_a_client_is_the_end_of_the_stream(connected: tuple[ExternalConnection, socket.socket]) -> None:
    """When a client has closed, `receive` returns no bytes."""
    connection, client = connected
    client.close()

    assert connection.receive(100, 5) == b""


def test_a_client_that_resets_is_an_error(connected: tuple[ExternalConnection, socket.socket]) -> None:
    """A connection that the client has reset cannot be read."""
    connection, client = connected
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    client.close()

    with pytest.raises(ConnectionResetError):
        connection.receive(100, 5)


def test_a_reset_reaches_the_client(connected: tuple[ExternalConnection, socket.socket]) -> None:
    """`reset` is a reset on the wire."""
    connection, client = connected
    connection.reset()

    with pytest.raises(ConnectionResetError):
        client.recv(100)


def test_a_silent_client_times_out(connected: tuple[ExternalConnection, socket.socket]) -> None:
    """When nothing comes in time, `receive` says so."""
    with pytest.raises(TimeoutError, match=r"nothing arrived within 0\.5 s"):
        connected[0].receive(100, 0.5)


@pytest.mark.parametrize(("timeout_seconds", "real_seconds"), [(5, 1.0), (0.1, 0.1)])
def test_no_pace_shortens_a_wait_for_the_outside_below_a_second(timeout_seconds: float, real_seconds: float) -> None:
    """A client has a second of the machine to answer, or the time that it has at pace 1 when that is less."""
    real = SystemClock(1000.0)
    with PacedClock(int(real.epoch_seconds), real).closing() as clock:
        assert isinstance(clock, PacedClock)
        network = ExternalNetwork(clock, "127.0.0.1")
        listener = network.listen(0)
        with socket.create_connection(("127.0.0.1", listener.port)):
            connection, before = listener.accept(), real.now()

            with pytest.raises(TimeoutError):
                connection.receive(100, timeout_seconds)
        network.close()

        assert real_seconds <= (real.now() - before) / real.pace < real_seconds + 0.5


def test_a_slow_client_holds_up_its_sender_only(
    clock: PacedClock, connected: tuple[ExternalConnection, socket.socket]
) -> None:
    """A sender waits while the client takes nothing, others act meanwhile, and nothing is lost."""
    connection, client = connected
    data = bytes(range(256)) * 40_000
    sent: list[str] = []

    def send() -> None:
        connection.send(data)
        sent.append("all")

    clock.spawn(send, "sender")
    clock.sleep(0.2)
    assert sent == []

    received = read_in_thread(client, len(data))
    while not sent:
        clock.sleep(0.02)

    assert received() == data


def read_in_thread(client: socket.socket, count: int) -> Callable[[], bytes]:
    """Read *count* bytes beside the test; return what waits for them."""
    parts: list[bytes] = []

    def read() -> None:
        left = count
        while left:
            parts.append(client.recv(min(left, 1 << 20)))
            left -= len(parts[-1])

    thread = threading.Thread(target=read)
    thread.start()

    def result() -> bytes:
        thread.join(10)
        return b"".join(parts)

    return result


def test_closing_wakes_who_reads(clock: PacedClock, connected: tuple[ExternalConnection, socket.socket]) -> None:
    """An actor that waits for bytes finds out that another one has closed the connection."""
    connection, _ = connected
    clock.call_later(0.05, connection.close)

    with pytest.raises(ConnectionResetError, match="closed"):
        connection.receive(100, 60)


def test_a_program_outside_is_connected_to(network: ExternalNetwork) -> None:
    """The world reaches what listens on the machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = network.connect("127.0.0.1", server.getsockname()[1], 5)
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(b"here")

            assert connection.receive(100, 5) == b"here"


def test_where_nothing_listens_the_connection_is_refused(network: ExternalNetwork) -> None:
    """A port without a program refuses."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(ConnectionRefusedError):
        network.connect("127.0.0.1", port, 5)


def test_a_closed_listener_wakes_who_accepts(clock: PacedClock, network: ExternalNetwork) -> None:
    """`accept` ends with the error of the protocol when its listener is closed."""
    listener = network.listen(0)
    clock.call_later(0.05, listener.close)

    with pytest.raises(ConnectionAbortedError, match="closed"):
        listener.accept()


def test_a_taken_port_is_refused_and_the_others_given_back() -> None:
    """A port of another program is an error that names it; nothing stays bound."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"127.0.0.1:{taken}"):
            Ports("127.0.0.1", {80: 0, 443: taken})


def test_a_port_stands_for_another(clock: PacedClock) -> None:
    """What listens on a port of the world is found on the one outside, again and again."""
    ports = Ports("127.0.0.1", {443: 0})
    network = ExternalNetwork(clock, "127.0.0.1", ports)
    first = network.listen(443)
    first.close()
    second = network.listen(443)
    network.close()

    assert first.port == second.port == ports.outside[443]


def test_there_are_so_many_connections_and_no_more(
    clock: PacedClock, network: ExternalNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes when all connections are taken is turned away; when one has ended, the next is let in."""
    monkeypatch.setattr(external, "_CONNECTIONS_MAX", 1)
    listener = network.listen(0)
    accepted: list[ExternalConnection] = []

    def accept() -> None:
        while True:
            accepted.append(listener.accept())

    with socket.create_connection(("127.0.0.1", listener.port)):
        clock.spawn(accept, "accept")
        with socket.create_connection(("127.0.0.1", listener.port), 5) as second:
            turned_away = ExternalConnection(clock, second, ("", 0), lambda _connection: None)
            assert turned_away.receive(1, 5) == b""
        accepted[0].close()
        with socket.create_connection(("127.0.0.1", listener.port)) as third:
            third.sendall(b"in")
            clock.sleep(0.1)

            assert [each.receive(10, 5) for each in accepted[1:]] == [b"in"]


def test_a_client_that_takes_nothing_is_given_up(
    connected: tuple[ExternalConnection, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender does not wait for ever for a client that reads nothing."""
    monkeypatch.setattr(external, "_STUCK_SECONDS", 0.1)
    connection, _ = connected

    with pytest.raises(ConnectionResetError, match="taken nothing"):
        connection.send(bytes(64 * 1024 * 1024))
    assert connection.closed


def test_a_client_that_sends_without_end_holds_nobody_up(
    clock: PacedClock, connected: tuple[ExternalConnection, socket.socket]
) -> None:
    """Others act before much is read from one client, although there is always more to read."""
    connection, client = connected
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
    read_before: list[int] = []
    received = 0
    clock.call_later(0, lambda: read_before.append(received))

    def send() -> None:
        client.sendall(bytes(8 << 20))

    sender = threading.Thread(target=send)
    sender.start()
    while received < 8 << 20:
        received += len(connection.receive(65_536, 5))
    sender.join()

    assert read_before
    assert read_before[0] <= 1 << 20
