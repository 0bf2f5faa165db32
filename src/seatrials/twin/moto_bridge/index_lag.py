"""Reads that show a write later than it is done: those of secondary indexes, and all that ask for no consistency.

While one is answered, the items that were written so recently that it need not know of them yet stand in the table as
they were before. Source: DynamoDB Developer Guide, "Using Global Secondary Indexes": changes reach an index
asynchronously, normally within a fraction of a second; "Read consistency": reads are eventually consistent unless they
ask for more, and may not show a write that was just done.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType

from seatrials.twin.moto_bridge.hooks import ACCOUNT, LATE_READS

_WRITES = ("PutItem", "UpdateItem", "DeleteItem")


@dataclass(frozen=True)
class _Late:
    """A write that the indexes show from *shown_at* on: the key, and the item before it, None when there was none."""

    shown_at: float
    key: tuple[DynamoType, DynamoType | None]
    before: Any


class IndexLag:
    """The recent writes of one world's tables."""

    def __init__(self, region: str, now: Callable[[], float], lag_seconds: Callable[[], float]) -> None:
        self._region = region
        self._now = now
        self._lag_seconds = lag_seconds
        # By table, oldest first.
        self._late: dict[str, list[_Late]] = {}

    @contextmanager
    def around(self, operation: str, parameters: Mapping[str, Any]) -> Iterator[None]:
        """Surround a call of DynamoDB: note a write, and let the table hold what a read that may be late shows."""
        if operation in _WRITES:
            self._note(parameters)
        is_late = operation in LATE_READS and not parameters.get("ConsistentRead")
        late = self._still_late(parameters["TableName"]) if is_late else []
        with self._as_before(parameters["TableName"], late) if late else nullcontext():
            yield

    def _note(self, parameters: Mapping[str, Any]) -> None:
        table = self._table(parameters["TableName"])
        if table is None or not table.global_indexes:
            return
        key = _key(table, parameters.get("Key") or parameters["Item"])
        late = self._still_late(table.name)
        # Of two writes the earlier decides what the index shows, until it shows that one.
        late.append(_Late(self._now() + self._lag_seconds(), key, copy.deepcopy(_item(table, key))))

    @contextmanager
    def _as_before(self, table_name: str, late: list[_Late]) -> Iterator[None]:
        table = self._table(table_name)
        kept = [(each.key, _item(table, each.key)) for each in late]
        for each in reversed(late):
            _set(table, each.key, each.before)
        try:
            yield
        finally:
            for key, item in kept:
                _set(table, key, item)

    def _still_late(self, table_name: str) -> list[_Late]:
        late = [each for each in self._late.get(table_name, []) if each.shown_at > self._now()]
        self._late[table_name] = late
        return late

    def _table(self, name: str) -> Any:  # noqa: ANN401  # moto's table, or None
        return dynamodb_backends[ACCOUNT][self._region].tables.get(name.rpartition("/")[2])


def _key(table: Any, values: Mapping[str, Any]) -> tuple[DynamoType, DynamoType | None]:  # noqa: ANN401
    range_value = DynamoType(values[table.range_key_attr]) if table.range_key_attr else None
    return DynamoType(values[table.hash_key_attr]), range_value


def _item(table: Any, key: tuple[DynamoType, DynamoType | None]) -> Any:  # noqa: ANN401
    if key[0] not in table.items:
        return None
    return table.items[key[0]].get(key[1]) if key[1] is not None else table.items[key[0]]


def _set(table: Any, key: tuple[DynamoType, DynamoType | None], item: Any) -> None:  # noqa: ANN401
    hash_value, range_value = key
    if range_value is None:
        table.items.pop(hash_value, None)
        if item is not None:
            table.items[hash_value] = item
        return
    table.items[hash_value].pop(range_value, None)
    if item is not None:
        table.items[hash_value][range_value] = item
