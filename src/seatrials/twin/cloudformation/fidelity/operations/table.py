"""What becomes of each operation of AWS's API that changes something, as the tables beside this file say it.

The words are those of the tables of properties: an operation *acts*, and the table names the test that shows it; it is
*described* when nothing that a scenario could see depends on it; it is *left out* when AWS does something that the twin
does not. One that is *refused* is refused by the twin itself, in words of its own. An operation that is in no table is
one that moto does not have, and so refuses. Names may have wildcards: the first line that fits counts, but a whole name
comes before all.

`types` names the resource type whose properties the parameters of an operation are; of these the tables of properties
speak.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from seatrials.twin.cloudformation.fidelity.table import Status

_TYPES = "types"


@dataclass(frozen=True)
class OperationLine:
    """One line of a table."""

    # botocore's names; that of the operation may have wildcards.
    service: str
    operation: str
    status: Status
    # The test that shows it, why nothing depends on it, what AWS does, or why it is refused.
    says: str


@cache
def line_of(service: str, operation: str) -> OperationLine | None:
    """Return what is said of an operation, None when nothing is."""
    own = [each for each in lines() if each.service == service]
    whole = (each for each in own if each.operation == operation)
    return next(whole, None) or next((each for each in own if fnmatchcase(operation, each.operation)), None)


@cache
def type_of(service: str, operation: str) -> str | None:
    """Return the resource type that an operation makes or changes, if its properties are in a table."""
    return _documents().get(service, {}).get(_TYPES, {}).get(operation)


@cache
def lines() -> tuple[OperationLine, ...]:
    """Return every line, in the order of the tables."""
    return tuple(_lines())


def types() -> Mapping[tuple[str, str], str]:
    """Return the resource type of each operation that has one."""
    return {
        (service, operation): name
        for service, sections in _documents().items()
        for operation, name in sections.get(_TYPES, {}).items()
    }


def _lines() -> Iterator[OperationLine]:
    for service, sections in sorted(_documents().items()):
        for name, said in sections.items():
            if name != _TYPES:
                for operation, says in said.items():
                    yield OperationLine(service, operation, Status(name), says)


@cache
def _documents() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    found: dict[str, Any] = {}
    for each in files(__package__).iterdir():
        if each.name.endswith(".toml"):
            found |= tomllib.loads(each.read_text("utf-8"))
    return found
