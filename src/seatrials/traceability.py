"""Which test examines which row of the catalogue, where it runs, and which broken platforms it has to find.

All of it is read from the tests' source and from the mutants' declarations, so that it needs no run. Which mutants a
scenario did find is evidence, in the `kill-matrix.json` of a run; `unproven` compares the two.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.evidence import reader
from seatrials.evidence.record import MatrixRecord
from seatrials.mutants.mutant import Mutant

# Where a scenario runs, by its scope mark.
ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "mock_only": ("mock",),
    "live_only": ("staging", "production"),
    "staging": ("mock", "staging"),
    "production": ("mock", "staging", "production"),
}
_MARK = "pytest.mark."
_PREFACE = """\
# Scenarios

Each row of the catalogue, the test that examines it, the environments it runs on, and the broken platforms that it must
find. A row with an asterisk needs the service to itself.

Written by `seatrials scenarios --write`; `seatrials scenarios --check` fails when it is out of date. What a mutant is,
and which scenarios found it, is in the kill matrix that `nox -s mutants` leaves in `evidence/mutants/latest`.
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the catalogue, as its test has it."""

    id: str
    sentence: str
    test: str
    environments: tuple[str, ...]
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
    suites = [_suite(path, problems) for path in sorted(folder.glob("test_*.py"))]
    ids = [row.id for suite in suites for row in suite.rows]
    problems += [f"two tests have the id {each}: give each an id of its own" for each in _twice(ids)]
    if not suites:
        problems.append(f"{folder} has no test_*.py: give the folder of the scenarios")
    if problems:
        raise ConfigurationError("\n".join(problems))
    return suites


def mutants_by_row(mutants: Iterable[Mutant]) -> dict[str, list[str]]:
    """Return the ids of the mutants that break each row; hollow ones break everything, and are left out."""
    found: dict[str, list[str]] = {}
    for mutant in mutants:
        if not mutant.hollow:
            found.setdefault(mutant.breaks, []).append(mutant.id)
    return found


def as_markdown(suites: Sequence[Suite], mutants: Mapping[str, Sequence[str]]) -> str:
    """Return the page of all rows."""
    parts = [_PREFACE]
    for suite in suites:
        parts += [f"## {suite.title}", "", f"`{suite.path.name}`", ""]
        parts += ["| row | what must hold | test | environments | mutants that break it |", "| --- " * 5 + "|"]
        parts += [_line(row, mutants.get(row.id, [])) for row in suite.rows]
        parts.append("")
    return "\n".join(parts)


def gaps(suites: Sequence[Suite], mutants: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the rows that no mutant breaks, and the mutants that break no row, a sentence each.

    Mutants are broken mocks, so a row that the mock does not run has none.
    """
    rows = [row for suite in suites for row in suite.rows]
    ids = [row.id for row in rows if "mock" in row.environments]
    return [
        *(
            f"{each}: no mutant breaks it, so nothing shows that its test can fail"
            for each in ids
            if each not in mutants
        ),
        *(
            f"{', '.join(names)}: breaks {each}, which no test examines"
            for each, names in mutants.items()
            if each not in ids
        ),
    ]


def unproven(mutants: Mapping[str, Sequence[str]], matrix: MatrixRecord) -> list[str]:
    """Return the mutants that, in a run's kill matrix, were not found by the row that they break, a sentence each."""
    killed_by = {name: each.killed_by for name, each in matrix.mutants.items()}
    problems = []
    for row, names in mutants.items():
        for name in names:
            if name not in killed_by:
                problems.append(f"{row}: mutant {name} was not run")
            elif row not in killed_by[name]:
                problems.append(f"{row}: does not find mutant {name}, which breaks it")
    return problems


def read_matrix(path: Path) -> MatrixRecord:
    """Return the kill matrix in *path*; raises `ConfigurationError` when it holds none."""
    matrix, problems = reader.read_matrix(path)
    if matrix is None:
        msg = f"{path} is no kill matrix: {'; '.join(problems)}; `nox -s mutants` writes one"
        raise ConfigurationError(msg)
    return matrix


def _suite(path: Path, problems: list[str]) -> Suite:
    module = ast.parse(path.read_text(encoding="utf-8"), str(path))
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    rows = [row for test in tests if (row := _row(path, test, problems)) is not None]
    title = (ast.get_docstring(module) or path.stem).partition("\n")[0].removesuffix(".")
    return Suite(path=path, title=title, rows=tuple(sorted(rows, key=lambda row: row.id)))


def _row(path: Path, test: ast.FunctionDef, problems: list[str]) -> Row | None:
    marks = dict(_mark(each) for each in test.decorator_list)
    scopes = [scope for scope in ENVIRONMENTS if scope in marks]
    sentence = (ast.get_docstring(test) or "").replace("\n", " ")
    mark = marks.get("scenario")
    where = f"{path.name}::{test.name}"
    if mark is None or not mark.args or not isinstance(mark.args[0], ast.Constant):
        problems.append(f"{where}: needs @pytest.mark.scenario with an id as a plain string")
        return None
    if len(scopes) != 1:
        problems.append(f"{where}: needs exactly one of {', '.join(ENVIRONMENTS)}, has {', '.join(scopes) or 'none'}")
        return None
    if not sentence:
        problems.append(f"{where}: needs a docstring that says what must hold")
    return Row(
        id=str(mark.args[0].value),
        sentence=sentence,
        test=test.name,
        environments=ENVIRONMENTS[scopes[0]],
        exclusive="exclusive" in marks,
    )


def _mark(decorator: ast.expr) -> tuple[str, ast.Call | None]:
    """Return a decorator's name as a mark, and its call if it is one."""
    call = decorator if isinstance(decorator, ast.Call) else None
    return ast.unparse(call.func if call else decorator).removeprefix(_MARK), call


def _line(row: Row, mutants: Sequence[str]) -> str:
    cells = [
        f"{row.id} *" if row.exclusive else row.id,
        row.sentence.replace("|", r"\|"),
        f"`{row.test}`",
        ", ".join(row.environments),
        ", ".join(f"`{each}`" for each in mutants) or "none",
    ]
    return f"| {' | '.join(cells)} |"


def _twice(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
