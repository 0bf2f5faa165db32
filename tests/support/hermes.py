"""A Hermes in a small world: moto holds table, balancer and metrics; ECS and the edit containers are fakes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import NoReturn

import httpx
from botocore.exceptions import ClientError
from botocore.model import OperationModel

from seatrials.seams.application import AwsClient, Context
from seatrials.seams.http1 import Request
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import VirtualNetwork
from seatrials.webordinary.hermes import Hermes
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.rules import HANDOVER_HEADER, SESSION_HEADER
from tests.support.aws import Document, Json

START_SECONDS = 1_700_000_000
TABLE = "webordinary-edit-sessions"
ALB_URL = "https://alb.example"
NAMESPACE = "Webordinary/EditSessions"
LISTENER_ARN = "arn:listener"
# A session as its activation leaves it, half an hour before its end.
ACTIVE_SESSION = Session(
    session_id="session-1",
    user_id="jo",
    client_id="acme",
    thread_id="t1",
    status=Status.ACTIVE,
    preview_url=f"{ALB_URL}/session/session-1",
    created_at=START_SECONDS * 1000,
    last_activity=START_SECONDS * 1000,
    ttl=START_SECONDS + 1800,
    metadata={"instruction": "x", "nested": {"list": [1, 1.5, None, True, "é"]}},
)


def task_arn(number: int) -> str:
    """Return the ARN of the task of that number."""
    return f"arn:aws:ecs:us-west-2:123456789012:task/webordinary-edit-cluster/{number:032x}"


@dataclass
class FakeTasks:
    """The calls of ECS that Hermes makes; tests put tasks in and take them out."""

    tasks: list[Document] = field(default_factory=list)

    def run(self, number: int) -> str:
        """Add a running task."""
        details = [{"name": "privateIPv4Address", "value": f"10.0.1.{number}"}]
        task = {
            "taskArn": task_arn(number),
            "lastStatus": "RUNNING",
            "desiredStatus": "RUNNING",
            "startedAt": datetime.fromtimestamp(START_SECONDS + number, UTC),
            "attachments": [{"type": "ElasticNetworkInterface", "details": details}],
        }
        self.tasks.append(task)
        return str(task["taskArn"])

    def stop(self, arn: str, **changes: object) -> None:
        """Make a task one that is to stop."""
        task = next(each for each in self.tasks if each["taskArn"] == arn)
        task.update(desiredStatus="STOPPED", lastStatus="STOPPED", **changes)

    def get_paginator(self, operation: str) -> "FakeTasks":
        """Return this, which answers `paginate`."""
        assert operation == "list_tasks"
        return self

    def paginate(self, *, cluster: str, serviceName: str, desiredStatus: str) -> list[Document]:  # noqa: N803
        """HermesAnswer ListTasks in one page."""
        assert (cluster, serviceName) == ("webordinary-edit-cluster", "webordinary-edit-service")
        return [{"taskArns": [each["taskArn"] for each in self.tasks if each["desiredStatus"] == desiredStatus]}]

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> Document:
        """HermesAnswer DescribeTasks."""
        assert cluster == "webordinary-edit-cluster"
        return {"tasks": [each for each in self.tasks if each["taskArn"] in tasks]}


@dataclass
class FakeElbv2:
    """The calls of the load balancer's control plane that Hermes makes; test_routing.py tries them on moto."""

    hooks: "Hooks"
    rules: dict[str, Document] = field(default_factory=dict)
    # By ARN, which here is the name.
    groups: dict[str, Document] = field(default_factory=dict)
    # States of targets that are not healthy, by address.
    states: dict[str, str] = field(default_factory=dict)

    def get_paginator(self, operation: str) -> "FakePages":
        """Return what answers `paginate`."""
        return {
            "describe_rules": FakePages(self.hooks, "DescribeRules", "Rules", self.rules),
            "describe_target_groups": FakePages(self.hooks, "DescribeTargetGroups", "TargetGroups", self.groups),
        }[operation]

    def create_rule(
        self,
        *,
        ListenerArn: str,  # noqa: N803
        Priority: int,  # noqa: N803
        Conditions: list[Document],  # noqa: N803
        Actions: list[Document],  # noqa: N803
    ) -> None:
        """Create a rule unless its priority is taken."""
        self.hooks.before("CreateRule")
        assert ListenerArn == LISTENER_ARN
        if any(rule["Priority"] == str(Priority) for rule in self.rules.values()):
            fail_with("PriorityInUse")
        arn = f"rule-{Priority}"
        self.rules[arn] = {
            "RuleArn": arn,
            "Priority": str(Priority),
            "Conditions": Conditions,
            "Actions": Actions,
        }

    def modify_rule(self, *, RuleArn: str, Actions: list[Document]) -> None:  # noqa: N803
        """Change where a rule leads."""
        self.hooks.before("ModifyRule")
        self.rules[RuleArn]["Actions"] = Actions

    def delete_rule(self, *, RuleArn: str) -> None:  # noqa: N803
        """Delete a rule."""
        self.hooks.before("DeleteRule")
        if RuleArn not in self.rules:
            fail_with("RuleNotFound")
        del self.rules[RuleArn]

    def create_target_group(self, *, Name: str, **settings: object) -> Document:  # noqa: N803
        """Create a group unless its name is taken."""
        self.hooks.before("CreateTargetGroup")
        if Name in self.groups:
            fail_with("DuplicateTargetGroupName")
        self.groups[Name] = {"TargetGroupName": Name, "TargetGroupArn": Name, **settings}
        return {"TargetGroups": [self.groups[Name]]}

    def modify_target_group_attributes(self, **_: object) -> None:
        """Take attributes."""
        self.hooks.before("ModifyTargetGroupAttributes")

    def register_targets(self, *, TargetGroupArn: str, Targets: list[Document]) -> None:  # noqa: N803
        """Note a group's targets."""
        self.hooks.before("RegisterTargets")
        self.groups[TargetGroupArn]["targets"] = Targets

    def describe_target_health(self, *, TargetGroupArn: str) -> Document:  # noqa: N803
        """Say healthy, or what the test says."""
        self.hooks.before("DescribeTargetHealth")
        if TargetGroupArn not in self.groups:
            fail_with("TargetGroupNotFound")
        targets = self.groups[TargetGroupArn]["targets"]
        states = [(target, self.states.get(target["Id"], "healthy")) for target in targets]
        return {
            "TargetHealthDescriptions": [{"Target": each, "TargetHealth": {"State": state}} for each, state in states]
        }

    def describe_tags(self, *, ResourceArns: list[str]) -> Document:  # noqa: N803
        """Return the tags that groups were created with."""
        self.hooks.before("DescribeTags")
        if any(arn not in self.groups for arn in ResourceArns):
            fail_with("TargetGroupNotFound")
        return {"TagDescriptions": [{"ResourceArn": arn, "Tags": self.groups[arn]["Tags"]} for arn in ResourceArns]}

    def delete_target_group(self, *, TargetGroupArn: str) -> None:  # noqa: N803
        """Delete a group that no rule uses."""
        self.hooks.before("DeleteTargetGroup")
        if TargetGroupArn not in self.groups:
            fail_with("TargetGroupNotFound")
        if any(TargetGroupArn in json.dumps(rule["Actions"]) for rule in self.rules.values()):
            fail_with("ResourceInUse")
        del self.groups[TargetGroupArn]


@dataclass
class FakePages:
    """All of one kind of thing as one page."""

    hooks: "Hooks"
    operation: str
    name: str
    things: Mapping[str, Document]

    def paginate(self, **_: object) -> list[Document]:
        """Return the page."""
        self.hooks.before(self.operation)
        return [{self.name: list(self.things.values())}]


def fail_with(code: str) -> NoReturn:
    """Fail as AWS does, with an error of that code."""
    raise ClientError({"Error": {"Code": code, "Message": code}}, "operation")


@dataclass
class FakeMetrics:
    """Remembers what is published."""

    data: list[Document] = field(default_factory=list)

    def put_metric_data(self, *, Namespace: str, MetricData: list[Document]) -> None:  # noqa: N803
        """Take metric data."""
        assert Namespace == NAMESPACE
        self.data += MetricData

    def values(self) -> list[int]:
        """Return the published values, without those that repeat the one before."""
        values = [int(each["Value"]) for each in self.data]
        return [value for index, value in enumerate(values) if index == 0 or values[index - 1] != value]


@dataclass
class FakeAccessPoints:
    """Remembers the access points, and refuses a second one of a token."""

    hooks: "Hooks"
    # Root directories by token.
    roots: dict[str, str] = field(default_factory=dict)

    def create_access_point(self, *, ClientToken: str, RootDirectory: Document, **_: object) -> None:  # noqa: N803
        """Create an access point unless its token is taken."""
        self.hooks.before("CreateAccessPoint")
        if ClientToken in self.roots:
            fail_with("AccessPointAlreadyExists")
        self.roots[ClientToken] = RootDirectory["Path"]


@dataclass(frozen=True)
class HermesAnswer:
    """An answer of Hermes, its JSON read."""

    status: int
    document: Json
    headers: dict[str, str]


@dataclass
class FakeEditors:
    """All edit containers behind the balancer; requests go where the session's rules lead."""

    world: "HermesWorld"
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    # Session ids by task.
    hosted: dict[str, list[str]] = field(default_factory=dict)
    # Paths that fail, and with which status.
    broken: dict[str, int] = field(default_factory=dict)
    # Nodes of the load balancer that know no rule yet, by address.
    lagging: set[str] = field(default_factory=set)
    # Seconds that a task takes for each answer, beyond the usual.
    slow: dict[str, float] = field(default_factory=dict)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request through the balancer."""
        path = request.url.path
        session_id = request.headers.get(SESSION_HEADER) or path.split("/")[2]
        task = self.world.routed_task(path, session_id, request.headers.get(HANDOVER_HEADER))
        if request.method == "HEAD":  # who is there, asked of each node for each kind of rule
            if request.url.host in self.lagging:
                return httpx.Response(404)
            return httpx.Response(self.broken.get(path, 200), headers={"x-task-arn": task})
        self.world.clock.sleep(0.2)
        self.world.clock.sleep(self.slow.get(task, 0.0))
        self.calls.append((request.method, path, task))
        if path in self.broken:
            return httpx.Response(self.broken[path])
        if path == "/api/init":
            self.hosted.setdefault(task, []).append(session_id)
        if session_id not in self.hosted.get(task, []):
            return httpx.Response(404, json={"error": "unknown session"})
        return httpx.Response(200, json={"taskArn": task})

    def paths(self) -> list[str]:
        """Return the paths called, in order."""
        return [path for _, path, _ in self.calls]


class HermesWorld:
    """Everything around one Hermes."""

    def __init__(self, clock: VirtualClock, dynamodb: AwsClient, hooks: "Hooks", seed: int = 1) -> None:
        self.clock = clock
        self.dynamodb = dynamodb
        self.elbv2 = FakeElbv2(hooks)
        self.efs = FakeAccessPoints(hooks)
        self.random = Random(seed)
        self.ecs = FakeTasks()
        self.editors = FakeEditors(self)
        self.logs: list[str] = []
        self.cloudwatch = FakeMetrics()
        self.hermes: Hermes | None = None
        self.stopping = clock.signal()
        self._create()
        self.network = VirtualNetwork(clock, lambda: 0.0005)
        self.host = self.network.attach("10.0.1.200")

    def context(self) -> Context:
        """Return what Hermes's container gives it."""
        variables = {
            "SERVICE_VERSION": "1.0.0",
            "SESSIONS_TABLE": TABLE,
            "AWS_REGION": "us-west-2",
            "CLUSTER": "webordinary-edit-cluster",
            "EDIT_SERVICE": "webordinary-edit-service",
            "LISTENER_ARN": LISTENER_ARN,
            "VPC_ID": "vpc-1",
            "ALB_URL": ALB_URL,
            "METRIC_NAMESPACE": NAMESPACE,
            "FILE_SYSTEM_ID": "fs-1",
            "ECS_TASK_ARN": "arn:aws:ecs:us-west-2:123456789012:task/webordinary-edit-cluster/hermes",
        }
        return Context(
            variables=variables,
            clock=self.clock,
            network=self.host,
            random=self.random,
            aws=self.aws,
            http=httpx.Client(transport=httpx.MockTransport(self.editors.answer)),
            root=Path("/nowhere"),
            stopping=self.stopping,
            log=self.logs.append,
        )

    def aws(self, service: str) -> AwsClient:
        """Return a client."""
        return {
            "ecs": self.ecs,
            "cloudwatch": self.cloudwatch,
            "efs": self.efs,
            "elbv2": self.elbv2,
            "dynamodb": self.dynamodb,
        }[service]

    def start_hermes(self) -> Hermes:
        """Start a Hermes without its server; a second one takes over."""
        if self.hermes is not None:
            self.hermes.controller.stop()
        self.hermes = Hermes(self.context())
        self.hermes.controller.start()
        self.hermes.publisher.start()
        self.clock.sleep(0.1)
        return self.hermes

    def request(self, method: str, path: str, body: bytes = b"") -> HermesAnswer:
        """Return Hermes's answer to a request."""
        assert self.hermes is not None
        response = self.hermes.routes.handle(Request(method, path, [], body))
        assert isinstance(response.body, bytes)
        return HermesAnswer(response.status, json.loads(response.body), dict(response.headers))

    def get(self, path: str) -> HermesAnswer:
        """Return Hermes's answer to a GET."""
        return self.request("GET", path)

    def post(self, path: str, body: object = None) -> HermesAnswer:
        """Return Hermes's answer to a POST of JSON."""
        return self.request("POST", path, json.dumps({} if body is None else body).encode())

    def activate(self, number: int = 1, **fields: object) -> HermesAnswer:
        """Return Hermes's answer to a valid activation, of another user for each number."""
        body = {"clientId": "acme", "userId": f"user-{number}", "threadId": "t1", "instruction": "add a page", **fields}
        return self.post("/hermes/api/sessions/activate", body)

    def status(self, session_id: str) -> str | None:
        """Return the status in the table, whoever may see it."""
        return next((each["status"]["S"] for each in self.items() if each["sessionId"]["S"] == session_id), None)

    def items(self) -> list[Document]:
        """Return what the table holds."""
        return list(self.dynamodb.scan(TableName=TABLE)["Items"])

    def rules(self) -> list[Document]:
        """Return the rules that sessions have, in their order."""
        return sorted(self.elbv2.rules.values(), key=lambda rule: int(rule["Priority"]))

    def group_names(self) -> list[str]:
        """Return the names of all target groups."""
        return sorted(self.elbv2.groups)

    def routed_task(self, path: str, session_id: str, handover: str | None) -> str:
        """Return the task that the rules lead a request to."""
        for rule in self.rules():
            text = json.dumps(rule["Conditions"])
            is_api = path.startswith("/api") == ("/api/" in text)
            if session_id in text and is_api and "/ws/" not in text and (HANDOVER_HEADER not in text or handover):
                forward = rule["Actions"][0].get("ForwardConfig", {}).get("TargetGroups", [])
                group = rule["Actions"][0].get("TargetGroupArn") or forward[0]["TargetGroupArn"]
                task_id = group.rpartition("-")[2]
                return next(str(each["taskArn"]) for each in self.ecs.tasks if each["taskArn"].endswith(task_id))
        return "nobody"

    def _create(self) -> None:
        self.dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "sessionId", "KeyType": "HASH"},
                {"AttributeName": "userId", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "sessionId", "AttributeType": "S"},
                {"AttributeName": "userId", "AttributeType": "S"},
            ],
        )


@dataclass
class Hooks:
    """What happens at every AWS call of the test that runs; the clients outlive tests."""

    before: Callable[[str], None] = lambda _: None

    def before_call(self, model: OperationModel, **_: object) -> None:
        """Be told of a call by botocore."""
        self.before(model.name)
