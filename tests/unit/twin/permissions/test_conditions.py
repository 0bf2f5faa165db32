"""Tests of the conditions of policies.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
values".
"""

import pytest

from seatrials.twin.permissions.conditions import hold, is_known

ARN = "arn:aws:ecs:us-west-2:123456789012:cluster/shop"


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", ("a", "b"), "b", True),
        ("StringEquals", ("a",), "A", False),
        ("StringEquals", ("a*",), "ab", False),
        ("StringEqualsIgnoreCase", ("a",), "A", True),
        ("StringLike", ("a*",), "a/b", True),
        ("StringLike", ("a?",), "a", False),
        ("StringNotEquals", ("a", "b"), "b", False),
        ("StringNotEquals", ("a", "b"), "c", True),
        ("StringNotEqualsIgnoreCase", ("a",), "A", False),
        ("StringNotLike", ("a*",), "b", True),
        ("ArnEquals", ("arn:aws:ecs:*:*:cluster/s*",), ARN, True),
        ("ArnLike", ("arn:aws:ecs:*:cluster/shop",), ARN, False),
        ("ArnNotLike", (ARN,), ARN, False),
        ("ArnNotEquals", ("arn:aws:ecs:*:*:cluster/other",), ARN, True),
        ("Bool", ("true",), "true", True),
        ("Bool", ("false",), "true", False),
        ("NumericEquals", ("8",), "8.0", True),
        ("NumericNotEquals", ("8",), "9", True),
        ("NumericLessThan", ("8",), "7", True),
        ("NumericLessThanEquals", ("8",), "8", True),
        ("NumericGreaterThan", ("8",), "8", False),
        ("NumericGreaterThanEquals", ("8",), "8", True),
        ("NumericEquals", ("8",), "eight", False),
        ("Null", ("true",), "a", False),
        ("Null", ("false",), "a", True),
    ],
)
def test_an_operator_compares_a_value(operator: str, wanted: tuple[str, ...], value: str, holds: bool) -> None:  # noqa: FBT001  # a row of the table
    """Values of a policy are alternatives; those of a negated operator must all be another."""
    assert hold(operator, "aws:Key", wanted, {"aws:key": (value,)}) is holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("ArnNotLike", True),
        ("Bool", False),
        ("BoolIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
    ],
)
def test_a_key_that_a_request_does_not_have(operator: str, holds: bool) -> None:  # noqa: FBT001  # a row of the table
    """What must be equal is not; what must differ does; IfExists asks nothing; all of no values are, and none is."""
    assert hold(operator, "aws:Key", ("a",), {}) is holds


def test_null_asks_whether_a_key_is_there() -> None:
    """Null with true holds without the key alone."""
    assert hold("Null", "aws:Key", ("true",), {})
    assert not hold("Null", "aws:Key", ("false",), {})


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "c"), False),
        ("ForAnyValue:StringEquals", ("c", "b"), True),
        ("ForAnyValue:StringEquals", ("c", "d"), False),
        ("ForAllValues:StringLike", ("a", "b"), True),
        ("ForAllValues:StringNotEquals", ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ("c", "a"), False),
        ("ForAnyValue:StringNotEquals", ("a", "c"), True),
    ],
)
def test_a_key_of_many_values(operator: str, values: tuple[str, ...], holds: bool) -> None:  # noqa: FBT001  # a row
    """Each of them, or one of them, must be one of the policy's."""
    assert hold(operator, "aws:TagKeys", ("a", "b"), {"aws:tagkeys": values}) is holds


def test_an_operator_that_is_not_known_holds_for_nothing() -> None:
    """A condition on a date, which the twin does not know, allows nothing."""
    assert not is_known("DateLessThan")
    assert is_known("ForAllValues:StringNotLikeIfExists")
    assert not hold("DateLessThan", "aws:CurrentTime", ("2030-01-01",), {"aws:currenttime": ("2026-01-01",)})
