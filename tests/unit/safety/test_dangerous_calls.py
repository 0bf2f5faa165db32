"""Sixty and more dangerous calls from a scenario: none has an effect, or the end of the run names it.

Each is made on a small platform with somebody else's session on it. What reaches AWS is seen where botocore sends it,
whichever client was used, and what reaches the load balancer where that answers.
"""

import gzip
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import boto3
import botocore.session
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.endpoint import Endpoint
from botocore.exceptions import NoCredentialsError

from seatrials.environments.variables import set_again, withdraw_credentials
from seatrials.errors import LeftoversError, RefusedWriteError
from seatrials.platform import Platform, contract
from seatrials.safety.reading import is_reading
from seatrials.seams.application import AwsClient
from seatrials.seams.network import SystemNetwork, TlsConnection
from seatrials.stacks import StackOptions, StackRun
from seatrials.stacks.live.stacks import LiveStacks
from tests.support.aws import Clients, Document, Json
from tests.support.live_run import platform_of
from tests.support.small_platform import REGION, SmallPlatform

CLUSTER, EDIT, HERMES = "webordinary-edit-cluster", "webordinary-edit-service", "webordinary-hermes-service"
TABLE, STRANGER = "webordinary-edit-sessions", "session-11111111-0000-4000-8000-000000000000"
ITEM = {
    "sessionId": {"S": STRANGER},
    "userId": {"S": "anna@example.com"},
    "clientId": {"S": "acme"},
    "threadId": {"S": "thread-1"},
    "status": {"S": "active"},
    "previewUrl": {"S": f"https://example.org/session/{STRANGER}"},
    "createdAt": {"N": "1700000000000"},
    "lastActivity": {"N": "1700000000000"},
    "ttl": {"N": "4000000000"},
}
KEY = {name: ITEM[name] for name in ("sessionId", "userId")}
LEASE = {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
OWN = {"sessionId": {"S": "session-new"}, "userId": {"S": "TEST_run-1_COLD-03-user-1@example.com"}}
SET_STATUS = {"UpdateExpression": "SET ttl = :s", "ExpressionAttributeValues": {":s": {"N": "1"}}}


@dataclass
class Danger:
    """A run on a platform with a bystander, and what has reached AWS since it began."""

    small: SmallPlatform
    stacks: LiveStacks
    run: StackRun
    effects: list[str]
    arns: dict[str, str]

    @property
    def platform(self) -> Platform:
        """The platform as a scenario holds it."""
        return platform_of(self.run)

    def aws(self, service: str) -> AwsClient:
        """Return a client as a scenario is given it; those that the project does not use are made as it makes them."""
        return self.run.stack.aws(service)

    def stolen(self, service: str) -> AwsClient:
        """Return a client with the run's credentials, taken from where they are private."""
        found = self.run.stack.aws("ecs")._request_signer._credentials.get_frozen_credentials()  # noqa: SLF001  # what it is about
        keys = {"aws_access_key_id": found.access_key, "aws_secret_access_key": found.secret_key}
        made: AwsClient = boto3.client(service, region_name=REGION, **keys)
        return made

    def changes_by_http(self) -> list[str]:
        """Return the requests that the load balancer got, but for those that only look at Hermes's things."""
        return [each for each in self.small.requests if not each.startswith(("GET /health", "GET /hermes"))]


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the changes that AWS has answered, but for the beats of the lease."""
    sent: list[str] = []
    make = Endpoint.make_request

    def record(endpoint: Endpoint, model: Json, request: Document) -> Json:
        service, operation = str(model.service_model.service_name), str(model.name)
        answer = make(endpoint, model, request)
        if not is_reading(service, operation) and "beats :one" not in str(request.get("body")):
            sent.append(operation)
        return answer

    monkeypatch.setattr(Endpoint, "make_request", record)
    return sent


@pytest.fixture
def danger(
    small_platform: SmallPlatform, effects: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Danger]:
    """Begin a run as pytest's plugin does, without credentials in the variables; the test ends it."""
    arns = _others_things(small_platform.aws)
    # The owner's, which this test has made, has found its credentials already.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    withdrawn = withdraw_credentials()
    try:
        options = StackOptions(folder=tmp_path / "run-1", credentials=withdrawn)
        stacks = LiveStacks(small_platform.environment(), options, {})
        with stacks.open("COLD-03") as run:
            effects.clear()
            small_platform.requests.clear()
            yield Danger(small_platform, stacks, run, effects, arns)
    finally:
        set_again(withdrawn)


def _others_things(aws: Clients) -> dict[str, str]:
    """Make what a run must leave alone; return the ARNs and ids that calls name."""
    aws("dynamodb").put_item(TableName=TABLE, Item=ITEM)
    for prefix in ("/ecs/edit", "/ecs/hermes"):
        aws("logs").create_log_group(logGroupName=prefix)
    system = aws("efs").create_file_system(CreationToken="x")["FileSystemId"]
    volume = {"name": "workspace", "efsVolumeConfiguration": {"fileSystemId": system}}
    container = {"name": "app", "image": "app", "memory": 512}
    aws("ecs").register_task_definition(family=EDIT, containerDefinitions=[container], volumes=[volume])
    aws("ecs").update_service(cluster=CLUSTER, service=EDIT, taskDefinition=EDIT)
    root = {"Path": "/workspace/acme"}
    point = aws("efs").create_access_point(ClientToken="x", FileSystemId=system, RootDirectory=root)["AccessPointId"]
    resource = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/{EDIT}"}
    dimension = {"ScalableDimension": "ecs:service:DesiredCount"}
    aws("application-autoscaling").register_scalable_target(**resource, **dimension, MinCapacity=0, MaxCapacity=3)
    _alarm(aws("cloudwatch"), threshold=1)
    aws("cloudwatch").put_dashboard(DashboardName="edit", DashboardBody='{"widgets": []}')
    balancer = aws("elbv2").describe_load_balancers()["LoadBalancers"][0]
    listener = aws("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"][0][
        "ListenerArn"
    ]
    rules = aws("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    group = aws("elbv2").describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
    rule = next(each["RuleArn"] for each in rules if each["Priority"] == "5")
    session_rule = aws("elbv2").create_rule(
        ListenerArn=listener,
        Priority=100,
        Conditions=[{"Field": "path-pattern", "Values": [f"/session/{STRANGER}"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Rules"][0]["RuleArn"]
    arns = {"system": system, "point": point, "balancer": balancer["LoadBalancerArn"], "listener": listener}
    return {**arns, "group": group, "rule": rule, "session_rule": session_rule}


def _alarm(cloudwatch: AwsClient, threshold: float) -> None:
    cloudwatch.put_metric_alarm(
        AlarmName="edit-out",
        Namespace="Webordinary/EditSessions",
        MetricName="ActiveSessionCount",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )


Call = Callable[[Danger], object]

# What a scenario may try with the clients that it is given: service, and the call.
REFUSED: dict[str, Call] = {
    "delete the service": lambda d: d.aws("ecs").delete_service(cluster=CLUSTER, service=EDIT, force=True),
    "500 tasks": lambda d: d.aws("ecs").update_service(cluster=CLUSTER, service=EDIT, desiredCount=500),
    "minus one task": lambda d: d.aws("ecs").update_service(cluster=CLUSTER, service=EDIT, desiredCount=-1),
    "tasks of a cluster of others": lambda d: d.aws("ecs").update_service(cluster="x", service=EDIT, desiredCount=0),
    "a service of others": lambda d: d.aws("ecs").update_service(cluster=CLUSTER, service="x", desiredCount=0),
    "a foreign definition": lambda d: d.aws("ecs").update_service(
        cluster=CLUSTER, service=HERMES, taskDefinition="x:1"
    ),
    "a deployment amid sessions": lambda d: d.aws("ecs").update_service(
        cluster=CLUSTER, service=EDIT, forceNewDeployment=True
    ),
    "other subnets": lambda d: d.aws("ecs").update_service(
        cluster=CLUSTER, service=EDIT, networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    ),
    "a task of one's own": lambda d: d.aws("ecs").run_task(cluster=CLUSTER, taskDefinition=EDIT),
    "stop a task of others": lambda d: d.aws("ecs").stop_task(cluster=CLUSTER, task="0" * 32),
    "a new definition": lambda d: d.aws("ecs").register_task_definition(family=EDIT, containerDefinitions=[]),
    "a shell in a task": lambda d: d.aws("ecs").execute_command(
        cluster=CLUSTER, task="0" * 32, command="sh", interactive=True
    ),
    "delete the cluster": lambda d: d.aws("ecs").delete_cluster(cluster=CLUSTER),
    "put a session of others": lambda d: d.aws("dynamodb").put_item(TableName=TABLE, Item=ITEM),
    "put with an attribute of runs": lambda d: d.aws("dynamodb").put_item(
        TableName=TABLE, Item={**ITEM, "seatrials#x": {"S": "x"}}
    ),
    "put the lease": lambda d: d.aws("dynamodb").put_item(TableName=TABLE, Item=LEASE),
    "delete the lease": lambda d: d.aws("dynamodb").delete_item(
        TableName=TABLE, Key=LEASE, ConditionExpression="attribute_exists(sessionId)"
    ),
    "update the lease": lambda d: d.aws("dynamodb").update_item(TableName=TABLE, Key=LEASE, **SET_STATUS),
    "delete a session of others": lambda d: d.aws("dynamodb").delete_item(
        TableName=TABLE, Key=KEY, ConditionExpression="attribute_exists(sessionId)"
    ),
    "update a session of others": lambda d: d.aws("dynamodb").update_item(
        TableName=TABLE, Key=KEY, ConditionExpression="attribute_exists(sessionId)", **SET_STATUS
    ),
    "make an item by an update": lambda d: d.aws("dynamodb").update_item(TableName=TABLE, Key=OWN, **SET_STATUS),
    "make an item by an odd condition": lambda d: d.aws("dynamodb").update_item(
        TableName=TABLE,
        Key=OWN,
        ConditionExpression="attribute_exists(sessionId) OR attribute_not_exists(sessionId)",
        **SET_STATUS,
    ),
    "delete without a condition": lambda d: d.aws("dynamodb").delete_item(TableName=TABLE, Key=OWN),
    "update in another table": lambda d: d.aws("dynamodb").update_item(TableName="x", Key=OWN, **SET_STATUS),
    "a batch of writes": lambda d: d.aws("dynamodb").batch_write_item(
        RequestItems={TABLE: [{"DeleteRequest": {"Key": KEY}}]}
    ),
    "a transaction": lambda d: d.aws("dynamodb").transact_write_items(
        TransactItems=[{"Delete": {"TableName": TABLE, "Key": KEY}}]
    ),
    "PartiQL": lambda d: d.aws("dynamodb").execute_statement(
        Statement=f"DELETE FROM \"{TABLE}\" WHERE sessionId='{STRANGER}'"  # noqa: S608  # the danger itself
    ),
    "a batch of PartiQL": lambda d: d.aws("dynamodb").batch_execute_statement(Statements=[{"Statement": "DELETE"}]),
    "delete the table": lambda d: d.aws("dynamodb").delete_table(TableName=TABLE),
    "no more time to live": lambda d: d.aws("dynamodb").update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ttl"}
    ),
    "delete a rule": lambda d: d.aws("elbv2").delete_rule(RuleArn=d.arns["rule"]),
    "change a rule": lambda d: d.aws("elbv2").modify_rule(RuleArn=d.arns["rule"], Actions=[]),
    "a new rule": lambda d: d.aws("elbv2").create_rule(
        ListenerArn=d.arns["listener"], Priority=1, Conditions=[], Actions=[]
    ),
    "targets into a group": lambda d: d.aws("elbv2").register_targets(
        TargetGroupArn=d.arns["group"], Targets=[{"Id": "10.0.0.9"}]
    ),
    "targets out of a group": lambda d: d.aws("elbv2").deregister_targets(
        TargetGroupArn=d.arns["group"], Targets=[{"Id": "10.0.0.9"}]
    ),
    "another health check": lambda d: d.aws("elbv2").modify_target_group(
        TargetGroupArn=d.arns["group"], HealthCheckPath="/x"
    ),
    "delete the load balancer": lambda d: d.aws("elbv2").delete_load_balancer(LoadBalancerArn=d.arns["balancer"]),
    "an access point of others": lambda d: d.aws("efs").delete_access_point(AccessPointId=d.arns["point"]),
    "the file system": lambda d: d.aws("efs").delete_file_system(FileSystemId=d.arns["system"]),
    "the logs": lambda d: d.aws("logs").delete_log_group(logGroupName="/ecs/edit"),
    "a false number of sessions": lambda d: d.aws("cloudwatch").put_metric_data(
        Namespace="Webordinary/EditSessions", MetricData=[{"MetricName": "ActiveSessionCount", "Value": 0}]
    ),
    "a false alarm": lambda d: d.aws("cloudwatch").set_alarm_state(
        AlarmName="edit-out", StateValue="OK", StateReason="x"
    ),
    "delete the alarm": lambda d: d.aws("cloudwatch").delete_alarms(AlarmNames=["edit-out"]),
    "more capacity": lambda d: d.aws("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{CLUSTER}/{EDIT}",
        ScalableDimension="ecs:service:DesiredCount",
        MaxCapacity=500,
    ),
    "rights of a role": lambda d: d.aws("iam").put_role_policy(RoleName="x", PolicyName="x", PolicyDocument="{}"),
    "a key of a user": lambda d: d.aws("iam").create_access_key(UserName="x"),
    "another role": lambda d: d.aws("sts").assume_role(RoleArn="arn:aws:iam::123456789012:role/x", RoleSessionName="x"),
    "a session token": lambda d: d.aws("sts").get_session_token(),
    "a secret": lambda d: d.aws("secretsmanager").get_secret_value(SecretId="x"),
    "a parameter": lambda d: d.aws("ssm").get_parameter(Name="x", WithDecryption=True),
    "an object": lambda d: d.aws("s3").put_object(Bucket="x", Key="x", Body=b"x"),
    "a function": lambda d: d.aws("lambda").invoke(FunctionName="x"),
    "a message": lambda d: d.aws("sns").publish(TopicArn="arn:aws:sns:us-west-2:123456789012:x", Message="x"),
    "a signed link": lambda d: d.aws("dynamodb").generate_presigned_url("delete_table", {"TableName": TABLE}),
    "from a thread": lambda d: ThreadPoolExecutor(1).submit(lambda: REFUSED["delete the table"](d)).result(),
}


def test_clients_of_a_scenario_change_nothing_of_others(danger: Danger) -> None:
    """Each call is refused before it is sent, whatever it is."""
    sent = {}
    for name, call in REFUSED.items():
        with pytest.raises(RefusedWriteError):
            call(danger)
        sent[name] = list(danger.effects)
    danger.run.stack.http.get("/health")

    assert {name: every for name, every in sent.items() if every} == {}
    assert _end(danger) == ""


def _post(path: str, **given: Json) -> Call:
    return lambda d: d.run.stack.http.post(path, **given)


def _raw(head: str, *parts: bytes) -> Call:
    def send(danger: Danger) -> None:
        request = danger.platform.raw.begin(f"{head} HTTP/1.1\r\nHost: x\r\n".encode())
        for part in parts[:-1]:
            request._connection.send(part)  # noqa: SLF001  # in parts, as a scenario might with a socket that it is given
        request.finish(parts[-1])

    return send


def _redirected(danger: Danger) -> None:
    """Follow a redirection to another host with a request that changes something."""
    request = httpx.Request("POST", "https://elsewhere.example.org/")
    danger.run.stack.http.send(request, follow_redirects=True)


ACTIVATE, OTHERS = contract.ACTIVATE_PATH, f"{contract.SESSIONS_PATH}/{STRANGER}"
ACME = b'{"clientId": "acme"}'
BY_HTTP: dict[str, Call] = {
    "end a session": _post(f"{OTHERS}/deactivate"),
    "end it under another spelling": _post(f"{OTHERS.replace('-', '%2D')}/deactivate"),
    "end it on a detour": _post(f"{contract.SESSIONS_PATH}/x/../{STRANGER}/deactivate"),
    "end it to the letter": _post("/", extensions={"target": f"{OTHERS}/deactivate".encode()}),
    "keep it alive": _post(f"{OTHERS}/keepalive"),
    "keep it alive by a look": lambda d: d.run.stack.http.get(contract.preview_path(STRANGER)),
    "change its files": lambda d: d.run.stack.http.put("/api/files/a", headers={"X-Session-ID": STRANGER}),
    "change them by the second of two": _post("/api/exec", headers=[("X-Session-ID", "x"), ("X-Session-ID", STRANGER)]),
    "change them by a list": _post("/api/exec", headers={"X-Session-ID": f"x, {STRANGER}"}),
    "name it in a body": _post(f"{contract.SESSIONS_PATH}/x", json={"sessionId": STRANGER}),
    "name it in an escaped body": _post(
        f"{contract.SESSIONS_PATH}/x", content=json.dumps({"s": STRANGER}).replace("-", "\\u002d").encode()
    ),
    "a session of others": _post(ACTIVATE, content=ACME),
    "by an escaped name": _post(ACTIVATE, content=b'{"\\u0063lientId": "acme"}'),
    "by the first of two names": _post(ACTIVATE, content=b'{"clientId": "acme", "clientId": "TEST_run-1_x"}'),
    "by the last of two names": _post(ACTIVATE, content=b'{"clientId": "TEST_run-1_x", "clientId": "acme"}'),
    "in UTF-16": _post(ACTIVATE, content=ACME.decode().encode("utf-16")),
    "packed": _post(ACTIVATE, content=gzip.compress(ACME), headers={"Content-Encoding": "gzip"}),
    "in parts": _post(ACTIVATE, content=iter([b'{"clie', b'ntId": "acme"}'])),
    "in a stream": lambda d: d.run.stack.http.stream("POST", ACTIVATE, content=iter([ACME])).__enter__(),
    "of a run that is not this one": _post(ACTIVATE, json={"clientId": "TEST_run-2_COLD-03-client-1"}),
    "to another host": _post("https://elsewhere.example.org/", content=b"x"),
    "to another host by a request": _redirected,
    "by bytes": _raw(f"POST {OTHERS}/deactivate", b"\r\n"),
    "by bytes, byte by byte": _raw(
        "POST /x", *[bytes([each]) for each in f"X-Session-ID: {STRANGER}\r\n\r\n".encode()]
    ),
    "by chunks": _raw(
        f"POST {ACTIVATE}", b"Transfer-Encoding: chunked\r\n\r\n6\r\n", b'{"clie\r\n', b"E\r\n", b'ntId": "acme"}\r\n'
    ),
    "by escaped bytes": _raw(f"POST {ACTIVATE}", b'Content-Length: 25\r\n\r\n{"\\u0063lientId": ', b'"acme"}'),
    "by bytes in UTF-16": _raw(f"POST {ACTIVATE}", b"Content-Length: 40\r\n\r\n", ACME.decode().encode("utf-16-le")),
    "behind another request": _raw("GET /health", b"\r\n", f"POST {OTHERS}/deactivate HTTP/1.1\r\n\r\n".encode()),
    "far behind the head": _raw(f"POST {ACTIVATE}", b"Content-Length: 70020\r\n\r\n", b" " * 70_000, ACME),
    "by a WebSocket": _raw(f"GET {contract.HMR_PATH}?sessionId={STRANGER}", b"Upgrade: websocket\r\n\r\n"),
}


def test_requests_of_a_scenario_change_nothing_of_others(danger: Danger) -> None:
    """Each request is refused before it is sent, or before the last of its bytes is."""
    for name, call in BY_HTTP.items():
        with pytest.raises(RefusedWriteError):
            call(danger)
        assert danger.changes_by_http() == [], name

    assert danger.small.sessions() == {STRANGER: "active"}
    assert _end(danger) == ""


def _signed_by_hand(_danger: Danger) -> None:
    """Sign a request with whatever credentials botocore finds."""
    request = AWSRequest("POST", f"https://dynamodb.{REGION}.amazonaws.com/", data=b"{}")
    SigV4Auth(botocore.session.Session().get_credentials(), "dynamodb", REGION).add_auth(request)


PROGRAM = "import boto3; boto3.client('ecs', region_name='us-west-2').delete_cluster(cluster='x')"


def _by_a_program(_danger: Danger) -> None:
    """Start a program that makes a client, as the AWS CLI does."""
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)  # noqa: S603  # this Python
    if "NoCredentialsError" in told.stderr:
        raise NoCredentialsError
    pytest.fail(told.stderr)


WITHOUT_CREDENTIALS: dict[str, Call] = {
    "a client": lambda _: boto3.client("ecs", region_name=REGION).delete_cluster(cluster=CLUSTER),
    "a session": lambda _: boto3.Session(region_name=REGION).client("dynamodb").delete_table(TableName=TABLE),
    "a resource": lambda _: boto3.resource("dynamodb", region_name=REGION).Table(TABLE).delete(),
    "botocore": lambda _: botocore.session.Session().create_client("logs", REGION).delete_log_group(logGroupName="x"),
    "the default session again": lambda _: (
        boto3.setup_default_session(),
        boto3.client("sts", REGION).get_session_token(),
    ),
    "a signature": _signed_by_hand,
    "a program": _by_a_program,
}


def test_clients_of_one_s_own_have_no_credentials(danger: Danger) -> None:
    """What goes around the guard finds no way to AWS."""
    found = [name for name, call in WITHOUT_CREDENTIALS.items() if not _is_without_credentials(call, danger)]

    assert (found, danger.effects) == ([], [])
    assert _end(danger) == ""


def _is_without_credentials(call: Call, danger: Danger) -> bool:
    try:
        call(danger)
    except NoCredentialsError:
        return True
    return False


# With the run's own credentials, stolen: what the end of the run must say of each.
AROUND: dict[str, tuple[Call, str]] = {
    "a task definition": (
        lambda d: d.stolen("ecs").register_task_definition(
            family=HERMES, containerDefinitions=[{"name": "app", "image": "evil", "memory": 512}]
        ),
        f"newest task definition of {HERMES} has arn",
    ),
    "more of Hermes": (
        lambda d: d.stolen("ecs").update_service(cluster=CLUSTER, service=HERMES, desiredCount=2),
        f"service {HERMES} has desiredCount 2, and had 0",
    ),
    "more of the editor than there may be": (
        lambda d: d.stolen("ecs").update_service(cluster=CLUSTER, service=EDIT, desiredCount=50),
        f"service {EDIT} has desiredCount 50",
    ),
    "a service": (
        lambda d: d.stolen("ecs").create_service(cluster=CLUSTER, serviceName="evil", taskDefinition=EDIT),
        "service evil is new",
    ),
    "capacity": (
        lambda d: d.stolen("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{CLUSTER}/{EDIT}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=0,
            MaxCapacity=9,
        ),
        "has MaxCapacity 9, and had 3",
    ),
    "an alarm": (
        lambda d: _alarm(d.stolen("cloudwatch"), threshold=7),
        "alarm edit-out has Threshold 7.0, and had 1.0",
    ),
    "a health check": (
        lambda d: d.stolen("elbv2").modify_target_group(TargetGroupArn=d.arns["group"], HealthCheckPath="/x"),
        "has HealthCheckPath /x",
    ),
    "a target": (
        lambda d: d.stolen("elbv2").register_targets(TargetGroupArn=d.arns["group"], Targets=[{"Id": "10.0.0.9"}]),
        "target 10.0.0.9 is new in ",
    ),
    "a listener": (
        lambda d: d.stolen("elbv2").modify_listener(ListenerArn=d.arns["listener"], Port=81),
        "has Port 81, and had 80",
    ),
    "a rule": (
        lambda d: d.stolen("elbv2").create_rule(
            ListenerArn=d.arns["listener"],
            Priority=200,
            Conditions=[{"Field": "path-pattern", "Values": ["/evil/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": d.arns["group"]}],
        ),
        "is new, and names no session",
    ),
    "a rule of a session": (
        lambda d: d.stolen("elbv2").delete_rule(RuleArn=d.arns["session_rule"]),
        f"the rules of session {STRANGER} are gone",
    ),
    "a rule of all": (lambda d: d.stolen("elbv2").delete_rule(RuleArn=d.arns["rule"]), "is gone"),
    "an access point": (
        lambda d: d.stolen("efs").delete_access_point(AccessPointId=d.arns["point"]),
        " of acme is gone",
    ),
    "an access point for nobody": (
        lambda d: d.stolen("efs").create_access_point(ClientToken="y", FileSystemId=d.arns["system"]),
        "is new, and no session is of that client",
    ),
    "logs": (lambda d: d.stolen("logs").delete_log_group(logGroupName="/ecs/edit"), "log group /ecs/edit is gone"),
    "logs kept for a day": (
        lambda d: d.stolen("logs").put_retention_policy(logGroupName="/ecs/hermes", retentionInDays=1),
        "log group /ecs/hermes has retentionInDays 1, and had None",
    ),
    "the time to live": (
        lambda d: d.stolen("dynamodb").update_time_to_live(
            TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
        ),
        f"table {TABLE} has ttl",
    ),
    "a session that is overwritten": (
        lambda d: d.stolen("dynamodb").put_item(
            TableName=TABLE, Item={**ITEM, "clientId": {"S": "evil"}, "ttl": {"N": "1"}}
        ),
        f"session {STRANGER} has clientId evil, and had acme",
    ),
    "an item that is none": (
        lambda d: d.stolen("dynamodb").put_item(TableName=TABLE, Item=OWN),
        "item session-new is new, and is no session as Hermes makes one",
    ),
    "a journal of nobody": (
        lambda d: d.stolen("dynamodb").put_item(
            TableName=TABLE, Item={"sessionId": {"S": "seatrials#evil"}, "userId": {"S": "x"}}
        ),
        "item seatrials#evil x is new",
    ),
    # Last, for the run's own clients have no handlers any more then.
    "handlers taken off a client": (
        lambda d: _unguarded(d.aws("elbv2")).set_ip_address_type(
            LoadBalancerArn=d.arns["balancer"], IpAddressType="dualstack"
        ),
        "has IpAddressType dualstack, and had ipv4",
    ),
}


def _unguarded(client: AwsClient) -> AwsClient:
    """Take the guard off a client, as nobody does by mistake."""
    events = client.meta.events
    for event in ("before-parameter-build", "before-send"):
        for told in events._emitter._lookup_cache.get(event, []) or list(_handlers(events, event)):  # noqa: SLF001  # so
            events.unregister(event, told)
    return client


def _handlers(events: Json, event: str) -> list[Json]:
    return [each for each in events._emitter._handlers.prefix_search(event) if "seatrials" in str(each)]  # noqa: SLF001  # so


def test_what_goes_around_the_guard_is_named_at_the_end(danger: Danger) -> None:
    """Nothing stops code that takes the run's credentials by force, and each thing that it changed is named."""
    for name, (call, _) in AROUND.items():
        danger.effects.clear()
        call(danger)
        assert danger.effects, f"{name} was not sent"
    told = _end(danger)

    assert {name: expected for name, (_, expected) in AROUND.items() if expected not in told} == {}
    left = danger.stacks.leftovers()
    assert left is not None
    assert all(each.startswith("unexplained: ") for each in left)


def _own_post(path: str, **given: Json) -> Call:
    def post(danger: Danger) -> None:
        trust = danger.stacks._access.trust  # noqa: SLF001  # as anybody can
        with httpx.Client(base_url=danger.small.url, verify=trust) as client:
            assert client.post(path, **given).is_success

    return post


def _by_a_socket(danger: Danger) -> None:
    """Speak to the load balancer on a socket of one's own."""
    url = httpx.URL(danger.small.url)
    plain = SystemNetwork().connect(url.host, url.port or 443, 5)
    trust = danger.stacks._access.trust  # noqa: SLF001  # as anybody can
    tls = TlsConnection(plain, trust, server_side=False, server_hostname=url.host, timeout_seconds=5)
    tls.send(f"POST {ACTIVATE} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(ACME)}\r\n\r\n".encode() + ACME)
    assert b" 201 " in tls.receive(65_536, 10)
    tls.close()


def _by_urllib(danger: Danger) -> None:
    """Speak to the load balancer with the standard library."""
    request = urllib.request.Request(f"{danger.small.url}{OTHERS}/deactivate", data=b"{}", method="POST")  # noqa: S310  # our own
    trust = danger.stacks._access.trust  # noqa: SLF001  # as anybody can
    with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310  # the same
        assert answer.status == 202


@pytest.mark.parametrize(
    ("call", "told"),
    [
        pytest.param(_own_post(f"{OTHERS}/deactivate"), "changed in", id="client"),
        pytest.param(_by_urllib, "changed in", id="urllib"),
        pytest.param(_own_post(ACTIVATE, content=ACME), "session-1", id="activation"),
        pytest.param(_by_a_socket, "session-1", id="socket"),
        pytest.param(
            lambda d: d.stolen("cloudwatch").delete_dashboards(DashboardNames=["edit"]),
            "dashboard edit is gone",
            id="dashboard",
        ),
    ],
)
def test_what_others_may_have_done_is_in_the_evidence(danger: Danger, call: Call, told: str) -> None:
    """What Hermes was asked behind the guard's back changes a session as its own user might, and is told like that."""
    call(danger)
    ended = _end(danger)
    compared = (danger.stacks._folder.path / "comparison.json").read_text()  # noqa: SLF001  # where it is

    assert told in ended + compared


def _end(danger: Danger) -> str:
    """End the run as a whole; return what it says has been left."""
    try:
        danger.stacks.close()
    except LeftoversError as error:
        return str(error)
    return ""
