"""The parameters of a call as moto takes them: checked, and copied, for moto keeps and changes what it is given.

botocore's validator looks its way up in the model for every value of every call. Here each operation has a function
that is put together once, of functions for its shapes. What one of them does not take goes to botocore's validator, for
its words. tests/unit/twin/moto_bridge/quick/test_parameters.py holds both against each other.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model

# Shapes of botocore's models have no types, nor do the values of parameters.
Shape = Any
Take = Callable[[Any], Any]

_validator = ParamValidator()


class _NotTakenError(Exception):
    """A value is not as its shape says."""


def taken(service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *parameters* as moto parses them; raises what botocore does for wrong ones."""
    shape, take = _input_of(service, operation)
    try:
        result: dict[str, Any] = take(parameters)
    except _NotTakenError as error:
        report = _validator.validate(parameters, shape)
        if not report.has_errors():
            msg = f"{service} {operation} is refused here and not by botocore: mend {__name__}"
            raise NotImplementedError(msg) from error
        raise ParamValidationError(report=report.generate_report()) from None
    return result


@cache
def _input_of(service: str, operation: str) -> tuple[Shape, Take]:
    shape: Shape = get_service_model(service).operation_model(operation).input_shape
    return shape, _Takers().of(shape)


class _Takers:
    """Makes what takes a value of each shape of an operation, once: shapes refer to one another, also in circles."""

    def __init__(self) -> None:
        self._made: dict[str, Take] = {}

    def of(self, shape: Shape) -> Take:
        """Return what takes values of *shape*; it raises `_NotTakenError` for what botocore's validator is against."""
        if shape.name not in self._made:
            # A shape that holds itself finds this one, which looks the real one up when it is used.
            self._made[shape.name] = self._later(shape.name)
            self._made[shape.name] = self._of_kind(shape)
        return self._made[shape.name]

    def _later(self, name: str) -> Take:
        def take(value: Any) -> Any:  # noqa: ANN401  # whatever a caller gives
            return self._made[name](value)

        return take

    def _of_kind(self, shape: Shape) -> Take:
        kind = shape.type_name
        if kind in _SCALARS:
            return _scalar(shape, *_SCALARS[kind])
        if kind in _OTHERS:
            return _OTHERS[kind]
        return {"structure": self._structure, "list": self._list, "map": self._map}[kind](shape)

    def _structure(self, shape: Shape) -> Take:
        members = {name: self.of(member) for name, member in shape.members.items()}
        required = tuple(shape.metadata.get("required", ()))
        is_one = shape.is_tagged_union

        def take(value: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a caller gives
            if not isinstance(value, dict) or (is_one and len(value) != 1):
                raise _NotTakenError
            for name in required:
                if name not in value:
                    raise _NotTakenError
            try:
                return {name: members[name](each) for name, each in value.items()}
            except KeyError:
                raise _NotTakenError from None

        return take

    def _list(self, shape: Shape) -> Take:
        take_member, least = self.of(shape.member), shape.metadata.get("min", 0)

        def take(value: Any) -> list[Any]:  # noqa: ANN401  # whatever a caller gives
            if not isinstance(value, list | tuple) or len(value) < least:
                raise _NotTakenError
            return [take_member(each) for each in value]

        return take

    def _map(self, shape: Shape) -> Take:
        take_key, take_value = self.of(shape.key), self.of(shape.value)

        def take(value: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever a caller gives
            if not isinstance(value, dict):
                raise _NotTakenError
            return {take_key(key): take_value(each) for key, each in value.items()}

        return take


def _scalar(shape: Shape, types: tuple[type, ...], change: Take, measure: Take) -> Take:
    """Return what takes values of *types* that measure no less than the shape's smallest."""
    least = shape.metadata.get("min")

    def take(value: Any) -> Any:  # noqa: ANN401  # whatever a caller gives
        if not isinstance(value, types) or (least is not None and measure(value) < least):
            raise _NotTakenError
        return change(value)

    return take


def _as_it_is(value: Any) -> Any:  # noqa: ANN401  # whatever a caller gives
    return value


def _blob(value: Any) -> Any:  # noqa: ANN401  # whatever a caller gives
    if not isinstance(value, bytes | bytearray | str) and not hasattr(value, "read"):
        raise _NotTakenError
    return value


def _moment(value: Any) -> datetime:  # noqa: ANN401  # whatever a caller gives
    """Return a moment as moto keeps it, in UTC and without a zone; botocore takes it in many forms."""
    try:
        moment: datetime = parse_to_aware_datetime(value)
    except (TypeError, ValueError, AttributeError):
        raise _NotTakenError from None
    return moment.astimezone(UTC).replace(tzinfo=None)


# By kind of shape, as botocore's validator has them: the types that are taken, what becomes of a value, and how it is
# measured against the shape's smallest.
_SCALARS: Mapping[str, tuple[tuple[type, ...], Take, Take]] = {
    "string": ((str,), _as_it_is, len),
    "integer": ((int,), _as_it_is, _as_it_is),
    "long": ((int,), _as_it_is, _as_it_is),
    "float": ((float, Decimal, int), float, _as_it_is),
    "double": ((float, Decimal, int), float, _as_it_is),
    "boolean": ((bool,), _as_it_is, _as_it_is),
}
_OTHERS: Mapping[str, Take] = {"timestamp": _moment, "blob": _blob}
