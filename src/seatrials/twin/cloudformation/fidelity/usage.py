"""Which properties of a template AWS would act on and the twin does not."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.twin.cloudformation.fidelity.table import Line, Status, asks_for_nothing, tables
from seatrials.twin.cloudformation.rules.declarations import Declared

# Lists of keys and values, of which each key is a property.
BY_KEY = ("LoadBalancerAttributes", "TargetGroupAttributes", "ListenerAttributes")


@dataclass(frozen=True)
class LeftOut:
    """A property that is left out, where a resource uses it."""

    logical_id: str
    type: str
    # As the deployer names it: `ContainerDefinitions.0.Ulimits`.
    place: str
    says: str

    def __str__(self) -> str:
        """One sentence: the resource, the property, and what AWS does."""
        return f"{self.logical_id} ({self.type}).{self.place}: left out by the twin; AWS {self.says}"


@dataclass(frozen=True)
class _Leaf:
    """A value within properties that has nothing within it, or only texts."""

    steps: tuple[str, ...]
    # The steps as they are told, with the items of lists.
    told: tuple[str, ...]
    value: Any

    @property
    def path(self) -> str:
        return ".".join(self.steps)


def left_out(resources: Iterable[Declared]) -> list[LeftOut]:
    """Return what is left out of *resources*, each property of each resource once."""
    found = {each: None for resource in resources for each in _of_resource(resource)}
    return list(found)


def _of_resource(resource: Declared) -> Iterator[LeftOut]:
    table = tables().get(resource.type)
    for leaf in leaves(resource.properties) if table is not None else ():
        assert table is not None, "else there are no leaves"
        line = table.line_of(leaf.path, leaf.value)
        if line is not None and line.status is Status.LEFT_OUT and not asks_for_nothing(leaf.value):
            yield LeftOut(resource.logical_id, resource.type, _place(line, leaf), line.says)


def _place(line: Line, leaf: _Leaf) -> str:
    """Return the place of the property that a line is about, not of its items, or of what is within it."""
    outer = line.path.count(".")
    return ".".join([*leaf.told[:outer], leaf.steps[outer]])


def leaves(value: Any, steps: tuple[str, ...] = (), told: tuple[str, ...] = ()) -> Iterator[_Leaf]:  # noqa: ANN401
    """Yield what stands at the ends of *value*, which is what a template holds."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from leaves(item, (*steps, str(name)), (*told, str(name)))
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for index, item in enumerate(value):
            if steps[-1:] and steps[-1] in BY_KEY and isinstance(item, Mapping):
                key = tuple(str(item.get("Key")).split("."))
                yield _Leaf((*steps, *key), (*told, *key), item.get("Value"))
            else:
                yield from leaves(item, steps, (*told[:-1], f"{told[-1]}.{index}"))
    else:
        yield _Leaf(steps, told, value)
