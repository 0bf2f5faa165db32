"""Tests of statements: which of them speak of a request.

Source: IAM User Guide, "IAM JSON policy elements reference".
"""

import json

import pytest

from seatrials.twin.permissions.policies import Need, Statement, statements_of
from tests.support.aws import Json

TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/shop"
NEED = Need("dynamodb:PutItem", TABLE)


def statement(**elements: Json) -> Statement:
    """Return the one statement of a policy."""
    [found] = statements_of(json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **elements}}))
    return found


@pytest.mark.parametrize(
    ("actions", "speaks"),
    [
        ("dynamodb:PutItem", True),
        (["dynamodb:GetItem", "dynamodb:Put*"], True),
        ("DynamoDB:putitem", True),
        ("dynamodb:Put?tem", True),
        ("*", True),
        ("dynamodb:Put", False),
        ("ecs:*", False),
    ],
)
def test_actions(actions: str | list[str], speaks: bool) -> None:  # noqa: FBT001  # a row of the table
    """An action is named with wildcards, whatever its case."""
    assert statement(Action=actions, Resource="*").speaks_of(NEED, {}) is speaks
    assert statement(NotAction=actions, Resource="*").speaks_of(NEED, {}) is not speaks


@pytest.mark.parametrize(
    ("resources", "speaks"),
    [
        (TABLE, True),
        ("arn:aws:dynamodb:*:*:table/s*p", True),
        (["arn:aws:ecs:us-west-2:123456789012:*", "arn:aws:dynamodb:us-west-2:123456789012:*"], True),
        ("*", True),
        ("arn:aws:dynamodb:us-west-2:123456789012:table/SHOP", False),
        (f"{TABLE}/index/*", False),
        ("arn:aws:dynamodb:*:table/shop", False),
    ],
)
def test_resources(resources: str | list[str], speaks: bool) -> None:  # noqa: FBT001  # a row of the table
    """A resource is named with wildcards, part by part of its ARN, in its case."""
    assert statement(Action="*", Resource=resources).speaks_of(NEED, {}) is speaks
    assert statement(Action="*", NotResource=resources).speaks_of(NEED, {}) is not speaks


def test_all_conditions_must_hold() -> None:
    """Of two operators, or two keys of one, each must hold."""
    both = {"StringEquals": {"a:x": "1", "a:y": "2"}, "Bool": {"a:z": True}}
    found = statement(Action="*", Resource="*", Condition=both)

    assert found.speaks_of(NEED, {"a:x": ("1",), "a:y": ("2",), "a:z": ("true",)})
    assert not found.speaks_of(NEED, {"a:x": ("1",), "a:y": ("3",), "a:z": ("true",)})
    assert not found.speaks_of(NEED, {"a:x": ("1",), "a:y": ("2",), "a:z": ("false",)})


def test_a_variable_is_filled_in() -> None:
    """A variable is the value of a key; a statement with one that is not there is about nothing.

    Source: IAM User Guide, "IAM policy elements: Variables and tags".
    """
    found = statement(Action="*", Resource="arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}")
    default = statement(Action="*", Resource="arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team, 'shop'}")

    assert found.speaks_of(NEED, {"aws:principaltag/team": ("shop",)})
    assert not found.speaks_of(NEED, {"aws:principaltag/team": ("other",)})
    assert not found.speaks_of(NEED, {})
    assert default.speaks_of(NEED, {})


@pytest.mark.parametrize(
    ("principal", "is_for"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["arn:aws:iam::123456789012:role/shop"]}, True),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, False),
        ({"Service": "ecs-tasks.amazonaws.com"}, False),
    ],
)
def test_principals(principal: Json, is_for: bool) -> None:  # noqa: FBT001  # a row of the table
    """A policy of a resource is for whom it names, or for all but those."""
    role = ("AWS", "arn:aws:iam::123456789012:role/shop")

    assert statement(Action="*", Principal=principal).is_for(role) is is_for
    assert statement(Action="*", NotPrincipal=principal).is_for(role) is not is_for
