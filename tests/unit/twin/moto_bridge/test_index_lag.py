"""Indexes lag behind their table, and so do reads that ask for no consistency.

Source: DynamoDB Developer Guide, "Using Global Secondary Indexes" and "Read consistency".
"""

from typing import Any

import pytest

from tests.support.twin import Twin

TABLE = "webordinary-edit-sessions"
LAG_SECONDS = 0.4


def item(status: str) -> dict[str, Any]:
    """Return a session's item."""
    texts = {"sessionId": "s", "userId": "u", "clientId": "acme", "status": status}
    return {name: {"S": value} for name, value in texts.items()} | {"lastActivity": {"N": "1"}}


def put(twin: Twin, status: str) -> None:
    """Write the item."""
    twin.world.aws("dynamodb").put_item(TableName=TABLE, Item=item(status))


def indexed(twin: Twin) -> list[str]:
    """Return the statuses that the client index shows."""
    answer = twin.world.aws("dynamodb").query(
        TableName=TABLE,
        IndexName="clientId-status-index",
        KeyConditionExpression="clientId = :client",
        ExpressionAttributeValues={":client": {"S": "acme"}},
    )
    return [each["status"]["S"] for each in answer["Items"]]


def stored(twin: Twin) -> list[str]:
    """Return the statuses that the table itself holds."""
    return [
        each["status"]["S"] for each in twin.world.aws("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Items"]
    ]


def test_an_index_shows_a_new_item_late(twin: Twin) -> None:
    """The table has an item at once, its index a fraction of a second later."""
    put(twin, "active")
    at_once = (stored(twin), indexed(twin))
    twin.sleep(LAG_SECONDS + 0.01)

    assert at_once == (["active"], [])
    assert indexed(twin) == ["active"]


@pytest.mark.parametrize("operation", ["get_item", "query", "scan"])
def test_a_read_that_asks_for_no_consistency_shows_a_write_late(twin: Twin, operation: str) -> None:
    """It shows the item of before for a fraction of a second, and one that asks shows it as it is."""
    key = {"sessionId": {"S": "s"}, "userId": {"S": "u"}}
    of_the_session = {"KeyConditionExpression": "sessionId = :id", "ExpressionAttributeValues": {":id": {"S": "s"}}}
    given: dict[str, dict[str, Any]] = {"get_item": {"Key": key}, "query": of_the_session, "scan": {}}

    def read(**how: bool) -> list[str]:
        answer = getattr(twin.world.aws("dynamodb"), operation)(TableName=TABLE, **given[operation], **how)
        items = answer.get("Items") or [answer["Item"]]
        return [each["status"]["S"] for each in items]

    put(twin, "initializing")
    twin.sleep(LAG_SECONDS + 0.01)
    put(twin, "active")
    at_once = (read(), read(ConsistentRead=True))
    twin.sleep(LAG_SECONDS + 0.01)

    assert at_once == (["initializing"], ["active"])
    assert read() == ["active"]


@pytest.mark.parametrize("way", ["batch", "transaction", "statement"])
def test_writes_of_other_calls_show_at_once(twin: Twin, way: str) -> None:
    """What is written by a batch, a transaction or a statement is in the index at once, which is ours."""
    dynamodb = twin.world.aws("dynamodb")
    if way == "batch":
        dynamodb.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": item("active")}}]})
    elif way == "transaction":
        dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": item("active")}}])
    else:
        values = "'sessionId': 's', 'userId': 'u', 'clientId': 'acme', 'status': 'active', 'lastActivity': 1"
        dynamodb.execute_statement(Statement=f'INSERT INTO "{TABLE}" VALUE {{{values}}}')

    assert indexed(twin) == ["active"]


def test_an_index_shows_the_state_before_a_change(twin: Twin) -> None:
    """Until an index knows of a change it shows the item as it was."""
    put(twin, "initializing")
    twin.sleep(1)
    put(twin, "active")

    assert indexed(twin) == ["initializing"]
    assert stored(twin) == ["active"]


def test_an_index_shows_a_deleted_item_for_a_while(twin: Twin) -> None:
    """What was deleted is still found through an index."""
    put(twin, "active")
    twin.sleep(1)
    twin.world.aws("dynamodb").delete_item(TableName=TABLE, Key={"sessionId": {"S": "s"}, "userId": {"S": "u"}})
    at_once = (stored(twin), indexed(twin))
    twin.sleep(1)

    assert at_once == ([], ["active"])
    assert indexed(twin) == []


def test_an_index_shows_writes_in_their_order(twin: Twin) -> None:
    """Of two writes the index shows the earlier one first."""
    put(twin, "initializing")
    twin.sleep(LAG_SECONDS / 2)
    put(twin, "active")
    shown = [indexed(twin)]
    twin.sleep(LAG_SECONDS * 0.75)
    shown.append(indexed(twin))
    twin.sleep(LAG_SECONDS)
    shown.append(indexed(twin))

    assert shown == [[], ["initializing"], ["active"]]


def test_reading_an_index_changes_nothing(twin: Twin) -> None:
    """The table is what it was after its index was read."""
    put(twin, "initializing")
    put(twin, "active")
    indexed(twin)

    assert stored(twin) == ["active"]
