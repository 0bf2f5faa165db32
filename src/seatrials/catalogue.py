"""The catalogue: its rows as the tests' source has them, each with its sentence and the columns where it stands.

It is read from the tests' source, so that nothing has to be imported or run.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrials.environments.scopes import SCOPES, Column
from seatrials.errors import ConfigurationError

_MARK = "pytest.mark."


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the catalogue, as its test has it."""

    id: str
    # The file's name without `test_`.
    suite: str
    sentence: str
    test: str
    environments: tuple[Column, ...]
    exclusive: bool


@dataclass(frozen=True, kw_only=True)
class Suite:
    """One file of scenarios."""

    path: Path
    title: str
    rows: tuple[Row, ...]


def read_suites(folder: Path) -> list[Suite]:
    """Return the suites of *folder* by their files' names, rows by id.

    Raises `ConfigurationError` that lists every test that cannot be traced.
    """
    problems: list[str] = []
    suites = [_suite(path, path.read_text(encoding="utf-8"), problems) for path in sorted(folder.glob("test_*.py"))]
    ids = [row.id for suite in suites for row in suite.rows]
    problems += [f"two tests have the id {each}: give each an id of its own" for each in _twice(ids)]
    if not suites:
        problems.append(f"{folder} has no test_*.py: give the folder of the scenarios, which a checkout has")
    if problems:
        raise ConfigurationError("\n".join(problems))
    return suites


def rows_of(files: Mapping[str, bytes]) -> list[Row] | None:
    """Return the rows in *files*, given with their content by name, as another commit has them.

    What cannot be traced there is left out; None when a file is no Python.
    """
    named = {name: content for name, content in files.items() if re.fullmatch(r"test_.*\.py", name)}
    try:
        return [row for name, content in named.items() for row in _suite(Path(name), content.decode("utf-8"), []).rows]
    except (SyntaxError, ValueError, RecursionError):
        return None


def _suite(path: Path, text: str, problems: list[str]) -> Suite:
    module = ast.parse(text, str(path))
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    rows = [row for test in tests if (row := _row(path, test, problems)) is not None]
    title = (ast.get_docstring(module) or path.stem).partition("\n")[0].removesuffix(".")
    return Suite(path=path, title=title, rows=tuple(sorted(rows, key=lambda row: row.id)))


def _row(path: Path, test: ast.FunctionDef, problems: list[str]) -> Row | None:
    marks = dict(_mark(each) for each in test.decorator_list)
    scopes = [scope for mark, scope in SCOPES.items() if mark in marks]
    sentence = (ast.get_docstring(test) or "").replace("\n", " ")
    mark = marks.get("scenario")
    where = f"{path.name}::{test.name}"
    if mark is None or not mark.args or not isinstance(mark.args[0], ast.Constant):
        problems.append(f"{where}: needs @pytest.mark.scenario with an id as a plain string")
        return None
    if len(scopes) != 1:
        seen = ", ".join(scope.mark for scope in scopes) or "none"
        problems.append(f"{where}: needs exactly one of {', '.join(SCOPES)}, has {seen}")
        return None
    if not sentence:
        problems.append(f"{where}: needs a docstring that says what must hold")
    return Row(
        id=str(mark.args[0].value),
        suite=path.stem.removeprefix("test_"),
        sentence=sentence,
        test=test.name,
        environments=scopes[0].columns,
        exclusive="exclusive" in marks,
    )


def _mark(decorator: ast.expr) -> tuple[str, ast.Call | None]:
    """Return a decorator's name as a mark, and its call if it is one."""
    call = decorator if isinstance(decorator, ast.Call) else None
    return ast.unparse(call.func if call else decorator).removeprefix(_MARK), call


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
