"""That an answer has no headers of its own."""

import pytest

from tests.support.story import ACTIVATE, JSON, ONE, Happened, session, status_path

REFUSED = {"error": "method not allowed"}


@pytest.mark.parametrize(
    ("request_line", "status", "answer", "own"),
    [
        (f"GET {status_path()}", 200, session(), ("set-cookie", "client=x")),
        (f"GET {status_path()}", 404, {"error": "session not found"}, ("retry-after", "5")),
        (f"DELETE {status_path()}", 405, REFUSED, ("x-user", "a")),
        ("GET /hermes/nowhere", 404, {"error": "not found"}, ("x-user", "a")),
        ("GET /nowhere", 404, {"error": "not found"}, ("x-user", "a")),
    ],
)
def test_what_nobody_has_declared_is_found(
    request_line: str, status: int, answer: object, own: tuple[str, str]
) -> None:
    """A header is declared for its answer, or for all of its service; it is named."""
    happened = Happened().wrote(at=0.0).asked(request_line, status, answer, told=(JSON, own))

    assert happened.broken("headers") == ["headers-declared"]
    assert own[0] in happened.found_by("headers")[0].event


def test_what_is_declared_is_no_finding() -> None:
    """Retry-After at 429, Allow at 405, and what the protocol's own handshake has."""
    happened = (
        Happened()
        .asked(f"POST {ACTIVATE}", 429, {"error": "full"}, told=(JSON, ("retry-after", "5"), ("server", "x")))
        .asked(f"DELETE {status_path()}", 405, REFUSED, told=(JSON, ("allow", "GET")))
        .asked("OPTIONS /hermes/health", 405, REFUSED, told=(JSON, ("allow", "GET")))
        .asked(f"GET /ws/hmr?sessionId={ONE}", 101, told=(("upgrade", "websocket"), ("sec-websocket-accept", "x")))
    )

    assert happened.found_by("headers") == []
