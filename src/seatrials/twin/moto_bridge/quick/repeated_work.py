"""What moto's DynamoDB does in each call and need not: expressions are parsed once.

tests/unit/twin/moto_bridge/quick/test_repeated_work.py makes the same calls with and without it: answers are the same.
"""

import copy
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.parsing import expressions

from seatrials.twin.moto_bridge.replacing import replace_once

# Each expression is parsed twice in a call, and an application has few of them at a time.
EXPRESSIONS_KEPT = 256


def spare_dynamodb() -> None:
    """Let moto's DynamoDB keep what it would make again, in this process from now on."""
    # moto copies the tree of an update before it changes it. Its parser has no types, and mypy does not see its names.
    replace_once(vars(expressions)["UpdateExpressionParser"], "make", lru_cache(EXPRESSIONS_KEPT))
    replace_once(ConditionExpressionParser, "parse", parsed_once)


def parsed_once(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Keep what is made of a condition by all that it depends on: its text, the names and the values."""
    known: dict[tuple[str, str, str], tuple[Any, tuple[str, ...], tuple[str, ...]]] = {}

    def parse_condition(self: Any) -> Any:  # noqa: ANN401  # moto's own signature
        names, values = repr(self.expression_attribute_names), repr(self.expression_attribute_values)
        question = (self.condition_expression, names, values)
        if question in known:
            condition, names_found, values_found = known[question]
            self.expr_attr_names_found.extend(names_found)
            self.expr_attr_values_found.extend(values_found)
            return condition
        # A condition holds the values it was parsed with, and moto stores those of a call as they are: a set that is
        # added to later would change what is kept.
        self.expression_attribute_values = copy.deepcopy(self.expression_attribute_values)
        condition = parse(self)
        found = tuple(self.expr_attr_names_found), tuple(self.expr_attr_values_found)
        _keep(known, question, (condition, *found))
        return condition

    return parse_condition


def _keep(known: dict[Any, Any], question: object, made: object) -> None:
    """Keep what was made, and never more than is asked for at one time: a served world may live for hours."""
    if len(known) >= EXPRESSIONS_KEPT:
        known.clear()
    known[question] = made
