"""A client of AWS outside a world: real signatures and real bytes, without the sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from seatrials.seams.application import AwsClient
from seatrials.seams.http1 import Request
from seatrials.twin.moto_bridge.http_api import AwsApi


class Raw:
    """A body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Yield the body."""
        yield self._body


@dataclass
class Outside:
    """A client of AWS beyond HTTP: real signatures and real bytes, without the sockets."""

    api: AwsApi
    calls: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    # Whether boto3 refuses by itself what its model rules out.
    parameter_validation: bool = True

    def client(self, service: str, region: str = "us-west-2", key: str = "testing") -> AwsClient:
        """Return boto3's client of a service, whose requests go to the API as they would go over the wire."""
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=self.parameter_validation)
        session = boto3.Session(key, "testing", region_name=region)
        client = session.client(service, endpoint_url="http://127.0.0.1:4566", config=config)
        client.meta.events.register_first("before-send", self._send)
        return client

    def _send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Take moto's place, which answers before the wire as well."""
        headers = [(name.lower(), _text(value)) for name, value in request.headers.items()]
        body = request.body or b""
        target = request.url.removeprefix("http://127.0.0.1:4566")
        content = body.encode() if isinstance(body, str) else bytes(body)
        answer = self.api.handle(Request(request.method, target, headers, content))
        assert isinstance(answer.body, bytes)
        return AWSResponse(request.url, answer.status, dict(answer.headers), Raw(answer.body))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
