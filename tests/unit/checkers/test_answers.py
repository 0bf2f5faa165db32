"""Answers against the OpenAPI documents."""

import pytest

from tests.support.story import ACTIVATE, JSON, ONE, Happened, session, status_path

NOT_FOUND = {"error": "session not found"}
ALLOW = (JSON, ("allow", "POST"))
FILES = {"files": [{"path": "hello.md", "size": 5}]}
HEADER = {"x-session-id": ONE}


def test_what_is_declared_is_no_finding() -> None:
    """Answers as the contract has them, of every kind, are fine."""
    happened = (
        Happened()
        .made()
        .asked(f"GET {status_path()}", 200, session())
        .asked(f"GET {status_path()}", 404, NOT_FOUND)
        .asked(f"HEAD {status_path()}", 200)
        .asked(f"POST {ACTIVATE}", 429, {"error": "full"}, told=(JSON, ("retry-after", "60")))
        .asked(f"GET {ACTIVATE}", 405, {"error": "method not allowed"}, told=ALLOW)
        .asked("GET /api/files", 200, FILES, headers=HEADER)
        .asked("OPTIONS /api/files/a/b.md", 204, told=(("allow", "GET, HEAD, PUT, OPTIONS"),))
        .asked(f"GET /session/{ONE}/about/us", 200, b"<html>", told=(("content-type", "text/html"),))
        .asked("GET /hermes/other", 404, {"error": "not found"})
        .asked("GET /other", 404, {"error": "not found"}, told=(JSON, ("server", "awselb/2.0")))
        .asked("GET /%68ermes/other", 404, {"error": "not found"})
        .asked("GET /%68ermes/other", 404, {"error": "not found"}, told=(JSON, ("server", "awselb/2.0")))
        .asked("POST /healt%68", 200, {"status": "healthy"}, told=(JSON, ("server", "awselb/2.0")))
        .asked("POST /health", 200, {"status": "healthy"}, told=(JSON, ("server", "awselb/2.0")))
        .asked("GET /api/files", 504, b"<html>", told=(("server", "awselb/2.0"), ("content-type", "text/html")))
        .asked(f"GET {status_path()}", 0)
    )

    assert happened.found_by("answers") == []


@pytest.mark.parametrize(
    ("invariant", "request_line", "status", "answer", "told"),
    [
        ("status-declared", f"GET {status_path()}", 500, {"error": "internal error"}, (JSON,)),
        ("status-declared", f"POST {ACTIVATE}", 202, session(), (JSON,)),
        ("status-declared", "GET /hermes/health", 299, b"", (("server", "awselb/2.0"),)),
        ("status-declared", "GET /%68ermes/health", 201, {"status": "healthy"}, (JSON,)),
        ("body-closed", f"GET {status_path()}", 404, {**NOT_FOUND, "live": [ONE]}, (JSON,)),
        ("body-closed", f"GET {status_path()}", 200, {**session(), "worker": "x"}, (JSON,)),
        ("body-closed", f"GET {status_path()}", 200, {**session(), "ttl": "soon"}, (JSON,)),
        ("body-closed", f"GET {status_path()}", 410, b"gone", (JSON,)),
        ("body-closed", "GET /api/files", 400, {"error": "X-Session-ID is missing"}, (JSON,)),
        ("header-there", f"POST {ACTIVATE}", 429, {"error": "full"}, (JSON,)),
        ("header-there", f"GET {ACTIVATE}", 405, {"error": "method not allowed"}, (JSON,)),
        ("header-there", f"GET {status_path()}", 404, NOT_FOUND, (("content-type", "text/html"),)),
        ("method-refused", f"GET /hermes/api/sessions/{ONE}/deactivate", 202, {"status": "draining"}, (JSON,)),
        ("method-refused", f"GET {ACTIVATE}", 405, {"error": "no"}, (JSON, ("allow", "POST, DELETE"))),
        ("head-bodiless", f"HEAD {status_path()}", 200, session(), (JSON,)),
        ("nothing-internal", f"GET {status_path()}", 404, {"error": "KeyError: 'x'"}, (JSON,)),
        ("nothing-internal", f"GET {status_path()}", 503, {"error": "(ThrottlingException) says AWS"}, (JSON,)),
        (
            "nothing-internal",
            f"GET {status_path()}",
            503,
            {"error": "failed when calling the GetItem operation"},
            (JSON,),
        ),
        ("nothing-internal", "GET /api/files/a.md", 404, {"error": "no /var/lib/edit/a.md"}, (JSON,)),
        ("nothing-internal", "GET /api/files/b.md", 404, {"error": "no '/mnt/efs/one/b.md'"}, (JSON,)),
        ("nothing-internal", "GET /api/files/c.md", 404, {"error": "[Errno 21] Is a directory"}, (JSON,)),
        ("nothing-internal", f"GET {status_path()}", 503, b"Traceback (most recent call last)", (JSON,)),
    ],
)
def test_what_is_not_declared_is_found(
    invariant: str, request_line: str, status: int, answer: object, told: tuple[tuple[str, str], ...]
) -> None:
    """Each departure from the contract is a finding of its own invariant."""
    happened = Happened().asked(request_line, status, answer, told=told)

    assert invariant in happened.broken("answers")


def test_what_was_asked_may_be_said_back() -> None:
    """An error may repeat a path of the request, however it looks."""
    told = {"error": "the path '/etc/passwd' is not one inside the workspace", "field": "path"}
    happened = Happened().asked("GET /api/files//etc/passwd", 400, told)

    assert happened.found_by("answers") == []


def test_a_message_is_closed() -> None:
    """A field more in a message of the WebSocket is found."""
    happened = Happened().heard((1.0, "a.md"), until=2.0)
    happened.history.sockets[0].messages[0][1]["sessionId"] = ONE

    assert happened.broken("answers") == ["message-declared"]
