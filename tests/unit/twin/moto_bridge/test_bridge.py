"""Tests of what is put in the place of moto's own answers; an upgrade of moto must pass them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.twin.control_plane import EPOCH_SECONDS
from seatrials.twin.moto_bridge import restore, snapshot
from tests.support.aws import Json
from tests.support.twin import Twin, Worlds

CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
TABLE = "webordinary-edit-sessions"


def listed(twin: Twin, **filters: str) -> list[str]:
    """Return the ids of the tasks that ListTasks gives."""
    return [arn.rsplit("/", 1)[-1] for arn in twin.ecs.list_tasks(cluster=CLUSTER, **filters)["taskArns"]]


def session(name: str) -> dict[str, Any]:
    """Return an item of the sessions' table."""
    return {"sessionId": {"S": name}, "userId": {"S": "u"}}


def health(twin: Twin, **parameters: Json) -> list[str]:
    """Return the states that DescribeTargetHealth gives of the edit API."""
    group = twin.world.stack.physical_ids["EditApiTargetGroup"]
    answer = twin.world.aws("elbv2").describe_target_health(TargetGroupArn=group, **parameters)
    return [each["TargetHealth"]["State"] for each in answer["TargetHealthDescriptions"]]


def test_a_mount_target_without_groups_is_in_the_default_one(twin: Twin) -> None:
    """EFS puts it into the default group of its VPC (EFS API Reference, CreateMountTarget)."""
    efs, subnet = twin.world.aws("efs"), twin.world.aws("ec2").describe_subnets()["Subnets"][0]
    system = efs.create_file_system(CreationToken="another")["FileSystemId"]
    target = efs.create_mount_target(FileSystemId=system, SubnetId=subnet["SubnetId"])["MountTargetId"]
    [group] = efs.describe_mount_target_security_groups(MountTargetId=target)["SecurityGroups"]
    [described] = twin.world.aws("ec2").describe_security_groups(GroupIds=[group])["SecurityGroups"]

    assert (described["GroupName"], described["VpcId"]) == ("default", subnet["VpcId"])


def test_list_tasks_honours_the_service(twin: Twin) -> None:
    """`serviceName` is a filter, by name or ARN (botocore: ListTasks), which moto ignores."""
    [run] = twin.scale(1)
    hermes = {"cluster": CLUSTER, "service": "webordinary-hermes-service"}
    twin.ecs.update_service(**hermes, desiredCount=1)
    twin.sleep(3)

    assert [run.record.id] == listed(twin, serviceName=EDIT)
    assert [run.record.id] == listed(twin, serviceName=twin.service()["serviceArn"])
    assert len(listed(twin)) == 2
    assert listed(twin, serviceName="nobody") == []


def test_list_tasks_honours_the_desired_status(twin: Twin) -> None:
    """Tasks of desiredStatus RUNNING are listed by default (botocore: ListTasks), however far they have come."""
    [run] = twin.scale(1)
    twin.scale(0)

    assert listed(twin, serviceName=EDIT) == []
    assert [run.record.id] == listed(twin, serviceName=EDIT, desiredStatus="STOPPED")
    assert run.record.last_status != "STOPPED"


def test_a_stopped_task_can_still_be_described(twin: Twin) -> None:
    """Stopped tasks are shown for an hour at least (ECS Developer Guide, "Stopped task error codes")."""
    [run] = twin.scale(1)
    twin.scale(0)
    twin.sleep(3600)

    assert twin.task(run.record.task_arn)["lastStatus"] == "STOPPED"


def test_a_look_does_not_move_a_task(twin: Twin) -> None:
    """DescribeTasks changes nothing, whereas moto's own tasks go a step further at each call."""
    [run] = twin.scale(1)
    for _ in range(6):
        twin.ecs.describe_tasks(cluster=CLUSTER, tasks=[run.record.task_arn])
        twin.world.bridge.touched("ecs")

    assert twin.task(run.record.task_arn)["lastStatus"] == "RUNNING"


def test_a_task_shows_its_address_and_zone(twin: Twin) -> None:
    """A task tells its address in its attachment and its container, and the zone it runs in."""
    [run] = twin.scale(1)
    task = twin.task(run.record.task_arn)
    details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}

    assert run.address == details["privateIPv4Address"]
    assert run.address == task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    assert task["availabilityZone"] == run.record.availability_zone
    assert task["launchType"] == "FARGATE"
    assert task["group"].partition(":")[2] == EDIT


def test_a_task_that_nobody_knows_cannot_be_stopped(twin: Twin) -> None:
    """StopTask refuses with an error of the API, not one of Python."""
    with pytest.raises(ClientError, match=r"InvalidParameterException.*The referenced task was not found"):
        twin.ecs.stop_task(cluster=CLUSTER, task="0123456789abcdef")


def test_a_service_begins_with_nothing(worlds: Worlds) -> None:
    """A service has no task before the scheduler has started one; moto would count its desired ones as pending."""
    with worlds.open(alive=False) as twin:
        service = twin.service()

        assert service["runningCount"] == 0
        assert service["pendingCount"] == 0
        assert service["events"] == []
        assert service["healthCheckGracePeriodSeconds"] == 60
        assert service["enableExecuteCommand"] is True
        assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_an_update_does_not_run_ahead_of_the_tasks(twin: Twin) -> None:
    """UpdateService sets what is desired; what runs follows in its own time."""
    twin.world.settle(60)
    twin.update(desiredCount=3)

    assert (twin.service()["desiredCount"], twin.service()["runningCount"]) == (3, 0)


def test_a_task_definition_may_be_named_by_family_and_revision(twin: Twin) -> None:
    """UpdateService takes `family:revision` and the service shows the ARN (botocore: UpdateService)."""
    arn = twin.redefine(image="webordinary/edit:2.0.0")
    twin.update(taskDefinition=f"{EDIT}:2")

    assert arn == twin.service()["taskDefinition"]


def test_target_health_is_the_balancers(twin: Twin) -> None:
    """DescribeTargetHealth answers what the health checks found, and `draining` while a target drains."""
    seen = [health(twin)]

    def becomes(*states: str) -> bool:
        seen.append(health(twin))
        return seen[-1] == list(states)

    twin.update(desiredCount=1)
    twin.until(lambda: becomes("healthy"))
    twin.update(desiredCount=0)
    twin.until(becomes)

    assert without_repeats(seen) == [[], ["initial"], ["healthy"], ["draining"], []]


def without_repeats(values: list[list[str]]) -> list[list[str]]:
    """Return the values without those that equal the one before."""
    return [value for index, value in enumerate(values) if index == 0 or values[index - 1] != value]


def test_a_target_that_was_never_registered_is_unused(twin: Twin) -> None:
    """An unknown target is `unused` (botocore: TargetHealth), where moto says `unavailable`."""
    assert health(twin, Targets=[{"Id": "10.0.1.99", "Port": 8080}]) == ["unused"]


def test_a_remembered_read_is_made_anew_after_a_write(twin: Twin) -> None:
    """A read that was answered from memory shows a write at once."""
    dynamodb = twin.world.bridge.client("scenario", "dynamodb")
    counts = [dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"] for _ in range(2)]
    dynamodb.put_item(TableName=TABLE, Item=session("a"))
    counts.append(dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"])
    dynamodb.delete_item(TableName=TABLE, Key=session("a"))
    counts.append(dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"])

    assert counts == [0, 0, 1, 0]


def test_a_failed_write_makes_reads_anew_too(twin: Twin) -> None:
    """A conditional write that is refused leaves no stale answer, and raises."""
    dynamodb = twin.world.bridge.client("scenario", "dynamodb")
    dynamodb.put_item(TableName=TABLE, Item=session("a"))
    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        dynamodb.put_item(TableName=TABLE, Item=session("a"), ConditionExpression="attribute_not_exists(sessionId)")

    assert dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"] == 1


def test_an_answer_is_nobodys_but_the_callers(twin: Twin) -> None:
    """A caller that changes what it was answered changes no later answer."""
    twin.ecs.list_clusters()["clusterArns"].clear()
    twin.ecs.list_clusters()["clusterArns"].clear()

    assert len(twin.ecs.list_clusters()["clusterArns"]) == 1


def test_a_remembered_call_takes_its_time_too(twin: Twin) -> None:
    """Memory saves the machine's time, not the world's."""
    ecs = twin.world.bridge.client("scenario", "ecs")
    ecs.list_clusters()
    ecs.list_clusters()

    assert twin.now == pytest.approx(0.02)


def test_a_memory_does_not_outlive_its_world(worlds: Worlds) -> None:
    """What was read after a write is not an answer of the next world."""
    with worlds.open() as twin:
        twin.world.aws("dynamodb").put_item(TableName=TABLE, Item=session("a"))
        first = twin.world.aws("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Count"]
    with worlds.open() as twin:
        second = twin.world.aws("dynamodb").scan(TableName=TABLE, ConsistentRead=True)["Count"]

    assert (first, second) == (1, 0)


def test_what_is_stored_has_the_worlds_time(twin: Twin) -> None:
    """Timestamps that moto makes are those of the world, to the second."""
    cloudwatch = twin.world.aws("cloudwatch")
    alarm = "webordinary-edit-sessions-high"
    twin.sleep(12_345)
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="OK", StateReason="a look at the clock")
    [shown] = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]

    assert shown["StateUpdatedTimestamp"].timestamp() == pytest.approx(EPOCH_SECONDS + 12_345, abs=1)


def test_the_services_times_are_virtual(twin: Twin) -> None:
    """A task's times are those of the world."""
    [run] = twin.scale(1)
    created = twin.task(run.record.task_arn)["createdAt"]

    assert created.timestamp() == pytest.approx(EPOCH_SECONDS + 1, abs=0.01)


def test_a_restored_control_plane_is_what_it_was(twin: Twin) -> None:
    """`restore` undoes everything since `snapshot`, as often as one likes."""
    dynamodb = twin.world.aws("dynamodb")
    state = snapshot()
    for name in ("a", "b"):
        dynamodb.put_item(TableName=TABLE, Item=session(name))
        restore(state)
        twin.world.bridge.touched("dynamodb")

    assert dynamodb.scan(TableName=TABLE, ConsistentRead=True)["Count"] == 0
    assert twin.service()["serviceName"] == EDIT


def test_clients_are_kept(twin: Twin) -> None:
    """A client is slow to make, so each caller has one for each service."""
    client = twin.world.bridge.client

    assert client("scenario", "ecs") is client("scenario", "ecs")
    assert client("scenario", "ecs") is not client("hermes", "ecs")


def test_a_call_is_never_led_out_of_the_process(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint in the shell's variables does not reach the clients."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:9")
    client = twin.world.bridge.client("somebody new", "ecs")

    assert len(client.list_clusters()["clusterArns"]) == 1


def test_an_access_point_is_made_once_for_a_token(twin: Twin) -> None:
    """A second call with the token of an access point is refused (EFS API, CreateAccessPoint: ClientToken, errors)."""
    efs = twin.world.aws("efs")
    wanted = {"ClientToken": "client-acme", "FileSystemId": twin.world.stack.physical_ids["FileSystem"]}
    efs.create_access_point(**wanted)
    before = len(efs.describe_access_points()["AccessPoints"])

    with pytest.raises(ClientError, match="AccessPointAlreadyExists"):
        efs.create_access_point(**wanted)
    assert before == len(efs.describe_access_points()["AccessPoints"])
