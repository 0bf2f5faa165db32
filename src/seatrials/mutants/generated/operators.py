"""What a rule may change in a piece of code: mutmut's operators, and the removal of a statement.

Left out of mutmut's: an argument or a string that is spoilt, and a variable that becomes None. Three quarters of what
they make cannot run at all, so any scenario kills it and nothing is learnt.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
from mutmut.mutation import mutators

Operator = Callable[[Any], Iterable[cst.CSTNode]]
_LEFT_OUT = (mutators.operator_arg_removal, mutators.operator_assignment, mutators.operator_string)
# What can go and leave code that still runs: a call for its effect, a raise, a change in place.
_REMOVABLE = (cst.Expr, cst.Raise, cst.AugAssign, cst.Del)


def changes_of(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield what may stand in place of *node*, each a mutant."""
    for kind, operator in _OPERATORS:
        if isinstance(node, kind):
            yield from operator(node)


def _without(line: cst.SimpleStatementLine) -> Iterator[cst.CSTNode]:
    """Yield `pass` in place of a statement that something may depend on."""
    statement = line.body[0]
    is_docstring = isinstance(statement, cst.Expr) and isinstance(statement.value, cst.BaseString)
    if len(line.body) == 1 and isinstance(statement, _REMOVABLE) and not is_docstring:
        yield line.with_changes(body=[cst.Pass()])


_OPERATORS: tuple[tuple[type, Operator], ...] = (
    *((kind, operator) for kind, operator in mutators.mutation_operators if operator not in _LEFT_OUT),
    (cst.SimpleStatementLine, _without),
)
