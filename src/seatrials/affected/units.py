"""The parts of a Python file that can change by themselves: the bodies of its functions, and all the rest as one.

A function that stands in another one, and a lambda, belong to the outer function. Names, parameters, decorators and
defaults belong to the rest, which runs when the file is imported: whoever adds, renames or removes a function has
changed the rest too. Comments, blank lines and docstrings belong to nothing, for no scenario depends on them.
"""

import ast
import hashlib
from collections.abc import Iterator

REST = "<module>"
# A file that is no Python: it changes as a whole.
WHOLE = "<file>"
_HASH_CHARACTERS = 16

Function = ast.FunctionDef | ast.AsyncFunctionDef
_Documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def units_of(source: bytes) -> dict[str, str]:
    """Return by unit what it is; raises SyntaxError or ValueError for what is no Python."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, _Documented):
            _forget_docstring(node)
    units = {}
    for unit, function in functions(tree):
        units[unit] = _fingerprint(*function.body)
        function.body = []
    return {**units, REST: _fingerprint(tree)}


def functions(tree: ast.Module) -> list[tuple[str, Function]]:
    """Return the functions that stand in no other one, by unit, in the order of the file; a name may recur."""
    counts: dict[str, int] = {}
    found = []
    for name, function in _named(tree, ""):
        counts[name] = counts.get(name, 0) + 1
        found.append((f"{name}:{counts[name]}", function))
    return found


def _named(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
        else:
            yield from _named(child, f"{prefix}{child.name}." if isinstance(child, ast.ClassDef) else prefix)


def _forget_docstring(node: ast.Module | ast.ClassDef | Function) -> None:
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]


def _fingerprint(*nodes: ast.AST) -> str:
    text = "\n".join(ast.dump(node, annotate_fields=False) for node in nodes)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARACTERS]
