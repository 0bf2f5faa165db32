"""What DynamoDB refuses and moto takes.

Source: Amazon DynamoDB API Reference, and the wording of its errors in public reports.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import KeyIsEmptyStringException, MockValidationException
from moto.dynamodb.responses import DynamoHandler

_BATCH_WRITES_MAX = 25
_EXPRESSIONS = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
    "ProjectionExpression",
    "UpdateExpression",
)
_VALUE = re.compile(r":\w+")
# A function's name, a keyword or an attribute; what stands behind a dot is part of a path.
_NAME = re.compile(r"(?<![\w.:#])#?[A-Za-z_]\w*")
# An attribute beside a value that it is compared with, or is to begin with.
_COMPARED = re.compile(r"(#?\w+)\s*(?:[<>]?=|[<>,]|\bBETWEEN\b)\s*(:\w+)", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"(?<![\w.\]])(#?\w+)\s*=\s*(:\w+)\s*(?=,|$|\s(?:SET|REMOVE|ADD|DELETE)\b)", re.IGNORECASE)


class TwinDynamoResponse(DynamoHandler):
    """DynamoDB's calls, each looked at before moto answers it."""

    def put_item(self) -> ActionResult:
        self._check_values(self.body)
        self._check_index_keys(self.body["TableName"], self.body["Item"])
        return super().put_item()

    def update_item(self) -> ActionResult:
        self._check_values(self.body)
        self._check_index_keys(self.body["TableName"], dict(_assigned(self.body)))
        return super().update_item()

    def delete_item(self) -> ActionResult:
        self._check_values(self.body)
        return super().delete_item()

    def batch_write_item(self) -> ActionResult:
        requests = [(table, each) for table, all_of_it in self.body["RequestItems"].items() for each in all_of_it]
        if len(requests) > _BATCH_WRITES_MAX:
            msg = "Too many items requested for the BatchWriteItem call"
            raise MockValidationException(msg)
        for table, request in requests:
            self._check_index_keys(table, request.get("PutRequest", {}).get("Item", {}))
        return super().batch_write_item()

    def transact_write_items(self) -> ActionResult:
        for each in self.body["TransactItems"]:
            for kind, request in each.items():
                self._check_values(request)
                item = request["Item"] if kind == "Put" else dict(_assigned(request))
                self._check_index_keys(request["TableName"], item)
        return super().transact_write_items()

    def scan(self) -> ActionResult:
        self._check_values(self.body)
        return super().scan()

    def query(self) -> ActionResult:
        self._check_values(self.body)
        _check_key_condition(self.body)
        self._check_filter()
        return super().query()

    def update_time_to_live(self) -> ActionResult:
        table: Any = self.dynamodb_backend.tables.get(self.body["TableName"].rpartition("/")[2])
        if table is not None:
            _check_time_to_live(table.ttl, self.body["TimeToLiveSpecification"])
        return super().update_time_to_live()

    def _check_values(self, request: Mapping[str, Any]) -> None:
        """Refuse values that no expression of *request* has."""
        used = {name for each in _EXPRESSIONS for name in _VALUE.findall(request.get(each) or "")}
        unused = [name for name in request.get("ExpressionAttributeValues") or {} if name not in used]
        if unused:
            msg = f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{', '.join(unused)}}}"
            raise MockValidationException(msg)

    def _check_index_keys(self, table_name: str, item: Mapping[str, Any]) -> None:
        """Refuse an index's key of another type than the table's definition says; one that is missing is no matter."""
        table: Any = self.dynamodb_backend.tables.get(table_name.rpartition("/")[2])
        if table is None:
            return
        types = {each["AttributeName"]: each["AttributeType"] for each in table.attr}
        for index in [*table.global_indexes, *table.indexes]:
            for key in index.schema:
                name = key["AttributeName"]
                actual = next(iter(item.get(name) or {}), None)
                if actual is not None and name in types and actual != types[name]:
                    msg = (
                        f"One or more parameter values were invalid: Type mismatch for Index Key {name} "
                        f"Expected: {types[name]} Actual: {actual} IndexName: {index.name}"
                    )
                    raise MockValidationException(msg)

    def _check_filter(self) -> None:
        """Refuse a filter on a key of what is queried: a key condition does that, and reads less."""
        table: Any = self.dynamodb_backend.tables.get(self.body["TableName"].rpartition("/")[2])
        if table is None or not self.body.get("FilterExpression"):
            return
        index = self.body.get("IndexName")
        schemas = [each.schema for each in [*table.global_indexes, *table.indexes] if each.name == index]
        keys = {each["AttributeName"] for each in (schemas[0] if schemas else table.schema)}
        filtered = set(_names(self.body["FilterExpression"], self.body.get("ExpressionAttributeNames") or {}))
        for name in sorted(keys & filtered):
            msg = f"Filter Expression can only contain non-primary key attributes: Primary key attribute: {name}"
            raise MockValidationException(msg)


def _names(expression: str, known: Mapping[str, str]) -> Iterator[str]:
    """Yield the attributes that an expression may name."""
    for found in _NAME.findall(expression):
        yield known.get(found, found)


def _assigned(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield attribute and value of each plain assignment of an update."""
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    update = re.sub(r"(?i)\bSET\b", ", ", request.get("UpdateExpression") or "")
    for name, value in _ASSIGNMENT.findall(update):
        if value in values:
            yield names.get(name, name), values[value]


def _check_key_condition(request: Mapping[str, Any]) -> None:
    """Refuse an empty text or an empty binary where a key is asked for, which no item can have."""
    names, values = request.get("ExpressionAttributeNames") or {}, request.get("ExpressionAttributeValues") or {}
    for name, value in _COMPARED.findall(request.get("KeyConditionExpression") or ""):
        if values.get(value) in ({"S": ""}, {"B": ""}, {"B": b""}):
            raise KeyIsEmptyStringException(names.get(name, name))


def _check_time_to_live(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse what changes nothing, and another attribute while one is active."""
    is_enabled = current.get("TimeToLiveStatus") == "ENABLED"
    if is_enabled and wanted.get("AttributeName") != current.get("AttributeName"):
        name = current.get("AttributeName")
        msg = f"TimeToLive is active on a different AttributeName: current AttributeName is {name}"
        raise MockValidationException(msg)
    if bool(wanted.get("Enabled")) == is_enabled:
        msg = f"TimeToLive is already {'enabled' if is_enabled else 'disabled'}"
        raise MockValidationException(msg)
