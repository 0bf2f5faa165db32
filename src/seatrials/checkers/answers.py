"""Every answer against the OpenAPI documents: status, fields, headers, methods, and what no error may tell."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from fastjsonschema import JsonSchemaException

from seatrials.checkers.api import Declared, api
from seatrials.checkers.finding import Finding
from seatrials.checkers.story import Call, Story
from seatrials.evidence.history import Exchange

# What only the insides of a program would tell: frames of a traceback, names of exceptions, folders of a host.
_INTERNAL = re.compile(
    r"Traceback \(most recent|\bFile \"[^\"]+\", line \d+|\bat [\w.<>]+ \(\S+:\d+:\d+\)|\b\w+\.(?:py|js|ts):\d+"
    r"|\b[A-Za-z]\w*(?:Error|Exception)\b(?=[:()])|\[Errno \d+\]|when calling the \w+ operation"
    # Folders that no site has as its own, which a page that is not found may name.
    r"|(?<![\w.])/(?:usr|home|tmp|var|root|app|opt|proc|etc|srv|mnt|efs|workspace)/[^\s'\"`]+"
)
_NOT_ALLOWED, _OK, _ERROR, _SWITCHING, _REFUSED_METHODS = 405, 200, 400, 101, ("OPTIONS", "HEAD")
# Bytes of whatever type: a more exact one is right too (RFC 2046, 4.5.1).
_ANY_TYPE = ("*/*", "application/octet-stream")


def check(story: Story) -> Iterator[Finding]:
    """Yield what the contract does not declare, of equal answers the first."""
    seen = set[tuple[object, ...]]()
    for call in story.calls:
        exchange = call.exchange
        key = (call.path, exchange.method, exchange.status, tuple(exchange.headers), exchange.body)
        if exchange.status and key not in seen:
            seen.add(key)
            for invariant, problem in _problems(call):
                yield Finding(invariant, f"{exchange} {problem}", exchange.began)
    for socket in story.history.sockets:
        for at, message in socket.messages:
            problem = _invalid(message, api("editor").message)
            if problem:
                yield Finding("message-declared", f"the WebSocket of {socket.session_id} told {message}: {problem}", at)


def _problems(call: Call) -> Iterator[tuple[str, str]]:
    """Yield invariant and problem of an answer."""
    exchange = call.exchange
    if exchange.method == "HEAD" and exchange.body:
        yield "head-bodiless", f"with a body of {len(exchange.body)} bytes"
    if exchange.status >= _ERROR:
        told = internal_in(exchange)
        if told:
            yield "nothing-internal", f"tells {told!r}"
    # Without a method it was nothing that a service could have understood.
    if exchange.method:
        yield from _of_balancer(call) if call.is_from_balancer else _of_service(call)


def _of_balancer(call: Call) -> Iterator[tuple[str, str]]:
    exchange, balancer = call.exchange, api("balancer")
    if exchange.status in balancer.own_statuses:
        declared = balancer.other_paths.get(exchange.status)
        if declared is not None and _is_json(exchange):
            yield from _held(exchange, declared)
    elif call.service != "balancer" or call.path is None:
        yield "status-declared", "is none of the load balancer's own"
    else:
        # A rule that asks for no method is kept for every one, and so is its fixed response.
        (operation,) = call.path.operations.values()
        yield from _declared(exchange, operation.answers)


def _of_service(call: Call) -> Iterator[tuple[str, str]]:
    exchange, service = call.exchange, api(call.service)
    if call.operation is not None:
        yield from _declared(exchange, call.operation.answers)
    elif call.path is None:
        yield from _declared(exchange, service.other_paths)
    elif exchange.method == "OPTIONS" and service.options is not None:
        yield from _refused(call, service.options, _is_no_error)
    elif service.other_methods is not None:
        yield from _refused(call, service.other_methods, lambda status: status == _NOT_ALLOWED)


def _declared(exchange: Exchange, answers: Mapping[int, Declared]) -> Iterator[tuple[str, str]]:
    declared = answers.get(exchange.status)
    if declared is None:
        yield "status-declared", f"is none of {', '.join(map(str, sorted(answers)))}: {_shown(exchange)}"
    else:
        yield from _held(exchange, declared)


def _refused(call: Call, declared: Declared, is_right: Callable[[int], bool]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the answer to a method that a path does not have."""
    exchange = call.exchange
    if not is_right(exchange.status):
        yield "method-refused", f"though the path has only {', '.join(sorted(call.methods))}: {_shown(exchange)}"
        return
    yield from _held(exchange, declared)
    allowed = {each.strip() for each in (exchange.header("allow") or "").split(",")}
    extra = {*_REFUSED_METHODS, *call.methods}
    if exchange.header("allow") and not (call.methods <= allowed <= extra):
        yield "method-refused", f"allows {sorted(allowed)} of a path that has {sorted(call.methods)}"


def _held(exchange: Exchange, declared: Declared) -> Iterator[tuple[str, str]]:
    """Yield what of an answer's headers and body is not as it is declared."""
    for name, pattern in declared.headers.items():
        value = exchange.header(name)
        if value is None or not pattern.fullmatch(value):
            yield "header-there", f"has {value!r} as its {name}, which must be {pattern.pattern}"
    if declared.media_types and not declared.media_types & {exchange.media_type, *_ANY_TYPE}:
        types = " or ".join(sorted(declared.media_types))
        yield "header-there", f"has the type {exchange.media_type!r}, not {types}"
    if exchange.method == "HEAD":
        return
    if not declared.has_content:
        if exchange.body and exchange.status != _SWITCHING:
            yield "body-closed", f"has a body, and none is declared: {_shown(exchange)}"
    elif declared.validate is not None:
        problem = _invalid_json(exchange.body, declared.validate)
        if problem:
            yield "body-closed", f"{problem}: {_shown(exchange)}"


def internal_in(exchange: Exchange) -> str:
    """Return what an error tells of the insides of a program, and the request did not say itself."""
    if not _is_text(exchange):
        return ""
    text = exchange.body.decode("utf-8", "replace")
    asked = unquote(exchange.target) + (exchange.sent or b"").decode("utf-8", "replace") + str(exchange.sent_headers)
    return next((found[0] for found in _INTERNAL.finditer(text) if found[0] not in asked), "")


def _invalid_json(body: bytes, validate: Callable[[Any], Any]) -> str:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "is no JSON"
    return _invalid(value, validate)


def _invalid(value: Any, validate: Callable[[Any], Any] | None) -> str:  # noqa: ANN401  # any JSON value
    try:
        if validate is not None:
            validate(value)
    except JsonSchemaException as error:
        return str(error)
    return ""


def _is_json(exchange: Exchange) -> bool:
    return exchange.media_type == "application/json"


def _is_text(exchange: Exchange) -> bool:
    return (exchange.header("content-type") or "").startswith(("application/json", "text/"))


def _is_no_error(status: int) -> bool:
    return _OK <= status < _ERROR


def _shown(exchange: Exchange) -> str:
    return exchange.body[:300].decode("utf-8", "replace")
