"""What a call has changed, in the words of the timeline."""

import pytest

from seatrials.twin.moto_bridge.told import told_change


def test_a_write_is_told_with_its_key_and_what_it_sets() -> None:
    """Values stand without DynamoDB's types, and under the names of their fields."""
    told = told_change(
        "dynamodb",
        "UpdateItem",
        {
            "TableName": "sessions",
            "Key": {"sessionId": {"S": "session-1"}},
            "UpdateExpression": "SET #u0 = :u0, ttl = :u1 REMOVE #u2",
            "ExpressionAttributeNames": {"#u0": "status", "#u2": "claim", "#c": "owner"},
            "ExpressionAttributeValues": {":u0": {"S": "active"}, ":u1": {"N": "7"}, ":c": {"S": "nobody"}},
        },
    )

    fields = {"operation": "UpdateItem", "sessionId": "session-1", "status": "active", "ttl": "7"}
    assert told == ("table", "sessions", fields)


def test_an_item_is_told_whole() -> None:
    """A text of any length is cut to what a reader looks at."""
    item = {"sessionId": {"S": "session-1"}, "done": {"BOOL": False}, "text": {"S": "x" * 1000}}

    told = told_change("dynamodb", "PutItem", {"TableName": "sessions", "Item": item})

    assert told is not None
    assert told[2]["done"] is False
    assert told[2]["text"] == "x" * 300 + "…"


@pytest.mark.parametrize(
    ("service", "operation", "kind"),
    [("elbv2", "CreateRule", "rule"), ("ecs", "UpdateService", "service_change"), ("efs", "CreateAccessPoint", None)],
)
def test_other_changes_are_told_by_their_parameters(service: str, operation: str, kind: str | None) -> None:
    """Of services that the timeline has a lane for."""
    told = told_change(service, operation, {"Priority": 5})

    assert told == (None if kind is None else (kind, operation, {"Priority": 5}))
