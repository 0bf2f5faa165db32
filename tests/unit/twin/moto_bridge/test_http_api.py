"""Tests of AWS's API over HTTP: what a client outside asks for is answered, and the platform acts on it."""

import json

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.http1 import Request
from seatrials.twin.moto_bridge.http_api import AwsApi
from seatrials.twin.permissions import Principal
from tests.support.outside import Outside
from tests.support.twin import Twin

CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
TABLE = "webordinary-edit-sessions"


@pytest.fixture
def outside(twin: Twin) -> Outside:
    """Give a client outside the world of `twin`."""
    calls: list[str] = []
    failures: list[tuple[str, str]] = []
    api = AwsApi(twin.world.bridge, calls.append, lambda call, reason: failures.append((call, reason)))
    return Outside(api, calls, failures)


def test_a_client_outside_sees_the_services(outside: Outside) -> None:
    """DescribeServices over HTTP shows what the template has deployed."""
    answer = outside.client("ecs").describe_services(cluster=CLUSTER, services=[EDIT])

    assert [each["desiredCount"] for each in answer["services"]] == [0]


def test_a_call_with_the_key_of_a_task_is_judged_by_its_role(outside: Outside, twin: Twin) -> None:
    """A program that is a task's container may what its task may; whoever else calls may everything."""
    [run] = twin.scale(1)
    key = Principal(None, run.record.id).access_key

    assert outside.client("dynamodb").scan(TableName=TABLE)["Count"] == 0
    with pytest.raises(ClientError, match=r"AccessDeniedException.*not authorized to perform: dynamodb:Scan on "):
        outside.client("dynamodb", key=key).scan(TableName=TABLE)
    with pytest.raises(ClientError, match=r"AccessDenied\).*elasticloadbalancing:DescribeRules"):
        outside.client("elbv2", key=key).describe_rules()
    assert outside.failures == []


def test_a_scaling_from_outside_starts_tasks(outside: Outside, twin: Twin) -> None:
    """UpdateService over HTTP leads to a running task, which both sides see."""
    ecs = outside.client("ecs")
    ecs.update_service(cluster=CLUSTER, service=EDIT, desiredCount=1)
    twin.until(lambda: ecs.describe_services(cluster=CLUSTER, services=[EDIT])["services"][0]["runningCount"] == 1)

    assert ecs.list_tasks(cluster=CLUSTER, serviceName=EDIT)["taskArns"] == [twin.runs()[0].record.task_arn]
    assert twin.service()["runningCount"] == 1


def test_a_task_stopped_from_outside_stops(outside: Outside, twin: Twin) -> None:
    """StopTask over HTTP stops the task with the reason that was given."""
    [run] = twin.scale(1)
    outside.client("ecs").stop_task(cluster=CLUSTER, task=run.record.task_arn, reason="enough")
    twin.until(lambda: twin.task(run.record.task_arn)["lastStatus"] == "STOPPED")

    assert twin.task(run.record.task_arn)["stoppedReason"] == "enough"


def test_a_rule_made_outside_routes(outside: Outside, twin: Twin) -> None:
    """The balancer takes over a rule, its change and its end, whoever calls ELBv2."""
    elbv2 = outside.client("elbv2")
    [balancer] = twin.world.balancers
    listener = next(each for each in balancer.view.listeners() if each.protocol == "HTTPS")
    before = len(balancer.view.rules(listener).rules)
    answer = elbv2.create_rule(
        ListenerArn=listener.arn,
        Priority=77,
        Conditions=[{"Field": "path-pattern", "Values": ["/new"]}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "new"}}],
    )
    assert len(balancer.view.rules(listener).rules) == before + 1

    elbv2.delete_rule(RuleArn=answer["Rules"][0]["RuleArn"])

    assert len(balancer.view.rules(listener).rules) == before


def test_a_metric_from_outside_is_heard(outside: Outside, twin: Twin) -> None:
    """PutMetricData over HTTP reaches the alarms, whatever the protocol of the client is."""
    namespace = "Webordinary/EditSessions"
    outside.client("cloudwatch").put_metric_data(
        Namespace=namespace, MetricData=[{"MetricName": "ActiveSessionCount", "Value": 1}]
    )
    twin.until(lambda: twin.service()["desiredCount"] == 1)

    assert ("ActiveSessionCount", {"value": 1.0}) in [
        (event.subject, event.details) for event in twin.world.trace.events if event.kind == "metric"
    ]


def test_an_access_point_from_outside_has_a_directory(outside: Outside, twin: Twin) -> None:
    """CreateAccessPoint over HTTP sets its root apart on this machine."""
    efs = outside.client("efs")
    file_system = efs.describe_file_systems()["FileSystems"][0]["FileSystemId"]
    owner = {"OwnerUid": 1000, "OwnerGid": 1000, "Permissions": "0755"}
    efs.create_access_point(
        ClientToken="token",
        FileSystemId=file_system,
        RootDirectory={"Path": "/workspace/client", "CreationInfo": owner},
    )

    assert (twin.world.directory / "efs" / file_system / "workspace/client").is_dir()


def test_an_item_written_outside_is_read_inside(outside: Outside, twin: Twin) -> None:
    """The table is one, also for reads that were remembered."""
    key = {"sessionId": {"S": "s"}, "userId": {"S": "u"}}
    table = "webordinary-edit-sessions"
    inside = twin.world.aws("dynamodb")
    assert "Item" not in inside.get_item(TableName=table, Key=key)

    outside.client("dynamodb").put_item(TableName=table, Item=key)

    assert inside.get_item(TableName=table, Key=key)["Item"] == key


def test_the_account_is_the_platforms(outside: Outside) -> None:
    """GetCallerIdentity tells the account whose resources are served."""
    assert outside.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_times_are_the_worlds(outside: Outside, twin: Twin) -> None:
    """A call from outside is stamped with platform time."""
    twin.sleep(3600)
    logs = outside.client("logs")
    logs.create_log_group(logGroupName="/new")
    [group] = logs.describe_log_groups(logGroupNamePrefix="/new")["logGroups"]

    assert group["creationTime"] == pytest.approx(twin.world.clock.now() * 1000, abs=1000)


def test_an_error_of_aws_is_the_clients(outside: Outside) -> None:
    """What AWS refuses is refused in its own words, and changes nothing."""
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        outside.client("ecs").update_service(cluster="none", service=EDIT, desiredCount=1)


def test_every_call_is_told(outside: Outside) -> None:
    """Who keeps the trace hears the operation of each call."""
    outside.client("ecs").list_clusters()
    outside.client("elbv2").describe_load_balancers()

    assert outside.calls == ["ecs.ListClusters", "elbv2.DescribeLoadBalancers"]


def test_another_region_is_empty(outside: Outside) -> None:
    """A client that is in the wrong region sees none of the platform, as on AWS."""
    assert outside.client("ecs", "eu-central-1").list_clusters()["clusterArns"] == []


def test_what_moto_cannot_do_is_said(outside: Outside) -> None:
    """A call that nobody implements is an error for its caller, and is reported; the platform lives on."""
    ecs = outside.client("ecs")
    with pytest.raises(ClientError, match="execute_command"):
        ecs.execute_command(cluster=CLUSTER, task="t", command="ls", interactive=True)

    assert "ecs.us-west-2.amazonaws.com" in outside.failures[0][0]
    assert ecs.list_clusters()["clusterArns"] != []


def test_a_call_without_a_signature_is_refused(outside: Outside) -> None:
    """Without a signature nobody knows which service is meant; AWS refuses it likewise."""
    answer = outside.api.handle(Request("GET", "/", []))

    assert answer.status == 403
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["__type"] == "MissingAuthenticationTokenException"


def test_no_page_is_let_read_an_answer(outside: Outside) -> None:
    """No answer has a CORS header: moto's own say that every site may read it."""
    answer = outside.client("ecs").list_clusters()
    s3 = outside.client("s3").list_buckets()

    for headers in (each["ResponseMetadata"]["HTTPHeaders"] for each in (answer, s3)):
        assert [name for name in headers if name.lower().startswith("access-control")] == []
