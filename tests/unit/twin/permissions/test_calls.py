"""Tests of what calls need: actions, resources and keys.

Source: Service Authorization Reference, the page of each service.
"""

import botocore.session
import pytest

from seatrials.twin.permissions import Need, Permissions, Place
from seatrials.twin.permissions.judge import TABLE
from tests.support.aws import Json

PLACE = Place("us-west-2", "123456789012")
AT = "us-west-2:123456789012"
RULE = f"arn:aws:elasticloadbalancing:{AT}:listener-rule/app/shop/1/2/3"
LISTENER = f"arn:aws:elasticloadbalancing:{AT}:listener/app/shop/1/2"
GROUP = f"arn:aws:elasticloadbalancing:{AT}:targetgroup/shop/1"


def untold(kind: str, subject: str, **details: str) -> None:
    """Hear nothing: needs are no events."""
    del kind, subject, details


def needs(service: str, operation: str, **parameters: Json) -> list[Need]:
    """Return what a call needs."""
    model = botocore.session.get_session().get_service_model(service)
    judge = Permissions(PLACE, lambda _arn: None, untold)
    return judge.needs_of(service, model.signing_name, operation, parameters)


def told(service: str, operation: str, **parameters: Json) -> list[tuple[str, str]]:
    """Return actions and resources of what a call needs."""
    return [(each.action, each.resource) for each in needs(service, operation, **parameters)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action", "resource"),
    [
        ("dynamodb", "PutItem", {"TableName": "shop"}, "dynamodb:PutItem", f"arn:aws:dynamodb:{AT}:table/shop"),
        ("dynamodb", "Scan", {"TableName": f"arn:aws:dynamodb:{AT}:table/shop"}, "dynamodb:Scan", None),
        (
            "dynamodb",
            "Query",
            {"TableName": "shop", "IndexName": "by-name"},
            "dynamodb:Query",
            f"arn:aws:dynamodb:{AT}:table/shop/index/by-name",
        ),
        ("elbv2", "DescribeRules", {"ListenerArn": LISTENER}, "elasticloadbalancing:DescribeRules", "*"),
        ("elbv2", "ModifyRule", {"RuleArn": RULE}, "elasticloadbalancing:ModifyRule", RULE),
        ("elbv2", "RegisterTargets", {"TargetGroupArn": GROUP}, "elasticloadbalancing:RegisterTargets", GROUP),
        (
            "ecs",
            "DescribeTasks",
            {"cluster": "shop", "tasks": ["t1"]},
            "ecs:DescribeTasks",
            f"arn:aws:ecs:{AT}:task/shop/t1",
        ),
        ("ecs", "ListTasks", {"cluster": "shop"}, "ecs:ListTasks", f"arn:aws:ecs:{AT}:container-instance/shop/*"),
        ("efs", "DescribeFileSystems", {}, "elasticfilesystem:DescribeFileSystems", None),
        ("cloudwatch", "PutMetricData", {"Namespace": "Shop"}, "cloudwatch:PutMetricData", "*"),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/shop", "logStreamName": "a/b"},
            "logs:PutLogEvents",
            f"arn:aws:logs:{AT}:log-group:/shop:log-stream:a/b",
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            {"SecretId": "shop"},
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{AT}:secret:shop-??????",
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["/shop/key"]},
            "ssm:GetParameters",
            f"arn:aws:ssm:{AT}:parameter/shop/key",
        ),
        ("s3", "GetObject", {"Bucket": "shop", "Key": "a/b"}, "s3:GetObject", "arn:aws:s3:::shop/a/b"),
        ("ecr", "GetAuthorizationToken", {}, "ecr:GetAuthorizationToken", "*"),
        ("kms", "Decrypt", {"KeyId": "x"}, "kms:Decrypt", "*"),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "https://queue/123456789012/shop"},
            "sqs:SendMessage",
            f"arn:aws:sqs:{AT}:shop",
        ),
        ("sns", "PublishBatch", {"TopicArn": f"arn:aws:sns:{AT}:shop"}, "sns:Publish", f"arn:aws:sns:{AT}:shop"),
        ("lambda", "Invoke", {"FunctionName": "shop"}, "lambda:InvokeFunction", f"arn:aws:lambda:{AT}:function:shop"),
        ("ecs", "DescribeClusters", {}, "ecs:DescribeClusters", f"arn:aws:ecs:{AT}:cluster/default"),
        (
            "ecs",
            "DescribeClusters",
            {"clusters": [f"arn:aws:ecs:{AT}:cluster/shop"]},
            "ecs:DescribeClusters",
            f"arn:aws:ecs:{AT}:cluster/shop",
        ),
        ("ecs", "UpdateCluster", {"cluster": "shop"}, "ecs:UpdateCluster", f"arn:aws:ecs:{AT}:cluster/shop"),
        ("ecs", "RunTask", {"taskDefinition": "shop"}, "ecs:RunTask", f"arn:aws:ecs:{AT}:task-definition/shop:*"),
        ("ecs", "RunTask", {"taskDefinition": "shop:3"}, "ecs:RunTask", f"arn:aws:ecs:{AT}:task-definition/shop:3"),
        (
            "efs",
            "TagResource",
            {"ResourceId": "fsap-1"},
            "elasticfilesystem:TagResource",
            f"arn:aws:elasticfilesystem:{AT}:access-point/fsap-1",
        ),
        ("s3", "DeleteObjects", {"Bucket": "shop"}, "s3:DeleteObject", "arn:aws:s3:::shop/*"),
        ("s3", "ListObjectVersions", {"Bucket": "shop"}, "s3:ListBucketVersions", "arn:aws:s3:::shop"),
        ("s3", "GetObject", {"Bucket": "a", "Key": "b", "VersionId": "1"}, "s3:GetObjectVersion", "arn:aws:s3:::a/b"),
        ("s3", "PutObject", {"Bucket": "a", "Key": "b"}, "s3:PutObject", "arn:aws:s3:::a/b"),
        (
            "s3",
            "GetObjectLockConfiguration",
            {"Bucket": "shop"},
            "s3:GetBucketObjectLockConfiguration",
            "arn:aws:s3:::shop",
        ),
        (
            "cloudformation",
            "DescribeStacks",
            {"StackName": "shop"},
            "cloudformation:DescribeStacks",
            f"arn:aws:cloudformation:{AT}:stack/shop/*",
        ),
        ("cloudformation", "DescribeStacks", {}, "cloudformation:DescribeStacks", f"arn:aws:cloudformation:{AT}:*"),
        ("cloudwatch", "DescribeAlarmHistory", {"AlarmName": "x"}, "cloudwatch:DescribeAlarmHistory", None),
        ("iam", "GetRole", {"RoleName": "shop"}, "iam:GetRole", "arn:aws:iam::123456789012:role/shop"),
        (
            "iam",
            "SimulatePrincipalPolicy",
            {"PolicySourceArn": "arn:aws:iam::123456789012:user/anna"},
            "iam:SimulatePrincipalPolicy",
            "arn:aws:iam::123456789012:user/anna",
        ),
    ],
)
def test_a_call_needs_its_own_action(
    service: str, operation: str, parameters: dict[str, Json], action: str, resource: str | None
) -> None:
    """Most calls need the action of their name on what they name; one that no table has needs it on everything."""
    [found] = told(service, operation, **parameters)

    assert found[0] == action
    assert resource in (None, found[1])


def test_a_batch_is_one_action_on_each_table() -> None:
    """BatchWriteItem is an action of its own, and no PutItem."""
    found = told("dynamodb", "BatchWriteItem", RequestItems={"a": [], "b": []})

    assert found == [("dynamodb:BatchWriteItem", f"arn:aws:dynamodb:{AT}:table/{name}") for name in "ab"]


def test_a_transaction_needs_the_actions_of_its_parts() -> None:
    """There is no action of its name (DynamoDB Developer Guide, "Amazon DynamoDB transactions: how it works")."""
    parts = [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}, {"Put": {"TableName": "a"}}]

    assert told("dynamodb", "TransactWriteItems", TransactItems=parts) == [
        ("dynamodb:PutItem", f"arn:aws:dynamodb:{AT}:table/a"),
        ("dynamodb:ConditionCheckItem", f"arn:aws:dynamodb:{AT}:table/b"),
    ]


@pytest.mark.parametrize(
    ("statement", "action", "resource"),
    [
        ("SELECT * FROM shop WHERE id = 1", "PartiQLSelect", "table/shop"),
        ('select * from "shop"."by-name"', "PartiQLSelect", "table/shop/index/by-name"),
        ("INSERT INTO shop VALUE {'id': 1}", "PartiQLInsert", "table/shop"),
        ('UPDATE "shop" SET a = 1', "PartiQLUpdate", "table/shop"),
        ("DELETE FROM shop WHERE id = 1", "PartiQLDelete", "table/shop"),
    ],
)
def test_a_statement_needs_the_action_of_its_verb(statement: str, action: str, resource: str) -> None:
    """Alone and in a batch (DynamoDB Developer Guide, "IAM security policies with PartiQL for DynamoDB")."""
    wanted = [(f"dynamodb:{action}", f"arn:aws:dynamodb:{AT}:{resource}")]

    assert told("dynamodb", "ExecuteStatement", Statement=statement) == wanted
    assert told("dynamodb", "BatchExecuteStatement", Statements=[{"Statement": statement}]) == wanted


def test_a_copy_reads_and_writes() -> None:
    """CopyObject is no action (Amazon S3 API Reference, CopyObject)."""
    assert told("s3", "CopyObject", Bucket="a", Key="b", CopySource="c/d") == [
        ("s3:GetObject", "arn:aws:s3:::c/d"),
        ("s3:PutObject", "arn:aws:s3:::a/b"),
    ]


def test_an_object_is_written_and_locked() -> None:
    """A lock that comes with the object is another action (Amazon S3 User Guide, "Using S3 Object Lock")."""
    assert told("s3", "PutObject", Bucket="a", Key="b", ObjectLockMode="GOVERNANCE") == [
        ("s3:PutObject", "arn:aws:s3:::a/b"),
        ("s3:PutObjectRetention", "arn:aws:s3:::a/b"),
    ]


def test_a_list_of_objects_tells_its_prefix() -> None:
    """As a key for conditions, which a list of all objects has not (Service Authorization Reference, s3:prefix)."""
    lists = ("ListObjectVersions", "ListObjectsV2")

    assert [needs("s3", each, Bucket="a", Prefix="b/")[0].keys for each in lists] == [(("s3:prefix", ("b/",)),)] * 2
    assert [needs("s3", each, Bucket="a")[0].keys for each in lists] == [(), ()]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "action"),
    [
        ("elbv2", "CreateTargetGroup", {"Name": "shop"}, "elasticloadbalancing:AddTags"),
        ("elbv2", "CreateRule", {"ListenerArn": LISTENER}, "elasticloadbalancing:AddTags"),
        ("efs", "CreateAccessPoint", {"FileSystemId": "fs-1"}, "elasticfilesystem:TagResource"),
    ],
)
def test_what_is_made_with_tags_needs_to_be_tagged(
    service: str, operation: str, parameters: dict[str, Json], action: str
) -> None:
    """A call that gives tags needs the action of tagging too, and says which tags; without tags it does not."""
    tagged = needs(service, operation, **parameters, Tags=[{"Key": "team", "Value": "shop"}])

    assert [each.action for each in tagged] == [needs(service, operation, **parameters)[0].action, action]
    assert dict(tagged[1].keys)["aws:tagkeys"] == ("team",)
    assert dict(tagged[1].keys)["aws:requesttag/team"] == ("shop",)


def test_parameters_of_another_form_name_nothing() -> None:
    """A call that its model rules out needs its action on everything."""
    assert told("dynamodb", "TransactWriteItems", TransactItems=["Put"]) == [("dynamodb:TransactWriteItems", "*")]
    assert told("elbv2", "CreateRule", ListenerArn=LISTENER, Tags=[{}])[0][1] == "*"


def test_roles_are_handed_over() -> None:
    """RegisterTaskDefinition needs iam:PassRole on each role, to ECS's tasks."""
    role = "arn:aws:iam::123456789012:role/shop"
    found = needs("ecs", "RegisterTaskDefinition", family="shop", taskRoleArn=role)[-1]

    assert found == Need("iam:PassRole", role, (("iam:passedtoservice", ("ecs-tasks.amazonaws.com",)),))


def test_anybody_may_ask_who_they_are() -> None:
    """GetCallerIdentity needs nothing (AWS STS API Reference)."""
    assert needs("sts", "GetCallerIdentity") == []


@pytest.mark.parametrize("service", TABLE)
def test_the_tables_name_operations_that_exist(service: str) -> None:
    """Each row is about an operation of the service."""
    known = set(botocore.session.get_session().get_service_model(service).operation_names)

    assert set(TABLE[service]) <= known
