"""The table of actions against AWS's own, of which cfn-lint ships a copy.

Source: Service Authorization Reference.
"""

import json
from importlib.resources import files
from typing import Any

import pytest

from seatrials.rights.calls import Purpose, needed
from seatrials.rights.reference import STATEMENTS, Statement

REFERENCE: dict[str, Any] = json.loads(
    (files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text(encoding="utf-8")
)
ACTIONS = [(statement, action) for statement in STATEMENTS for action in statement.actions]
# Bound to no resource of those that the reference has: alarms of all types are told to whoever asks for `*`; it names
# the cluster, of which Fargate has no container instances; and of a metric none but a data set, which no call here has.
UNBOUND = {"cloudwatch:DescribeAlarms", "cloudwatch:ListMetrics", "cloudwatch:PutMetricData", "ecs:ListTasks"}


def kinds_of(action: str) -> set[str]:
    """Return the kinds of resources that the reference has for an action."""
    service, _, name = action.partition(":")
    return set(REFERENCE[service]["Actions"][name.lower()].get("Resources", ()))


@pytest.mark.parametrize(("statement", "action"), ACTIONS, ids=[action for _, action in ACTIONS])
def test_an_action_is_bound_where_aws_lets_it_be(statement: Statement, action: str) -> None:
    """`*` stands for actions that AWS binds to nothing, and a kind is one that AWS has for the action."""
    known = kinds_of(action)

    assert set(statement.kinds) <= known
    assert (statement.kinds == ()) == (not known or action in UNBOUND)
    assert (statement.resources == ("*",)) == (statement.kinds == ())


def test_what_cannot_be_bound_has_a_condition() -> None:
    """Of each `*` the region or the cluster is asked."""
    assert [each.sid for each in STATEMENTS if each.resources == ("*",) and not each.conditions] == []


def test_nothing_stands_in_it_that_no_call_needs() -> None:
    """Exactly the actions that were recorded."""
    every = {action for purpose in Purpose for action in needed(purpose)}

    assert sorted(action for _, action in ACTIONS) == sorted(every)
