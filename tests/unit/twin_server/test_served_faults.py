"""Faults that clients of a served world begin and end, and what becomes of those that nobody ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from seatrials.errors import ConfigurationError, UnreachableError
from seatrials.platform.faults import FAULTS_PATH
from seatrials.seams.http1 import Request, Response
from seatrials.seams.lateness import Lateness
from seatrials.stacks.live.rehearsed_faults import RehearsedFaults, active_faults, end_faults
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin_server.control import Control
from seatrials.twin_server.served_faults import LONGEST_SECONDS, ServedFaults

if TYPE_CHECKING:
    from seatrials.twin.faults import TwinFaults


class Breaker:
    """A world in which one task may hang, and says what does."""

    def __init__(self) -> None:
        self.hanging_now: list[str] = []

    @contextmanager
    def hanging(self, task_arn: str) -> Iterator[None]:
        """Let the task hang; there is no other than `task`."""
        if task_arn != "task":
            raise KeyError(task_arn)
        self.hanging_now.append(task_arn)
        try:
            yield
        finally:
            self.hanging_now.remove(task_arn)


class Served:
    """A served world's own paths, and what is broken in it."""

    def __init__(self) -> None:
        self.clock = VirtualClock(1_700_000_000)
        self.breaker = Breaker()
        faults = ServedFaults(self.clock, cast("TwinFaults", self.breaker))
        self.control = Control(lambda _request: Response(200, b"of AWS"), Lateness(1.0), dict, faults)

    def ask(self, method: str, target: str, body: bytes = b"") -> tuple[int, dict[str, object]]:
        """Return status and document of an answer."""
        answer = self.control.handle(Request(method=method, target=target, headers=[], body=body))
        assert isinstance(answer.body, bytes)
        return answer.status, json.loads(answer.body)

    def begin(self, name: str, *given: object) -> tuple[int, dict[str, object]]:
        """Ask for a fault."""
        return self.ask("POST", FAULTS_PATH, json.dumps({"name": name, "given": given, "named": {}}).encode())


@pytest.fixture
def served() -> Iterator[Served]:
    """Give a served world."""
    found = Served()
    with found.clock.closing():
        yield found


def test_a_fault_lasts_until_it_is_ended(served: Served) -> None:
    """What was begun by one request is over after another, and is not ended a second time."""
    begun = served.begin("hanging", "task")
    during = list(served.breaker.hanging_now)
    ended = [served.ask("DELETE", f"{FAULTS_PATH}/1")[0] for _ in range(2)]

    assert (begun, during) == ((201, {"number": 1}), ["task"])
    assert (served.breaker.hanging_now, ended) == ([], [200, 400])


def test_what_nobody_ends_the_server_does(served: Served) -> None:
    """A fault whose client is gone heals by itself."""
    served.begin("hanging", "task")
    served.clock.sleep(LONGEST_SECONDS - 1)
    before = list(served.breaker.hanging_now)
    served.clock.sleep(2)

    assert (before, served.breaker.hanging_now) == (["task"], [])


def test_what_a_dead_client_has_broken_can_be_told_and_ended(served: Served) -> None:
    """Whoever cleans up after a run ends all that is broken, the newest first, and nothing a second time."""
    for _ in range(2):
        served.begin("hanging", "task")
    told, ended = served.ask("GET", FAULTS_PATH), served.ask("DELETE", FAULTS_PATH)
    after = served.ask("GET", FAULTS_PATH), served.ask("DELETE", f"{FAULTS_PATH}/1")[0]
    served.clock.sleep(LONGEST_SECONDS + 1)

    assert told == ended == (200, {"faults": ["hanging", "hanging"]})
    assert after == ((200, {"faults": []}), 400)
    assert served.breaker.hanging_now == []


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("floods", [], "no fault is called 'floods'"),
        ("_containers", ["task"], "no fault is called '_containers'"),
        ("hanging", ["another"], "hanging cannot be had"),
        ("hanging", [], "hanging cannot be had"),
        ("partitioned", ["client", "balancer"], "clients of a served world are outside"),
    ],
)
def test_what_cannot_be_broken_is_refused(served: Served, name: str, given: list[str], problem: str) -> None:
    """A fault that there is not, or not of this, is refused in words, and nothing is broken."""
    status, told = served.begin(name, *given)

    assert (status, served.breaker.hanging_now) == (400, [])
    assert problem in json.dumps(told)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name": "hanging"}', b'{"name": 1, "given": [], "named": {}}'])
def test_a_body_that_names_no_fault_is_refused(served: Served, body: bytes) -> None:
    """Anything but a name and its parameters is a request in vain."""
    assert served.ask("POST", FAULTS_PATH, body)[0] == 400


def test_a_world_of_programs_cannot_be_broken() -> None:
    """Where containers are programs of the machine the server has no faults."""
    control = Control(lambda _request: Response(200, b"of AWS"), Lateness(1.0))

    asked = Request(method="GET", target=FAULTS_PATH, headers=[], body=b"")

    assert control.handle(Request(method="POST", target=FAULTS_PATH, headers=[], body=b"{}")).status == 404
    assert control.handle(asked).body == b'{"faults":[]}'


def test_a_rehearsal_breaks_its_world_by_the_server(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario's fault is begun on the server, ended with its block, and refused as the server refuses it."""

    def request(method: str, url: str, **given: object) -> httpx.Response:
        body = b"" if given["json"] is None else json.dumps(given["json"]).encode()
        status, told = served.ask(method, url.removeprefix("http://127.0.0.1:1"), body)
        return httpx.Response(status, json=told)

    monkeypatch.setattr(httpx, "request", request)
    faults = RehearsedFaults(lambda _service: None, "cluster", {}, "http://127.0.0.1:1")
    with faults.hanging("task"):
        during = list(served.breaker.hanging_now)
    with pytest.raises(ConfigurationError, match="hanging cannot be had"), faults.hanging("another"):
        pass

    served.begin("hanging", "task")
    left = active_faults("http://127.0.0.1:1")
    for url in ("http://127.0.0.1:1", "http://127.0.0.1:1", None):
        end_faults(url)

    assert (during, left, served.breaker.hanging_now) == (["task"], ["hanging"], [])
    assert active_faults(None) == []
    assert not hasattr(faults, "floods")


def test_a_server_that_is_gone_is_told() -> None:
    """A run whose rehearsal's server has ended says so, and not in a traceback."""
    with pytest.raises(UnreachableError, match=r"does not answer GET http://127\.0\.0\.1:1/_seatrials/faults"):
        active_faults("http://127.0.0.1:1")
