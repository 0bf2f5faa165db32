"""Tests of calls to the load balancer: what is sent, what is noted, what is said when nobody answers."""

import json
from typing import Any

import httpx
import pytest

from seatrials.evidence.recorder import Recorder
from seatrials.platform.calls import Answer, Listed
from seatrials.platform.patience import RESETS_MAX
from seatrials.twin.physics.clock import VirtualClock
from tests.support.calls import MakeCalls


def answer(content: bytes, status: int = 200, **headers: str) -> Answer:
    """Return an answer with a body; `_` in the name of a header stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(named), content, "GET /x", 0.0)


def echo(request: httpx.Request) -> httpx.Response:
    """Answer with what was asked."""
    told: dict[str, Any] = {
        "method": request.method,
        "url": str(request.url),
        "body": request.content.decode(),
        "type": request.headers.get("content-type"),
        "session": request.headers.get("x-session-id"),
    }
    return httpx.Response(200, json=told)


def test_a_post_is_json(make_calls: MakeCalls) -> None:
    """A body goes out as JSON and says so, beside the caller's own headers."""
    seen = make_calls(echo).post("/api/execute", {"a": 1}, {"x-session-id": "s"}).json()

    assert seen == {
        "method": "POST",
        "url": "https://alb.example/api/execute",
        "body": '{"a": 1}',
        "type": "application/json",
        "session": "s",
    }


def test_redirects_are_not_followed(make_calls: MakeCalls) -> None:
    """A redirect is an answer like any other."""
    calls = make_calls(lambda _request: httpx.Response(301, headers={"location": "https://alb.example/elsewhere"}))

    assert (
        calls.get("/").status,
        calls.get("/").headers["location"],
    ) == (301, "https://alb.example/elsewhere")


def test_an_answer_knows_how_long_it_took(make_calls: MakeCalls, clock: VirtualClock) -> None:
    """The time of an answer is platform time."""

    def slow(_request: httpx.Request) -> httpx.Response:
        clock.sleep(1.5)
        return httpx.Response(204)

    assert make_calls(slow).get("/").elapsed_seconds == 1.5


def test_a_call_is_a_step(make_calls: MakeCalls, recorder: Recorder) -> None:
    """What was sent and answered is noted, without secrets."""
    make_calls(echo).post("/api/x", {"userId": "anna@example.com"}, {"Cookie": "AWSALB=1"})

    (step,) = recorder.steps
    assert step.title == "POST /api/x → 200"
    assert step.details["request"] == '{"userId": "a***@example.com"}'
    assert step.details["request_headers"] == {"content-type": "application/json", "Cookie": "[redacted]"}
    assert "anna@" not in json.dumps(step.details)


def test_a_version_that_is_told_is_noted(make_calls: MakeCalls, recorder: Recorder) -> None:
    """Whoever asks Hermes how it is learns which one it is, and the evidence keeps it."""
    calls = make_calls(lambda _request: httpx.Response(200, json={"status": "healthy", "version": "1.4.2"}))
    calls.get("/hermes/health")
    calls.get("/api/files")

    assert recorder.versions == {"hermes": {"1.4.2"}}


def test_a_long_body_is_noted_in_part(make_calls: MakeCalls, recorder: Recorder) -> None:
    """Evidence holds the beginning of a body, not all of 10 MB."""
    make_calls(lambda _request: httpx.Response(200, content=b"y" * 10_000)).send("PUT", "/api/x", b"x" * 10_000)

    (step,) = recorder.steps
    assert (len(step.details["request"]), len(step.details["answer"])) == (400, 400)


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ReadTimeout("nothing came")])
def test_no_answer_fails_the_scenario(make_calls: MakeCalls, recorder: Recorder, error: httpx.HTTPError) -> None:
    """A scenario that gets no answer fails with the request and the reason, and the attempt is noted."""

    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    expected = rf"GET /x got no answer from the load balancer: {type(error).__name__}: {error}"
    with pytest.raises(AssertionError, match=expected):
        make_calls(fail).get("/x")
    assert [step.title for step in recorder.steps] == ["GET /x → no answer"]


def test_what_is_no_json_is_shown() -> None:
    """An answer that should be JSON and is not fails the scenario, showing the body."""
    with pytest.raises(
        AssertionError, match=r"expected JSON of <GET /x → 502 from a service: <html>Bad Gateway</html>>"
    ):
        answer(b"<html>Bad Gateway</html>", 502).json()


def test_an_answer_is_shown_short() -> None:
    """A long body does not hide the request in the message of a failed assertion."""
    shown = repr(answer(b"z" * 5_000))

    assert shown == f"<GET /x → 200 from a service: {'z' * 400}…>"


def test_a_body_that_is_no_text_can_be_shown() -> None:
    """Bytes of no encoding are shown, and never an error of their own."""
    assert answer(b"\xff").text == "�"


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        pytest.param({"x_service": "hermes", "server": "awselb/2.0"}, "hermes", id="named"),
        pytest.param({"server": "awselb/2.0"}, "the load balancer itself", id="balancer"),
        pytest.param({}, "a service", id="unnamed"),
    ],
)
def test_an_answer_tells_who_gave_it(headers: dict[str, str], origin: str) -> None:
    """A 404 of the load balancer and one of a service are not the same failure.

    Source: AWS ALB User Guide, fixed-response actions: the answer's `Server` is `awselb/2.0`.
    """
    assert origin == answer(b"", 404, **headers).origin


def test_content_in_parts_is_sent_chunked(make_calls: MakeCalls) -> None:
    """Parts go out chunked, and arrive as one body."""
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        seen.append(request)
        return httpx.Response(200)

    make_calls(handler).send("PUT", "/api/files/a", iter([b"ab", b"c"]))

    assert (seen[0].headers["transfer-encoding"], seen[0].content) == ("chunked", b"abc")


def test_a_field_that_is_missing_fails_the_scenario() -> None:
    """A scenario that asks for a field or a header which is not there says so and shows the answer."""
    seen = answer(b'{"session":{"status":"active"}}', 503, retry_after="5")

    assert (seen.json(), seen.header("Retry-After")) == ({"session": {"status": "active"}}, "5")
    with pytest.raises(AssertionError, match=r"expected a field 'error' in <GET /x → 503 from a service: \{"):
        seen.json()["error"]
    with pytest.raises(AssertionError, match="expected a field 'ttl' in <GET /x"):
        seen.json()["session"]["ttl"]
    with pytest.raises(AssertionError, match=r"expected a header 'location' in <GET /x .*, which has retry-after"):
        seen.header("location")


def test_an_element_that_is_missing_fails_the_scenario() -> None:
    """What was listed, and how much of it, is shown in place of an IndexError."""
    commits = Listed(["first"], "commits of the branch")

    assert (commits[0], commits[-1], commits[:5], commits == ["first"]) == ("first", "first", ["first"], True)
    with pytest.raises(AssertionError, match=r"expected more commits of the branch than 1: \['first'\]"):
        commits[1]


def test_what_is_no_list_fails_the_scenario() -> None:
    """An error in place of a list is shown, and not iterated over."""
    assert answer(b"[1, 2]").json_list() == [1, 2]
    with pytest.raises(AssertionError, match=r"expected a list in <GET /x → 400 .*no such client"):
        answer(b'{"error": "no such client"}', 400).json_list()


class Resetting:
    """A platform whose first so many requests meet a reset."""

    def __init__(self, resets: int) -> None:
        self.left = resets
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Reset, or answer."""
        self.asked.append(request.method)
        self.left -= 1
        if self.left >= 0:
            msg = "the connection was reset by the peer"
            raise httpx.ReadError(msg)
        return httpx.Response(200)


def test_a_get_survives_one_reset_and_says_so(make_calls: MakeCalls, recorder: Recorder) -> None:
    """What changes nothing may be sent again (RFC 9110, 9.2.2); the evidence has it, within a wait too."""
    platform = Resetting(1)
    with recorder.waiting("the platform"):
        calls = make_calls(platform.answer)
        statuses = [calls.get("/x").status for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert platform.asked == ["GET"] * 4
    assert "GET /x → reset before an answer, and asked again" in [step.title for step in recorder.steps]


@pytest.mark.parametrize(("method", "resets"), [("POST", 1), ("PUT", 1), ("GET", 2)])
def test_any_other_reset_fails_the_scenario(make_calls: MakeCalls, method: str, resets: int) -> None:
    """A request that changes something was perhaps carried out, and a second reset is no chance."""
    platform = Resetting(resets)
    with pytest.raises(AssertionError, match=f"{method} /x got no answer.*reset by the peer"):
        make_calls(platform.answer).send(method, "/x")

    assert len(platform.asked) == resets


def test_many_resets_fail_the_scenario(make_calls: MakeCalls) -> None:
    """A platform that resets one request after the other is not spared for long."""
    platform = Resetting(0)
    calls = make_calls(platform.answer)
    for _ in range(RESETS_MAX):
        platform.left = 1
        calls.get("/x")
    platform.left = 1
    with pytest.raises(AssertionError, match="GET /x got no answer"):
        calls.get("/x")
