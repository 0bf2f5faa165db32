"""What an activation must look like; the first field that is wrong is named in the answer."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import DecimalException
from typing import Any, NoReturn

from seatrials.webordinary.hermes.items import attributes

BODY_BYTES_MAX = 1_048_576
TEXT_CHARACTERS_MAX = 4000
NAME_CHARACTERS_MAX = 128
# DynamoDB nests 32 levels deep. Source: DynamoDB Developer Guide, "Service, account, and table quotas".
METADATA_DEPTH_MAX = 24
# Names become path segments of the workspace, and the thread's becomes a branch.
_NAME = re.compile(r"[A-Za-z0-9._@+-]+")


class InvalidRequestError(Exception):
    """A request is refused: the status, what is wrong, and the field."""

    def __init__(self, status: int, problem: str, field: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.status = status
        self.problem = problem
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Activation:
    """A valid request for a session."""

    client_id: str
    user_id: str
    instruction: str
    thread_id: str | None
    metadata: Mapping[str, Any]


def parse_activation(body: bytes) -> Activation:
    """Return the activation in *body*; raises `InvalidRequestError`."""
    document = parse_body(body)
    return Activation(
        client_id=_name(document, "clientId"),
        user_id=_name(document, "userId"),
        instruction=_instruction(document),
        thread_id=_thread(document),
        metadata=_metadata(document),
    )


def parse_body(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object in *body*; raises `InvalidRequestError` for anything else."""
    if len(body) > BODY_BYTES_MAX:
        _refuse("body", f"the body has {len(body)} bytes, at most {BODY_BYTES_MAX} are taken", 413)
    try:
        document = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        # A lone surrogate is legal in JSON's escapes, and in nothing that the text goes to.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError):
        _refuse("body", "the body is not JSON in UTF-8")
    if not isinstance(document, dict):
        _refuse("body", "the body must be a JSON object")
    return document


def _refuse_constant(name: str) -> None:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _refuse(field: str, problem: str, status: int = 400) -> NoReturn:
    raise InvalidRequestError(status, problem, field)


def _text(document: Mapping[str, Any], field: str, characters_max: int) -> str:
    if field not in document:
        _refuse(field, f"{field} is missing")
    value = document[field]
    if not isinstance(value, str):
        _refuse(field, f"{field} must be a string")
    if not value.strip():
        _refuse(field, f"{field} must not be empty")
    if len(value) > characters_max:
        _refuse(field, f"{field} has {len(value)} characters, at most {characters_max} are taken")
    return value


def _name(document: Mapping[str, Any], field: str) -> str:
    value = _text(document, field, NAME_CHARACTERS_MAX)
    if not _NAME.fullmatch(value) or value in {".", ".."}:
        _refuse(field, f"{field} may have letters, digits and . _ @ + - only, and not be . or ..")
    return value


def _thread(document: Mapping[str, Any]) -> str | None:
    if "threadId" not in document:
        return None
    value = _name(document, "threadId")
    # Source: git-check-ref-format(1), what a branch may not be named.
    if ".." in value or value.endswith((".", ".lock")):
        _refuse("threadId", "threadId must not contain .. nor end with . or .lock, for it names a branch")
    return value


def _instruction(document: Mapping[str, Any]) -> str:
    value = _text(document, "instruction", TEXT_CHARACTERS_MAX)
    if "\0" in value:
        _refuse("instruction", "instruction must not contain a NUL character")
    return value


def _metadata(document: Mapping[str, Any]) -> Mapping[str, Any]:
    value = document.get("metadata", {})
    if not isinstance(value, dict):
        _refuse("metadata", "metadata must be an object")
    characters = len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    if characters > TEXT_CHARACTERS_MAX:
        problem = f"metadata has {characters} characters as JSON, at most {TEXT_CHARACTERS_MAX} are taken"
        _refuse("metadata", problem)
    if _depth(value) > METADATA_DEPTH_MAX:
        _refuse("metadata", f"metadata is nested more than {METADATA_DEPTH_MAX} levels deep")
    try:
        attributes({"metadata": value})
    except DecimalException:
        _refuse("metadata", "metadata holds a number of more than 38 digits or beyond 1e125")
    return value


def _depth(value: object) -> int:
    """Return how many levels of objects and lists there are; without recursion, for a client chooses the depth."""
    depth = 0
    level = [value]
    while level := [each for each in level if isinstance(each, (dict, list))]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth
