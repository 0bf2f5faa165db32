"""Operations of AWS's API that change a living world, each of which shows at once.

Source: the API Reference of each service.
"""

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from seatrials.seams.http_client import http_client
from seatrials.twin.permissions import Need, Principal
from tests.support.aws import Document
from tests.support.twin import Twin, Worlds

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = "webordinary-edit-sessions"
KEY = {"sessionId": {"S": "s1"}, "userId": {"S": "u1"}}


def fixed(status: int) -> list[Document]:
    """Return actions that answer with a status."""
    answer = {"StatusCode": str(status), "ContentType": "text/plain", "MessageBody": "here"}
    return [{"Type": "fixed-response", "FixedResponseConfig": answer}]


def get(twin: Twin, path: str, port: int = 443) -> int | None:
    """Return the status of an answer of the load balancer, None when nothing listens there."""
    scheme = "https" if port == 443 else "http"
    url = f"{scheme}://{twin.world.address_of('webordinary-edit-alb')}:{port}{path}"
    with http_client(twin.world.client_host, twin.world.authority.trust) as client:
        try:
            return client.get(url).status_code
        except httpx.ConnectError:
            return None


def test_listeners_come_and_go(twin: Twin) -> None:
    """CreateListener opens a port, ModifyListener changes what it answers, DeleteListener closes it."""
    elbv2, balancer = twin.world.aws("elbv2"), twin.world.stack.physical_ids["LoadBalancer"]
    # The port of the redirect, which the security group lets in.
    [before] = [each for each in elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"] if each["Port"] == 80]
    elbv2.delete_listener(ListenerArn=before["ListenerArn"])
    twin.sleep(1)
    found = [get(twin, "/", 80)]
    made = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=fixed(418))
    twin.sleep(1)
    found.append(get(twin, "/", 80))
    elbv2.modify_listener(ListenerArn=made["Listeners"][0]["ListenerArn"], DefaultActions=fixed(451))
    twin.sleep(1)
    found.append(get(twin, "/", 80))

    assert found == [None, 418, 451]


def test_rules_come_and_go(twin: Twin) -> None:
    """Rules that are created, modified, put in another order or deleted count from the next request on."""
    elbv2, ids = twin.world.aws("elbv2"), twin.world.stack.physical_ids
    condition = [{"Field": "path-pattern", "Values": ["/here"]}]

    def make(priority: int, status: int) -> str:
        given = {"ListenerArn": ids["HttpsListener"], "Priority": priority, "Conditions": condition}
        return str(elbv2.create_rule(**given, Actions=fixed(status))["Rules"][0]["RuleArn"])

    first, second = make(50, 418), make(51, 451)
    steps: list[Callable[[], Any]] = [
        lambda: None,
        lambda: elbv2.modify_rule(RuleArn=first, Actions=fixed(423)),
        lambda: elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": second, "Priority": 49}]),
        lambda: elbv2.delete_rule(RuleArn=second),
        lambda: elbv2.delete_rule(RuleArn=first),
    ]
    found = []
    for step in steps:
        step()
        found.append(get(twin, "/here"))

    assert found == [418, 423, 451, 423, 404]
    elbv2.delete_target_group(
        TargetGroupArn=elbv2.create_target_group(Name="idle", Port=80, Protocol="HTTP", VpcId=ids["Vpc"])[
            "TargetGroups"
        ][0]["TargetGroupArn"]
    )
    assert "idle" not in [each["TargetGroupName"] for each in elbv2.describe_target_groups()["TargetGroups"]]


def test_a_group_is_checked_in_another_way(twin: Twin) -> None:
    """ModifyTargetGroup changes which answers a health check takes."""
    [run] = twin.scale(1)
    for name in ("EditApiTargetGroup", "EditPreviewTargetGroup"):
        group = twin.world.stack.physical_ids[name]
        twin.world.aws("elbv2").modify_target_group(TargetGroupArn=group, Matcher={"HttpCode": "503"})
    twin.containers.sick.append(run.address)
    twin.sleep(200)

    assert [state for state, _ in twin.targets(run.address)] == ["initial", "healthy"]


@pytest.mark.parametrize("deleted", ["alarm", "policy"])
def test_what_is_deleted_scales_no_more(twin: Twin, deleted: str) -> None:
    """An alarm or a policy that is deleted has no actions."""
    cloudwatch, autoscaling = twin.world.aws("cloudwatch"), twin.world.aws("application-autoscaling")
    [alarm] = [each for each in cloudwatch.describe_alarms()["MetricAlarms"] if each["Threshold"] == 1]
    [policy] = [
        each
        for each in autoscaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
        if each["PolicyARN"] in alarm["AlarmActions"]
    ]
    if deleted == "alarm":
        cloudwatch.delete_alarms(AlarmNames=[alarm["AlarmName"]])
    else:
        names = ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")
        autoscaling.delete_scaling_policy(**{name: policy[name] for name in names})
    datum = {"MetricName": "ActiveSessionCount", "Value": 3.0}
    cloudwatch.put_metric_data(Namespace="Webordinary/EditSessions", MetricData=[datum])
    twin.sleep(120)

    assert twin.service()["desiredCount"] == 0


def test_items_come_and_go(worlds: Worlds) -> None:
    """Items are what the last write of any kind has made them."""
    with worlds.open(alive=False) as twin:
        dynamodb = twin.world.aws("dynamodb")
        dynamodb.put_item(TableName=TABLE, Item=KEY)
        counts = [dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"]]
        dynamodb.delete_item(TableName=TABLE, Key=KEY)
        counts.append(dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"])
        dynamodb.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": KEY}}]})
        counts.append(dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"])
        dynamodb.transact_write_items(TransactItems=[{"Delete": {"TableName": TABLE, "Key": KEY}}])
        counts.append(dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"])

    assert counts == [1, 0, 1, 0]


def test_statements_write_items(worlds: Worlds) -> None:
    """Statements of PartiQL write alone, in a batch and in a transaction."""
    with worlds.open(alive=False) as twin:
        dynamodb = twin.world.aws("dynamodb")

        def insert(name: str) -> Document:
            return {"Statement": f"INSERT INTO \"{TABLE}\" VALUE {{'sessionId': '{name}', 'userId': 'u1'}}"}

        dynamodb.execute_statement(**insert("a"))
        dynamodb.batch_execute_statement(Statements=[insert("b")])
        dynamodb.execute_transaction(TransactStatements=[insert("c")])
        found = [each["sessionId"]["S"] for each in dynamodb.scan(TableName=TABLE)["Items"]]

    assert sorted(found) == ["a", "b", "c"]


def document(effect: str) -> str:
    """Return a policy of one statement about everything."""
    statement = {"Effect": effect, "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}


def test_each_change_of_a_roles_policies_counts(worlds: Worlds) -> None:
    """Whatever a role is given or loses, its next call is judged by it."""
    with worlds.open(alive=False) as twin:
        iam, permissions = twin.world.aws("iam"), twin.world.bridge.permissions
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        role = iam.create_role(RoleName="new", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        arn = iam.create_policy(PolicyName="all", PolicyDocument=document("Allow"))["Policy"]["Arn"]
        steps: list[tuple[Callable[..., Any], Document, bool]] = [
            (iam.attach_role_policy, {"PolicyArn": arn}, True),
            (iam.put_role_policy, {"PolicyName": "own", "PolicyDocument": document("Deny")}, False),
            (iam.delete_role_policy, {"PolicyName": "own"}, True),
            (iam.put_role_permissions_boundary, {"PermissionsBoundary": "arn:aws:iam::aws:policy/Nothing"}, False),
            (iam.delete_role_permissions_boundary, {}, True),
            (iam.detach_role_policy, {"PolicyArn": arn}, False),
            (iam.attach_role_policy, {"PolicyArn": arn}, True),
        ]
        for call, parameters, may in steps:
            call(RoleName="new", **parameters)
            assert (permissions.denial(Principal(role, "task"), [Need("ecs:ListTasks", "*")]) is None) is may
        versions: list[tuple[Callable[..., Any], Document, bool]] = [
            (iam.create_policy_version, {"PolicyDocument": document("Deny"), "SetAsDefault": True}, False),
            (iam.set_default_policy_version, {"VersionId": "v1"}, True),
            (iam.delete_policy_version, {"VersionId": "v2"}, True),
        ]
        for call, parameters, may in versions:
            call(PolicyArn=arn, **parameters)
            assert (permissions.denial(Principal(role, "task"), [Need("ecs:ListTasks", "*")]) is None) is may
        iam.detach_role_policy(RoleName="new", PolicyArn=arn)
        iam.delete_role(RoleName="new")
        assert not permissions.can_be_assumed(role)
