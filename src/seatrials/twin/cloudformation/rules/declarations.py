"""A template as the rules see it: every function resolved, but a reference left as the name of what it refers to.

A rule sees values of three kinds: those that are written down, those that name a resource of the template (`<Vpc>` or
`<Vpc.CidrBlock>`), and those that nobody knows before AWS does. Of the last it says nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from seatrials.twin.cloudformation.intrinsics import PENDING

_REFERENCE = re.compile(r"<(\w+)(?:\.[\w.]+)?>")

# The path of a property from its resource, and what is wrong there.
Finding = tuple[str, str]


def reference(logical_id: str, attribute: str | None) -> str:
    """Return what stands for Ref (no attribute) or GetAtt of a resource."""
    return f"<{logical_id}>" if attribute is None else f"<{logical_id}.{attribute}>"


def is_known(value: object) -> bool:
    """Whether *value* is all written down: no part of it is known only when a resource is made."""
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    if isinstance(value, list):
        return all(map(is_known, value))
    return not (isinstance(value, str) and (PENDING in value or _REFERENCE.search(value)))


def number(value: object) -> float | None:
    """Return *value* as a number, as CloudFormation reads it from text too; None when it is none."""
    try:
        found = None if isinstance(value, bool) else float(str(value))
    except ValueError:
        return None
    return found if found is not None and isfinite(found) else None


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; what is none is reported by the conversion."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def mapping(value: object) -> Mapping[str, Any]:
    """Return *value* if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True)
class Declared:
    """One resource that the template's conditions leave in."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]

    def at(self, path: str) -> Iterator[tuple[str, Any]]:
        """Yield what stands at the dotted *path*, with the path in full: `*` is every item of a list, 0 the first."""
        yield from _walk(self.properties, path.split("."), ())

    def get(self, path: str) -> Any:  # noqa: ANN401  # as many types as properties
        """Return what stands at the dotted *path*, None when nothing does."""
        return next((value for _, value in self.at(path)), None)


def _walk(value: object, steps: list[str], walked: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not steps:
        yield ".".join(walked), value
    elif steps[0] == "*":
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from _walk(item, steps[1:], (*walked, str(index)))
    elif isinstance(value, list) and steps[0].isdecimal() and int(steps[0]) < len(value):
        yield from _walk(value[int(steps[0])], steps[1:], (*walked, steps[0]))
    elif isinstance(value, Mapping) and steps[0] in value:
        yield from _walk(value[steps[0]], steps[1:], (*walked, steps[0]))


class Declarations:
    """All resources of a template, by type and by what a reference names."""

    def __init__(self, resources: Iterable[Declared]) -> None:
        self._by_id = {resource.logical_id: resource for resource in resources}

    def __iter__(self) -> Iterator[Declared]:
        """Yield the resources in the order of the template."""
        yield from self._by_id.values()

    def of(self, type_name: str) -> list[Declared]:
        """Return the resources of one type."""
        return [resource for resource in self if resource.type == type_name]

    def referred(self, value: object) -> Declared | None:
        """Return the resource that *value* names, None when it names none of the template."""
        match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
        return self._by_id.get(match[1]) if match else None
