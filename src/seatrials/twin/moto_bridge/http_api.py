"""AWS's API over HTTP: calls of clients outside the process, answered by the same moto as the calls inside.

The service and region of a call stand in its signature. moto takes the call as it takes one of this process, on the
world's time; then the bridge hears of it as it hears of those, so that the platform acts on what a client has changed.
Latency is none of the world's: such a call takes the real time that it takes.

Measured with moto 5.2.5; an upgrade must pass tests/unit/twin/moto_bridge.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import time_machine
from botocore import parsers
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.model import OperationNotFoundError
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from seatrials.seams.http1 import Request, Response
from seatrials.twin.door import Asked, Refusal, check
from seatrials.twin.moto_bridge.endpoints import host_of
from seatrials.twin.moto_bridge.errors import told
from seatrials.twin.moto_bridge.hooks import Hooks, reads_only
from seatrials.twin.moto_bridge.waits import patiently

# A signature version 4 names key, date, region, service: Credential=KEY/20260302/us-west-2/ecs/aws4_request, ...
_SCOPE = re.compile(r"Credential=([^/]*)/\d+/([a-z0-9-]+)/([a-z0-9.-]+)/aws4_request")
# What moto's parsers and Python raise for a body that is not of the call's protocol.
_MALFORMED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
# Set anew for the answer as it goes out, or moto's own way to say it.
_DROPPED = ("connection", "content-length", "status", "transfer-encoding")
_UNKNOWN_OPERATION = "UnknownOperationException"
_NOT_PARSED = "SerializationException"
# moto's whole answer for a host that it has nothing at.
_NO_SUCH_HOST = "Not yet implemented"
_NAME = re.compile(r"[A-Za-z0-9_]+")
# moto lets every page read its answers; this endpoint is for programs.
_CORS = "access-control-"


@dataclass(frozen=True)
class _Call:
    """What moto understood of a call."""

    service: str
    operation: str
    # The class of moto that answered, which can still read the parameters.
    taken_by: Any


class AwsApi:
    """The handler of an HTTP server on which AWS's clients find the services of one world."""

    def __init__(self, hooks: Hooks, on_call: Callable[[str], None], on_failure: Callable[[str, str], None]) -> None:
        """*on_call* hears the operation of each call; *on_failure* (request, reason) when moto cannot answer one."""
        self._hooks = hooks
        self._on_call = on_call
        self._on_failure = on_failure
        self._stubber = BotocoreStubber()
        _hook()

    def handle(self, request: Request) -> Response:
        """Answer one call."""
        scope = _SCOPE.search(request.header("authorization") or "")
        if scope is None:
            return told(
                "", request, 403, "MissingAuthenticationTokenException", "Request is missing Authentication Token"
            )
        key, region, service = scope.groups()
        host = host_of(service, region, request)
        try:
            answer = partial(self._answer, service, request, host, key)
            return patiently(answer, self._hooks.now, self._hooks.sleep)
        except Refusal as refused:
            return told(service, request, refused.status, refused.code, refused.message)
        except Exception as error:  # noqa: BLE001  # whatever a client sends, the platform lives on; the client is told
            # Why 501 and never 500: AWS would have answered, and an SDK that tries again hears the same.
            self._on_failure(f"{host} {request.method} {request.target}", f"{type(error).__name__}: {error}")
            reason = f"the twin cannot answer this: {type(error).__name__}: {error}"
            return told(service, request, 501, "NotImplemented", reason)

    def _answer(self, service: str, request: Request, host: str, key: str) -> Response:
        headers = HeadersDict({**dict(request.headers), "host": host})
        prepared = AWSPreparedRequest(request.method, f"https://{host}{request.target}", headers, request.body, False)  # noqa: FBT003  # botocore's own order
        with time_machine.travel(self._hooks.now(), tick=False), _noting(self._hooks, key) as calls:
            answer = self._stubber.process_request(prepared)
        if answer is None or answer[2] == _NO_SUCH_HOST:
            return told(service, request, 501, "NotImplemented", f"the twin has no service at {host}")
        status, fields, body = answer
        content = body.encode() if isinstance(body, str) else bytes(body)
        if calls:
            self._tell(calls.pop(), status, fields, content)
        return Response(status, content, _kept(fields))

    def _tell(self, call: _Call, status: int, headers: Mapping[str, Any], body: bytes) -> None:
        """Let the world hear of a call, as it hears of those from inside."""
        self._on_call(f"{call.service}.{call.operation}")
        if reads_only(call.operation):
            return
        if status >= 300:  # noqa: PLR2004  # HTTP's own
            self._hooks.touched(call.service)
            return
        parameters, answer = _understood(call, status, headers, body)
        self._hooks.heard(call.service, call.operation, parameters, answer)


def _kept(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = [name for name in fields if name.lower() not in _DROPPED and not name.lower().startswith(_CORS)]
    return [(str(name), str(fields[name])) for name in names]


def _understood(call: _Call, status: int, headers: Mapping[str, Any], body: bytes) -> tuple[Any, Any]:
    """Return parameters and answer of a call in the API's own names, as boto3 gives them to the calls from inside."""
    response = call.taken_by
    response.parse_parameters(response.normalized_request)
    service = get_service_model(call.service)
    shape = service.operation_model(call.operation).output_shape
    protocol = determine_request_protocol(service, response.normalized_request.content_type)
    raw = {"status_code": status, "headers": HeadersDict(headers), "body": body}
    return response.params, parsers.create_parser(protocol).parse(raw, shape)


@dataclass
class _Noted:
    """What is known of the call from outside that is being answered; those from inside are heard by the bridge."""

    hooks: Hooks
    # The access key that it is signed with.
    key: str
    calls: list[_Call]


_noted: list[_Noted | None] = []
_hooked: list[Callable[..., Any]] = []


@contextmanager
def _noting(hooks: Hooks | None, key: str = "") -> Iterator[list[_Call]]:
    """Let moto's classes write down what they understand of the call that is answered meanwhile; None: of no call."""
    calls: list[_Call] = []
    _noted.append(None if hooks is None else _Noted(hooks, key, calls))
    try:
        yield calls
    finally:
        _noted.pop()


def _hook() -> None:
    """Let moto's classes ask at the door and tell of each call that they have answered, for the life of the process."""
    if _hooked:
        return
    dispatch = BaseResponse._dispatch
    _hooked.append(dispatch)

    def noting(self: Any, request: Any, full_url: str | None = None, headers: Any = None) -> Any:  # noqa: ANN401  # moto's own signature
        noted = _noted[-1] if _noted else None
        if noted is None:
            return dispatch(self, request, full_url, headers)
        operation = _prepare(self, request, full_url, headers)
        parameters = _parameters(self, operation)
        with _noting(None):
            model = get_service_model(self.boto3_service_name)
            noted.hooks.authorize_key(noted.key, model, operation, parameters)
            check(Asked(model, operation, parameters, noted.hooks.own_client))
        answer = self.call_action()
        noted.calls.append(_Call(self.boto3_service_name, operation, self))
        return answer

    BaseResponse._dispatch = noting  # type: ignore[method-assign]  # moto has no place to listen at


def _prepare(response: Any, request: Any, full_url: str | None, headers: Any) -> str:  # noqa: ANN401  # moto's own
    """Let moto read a request; return the operation, and refuse one that AWS does not have."""
    try:
        response.setup_class(request, full_url, headers)
    except OperationNotFoundError as error:
        raise Refusal(_UNKNOWN_OPERATION, f"Unknown operation: {error}") from error
    except _MALFORMED as error:
        raise Refusal(_NOT_PARSED, f"The request cannot be read: {error}") from error
    operation = response._get_action()
    if operation is None or not _NAME.fullmatch(operation):
        raise Refusal(_UNKNOWN_OPERATION, f"Unknown operation: {str(operation)[:100]}")
    return str(operation)


def _parameters(response: Any, operation: str) -> Mapping[str, Any]:  # noqa: ANN401  # moto's own
    """Return what moto parses of a request, in the API's names; nothing of an operation that botocore does not know."""
    if operation not in get_service_model(response.boto3_service_name).operation_names:
        return {}
    request = response.normalized_request
    try:
        if (request.content_type or "").startswith("application/x-amz-json"):
            json.loads(request.data or b"{}")  # moto takes a body that is no JSON for an empty one
        response.parse_parameters(request)
    except _MALFORMED as error:
        raise Refusal(_NOT_PARSED, f"The request cannot be read: {error}") from error
    parameters: Mapping[str, Any] = response.params
    return parameters
