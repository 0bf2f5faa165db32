"""Metric math of the simple kind: arithmetic, comparisons, IF, FILL and the functions that need one number a period.

An expression is read as Python reads one, for its grammar is nearly that of Python; only what stands in the tables here
is taken. Time series are lists of one value a period, None where there is none.
Source: Amazon CloudWatch User Guide, "Using math expressions with CloudWatch metrics".
"""

import ast
import math
import operator
from collections.abc import Callable

Values = list[float | None]
# A time series, a number, or a list of time series, such as METRICS() is.
Result = Values | float | list[Values]
_LENGTH_MAX = 2048


class ExpressionError(Exception):
    """An expression that means nothing, or that the twin leaves out; the text says which part."""


_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: lambda left, right: float(bool(left) and bool(right)),
    ast.Or: lambda left, right: float(bool(left) or bool(right)),
}
_OF_EACH: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_OF_MANY: dict[str, Callable[[list[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


def compute(expression: str, known: Callable[[str], Values], identifiers: list[str], length: int) -> Values:
    """Return the value of *expression* in each of *length* periods.

    *known* gives the time series of an identifier and raises `ExpressionError` for one that nobody has defined;
    METRICS() stands for all of *identifiers*. A number holds in every period. Raises `ExpressionError`.
    """
    try:
        result = _Reader(known, identifiers, length).value(_parsed(expression))
    except RecursionError as error:
        msg = f"the expression nests too deeply: {expression[:80]!r}"
        raise ExpressionError(msg) from error
    if isinstance(result, list):
        if any(isinstance(each, list) for each in result):
            msg = f"the expression gives several time series, and one is wanted: {expression!r}"
            raise ExpressionError(msg)
        return [each for each in result if not isinstance(each, list)]
    return [result] * length


def _parsed(expression: str) -> ast.expr:
    text = expression.replace("^", "**").replace("&&", " and ").replace("||", " or ")
    if len(text) > _LENGTH_MAX:
        msg = f"the expression has {len(text)} characters, and {_LENGTH_MAX} are allowed: {expression[:80]!r}"
        raise ExpressionError(msg)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError) as error:
        msg = f"{expression[:80]!r} is no metric math: {error}"
        raise ExpressionError(msg) from error


class _Reader:
    """Reads one expression."""

    def __init__(self, known: Callable[[str], Values], identifiers: list[str], length: int) -> None:
        self._known = known
        self._identifiers = identifiers
        self._length = length

    def value(self, node: ast.expr) -> Result:
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self._known(name)
            case ast.List(elts=elements):
                return [self._series(each) for each in elements]
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments)
        return self._combined(node)

    def _combined(self, node: ast.expr) -> Values | float:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _pairwise(operator.sub, 0.0, self._plain(operand))
            case ast.BinOp(left=left, op=kind, right=right) if type(kind) in _OPERATORS:
                return _pairwise(_OPERATORS[type(kind)], self._plain(left), self._plain(right))
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _OPERATORS:
                return _pairwise(_OPERATORS[type(sign)], self._plain(left), self._plain(right))
            case ast.BoolOp(op=word, values=[first, *others]):
                result = self._plain(first)
                for each in others:
                    result = _pairwise(_OPERATORS[type(word)], result, self._plain(each))
                return result
        msg = f"the twin leaves this part of metric math out: {ast.unparse(node)!r}"
        raise ExpressionError(msg)

    def _call(self, name: str, arguments: list[ast.expr]) -> Result:
        match name, arguments:
            case "METRICS", []:
                return [self._known(each) for each in self._identifiers]
            case "IF", [condition, met, unmet]:
                return self._choose(self._plain(condition), self._plain(met), self._plain(unmet))
            case "FILL", [series, replacement]:
                return self._fill(self._series(series), replacement)
            case _, [argument] if name in _OF_EACH:
                function = _OF_EACH[name]
                return _pairwise(lambda _, value: function(value), 0.0, self._plain(argument))
            case _, [argument] if name in _OF_MANY:
                return _summed_up(_OF_MANY[name], self.value(argument))
        msg = f"the twin leaves out {name} with {len(arguments)} arguments; it computes "
        raise ExpressionError(msg + ", ".join(["METRICS", "IF", "FILL", *_OF_EACH, *_OF_MANY]))

    def _plain(self, node: ast.expr) -> Values | float:
        """Return a time series or a number, but no list of time series."""
        result = self.value(node)
        if isinstance(result, list) and any(isinstance(each, list) for each in result):
            msg = f"one time series is wanted here, not a list of them: {ast.unparse(node)!r}"
            raise ExpressionError(msg)
        return result  # type: ignore[return-value]  # the one kind that it may be has been refused

    def _series(self, node: ast.expr) -> Values:
        result = self._plain(node)
        return result if isinstance(result, list) else [result] * self._length

    def _choose(self, condition: Values | float, met: Values | float, unmet: Values | float) -> Values:
        chosen: Values = []
        for index in range(self._length):
            test = _at(condition, index)
            chosen.append(None if test is None else _at(met if test else unmet, index))
        return chosen

    def _fill(self, series: Values, replacement: ast.expr) -> Values:
        """Return *series* without gaps: a number, what came before (REPEAT), or a line between neighbours (LINEAR)."""
        if isinstance(replacement, ast.Name) and replacement.id == "REPEAT":
            filled, last = [], None
            for value in series:
                last = last if value is None else value
                filled.append(last)
            return filled
        if isinstance(replacement, ast.Name) and replacement.id == "LINEAR":
            msg = "the twin leaves out FILL(…, LINEAR); it fills with a number, a time series or REPEAT"
            raise ExpressionError(msg)
        other = self._plain(replacement)
        return [_at(other, index) if value is None else value for index, value in enumerate(series)]


def _at(values: Values | float, index: int) -> float | None:
    return values[index] if isinstance(values, list) else values


def _pairwise(function: Callable[[float, float], float], left: Values | float, right: Values | float) -> Values | float:
    """Apply *function* in each period; where a side has no value, or the result is no number, there is none."""
    if not isinstance(left, list) and not isinstance(right, list):
        found = _number(function, left, right)
        if found is None:
            msg = "the expression has no value in any period, such as after a division by zero"
            raise ExpressionError(msg)
        return found
    length = len(left) if isinstance(left, list) else len(right)  # type: ignore[arg-type]  # one of them is a list
    return [_number(function, _at(left, index), _at(right, index)) for index in range(length)]


def _number(function: Callable[[float, float], float], left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    try:
        result = function(left, right)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    # A negative number to a broken power is complex, and no value.
    return float(result) if isinstance(result, int | float) and math.isfinite(result) else None


def _summed_up(function: Callable[[list[float]], float], argument: Result) -> Result:
    """Return one number of one time series, and of several one time series, period by period."""
    if not isinstance(argument, list):
        return argument
    several = [each for each in argument if isinstance(each, list)]
    if not several:
        present = [each for each in argument if each is not None and not isinstance(each, list)]
        empty: Values = [None] * len(argument)
        return function(present) if present else empty
    columns = [[value for value in column if value is not None] for column in zip(*several, strict=True)]
    return [function(column) if column else None for column in columns]
