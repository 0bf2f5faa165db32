"""What a request is classified as, and what becomes of it in each of the three modes.

Source: AWS ALB User Guide, "Desync mitigation mode", for classes, reasons and what is done. The single cases are those
of the classifier that AWS publishes (http-desync-guardian, its tests), as far as the guide does not say otherwise:
one header that frames the body beside another, one of them suspicious, is severe by the guide.
"""

from collections.abc import Iterator
from functools import partial

import pytest

from seatrials.seams.network import Connection
from seatrials.twin.balancer.desync import Classification, Reason, RequestText, Tier, classify
from seatrials.twin.balancer.messages import RefusedRequestError, parse_request
from tests.support.balancer import BalancerWorld, FakeListeners, open_world, receive_all, status_of
from tests.support.desync_cases import CASES, Case

IP = "10.0.1.7"
MODES = ("monitor", "defensive", "strictest")
TARGET_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{index}-{case.reason or 'Compliant'}" for index, case in enumerate(CASES)]
)
def test_the_published_cases(case: Case) -> None:
    """The reason that decides is the published one, and so is the class."""
    found = classify(RequestText(case.method, case.target, case.version, case.fields))

    assert (found.reason, found.tier) == (case.reason, case.reason.tier if case.reason else Tier.COMPLIANT)


def test_there_are_as_many_cases_as_aws_publishes() -> None:
    """At least 150, two for every reason, and none twice."""
    by_reason = [case.reason for case in CASES]

    assert len({(case.method, case.target, case.version, tuple(case.fields)) for case in CASES}) == len(CASES) >= 150
    assert {reason for reason in Reason if by_reason.count(reason) < 2} == set()


def test_the_weightiest_reason_decides_and_the_first_among_equals() -> None:
    """Whatever order they were found in."""
    found = Classification((Reason.SPACE_IN_URI, Reason.EMPTY_HEADER, Reason.AMBIGUOUS_URI))

    assert (found.reason, found.tier) == (Reason.EMPTY_HEADER, Tier.AMBIGUOUS)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Return each of the modes."""
    return str(request.param)


@pytest.fixture
def answering(elbv2: FakeListeners, mode: str) -> Iterator[tuple[BalancerWorld, list[bytes]]]:
    """Give a world in this mode, and what its one target was sent; the target takes everything for good."""
    elbv2.attributes["routing.http.desync_mitigation_mode"] = mode
    heads: list[bytes] = []

    def serve(connection: Connection) -> None:
        data = connection.receive(65_536)
        if b" /health " not in data:
            heads.append(data)
        connection.send(TARGET_ANSWER)
        connection.close()

    with open_world(elbv2) as world:
        listener = world.network.attach(IP).listen(8080)

        def accept() -> None:
            while True:
                world.clock.spawn(partial(serve, listener.accept()), "target")

        world.clock.spawn(accept, "target-accept")
        world.register(IP)
        yield world, heads


HOST = ("Host", "shop.example.com")
SMALL_BODIES = {"chunked": b"2\r\nab\r\n0\r\n\r\n", "length": b"ab", "none": b""}
# By reason: a request that has it, and the nearest one that has not. Method, target, version, fields, body.
Example = tuple[str, str, str, list[tuple[str, str]], str]
BOTH_SIDES: dict[Reason, tuple[Example, Example]] = {
    Reason.GET_HEAD_ZERO_CONTENT_LENGTH: (
        ("GET", "/", "HTTP/1.1", [HOST, ("Content-Length", "0")], "none"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Content-Length", "0")], "none"),
    ),
    Reason.NON_COMPLIANT_HEADER: (
        ("GET", "/", "HTTP/1.1", [HOST, ("X-A", "a\x01b")], "none"),
        ("GET", "/", "HTTP/1.1", [HOST, ("X-A", "a\tb\xe9")], "none"),
    ),
    Reason.NON_COMPLIANT_VERSION: (
        ("GET", "/", "HTTP/1.2", [HOST], "none"),
        ("GET", "/", "HTTP/1.0", [HOST], "none"),
    ),
    Reason.SPACE_IN_URI: (
        ("GET", "/a b", "HTTP/1.1", [HOST], "none"),
        ("GET", "/a%20b", "HTTP/1.1", [HOST], "none"),
    ),
    Reason.AMBIGUOUS_URI: (
        ("GET", "/a\x01b", "HTTP/1.1", [HOST], "none"),
        ("GET", "/a%01b", "HTTP/1.1", [HOST], "none"),
    ),
    Reason.BOTH_TE_CL_PRESENT: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "chunked"), ("Content-Length", "2")], "chunked"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "chunked")], "chunked"),
    ),
    Reason.DUPLICATE_CONTENT_LENGTH: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Content-Length", "2"), ("Content-Length", "2")], "length"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Content-Length", "2")], "length"),
    ),
    Reason.EMPTY_HEADER: (
        ("GET", "/", "HTTP/1.1", [HOST, ("", "1")], "none"),
        ("GET", "/", "HTTP/1.1", [HOST, ("X", "")], "none"),
    ),
    Reason.SUSPICIOUS_HEADER: (
        ("GET", "/", "HTTP/1.1", [HOST, ("Transfer_Encoding", "chunked")], "none"),
        ("GET", "/", "HTTP/1.1", [HOST, ("X-Transfer-Encoding", "chunked")], "none"),
    ),
    Reason.UNDEFINED_CONTENT_LENGTH: (
        ("GET", "/", "HTTP/1.1", [HOST, ("Content-Length", "2")], "length"),
        ("DELETE", "/", "HTTP/1.1", [HOST, ("Content-Length", "2")], "length"),
    ),
    Reason.UNDEFINED_TRANSFER_ENCODING: (
        ("GET", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "chunked")], "chunked"),
        ("PUT", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "chunked")], "chunked"),
    ),
    Reason.BAD_CONTENT_LENGTH: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Content-Length", "+2")], "length"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Content-Length", "02")], "length"),
    ),
    Reason.BAD_HEADER: (
        ("GET", "/", "HTTP/1.1", [HOST, ("X-A", "a\0b")], "none"),
        ("GET", "/", "HTTP/1.1", [HOST, ("X-A", "a b")], "none"),
    ),
    Reason.BAD_METHOD: (
        ("G(T", "/", "HTTP/1.1", [HOST], "none"),
        ("G!T", "/", "HTTP/1.1", [HOST], "none"),
    ),
    Reason.BAD_TRANSFER_ENCODING: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "xchunked")], "chunked"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "ChUnKeD")], "chunked"),
    ),
    Reason.BAD_URI: (
        ("GET", "/a\0b", "HTTP/1.1", [HOST], "none"),
        ("GET", "/a%00b", "HTTP/1.1", [HOST], "none"),
    ),
    Reason.BAD_VERSION: (
        ("GET", "/", "HTTP/1.1 HTTP/1.1", [HOST], "none"),
        ("GET", "/?HTTP/1.1", "HTTP/1.1", [HOST], "none"),
    ),
    Reason.MULTIPLE_CONTENT_LENGTH: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Content-Length", "2"), ("Content-Length", "3")], "length"),
        ("POST", "/", "HTTP/1.1", [HOST, ("X-Content-Length", "3"), ("Content-Length", "2")], "length"),
    ),
    Reason.MULTIPLE_CHUNKED: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "chunked, chunked")], "chunked"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding", "identity, chunked")], "chunked"),
    ),
    Reason.SUSPICIOUS_TE_CL_PRESENT: (
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encoding ", "chunked"), ("Content-Length", "2")], "length"),
        ("POST", "/", "HTTP/1.1", [HOST, ("Transfer-Encodings", "chunked"), ("Content-Length", "2")], "length"),
    ),
}


def wire(example: Example) -> bytes:
    """Return a request as it is sent."""
    method, target, version, fields, body = example
    lines = [f"{method} {target} {version}", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + SMALL_BODIES[body]


def is_closed(connection: Connection) -> bool:
    """Whether the other end has closed, rather than that it says nothing."""
    try:
        return connection.receive(1, 1) == b""
    except TimeoutError:
        return False


@pytest.mark.parametrize("reason", Reason, ids=[reason.value for reason in Reason])
def test_a_reason_does_in_each_mode_what_the_guide_says(
    answering: tuple[BalancerWorld, list[bytes]], mode: str, reason: Reason
) -> None:
    """Routed; routed and closed; or answered 400, closed, and nothing of it at a target. The event says why."""
    world, heads = answering
    is_blocked = reason.tier is Tier.SEVERE or mode == "strictest"
    closes = is_blocked or (mode == "defensive" and reason.tier is Tier.AMBIGUOUS)
    connection = world.connect()
    connection.send(wire(BOTH_SIDES[reason][0]))
    answer = receive_all(connection).decode("latin-1")
    event = next(each for each in world.trace.events if each.kind == "request")

    assert (status_of(answer), len(heads)) == ((400, 0) if is_blocked else (200, 1))
    assert (is_closed(connection), f"Connection: {'close' if closes else 'keep-alive'}\r\n" in answer) == (closes, True)
    assert event.details["classification_reason"] == reason.value
    assert event.details["classification"] == reason.tier.name.capitalize()
    assert world.balancer.access_log[0].classification.reason is reason
    assert status_of(world.get("/next")) == 200


@pytest.mark.parametrize("reason", Reason, ids=[reason.value for reason in Reason])
def test_the_other_side_of_a_reason_is_compliant_in_each_mode(
    answering: tuple[BalancerWorld, list[bytes]], reason: Reason
) -> None:
    """It is routed, its event says nothing of it, and the connection lives on unless the version is old."""
    world, heads = answering
    example = BOTH_SIDES[reason][1]
    connection = world.connect()
    connection.send(wire(example))
    answer = receive_all(connection).decode("latin-1")
    event = next(each for each in world.trace.events if each.kind == "request")

    assert (status_of(answer), len(heads)) == (200, 1)
    assert is_closed(connection) == (example[2] == "HTTP/1.0")
    assert "classification" not in event.details


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"G\rT / HTTP/1.1\r\n", Reason.BAD_METHOD),
        (b"GET /\r HTTP/1.1\r\n", Reason.BAD_URI),
        (b"GET / HTTP/1.1\0\r\n", Reason.BAD_VERSION),
        (b"GET / HTTP/1.1\nHost: a\r\n", Reason.BAD_VERSION),
        (b"GET / HTTP/1.1\r\nHost: a\rb\r\n", Reason.BAD_HEADER),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\t2\r\n", Reason.BAD_HEADER),
    ],
    ids=["method", "target", "version", "bare-lf", "value", "fold"],
)
def test_what_breaks_a_line_is_severe_wherever_it_is(data: bytes, reason: Reason) -> None:
    """A NUL, a CR or an LF, or a line that goes on with the one before."""
    with pytest.raises(RefusedRequestError) as refusal:
        parse_request(data + b"\r\n")

    assert refusal.value.classification.reason is reason


def test_a_line_of_blanks_is_an_empty_header() -> None:
    """And not the end of the head."""
    head = parse_request(b"GET / HTTP/1.1\r\nHost: a\r\n \t \r\nX: 1\r\n\r\n")

    assert head.classification.reason is Reason.EMPTY_HEADER
    assert head.values("x") == ["1"]


def test_an_old_version_is_answered_and_closed(answering: tuple[BalancerWorld, list[bytes]], mode: str) -> None:
    """HTTP/0.9 ends with its connection; it is blocked in strictest mode alone."""
    world, _ = answering
    connection = world.connect()
    connection.send(b"GET / HTTP/0.9\r\n\r\n")
    answer = receive_all(connection).decode()

    assert status_of(answer) == (400 if mode == "strictest" else 200)
    assert is_closed(connection)


def test_nothing_that_would_join_the_header_before_reaches_a_target(
    answering: tuple[BalancerWorld, list[bytes]],
) -> None:
    """A header without a name, or that begins with a blank, stays here even when its request is routed."""
    world, heads = answering
    text = "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n Transfer-Encoding: chunked\r\n \t\r\n: 2\r\nX-B: 3\r\n\r\n"
    world.ask(text)
    lines = [line for head in heads for line in head.decode().split("\r\n") if line[:1] in {" ", "\t", ":"}]

    assert [line for line in lines if line] == []
