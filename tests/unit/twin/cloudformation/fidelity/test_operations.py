"""The tables of operations against AWS's API, and against what moto has of it."""

import re
from functools import cache
from importlib import import_module

import pytest
from botocore import xform_name
from botocore.session import get_session  # type: ignore[import-untyped,unused-ignore]  # no types

from seatrials.twin.cloudformation.fidelity.operations.table import OperationLine, line_of, lines, types
from seatrials.twin.cloudformation.fidelity.table import Status, tables
from seatrials.twin.door.refusal import RULES
from seatrials.twin.moto_bridge.hooks import reads_only
from tests.support.project import PROJECT

TESTS = PROJECT / "tests/unit/twin"
# Where moto answers the calls of a service: an operation that has no method there is refused.
RESPONSES = {
    "application-autoscaling": ("applicationautoscaling", "ApplicationAutoScalingResponse"),
    "cloudwatch": ("cloudwatch", "CloudWatchResponse"),
    "dynamodb": ("dynamodb", "DynamoHandler"),
    "ec2": ("ec2", "EC2Response"),
    "ecs": ("ecs", "EC2ContainerServiceResponse"),
    "efs": ("efs", "EFSResponse"),
    "elbv2": ("elbv2", "ELBV2Response"),
    "iam": ("iam", "IamResponse"),
}


@cache
def changing(service: str) -> set[str]:
    """Return the operations of a service that change something, of those that moto has."""
    module, name = RESPONSES[service]
    answers = getattr(import_module(f"moto.{module}.responses"), name)
    operations = get_session().get_service_model(service).operation_names
    return {each for each in operations if not reads_only(each) and hasattr(answers, xform_name(each))}


@pytest.mark.parametrize("service", RESPONSES)
def test_every_operation_that_changes_something_is_in_a_table(service: str) -> None:
    """What moto would store, the twin obeys, describes, leaves out with a word, or refuses."""
    assert [each for each in sorted(changing(service)) if line_of(service, each) is None] == []


def test_the_tables_name_operations_that_change_something() -> None:
    """Each line fits an operation, and none of them is one that only reads, or that moto has not."""
    unused = [
        (line.service, line.operation)
        for line in lines()
        if not any(line_of(line.service, each) == line for each in changing(line.service))
    ]

    assert unused == []


@pytest.mark.parametrize("line", [each for each in lines() if each.status is Status.ACTS], ids=str)
def test_what_acts_has_a_test(line: OperationLine) -> None:
    """The test that a line names is there."""
    name, _, function = line.says.partition("::")

    assert re.search(rf"^def {function}\(", (TESTS / name).read_text(encoding="utf-8"), re.MULTILINE)


def test_what_is_refused_has_a_rule() -> None:
    """A rule of the door stands behind each refusal, or behind that of what it would need."""
    refused = [each for each in lines() if each.status is Status.REFUSED]

    assert {each.operation for each in refused} == {"*TaskSet", "RunTask", "StartTask"}
    assert {("ecs", each) for each in ("CreateTaskSet", "RunTask", "StartTask")} <= RULES.keys()


def test_parameters_are_those_of_types_with_a_table() -> None:
    """An operation whose parameters are properties exists, and so does the table of its type."""
    assert [each for each in types() if each[1] not in changing(each[0])] == []
    assert set(types().values()) - set(tables()) == set()


def test_a_whole_name_comes_before_a_pattern() -> None:
    """Of patterns the first counts."""
    tags, user = line_of("iam", "TagUser"), line_of("iam", "CreateUser")
    role = line_of("iam", "CreateRole")

    assert tags is not None
    assert user is not None
    assert role is not None
    assert (tags.operation, user.operation, role.status) == ("*Tag*", "*", Status.ACTS)
