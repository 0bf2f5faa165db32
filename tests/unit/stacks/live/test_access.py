"""Tests of the way to a real stack: values of a deployed stack's outputs, and whose credentials are used."""

from pathlib import Path

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto.sts.models import sts_backends

from seatrials.environments.environment import Environment
from seatrials.environments.parts import ResourceNames
from seatrials.errors import ConfigurationError, MissingResourceError, RefusedWriteError, WrongAccountError
from seatrials.safety.checks import look_at_all
from seatrials.safety.session_policy import session_policy
from seatrials.stacks.live.access import open_access
from tests.support.aws import Clients, Document, Json
from tests.support.small_platform import SmallPlatform

OUTPUTS = {
    "AlbUrl": "https://edit.example.org",
    "ClusterName": "the-cluster",
    "TableName": "the-table",
    "Other": "x",
}


@pytest.fixture
def deployed(aws: Clients, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Return an environment whose address and names a deployed stack knows; moto deploys none without more packages."""
    assert aws("sts") is not None
    make = BaseClient._make_api_call  # noqa: SLF001  # what every call of every client goes through

    def describe(client: BaseClient, operation: str, given: Document) -> Json:
        if operation != "DescribeStacks":
            return make(client, operation, given)
        stacks = {"webordinary": OUTPUTS, "bare": {}}
        if given["StackName"] not in stacks:
            raise ClientError({"Error": {"Code": "StackNotFoundException", "Message": "no"}}, operation)
        outputs = stacks[given["StackName"]]
        return {"Stacks": [{"Outputs": [{"OutputKey": key, "OutputValue": each} for key, each in outputs.items()]}]}

    monkeypatch.setattr(BaseClient, "_make_api_call", describe)
    return Environment(
        name="staging",
        kind="live",
        region="us-west-2",
        account_id="123456789012",
        outputs_stack="webordinary",
        names=ResourceNames(table="my-table"),
    )


def test_outputs_are_the_values_of_keys_that_are_left_out(deployed: Environment) -> None:
    """Address and names come from the stack's outputs; what was given wins over them."""
    access = open_access(deployed, {})
    access.http.close()

    assert access.url == "https://edit.example.org"
    assert (access.environment.names.cluster, access.environment.names.table) == ("the-cluster", "my-table")


def test_the_account_is_confirmed_before_outputs_are_believed(deployed: Environment) -> None:
    """Another account's stack of the same name says nothing."""
    with pytest.raises(WrongAccountError):
        open_access(deployed.model_copy(update={"account_id": "210987654321"}), {})


def test_a_stack_that_is_not_there_is_told(deployed: Environment) -> None:
    """A mistyped stack is told with its name."""
    with pytest.raises(MissingResourceError, match="read the outputs of the stack other"):
        open_access(deployed.model_copy(update={"outputs_stack": "other"}), {})


def test_a_stack_without_known_outputs_is_told(deployed: Environment) -> None:
    """A stack of something else is told with its outputs and those that are known."""
    with pytest.raises(ConfigurationError, match="the stack bare has the outputs none, and none of them is known"):
        open_access(deployed.model_copy(update={"outputs_stack": "bare"}), {})


def test_a_setting_that_botocore_does_not_take_is_the_shells_fault(
    small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong mode of defaults is told as a wrong configuration, whichever client is made first."""
    monkeypatch.setenv("AWS_DEFAULTS_MODE", "nonsense")

    with pytest.raises(ConfigurationError, match="the shell or the profile has a setting that botocore does not take"):
        open_access(small_platform.environment(), {})


def test_a_role_is_assumed(small_platform: SmallPlatform) -> None:
    """With a role the run is the role, in a session of the name that its source has: a lease tells whom to ask."""
    role = "arn:aws:iam::123456789012:role/seatrials"
    access = open_access(small_platform.environment(role_arn=role), {})
    identity = access.session.client("sts").get_caller_identity()
    access.http.close()

    assert identity["Arn"] == "arn:aws:sts::123456789012:assumed-role/seatrials/moto"


def test_a_role_is_narrowed(small_platform: SmallPlatform) -> None:
    """The role is assumed with the policy of this stack, and doctor tells it."""
    role = "arn:aws:iam::123456789012:role/seatrials"
    environment = small_platform.environment(role_arn=role)
    access = open_access(environment, {})
    access.session.client("sts").get_caller_identity()
    (assumed,) = sts_backends["123456789012"]["global"].assumed_roles
    told = {each.what: each.seen for each in look_at_all(access.checks())}
    access.http.close()

    assert assumed.policy == session_policy(environment)
    assert told["the run's rights"].startswith(f"{role}, narrowed to this stack")


def test_a_profile_s_role_is_assumed(small_platform: SmallPlatform, tmp_path: Path) -> None:
    """The guard refuses AssumeRole to scenarios, and not to the session that gets a run's credentials."""
    role = "arn:aws:iam::123456789012:role/of-a-profile"
    base = "[profile base]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
    (tmp_path / "AWS_CONFIG_FILE").write_text(f"[profile run]\nrole_arn = {role}\nsource_profile = base\n{base}")
    access = open_access(small_platform.environment(profile="run"), {})
    sts = access.session.client("sts")
    identity = sts.get_caller_identity()
    with pytest.raises(RefusedWriteError, match="sts AssumeRole was not called"):
        sts.assume_role(RoleArn=role, RoleSessionName="x")
    access.http.close()

    assert ":assumed-role/of-a-profile/" in identity["Arn"]
