"""What the model of a service says of a call's parameters, checked for any service by one walk over its shapes.

botocore's own validator looks at presence, types and lower bounds only, and only in Python's SDK. The models have more:
lengths, upper bounds, patterns and closed sets of values. A check is made once for each operation, of functions that
are put together as the shapes are.

Two things in the models are not as strict as they read. Patterns are written for Java: one that Python cannot compile
judges nothing. And some services take values that their model does not list yet: see `_OPEN`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

# Shapes and models of botocore's have no types.
Shape = Any
Model = Any

# Services whose sets of values grow faster than their models, and whose patterns are documentation. EC2 has a new
# instance type each week; S3 takes header values of any kind.
_OPEN = frozenset({"ec2", "s3"})
# The characters of XML 1.0, as IAM's patterns write them.
_XML = r"[\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD]*"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Over this, a string is judged by its length alone: some patterns take a time that grows with its square.
_PATTERN_LENGTH_MAX = 4_096

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes, bytearray, str),
    "timestamp": (datetime, int, float, str),
}


@dataclass(frozen=True)
class Problem:
    """One parameter that breaks what the model says."""

    # As Coral, the framework of AWS's services, writes it: `targets.1.member.port`.
    path: str
    value: object
    constraint: str
    # Presence or type: an SDK refuses that before it sends the call.
    is_structural: bool = False


Check = Callable[[Any, str], Iterator[Problem]]


# By service and operation: models of one service are alike, and made anew for each client.
_checks: dict[tuple[str, str], Check] = {}


def problems_of(model: Model, operation: str, parameters: Mapping[str, Any]) -> list[Problem]:
    """Return everything in *parameters* that a service's model rules out; an unknown operation rules out nothing."""
    key = (str(model.service_name), operation)
    if key not in _checks:
        _checks[key] = _check_of(model, operation)
    return list(_checks[key](parameters, ""))


def _check_of(model: Model, operation: str) -> Check:
    if operation not in model.operation_names:
        return _nothing
    shape = model.operation_model(operation).input_shape
    is_xml = model.protocol in ("query", "ec2", "rest-xml")
    return _nothing if shape is None else _Checks(is_open=model.service_name in _OPEN, is_xml=is_xml).of(shape)


def _nothing(_value: Any, _path: str) -> Iterator[Problem]:  # noqa: ANN401  # anything at all
    return iter(())


class _Checks:
    """Makes the check of each shape of an operation, once: shapes refer to one another, also in circles."""

    def __init__(self, *, is_open: bool, is_xml: bool) -> None:
        """*is_xml*, the service answers with XML, which not every character may stand in."""
        self._is_open = is_open
        self._is_xml = is_xml
        self._made: dict[str, Check] = {}

    def of(self, shape: Shape) -> Check:
        """Return the check of *shape*."""
        if shape.name not in self._made:
            # A shape that holds itself finds this one, which looks the real one up when it is used.
            self._made[shape.name] = self._later(shape.name)
            self._made[shape.name] = _typed(shape.type_name, self._within(shape))
        return self._made[shape.name]

    def _later(self, name: str) -> Check:
        def check(value: Any, path: str) -> Iterator[Problem]:  # noqa: ANN401  # anything at all
            return self._made[name](value, path)

        return check

    def _within(self, shape: Shape) -> Check:
        match shape.type_name:
            case "structure":
                return self._structure(shape)
            case "list":
                return self._list(shape)
            case "map":
                return self._map(shape)
            case "string" | "character":
                return self._string(shape)
            case "integer" | "long" | "float" | "double":
                return _number(shape)
            case _:
                return _nothing

    def _structure(self, shape: Shape) -> Check:
        members = {name: (_lower_first(name), self.of(member)) for name, member in shape.members.items()}
        required = [(name, _lower_first(name)) for name in shape.required_members]

        def check(value: Mapping[str, Any], path: str) -> Iterator[Problem]:
            for name, shown in required:
                if value.get(name) is None:
                    yield Problem(_below(path, shown), None, "Member must not be null", is_structural=True)
            # Most members of most structures are left out.
            for name, each in value.items():
                if each is not None and name in members:
                    shown, look = members[name]
                    yield from look(each, _below(path, shown))

        return check

    def _list(self, shape: Shape) -> Check:
        look, length = self.of(shape.member), _length(shape, "length")

        def check(value: list[Any], path: str) -> Iterator[Problem]:
            yield from length(value, path)
            for number, each in enumerate(value, start=1):
                yield from look(each, f"{path}.{number}.member")

        return check

    def _map(self, shape: Shape) -> Check:
        of_key, of_value, length = self.of(shape.key), self.of(shape.value), _length(shape, "length")

        def check(value: Mapping[str, Any], path: str) -> Iterator[Problem]:
            yield from length(value, path)
            for key, each in value.items():
                yield from of_key(key, f"{path}.key")
                yield from of_value(each, f"{path}.{key}.member")

        return check

    def _string(self, shape: Shape) -> Check:
        length = _length(shape, "length")
        values = () if self._is_open else tuple(shape.enum)
        pattern = None if self._is_open else _pattern(shape)
        if length is _nothing and not values and pattern is None and not self._is_xml:
            return _nothing

        def check(value: str, path: str) -> Iterator[Problem]:
            yield from length(value, path)
            if values and value not in values:
                yield Problem(path, value, f"Member must satisfy enum value set: [{', '.join(values)}]")
            if self._is_xml and _NO_XML.search(value):
                yield Problem(path, value, f"Member must satisfy regular expression pattern: {_XML}")
            if pattern is not None and len(value) <= _PATTERN_LENGTH_MAX and not pattern.fullmatch(value):
                yield Problem(path, value, f"Member must satisfy regular expression pattern: {pattern.pattern}")

        return check


def _typed(kind: str, check: Check) -> Check:
    """Return *check* behind a look at the type; JSON's true is no number here, as it is none on AWS."""
    types = _TYPES.get(kind, (object,))
    is_number = kind in ("integer", "long", "float", "double")

    def typed(value: Any, path: str) -> Iterator[Problem]:  # noqa: ANN401  # anything at all
        if not isinstance(value, types) or (is_number and isinstance(value, bool)):
            return iter((Problem(path, value, f"Member must be a {kind}", is_structural=True),))
        return check(value, path)

    return typed


def _length(shape: Shape, what: str) -> Check:
    return _bounds(shape, len, what)


def _number(shape: Shape) -> Check:
    return _bounds(shape, lambda value: value, "value")


def _bounds(shape: Shape, measure: Callable[[Any], float], what: str) -> Check:
    """Return the check of a shape's smallest and largest, which models write as numbers or, in places, as text."""
    least = float(shape.metadata.get("min", "-inf"))
    most = float(shape.metadata.get("max", "inf"))
    if least == float("-inf") and most == float("inf"):
        return _nothing

    def check(value: Any, path: str) -> Iterator[Problem]:  # noqa: ANN401  # what `measure` takes
        measured = measure(value)
        # Written so that NaN, which is neither over nor under, is in no range.
        if not measured >= least:
            yield Problem(path, value, f"Member must have {what} greater than or equal to {least:.0f}")
        if not measured <= most:
            yield Problem(path, value, f"Member must have {what} less than or equal to {most:.0f}")

    return check


def _pattern(shape: Shape) -> re.Pattern[str] | None:
    r"""Return a shape's pattern as Python reads it; `\w` and its like are ASCII in Java."""
    text = shape.metadata.get("pattern")
    if text is None:
        return None
    try:
        return re.compile(text, re.ASCII)
    except re.error:
        return None


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
