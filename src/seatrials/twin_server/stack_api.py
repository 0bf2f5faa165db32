"""CloudFormation's API for the one stack that a served platform was deployed from: what it is, made and gives out.

moto's own CloudFormation did not make the stack, so it cannot tell of it. Everything else of the service is refused.
Source: AWS CloudFormation API Reference, DescribeStacks, DescribeStackResources, ListStackResources, ListStacks,
ListExports.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from seatrials.seams.http1 import Request, Response
from seatrials.twin.cloudformation.deployer import DeployedStack

_OF_CLOUDFORMATION = re.compile(r"Credential=[^/]*/\d+/[a-z0-9-]+/cloudformation/aws4_request")
_XML = [("content-type", "text/xml")]
_STATUS = "CREATE_COMPLETE"


class StackApi:
    """Answers for CloudFormation, and hands every other call on."""

    def __init__(
        self, stack: DeployedStack, created_epoch_seconds: float, handle: Callable[[Request], Response]
    ) -> None:
        """*handle* answers what is for another service."""
        self._stack = stack
        self._created = datetime.fromtimestamp(created_epoch_seconds, UTC).isoformat(timespec="milliseconds")
        self._handle = handle

    def handle(self, request: Request) -> Response:
        """Answer one call."""
        if not _OF_CLOUDFORMATION.search(request.header("authorization") or ""):
            return self._handle(request)
        fields = {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        action, name = fields.get("Action", ""), fields.get("StackName")
        answers: Mapping[str, Callable[[], str]] = {
            "DescribeStacks": lambda: _list("Stacks", [self._described()]),
            "ListStacks": lambda: _list("StackSummaries", [self._summary()]),
            "DescribeStackResources": lambda: _list("StackResources", self._resources(fields)),
            "ListStackResources": lambda: _list("StackResourceSummaries", self._resources(fields)),
            "ListExports": lambda: _list("Exports", self._exports()),
        }
        if action not in answers:
            known = ", ".join(answers)
            return _refusal(
                "InvalidAction", f"the twin does not answer {action[:100]!r} of CloudFormation; it has {known}"
            )
        if name not in (None, self._stack.name, self._stack.stack_id):
            return _refusal("ValidationError", f"Stack with id {name} does not exist")
        result = f"<{action}Result>{answers[action]()}</{action}Result>"
        metadata = "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"
        namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
        body = f'<{action}Response xmlns="{namespace}">{result}{metadata}</{action}Response>'
        return Response(200, body.encode(), _XML)

    def _summary(self) -> str:
        return _elements(
            StackName=self._stack.name,
            StackId=self._stack.stack_id,
            CreationTime=self._created,
            StackStatus=_STATUS,
        )

    def _described(self) -> str:
        outputs = [_elements(OutputKey=key, OutputValue=value) for key, value in self._stack.outputs.items()]
        parameters = [
            _elements(ParameterKey=key, ParameterValue=value) for key, value in self._stack.parameters.items()
        ]
        return self._summary() + _list("Outputs", outputs) + _list("Parameters", parameters) + _list("Tags", [])

    def _resources(self, fields: Mapping[str, str]) -> list[str]:
        wanted = fields.get("LogicalResourceId")
        return [
            _elements(
                StackName=self._stack.name,
                StackId=self._stack.stack_id,
                LogicalResourceId=logical_id,
                PhysicalResourceId=physical_id,
                ResourceType=self._stack.types[logical_id],
                Timestamp=self._created,
                LastUpdatedTimestamp=self._created,
                ResourceStatus=_STATUS,
            )
            for logical_id, physical_id in self._stack.physical_ids.items()
            if wanted in (None, logical_id)
        ]

    def _exports(self) -> list[str]:
        return [
            _elements(ExportingStackId=self._stack.stack_id, Name=name, Value=value)
            for name, value in self._stack.exports.items()
        ]


def _elements(**texts: str) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())


def _list(name: str, members: list[str]) -> str:
    return f"<{name}>{''.join(f'<member>{each}</member>' for each in members)}</{name}>"


def _refusal(code: str, message: str) -> Response:
    error = f"<Error><Type>Sender</Type>{_elements(Code=code, Message=message)}</Error>"
    return Response(400, f"<ErrorResponse>{error}</ErrorResponse>".encode(), _XML)
