"""Settings of every unit test, and a small real platform: moto's control plane and a Hermes of a few lines."""

import hashlib
import json
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from hypothesis import settings
from moto import mock_aws
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from seatrials.environments.environment import Environment, load_environment
from seatrials.seams.clock import SystemClock
from seatrials.seams.http1 import HttpServer, Request, Response, json_response
from seatrials.seams.network import Connection, SystemListener, SystemNetwork, TlsConnection

# The same examples in every run, and no limit of real time: a machine that is busy with something else is no defect.
settings.register_profile("seatrials", deadline=None, derandomize=True)
settings.load_profile("seatrials")

PROJECT = Path(__file__).parents[2]
REGION = "us-west-2"
ACCOUNT = "123456789012"


class TlsListener:
    """A listener that shakes hands with whoever believes its certificate."""

    def __init__(self, listener: SystemListener, context: ssl.SSLContext) -> None:
        self._listener = listener
        self._context = context

    @property
    def port(self) -> int:
        """The port that connections name."""
        return self._listener.port

    def accept(self) -> Connection:
        """Return the next connection whose handshake succeeds."""
        while True:
            connection = self._listener.accept()
            try:
                return TlsConnection(connection, self._context, server_side=True, timeout_seconds=5)
            except ConnectionAbortedError:
                raise
            except OSError:  # the client does not believe the certificate
                connection.close()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


class TlsNetwork(SystemNetwork):
    """The loopback, with TLS for whoever connects."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._context = context
        self.port = 0

    def listen(self, port: int) -> Any:
        """Listen with TLS."""
        listener = TlsListener(super().listen(port), self._context)
        self.port = listener.port
        return listener


@dataclass
class SmallPlatform:
    """A stack of moto with one balancer in front of a Hermes that starts and ends sessions at once."""

    aws: Callable[[str], Any]
    ca_file: Path
    url: str
    certificate_sha256: str
    requests: list[str] = field(default_factory=list)
    is_hermes_up: bool = True
    _made: int = 0

    def environment(self, **changes: Any) -> Environment:
        """Return the project's staging, which is this platform, with *changes*."""
        given = {
            "SEATRIALS_ACCOUNT_ID": ACCOUNT,
            "SEATRIALS_BASE_URL": self.url,
            "SEATRIALS_CA_FILE": str(self.ca_file),
        }
        return load_environment("staging", PROJECT / "environments.toml", given).model_copy(update=changes)

    def add_session(self, client_id: str, status: str = "active") -> str:
        """Store a session as Hermes does, and return its id."""
        self._made += 1
        item = {
            "sessionId": f"session-{self._made}",
            "userId": f"{client_id.replace('-client-', '-user-')}@example.com",
            "threadId": "thread-1",
            "previewUrl": f"{self.url}/session/session-{self._made}",
            "clientId": client_id,
            "status": status,
        }
        self._put(item)
        return item["sessionId"]

    def sessions(self) -> dict[str, str]:
        """Return the status of every session by its id."""
        items = self.aws("dynamodb").scan(TableName="webordinary-edit-sessions")["Items"]
        return {each["sessionId"]["S"]: each["status"]["S"] for each in items if "status" in each}

    def runs_items(self) -> list[str]:
        """Return the keys of what runs keep in the table, but for the number of a lease that nobody has."""
        items = self.aws("dynamodb").scan(TableName="webordinary-edit-sessions")["Items"]
        free = {"sessionId", "userId", "fence"}
        return [each["sessionId"]["S"] for each in items if "status" not in each and each.keys() != free]

    def answer(self, request: Request) -> Response:
        """Answer as the balancer and the Hermes behind it."""
        self.requests.append(f"{request.method} {request.target}")
        if request.target == "/health":
            return json_response(200, {"status": "healthy"})
        return self._answer_as_hermes(request) if self.is_hermes_up else json_response(503, {})

    def _answer_as_hermes(self, request: Request) -> Response:
        if request.target == "/hermes/health":
            return json_response(200, {})
        if request.target.endswith("/activate"):
            client = json.loads(request.body)["clientId"]
            return json_response(201, self._item(self.add_session(client)))
        session_id = request.target.split("/")[-2]
        if request.target.endswith("/deactivate") and session_id in self.sessions():
            self._put({**self._item(session_id), "status": "expired"})
            return json_response(202, {"status": "draining"})
        return json_response(404, {"error": "not found"})

    def _item(self, session_id: str) -> dict[str, str]:
        items = self.aws("dynamodb").scan(TableName="webordinary-edit-sessions")["Items"]
        found = next(each for each in items if each["sessionId"]["S"] == session_id)
        return {name: value["S"] for name, value in found.items() if "S" in value}

    def _put(self, item: dict[str, str]) -> None:
        marshalled = {name: {"S": value} for name, value in item.items()}
        self.aws("dynamodb").put_item(TableName="webordinary-edit-sessions", Item=marshalled)


def make_resources(aws: Callable[[str], Any], environment: Environment) -> None:
    """Make what the environment names: cluster, services, table, load balancer."""
    names, ecs = environment.names, aws("ecs")
    ecs.create_cluster(clusterName=names.cluster)
    for service in (names.edit_service, names.hermes_service):
        container = {"name": "app", "image": "app", "memory": 512}
        ecs.register_task_definition(family=service, containerDefinitions=[container])
        ecs.create_service(cluster=names.cluster, serviceName=service, taskDefinition=service, desiredCount=0)
    keys = [("sessionId", "HASH"), ("userId", "RANGE")]
    aws("dynamodb").create_table(
        TableName=names.table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
    )
    subnets = [each["SubnetId"] for each in aws("ec2").describe_subnets()["Subnets"][:2]]
    balancer = aws("elbv2").create_load_balancer(Name=names.load_balancer, Subnets=subnets)["LoadBalancers"][0]
    vpc = aws("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    group = aws("elbv2").create_target_group(Name="hermes", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip")
    listener = aws("elbv2").create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    aws("elbv2").create_rule(
        ListenerArn=listener["Listeners"][0]["ListenerArn"],
        Priority=5,
        Conditions=[{"Field": "path-pattern", "Values": ["/hermes/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}],
    )


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], Any]]:
    """Return what makes clients of an AWS that is moto's, in this process; no profile of the machine is read."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    # Nothing here starts from an image, and making moto's takes a second.
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    activities = json.dumps({"ScalingActivities": []})
    # moto does not implement the call.
    monkeypatch.setattr(
        ApplicationAutoScalingResponse, "describe_scaling_activities", lambda _self: activities, raising=False
    )
    with mock_aws():
        yield cache(lambda service: boto3.client(service, region_name=REGION))


@pytest.fixture
def small_platform(aws: Callable[[str], Any], tmp_path: Path) -> Iterator[SmallPlatform]:
    """Return a platform that answers at a real address, with TLS."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    network = TlsNetwork(context)
    platform = SmallPlatform(aws, ca_file, "", "")
    server = HttpServer(SystemClock(), network, 0, platform.answer)
    platform.url = f"https://127.0.0.1:{network.port}"
    platform.certificate_sha256 = _sha256(certificate.cert_chain_pems[0].bytes())
    make_resources(aws, platform.environment())
    yield platform
    server.close()


def _sha256(pem: bytes) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()
