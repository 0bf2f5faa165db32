"""The parameters of a call as moto takes them: checked, and copied, for moto keeps and changes what it is given."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.exceptions import ParamValidationError
from botocore.utils import parse_to_aware_datetime
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model

_validator = ParamValidator()


def taken(service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of *parameters* as moto parses them; raises what botocore does for wrong ones."""
    shape = _input_of(service, operation)
    report = _validator.validate(parameters, shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())
    result: dict[str, Any] = _parsed(shape, parameters)
    return result


@cache
def _input_of(service: str, operation: str) -> Any:  # noqa: ANN401  # shapes of botocore's models have no types
    return get_service_model(service).operation_model(operation).input_shape


def _parsed(shape: Any, value: Any) -> Any:  # noqa: ANN401
    match shape.type_name:
        case "structure":
            return {name: _parsed(shape.members[name], each) for name, each in value.items()}
        case "list":
            return [_parsed(shape.member, each) for each in value]
        case "map":
            return {key: _parsed(shape.value, each) for key, each in value.items()}
        case "timestamp":
            return _naive(value)
        case "float" | "double":
            return float(value)
        case _:
            return value


def _naive(value: Any) -> datetime:  # noqa: ANN401
    moment: datetime = parse_to_aware_datetime(value)
    return moment.astimezone(UTC).replace(tzinfo=None)
