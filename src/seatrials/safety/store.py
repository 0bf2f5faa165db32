"""Where runs keep what they must tell one another: items of a DynamoDB table, under keys that no session has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from seatrials.errors import MissingResourceError
from seatrials.rights import reference
from seatrials.safety.aws_errors import translated
from seatrials.seams.application import AwsClient
from seatrials.seams.aws import error_code

# No session's id begins like this: the contract has a prefix of its own for them.
KEY_PREFIX = reference.KEY_PREFIX
# What runs keep, the second key of each item saying which of a kind.
KINDS = ("lease", "journal")
_KEYS = 2
# A write that meets a transaction about the same item is refused at once, and a transaction takes some milliseconds.
_CONFLICTS_MAX = 20
_FAILED, _CONFLICT = "ConditionalCheckFailed", "TransactionConflict"

Item = dict[str, Any]


@dataclass(frozen=True)
class Check:
    """A condition on an item that a write of another item may be made on."""

    kind: str
    name: str
    condition: str
    values: Item


class Store:
    """Items of a table with two keys of text, the session table for example; raises our errors for AWS's."""

    def __init__(self, dynamodb: AwsClient, table: str) -> None:
        self._dynamodb = dynamodb
        self.table = table
        self._key_names: tuple[str, str] | None = None

    def get(self, kind: str, name: str) -> Item | None:
        """Return an item by a strongly consistent read."""
        with translated(f"read {self.table}"):
            answer = self._dynamodb.get_item(TableName=self.table, Key=self._key(kind, name), ConsistentRead=True)
        return _unmarshalled(answer["Item"]) if "Item" in answer else None

    def put(
        self,
        kind: str,
        name: str,
        item: Item,
        condition: str,
        values: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> bool:
        """Store an item if *condition* holds of what is there; return whether it did."""
        arguments = {"Item": {**self._key(kind, name), **_marshalled(item)}, "ConditionExpression": condition}
        if names:
            arguments["ExpressionAttributeNames"] = dict(names)
        return self._change("put_item", arguments, values or {}) is not None

    def put_while(self, kind: str, name: str, item: Item, condition: str, check: Check) -> bool:
        """Store an item if *condition* holds of what is there and *check* of another item, both at that moment."""
        write = {"Item": {**self._key(kind, name), **_marshalled(item)}, "ConditionExpression": condition}
        return self._write_while({"Put": write}, check)

    def update(self, kind: str, name: str, expression: str, condition: str, values: Mapping[str, Any]) -> Item | None:
        """Change an item if *condition* holds of it; return it as it then is, None when it does not."""
        arguments = {
            "Key": self._key(kind, name),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ReturnValues": "ALL_NEW",
        }
        answer = self._change("update_item", arguments, values)
        return None if answer is None else _unmarshalled(answer["Attributes"])

    def delete_while(self, kind: str, name: str, check: Check) -> bool:
        """Delete an item if *check* of another item holds at that moment; return whether it did."""
        return self._write_while({"Delete": {"Key": self._key(kind, name)}}, check)

    def delete(
        self, kind: str, name: str, condition: str | None = None, values: Mapping[str, Any] | None = None
    ) -> bool:
        """Delete an item if *condition* holds of it; return whether it did."""
        condition_argument = {} if condition is None else {"ConditionExpression": condition}
        arguments = {"Key": self._key(kind, name), **condition_argument}
        return self._change("delete_item", arguments, values or {}) is not None

    def all(self, kind: str) -> dict[str, Item]:
        """Return every item of a kind by its name, in order, by strongly consistent reads."""
        partition, sort = self._names()
        with translated(f"read {self.table}"):
            pages = self._dynamodb.get_paginator("query").paginate(
                TableName=self.table,
                ConsistentRead=True,
                KeyConditionExpression="#partition = :kind",
                ExpressionAttributeNames={"#partition": partition},
                ExpressionAttributeValues={":kind": {"S": KEY_PREFIX + kind}},
            )
            items = [_unmarshalled(item) for page in pages for item in page["Items"]]
        return {str(item[sort]): item for item in items}

    def _write_while(self, write: Mapping[str, Item], check: Check) -> bool:
        condition = {
            "Key": self._key(check.kind, check.name),
            "ConditionExpression": check.condition,
            "ExpressionAttributeValues": _marshalled(check.values),
        }
        actions = {"ConditionCheck": condition, **write}
        items = [{action: {"TableName": self.table, **given}} for action, given in actions.items()]
        with translated(f"write to {self.table}"):
            return self._send("transact_write_items", {"TransactItems": items}) is not None

    def _change(self, operation: str, arguments: Item, values: Mapping[str, Any]) -> Item | None:
        if values:
            arguments["ExpressionAttributeValues"] = _marshalled(values)
        with translated(f"write to {self.table}"):
            return self._send(operation, {"TableName": self.table, **arguments})

    def _send(self, operation: str, arguments: Item) -> Item | None:
        """Make a conditional call; return its answer, None when a condition does not hold."""
        conflicts = 0
        while True:
            try:
                answer: Item = getattr(self._dynamodb, operation)(**arguments)
            except ClientError as error:
                reasons = _reasons(error)
                if _FAILED in reasons:
                    return None
                conflicts += 1
                if _CONFLICT not in reasons or conflicts == _CONFLICTS_MAX:
                    raise
            else:
                return answer

    def _key(self, kind: str, name: str) -> Item:
        partition, sort = self._names()
        return {partition: {"S": KEY_PREFIX + kind}, sort: {"S": name}}

    def _names(self) -> tuple[str, str]:
        if self._key_names is None:
            with translated(f"describe the table {self.table}"):
                table = self._dynamodb.describe_table(TableName=self.table)["Table"]
            types = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
            keys = [each["AttributeName"] for each in sorted(table["KeySchema"], key=lambda each: each["KeyType"])]
            if len(keys) != _KEYS or {types[key] for key in keys} != {"S"}:
                msg = f"the table {self.table} has the keys {keys}: a lease needs two keys of text (type S)"
                raise MissingResourceError(msg)
            self._key_names = (keys[0], keys[1])
        return self._key_names


def _reasons(error: ClientError) -> set[str]:
    """Return the codes for which a call was refused, of a transaction those of its parts."""
    parts = error.response.get("CancellationReasons", [])
    return {error_code(error).removesuffix("Exception"), *(str(part.get("Code")) for part in parts)}


def _unmarshalled(item: Mapping[str, Any]) -> Item:
    # Numbers stay Decimal, for a condition that an item is what was read must name each exactly.
    deserializer = TypeDeserializer()
    return {name: deserializer.deserialize(value) for name, value in item.items()}


def _marshalled(values: Mapping[str, Any]) -> Item:
    serializer = TypeSerializer()
    return {name: serializer.serialize(value) for name, value in values.items()}
