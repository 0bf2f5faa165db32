"""The shipped platform as the CDK writes it: `tests/cdk/app.js`, synthesized with aws-cdk-lib 2.276."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from seatrials.environments.variables import cache_folder, read_variables
from seatrials.twin.cloudformation.deployer import DeployedStack, deploy
from seatrials.twin.cloudformation.linting import lint
from seatrials.twin.cloudformation.template import load_template
from tests.support.account import mock_account
from tests.support.aws import Clients
from tests.support.project import PROJECT

_REGION = "us-west-2"
_TEMPLATE = PROJECT / "tests" / "cdk" / "webordinary.template.json"
_SHIPPED = PROJECT / "stack" / "webordinary.yaml"
# All that the stack says of itself, and the life of one session, from nothing to nothing.
_ROWS = (
    "tests/integration/test_infrastructure.py",
    "tests/integration/test_cold_start.py::test_an_idle_session_expires_and_the_service_returns_to_zero",
)


@pytest.fixture(scope="module")
def aws() -> Iterator[Clients]:
    """One mock account with the stack in it."""
    with mock_account(_REGION) as clients:
        yield clients


@pytest.fixture(scope="module")
def stack(aws: Clients) -> DeployedStack:
    """The stack that the CDK wrote."""
    return deploy(load_template(_TEMPLATE), aws, stack_name="webordinary", region=_REGION, account="123456789012")


def test_what_the_cdk_writes_has_no_fault() -> None:
    """Cfn-lint finds no error in it."""
    # Kept for the run of its rows, which lints it too.
    assert lint(load_template(_TEMPLATE), _REGION, cache_folder(read_variables(), "cfn-lint")).errors == ()


def test_its_services_are_those_of_the_platform(aws: Clients, stack: DeployedStack) -> None:
    """Hermes runs once and the edit service not at all, each on its target groups."""
    names = ["webordinary-hermes-service", "webordinary-edit-service"]
    services = aws("ecs").describe_services(cluster="webordinary-edit-cluster", services=names)["services"]

    assert [(each["desiredCount"], len(each["loadBalancers"])) for each in services] == [(1, 1), (0, 2)]
    assert stack.outputs["AlbUrl"].startswith("https://webordinary-edit-alb")


def test_its_functions_are_left_out() -> None:
    """The function that closes the VPC's default group is no part of the platform, and a note says so."""
    (note,) = load_template(_TEMPLATE).left_out_notes()

    assert "Custom::VpcRestrictDefaultSG" in note
    assert "AWS::Lambda::Function" in note


def test_what_aws_makes_with_a_vpc_has_a_name(aws: Clients, stack: DeployedStack) -> None:
    """GetAtt DefaultSecurityGroup is the group that EC2 made with the VPC."""
    vpc = next(stack.physical_ids[name] for name, kind in stack.types.items() if kind == "AWS::EC2::VPC")
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = aws("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    roles = [name for name in stack.physical_ids if name.startswith("CustomVpcRestrictDefaultSG")]
    policy = aws("iam").get_role_policy(RoleName=stack.physical_ids[roles[0]], PolicyName="Inline")

    assert group["GroupId"] in str(policy["PolicyDocument"])


def actions(resources: Mapping[str, Any], role: str) -> set[str]:
    """Return what the policies of the roles allow whose names begin with *role*."""
    own = [each["Properties"] for name, each in resources.items() if name.startswith(role)]
    documents = [each for properties in own for each in (properties, *properties.get("Policies", []))]
    statements = [each for document in documents for each in document.get("PolicyDocument", {}).get("Statement", [])]
    listed = [[each["Action"]] if isinstance(each["Action"], str) else each["Action"] for each in statements]
    return {action for each in listed for action in each}


@pytest.mark.parametrize(
    ("shipped", "synthesized"),
    [("HermesTaskRole", "HermesTaskTaskRole"), ("EditTaskRole", "EditTaskTaskRole"), ("RunRole", "RunRole")],
)
def test_its_roles_may_do_what_those_of_the_shipped_template_may(shipped: str, synthesized: str) -> None:
    """A role has every action of its like; where one is missing, tests/cdk/app.js says how to synthesize anew."""
    wanted = actions(load_template(_SHIPPED).document["Resources"], shipped)
    granted = actions(load_template(_TEMPLATE).document["Resources"], synthesized)

    assert len(wanted) > 0
    assert wanted - granted == set()


def test_its_rows_pass(tmp_path: Path) -> None:
    """The scenarios take it for the platform: INFRA, and a session that ends by itself."""
    command = [sys.executable, "-m", "pytest", *_ROWS, "--environment", "mock", "-q", "-n", "0"]
    done = subprocess.run(  # noqa: S603  # our own command
        [*command, "--stack", str(_TEMPLATE), "--evidence", str(tmp_path), "-p", "no:cacheprovider"],
        cwd=PROJECT,
        env=read_variables(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
