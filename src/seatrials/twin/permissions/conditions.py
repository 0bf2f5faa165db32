"""The conditions of policies, as one table of operators.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Conditions with multiple context keys or
values".
"""

import operator
from collections.abc import Callable, Mapping
from functools import lru_cache

from seatrials.twin.permissions.wildcards import covers_text, plain

# The values of a request's keys, by their names in lower case: IAM tells no case of them apart.
Context = Mapping[str, tuple[str, ...]]
# Compares a value of the policy with one of the request.
Comparison = Callable[[str, str], bool]

_ARN_PARTS = 6


def _is_arn_like(wanted: str, value: str) -> bool:
    patterns, parts = wanted.split(":", _ARN_PARTS - 1), value.split(":", _ARN_PARTS - 1)
    return len(patterns) == len(parts) and all(map(covers_text, patterns, parts))


def _is_same_in_any_case(wanted: str, value: str) -> bool:
    return wanted.casefold() == value.casefold()


def _number(compare: Callable[[float, float], bool]) -> Comparison:
    def comparison(wanted: str, value: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:  # what is no number is not equal to one, nor more or less
            return False

    return comparison


# Those that know wildcards; to the others a literal one is a character as any other.
_WITH_WILDCARDS = {"stringlike", "arnequals", "arnlike"}
_COMPARISONS: Mapping[str, Comparison] = {
    "stringequals": operator.eq,
    "stringequalsignorecase": _is_same_in_any_case,
    "stringlike": covers_text,
    "arnequals": _is_arn_like,
    "arnlike": _is_arn_like,
    "bool": _is_same_in_any_case,
    "numericequals": _number(operator.eq),
    "numericlessthan": _number(operator.lt),
    "numericlessthanequals": _number(operator.le),
    "numericgreaterthan": _number(operator.gt),
    "numericgreaterthanequals": _number(operator.ge),
}
# Those that hold when the comparison holds with no value; they hold too where the request has no such key.
_NEGATED: Mapping[str, str] = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
}
_ALL, _ANY, _IF_EXISTS = "forallvalues:", "foranyvalue:", "ifexists"


def is_known(operator_name: str) -> bool:
    """Whether the operator is in the table; one that is not, such as that of a date, holds for no request."""
    _, name, _ = _parts_of(operator_name)
    return name in _COMPARISONS or name in _NEGATED or name == "null"


def hold(operator_name: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    """Whether the condition *operator_name* on *key* holds for a request of *context*."""
    quantifier, name, if_exists = _parts_of(operator_name)
    values = context.get(key.lower(), ())
    if name == "null":
        return any((each.lower() == "true") is (not values) for each in wanted)
    if not is_known(operator_name):
        return False
    if not values:
        # Of no value all have every quality, and none has one.
        return quantifier == _ALL or (quantifier != _ANY and (if_exists or name in _NEGATED))
    results = [_holds_for(name, wanted, value) for value in values]
    if quantifier == _ALL or (not quantifier and name in _NEGATED):
        return all(results)
    return any(results)


def _holds_for(name: str, wanted: tuple[str, ...], value: str) -> bool:
    positive = _NEGATED.get(name, name)
    compare = _COMPARISONS[positive]
    asked = wanted if positive in _WITH_WILDCARDS else tuple(map(plain, wanted))
    return any(compare(each, value) for each in asked) is not (name in _NEGATED)


@lru_cache(maxsize=256)
def _parts_of(operator_name: str) -> tuple[str, str, bool]:
    """Return quantifier, name, and whether it ends with IfExists."""
    name = operator_name.lower()
    quantifier = next((each for each in (_ALL, _ANY) if name.startswith(each)), "")
    name = name.removeprefix(quantifier)
    return quantifier, name.removesuffix(_IF_EXISTS), name.endswith(_IF_EXISTS)
