"""Tests of what roles do in a living world: to the calls of a task, to its start, and to its mounts.

Source: Amazon ECS Developer Guide, "Amazon ECS task IAM role", "Amazon ECS task execution IAM role" and "Use Amazon EFS
volumes with Amazon ECS".
"""

import errno
import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from seatrials.seams.application import Context
from tests.support.aws import Json
from tests.support.twin import CLUSTER, EDIT, Twin, Worlds

TABLE = "webordinary-edit-sessions"
ITEM = {"sessionId": {"S": "s1"}, "userId": {"S": "u1"}}


def scan(twin: Twin) -> Json:
    """Let a running task scan the table."""
    [run] = twin.scale(1)
    return twin.within(run, lambda context: context.aws("dynamodb").scan(TableName=TABLE)["Count"])


def reason(twin: Twin) -> str:
    """Return why a task of the edit service did not start."""
    twin.update(desiredCount=1)
    twin.until(lambda: twin.happened("task_stop"))
    details = twin.happened("task_stop")[0][1]
    assert details["code"] == "TaskFailedToStart"
    return str(details["reason"])


def deny(twin: Twin, role: str, *actions: str) -> None:
    """Let a role of the stack deny what it allowed."""
    twin.allow(role, *actions, effect="Deny")


def test_a_call_of_a_task_is_judged_by_its_role(twin: Twin) -> None:
    """What the role does not allow is refused, in AWS's words, and is an event that names role, action and resource."""
    with pytest.raises(ClientError, match=r"AccessDeniedException.*:assumed-role/\S+ is not authorized to perform: "):
        scan(twin)

    [(_, denied)] = twin.happened("access_denied", twin.world.stack.physical_ids["EditTaskRole"])
    assert denied["action"] == "dynamodb:Scan"
    assert denied["resource"].endswith(f":table/{TABLE}")


def test_a_change_of_iam_counts_from_the_next_call_on(twin: Twin) -> None:
    """A policy that is given while the task runs allows its next call."""
    with pytest.raises(ClientError, match="AccessDenied"):
        scan(twin)

    twin.allow("EditTaskRole", "dynamodb:Scan")

    assert scan(twin) == 0


def test_a_role_may_be_named_by_its_name_alone(twin: Twin) -> None:
    """A task definition takes a role's short name for its ARN (botocore, ecs.RegisterTaskDefinitionRequest)."""
    ids = twin.world.stack.physical_ids
    definition = twin.ecs.describe_task_definition(taskDefinition=twin.redefine())["taskDefinition"]
    names = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "containerDefinitions", "volumes")
    kept = {name: definition[name] for name in names}
    roles = {"taskRoleArn": ids["EditTaskRole"], "executionRoleArn": ids["ExecutionRole"]}
    made = twin.ecs.register_task_definition(**kept, **roles)["taskDefinition"]
    twin.update(taskDefinition=made["taskDefinitionArn"])

    assert [made[each] for each in roles] == [definition[each] for each in roles]
    assert len(twin.scale(1)) == 1


def test_a_boundary_may_be_a_policy_of_aws(twin: Twin) -> None:
    """One of AWS's own bounds as any other does (IAM API Reference, PutRolePermissionsBoundary)."""
    twin.allow("EditTaskRole", "dynamodb:Scan")
    allowed = scan(twin)
    twin.world.aws("iam").put_role_permissions_boundary(
        RoleName=twin.world.stack.physical_ids["EditTaskRole"],
        PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    )

    assert allowed == 0
    with pytest.raises(ClientError, match="no permissions boundary allows the dynamodb:Scan action"):
        scan(twin)


def test_a_secret_is_named_by_name_and_allowed_by_its_arn(twin: Twin) -> None:
    """AWS knows the six characters that the caller left out (Secrets Manager User Guide, "Secret ARN")."""
    arn = twin.world.aws("secretsmanager").create_secret(Name="shop", SecretString="x")["ARN"]
    twin.allow("EditTaskRole", "secretsmanager:GetSecretValue", Resource=arn)
    [run] = twin.scale(1)

    def get(context: Context) -> Json:
        return str(context.aws("secretsmanager").get_secret_value(SecretId="shop")["SecretString"])

    assert twin.within(run, get) == "x"


def test_a_call_that_is_refused_changes_nothing(twin: Twin) -> None:
    """The item is not there."""
    [run] = twin.scale(1)
    with pytest.raises(ClientError, match="AccessDenied"):
        twin.within(run, lambda context: context.aws("dynamodb").put_item(TableName=TABLE, Item=ITEM))

    assert twin.world.aws("dynamodb").scan(TableName=TABLE)["Count"] == 0


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("elbv2", "describe_load_balancers", "AccessDenied", 403),
        ("cloudwatch", "list_metrics", "AccessDenied", 403),
        ("ec2", "describe_vpcs", "UnauthorizedOperation", 403),
        ("ecs", "list_clusters", "AccessDeniedException", 400),
        ("efs", "describe_file_systems", "AccessDeniedException", 403),
    ],
)
def test_each_service_refuses_in_its_own_code(twin: Twin, service: str, operation: str, code: str, status: int) -> None:
    """The code and the status are those of the service's protocol (API references, "Common Errors")."""
    [run] = twin.scale(1)
    with pytest.raises(ClientError) as caught:
        twin.within(run, lambda context: getattr(context.aws(service), operation)())

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_without_a_role_there_are_no_credentials(twin: Twin) -> None:
    """A task definition without a task role gives its containers none to call with."""
    definition = twin.ecs.describe_task_definition(taskDefinition=twin.redefine())["taskDefinition"]
    kept = {name: definition[name] for name in ("family", "networkMode", "cpu", "memory", "requiresCompatibilities")}
    container = {**definition["containerDefinitions"][0], "mountPoints": []}
    twin.ecs.register_task_definition(
        **kept, executionRoleArn=definition["executionRoleArn"], containerDefinitions=[container]
    )
    twin.update(taskDefinition=EDIT)

    with pytest.raises(NoCredentialsError):
        scan(twin)


def test_a_task_knows_who_it_is(twin: Twin) -> None:
    """Its identity is the session of its role, by the task's id (AWS STS API Reference, GetCallerIdentity)."""
    [run] = twin.scale(1)
    found = twin.within(run, lambda context: str(context.aws("sts").get_caller_identity()["Arn"]))
    role = twin.world.stack.physical_ids["EditTaskRole"]

    assert found == f"arn:aws:sts::123456789012:assumed-role/{role}/{run.record.id}"
    assert twin.world.bridge.client("scenario", "sts").get_caller_identity()["Arn"] != found


def test_nobody_else_is_judged(twin: Twin) -> None:
    """What a scenario and the twin itself call is not of a task."""
    client = twin.world.bridge.client("scenario", "dynamodb")

    assert client.scan(TableName=TABLE)["Count"] == 0
    assert not twin.happened("access_denied")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (
            "ecr:GetAuthorizationToken",
            (
                r"ResourceInitializationError: unable to pull secrets or registry auth: .*ecr registry auth: .*"
                r"AccessDeniedException: User: \S+ is not authorized to perform: ecr:GetAuthorizationToken on "
                r"resource: \*"
            ),
        ),
        (
            "ecr:BatchGetImage",
            r"CannotPullContainerError: .*failed to resolve ref \S+/webordinary/edit:1.0.0: .*403 Forbidden",
        ),
        ("ecr:GetDownloadUrlForLayer", r"CannotPullContainerError: "),
        (
            "logs:CreateLogStream",
            (
                r"ResourceInitializationError: failed to validate logger args: .*AccessDeniedException: .*"
                r"logs:CreateLogStream on resource: \S+:log-group:/ecs/edit:log-stream:edit/edit/[0-9a-f]{32}"
            ),
        ),
    ],
)
def test_a_start_is_judged_by_the_execution_role(twin: Twin, action: str, words: str) -> None:
    """What the agent may not do keeps a task from starting, with ECS's reason."""
    deny(twin, "ExecutionRole", action)

    assert re.match(words, reason(twin))


def test_a_public_image_needs_no_permission(twin: Twin) -> None:
    """Of a registry that is not ECR's everybody may pull."""
    deny(twin, "ExecutionRole", "ecr:*")
    twin.update(taskDefinition=twin.redefine(image="webordinary/edit:1.0.0"))

    assert len(twin.scale(1)) == 1


@pytest.mark.parametrize(
    ("source", "action"),
    [
        ("/shop/key", "ssm:GetParameters"),
        ("arn:aws:secretsmanager:us-west-2:123456789012:secret:shop-Ab12Cd", "secretsmanager:GetSecretValue"),
    ],
)
def test_a_secret_that_may_not_be_read(twin: Twin, source: str, action: str) -> None:
    """The reason names the action and the secret, whether it is there or not."""
    twin.update(taskDefinition=twin.redefine(secrets=[{"name": "KEY", "valueFrom": source}]))

    found = reason(twin)

    assert found.startswith("ResourceInitializationError: unable to pull secrets or registry auth: ")
    assert f"is not authorized to perform: {action} on resource: " in found
    assert source.rpartition(":")[2].strip("/") in found


def say_hello(context: Context) -> bool:
    """Write a line to the container's log."""
    context.log("hello")
    return True


def test_lines_that_may_not_be_put_are_lost(worlds: Worlds) -> None:
    """A task whose execution role may make a stream and put nothing into it starts, and its lines are nowhere."""
    with worlds.open(keeps_logs=True) as twin:
        deny(twin, "ExecutionRole", "logs:PutLogEvents")
        [run] = twin.scale(1)
        twin.within(run, say_hello)
        twin.sleep(5)
        streams = twin.world.aws("logs").describe_log_streams(logGroupName="/ecs/edit")["logStreams"]

        assert streams == []


@pytest.mark.parametrize("role", ["ExecutionRole", "EditTaskRole"])
def test_a_role_that_does_not_trust_ecs(twin: Twin, role: str) -> None:
    """No task is launched, an event says why, and the next try waits (public service events)."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    twin.world.aws("iam").update_assume_role_policy(
        RoleName=twin.world.stack.physical_ids[role],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    twin.update(desiredCount=1)
    twin.sleep(60)

    events = [each for each in twin.messages() if "ECS was unable to assume the role 'arn:aws:iam::" in each]
    assert f"webordinary-{role}" in events[0]
    assert 1 < len(events) < 6
    assert not twin.runs()


def writes(twin: Twin) -> int:
    """Let a task write to its workspace; return the number of the error, 0 without one."""
    [run] = twin.scale(1)

    def write(root: Path) -> int:
        try:
            (root / "workspace/file").write_text("x")
        except OSError as error:
            return error.errno or 0
        return 0

    return int(twin.within(run, lambda context: [write(context.root)])[0])


def test_a_mount_needs_client_mount(twin: Twin) -> None:
    """Without it the task does not start, in the words of the mount helper."""
    deny(twin, "EditTaskRole", "elasticfilesystem:ClientMount")

    assert "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'" in reason(twin)
    [(_, denied)] = twin.happened("access_denied")
    assert denied["action"] == "elasticfilesystem:ClientMount"


def test_a_mount_without_client_write_is_read_only(twin: Twin) -> None:
    """The task starts, and a write fails with EROFS."""
    deny(twin, "EditTaskRole", "elasticfilesystem:ClientWrite")

    assert writes(twin) == errno.EROFS


def test_a_mount_with_all_rights_can_be_written(twin: Twin) -> None:
    """The shipped role may."""
    assert writes(twin) == 0


def test_a_mount_point_may_be_read_only(twin: Twin) -> None:
    """ReadOnly of a mount point is obeyed (botocore, ecs.MountPoint)."""
    mounts = [{"sourceVolume": "workspace", "containerPath": "/workspace", "readOnly": True}]
    twin.update(taskDefinition=twin.redefine(mountPoints=mounts))

    assert writes(twin) == errno.EROFS


def test_a_mount_without_iam_is_anybodys(twin: Twin) -> None:
    """A file system with a policy of its own lets in nobody who does not say who it is, unless it allows that."""
    files = twin.world.stack.physical_ids["FileSystem"]
    volume = {"name": "workspace", "efsVolumeConfiguration": {"fileSystemId": files}}
    definition = twin.ecs.describe_task_definition(taskDefinition=twin.service()["taskDefinition"])["taskDefinition"]
    names = ("family", "networkMode", "cpu", "memory", "requiresCompatibilities", "taskRoleArn", "executionRoleArn")
    kept = {name: definition[name] for name in (*names, "containerDefinitions")}
    twin.ecs.register_task_definition(**kept, volumes=[volume])
    twin.update(taskDefinition=EDIT)

    assert "access denied by server" in reason(twin)
    assert twin.service()["clusterArn"].endswith(CLUSTER)
