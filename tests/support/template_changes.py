"""One change of the shipped template, and what AWS says of it."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seatrials.twin.cloudformation.template import Template, load_template, parse_template

SHIPPED = Path(__file__).parents[2] / "stack" / "webordinary.yaml"


class _LeftOut:
    def __repr__(self) -> str:
        return "left out"


LEFT_OUT = _LeftOut()


@dataclass(frozen=True)
class Change:
    """A value put at a place of the shipped template.

    *path* is dotted: a resource and its properties (`HermesService.LoadBalancers.0.ContainerPort`), or a section of the
    template and what is in it (`Parameters.TableName.Default`). What lacks on the way there is made.
    """

    path: str
    value: object
    # What the message must say besides the resource: a property, or the reason.
    says: str = ""
    # Where AWS says so.
    source: str = ""
    # Further places that belong to the change.
    also: Mapping[str, object] | None = None

    @property
    def named(self) -> str:
        """What the message must name: the resource, or the parameter."""
        first, second = self.path.split(".")[:2]
        return second if first in _SECTIONS else first

    def __str__(self) -> str:
        """The change as pytest names it."""
        return f"{self.path}={self.value!r}"[:80]

    def template(self) -> Template:
        """Return the shipped template with this change."""
        return changed([self])


_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Rules")


def changed(changes: Sequence[Change]) -> Template:
    """Return the shipped template with all of *changes*."""
    document: dict[str, Any] = copy.deepcopy(load_template(SHIPPED).document)
    for change in changes:
        for path, value in {change.path: change.value, **(change.also or {})}.items():
            _put(document, path, value)
    return parse_template(document)


def _put(document: dict[str, Any], path: str, value: object) -> None:
    first, *rest = path.split(".")
    steps = [first, *rest] if first in _SECTIONS else ["Resources", first, "Properties", *rest]
    place: Any = document
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
    last: Any = int(steps[-1]) if isinstance(place, list) else steps[-1]
    if value is LEFT_OUT:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
