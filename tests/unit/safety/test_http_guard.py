"""Tests of the guard on what goes to the load balancer: a change needs the lease, and touches the run's own alone."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from seatrials.environments.file import load_environment
from seatrials.errors import LeaseLostError, RefusedWriteError
from seatrials.platform import contract
from seatrials.safety.guard import Guard
from seatrials.safety.http_guard import HttpGuard
from seatrials.safety.permitted import Permitted
from seatrials.safety.rates import Rates
from seatrials.safety.under_test import UnderTest
from seatrials.safety.usage import Usage
from seatrials.seams.clock import Clock
from tests.support.aws import Json
from tests.support.live_run import Begin, platform_of
from tests.support.project import PROJECT
from tests.support.small_platform import SmallPlatform

PREFIX = "TEST_run-1_"
OWN, THEIRS, NOBODYS = (f"session-{digit * 8}-0000-4000-8000-000000000000" for digit in "123")
CLIENTS = {OWN: f"{PREFIX}COLD-03-client-1", THEIRS: "acme", "odd": "acme"}
URL = "https://example.org"


class Guarded:
    """The guard of a run, whose lease may be lost."""

    def __init__(self, clock: Clock) -> None:
        self.has_lease = True
        names = load_environment("mock", PROJECT / "environments.toml", {}).names
        guard = Guard(Rates(clock), Usage())
        guard.confirm_identity(Permitted(names, PREFIX, UnderTest(names, _no_client)))
        guard.confirm_lease(lambda: self.has_lease, lambda *_call: None, None)
        self.http = HttpGuard(guard, URL, PREFIX, CLIENTS.get)

    def send(self, method: str, path: str, **given: Json) -> httpx.Request:
        """Ask whether a request may be sent, and return it as it is sent then."""
        request = httpx.Request(method, URL + path, **given)
        self.http.look_at(request)
        return request


def _no_client(service: str) -> Json:
    pytest.fail(f"{service} was asked")


class Sink:
    """A connection that keeps what is sent."""

    peer_host = "10.0.0.1"
    peer_port = 443
    is_readable = False

    def __init__(self) -> None:
        self.sent = b""
        self.ends: list[str] = []

    def receive(self, max_bytes: int, _timeout_seconds: float | None = None) -> bytes:
        """Return something."""
        return b"answer"[:max_bytes]

    def send(self, data: bytes, timeout_seconds: float | None = None) -> None:
        """Keep it."""
        del timeout_seconds
        self.sent += data

    def close(self) -> None:
        """Note it."""
        self.ends.append("closed")

    def reset(self) -> None:
        """Note it."""
        self.ends.append("reset")


@pytest.fixture
def guarded(clock: Clock) -> Guarded:
    """Return the guard of a run that has the lease."""
    return Guarded(clock)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_needs_the_lease(guarded: Guarded, method: str) -> None:
    """A request that may change something is refused without the lease, and names itself; with it, it is sent."""
    guarded.send(method, "/hermes/api/sessions/activate")
    guarded.has_lease = False

    with pytest.raises(LeaseLostError, match=f"{method} /hermes/api/sessions/activate was not sent"):
        guarded.send(method, "/hermes/api/sessions/activate")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_needs_no_lease(guarded: Guarded, method: str) -> None:
    """A request that reads is sent without the lease, and may name what is others'."""
    guarded.has_lease = False

    assert guarded.send(method, f"{contract.SESSIONS_PATH}/{THEIRS}/status").method == method


def test_a_preview_of_others_is_not_looked_at(guarded: Guarded) -> None:
    """A look at a preview is an activity of its session, which ends later for it: only the run's own is looked at."""
    with pytest.raises(RefusedWriteError, match=f"the session {THEIRS} is one of acme"):
        guarded.send("GET", contract.preview_path(THEIRS))

    assert guarded.send("GET", contract.preview_path(OWN)).method == "GET"


def _naming(session_id: str) -> Iterator[tuple[str, str, dict[str, Json]]]:
    """Give the requests that name a session: method, path, what else."""
    yield "POST", f"{contract.SESSIONS_PATH}/{session_id}/deactivate", {}
    yield "POST", f"{contract.SESSIONS_PATH}/{session_id.replace('-', '%2d')}/keepalive", {}
    yield "POST", f"/session/{session_id}/form", {}
    yield "PUT", "/api/files/a", {"headers": {"X-Session-ID": session_id}}
    yield "POST", f"/api/exec?sessionId={session_id}", {"headers": {"X-Session-ID": OWN}}
    yield "POST", f"{contract.SESSIONS_PATH}/other", {"json": {"sessionId": session_id}}
    yield "POST", "/", {"extensions": {"target": f"{contract.SESSIONS_PATH}/{session_id}/deactivate".encode()}}


@pytest.mark.parametrize(("method", "path", "given"), [*_naming(THEIRS)])
def test_a_session_of_others_is_not_changed(guarded: Guarded, method: str, path: str, given: dict[str, Json]) -> None:
    """However a request names it."""
    with pytest.raises(RefusedWriteError, match=f"the session {THEIRS} is one of acme, and this run's are of {PREFIX}"):
        guarded.send(method, path, **given)


@pytest.mark.parametrize(("method", "path", "given"), [*_naming(OWN), *_naming(NOBODYS)])
def test_an_own_session_and_an_unknown_one_may_be_named(
    guarded: Guarded, method: str, path: str, given: dict[str, Json]
) -> None:
    """A run's own session is its to change, and one that does not exist is nobody's."""
    assert guarded.send(method, path, **given).method == method


def test_an_id_of_another_form_is_one_where_an_id_stands(guarded: Guarded) -> None:
    """A release that gives other ids is no way around."""
    with pytest.raises(RefusedWriteError, match="the session odd is one of acme"):
        guarded.send("POST", f"{contract.SESSIONS_PATH}/odd/deactivate")


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"clientId": "acme"}},
        {"json": {"clientId": f" {PREFIX}x"}},
        {"content": iter([b'{"clientId": "ac', b'me"}'])},
        {"content": b'{"client\\u0049d": "acme"}'},
    ],
    ids=["other", "nearly", "in-parts", "escaped"],
)
def test_no_session_is_asked_for_that_no_sweep_finds(guarded: Guarded, given: dict[str, Json]) -> None:
    """A client has the run's prefix."""
    with pytest.raises(RefusedWriteError, match=f"no sweep would find sessions of .*: begin a client with {PREFIX}"):
        guarded.send("POST", contract.ACTIVATE_PATH, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"json": {"clientId": f"{PREFIX}COLD-03-client-1"}},
        {"json": {"clientId": ""}},
        {"json": {"clientId": 7}},
        {"json": {}},
        {"json": ["clientId"]},
        {"content": b'{"clientId": "\xff"}'},
        {"content": b'{"clientId": "acme"'},
        {"content": b""},
    ],
)
def test_a_request_that_hermes_must_refuse_is_sent(guarded: Guarded, given: dict[str, Json]) -> None:
    """A body without a usable client is what rows about refusals need."""
    assert guarded.send("POST", contract.ACTIVATE_PATH, **given).method == "POST"


def test_a_body_in_parts_is_sent_in_these(guarded: Guarded) -> None:
    """A row that sends its body chunked still does, after it was looked at."""
    parts = [b'{"clientId":', f'"{PREFIX}x"}}'.encode()]
    request = guarded.send("POST", contract.ACTIVATE_PATH, content=iter(parts))
    assert isinstance(request.stream, httpx.SyncByteStream)

    assert list(request.stream) == parts


def _send_in_parts(send: Callable[[bytes], None], data: bytes, part_bytes: int) -> None:
    for at in range(0, len(data), part_bytes):
        send(data[at : at + part_bytes])


BYTES_OF_OTHERS = [
    f"POST {contract.SESSIONS_PATH}/{THEIRS}/deactivate HTTP/1.1\r\n\r\n",
    f"GET {contract.HMR_PATH}?sessionId={THEIRS} HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
    f"PUT /api/files/a HTTP/1.1\r\nX-SESSION-ID: {THEIRS}\r\n\r\n",
    "PUT /api/files/a HTTP/1.1\r\nx-session-id:odd\r\n\r\n",
    f'POST {contract.ACTIVATE_PATH} HTTP/1.1\r\n\r\n{{"clientId": "acme"}}',
]


@pytest.mark.parametrize("data", BYTES_OF_OTHERS)
@pytest.mark.parametrize("part_bytes", [1000, 7, 1])
def test_bytes_pass_the_same_guard(guarded: Guarded, data: str, part_bytes: int) -> None:
    """On a bare connection nothing leaves whole that names what is others', in whatever parts it is sent."""
    sink = Sink()
    connection = guarded.http.watched(sink)

    with pytest.raises(RefusedWriteError, match="was not sent"):
        _send_in_parts(connection.send, data.encode(), part_bytes)
    assert b"acme" + b'"' not in sink.sent
    assert THEIRS.encode() not in sink.sent


@pytest.mark.parametrize("data", BYTES_OF_OTHERS)
def test_own_bytes_are_sent(guarded: Guarded, data: str) -> None:
    """What names the run's own leaves as it is, and answers come."""
    sink = Sink()
    connection = guarded.http.watched(sink)
    own = data.replace(THEIRS, OWN).replace("acme", f"{PREFIX}x").replace("odd", NOBODYS).encode()
    connection.send(own)
    connection.close()
    connection.reset()

    assert (sink.sent, sink.ends, connection.receive(3), connection.peer_host) == (
        own,
        ["closed", "reset"],
        b"ans",
        "10.0.0.1",
    )
    assert not connection.is_readable


def test_bytes_need_the_lease(guarded: Guarded) -> None:
    """A bare connection sends nothing more once the lease is lost."""
    sink = Sink()
    connection = guarded.http.watched(sink)
    connection.send(b"POST /x HTTP/1.1\r\n")
    guarded.has_lease = False

    with pytest.raises(LeaseLostError, match=r"'POST /x HTTP/1\.1' was not sent"):
        connection.send(b"\r\n")
    assert sink.sent == b"POST /x HTTP/1.1\r\n"


def test_a_scenario_leaves_sessions_of_others_alone(begin: Begin, small_platform: SmallPlatform) -> None:
    """On a real stack a scenario neither ends a bystander's session nor starts one that no sweep finds."""
    stranger = small_platform.add_session("acme")
    stacks = begin()
    with stacks.open("COLD-03") as run:
        platform = platform_of(run)
        with pytest.raises(RefusedWriteError, match=f"the session {stranger} is one of acme"):
            platform.http.post(f"{contract.SESSIONS_PATH}/{stranger}/deactivate", {})
        with pytest.raises(RefusedWriteError, match="no sweep would find sessions of 'acme'"):
            platform.sessions.start(platform.sessions.request(clientId="acme"))
        with pytest.raises(RefusedWriteError, match=f"the session {stranger} is one of acme"):
            platform.raw.send(f"POST {contract.SESSIONS_PATH}/{stranger}/deactivate HTTP/1.1\r\n\r\n".encode())
    stacks.close()

    assert small_platform.sessions() == {stranger: "active"}
    assert [each for each in small_platform.requests if each.startswith("POST")] == []
