"""Tests of the network of a mock world: what arrives, when, and how connections end."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest

from seatrials.errors import PortInUseError, UnknownHostError
from seatrials.seams.clock import in_parallel
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.cuts import ANYBODY
from seatrials.twin.physics.network import Host, VirtualConnection, VirtualNetwork

PORT = 8080
LATENCY_SECONDS = 0.01


@dataclass(frozen=True)
class TwoHosts:
    """Two hosts, and a port of the server that is listened on."""

    clock: VirtualClock
    network: VirtualNetwork
    client: Host
    server: Host
    # Of the next messages; the usual latency follows.
    latencies_seconds: list[float]

    def connect(self) -> tuple[VirtualConnection, VirtualConnection]:
        """Return both ends of a new connection, the client's first."""
        listener = self.server.listen(PORT)
        near = self.client.connect(self.server.address, PORT)
        far = listener.accept()
        listener.close()
        assert isinstance(near, VirtualConnection)
        return near, far


@pytest.fixture
def world() -> Iterator[TwoHosts]:
    """Give a world in which every message takes 10 ms."""
    clock = VirtualClock(1_700_000_000)
    latencies: list[float] = []
    network = VirtualNetwork(clock, lambda: latencies.pop(0) if latencies else LATENCY_SECONDS)
    with clock.closing():
        yield TwoHosts(clock, network, network.attach("10.0.1.5"), network.attach("10.0.2.6"), latencies)
        network.close()


def test_bytes_arrive_after_the_latency(world: TwoHosts) -> None:
    """What is sent arrives whole, and as much later as the network takes."""
    near, far = world.connect()
    before = world.clock.elapsed_us()
    near.send(b"hello")
    data = far.receive(100)

    assert (data, world.clock.elapsed_us() - before) == (b"hello", 10_000)


def test_bytes_keep_their_order(world: TwoHosts) -> None:
    """A message that travels fast does not overtake an earlier one."""
    near, far = world.connect()
    world.latencies_seconds.extend([0.05, 0.01, 0.03])
    for part in (b"a", b"b", b"c"):
        near.send(part)
    world.clock.sleep(0.051)

    assert far.receive(100) == b"abc"


def test_a_large_message_waits_for_its_reader(world: TwoHosts) -> None:
    """A sender beyond the window waits until the reader has read, and nothing is lost."""
    near, far = world.connect()
    sent = Random(1).randbytes(300_000)

    def read() -> bytes:
        data = b""
        while len(data) < len(sent):
            world.clock.sleep(0.1)
            data += far.receive(1_000_000)
        return data

    _, received = in_parallel(world.clock, [lambda: near.send(sent), read])

    assert sent == received


def test_an_unread_window_stops_the_sender(world: TwoHosts) -> None:
    """A sender gets no further than the window while nobody reads."""
    near, _ = world.connect()
    done = world.clock.signal()

    def send() -> None:
        near.send(bytes(65_537))
        done.set()

    world.clock.spawn(send, "sender")

    assert done.wait(3600) is False


def test_nothing_in_time_is_a_timeout(world: TwoHosts) -> None:
    """A receiver waits as long as it says."""
    near, _ = world.connect()
    before = world.clock.elapsed_us()

    with pytest.raises(TimeoutError, match="nothing arrived within 5 s"):
        near.receive(1, 5)
    assert world.clock.elapsed_us() - before == 5_000_000


def test_a_timeout_is_not_prolonged_by_what_is_sent(world: TwoHosts) -> None:
    """A receiver's time runs on while the same end sends and its peer reads."""
    near, far = world.connect()
    before = world.clock.elapsed_us()

    def chat() -> None:
        for _ in range(10):
            world.clock.sleep(1)
            near.send(b"x")
            far.receive(1)

    world.clock.spawn(chat, "chat")

    with pytest.raises(TimeoutError):
        near.receive(1, 5)
    assert world.clock.elapsed_us() - before == 5_000_000


def test_a_closed_connection_is_read_to_its_end(world: TwoHosts) -> None:
    """The peer reads all that was sent before the close, then the end."""
    near, far = world.connect()
    far.send(b"never read")
    world.clock.sleep(1)
    near.send(b"last words")
    near.close()

    assert (far.receive(100), far.receive(100)) == (b"last words", b"")


def test_a_reset_loses_what_was_not_read(world: TwoHosts) -> None:
    """The peer of a reset connection gets an error and none of the bytes."""
    near, far = world.connect()
    near.send(b"lost")
    near.reset()
    world.clock.sleep(1)

    with pytest.raises(ConnectionResetError, match="reset by the peer"):
        far.receive(100)


def test_sending_to_a_closed_peer_fails(world: TwoHosts) -> None:
    """What nobody can read cannot be sent."""
    near, far = world.connect()
    far.close()

    with pytest.raises(ConnectionResetError, match="the other end of the connection is closed"):
        near.send(b"x")


def test_a_connection_closed_by_its_own_side_ends_the_reader(world: TwoHosts) -> None:
    """A reader whose own side closes at the instant of an arrival gets a connection error, never a bad descriptor."""
    near, far = world.connect()

    def receive() -> None:
        with pytest.raises(ConnectionResetError, match="the connection is closed"):
            near.receive(1)

    far.send(b"x")
    world.clock.call_later(LATENCY_SECONDS, near.close)

    in_parallel(world.clock, [receive])


def test_a_port_is_taken_once(world: TwoHosts) -> None:
    """Two listeners on one port of one host are an error that names both."""
    world.server.listen(PORT)

    with pytest.raises(PortInUseError, match=r"port 8080 of 10\.0\.2\.6 is in use inside the world"):
        world.server.listen(PORT)


def test_a_closed_listener_frees_its_port(world: TwoHosts) -> None:
    """A port can be listened on again after its listener was closed."""
    world.server.listen(PORT).close()

    assert world.server.listen(PORT).port == PORT


def test_two_hosts_have_the_same_port(world: TwoHosts) -> None:
    """Ports belong to hosts: each task of a service listens on the same one."""
    ports = [world.server.listen(PORT).port, world.client.listen(PORT).port]

    assert ports == [PORT, PORT]


def test_a_privileged_port_needs_no_rights(world: TwoHosts) -> None:
    """The world's 443 is reached as 443, whoever runs it."""
    listener = world.server.listen(443)
    world.client.connect(world.server.address, 443)

    assert listener.accept().peer_host == world.client.address


def test_every_connection_comes_from_a_port_of_its_own(world: TwoHosts) -> None:
    """An ephemeral one, and it goes to the port that it named."""
    listener = world.server.listen(8080)
    near = [world.client.connect(world.server.address, 8080) for _ in range(3)]
    far = [listener.accept().peer_port for _ in near]

    assert [connection.peer_port for connection in near] == [8080] * 3
    assert len(set(far)) == 3
    assert all(32_768 <= port < 61_000 for port in far)


def test_a_closed_listener_takes_no_connection(world: TwoHosts) -> None:
    """Who waits to accept when the listener closes is told so."""
    listener = world.server.listen(PORT)
    world.clock.call_later(1, listener.close)

    with pytest.raises(ConnectionAbortedError, match="the listener is closed"):
        listener.accept()


def test_a_closed_listener_resets_who_was_not_accepted(world: TwoHosts) -> None:
    """A connection that nobody accepted before the close is reset, as TCP resets it, and not left to wait."""
    listener = world.server.listen(PORT)
    near = world.client.connect(world.server.address, PORT)
    listener.close()

    with pytest.raises(ConnectionResetError):
        near.receive(1)


def test_nothing_listening_refuses(world: TwoHosts) -> None:
    """A host without a listener on the port refuses."""
    with pytest.raises(ConnectionRefusedError, match=r"10\.0\.2\.6:9 refused the connection"):
        world.client.connect(world.server.address, 9)


def test_an_absent_host_does_not_answer(world: TwoHosts) -> None:
    """An address that no host has is silent until the caller's time is over."""
    with pytest.raises(TimeoutError, match=r"10\.0\.9\.9:80 does not answer"):
        world.client.connect("10.0.9.9", 80, 3)


def test_a_host_behind_a_way_that_is_cut_does_not_answer(world: TwoHosts) -> None:
    """A host whose packets are lost is silent, though it listens, and answers once the way is healed."""
    world.server.listen(PORT)

    with world.network.cuts.between([world.client.address], [ANYBODY]), pytest.raises(TimeoutError):
        world.client.connect(world.server.address, PORT, 3)
    assert world.client.connect(world.server.address, PORT, 3).peer_host == world.server.address


def test_what_is_sent_over_a_way_that_is_cut_arrives_in_order_when_it_is_healed(world: TwoHosts) -> None:
    """Bytes, and the end behind them, are held for as long as a way is cut, in either direction."""
    near, far = world.connect()
    with world.network.cuts.between([world.server.address], [world.client.address]):
        near.send(b"one")
        near.send(b"two")
        near.close()
        with pytest.raises(TimeoutError):
            far.receive(10, 5)

    assert (far.receive(10, 1), far.receive(10, 1)) == (b"onetwo", b"")


def test_a_host_that_hangs_up_takes_and_closes(world: TwoHosts) -> None:
    """A host that hangs up accepts a connection as TCP does, and closes it without a byte."""
    world.server.listen(PORT)
    world.server.hangs_up = True

    connection = world.client.connect(world.server.address, PORT, 3)

    assert connection.receive(100, 1) == b""


def test_names_are_found(world: TwoHosts) -> None:
    """A host is reached by a name of the world."""
    world.network.names["alb.example"] = (world.server.address,)
    listener = world.server.listen(PORT)
    near = world.client.connect("alb.example", PORT)

    assert (world.server.address, world.client.address) == (near.peer_host, listener.accept().peer_host)


def test_a_name_of_several_addresses_leads_to_any_of_them(world: TwoHosts) -> None:
    """As the order of a DNS answer does; whoever wants to reach each looks the name up."""
    network = VirtualNetwork(world.clock, lambda: 0.001, pick=Random(1).choice)
    nodes = ("10.0.0.4", "10.0.128.4")
    for node in nodes:
        network.attach(node).listen(PORT)
    network.names["alb.example"] = nodes
    client = network.attach("10.0.9.9")
    reached = {client.connect("alb.example", PORT).peer_host for _ in range(20)}
    network.close()

    assert reached == set(nodes)
    assert client.resolve("alb.example") == nodes


def test_unknown_names_are_an_error(world: TwoHosts) -> None:
    """A name that the world does not have is told with those it has; nothing leaves the world."""
    world.network.names["alb.example"] = (world.server.address,)

    with pytest.raises(UnknownHostError, match=r"no host 'dynamodb.us-west-2.amazonaws.com'.*'alb.example'"):
        world.client.connect("dynamodb.us-west-2.amazonaws.com", 443)


def test_a_detached_host_resets_its_connections(world: TwoHosts) -> None:
    """A task whose interface is taken away is gone for its peers."""
    near, _ = world.connect()
    world.server.detach()

    with pytest.raises(ConnectionResetError):
        near.receive(1)


def test_a_detached_host_listens_no_more(world: TwoHosts) -> None:
    """The address of a task that is gone does not answer."""
    world.server.listen(PORT)
    world.server.detach()

    with pytest.raises(TimeoutError):
        world.client.connect(world.server.address, PORT, 1)
