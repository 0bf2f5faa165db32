"""That every activity counts."""

from typing import Any

import pytest

from tests.support.story import BEGAN, ONE, Happened

HEADER = {"x-session-id": ONE}
CALLS = [
    ("PUT /api/files/a.md", {"path": "a.md", "size": 1}),
    ("POST /api/exec", {"output": "", "exitCode": 0}),
    ("POST /api/git/commit", {"filesChanged": [], "commit": None}),
    (f"GET /session/{ONE}/about", b"<html>"),
]


def active(seconds: float) -> dict[str, Any]:
    """Return the times of a session that was last active then."""
    return {"lastActivity": int((BEGAN + seconds) * 1000), "ttl": int(BEGAN + seconds) + 1800}


@pytest.mark.parametrize(("request_line", "answer"), CALLS)
def test_what_moves_nothing_is_found(request_line: str, answer: object) -> None:
    """A minute after the last activity each call that is one is noted, or a finding; a reading is none."""
    lost = Happened().wrote(at=0.0, **active(0)).asked(request_line, 200, answer, at=60.0, headers=HEADER)
    noted = Happened().wrote(at=0.0, **active(0)).wrote(at=60.05, **active(60))
    noted.asked(request_line, 200, answer, at=60.0, headers=HEADER)
    reading = Happened().wrote(at=0.0, **active(0)).asked("GET /api/files", 200, {"files": []}, at=60.0, headers=HEADER)

    assert lost.broken("activity") == ["every-activity-counts"]
    assert (noted.found_by("activity"), reading.found_by("activity")) == ([], [])
    assert "active last 60 s before it" in lost.found_by("activity")[0].event


def test_a_session_that_ends_meanwhile_is_not_asked() -> None:
    """What drains, is past its ttl, or was changed by the scenario has no activity to show."""
    request = (*CALLS[0][:1], 200, CALLS[0][1])
    drains = Happened().wrote(at=0.0).asked(*request, at=60.0, headers=HEADER).wrote(at=60.5, status="draining")
    over = Happened().wrote(at=0.0, ttl=BEGAN + 61).asked(*request, at=60.0, headers=HEADER)
    changed = Happened().wrote(at=0.0).asked(*request, at=60.0, headers=HEADER)
    changed.history.disturbed[ONE] = [BEGAN + 30.0]

    assert [each.found_by("activity") for each in (drains, over, changed)] == [[], [], []]


def test_a_table_that_is_away_excuses_it() -> None:
    """While the table takes no write, an activity is noted by nobody."""
    happened = Happened().wrote(at=0.0)
    with happened.history.something_broken("table_away"):
        happened.asked(CALLS[0][0], 200, CALLS[0][1], at=0.0, headers=HEADER)
        happened.asked(CALLS[0][0], 200, CALLS[0][1], at=60.0, headers=HEADER)
    happened.history.broken[0].ended += 60

    assert happened.found_by("activity") == []


def test_what_is_shown_afterwards_tells_too() -> None:
    """Where no write is seen, a later answer shows whether the activity was noted."""
    request, status = (CALLS[0][0], 200, CALLS[0][1]), f"GET /hermes/api/sessions/{ONE}/status"
    answers = []
    for seconds in (0, 60):
        fields = {"sessionId": ONE, "status": "active", **active(0)}
        happened = Happened().made().asked(status, 200, fields, at=30.0).asked(*request, at=60.0, headers=HEADER)
        answers.append(happened.asked(status, 200, {**fields, **active(seconds)}, at=70.0).broken("activity"))

    assert answers == [["every-activity-counts"], []]
