"""Hermes's answers: statuses, JSON and headers of the contract."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.clock import in_parallel
from seatrials.webordinary.hermes.lifecycle import TTL_SECONDS
from tests.support.hermes import HermesAnswer, HermesWorld, Hooks

SESSIONS = "/hermes/api/sessions"
TABLE = "webordinary-edit-sessions"


@pytest.fixture
def running(world: HermesWorld) -> HermesWorld:
    """Return the world with a Hermes in it."""
    world.start_hermes()
    return world


def set_field(world: HermesWorld, session: dict[str, Any], name: str, value: dict[str, str]) -> None:
    """Change one attribute of a session's item from outside."""
    world.dynamodb.update_item(
        TableName=TABLE,
        Key={"sessionId": {"S": session["sessionId"]}, "userId": {"S": session["userId"]}},
        UpdateExpression="SET #n = :v",
        ExpressionAttributeNames={"#n": name},
        ExpressionAttributeValues={":v": value},
    )


@pytest.mark.parametrize("path", ["/health", "/hermes/health", "/hermes/status"])
def test_hermes_says_who_it_is(running: HermesWorld, path: str) -> None:
    """Name and version are what a release is checked by."""
    answer = running.get(path)

    assert (answer.status, answer.document) == (200, {"status": "healthy", "service": "hermes", "version": "1.0.0"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/hermes", 404),
        ("GET", "/hermes/Health", 404),
        ("GET", f"{SESSIONS}/session-1", 404),
        ("GET", f"{SESSIONS}//status", 404),
        ("GET", f"{SESSIONS}/activate", 405),
        ("POST", "/hermes/health", 405),
        ("DELETE", f"{SESSIONS}/session-1/status", 405),
        ("GET", f"{SESSIONS}/session-1/keepalive", 405),
    ],
)
def test_other_paths_and_methods_are_refused(running: HermesWorld, method: str, path: str, status: int) -> None:
    """With JSON, and like every answer with the service's name."""
    answer = running.request(method, path)

    assert (status, "hermes") == (answer.status, answer.headers["x-service"])


def test_an_activation_is_answered_with_the_session(running: HermesWorld) -> None:
    """Every field of the contract, in its unit."""
    now_ms = running.clock.epoch_ms()
    answer = running.activate(metadata={"source": {"mail": 7}})
    session_id = answer.document["sessionId"]

    expected = {
        "sessionId": session_id,
        "userId": "user-1",
        "clientId": "acme",
        "threadId": "t1",
        "status": "initializing",
        "previewUrl": f"https://alb.example/session/{session_id}",
        "createdAt": now_ms,
        "lastActivity": now_ms,
        "ttl": now_ms // 1000 + TTL_SECONDS,
        "metadata": {"source": {"mail": 7}, "instruction": "add a page"},
    }
    assert (201, expected) == (answer.status, answer.document)
    assert session_id.startswith("session-")


def test_a_refused_activation_names_the_field_and_stores_nothing(running: HermesWorld) -> None:
    """And publishes nothing either."""
    answer = running.activate(instruction="")
    running.clock.sleep(1)

    assert {
        "status": answer.status,
        "field": answer.document["field"],
        "items": running.items(),
        "counts": running.cloudwatch.values(),
    } == {"status": 400, "field": "instruction", "items": [], "counts": [0]}


def test_the_same_work_returns_the_same_session(running: HermesWorld) -> None:
    """200 and the id of the first, and one item."""
    first, second = running.activate(), running.activate(instruction="another one")

    assert {
        "first": first.status,
        "second": second.status,
        "session_id": second.document["sessionId"],
        "items": len(running.items()),
    } == {"first": 201, "second": 200, "session_id": first.document["sessionId"], "items": 1}


def test_the_thread_is_made_up_when_it_is_not_given(running: HermesWorld) -> None:
    """So two activations without one are two sessions."""
    body = {"clientId": "acme", "userId": "jo", "instruction": "x"}
    threads = [running.post(f"{SESSIONS}/activate", body).document["threadId"] for _ in range(2)]

    assert len(set(threads)) == 2
    assert all(thread.startswith("thread-") for thread in threads)


def activations_at_once(world: HermesWorld, hooks: Hooks, numbers: list[int]) -> list[HermesAnswer]:
    """Return the answers to activations that are under way at the same time."""
    hooks.before = lambda _: world.clock.sleep(world.random.uniform(0.001, 0.01))
    return in_parallel(world.clock, [lambda number=number: world.activate(number) for number in numbers])  # type: ignore[misc]


def test_simultaneous_activations_of_the_same_work_give_one_session(running: HermesWorld, hooks: Hooks) -> None:
    """Whoever comes second gets the session of the first."""
    answers = activations_at_once(running, hooks, [1, 1, 1])

    assert (
        sorted(answer.status for answer in answers),
        len({answer.document["sessionId"] for answer in answers}),
    ) == ([200, 200, 201], 1)


def test_no_more_than_twelve_sessions_are_live(running: HermesWorld, hooks: Hooks) -> None:
    """Also when the last ones ask at once; the refused ones store nothing."""
    for number in range(11):
        running.activate(number)
    answers = activations_at_once(running, hooks, [20, 21, 22])

    assert (sorted(answer.status for answer in answers), len(running.items())) == ([201, 429, 429], 12)


def test_a_refusal_for_capacity_says_when_to_come_back(running: HermesWorld) -> None:
    """In seconds. Source: RFC 9110, Retry-After."""
    answers = [running.activate(number) for number in range(13)]

    assert (answers[-1].status, answers[-1].headers["retry-after"]) == (429, "60")


def test_a_session_that_is_over_makes_room(running: HermesWorld) -> None:
    """Past its ttl it does not count, though the item is still there."""
    sessions = [running.activate(number).document for number in range(12)]
    set_field(running, sessions[0], "ttl", {"N": str(int(running.clock.now()))})

    assert running.activate(99).status == 201


def test_a_status_is_the_item(running: HermesWorld) -> None:
    """Field by field."""
    session = running.activate().document

    answer = running.get(f"{SESSIONS}/{session['sessionId']}/status")
    assert (200, session) == (answer.status, answer.document)


@pytest.mark.parametrize(("method", "call"), [("GET", "status"), ("POST", "keepalive"), ("POST", "deactivate")])
@pytest.mark.parametrize("session_id", ["session-unknown", "lock-activation", "x" * 3000])
def test_an_unknown_session_is_not_found(running: HermesWorld, method: str, call: str, session_id: str) -> None:
    """Nor is the lock a session."""
    assert running.request(method, f"{SESSIONS}/{session_id}/{call}").status == 404


@pytest.mark.parametrize(
    ("status", "answers"),
    [
        ("active", [200, 200, 202]),
        ("draining", [200, 410, 410]),
        ("expired", [410, 410, 410]),
        ("error", [200, 410, 410]),
    ],
)
def test_what_a_session_takes_depends_on_its_status(running: HermesWorld, status: str, answers: list[int]) -> None:
    """Status, keepalive and deactivate, in this order."""
    session = running.activate().document
    set_field(running, session, "status", {"S": status})
    path = f"{SESSIONS}/{session['sessionId']}"

    seen = [running.get(f"{path}/status"), running.post(f"{path}/keepalive"), running.post(f"{path}/deactivate")]
    assert answers == [answer.status for answer in seen]


def test_a_session_past_its_ttl_is_gone_though_its_item_is_there(running: HermesWorld) -> None:
    """DynamoDB may take days to delete it. Source: DynamoDB Developer Guide, Time to Live."""
    session = running.activate().document
    set_field(running, session, "ttl", {"N": str(int(running.clock.now()))})
    path = f"{SESSIONS}/{session['sessionId']}"

    seen = [running.get(f"{path}/status"), running.post(f"{path}/keepalive"), running.post(f"{path}/deactivate")]
    assert [answer.status for answer in seen] == [410, 410, 410]


def test_a_keepalive_moves_the_session_forward(running: HermesWorld) -> None:
    """Strictly, in the answer and in the table."""
    session = running.activate().document
    running.clock.sleep(1.5)
    answer = running.post(f"{SESSIONS}/{session['sessionId']}/keepalive").document
    (item,) = running.items()

    assert answer["lastActivity"] >= session["lastActivity"] + 1500
    assert answer["ttl"] > session["ttl"]
    assert (answer["ttl"], answer["lastActivity"]) == (int(item["ttl"]["N"]), int(item["lastActivity"]["N"]))


def test_a_keepalive_never_moves_a_session_back(running: HermesWorld) -> None:
    """The container's clock may be ahead of Hermes's."""
    session = running.activate().document
    ahead = session["lastActivity"] + 90_000
    set_field(running, session, "lastActivity", {"N": str(ahead)})

    assert ahead + 1 == running.post(f"{SESSIONS}/{session['sessionId']}/keepalive").document["lastActivity"]


def test_deactivation_begins_the_end(running: HermesWorld) -> None:
    """202, and the table says draining at once."""
    session = running.activate().document

    answer = running.post(f"{SESSIONS}/{session['sessionId']}/deactivate")
    assert (answer.status, answer.document) == (202, {"status": "draining"})


def test_a_client_sees_its_own_sessions(running: HermesWorld) -> None:
    """And nobody else's."""
    mine = [running.activate(number).document for number in (1, 2)]
    running.activate(3, clientId="other")

    answer = running.get(f"{SESSIONS}/client/acme")
    assert (200, sorted(mine, key=lambda each: str(each["sessionId"]))) == (
        answer.status,
        sorted(answer.document, key=lambda each: str(each["sessionId"])),
    )


def fail_with(code: str, operation: str) -> Callable[[str], None]:
    """Return a hook that makes every call of an operation fail."""

    def hook(name: str) -> None:
        if name == operation:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, name)

    return hook


@pytest.mark.parametrize("operation", ["PutItem", "Scan"])
def test_a_throttled_table_is_503_and_leaves_nothing(running: HermesWorld, hooks: Hooks, operation: str) -> None:
    """With Retry-After, and neither an item nor the lock behind."""
    hooks.before = fail_with("ProvisionedThroughputExceededException", operation)
    answer = running.activate()
    hooks.before = lambda _: None
    running.clock.sleep(5)

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert running.items() == []


def test_an_activation_that_outlasts_its_lock_is_503_and_leaves_nothing(running: HermesWorld, hooks: Hooks) -> None:
    """Another Hermes may hold the lock by then, and have stored a session that this one has not seen."""
    hooks.before = lambda operation: running.clock.sleep(11 if operation == "Scan" else 0)
    answer = running.activate()
    hooks.before = lambda _: None

    assert (answer.status, running.items()) == (503, [])


def test_an_error_of_hermes_itself_is_500(running: HermesWorld, hooks: Hooks) -> None:
    """It says nothing of the inside, and the log says all."""
    hooks.before = fail_with("AccessDeniedException", "PutItem")
    answer = running.activate()

    assert (answer.status, answer.document) == (500, {"error": "internal error"})
    assert "AccessDeniedException" in running.logs[-1]


def test_a_body_that_is_not_json_is_refused(running: HermesWorld) -> None:
    """The field is the body."""
    answer = running.request("POST", f"{SESSIONS}/activate", b"{")

    assert (answer.status, answer.document["field"]) == (400, "body")


def test_an_answer_is_utf8_json(running: HermesWorld) -> None:
    """Text of any script arrives as it was sent."""
    text = "Füge eine Seite hinzu 日本 \U0001f600"

    assert text == json.loads(json.dumps(running.activate(instruction=text).document))["metadata"]["instruction"]
