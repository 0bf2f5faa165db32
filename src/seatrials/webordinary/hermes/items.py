"""Between sessions, the table's items and the API's JSON: the same field names in all of them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from seatrials.webordinary.hermes.lifecycle import Session, Status

Item = Mapping[str, Any]

_REQUIRED = (
    "sessionId",
    "userId",
    "clientId",
    "threadId",
    "status",
    "previewUrl",
    "createdAt",
    "lastActivity",
    "ttl",
    "metadata",
)
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def attributes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* as DynamoDB attributes; raises `decimal.DecimalException` for a number that it cannot hold."""
    return {name: _serializer.serialize(_exact(value)) for name, value in values.items()}


def values(item: Item) -> dict[str, Any]:
    """Return DynamoDB attributes as plain values: whole numbers as int, others as float."""
    return {name: _plain(_deserializer.deserialize(value)) for name, value in item.items()}


def answer_of(session: Session) -> dict[str, Any]:
    """Return the session as the API answers it: the contract's fields and nothing of Hermes's own."""
    fields = {
        "sessionId": session.session_id,
        "userId": session.user_id,
        "clientId": session.client_id,
        "threadId": session.thread_id,
        "status": str(session.status),
        "previewUrl": session.preview_url,
        "createdAt": session.created_at,
        "lastActivity": session.last_activity,
        "ttl": session.ttl,
        "metadata": dict(session.metadata),
    }
    return fields if session.task_arn is None else {**fields, "taskArn": session.task_arn}


def item_of(session: Session) -> dict[str, Any]:
    """Return the session as the table stores it."""
    return attributes({**answer_of(session), "instructionDone": session.instruction_done})


def session_of(item: Item) -> Session | None:
    """Return the session of an item, or None when the item is none (the lock, or something foreign)."""
    if any(name not in item for name in _REQUIRED):
        return None
    fields = values(item)
    if fields["status"] not in list(Status) or "instruction" not in fields["metadata"]:
        return None
    return Session(
        session_id=fields["sessionId"],
        user_id=fields["userId"],
        client_id=fields["clientId"],
        thread_id=fields["threadId"],
        status=Status(fields["status"]),
        preview_url=fields["previewUrl"],
        created_at=fields["createdAt"],
        last_activity=fields["lastActivity"],
        ttl=fields["ttl"],
        metadata=fields["metadata"],
        task_arn=fields.get("taskArn"),
        instruction_done=bool(fields.get("instructionDone")),
    )


def _exact(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    """Return *value* with decimal numbers for floats, which DynamoDB's serializer refuses."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {name: _exact(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_exact(each) for each in value]
    return value


def _plain(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
