"""Sixty and more dangerous calls from a scenario: none has an effect, or the end of the run names it.

Each is made on a small platform with somebody else's session on it. What reaches AWS is seen where botocore sends it,
whichever client was used, and what reaches the load balancer where that answers.
"""

import gzip
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.session
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from seatrials.errors import RefusedWriteError
from seatrials.platform import contract
from tests.support.aws import Json
from tests.support.danger import (
    CLUSTER,
    EDIT,
    HERMES,
    ITEM,
    KEY,
    LEASE,
    OWN,
    SET_STATUS,
    STRANGER,
    TABLE,
    Call,
    Danger,
    end_of,
)
from tests.support.small_platform import REGION

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
    assert end_of(danger) == ""


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
    assert end_of(danger) == ""


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
    assert end_of(danger) == ""


def _is_without_credentials(call: Call, danger: Danger) -> bool:
    try:
        call(danger)
    except NoCredentialsError:
        return True
    return False
