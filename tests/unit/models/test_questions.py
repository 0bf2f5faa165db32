"""The table of routes is the contract's."""

from typing import Any

import httpx

from seatrials.checkers.api import api
from seatrials.models.questions import _STATUSES, Expected, Question, Questions
from seatrials.platform import Answer, Session

SESSION = Session("session-1", "u", "c", "t", "https://x/session/session-1", {})


def operations() -> dict[str, Any]:
    """Return the operations of Hermes and the editor by id."""
    paths = [path for service in ("hermes", "editor") for path in api(service).paths]
    return {each.id: each for path in paths for each in path.operations.values()}


def test_every_operation_is_asked_for_statuses_that_it_declares() -> None:
    """What the contract declares of an operation has the statuses of the table; the load balancer has its own 404."""
    undeclared = {name: {*statuses} - {*operations()[name].answers, 404} for name, statuses in _STATUSES.items()}

    assert _STATUSES.keys() == operations().keys()
    assert {name: each for name, each in undeclared.items() if each} == {}


def test_every_path_is_asked_by_every_method() -> None:
    """The plain questions have each path and method, and none that would end the session."""
    asked = {(each.method, each.target, each.named): each for each in Questions(SESSION).plain()}

    assert asked["GET", "/api/files", "session-1"].expected[0].status == 200
    assert asked["GET", "/api/files", None].expected[0].status == 400
    assert asked["DELETE", "/api/files", "session-1"].expected[0].status == 405
    assert asked["GET", "/hermes/api/sessions/session-1/deactivate", None].expected[0].allowed == {"POST"}
    assert ("POST", "/hermes/api/sessions/session-1/deactivate", None) not in asked


def test_a_spelled_path_is_another_one_but_for_letters_in_their_code() -> None:
    """The listener's rules read a code as it was sent or as its letter, and services as its letter."""
    spelled = Questions(SESSION).spelled()
    asked = {(each.method, each.target): [one.status for one in each.expected] for each in spelled}

    assert asked["GET", "/%68ermes/status"] == [404, 200]
    assert asked["GET", "/hermes/statu%73"] == [200, 200]
    assert asked["GET", "/hermes/status/"] == [404, 404]
    assert asked["GET", "/ws/hmr?x=1&sessionId=session-1"] == [400, 400]


def test_a_session_is_ended_by_no_question_however_its_path_is_read() -> None:
    """A load balancer that decodes paths would lead `/%68ermes` to Hermes."""
    ending = "/%68ermes/api/sessions/session-1/deactivate"
    asked = {(each.method, each.target) for each in Questions(SESSION).spelled()}

    assert ("GET", ending) in asked
    assert ("POST", ending) not in asked


def test_a_wrong_answer_is_told_with_what_was_expected() -> None:
    """Status, Allow and a body of HEAD are each told, and a right answer is not."""
    question = Question("HEAD", "/x", None, (Expected(405, frozenset({"POST"})),))
    wrong = Answer(200, httpx.Headers({"allow": "GET"}), b"body", "HEAD /x", 0.1)
    right = Answer(405, httpx.Headers({"allow": "POST, OPTIONS"}), b"", "HEAD /x", 0.1)

    assert "expected 405; expected POST in Allow, which has GET; expected no body of HEAD" in question.wrong(wrong)
    assert question.wrong(right) == ""
