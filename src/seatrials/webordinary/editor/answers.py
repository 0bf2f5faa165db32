"""How the editor's ports answer: one error type, one reading of JSON, one wrapper that signs every answer."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from seatrials.seams.http1 import Handler, Request, Response, Upgrade, json_response

# What may name a client, a user, a thread or a session: each becomes part of a path or of a branch name.
_NAME = re.compile(r"[A-Za-z0-9._@+-]{1,128}")

Route = Callable[[Request], Response | Upgrade]


class RequestError(Exception):
    """A request that is refused; it becomes an answer with this *status* and a JSON body that names the *field*."""

    def __init__(
        self, status: int, error: str, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(error)
        self.status = status
        self.field = field
        self.headers = headers

    def response(self) -> Response:
        """Return the answer that says so."""
        named = {} if self.field is None else {"field": self.field}
        return json_response(self.status, {"error": str(self), **named}, self.headers)


def signed(route: Route, signature: Mapping[str, str]) -> Handler:
    """Return a handler that answers what *route* does, errors included, and puts the *signature* headers on it."""

    def handle(request: Request) -> Response | Upgrade:
        try:
            answer = route(request)
        except RequestError as error:
            answer = error.response()
        if isinstance(answer, Upgrade):
            return answer
        return replace(answer, headers=[*answer.headers, *signature.items()])

    return handle


def not_allowed(request: Request, allowed: list[str]) -> Response:
    """Return the answer to a method that a path does not have: what it does have."""
    allow = {"allow": ", ".join([*allowed, "OPTIONS"])}
    if request.method == "OPTIONS":
        return Response(204, b"", list(allow.items()))
    raise RequestError(405, f"{request.method} is not one of {allow['allow']}", headers=allow)


def json_body(request: Request) -> dict[str, Any]:
    """Return the body, which must be a JSON object; a 400 naming the field `body` otherwise."""
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "the body is not JSON", "body") from error
    if not isinstance(value, dict):
        raise RequestError(400, f"the body must be a JSON object, not {type(value).__name__}", "body")
    return value


def text_field(body: Mapping[str, Any], field: str) -> str:
    """Return a field that must be a string with something in it; a 400 naming it otherwise."""
    value = body.get(field)
    if not isinstance(value, str):
        raise RequestError(400, f"{field} is missing" if value is None else f"{field} must be a string", field)
    if not value.strip():
        raise RequestError(400, f"{field} is empty", field)
    if not is_plain(value):
        raise RequestError(400, f"{field} holds a NUL or half a surrogate pair", field)
    return value


def name_field(body: Mapping[str, Any], field: str) -> str:
    """Return a field that becomes a path segment; a 400 naming it when it could be anything else."""
    value = text_field(body, field)
    if not is_name(value):
        raise RequestError(400, f"{field} {value[:140]!r} must be 1-128 of A-Z a-z 0-9 . _ @ + -", field)
    return value


def is_name(value: str) -> bool:
    """Whether *value* is safe as a single path segment."""
    return _NAME.fullmatch(value) is not None and value not in {".", ".."}


def is_plain(value: str) -> bool:
    """Whether *value* can be an argument of a program or a file name: no NUL, and encodable."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value
