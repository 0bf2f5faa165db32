"""Notes which statements of a package run, at next to no cost: each function gets a note before each statement.

Python can call a function of ours for every line that runs, of all libraries too, and takes twice as long then. Here
the functions of one package have other code for a while, and nothing else knows of it.
"""

import ast
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from seatrials.mutants.generated.source import codes_in, function_of, modules_of

_NOTE = "__seatrials_ran__"
_BLOCKS = ("body", "orelse", "finalbody")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@contextmanager
def probed(package: ModuleType) -> Iterator[Mapping[str, set[int]]]:
    """Yield, by the path of each file of *package*, the first lines of the statements that have run since."""
    ran: dict[str, set[int]] = {}
    before: list[tuple[FunctionType, CodeType]] = []
    for path, name in modules_of(package):
        module, lines = importlib.import_module(name), ran.setdefault(str(path), set())
        before += _probe(module, path)
        vars(module)[_NOTE] = lines.add
    try:
        yield ran
    finally:
        for function, code in before:
            function.__code__ = code
            function.__globals__.pop(_NOTE, None)


def _probe(module: ModuleType, path: Path) -> list[tuple[FunctionType, CodeType]]:
    """Give every function of a module its notes; return each with the code that it had."""
    tree = ast.parse(path.read_bytes())
    names = list(_names(tree, ()))
    noting = compile(ast.fix_missing_locations(_Noting().visit(tree)), str(path), "exec", dont_inherit=True)
    codes = {each.co_qualname: each for each in codes_in(noting)}
    before = []
    for each in names:
        function = function_of(module, each)
        code = codes.get(function.__code__.co_qualname) if function is not None else None
        if function is not None and code is not None and code.co_freevars == function.__code__.co_freevars:
            before.append((function, function.__code__))
            function.__code__ = code
    return before


def _names(parent: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the names of the functions and methods of a module, those in functions excepted."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, _FUNCTIONS):
            yield (*within, node.name)
        elif isinstance(node, ast.ClassDef):
            yield from _names(node, (*within, node.name))


class _Noting(ast.NodeTransformer):
    """Puts a note before each statement within a function."""

    def __init__(self) -> None:
        self._depth = 0

    def generic_visit(self, node: ast.AST) -> ast.AST:
        is_function = isinstance(node, _FUNCTIONS)
        self._depth += is_function
        super().generic_visit(node)
        for name in _BLOCKS if self._depth else ():
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [each for statement in block for each in (_note_of(statement), statement)])
        self._depth -= is_function
        return node


def _note_of(statement: ast.stmt) -> ast.stmt:
    call = ast.Call(ast.Name(_NOTE, ast.Load()), [ast.Constant(statement.lineno)], [])
    return ast.copy_location(ast.Expr(call), statement)
