"""A DynamoDB table: calls are tried again on the clock, and a condition that fails is an answer, not an error."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder, Key
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as EndpointError

from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock
from seatrials.webordinary.hermes.items import Item, attributes

# After each attempt that failed, the last one included.
PAUSES_SECONDS = (0.15, 0.3, 0.6, 0.0)
# Source: DynamoDB Developer Guide, "Error handling with DynamoDB", the errors that may be tried again; the table that
# is not found is here for a table that is away for a while.
_PASSING_ERRORS = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "InternalServerError",
        "ServiceUnavailable",
    }
)
# Of these, those that leave open whether a write was done. Source: the same, InternalServerError.
_UNCLEAR_ERRORS = frozenset({"InternalServerError", "ServiceUnavailable"})
_CONDITION_FAILED = "ConditionalCheckFailedException"
# DynamoDB counts a hash key of more bytes as an error, and no session's id is near it.
KEY_CHARACTERS_MAX = 128


class StoreUnavailableError(Exception):
    """The table did not answer, however often it was asked."""


class UnclearChangeError(StoreUnavailableError):
    """A condition fails after an attempt of which nobody knows whether it was done: it may be why it fails."""


@dataclass(frozen=True, eq=False)
class _Deletion:
    key: Mapping[str, str]
    condition: ConditionBase | None


class Table:
    """A table whose key is sessionId and userId."""

    def __init__(self, clock: Clock, client: AwsClient, name: str) -> None:
        self._clock = clock
        self._client = client
        self._name = name
        self._deletions: list[_Deletion] = []

    def put(self, item: Item, condition: ConditionBase) -> bool:
        """Put *item* if *condition* holds; return whether it did."""
        return self._change("put_item", {"Item": item}, condition)

    def update(
        self,
        key: Mapping[str, str],
        *,
        changes: Mapping[str, Any],
        removals: Sequence[str] = (),
        condition: ConditionBase,
    ) -> bool:
        """Set and remove attributes if *condition* holds; return whether it did."""
        aliases = {name: f"#u{index}" for index, name in enumerate([*changes, *removals])}
        parts = []
        if changes:
            parts.append("SET " + ", ".join(f"{aliases[name]} = :u{index}" for index, name in enumerate(changes)))
        if removals:
            parts.append("REMOVE " + ", ".join(aliases[name] for name in removals))
        placeholders = {f":u{index}": value for index, value in enumerate(changes.values())}
        arguments = {
            "Key": attributes(key),
            "UpdateExpression": " ".join(parts),
            "ExpressionAttributeNames": {alias: name for name, alias in aliases.items()},
            "ExpressionAttributeValues": attributes(placeholders),
        }
        return self._change("update_item", arguments, condition)

    def delete(self, key: Mapping[str, str], condition: ConditionBase | None = None) -> bool:
        """Delete the item if *condition* holds; return whether it did."""
        return self._change("delete_item", {"Key": attributes(key)}, condition)

    def delete_surely(self, key: Mapping[str, str], condition: ConditionBase | None = None) -> None:
        """Delete the item now, or as soon as the table answers again (see `finish_deletions`)."""
        try:
            self.delete(key, condition)
        except StoreUnavailableError:
            self._deletions.append(_Deletion(key, condition))

    def finish_deletions(self) -> None:
        """Make up for deletions that the table did not take."""
        while self._deletions:
            self.delete(self._deletions[0].key, self._deletions[0].condition)
            self._deletions.pop(0)

    def scan(self, condition: ConditionBase) -> list[Item]:
        """Return every item for which *condition* holds, read consistently."""
        pages = self._read_all("scan", _expression(condition, "FilterExpression"))
        return [item for page in pages for item in page["Items"]]

    def count(self, condition: ConditionBase) -> int:
        """Return of how many items *condition* holds, read consistently."""
        arguments = {**_expression(condition, "FilterExpression"), "Select": "COUNT"}
        return sum(int(page["Count"]) for page in self._read_all("scan", arguments))

    def partition(self, session_id: str) -> list[Item]:
        """Return the items of one session id, read consistently."""
        if not 0 < len(session_id) <= KEY_CHARACTERS_MAX:
            return []
        condition = Key("sessionId").eq(session_id)
        pages = self._read_all("query", _expression(condition, "KeyConditionExpression"))
        return [item for page in pages for item in page["Items"]]

    def _read_all(self, operation: str, arguments: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        pages = [self._call(operation, {**arguments, "ConsistentRead": True})]
        while "LastEvaluatedKey" in pages[-1]:
            start = {"ExclusiveStartKey": pages[-1]["LastEvaluatedKey"]}
            pages.append(self._call(operation, {**arguments, **start, "ConsistentRead": True}))
        return pages

    def _change(self, operation: str, arguments: dict[str, Any], condition: ConditionBase | None) -> bool:
        built = {} if condition is None else _expression(condition, "ConditionExpression")
        for name, value in built.items():
            arguments[name] = {**arguments[name], **value} if name in arguments else value
        with unless(_CONDITION_FAILED):
            self._call(operation, arguments)
            return True
        return False

    def _call(self, operation: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401  # boto3's answers have no type
        call: Callable[..., Any] = getattr(self._client, operation)
        is_unclear = False
        for pause_seconds in PAUSES_SECONDS:
            try:
                return call(TableName=self._name, **arguments)
            except ClientError as error:
                code = error_code(error)
                if is_unclear and code == _CONDITION_FAILED:
                    msg = f"{operation} on table {self._name} may have been done before its condition failed: {error}"
                    raise UnclearChangeError(msg) from error
                if code not in _PASSING_ERRORS:
                    raise
                problem: Exception = error
                is_unclear |= code in _UNCLEAR_ERRORS
            except (EndpointError, HTTPClientError) as error:
                problem, is_unclear = error, True
            self._clock.sleep(pause_seconds)
        msg = f"{operation} on table {self._name} failed {len(PAUSES_SECONDS)} times, last with: {problem}"
        raise StoreUnavailableError(msg) from problem


def error_code(error: ClientError) -> str:
    """Return the code of an error that AWS answered."""
    return str(error.response["Error"]["Code"])


@contextmanager
def unless(code: str) -> Iterator[None]:
    """Do what the block says; the AWS error *code* ends it, and means that nothing is to be done."""
    try:
        yield
    except ClientError as error:
        if error_code(error) != code:
            raise


def is_absent() -> ConditionBase:
    """Return the condition that there is no such item yet."""
    return Attr("sessionId").not_exists()


def _expression(condition: ConditionBase, name: str) -> dict[str, Any]:
    """Return the arguments that say *condition* to the low-level client."""
    built = ConditionExpressionBuilder().build_expression(condition)
    arguments: dict[str, Any] = {name: built.condition_expression}
    if built.attribute_name_placeholders:
        arguments["ExpressionAttributeNames"] = built.attribute_name_placeholders
    if built.attribute_value_placeholders:
        arguments["ExpressionAttributeValues"] = attributes(built.attribute_value_placeholders)
    return arguments
