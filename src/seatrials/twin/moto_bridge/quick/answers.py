"""A call answered by moto's own method for it, without the HTTP message between botocore and moto.

Between the parameters of a call and the method of moto that answers it lie a request that botocore writes and moto
parses, and an answer that moto writes and botocore parses. They take nine tenths of the time of a call and change
nothing: here the method gets the parameters as moto would have parsed them, and the caller gets what botocore would
have made of the method's result. tests/unit/twin/moto_bridge/quick/test_answers.py holds both ways against each other.

Only calls whose parameters moto parses by botocore's own model can be answered so, and those of `_TEXTS`, whose methods
ask for each parameter by its name and write their answer as text, which botocore parses as ever.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any

from botocore.parsers import create_parser
from botocore.utils import parse_to_aware_datetime
from moto.core.constants import MISSING
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import camelcase_to_underscores, get_service_model, get_value
from moto.efs.responses import EFSResponse
from werkzeug.exceptions import HTTPException

from seatrials.twin.moto_bridge.backends import TwinAutoScalingResponse, TwinEcsResponse
from seatrials.twin.moto_bridge.cloudwatch import TwinCloudWatchResponse
from seatrials.twin.moto_bridge.dynamodb import TwinDynamoResponse
from seatrials.twin.moto_bridge.hooks import ACCOUNT
from seatrials.twin.moto_bridge.listener_rules import TwinElbResponse

_RESPONSES: dict[str, type[BaseResponse]] = {
    "cloudwatch": TwinCloudWatchResponse,
    "dynamodb": TwinDynamoResponse,
    "ecs": TwinEcsResponse,
    "elbv2": TwinElbResponse,
    "application-autoscaling": TwinAutoScalingResponse,
    "efs": EFSResponse,
}
_TEXTS = {
    "application-autoscaling": ("DescribeScalableTargets", "DescribeScalingActivities", "DescribeScalingPolicies"),
    "efs": ("CreateAccessPoint", "DescribeAccessPoints", "DescribeFileSystems", "DescribeMountTargets"),
}
_CONTENT_TYPES = {
    "json": "application/x-amz-json-1.0",
    "query": "application/x-www-form-urlencoded",
    "rest-json": "application/json",
}

# Shapes, operation models and moto's results have no types of their own.
Read = Callable[[Any], Any]


def has_short_way(service: str, operation: str) -> bool:
    """Whether a call can be answered here."""
    return service in _RESPONSES and operation in _TEXTS.get(service, (operation,))


def answer(service: str, operation: str, parameters: dict[str, Any], region: str) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and what botocore would parse of moto's answer to *parameters*, which moto may keep."""
    method = _method(service, operation)
    response = _RESPONSES[service]()
    values: Any = response
    # The message that moto would parse is not there: each parameter is among these.
    values.automated_parameter_parsing = True
    values.params = parameters
    values.body = values.params
    values.uri_match = {}
    values.querystring = {"Action": [operation]}
    values.headers = {"Content-Type": _CONTENT_TYPES[method.protocol]}
    values.response_headers = {}
    values.region = region
    values.current_account = ACCOUNT
    values.partition = "aws"
    try:
        result = getattr(response, method.name)()
    except ServiceException as error:
        return method.parse(*response.serialized(ActionResult(error)))
    except HTTPException as error:
        return method.parse(error.code or 500, dict(error.get_headers()), str(error.description))
    if service in _TEXTS:
        return method.parse(200, {}, result[0] if isinstance(result, tuple) else result)
    if type(result).execute_result is not ActionResult.execute_result:
        # Such as a result that is cut into pages: moto's own way knows how.
        return method.parse(*response.serialized(result))
    return 200, {**method.read(result.result), "ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}


class _Method:
    """How one operation's parameters become moto's, and its result botocore's."""

    def __init__(self, service: str, operation: str) -> None:
        model: Any = get_service_model(service).operation_model(operation)
        self.name = camelcase_to_underscores(operation)
        self._service = model.service_model
        protocol = model.service_model.protocol
        self.protocol = protocol if protocol in _CONTENT_TYPES else "json"
        self._output = model.output_shape
        transformers = _RESPONSES[service].RESPONSE_KEY_PATH_TO_TRANSFORMER
        readers = _Readers(self.protocol, transformers)
        self.read: Read = readers.of(self._output, (operation,)) if self._output is not None else lambda _result: {}

    def parse(self, status: int, headers: Mapping[str, str], body: str | bytes) -> tuple[int, dict[str, Any]]:
        """Return what botocore makes of an answer that moto has written."""
        lowered = {name.lower(): value for name, value in headers.items()}
        message = {
            "status_code": status,
            "headers": lowered,
            "body": body if isinstance(body, bytes) else body.encode(),
        }
        parser = create_parser(self.protocol)
        parsed: dict[str, Any] = parser.parse(message, self._output)
        shape = self._service.shape_for_error_code(parsed.get("Error", {}).get("Code"))
        if shape is not None:
            # Such as the item that a condition was not true of.
            parsed.update(parser.parse(message, shape))
        return status, parsed


@cache
def _method(service: str, operation: str) -> _Method:
    return _Method(service, operation)


class _Readers:
    """Makes, for each place of an output, the function that reads it from moto's result."""

    def __init__(self, protocol: str, transformers: Mapping[str, Callable[[Any], Any]]) -> None:
        self._is_query = protocol == "query"
        self._transformers = transformers

    def of(self, shape: Any, path: tuple[str, ...]) -> Read:  # noqa: ANN401
        """Return the reader of *shape* at *path*, which is made of names as moto's serialiser makes it."""
        if shape.name == "AttributeValue":
            return _copied
        match shape.type_name:
            case "structure":
                return self._structure(shape, (*path, shape.name) if len(path) == 1 else path)
            case "list":
                read = self.of(shape.member, (*path, shape.member.name))
                is_bare = self._is_query and shape.member.type_name == "structure"
                return lambda value: [each for each in map(read, value) if not is_bare or each]
            case "map":
                read = self.of(shape.value, path)
                return lambda value: {key: read(each) for key, each in value.items()}
            case "timestamp":
                return _timestamp_of_query if self._is_query else _timestamp_of_json
            case kind:
                return self._scalar(kind)

    def _scalar(self, kind: str) -> Read:
        match kind:
            case "string" | "character":
                return str if self._is_query else _text
            case "boolean":
                return (lambda value: value is True or str(value).lower() == "true") if self._is_query else _as_it_is
            case "integer" | "long":
                return int
            case "float" | "double":
                return float
            case _:
                msg = f"seatrials reads no {kind} from moto's results: answer this call in the ordinary way"
                raise NotImplementedError(msg)

    def _structure(self, shape: Any, path: tuple[str, ...]) -> Read:  # noqa: ANN401
        members: list[tuple[str, Read, Callable[[Any], Any] | None]] = []
        finders_by_class: dict[type, list[Read]] = {}
        picker = XFormedAttributePicker()

        def finders_of(value: Any) -> list[Read]:  # noqa: ANN401
            if not members:
                for key, member in shape.members.items():
                    # moto's aliases of a member depend on the shape that it belongs to.
                    member.parent = shape
                    members.append((key, self.of(member, (*path, key)), self._transformer((*path, key))))
            known = finders_by_class[value.__class__] = [
                _finder(
                    value.__class__,
                    tuple(picker.get_possible_keys(AttributePickerContext(obj=value, key=key, shape=member))),
                )
                for key, member in shape.members.items()
            ]
            return known

        def read_structure(value: Any) -> dict[str, Any]:  # noqa: ANN401
            result = {}
            finders = finders_by_class.get(value.__class__) or finders_of(value)
            for (key, read, transform), find in zip(members, finders, strict=True):
                found = find(value)
                if transform is not None:
                    found = transform(found)
                if found is not None:
                    result[key] = read(found)
            return result

        return read_structure

    def _transformer(self, path: tuple[str, ...]) -> Callable[[Any], Any] | None:
        joined = ".".join(path)
        return next((change for end, change in self._transformers.items() if joined.endswith(end)), None)


def _finder(kind: type, names: tuple[str, ...]) -> Read:
    """Return what finds a member that may have any of *names* in a value of *kind*, or None, as moto finds it."""
    look_up: Callable[[Any, str, object], Any] = get_value
    if kind is dict:
        look_up = dict.get
    elif not hasattr(kind, "__getitem__") and not any("." in name for name in names):
        look_up = getattr

    def find(value: Any) -> Any:  # noqa: ANN401
        for name in names:
            found = look_up(value, name, MISSING)
            if found is not MISSING:
                return found
        return None

    return find


def _copied(value: Any) -> Any:  # noqa: ANN401
    """Return a DynamoDB value that shares nothing with moto's store."""
    if value.__class__ is dict:
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if value.__class__ is list else value


def _as_it_is(value: Any) -> Any:  # noqa: ANN401
    return value


def _text(value: Any) -> Any:  # noqa: ANN401
    if value.__class__ is str:
        return value
    if isinstance(value, Enum):
        value = value.value
    # moto lets empty collections pass as they are.
    return value if value in ({}, []) else str(value)


def _timestamp_of_query(value: Any) -> datetime:  # noqa: ANN401
    moment: datetime = parse_to_aware_datetime(value)
    return moment.replace(tzinfo=UTC)


def _timestamp_of_json(value: Any) -> datetime:  # noqa: ANN401
    """Return a moment to the millisecond, which is all that JSON's numbers carry."""
    moment = _timestamp_of_query(value)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
