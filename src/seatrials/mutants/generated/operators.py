"""What a rule may change in a piece of code: mutmut's operators, and the removal of a statement.

Left out of mutmut's: an argument or a string that is spoilt, and a variable that becomes None. Three quarters of what
they make cannot run at all, so any scenario kills it and nothing is learnt.

Left out of the code: what it says to people, for no change of that can break a promise. These are lines of a service's
log, which the contract does not speak of, and the text of an error, of which it asks only that there is one. That a
line is reached, an error raised, and with which status and field, is changed as everything else is.

Left out as well: whether a limit of time holds at its very millisecond already, `<` for `<=`. Every call takes time
that nobody chooses, so that no caller can bring this moment about, nor say afterwards that it was this one.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[cst.CSTNode]]
_LEFT_OUT = (mutators.operator_arg_removal, mutators.operator_assignment, mutators.operator_string)
# How this project calls moments, and how long something lasts: the unit stands last.
_TIME = re.compile(r"(.*_)?(now|at|since|until|ttl|ms|seconds)", re.IGNORECASE)
_UP_TO_OR_AT = ({cst.LessThan, cst.LessThanEqual}, {cst.GreaterThan, cst.GreaterThanEqual})
# What a service's function is called that writes a line of its log.
_LOGS = ("log", "_log")
# What can go and leave code that still runs: a call for its effect, a raise, a change in place.
_REMOVABLE = (cst.Expr, cst.Raise, cst.AugAssign, cst.Del)


def is_said(node: cst.CSTNode, statement: cst.CSTNode | None) -> bool:
    """Whether *node*, of the simple *statement* if it is of one, says something in a log or is the text of an error."""
    if isinstance(node, cst.If):
        return node.orelse is None and all(_is_log_line(each) for each in node.body.body)
    if isinstance(node, cst.SimpleStatementLine):
        return _is_log_line(node) or _is_message(node)
    is_raised = isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Raise)
    return is_raised and isinstance(node, cst.BaseExpression) and _is_text(node)


def changes_of(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield what may stand in place of *node*, each a mutant."""
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            yield from operator(node)


def _swapped(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """Return what may stand in place of an operator; those of comparisons have a rule of their own."""
    return () if isinstance(node, cst.ComparisonTarget) else mutators.operator_swap_op(node)


def _compared(node: cst.Comparison) -> Iterator[cst.CSTNode]:
    """Yield other comparisons of the same values."""
    is_of_times = any(_TIME.fullmatch(each) for each in _names_in(node))
    for target in node.comparisons:
        for change in mutators.operator_swap_op(target):
            changed = cst.ensure_type(change, cst.ComparisonTarget)
            if not (is_of_times and {type(target.operator), type(changed.operator)} in _UP_TO_OR_AT):
                yield cst.ensure_type(node.deep_replace(target, changed), cst.Comparison)


def _names_in(node: cst.CSTNode) -> Iterator[str]:
    if isinstance(node, cst.Name):
        yield node.value
    for child in node.children:
        yield from _names_in(child)


def _without(line: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """Yield `pass` in place of a statement that something may depend on."""
    statement = line.body[0]
    is_docstring = isinstance(statement, cst.Expr) and isinstance(statement.value, cst.BaseString)
    if len(line.body) == 1 and isinstance(statement, _REMOVABLE) and not is_docstring:
        yield line.with_changes(body=[cst.Pass()])


def _is_log_line(line: cst.CSTNode) -> bool:
    match line:
        case cst.SimpleStatementLine(body=[cst.Expr(cst.Call(func=called))]):
            return isinstance(called, cst.Name | cst.Attribute) and _last_name(called) in _LOGS
    return False


def _last_name(called: cst.Name | cst.Attribute) -> str:
    return called.value if isinstance(called, cst.Name) else called.attr.value


def _is_message(line: cst.SimpleStatementLine) -> bool:
    """Whether a text is given the name that errors' texts have in this project, or is what an error is made with."""
    match line.body:
        case [cst.Assign(targets=[cst.AssignTarget(cst.Name("msg"))], value=value)]:
            return _is_text(value)
        case [cst.Expr(cst.Call(cst.Attribute(cst.Call(cst.Name("super")), cst.Name("__init__")), args=[_]))]:
            return True
    return False


def _is_text(node: cst.BaseExpression) -> bool:
    """Whether it is a text in quotes, one of two, or one with another at its end."""
    match node:
        case cst.IfExp():
            return _is_text(node.body) and _is_text(node.orelse)
        case cst.BinaryOperation(operator=cst.Add()):
            return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, cst.BaseString)


# In place of mutmut's.
_OWN = (mutators.operator_swap_op,)
_OPERATORS: tuple[tuple[type, Operator], ...] = (
    *((kind, operator) for kind, operator in mutators.mutation_operators if operator not in (*_LEFT_OUT, *_OWN)),
    (cst.CSTNode, _swapped),
    (cst.Comparison, _compared),
    (cst.SimpleStatementLine, _without),
)
