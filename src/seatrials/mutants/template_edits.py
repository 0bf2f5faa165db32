"""Edits of the stack's template, for mutants."""

from collections.abc import Callable
from typing import Any

Document = dict[str, Any]
Edit = Callable[[Document], None]


def put(resource: str, path: str, value: object) -> Edit:
    """Return the edit that gives a property of *resource* another value; *path* is its names and indexes, dotted."""

    def edit(document: Document) -> None:
        *parents, last = path.split(".")
        place = document["Resources"][resource]["Properties"]
        for name in parents:
            place = place[int(name) if name.isdigit() else name]
        place[last] = value

    return edit


def take_away(*resources: str) -> Edit:
    """Return the edit that takes resources out of the template."""

    def edit(document: Document) -> None:
        for resource in resources:
            del document["Resources"][resource]

    return edit


def append(resource: str, path: str, value: object) -> Edit:
    """Return the edit that adds *value* to a list of *resource*; *path* is its names and indexes, dotted."""

    def edit(document: Document) -> None:
        place = document["Resources"][resource]["Properties"]
        for name in path.split("."):
            place = place[int(name) if name.isdigit() else name]
        place.append(value)

    return edit


def add(resource: str, kind: str, **properties: object) -> Edit:
    """Return the edit that adds a resource to the template."""

    def edit(document: Document) -> None:
        document["Resources"][resource] = {"Type": kind, "Properties": properties}

    return edit
