"""A small real platform: moto's control plane and a Hermes of a few lines."""

import hashlib
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.environments.parts import ResourceNames
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.seams.network import Connection, SystemListener, SystemNetwork, TlsConnection
from tests.support.aws import Clients, Document, Json
from tests.support.project import PROJECT

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


class TlsNetwork:
    """The loopback, with TLS for whoever connects."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._loopback = SystemNetwork()
        self._context = context
        self.port = 0

    def listen(self, port: int) -> TlsListener:
        """Listen with TLS."""
        listener = TlsListener(self._loopback.listen(port), self._context)
        self.port = listener.port
        return listener

    def connect(self, host: str, port: int, timeout_seconds: float | None = None) -> Connection:
        """Connect without TLS."""
        return self._loopback.connect(host, port, timeout_seconds)

    def resolve(self, host: str) -> Sequence[str]:
        """Return the addresses of a name."""
        return self._loopback.resolve(host)


# What a load balancer says that answers in place of a service.
BALANCER_ITSELF = {"server": "awselb/2.0"}


@dataclass
class SmallPlatform:
    """A stack of moto with one balancer in front of a Hermes that starts and ends sessions at once."""

    aws: Clients
    ca_file: Path
    url: str
    certificate_sha256: str
    requests: list[str] = field(default_factory=list)
    is_hermes_up: bool = True
    # Whether a rule of the balancer forwards to Hermes.
    is_routed: bool = True
    _made: int = 0

    def environment(self, **changes: object) -> Environment:
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
        self._put_whole({**{name: {"S": value} for name, value in item.items()}, "lastActivity": {"N": "1"}})
        return item["sessionId"]

    def note_client(self, client_id: str, run: str = "dead") -> None:
        """Store what the journal of a run has of a client that it asked a session for."""
        self.note("client", run, client=client_id)

    def note(self, kind: str, run: str = "dead", **details: Json) -> None:
        """Store an entry of the journal of a run."""
        text = json.dumps(details)
        told = {"run_id": run, "entry_kind": kind, "details": text}
        keys = {"sessionId": "seatrials#journal", "userId": f"{run}/process-1/{kind} {text}"}
        self._put_whole({name: {"S": value} for name, value in {**keys, **told}.items()})

    def hold_lease(self, run: str) -> None:
        """Store the lease of a run, which does not beat."""
        key = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
        held = {"run_id": {"S": run}, "owner": {"S": "anna"}, "beats": {"N": "0"}, "fence": {"N": "7"}}
        self._put_whole({**key, **held})

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
        if not self.is_routed and request.target.startswith("/hermes/"):
            return json_response(404, {"error": "not found"}, BALANCER_ITSELF)
        return self._answer_as_hermes(request) if self.is_hermes_up else json_response(503, {}, BALANCER_ITSELF)

    def _answer_as_hermes(self, request: Request) -> Response:
        if request.target == "/hermes/health":
            return json_response(200, {})
        if request.target.endswith("/activate"):
            client = json.loads(request.body)["clientId"]
            return json_response(201, self._item(self.add_session(client)))
        found = self._found(request.target.split("/")[-2])
        if request.target.endswith("/deactivate") and found is not None:
            self._put_whole({**found, "status": {"S": "expired"}})
            return json_response(202, {"status": "draining"})
        return json_response(404, {"error": "not found"})

    def _item(self, session_id: str) -> dict[str, str]:
        found = self._found(session_id)
        assert found is not None, "it was just stored"
        return {name: value["S"] for name, value in found.items() if "S" in value}

    def _found(self, session_id: str) -> Document | None:
        items = self.aws("dynamodb").query(
            TableName="webordinary-edit-sessions",
            KeyConditionExpression="sessionId = :id",
            ExpressionAttributeValues={":id": {"S": session_id}},
        )["Items"]
        return next(iter(items), None)

    def _put_whole(self, item: Document) -> None:
        self.aws("dynamodb").put_item(TableName="webordinary-edit-sessions", Item=item)


def make_resources(aws: Clients, environment: Environment) -> None:
    """Make what the environment names: cluster, services, table, load balancer."""
    names, ecs = environment.names, aws("ecs")
    ecs.create_cluster(clusterName=names.cluster)
    for service in (names.edit_service, names.hermes_service):
        container = {"name": "app", "image": "app", "memory": 512}
        ecs.register_task_definition(family=service, containerDefinitions=[container])
        ecs.create_service(cluster=names.cluster, serviceName=service, taskDefinition=service, desiredCount=0)
    _make_table(aws, names)
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


def _make_table(aws: Clients, names: ResourceNames) -> None:
    indexes = {names.client_index: ("clientId", "status"), names.activity_index: ("status", "lastActivity")}
    kinds = {"sessionId": "S", "userId": "S", "clientId": "S", "status": "S", "lastActivity": "N"}
    aws("dynamodb").create_table(
        TableName=names.table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=_keys("sessionId", "userId"),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        GlobalSecondaryIndexes=[
            {"IndexName": name, "KeySchema": _keys(*keys), "Projection": {"ProjectionType": "ALL"}}
            for name, keys in indexes.items()
        ],
    )


def _keys(partition: str, sort: str) -> list[Document]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def sha256_of(pem: bytes) -> str:
    """Return the hash of a certificate, as a client can pin it."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()
