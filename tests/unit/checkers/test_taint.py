"""Clients are kept apart in every answer."""

import pytest

from tests.support.story import ACTIVATE, JSON, ONE, OTHER, Happened, status_path

TEXT = "the opening hours are nobody's business"


def two_clients() -> Happened:
    """Return what two clients did, of whom one has written a file."""
    written = {"path": "secret-hours.md", "size": len(TEXT)}
    of_other = {"x-session-id": OTHER}
    return (
        Happened()
        .made(ONE, "client-1")
        .made(OTHER, "client-10")
        .asked("PUT /api/files/secret-hours.md", 200, written, sent=TEXT.encode(), headers=of_other)
    )


@pytest.mark.parametrize(
    "told", [OTHER, "client-10", "user-of-client-10", "thread-of-client-10", "secret-hours.md", f"x {TEXT} y"]
)
def test_what_is_anothers_is_found(told: str) -> None:
    """An id, a name, a path and a line of another client's are found in a body."""
    happened = two_clients().asked(f"GET {status_path()}", 404, {"error": told})

    assert happened.broken("taint") == ["own-only"]


def test_a_text_is_found_however_json_writes_it() -> None:
    """Quotes, and letters that are not ASCII's, stand in JSON as something else; what a client said is its own too."""
    line, path = '<p class="hours">täglich geöffnet</p>', "/api/files/hours.html"
    headers = {"x-session-id": OTHER}
    happened = two_clients().asked(f"PUT {path}", 200, {"path": "hours.html"}, sent=line.encode(), headers=headers)
    happened.asked(f"GET {status_path()}", 404, {"error": line})
    said = two_clients().asked(f"PUT {path}", 200, {"path": "hours.html"}, sent=line.encode(), headers=headers)
    said.asked(f"POST {ACTIVATE}", 400, {"error": line}, sent={"clientId": "client-1", "instruction": line})

    assert (happened.broken("taint"), said.broken("taint")) == (["own-only"], [])


def test_headers_tell_too() -> None:
    """An id of another client's is found in a header."""
    happened = two_clients().asked(f"GET {status_path()}", 404, {"error": "no"}, told=(JSON, ("x-next", OTHER)))

    assert happened.broken("taint") == ["own-only"]


def test_nobody_is_told_of_anybody() -> None:
    """An answer about a session that nobody has tells nothing of those that there are."""
    happened = two_clients().asked(f"GET {status_path('session-of-nobody')}", 404, {"error": f"not {ONE}"})

    assert happened.broken("taint") == ["own-only"]


def test_a_refused_activation_names_no_others() -> None:
    """Who is refused is a client too."""
    sent = {"clientId": "client-11"}
    happened = two_clients().asked(f"POST {ACTIVATE}", 429, {"error": "full of client-10"}, sent=sent)

    assert happened.broken("taint") == ["own-only"]


@pytest.mark.parametrize("status", [404, 410])
def test_whose_a_session_was_is_told_to_nobody(status: int) -> None:
    """Whoever has the id of a session that is over is told that id, and not whose it was."""
    named = two_clients().asked(f"GET {status_path()}", status, {"error": "a session of client-1"})
    happened = two_clients().asked(f"GET {status_path()}", status, {"error": f"{ONE} is not there"})

    assert (named.broken("taint"), happened.found_by("taint")) == (["own-only"], [])


@pytest.mark.parametrize("told", [ONE, "client-1", "client-100 is another name", "user-of-client-1"])
def test_what_is_ones_own_is_fine(told: str) -> None:
    """Its own ids and names are told to a client, and a name is not found within a longer one."""
    happened = two_clients().asked("GET /api/files/a.md", 404, {"error": told}, headers={"x-session-id": ONE})

    assert happened.found_by("taint") == []


def test_what_was_asked_may_be_said_back() -> None:
    """A request that names another's file may be told that name again."""
    happened = two_clients().asked(
        "GET /api/files/secret-hours.md", 404, {"error": "no file secret-hours.md"}, headers={"x-session-id": ONE}
    )

    assert happened.found_by("taint") == []


def test_an_operator_is_told_of_everybody() -> None:
    """What a container hosts is told to whoever names no session."""
    hosted = {"sessions": [{"sessionId": ONE}, {"sessionId": OTHER}]}
    nobody = two_clients().asked("GET /api/sessions", 200, hosted)
    client = two_clients().asked("GET /api/sessions", 200, hosted, headers={"x-session-id": ONE})

    assert (nobody.broken("taint"), client.broken("taint")) == ([], ["own-only"])
