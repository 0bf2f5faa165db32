"""Tests of sessions: the requests that are made of them, and how their items are read."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from botocore.exceptions import ClientError

from seatrials.environments.environment import Environment
from seatrials.platform.sessions import DEFAULT_INSTRUCTION, Session, Sessions
from seatrials.platform.workspace import Workspace
from tests.support.aws import Json
from tests.support.calls import MakeCalls

FIELDS = {
    "sessionId": "session-1",
    "userId": "u@example.com",
    "clientId": "c",
    "threadId": "thread-1",
    "previewUrl": "https://alb.example/session/session-1",
    "status": "initializing",
}
SESSION = Session("session-1", "u@example.com", "c", "thread-1", FIELDS["previewUrl"], FIELDS)
ITEM = {
    "sessionId": {"S": "session-1"},
    "userId": {"S": "u@example.com"},
    "clientId": {"S": "c"},
    "status": {"S": "active"},
    "lastActivity": {"N": "5"},
    "ttl": {"N": "1700001800"},
    "metadata": {"M": {"share": {"N": "0.5"}, "attempts": {"L": [{"N": "1"}, {"BOOL": True}]}}},
}


class FakeDynamodb:
    """Answers from a list of items and remembers what it was asked."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.items = list(items)
        self.asked: list[dict[str, Any]] = []

    def get_item(self, **parameters: Json) -> dict[str, Any]:
        """Return the item of a key, or an answer without one."""
        self.asked.append(parameters)
        found = [each for each in self.items if each["sessionId"] == parameters["Key"]["sessionId"]]
        return {"Item": found[0]} if found else {}

    def query(self, **parameters: Json) -> dict[str, Any]:
        """Return the items of an index's hash key, or of a session's id."""
        self.asked.append(parameters)
        values = parameters["ExpressionAttributeValues"]
        names = {":client": "clientId", ":status": "status", ":id": "sessionId"}
        [(name, wanted)] = [(names[key], value) for key, value in values.items() if key in names][:1]
        found = [each for each in self.items if each.get(name) == wanted][: parameters.get("Limit")]
        return {"Items": found, "Count": len(found)}

    @property
    def exceptions(self) -> "FakeDynamodb":
        """Return the errors of this service."""
        return self

    class ConditionalCheckFailedException(Exception):  # noqa: N818  # as boto3 calls it
        """A condition does not hold."""

    def update_item(self, **_parameters: Json) -> None:
        """Change the first item, under the condition that there is one."""
        if not self.items:
            raise self.ConditionalCheckFailedException

    def describe_time_to_live(self, **_parameters: Json) -> dict[str, Any]:
        """Return the state of a table with items as enabled, of an empty one as disabled."""
        status = "ENABLED" if self.items else "DISABLED"
        return {"TimeToLiveDescription": {"TimeToLiveStatus": status, "AttributeName": "ttl"}}

    def get_paginator(self, operation: str) -> "FakeDynamodb":
        """Return what asks in pages: nothing reads the whole table."""
        assert operation == "query"
        return self

    def paginate(self, **parameters: Json) -> list[dict[str, Any]]:
        """Return one page for each item."""
        return [{"Items": [item]} for item in self.query(**parameters)["Items"]]


@pytest.fixture
def sent() -> list[httpx.Request]:
    """Return the requests that were sent, filled as they are."""
    return []


@pytest.fixture
def make_sessions(
    make_calls: MakeCalls, environment: Environment, sent: list[httpx.Request]
) -> Callable[..., Sessions]:
    """Return what makes sessions with items in the table and one answer of Hermes."""

    def make(*items: dict[str, Any], status: int = 201, body: object = FIELDS) -> Sessions:
        def handler(request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return httpx.Response(status, json=body)

        return Sessions(make_calls(handler), FakeDynamodb(*items), environment.names, "TEST_1_COLD-01")

    return make


def test_each_request_is_of_a_client_of_its_own(make_sessions: Callable[..., Sessions]) -> None:
    """Requests carry the run's prefix, and no two share client or user."""
    sessions = make_sessions()

    assert [sessions.request(), sessions.request()] == [
        {
            "clientId": f"TEST_1_COLD-01-client-{number}",
            "userId": f"TEST_1_COLD-01-user-{number}@example.com",
            "instruction": DEFAULT_INSTRUCTION,
        }
        for number in (1, 2)
    ]


def test_a_request_can_be_wrong_on_purpose(make_sessions: Callable[..., Sessions]) -> None:
    """A change replaces a field or adds one, and None takes it out."""
    request = make_sessions().request(clientId=7, userId=None, threadId="t")

    assert request == {"clientId": 7, "instruction": DEFAULT_INSTRUCTION, "threadId": "t"}


def test_a_started_session_is_what_was_answered(make_sessions: Callable[..., Sessions]) -> None:
    """A session has its ids, its preview's path, and every field as it came."""
    session = make_sessions().start()

    assert session == SESSION
    assert session.preview_path == "/session/session-1"


def test_a_session_that_is_not_new_fails_the_start(make_sessions: Callable[..., Sessions]) -> None:
    """Anything but 201 fails the scenario, showing the answer."""
    sessions = make_sessions(status=429, body={"error": "at capacity"})

    with pytest.raises(AssertionError, match=r"expected 201 for a new session, got .* → 429 .*at capacity"):
        sessions.start()


def test_missing_fields_are_named(make_sessions: Callable[..., Sessions]) -> None:
    """An answer without fields of the contract fails with their names."""
    sessions = make_sessions(body={"sessionId": "s", "userId": "u", "clientId": "c"})

    with pytest.raises(AssertionError, match=r"lacks \['threadId', 'previewUrl'\]"):
        sessions.start()


def test_calls_go_where_the_contract_says(make_sessions: Callable[..., Sessions], sent: list[httpx.Request]) -> None:
    """Each call has its method and path."""
    sessions = make_sessions()
    for call in (sessions.status, sessions.keepalive, sessions.deactivate, sessions.preview):
        call(SESSION)

    assert [f"{request.method} {request.url.path}" for request in sent] == [
        "GET /hermes/api/sessions/session-1/status",
        "POST /hermes/api/sessions/session-1/keepalive",
        "POST /hermes/api/sessions/session-1/deactivate",
        "GET /session/session-1",
    ]


def test_a_workspace_speaks_for_its_session(make_calls: MakeCalls) -> None:
    """Each call of a workspace carries the session's header, and paths are quoted."""
    seen: list[tuple[str, str, str]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.raw_path.decode(), request.headers["x-session-id"]))
        return httpx.Response(200, json={"commits": [{"commit": "abc"}]})

    workspace = Workspace(make_calls(handler), SESSION)
    workspace.write("a b.md", b"x")
    workspace.read("ü.md")
    commits = workspace.git_log()

    assert seen == [
        ("PUT", "/api/files/a%20b.md", "session-1"),
        ("GET", "/api/files/%C3%BC.md", "session-1"),
        ("GET", "/api/git/log", "session-1"),
    ]
    assert commits == [{"commit": "abc"}]


def test_a_workspace_that_is_not_there_fails_the_scenario(make_calls: MakeCalls) -> None:
    """The state of a repository is an answer of 200 or a failed scenario."""
    workspace = Workspace(make_calls(lambda _request: httpx.Response(404, json={"error": "unknown session"})), SESSION)

    with pytest.raises(AssertionError, match=r"expected 200, got .*unknown session"):
        workspace.git_status()


def test_an_item_is_read_as_plain_values(make_sessions: Callable[..., Sessions]) -> None:
    """Whole numbers are int, others float, at any depth."""
    item = make_sessions(ITEM).item(SESSION)

    assert item == {
        "sessionId": "session-1",
        "userId": "u@example.com",
        "clientId": "c",
        "status": "active",
        "lastActivity": 5,
        "ttl": 1_700_001_800,
        "metadata": {"share": 0.5, "attempts": [1, True]},
    }
    assert type(item["ttl"]) is int


def test_an_item_that_is_not_there_is_none(make_sessions: Callable[..., Sessions]) -> None:
    """No item is None, not an empty one."""
    assert make_sessions().item(SESSION) is None


def test_items_are_read_strongly(make_calls: MakeCalls, environment: Environment) -> None:
    """An index says which there are; what they are says the table, which has every write before."""
    dynamodb = FakeDynamodb(ITEM)
    sessions = Sessions(make_calls(lambda _request: httpx.Response(500)), dynamodb, environment.names, "TEST")
    found = [sessions.item(SESSION), *sessions.items_of_client("c"), *sessions.live_items()]

    reads = [asked for asked in dynamodb.asked if "Key" in asked]
    assert [asked["ConsistentRead"] for asked in reads] == [True] * 3
    assert [item and item["sessionId"] for item in found] == ["session-1"] * 3


def item_of(status: str) -> dict[str, Any]:
    """Return the item of a session with a status."""
    return {**ITEM, "sessionId": {"S": status}, "status": {"S": status}}


def test_live_items_are_those_that_are_not_over(make_sessions: Callable[..., Sessions]) -> None:
    """Initializing and active sessions are live."""
    items = [item_of(status) for status in ("initializing", "active", "draining", "expired", "error")]

    assert [item["sessionId"] for item in make_sessions(*items).live_items()] == ["initializing", "active"]


def test_an_index_that_is_late_makes_nothing_live(make_calls: MakeCalls, environment: Environment) -> None:
    """What the index still has as active and the table has as expired is over."""
    dynamodb = FakeDynamodb(ITEM)
    sessions = Sessions(make_calls(lambda _request: httpx.Response(500)), dynamodb, environment.names, "TEST")

    with patch.object(FakeDynamodb, "get_item", lambda *_, **__: {"Item": {**ITEM, "status": {"S": "expired"}}}):
        assert sessions.live_items() == []


def test_sessions_in_use_are_counted_up_to_what_matters(make_sessions: Callable[..., Sessions]) -> None:
    """Ended or not; how many more there are than the most that is asked for costs nothing to leave open."""
    sessions = make_sessions(*(item_of(each) for each in ("active", "expired", "error")))

    assert [sessions.count_active_since(1, most) for most in (1, 2, 3, 9)] == [1, 2, 3, 3]


def test_an_index_has_its_time_before_a_clients_items_are_read(make_calls: MakeCalls, environment: Environment) -> None:
    """A duplicate that was just written must be found."""
    dynamodb, settled = FakeDynamodb(), list[str]()

    def settle() -> None:
        settled.append("settled")
        dynamodb.items = [ITEM]

    calls = make_calls(lambda _request: httpx.Response(500))
    sessions = Sessions(calls, dynamodb, environment.names, "TEST", settle)

    assert [item["sessionId"] for item in sessions.items_of_client("c")] == ["session-1"]
    assert settled == ["settled"]


def test_an_index_gives_ids(make_calls: MakeCalls, environment: Environment) -> None:
    """The indexes are asked by their names of the environment and give session ids."""
    dynamodb = FakeDynamodb(ITEM)
    sessions = Sessions(make_calls(lambda _request: httpx.Response(500)), dynamodb, environment.names, "TEST")

    ids = [sessions.ids_by_client_index("c", "active"), sessions.ids_by_status_index("active", 1)]

    assert ids == [["session-1"], ["session-1"]]
    assert [asked["IndexName"] for asked in dynamodb.asked] == ["clientId-status-index", "status-lastActivity-index"]


def test_the_attribute_of_expiry_counts_when_it_is_enabled(make_sessions: Callable[..., Sessions]) -> None:
    """A table that names an attribute and has time to live disabled expires nothing."""
    assert (make_sessions(ITEM).ttl_attribute(), make_sessions().ttl_attribute()) == ("ttl", None)


def test_sessions_of_a_run_are_known_by_their_clients(make_sessions: Callable[..., Sessions]) -> None:
    """Live sessions of this scenario are those of the clients that it asked a session for."""
    item = {name: {"S": value} for name, value in FIELDS.items()}
    other = {**item, "sessionId": {"S": "session-2"}, "clientId": {"S": "another"}}
    sessions = make_sessions(item, other, {**item, "sessionId": {"S": "session-3"}, "status": {"S": "expired"}})
    sessions.activate({"clientId": "c"})

    assert sessions.live_of_run() == [SESSION]
    assert [each["sessionId"] for each in sessions.items_of_run()] == ["session-1", "session-3"]


def refusal(code: str, operation: str) -> ClientError:
    """Return the error with which DynamoDB refuses a call."""
    return ClientError({"Error": {"Code": code, "Message": "refused"}}, operation)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFoundException"])
def test_an_index_that_is_not_there_fails_the_scenario(make_sessions: Callable[..., Sessions], code: str) -> None:
    """A scenario that asks an index in vain says which index it was; another refusal stays what it is."""
    sessions = make_sessions()

    told = pytest.raises(AssertionError, match="expected the index clientId-status-index of webordinary-")
    with patch.object(FakeDynamodb, "query", side_effect=refusal(code, "Query")), told:
        sessions.ids_by_client_index("c", "active")
    with patch.object(FakeDynamodb, "query", side_effect=refusal("AccessDenied", "Query")), pytest.raises(ClientError):
        sessions.ids_by_client_index("c", "active")


def test_a_ttl_needs_an_item(make_sessions: Callable[..., Sessions]) -> None:
    """Who changes the ttl of a session that has no item is told."""
    with pytest.raises(AssertionError, match=r"expected an item of session-1 whose ttl can be changed"):
        make_sessions().set_ttl(SESSION, 1)
