"""Requests that reach a target, and answers that come back."""

import hashlib
import re
from collections.abc import Iterator

import pytest

from seatrials.seams.http1 import Request, Response, json_response
from seatrials.twin.physics.cuts import ANYBODY
from tests.support.balancer import (
    CLIENT_IP,
    GROUP,
    OTHER_GROUP,
    BalancerWorld,
    FakeListeners,
    body_of,
    forward,
    open_world,
    receive_all,
    rule,
    serve_raw,
    status_of,
)

IP = "10.0.1.7"


def test_headers_tell_where_a_request_came_from(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, X-Forwarded headers; request tracing."""
    world.serve(IP)
    world.register(IP)
    world.get("/a%2Fb//c?x=%20y", "X-Forwarded-For: 203.0.113.9")
    [request] = world.seen

    assert request.target == "/a%2Fb//c?x=%20y"
    assert request.header("x-forwarded-for") == f"203.0.113.9, {CLIENT_IP}"
    assert request.header("x-forwarded-proto") == "http"
    assert request.header("x-forwarded-port") == "80"
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", request.header("x-amzn-trace-id") or "")


@pytest.mark.parametrize(
    ("mode", "expected"), [("preserve", "203.0.113.9"), ("remove", None)], ids=["preserve", "remove"]
)
def test_forwarded_for_modes(world: BalancerWorld, mode: str, expected: str | None) -> None:
    """Source: AWS ALB User Guide, X-Forwarded-For modes."""
    world.elbv2.attributes["routing.http.xff_header_processing.mode"] = mode
    world.serve(IP)
    world.register(IP)
    world.get("/", "X-Forwarded-For: 203.0.113.9")

    assert expected == world.seen[0].header("x-forwarded-for")


def test_a_trace_that_the_client_began_goes_on(world: BalancerWorld) -> None:
    """Its Root stays, behind a Self. Source: AWS ALB User Guide, request tracing."""
    world.serve(IP)
    world.register(IP)
    world.get("/", "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;Sampled=1")
    found = world.seen[0].header("x-amzn-trace-id") or ""

    assert re.fullmatch(r"Self=1-\w{8}-\w{24};Root=1-67891233-abcdef012345678912345678;Sampled=1", found)


def test_headers_of_the_connection_stay_on_it(world: BalancerWorld) -> None:
    """Hop-by-hop headers, also those that Connection names, are not forwarded. Source: RFC 9110 section 7.6.1."""
    world.serve(IP)
    world.register(IP)
    world.get("/", "Connection: keep-alive, X-Mine", "Keep-Alive: 5", "TE: trailers", "X-Mine: 1", "X-Kept: 1")
    found = [world.seen[0].header(name) for name in ("keep-alive", "te", "x-mine", "x-kept")]

    assert found == [None, None, None, "1"]


def test_the_port_of_an_unusual_listener_is_in_the_host_header(elbv2: FakeListeners) -> None:
    """And taken away on 80 and 443. Source: AWS ALB User Guide, preserve host header."""
    elbv2.listeners.append({"ListenerArn": "l-8081", "Port": 8081, "Protocol": "HTTP"})
    with open_world(elbv2) as world:
        world.serve(IP)
        world.register(IP)
        for port in (80, 8081):
            connection = world.connect(port)
            connection.send(b"GET / HTTP/1.1\r\nHost: shop.example.com:99\r\n\r\n")
            receive_all(connection)
        found = [request.header("host") for request in world.seen]

    assert found == ["shop.example.com", "shop.example.com:8081"]


def test_rules_are_read_again_after_a_change(world: BalancerWorld) -> None:
    """And only then; the lowest priority number wins."""
    world.serve(IP)
    world.register(IP)
    fixed = {"StatusCode": "404", "ContentType": "application/json", "MessageBody": '{"e":1}'}
    world.elbv2.rules.insert(0, rule(7, "/a/*", {"Type": "fixed-response", "FixedResponseConfig": fixed}))
    before = status_of(world.get("/a/b"))
    world.balancer.invalidate()
    answer = world.get("/a/b")

    assert before == 200
    assert status_of(answer) == 404
    assert body_of(answer) == '{"e":1}'
    assert "Content-Type: application/json; charset=utf-8\r\n" in answer


def test_reads_of_elbv2_are_kept(world: BalancerWorld) -> None:
    """A request costs no call."""
    world.serve(IP)
    world.register(IP)
    world.get("/")
    before = world.elbv2.calls
    world.get("/")

    assert before == world.elbv2.calls


def test_redirects(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, redirect actions."""
    action = {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Protocol": "HTTPS", "Port": "443"}}
    world.elbv2.rules = [rule("default", None, action)]
    answer = world.get("/a?b=c")

    assert status_of(answer) == 301
    assert "Location: https://shop.example.com:443/a?b=c\r\n" in answer


def test_listeners_come_and_go(world: BalancerWorld) -> None:
    """A new one listens and a deleted one refuses."""
    world.elbv2.listeners = [{"ListenerArn": "l-81", "Port": 81, "Protocol": "HTTP"}]
    world.balancer.invalidate()
    world.clock.sleep(0.1)
    world.connect(81).close()

    with pytest.raises(ConnectionRefusedError):
        world.connect(80)


@pytest.mark.parametrize("headers", ["Content-Length: 10000000", "Transfer-Encoding: chunked"])
def test_a_large_body_arrives_byte_for_byte(world: BalancerWorld, headers: str) -> None:
    """Counted or chunked, and the answer too."""
    body = bytes(range(256)) * 39_063
    body = body[:10_000_000]

    def echo(request: Request) -> Response:
        return Response(200, (request.body[start : start + 60_000] for start in range(0, len(request.body), 60_000)))

    world.serve(IP, echo)
    world.register(IP)
    connection = world.connect()

    def upload() -> None:
        connection.send(f"POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n".encode())
        connection.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if "chunked" in headers else body)

    world.clock.spawn(upload, "upload")
    answer = receive_all(connection)
    pieces = answer.partition(b"\r\n\r\n")[2]

    assert b"transfer-encoding: chunked" in answer[:500].lower()
    assert hashlib.sha256(body).digest() == hashlib.sha256(_dechunk(pieces)).digest()


def _dechunk(data: bytes) -> bytes:
    parts: list[bytes] = []
    position = 0
    while True:
        end = data.index(b"\r\n", position)
        size = int(data[position:end], 16)
        if not size:
            return b"".join(parts)
        parts.append(data[end + 2 : end + 2 + size])
        position = end + 4 + size


def test_a_streamed_answer_arrives_as_it_is_made(world: BalancerWorld) -> None:
    """The head and each part at once, not when all is there."""

    def parts() -> Iterator[bytes]:
        for part in (b"one", b"two"):
            world.clock.sleep(5)
            yield part

    world.serve(IP, lambda _: Response(200, parts()))
    world.register(IP)
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    found = [connection.receive(65_536, 6) for _ in range(3)]

    assert found[0].endswith(b"\r\n\r\n")
    assert found[1:] == [b"3\r\none\r\n", b"3\r\ntwo\r\n"]


def test_a_connection_brings_several_requests(world: BalancerWorld) -> None:
    """Also when they are sent in one go."""
    world.serve(IP)
    world.register(IP)
    answer = world.ask(
        "GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxy" * 2
    )

    assert answer.count("HTTP/1.1 200") == 4
    assert [request.target for request in world.seen] == ["/a", "/b", "/a", "/b"]


def test_a_head_request_has_a_length_and_no_body(world: BalancerWorld) -> None:
    """Source: RFC 9110 section 9.3.2."""
    world.serve(IP, lambda _: Response(200, b"hello"))
    world.register(IP)
    answer = world.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert "Content-Length: 5\r\n" in answer
    assert body_of(answer) == ""


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_body_end_with_their_head(world: BalancerWorld, status: int) -> None:
    """The connection goes on. Source: RFC 9112 section 6.3."""
    serve_raw(world, f"HTTP/1.1 {status} X\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    answer = world.get("/")

    assert answer == f"HTTP/1.1 {status} X\r\nConnection: keep-alive\r\n\r\n"


def test_an_answer_that_ends_with_its_connection_is_chunked_for_the_client(world: BalancerWorld) -> None:
    """So that the client's own connection may live on."""
    serve_raw(world, b"HTTP/1.1 200 OK\r\n\r\nhello")
    answer = world.get("/")

    assert body_of(answer) == "5\r\nhello\r\n0\r\n\r\n"


def test_http_1_0_gets_its_answer_and_the_end(world: BalancerWorld) -> None:
    """No chunks, no keep-alive."""
    world.serve(IP, lambda _: Response(200, iter([b"a", b"b"])))
    world.register(IP)
    answer = world.ask("GET / HTTP/1.0\r\n\r\n")

    assert "Connection: close\r\n" in answer
    assert body_of(answer) == "ab"


def test_a_client_that_expects_it_is_told_to_continue(world: BalancerWorld) -> None:
    """Before it sends its body; once."""
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    connection.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    first = connection.receive(1000, 1)
    connection.send(b"ab")
    second = receive_all(connection).decode()

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (status_of(second), world.seen[0].body) == (200, b"ab")


def test_a_group_without_targets_is_unavailable(world: BalancerWorld) -> None:
    """503, in AWS's words. Source: AWS ALB User Guide, troubleshoot, HTTP 503."""
    answer = world.get("/")

    assert answer.startswith("HTTP/1.1 503 Service Temporarily Unavailable\r\nServer: awselb/2.0\r\n")
    assert "<h1>503 Service Temporarily Unavailable</h1>" in body_of(answer)


def test_a_group_whose_targets_are_initial_is_unavailable(world: BalancerWorld) -> None:
    """Our reading: the guide names only unused ones."""
    world.serve(IP)
    world.targets.register(GROUP, [(IP, 8080)])

    assert status_of(world.get("/")) == 503


def test_a_target_that_refuses_is_a_bad_gateway(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, troubleshoot, HTTP 502."""
    host = world.serve(IP)
    world.register(IP)
    for listener in list(world.network.listeners.values()):
        if listener.host is host:
            listener.close()

    assert status_of(world.get("/")) == 502


def test_a_target_that_dies_in_mid_request_is_a_bad_gateway(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, troubleshoot, HTTP 502."""

    def never(_: Request) -> Response:
        world.clock.sleep(1000)
        return Response(200)

    host = world.serve(IP, never)
    world.register(IP)
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    world.clock.sleep(1)
    host.detach()

    assert status_of(connection.receive(1000, 1).decode()) == 502


def test_a_target_that_does_not_answer_is_a_timeout(world: BalancerWorld) -> None:
    """504 after the idle timeout. Source: AWS ALB User Guide, troubleshoot, HTTP 504."""
    world.elbv2.attributes["idle_timeout.timeout_seconds"] = "20"
    serve_raw(world, b"", hang_seconds=1000)
    began = world.clock.now()
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = connection.receive(1000, 60).decode()

    assert (status_of(answer), round(world.clock.now() - began)) == (504, 20)
    assert answer.startswith("HTTP/1.1 504 Gateway Time-out\r\n")


def test_a_target_that_takes_no_connection_is_a_timeout(world: BalancerWorld) -> None:
    """504 after 10 seconds. Source: AWS ALB User Guide, troubleshoot, HTTP 504."""
    host = world.serve(IP)
    world.register(IP)
    began = world.clock.now()
    connection = world.connect()
    with host.network.cuts.between([host.address], [ANYBODY]):
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = connection.receive(1000, 60).decode()

    assert (status_of(answer), round(world.clock.now() - began)) == (504, 10)


def test_an_answer_that_breaks_off_resets_the_client(world: BalancerWorld) -> None:
    """Its head is out, so nothing else can tell that the body is not whole."""
    serve_raw(world, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    with pytest.raises(ConnectionResetError):
        receive_all(connection)


def test_a_client_that_leaves_takes_its_request_with_it(world: BalancerWorld) -> None:
    """The target's connection is closed and 460 is logged. Source: AWS ALB User Guide, troubleshoot, HTTP 460."""
    listener = world.network.attach(IP).listen(8080)
    gone: list[float] = []

    def serve() -> None:
        check = listener.accept()
        check.receive(1000)
        check.send(b"HTTP/1.1 200 OK\r\n\r\n")
        request = listener.accept()
        request.receive(1000)
        with pytest.raises(ConnectionResetError):
            request.receive(1000, 100)
        gone.append(world.clock.now())

    world.clock.spawn(serve, "target")
    world.register(IP)
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    world.clock.sleep(2)
    connection.close()
    left_at = world.clock.now()
    world.clock.sleep(1)

    assert [left_at] == [pytest.approx(each, abs=0.1) for each in gone]
    assert world.balancer.access_log[-1].status == 460


def test_a_failed_request_leaves_the_connection_usable(world: BalancerWorld) -> None:
    """As 502 to 504 say nothing about the client."""
    answer = world.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)

    assert answer.count("HTTP/1.1 503") == 2


def test_a_connection_is_closed_after_its_keepalive(world: BalancerWorld) -> None:
    """One more request is answered, with `Connection: close`. Source: AWS ALB User Guide, HTTP client keepalive."""
    world.elbv2.attributes["client_keep_alive.seconds"] = "60"
    world.serve(IP)
    world.register(IP)
    connection = world.connect()
    answers = []
    for _ in range(3):
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answers.append(connection.receive(1000, 1).decode())
        world.clock.sleep(31)

    assert ["Connection: close" in answer for answer in answers] == [False, False, True]


def test_weights_divide_requests_among_groups(world: BalancerWorld) -> None:
    """A group of weight 0 gets none. Source: AWS ALB User Guide, weighted target groups."""
    action = forward(GROUP, OTHER_GROUP)
    action["ForwardConfig"]["TargetGroups"][1]["Weight"] = 0
    world.elbv2.rules = [rule("default", None, action)]
    world.serve(IP)
    world.serve("10.0.1.8")
    world.register(IP)
    world.register("10.0.1.8", group=OTHER_GROUP)
    none = [body_of(world.get("/")) for _ in range(5)]
    action["ForwardConfig"]["TargetGroups"][1]["Weight"] = 1
    world.balancer.invalidate()
    half = {body_of(world.get("/")) for _ in range(20)}

    assert [f'{{"ip":"{IP}"}}'] * 5 == none
    assert len(half) == 2


def test_trace_and_access_log(world: BalancerWorld) -> None:
    """Both say which rule, group and target a request met."""
    world.serve(IP, lambda _: json_response(201, {}))
    world.register(IP)
    world.get("/a?b=c")
    [event] = [each for each in world.trace.events if each.kind == "request"]
    [entry] = world.balancer.access_log

    assert event.subject == "GET /a?b=c"
    assert event.details == {"listener": 80, "rule": "default", "status": 201, "target_group": "web", "task": IP}
    assert {
        "client": entry.client,
        "status": entry.status,
        "target_ip": entry.target_ip,
        "target_port": entry.target_port,
    } == {"client": CLIENT_IP, "status": 201, "target_ip": IP, "target_port": 8080}
    assert entry.rule == "default"
    assert entry.target_group == "web"
    assert entry.target == "/a?b=c"


def test_one_seed_is_one_history() -> None:
    """Two worlds of a seed have the same trace; another seed has another."""

    def history(seed: int) -> str:
        with open_world(FakeListeners(), seed) as world:
            world.serve(IP)
            world.serve("10.0.1.8")
            world.register(IP, "10.0.1.8")
            for _ in range(5):
                world.get("/")
            world.clock.sleep(30)
        return world.trace.sha256()

    assert history(1) == history(1)
    assert history(1) != history(2)
