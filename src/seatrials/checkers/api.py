"""The OpenAPI documents as what they say of one request: its operation, and what may be answered.

Answers are validated by fastjsonschema, which compiles a schema to a function: a suite has tens of thousands of them.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

import fastjsonschema

from seatrials.checkers import contract

_PARAMETER = re.compile(r"\{(\w+)\}")
# What the listener's rules lead to services, in the order of `contract.SERVICES`.
_PREFIXES = {"hermes": ("/hermes/",), "editor": ("/api/", "/session/", "/preview/", "/_astro/", "/ws/hmr")}


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One answer that the contract declares."""

    # Of those that must be there, by name in lower case: what its value must be.
    headers: Mapping[str, re.Pattern[str]]
    # Of all that it may have beside those of its service, in lower case.
    header_names: frozenset[str]
    # None where the body may be anything; raises `fastjsonschema.JsonSchemaException`.
    validate: Callable[[Any], Any] | None
    # What its Content-Type may be, without parameters; empty where it has no body.
    media_types: frozenset[str]

    @property
    def has_content(self) -> bool:
        """Whether it has a body."""
        return bool(self.media_types)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path."""

    id: str
    answers: Mapping[int, Declared]


@dataclass(frozen=True, kw_only=True, eq=False)
class Path:
    """A path of a service, with its operations by method."""

    template: str
    pattern: re.Pattern[str]
    operations: Mapping[str, Operation]


@dataclass(frozen=True, kw_only=True)
class Api:
    """What one service declares."""

    service: str
    # Paths without a parameter come first, as OpenAPI says.
    paths: tuple[Path, ...]
    other_methods: Declared | None
    options: Declared | None
    other_paths: Mapping[int, Declared]
    own_statuses: frozenset[int]
    # Names of the headers that any answer may have, in lower case.
    headers: frozenset[str]
    message: Callable[[Any], Any] | None
    # Which paths fit a target, kept as it is asked again and again.
    _fitting: dict[str, list[tuple[Path, dict[str, str]]]] = field(default_factory=dict)

    def fitting(self, path: str) -> list[tuple[Path, dict[str, str]]]:
        """Return the paths that *path*, as it was sent and without its query, may be, with their parameters."""
        if path not in self._fitting:
            plain = unquote(path)
            matches = [(each, each.pattern.fullmatch(plain)) for each in self.paths]
            self._fitting[path] = [(each, match.groupdict()) for each, match in matches if match]
        return self._fitting[path]


@cache
def api(service: str) -> Api:
    """Return what *service*, one of `contract.SERVICES`, declares."""
    return _Reader(contract.document(service)).api()


def service_of(path: str) -> str:
    """Return which service the listener's rules lead *path* to: the load balancer answers all else itself."""
    for service, prefixes in _PREFIXES.items():
        if path.startswith(prefixes):
            return service
    return "editor" if path == "/api" else "balancer"


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # By schema: most answers have the one of another, such as that of an error.
        self._validators: dict[str, Callable[[Any], Any]] = {}

    def api(self) -> Api:
        document = self._document
        paths = sorted(document["paths"], key=lambda template: ("{" in template, template.endswith("}")))
        # The longest of those that take the rest of a path is the most exact.
        message = document.get("x-messages")
        return Api(
            service=document["x-service"],
            paths=tuple(self._path(template, document["paths"][template]) for template in paths),
            other_methods=self._optional("x-other-methods"),
            options=self._optional("x-options"),
            other_paths={int(status): self._declared(each) for status, each in document["x-other-paths"].items()},
            own_statuses=frozenset(document.get("x-own-statuses", ())),
            headers=frozenset(document["x-headers"]),
            message=None if message is None else self._validator(message),
        )

    def _path(self, template: str, item: Mapping[str, Any]) -> Path:
        rest = {each["name"] for each in map(self._resolved, item.get("parameters", ())) if each.get("x-rest")}
        parts = _PARAMETER.split(template)
        # Every second part is a parameter's name.
        pattern = "".join(
            (f"(?P<{part}>{'.+' if part in rest else '[^/]+'})" if index % 2 else re.escape(part))
            for index, part in enumerate(parts)
        )
        methods = {name.upper(): each for name, each in item.items() if name != "parameters"}
        operations = {method: self._operation(each) for method, each in methods.items()}
        return Path(template=template, pattern=re.compile(pattern, re.DOTALL), operations=operations)

    def _operation(self, operation: Mapping[str, Any]) -> Operation:
        answers = {int(status): self._declared(each) for status, each in operation["responses"].items()}
        return Operation(id=operation["operationId"], answers=answers)

    def _optional(self, name: str) -> Declared | None:
        return self._declared(self._document[name]) if name in self._document else None

    def _declared(self, response: Mapping[str, Any]) -> Declared:
        resolved = self._resolved(response)
        headers = {name.lower(): each for name, each in resolved.get("headers", {}).items()}
        required = {name: each["schema"]["pattern"] for name, each in headers.items() if each.get("required")}
        content = resolved.get("content", {})
        schema = content.get("application/json", {}).get("schema")
        return Declared(
            headers={name: re.compile(pattern) for name, pattern in required.items()},
            header_names=frozenset(headers),
            validate=None if schema is None else self._validator(schema),
            media_types=frozenset(content),
        )

    def _validator(self, schema: Mapping[str, Any]) -> Callable[[Any], Any]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = self._new_validator(schema)
        return self._validators[key]

    def _new_validator(self, schema: Mapping[str, Any]) -> Callable[[Any], Any]:
        document = {**schema, "components": self._document["components"]}
        compiled: list[Callable[[Any], Any]] = []

        def validate(value: Any) -> Any:  # noqa: ANN401  # any JSON value
            # Most are never needed: compiled when the first answer comes.
            if not compiled:
                compiled.append(fastjsonschema.compile(document, use_default=False))
            return compiled[0](value)

        return validate

    def _resolved(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in item:
            return item
        found: Any = self._document
        for part in str(item["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        resolved: Mapping[str, Any] = found
        return resolved
