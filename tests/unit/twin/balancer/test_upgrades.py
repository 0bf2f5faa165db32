"""WebSockets, stickiness and TLS."""

import ssl

import pytest
import trustme

from seatrials.seams.http1 import Request, Response, ServerWebSocket, Upgrade
from seatrials.seams.network import Connection, TlsConnection
from tests.support.balancer import (
    BALANCER_IP,
    GROUP,
    OTHER_GROUP,
    BalancerWorld,
    FakeListeners,
    body_of,
    forward,
    open_world,
    receive_all,
    rule,
    status_of,
)

IP = "10.0.1.7"
OTHER_IP = "10.0.1.8"
UPGRADE = (
    b"GET /ws?id=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
# A masked text frame "hi" with a mask of zeros, and its echo.
FRAME = b"\x81\x82\0\0\0\0hi"
ECHO = b'\x81\x04"hi"'


def echo(_: Request) -> Upgrade:
    """Answer with a WebSocket that says back what it hears."""

    def run(socket: ServerWebSocket) -> None:
        socket.serve_until_closed(socket.send_json)

    return Upgrade(run)


def open_socket(world: BalancerWorld) -> Connection:
    """Return a WebSocket through the balancer, past its 101."""
    connection = world.connect()
    connection.send(UPGRADE)
    head = connection.receive(1000, 1)
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"connection: upgrade\r\nupgrade: websocket\r\n" in head.lower()
    return connection


def test_a_websocket_is_passed_both_ways(world: BalancerWorld) -> None:
    """After the target's 101. Source: AWS ALB User Guide, listeners, WebSockets."""
    world.serve(IP, echo)
    world.register(IP)
    connection = open_socket(world)
    connection.send(FRAME)

    assert connection.receive(100, 1) == ECHO


def test_frames_that_come_with_the_request_are_not_lost(world: BalancerWorld) -> None:
    """A client may be early."""
    world.serve(IP, echo)
    world.register(IP)
    connection = world.connect()
    connection.send(UPGRADE + FRAME)

    assert receive_all(connection).endswith(ECHO)


def test_a_quiet_websocket_is_closed_at_the_idle_timeout(world: BalancerWorld) -> None:
    """And not before; what passes keeps it open. Source: AWS ALB User Guide, connection idle timeout."""
    world.serve(IP, echo)
    world.register(IP)
    connection = open_socket(world)
    world.clock.sleep(50)
    connection.send(FRAME)
    connection.receive(100, 1)
    began = world.clock.now()
    end = connection.receive(100, 100)

    assert (end, round(world.clock.now() - began)) == (b"", 60)


def test_a_websocket_is_logged_when_it_closes(world: BalancerWorld) -> None:
    """And the target learns of it. Source: AWS ALB User Guide, access logs."""
    ended: list[bool] = []

    def run(socket: ServerWebSocket) -> None:
        socket.serve_until_closed(socket.send_json)
        ended.append(True)

    world.serve(IP, lambda _: Upgrade(run))
    world.register(IP)
    connection = open_socket(world)
    before = len(world.balancer.access_log)
    connection.close()
    world.clock.sleep(1)

    assert before == 0
    assert [entry.status for entry in world.balancer.access_log] == [101]
    assert ended == [True]


def test_the_targets_end_is_the_clients_end(world: BalancerWorld) -> None:
    """When the target's task goes away."""
    host = world.serve(IP, echo)
    world.register(IP)
    connection = open_socket(world)
    host.detach()

    assert connection.receive(100, 1) == b""


def test_a_refused_upgrade_is_an_ordinary_answer(world: BalancerWorld) -> None:
    """The target's 404 is passed on and the connection lives on."""
    world.serve(IP, lambda _: Response(404, b"no such session"))
    world.register(IP)
    connection = world.connect()
    connection.send(UPGRADE * 2)
    answer = receive_all(connection).decode()

    assert answer.count("HTTP/1.1 404") == 2


def test_an_upgrade_in_http_1_0_is_ignored(world: BalancerWorld) -> None:
    """The target gets an ordinary request. Source: RFC 9110, 7.8."""
    world.serve(IP)
    world.register(IP)
    answer = world.ask(UPGRADE.decode().replace("HTTP/1.1", "HTTP/1.0"))

    assert status_of(answer) == 200
    assert [each.header("upgrade") for each in world.seen] == [None]


def test_a_websocket_is_cut_at_the_end_of_the_deregistration_delay(world: BalancerWorld) -> None:
    """Our reading of the causes of HTTP 502."""
    world.elbv2.group_attributes["deregistration_delay.timeout_seconds"] = "10"
    world.serve(IP, echo)
    world.register(IP)
    connection = open_socket(world)
    world.targets.deregister(GROUP, [(IP, 8080)])
    began = world.clock.now()
    end = connection.receive(100, 30)

    assert (end, round(world.clock.now() - began)) == (b"", 10)


def cookie_of(answer: str, name: str) -> str:
    """Return `name=value` as an answer sets it."""
    found = next(line for line in answer.split("\r\n") if line.startswith(f"Set-Cookie: {name}="))
    return found.removeprefix("Set-Cookie: ").partition(";")[0]


def test_a_target_cookie_keeps_a_client_with_its_target(world: BalancerWorld) -> None:
    """Until the target goes; a forged cookie counts for nothing. Source: AWS ALB User Guide, sticky sessions."""
    world.elbv2.group_attributes["stickiness.enabled"] = "true"
    world.serve(IP)
    world.serve(OTHER_IP)
    world.register(IP, OTHER_IP)
    first = world.get("/")
    cookie = cookie_of(first, "AWSALB")
    stuck = {body_of(world.get("/", f"Cookie: a=b; {cookie}")) for _ in range(4)}
    forged = {body_of(world.get("/", "Cookie: AWSALB=1")) for _ in range(4)}

    assert {body_of(first)} == stuck
    assert len(forged) == 2


def test_a_target_cookie_of_a_dead_target_leads_to_another(world: BalancerWorld) -> None:
    """And a new cookie. Source: AWS ALB User Guide, sticky sessions."""
    world.elbv2.group_attributes["stickiness.enabled"] = "true"
    world.serve(IP)
    world.serve(OTHER_IP)
    world.register(IP)
    cookie = cookie_of(world.get("/"), "AWSALB")
    world.register(OTHER_IP)
    world.targets.deregister(GROUP, [(IP, 8080)])
    answer = world.get("/", f"Cookie: {cookie}")

    assert body_of(answer) == f'{{"ip":"{OTHER_IP}"}}'
    assert cookie != cookie_of(answer, "AWSALB")


def test_a_target_cookie_ends_with_its_duration(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, sticky sessions."""
    world.elbv2.group_attributes |= {"stickiness.enabled": "true", "stickiness.lb_cookie.duration_seconds": "5"}
    world.serve(IP)
    world.serve(OTHER_IP)
    world.register(IP, OTHER_IP)
    cookie = cookie_of(world.get("/"), "AWSALB")
    world.clock.sleep(6)

    assert len({body_of(world.get("/", f"Cookie: {cookie}")) for _ in range(4)}) == 2


def test_a_group_cookie_keeps_a_client_with_its_group(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, target group stickiness."""
    action = forward(GROUP, OTHER_GROUP)
    action["ForwardConfig"]["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": 60}
    world.elbv2.rules = [rule("default", None, action)]
    world.serve(IP)
    world.serve(OTHER_IP)
    world.register(IP)
    world.register(OTHER_IP, group=OTHER_GROUP)
    first = world.get("/")
    cookie = cookie_of(first, "AWSALBTG")

    assert {body_of(first)} == {body_of(world.get("/", f"Cookie: {cookie}")) for _ in range(8)}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return the authority that signs the balancer's certificate."""
    return trustme.CA()


def test_an_https_listener_shows_its_certificate(elbv2: FakeListeners, authority: trustme.CA) -> None:
    """And tells the target that the client came over HTTPS; who does not trust it gets no connection."""
    certificates = [{"CertificateArn": "cert"}]
    elbv2.listeners = [{"ListenerArn": "l", "Port": 443, "Protocol": "HTTPS", "Certificates": certificates}]
    asked: list[str] = []

    def context(arn: str) -> ssl.SSLContext:
        asked.append(arn)
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("shop.example.com").configure_cert(server)
        return server

    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with open_world(elbv2, tls=context) as world:
        world.serve(IP)
        world.register(IP)
        plain = world.client.connect(BALANCER_IP, 443)
        connection = TlsConnection(plain, trusting, server_side=False, server_hostname="shop.example.com")
        connection.send(b"GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n")
        answer = connection.receive(1000, 1).decode()
        with pytest.raises(ssl.SSLCertVerificationError):
            TlsConnection(
                world.client.connect(BALANCER_IP, 443),
                ssl.create_default_context(),
                server_side=False,
                server_hostname="shop.example.com",
            )
        world.clock.sleep(1)

    assert (status_of(answer), asked) == (200, ["cert", "cert"])
    assert (world.seen[0].header("x-forwarded-proto"), world.seen[0].header("x-forwarded-port")) == ("https", "443")
