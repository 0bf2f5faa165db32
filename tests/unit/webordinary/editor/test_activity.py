"""What the session table hears of a session's use."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.support.editor import EditorWorld


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "UpdateItem")


def test_use_moves_last_activity_and_ttl(hosted: EditorWorld) -> None:
    """A visit writes the time in milliseconds and the expiry in seconds, 30 minutes on, if the session is live."""
    hosted.preview("/session/s1")

    update = hosted.dynamodb.updates[-1]
    values = update["ExpressionAttributeValues"]
    now_ms = int(values[":now"]["N"])
    assert update["Key"] == {"sessionId": {"S": "s1"}, "userId": {"S": "ann"}}
    assert 0 <= hosted.clock.epoch_ms() - now_ms < 100
    assert {"N": str(now_ms // 1000 + 1800)} == values[":ttl"]
    assert update["ConditionExpression"].startswith("#status IN (:initializing, :active) AND ")
    assert (values[":initializing"], values[":active"]) == ({"S": "initializing"}, {"S": "active"})


def test_use_revives_nothing(hosted: EditorWorld) -> None:
    """A session that is past its ttl is over, so that a visit is written only while the ttl is to come."""
    hosted.preview("/session/s1")

    update = hosted.dynamodb.updates[-1]
    values = update["ExpressionAttributeValues"]
    assert update["ConditionExpression"].endswith("AND #ttl > :seconds")
    assert {"N": str(int(values[":now"]["N"]) // 1000)} == values[":seconds"]


@pytest.mark.parametrize(
    ("method", "path", "body", "port"),
    [
        ("GET", "/session/s1", None, 4321),
        ("HEAD", "/session/s1", None, 4321),
        ("GET", "/session/s1/page", None, 4321),
        ("POST", "/api/execute", {"instruction": "x"}, 8080),
        ("PUT", "/api/files/a", b"x", 8080),
        ("POST", "/api/git/commit", {"message": "m"}, 8080),
        ("POST", "/api/exec", {"command": "true"}, 8080),
    ],
)
def test_what_counts_as_use(hosted: EditorWorld, method: str, path: str, body: object, port: int) -> None:
    """Browsing, instructing, writing, committing and running are each recorded."""
    hosted.call("PUT", "/api/files/page.md", b"page", session="s1")
    hosted.clock.sleep(10)
    hosted.dynamodb.updates.clear()

    hosted.call(method, path, body, session="s1", port=port)

    assert len(hosted.dynamodb.updates) == 1


@pytest.mark.parametrize(
    ("path", "port"),
    [("/session/s1/health", 4321), ("/session/s1/nothing", 4321), ("/api/files", 8080), ("/health", 8080)],
)
def test_what_does_not_count_as_use(hosted: EditorWorld, path: str, port: int) -> None:
    """Health checks, failures and looking around keep no session alive."""
    hosted.call("GET", path, session="s1", port=port)

    assert hosted.dynamodb.updates == []


def test_at_most_one_write_in_two_seconds(hosted: EditorWorld) -> None:
    """Visits in quick succession cost one write, and the next one later writes again."""
    for _ in range(5):
        hosted.preview("/session/s1")
    at_once = len(hosted.dynamodb.updates)

    hosted.clock.sleep(2)
    hosted.preview("/session/s1")

    assert (at_once, len(hosted.dynamodb.updates)) == (1, 2)


@pytest.mark.parametrize(
    "error",
    [
        _error("ConditionalCheckFailedException"),
        _error("ThrottlingException"),
        EndpointConnectionError(endpoint_url="https://dynamodb"),
    ],
)
def test_a_table_that_refuses_costs_the_user_nothing(hosted: EditorWorld, error: Exception) -> None:
    """The page is served whatever the table says, which is logged."""
    hosted.dynamodb.error = error

    answer = hosted.preview("/session/s1")

    assert answer.status == 200
    assert len(hosted.lines) == 1
