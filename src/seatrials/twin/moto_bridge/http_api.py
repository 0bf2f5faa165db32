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
from typing import Any
from xml.sax.saxutils import escape

import time_machine
from botocore import parsers
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import determine_request_protocol
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model

from seatrials.seams.http1 import Request, Response
from seatrials.twin.moto_bridge.hooks import Hooks, reads_only

# A signature version 4 names key, date, region, service: Credential=KEY/20260302/us-west-2/ecs/aws4_request, ...
_SCOPE = re.compile(r"Credential=[^/]*/\d+/([a-z0-9-]+)/([a-z0-9.-]+)/aws4_request")
_JSON = {"content-type": "application/x-amz-json-1.1"}
# What stands around an error in services with XML; those of the query protocol are known by their forms.
_QUERY_ERROR = "<ErrorResponse>{}</ErrorResponse>"
_XML_ERRORS = {"s3": "{}", "ec2": "<Response><Errors>{}</Errors></Response>"}
# Set anew for the answer as it goes out, or moto's own way to say it.
_DROPPED = ("connection", "content-length", "status", "transfer-encoding")
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
            return refusal(403, "MissingAuthenticationTokenException", "Request is missing Authentication Token")
        region, service = scope.groups()
        host = f"{service}.{region}.amazonaws.com"
        try:
            return self._answer(request, host)
        except Exception as error:  # noqa: BLE001  # whatever a client sends, the platform lives on; the client is told
            self._on_failure(f"{host} {request.method} {request.target}", f"{type(error).__name__}: {error}")
            status = 501 if isinstance(error, NotImplementedError) else 500
            told = f"the twin cannot answer this: {type(error).__name__}: {error}"
            return _failure(service, request, status, told)

    def _answer(self, request: Request, host: str) -> Response:
        headers = HeadersDict({**dict(request.headers), "host": host})
        prepared = AWSPreparedRequest(request.method, f"https://{host}{request.target}", headers, request.body, False)  # noqa: FBT003  # botocore's own order
        with time_machine.travel(self._hooks.now(), tick=False), _noting() as calls:
            answer = self._stubber.process_request(prepared)
        if answer is None:
            return refusal(404, "UnknownEndpoint", f"the twin has no service at {host}")
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


# The calls from outside that are being answered; those from inside are heard by the bridge.
_noted: list[list[_Call]] = []
_hooked: list[Callable[..., Any]] = []


@contextmanager
def _noting() -> Iterator[list[_Call]]:
    """Let moto's classes write down what they understand of the call that is answered meanwhile."""
    calls: list[_Call] = []
    _noted.append(calls)
    try:
        yield calls
    finally:
        _noted.pop()


def _hook() -> None:
    """Make moto's classes tell of each call that they have answered, once for the life of the process."""
    if _hooked:
        return
    dispatch = BaseResponse._dispatch
    _hooked.append(dispatch)

    def noting(self: Any, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # moto's own signature
        answer = dispatch(self, *arguments, **named)
        if _noted:
            _noted[-1].append(_Call(self.boto3_service_name, self._get_action(), self))
        return answer

    BaseResponse._dispatch = noting  # type: ignore[method-assign]  # moto has no place to listen at


def _failure(service: str, request: Request, status: int, message: str) -> Response:
    """Return an error as the client of *service* reads it: botocore fails on JSON where it expects XML."""
    if service in _XML_ERRORS:
        form = _XML_ERRORS[service]
    elif (request.header("content-type") or "").startswith("application/x-www-form-urlencoded"):
        form = _QUERY_ERROR
    else:
        return refusal(status, "InternalFailure", message)
    error = f"<Error><Code>InternalFailure</Code><Message>{escape(message)}</Message></Error>"
    return Response(status, form.format(error).encode(), [("content-type", "text/xml")])


def refusal(status: int, code: str, message: str) -> Response:
    """Return an error as AWS's services with JSON write it, which every SDK can show."""
    body = {"__type": code, "message": message}
    return Response(status, json.dumps(body).encode(), [*_JSON.items(), ("x-amzn-errortype", code)])
