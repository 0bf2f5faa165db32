"""Calls of AWS's API that nobody thought of: drawn from botocore's models, most of them valid, some just not."""

import string
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

# Shapes of botocore's models have no types.
Shape = Any

_LETTERS = string.ascii_letters + string.digits
# Texts that have broken something somewhere: too long, of no character set, paths, numbers that are none.
_ODD = (
    "",
    "..",
    "/../..",
    "a\x00b",
    "-1",
    "abc",
    "p99",
    "9" * 4_400,
    "é" * 5,
    "\u2603",
    "x" * 300,
    "#{port}",
    "*",
    "0",
)
_DEPTH_MAX = 6


class Calls:
    """Draws calls; *known* are the names, ids and ARNs of what is there, by the names of members that take them."""

    def __init__(self, random: Random, known: Mapping[str, Sequence[str]]) -> None:
        self._random = random
        self._known = {name.lower(): list(values) for name, values in known.items()}

    def parameters(self, shape: Shape) -> dict[str, Any]:
        """Return parameters of an operation whose input is *shape*; of one in three a single value is just wrong."""
        drawn: dict[str, Any] = self._structure(shape, 0)
        if self._random.random() < 1 / 3:
            # Without what stands in its path or headers a call cannot even be written.
            kept = {name: drawn.pop(name) for name in list(drawn) if "location" in shape.members[name].serialization}
            self._spoil(drawn)
            drawn.update(kept)
        return drawn

    def _spoil(self, drawn: dict[str, Any]) -> None:
        places = list(_leaves(drawn))
        if not places:
            return
        holder, key = self._random.choice(places)
        value = holder[key]
        if isinstance(holder, dict) and self._random.random() < 1 / 4:
            del holder[key]
        elif isinstance(value, bool | bytes | datetime):
            return
        elif isinstance(value, int | float):
            holder[key] = self._random.choice([-1, 0, 2**31 - 1, value + 1])
        else:
            holder[key] = self._random.choice(_ODD)

    def _value(self, name: str, shape: Shape, depth: int) -> Any:  # noqa: ANN401  # as many types as shapes
        match shape.type_name:
            case "structure":
                return self._structure(shape, depth + 1)
            case "list":
                count = max(int(shape.metadata.get("min", 0)), self._random.randint(0, 2))
                singular = name.removesuffix("s")
                return [self._value(singular, shape.member, depth + 1) for _ in range(count)]
            case "map":
                keys = [self._value(name, shape.key, depth) for _ in range(self._random.randint(0, 2))]
                return {key: self._value(name, shape.value, depth + 1) for key in keys}
            case "integer" | "long" | "float" | "double":
                return self._number(shape)
            case _:
                return self._scalar(name, shape)

    def _scalar(self, name: str, shape: Shape) -> Any:  # noqa: ANN401  # as many types as shapes
        match shape.type_name:
            case "boolean":
                return self._random.random() < 1 / 2
            case "timestamp":
                return datetime(2026, 3, 2, self._random.randrange(24), tzinfo=UTC)
            case "blob":
                return self._random.randbytes(3)
            case _:
                return self._text(name, shape)

    def _structure(self, shape: Shape, depth: int) -> dict[str, Any]:
        if getattr(shape, "is_document_type", False):
            return {}
        wanted = [
            (name, member)
            for name, member in shape.members.items()
            if name in shape.required_members or (depth < _DEPTH_MAX and self._random.random() < 1 / (2 + depth))
        ]
        if getattr(shape, "is_tagged_union", False) or shape.metadata.get("union"):
            wanted = wanted[:1]
        return {name: self._value(name, member, depth) for name, member in wanted if name != "DryRun"}

    def _number(self, shape: Shape) -> int:
        least = int(float(shape.metadata.get("min", 0)))
        most = int(float(shape.metadata.get("max", least + 400)))
        return self._random.choice([least, most, self._random.randint(least, max(least, most))])

    def _text(self, name: str, shape: Shape) -> str:
        known = self._known.get(name.lower())
        if known and self._random.random() < 4 / 5:
            return self._random.choice(known)
        if shape.enum:
            return str(self._random.choice(list(shape.enum)))
        least = int(shape.metadata.get("min", 1))
        length = min(max(least, self._random.randint(1, 12)), int(shape.metadata.get("max", 12)))
        return "".join(self._random.choice(_LETTERS) for _ in range(length))


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401  # what `_value` makes
    """Yield every place that holds a scalar: its dictionary or list, and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in pairs:
        if isinstance(each, dict | list):
            yield from _leaves(each)
        else:
            yield value, key
