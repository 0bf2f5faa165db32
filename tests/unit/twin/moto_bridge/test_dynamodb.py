"""Tests of what DynamoDB refuses; each call goes through boto3."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.application import AwsClient
from tests.support.aws import Json
from tests.support.twin import Twin

TABLE = "carts"
KEY = {"id": {"S": "1"}}


@pytest.fixture
def dynamodb(twin: Twin) -> AwsClient:
    """Give a client and a table with an index on `owner` and `changed`, a number."""
    client = twin.world.aws("dynamodb")
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "owner", "AttributeType": "S"},
            {"AttributeName": "changed", "AttributeType": "N"},
        ],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-owner",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "changed", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    return client


def refusal(call: Any, **parameters: Json) -> str:  # noqa: ANN401  # a method of a client
    """Return why a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    return str(refused.value.response["Error"]["Message"])


MISMATCH = "Type mismatch for Index Key changed Expected: N Actual: S IndexName: by-owner"
WRONG = {**KEY, "changed": {"S": "2026"}}


def test_an_index_key_has_the_type_of_its_definition(dynamodb: AwsClient) -> None:
    """PutItem with an index key of another type is a ValidationException; without the key it is taken."""
    dynamodb.put_item(TableName=TABLE, Item=KEY)
    dynamodb.put_item(TableName=TABLE, Item={**KEY, "changed": {"N": "2026"}, "owner": {"S": "a"}})

    assert MISMATCH in refusal(dynamodb.put_item, TableName=TABLE, Item=WRONG)


def test_so_it_has_in_batches_transactions_and_updates(dynamodb: AwsClient) -> None:
    """Every way to write an item is judged alike, and nothing of it is written."""
    batch = {TABLE: [{"PutRequest": {"Item": WRONG}}]}
    transaction = [{"Put": {"TableName": TABLE, "Item": WRONG}}]
    update = {
        "TableName": TABLE,
        "Key": KEY,
        "UpdateExpression": "SET #c = :c, note = :n REMOVE other",
        "ExpressionAttributeNames": {"#c": "changed"},
        "ExpressionAttributeValues": {":c": {"S": "2026"}, ":n": {"S": "x"}},
    }

    assert MISMATCH in refusal(dynamodb.batch_write_item, RequestItems=batch)
    assert MISMATCH in refusal(dynamodb.transact_write_items, TransactItems=transaction)
    assert MISMATCH in refusal(dynamodb.update_item, **update)
    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_a_batch_has_25_writes_at_most(dynamodb: AwsClient) -> None:
    """26 puts in one BatchWriteItem are refused, 25 are taken (API reference, BatchWriteItem)."""
    puts = [{"PutRequest": {"Item": {"id": {"S": str(index)}}}} for index in range(26)]
    dynamodb.batch_write_item(RequestItems={TABLE: puts[:25]})

    assert "Too many items" in refusal(dynamodb.batch_write_item, RequestItems={TABLE: puts})


@pytest.mark.parametrize("operation", ["put_item", "update_item", "delete_item", "scan", "query"])
def test_values_that_no_expression_has_are_refused(dynamodb: AwsClient, operation: str) -> None:
    """A value that is not used is a ValidationException that names it (API reference, ExpressionAttributeValues)."""
    parameters: dict[str, dict[str, Any]] = {
        "put_item": {"Item": KEY, "ConditionExpression": "id <> :a"},
        "update_item": {"Key": KEY, "UpdateExpression": "SET note = :a"},
        "delete_item": {"Key": KEY, "ConditionExpression": "note = :a"},
        "scan": {"FilterExpression": "id = :a"},
        "query": {"KeyConditionExpression": "id = :a"},
    }
    values = {":a": {"S": "1"}, ":unused": {"S": "2"}}
    call = getattr(dynamodb, operation)
    message = refusal(call, TableName=TABLE, ExpressionAttributeValues=values, **parameters[operation])

    assert message.endswith("unused in expressions: keys: {:unused}")


@pytest.mark.parametrize("index", [None, "by-owner"])
def test_a_query_filters_no_key(dynamodb: AwsClient, index: str | None) -> None:
    """A key belongs in the key condition, a filter on it is refused; another attribute is taken (same reference)."""
    key = "id" if index is None else "owner"
    values = {":a": {"S": "1"}, ":b": {"S": "2"}}
    query = {
        "TableName": TABLE,
        "KeyConditionExpression": f"{key} = :a",
        "ExpressionAttributeValues": values,
        **({} if index is None else {"IndexName": index}),
    }
    dynamodb.query(**query, FilterExpression="note = :b")
    message = refusal(dynamodb.query, **query, FilterExpression="#k = :b", ExpressionAttributeNames={"#k": key})

    assert message.endswith(f"Primary key attribute: {key}")


@pytest.mark.parametrize(
    ("asked", "key"),
    [("id = :value", "id"), ("#name = :value", "id"), ("#name=:other AND begins_with(#range, :value)", "changed")],
)
def test_a_query_asks_for_no_empty_key(dynamodb: AwsClient, asked: str, key: str) -> None:
    """An empty text in a key condition is a ValidationException that names the key; another text is taken."""
    names = {alias: name for alias, name in {"#name": "id", "#range": "changed"}.items() if alias in asked}

    def query(value: str) -> Json:
        values = {name: {"S": text} for name, text in {":value": value, ":other": "a"}.items() if name in asked}
        return {
            "TableName": TABLE,
            "KeyConditionExpression": asked,
            "ExpressionAttributeValues": values,
            **({"ExpressionAttributeNames": names} if names else {}),
        }

    assert f"cannot contain an empty string value. Key: {key}" in refusal(dynamodb.query, **query(""))
    if "#range" not in asked:
        assert dynamodb.query(**query("a"))["Items"] == []


@pytest.mark.parametrize("kind", ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"])
def test_an_index_shows_what_is_projected(twin: Twin, kind: str) -> None:
    """A query of an index answers its keys and what it projects (API reference, Projection)."""
    keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "owner", "KeyType": "RANGE"}]
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]}
    client = twin.world.aws("dynamodb")
    client.create_table(
        TableName="shelves",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "place", "owner")],
        KeySchema=[keys[0], {"AttributeName": "place", "KeyType": "RANGE"}],
        **{kind: [{"IndexName": "by-owner", "KeySchema": keys, "Projection": projection}]},
    )
    item = {name: {"S": name} for name in ("id", "place", "owner", "note", "other")}
    client.put_item(TableName="shelves", Item=item)
    twin.sleep(5)
    query = {"KeyConditionExpression": "id = :a", "ExpressionAttributeValues": {":a": {"S": "id"}}}
    [found] = client.query(TableName="shelves", IndexName="by-owner", **query)["Items"]

    assert sorted(found) == ["id", "note", "owner", "place"]


def test_a_protected_table_is_not_deleted(dynamodb: AwsClient) -> None:
    """DeleteTable of a table with deletion protection is refused (API reference, DeletionProtectionEnabled)."""
    dynamodb.update_table(TableName=TABLE, DeletionProtectionEnabled=True)

    assert "deletion" in refusal(dynamodb.delete_table, TableName=TABLE).lower()


def test_time_to_live_is_switched_on_one_attribute_once(dynamodb: AwsClient) -> None:
    """Another attribute while one is active, or what is so already, is refused (API reference, UpdateTimeToLive)."""

    def specification(attribute: str, *, enabled: bool) -> dict[str, Any]:
        wanted = {"Enabled": enabled, "AttributeName": attribute}
        return {"TableName": TABLE, "TimeToLiveSpecification": wanted}

    update = dynamodb.update_time_to_live
    already_disabled = refusal(update, **specification("ttl", enabled=False))
    update(**specification("ttl", enabled=True))
    other = refusal(update, **specification("until", enabled=True))
    already_enabled = refusal(update, **specification("ttl", enabled=True))
    update(**specification("ttl", enabled=False))

    assert already_disabled == "TimeToLive is already disabled"
    assert other == "TimeToLive is active on a different AttributeName: current AttributeName is ttl"
    assert already_enabled == "TimeToLive is already enabled"
