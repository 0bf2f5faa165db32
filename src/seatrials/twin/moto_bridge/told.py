"""What a call has changed, as the timeline tells it to people: outside of the trace's hash, so that it may say more."""

import re
from collections.abc import Mapping
from typing import Any

_CHARACTERS_MAX = 300
# The part of an update expression that sets a field: `#status = :new`.
_SETS = re.compile(r"(#?\w+)\s*=\s*(:\w+)")
# Of calls that are told with their parameters, the kind of what they change.
_KINDS = {
    "dynamodb": "table",
    "elbv2": "rule",
    "ecs": "service_change",
    "application-autoscaling": "scaling_change",
}
# What the trace has in words of its own, and what a world does by itself all the time.
_TOLD_ELSEWHERE = frozenset({"RegisterTargets", "DeregisterTargets"})


def told_change(service: str, operation: str, parameters: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]] | None:
    """Return kind, subject and details of a change; None for one that the timeline has no place for."""
    if service not in _KINDS or operation in _TOLD_ELSEWHERE:
        return None
    if service == "dynamodb":
        return _KINDS[service], str(parameters.get("TableName", "")), {"operation": operation, **_item(parameters)}
    return _KINDS[service], operation, {name: _short(value) for name, value in parameters.items()}


def _item(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that a write names: its key, and what it sets."""
    names, values = parameters.get("ExpressionAttributeNames", {}), parameters.get("ExpressionAttributeValues", {})
    pairs = _SETS.findall(parameters.get("UpdateExpression", "").partition("REMOVE")[0])
    changed = {names.get(name, name): values[value] for name, value in pairs if value in values}
    fields = {**parameters.get("Item", {}), **parameters.get("Key", {}), **changed}
    return {name: _short(_plain(value)) for name, value in sorted(fields.items())}


def _plain(value: object) -> object:
    """Return DynamoDB's `{"S": "x"}` as x."""
    return next(iter(value.values())) if isinstance(value, Mapping) and len(value) == 1 else value


def _short(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _CHARACTERS_MAX else f"{text[:_CHARACTERS_MAX]}…"
