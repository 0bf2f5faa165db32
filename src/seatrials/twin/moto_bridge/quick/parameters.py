"""The parameters of a call as moto takes them: checked, and copied, for moto keeps and changes what it is given.

botocore checks parameters in one walk and moto parses them in another. Here one walk does both for what callers
ordinarily send; whatever it does not take is left to botocore, which says what is wrong with it, if anything is.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model

# Shapes of botocore's models have no types of their own.
Take = Callable[[Any], Any]
_validator = ParamValidator()


class _UnusualError(Exception):
    """A value that is not what callers ordinarily send; never leaves this module."""


def taken(service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *parameters* as moto parses them; raises what botocore does for wrong ones."""
    shape, take = _input_of(service, operation)
    try:
        result: dict[str, Any] = take(parameters)
    except _UnusualError:
        report = _validator.validate(parameters, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report()) from None
        result = _taken_unchecked(shape, parameters)
    return result


@cache
def _input_of(service: str, operation: str) -> tuple[Any, Take]:
    shape: Any = get_service_model(service).operation_model(operation).input_shape
    return shape, _taker(shape)


def _taker(shape: Any) -> Take:  # noqa: ANN401
    """Return the function that takes a value of *shape*; it raises `_UnusualError`."""
    make = _TAKERS.get(shape.type_name)
    return _unusual if make is None else make(shape)


def _structure(shape: Any) -> Take:  # noqa: ANN401
    required = set(shape.required_members)
    is_union = shape.is_tagged_union
    members = shape.members
    # Made when they are first needed, for a structure may contain itself.
    takers: dict[str, Take] = {}

    def take_structure(value: Any) -> Any:  # noqa: ANN401
        if value.__class__ is not dict or not required <= value.keys() or (is_union and len(value) != 1):
            raise _UnusualError
        result = {}
        for name, each in value.items():
            take = takers.get(name)
            if take is None:
                if name not in members:
                    raise _UnusualError
                take = takers[name] = _taker(members[name])
            result[name] = take(each)
        return result

    return take_structure


def _list(shape: Any) -> Take:  # noqa: ANN401
    shortest = shape.metadata.get("min", 0)
    takers: list[Take] = []

    def take_list(value: Any) -> Any:  # noqa: ANN401
        if value.__class__ is not list or len(value) < shortest:
            raise _UnusualError
        if not takers:
            takers.append(_taker(shape.member))
        return list(map(takers[0], value))

    return take_list


def _map(shape: Any) -> Take:  # noqa: ANN401
    take_key = _taker(shape.key)
    takers: list[Take] = []

    def take_map(value: Any) -> Any:  # noqa: ANN401
        if value.__class__ is not dict:
            raise _UnusualError
        if not takers:
            takers.append(_taker(shape.value))
        take = takers[0]
        return {take_key(key): take(each) for key, each in value.items()}

    return take_map


def _scalar(kind: type, measure: Callable[[Any], int], shape: Any) -> Take:  # noqa: ANN401
    least = shape.metadata.get("min")

    def take_scalar(value: Any) -> Any:  # noqa: ANN401
        if value.__class__ is not kind or (least is not None and measure(value) < least):
            raise _UnusualError
        return value

    return take_scalar


def _number(shape: Any) -> Take:  # noqa: ANN401
    least = shape.metadata.get("min")

    def take_number(value: Any) -> Any:  # noqa: ANN401
        if (value.__class__ is not float and value.__class__ is not int) or (least is not None and value < least):
            raise _UnusualError
        return float(value)

    return take_number


def _timestamp(_shape: Any) -> Take:  # noqa: ANN401
    def take_timestamp(value: Any) -> Any:  # noqa: ANN401
        if value.__class__ is not datetime:
            raise _UnusualError
        return _naive(value)

    return take_timestamp


def _unusual(_value: Any) -> Any:  # noqa: ANN401
    raise _UnusualError


_TAKERS: dict[str, Callable[[Any], Take]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": partial(_scalar, str, len),
    "integer": partial(_scalar, int, int),
    "long": partial(_scalar, int, int),
    "float": _number,
    "double": _number,
    "boolean": partial(_scalar, bool, bool),
    "timestamp": _timestamp,
}


def _naive(value: Any) -> datetime:  # noqa: ANN401
    moment: datetime = parse_to_aware_datetime(value)
    return moment.astimezone(UTC).replace(tzinfo=None)


def _taken_unchecked(shape: Any, value: Any) -> Any:  # noqa: ANN401
    match shape.type_name:
        case "structure":
            members = shape.members
            return {name: _taken_unchecked(members[name], each) for name, each in value.items() if each is not None}
        case "list":
            return [_taken_unchecked(shape.member, each) for each in value]
        case "map":
            return {key: _taken_unchecked(shape.value, each) for key, each in value.items()}
        case "timestamp":
            return _naive(value)
        case "float" | "double":
            return float(value)
        case _:
            return value
