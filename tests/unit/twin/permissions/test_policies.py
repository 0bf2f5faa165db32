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
        ("arn:aws:dynamodb:*:table/shop", True),
        ("arn:aws:dynamodb:*", True),
        ("arn:aws:dynamodb:us-*-2:123456789012:table/shop", True),
        ("arn:aws:dynamodb:us-w*2:table/shop", False),
        ("arn:aws:dynamodb:us-west-2:123456789012:table/${*}", False),
        ("arn:aws:dynamodb:us-west-2:123456789012:table/sho${?}", False),
    ],
)
def test_resources(resources: str | list[str], speaks: bool) -> None:  # noqa: FBT001  # a row of the table
    """A resource is named with wildcards in the parts of its ARN, in its case; one that ends a part goes on beyond it.

    A wildcard in `${}` is that very character. Source: IAM User Guide, "IAM JSON policy elements: Resource", "Using
    wildcards in resource ARNs".
    """
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


def test_literal_wildcards_are_characters() -> None:
    """`${*}` is a star to every operator, and what a variable stands for has no wildcards."""
    like = statement(Action="*", Resource="*", Condition={"StringLike": {"a:x": "1${*}"}})
    equal = statement(Action="*", Resource="*", Condition={"StringEquals": {"a:x": "1${*}"}})
    of_key = statement(Action="*", Resource="arn:aws:dynamodb:*:*:table/${a:x}")

    assert [each.speaks_of(NEED, {"a:x": ("1*",)}) for each in (like, equal)] == [True, True]
    assert [each.speaks_of(NEED, {"a:x": ("12",)}) for each in (like, equal)] == [False, False]
    assert not of_key.speaks_of(NEED, {"a:x": ("*",)})


@pytest.mark.parametrize(("version", "speaks"), [("2012-10-17", True), ("2008-10-17", False), (None, False)])
def test_an_older_language_has_no_variables(version: str | None, speaks: bool) -> None:  # noqa: FBT001  # a row of the table
    """Without Version 2012-10-17 a variable is a text as any other ("IAM JSON policy elements: Version")."""
    stated = {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb:*:*:table/${a:x}"}
    [found] = statements_of(
        json.dumps({"Statement": stated} if version is None else {"Version": version, "Statement": stated})
    )

    assert found.speaks_of(NEED, {"a:x": ("shop",)}) is speaks


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
