"""Tests of what a task needs before its containers start: secrets, environment files, log groups."""

import re
from typing import Any

import pytest

from tests.support.aws import Json
from tests.support.twin import Twin

LOG = {"logDriver": "awslogs", "options": {"awslogs-group": "/shop", "awslogs-region": "us-west-2"}}


def start(twin: Twin, **changes: Json) -> None:
    """Let the edit service run one task of a changed definition, whose execution role may do everything."""
    twin.allow("ExecutionRole", "*")
    twin.update(taskDefinition=twin.redefine(**changes), desiredCount=1)


def variables(twin: Twin, **changes: Json) -> dict[str, str]:
    """Return the variables of a container that has started."""
    start(twin, **changes)
    twin.until(lambda: twin.service()["runningCount"] == 1)
    return dict(twin.containers.contexts[-1].variables)


def reason(twin: Twin, **changes: Json) -> str:
    """Return why a task did not start."""
    start(twin, **changes)
    twin.until(lambda: twin.happened("task_stop"))
    details = twin.happened("task_stop")[0][1]
    assert details["code"] == "TaskFailedToStart"
    return str(details["reason"])


def secret(twin: Twin) -> str:
    """Make a secret and return its ARN."""
    client = twin.world.aws("secretsmanager")
    return str(client.create_secret(Name="shop", SecretString='{"user": "ann", "port": 8}')["ARN"])


@pytest.mark.parametrize(
    ("suffix", "value"), [("", '{"user": "ann", "port": 8}'), (":user::", "ann"), (":port::", "8")]
)
def test_a_secret_is_a_variable(twin: Twin, suffix: str, value: str) -> None:
    """A secret, or one key of it, is what the variable holds (ECS guide, "Pass sensitive data")."""
    secrets = [{"name": "LOGIN", "valueFrom": secret(twin) + suffix}]

    assert variables(twin, secrets=secrets)["LOGIN"] == value


@pytest.mark.parametrize("place", ["/shop/key", "arn:aws:ssm:us-west-2:123456789012:parameter/shop/key"])
def test_a_parameter_is_a_variable(twin: Twin, place: str) -> None:
    """A parameter of Systems Manager is named, or has an ARN (same page)."""
    twin.world.aws("ssm").put_parameter(Name="/shop/key", Value="k", Type="SecureString")

    assert variables(twin, secrets=[{"name": "KEY", "valueFrom": place}])["KEY"] == "k"


def test_an_environment_file_has_variables(twin: Twin) -> None:
    """Its lines are variables, without comments; the definition's own come before them (ECS guide, same name)."""
    s3 = twin.world.aws("s3")
    s3.create_bucket(Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket="shop", Key="a/b.env", Body=b"# comment=1\nONE=1\nTWO=2=2\n\nOWN=file\n")
    files = [{"value": "arn:aws:s3:::shop/a/b.env", "type": "s3"}]
    found = variables(twin, environmentFiles=files, environment=[{"name": "OWN", "value": "definition"}])
    # moto warns of objects that outlive it.
    s3.delete_object(Bucket="shop", Key="a/b.env")

    assert {name: found.get(name) for name in ("ONE", "TWO", "OWN", "# comment")} == {
        "ONE": "1",
        "TWO": "2=2",
        "OWN": "definition",
        "# comment": None,
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-west-2:123456789012:secret:none"}]},
            "unable to retrieve secret from asm.*ResourceNotFoundException",
        ),
        ({"secrets": [{"name": "A", "valueFrom": "/none"}]}, "unable to retrieve secrets from ssm.*/none"),
        ({"environmentFiles": [{"value": "arn:aws:s3:::none/x.env", "type": "s3"}]}, "failed to download env files"),
        ({"logConfiguration": LOG}, "failed to validate logger args.*log group does not exist"),
    ],
    ids=["secret", "parameter", "file", "log group"],
)
def test_what_is_missing_keeps_a_task_from_starting(twin: Twin, changes: dict[str, Any], words: str) -> None:
    """The reason is a ResourceInitializationError that names it (ECS guide, "ResourceInitializationError errors")."""
    found = reason(twin, **changes)

    assert found.startswith("ResourceInitializationError: ")
    assert re.search(words, found)


def test_a_key_that_a_secret_does_not_have_is_told(twin: Twin) -> None:
    """The reason names the key."""
    assert "did not contain json key none" in reason(
        twin, secrets=[{"name": "A", "valueFrom": f"{secret(twin)}:none::"}]
    )


def test_a_log_group_is_made_when_asked_for(twin: Twin) -> None:
    """With awslogs-create-group the driver makes the group (ECS guide, "Send Amazon ECS logs to CloudWatch")."""
    options = {**LOG["options"], "awslogs-create-group": "true"}  # type: ignore[dict-item]  # a mapping of texts
    variables(twin, logConfiguration={**LOG, "options": options})
    groups = twin.world.aws("logs").describe_log_groups(logGroupNamePrefix="/shop")["logGroups"]

    assert [each["logGroupName"] for each in groups] == ["/shop"]
