"""Which test examines which row of the catalogue, where it runs, and which broken platforms it has to find.

All of it is read from the tests' source and from the mutants' declarations, so that it needs no run. Which mutants a
scenario did find is evidence, in the `kill-matrix.json` of a run; `unproven` compares the two.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from seatrials.catalogue import Row, Suite
from seatrials.checkers.contract import invariants
from seatrials.environments.kinds import MOCK
from seatrials.errors import ConfigurationError
from seatrials.evidence import reader
from seatrials.evidence.record import MatrixRecord
from seatrials.mutants.mutant import Mutant

_PREFACE = """\
# Scenarios

Each row of the catalogue, the test that examines it, the environments it runs on, and the broken platforms that it must
find. A row with an asterisk needs the service to itself. Below them stands what is asked of every scenario, the
invariants of the contract, then what may be broken, and by what each promise of the platform is held.

Written by `seatrials scenarios --write`; `seatrials scenarios --check` fails when it is out of date. What a mutant is,
and which scenarios found it, is in the kill matrix that `nox -s mutants` leaves in `evidence/mutants/latest`.
"""


def mutants_by_row(mutants: Iterable[Mutant]) -> dict[str, list[str]]:
    """Return the ids of the mutants that break each row; hollow ones break everything, and are left out."""
    found: dict[str, list[str]] = {}
    for mutant in mutants:
        if not mutant.hollow:
            found.setdefault(mutant.breaks, []).append(mutant.id)
    return found


def mutants_by_invariant(mutants: Iterable[Mutant]) -> dict[str, list[str]]:
    """Return the ids of the mutants that each invariant of the contract alone sees."""
    found: dict[str, list[str]] = {}
    for mutant in mutants:
        if mutant.invariant:
            found.setdefault(mutant.invariant, []).append(mutant.id)
    return found


def as_markdown(
    suites: Sequence[Suite],
    mutants: Mapping[str, Sequence[str]],
    seen_by: Mapping[str, Sequence[str]] | None = None,
    further: Sequence[str] = (),
) -> str:
    """Return the page: rows, invariants with the mutants that are *seen by* each alone, and *further* lines."""
    parts = [_PREFACE]
    for suite in suites:
        parts += [f"## {suite.title}", "", f"`{suite.path.name}`", ""]
        parts += ["| row | what must hold | test | environments | mutants that break it |", "| --- " * 5 + "|"]
        parts += [_line(row, mutants.get(row.id, [])) for row in suite.rows]
        parts.append("")
    return "\n".join([*parts, *_invariant_lines(seen_by or {}), *further])


def gaps(suites: Sequence[Suite], mutants: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the rows that no mutant breaks, and the mutants that break no row, a sentence each.

    Mutants are broken mocks, so a row that the mock does not run has none.
    """
    rows = [row for suite in suites for row in suite.rows]
    ids = [row.id for row in rows if MOCK.default_column in row.environments]
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


def as_rows(suites: Sequence[Suite], mutants: Mapping[str, Sequence[str]]) -> list[dict[str, object]]:
    """Return each row as data, with the *mutants* that its test must find."""
    return [{**asdict(row), "mutants": list(mutants.get(row.id, []))} for suite in suites for row in suite.rows]


def read_matrix(path: Path) -> MatrixRecord:
    """Return the kill matrix in *path*; raises `ConfigurationError` when it holds none."""
    matrix, problems = reader.read_matrix(path)
    if matrix is None:
        msg = f"{path} is no kill matrix: {'; '.join(problems)}; `nox -s mutants` writes one"
        raise ConfigurationError(msg)
    return matrix


def _invariant_lines(seen_by: Mapping[str, Sequence[str]]) -> list[str]:
    lines = [
        "## CONTRACT: what holds whatever is done, asked of every scenario",
        "",
        "`contract/invariants.toml`, wherever an environment shows what it is about; see [contract.md](contract.md).",
        "",
        "| invariant | what must hold | promised by | checker | mutants that it alone sees |",
        "| --- " * 5 + "|",
    ]
    for each in invariants().values():
        seen = ", ".join(f"`{name}`" for name in seen_by.get(each.id, [])) or "none"
        lines.append(f"| {each.id} | {each.sentence} | {each.promise} | `checkers/{each.checker}.py` | {seen} |")
    return [*lines, ""]


def _line(row: Row, mutants: Sequence[str]) -> str:
    cells = [
        f"{row.id} *" if row.exclusive else row.id,
        row.sentence.replace("|", r"\|"),
        f"`{row.test}`",
        ", ".join(row.environments),
        ", ".join(f"`{each}`" for each in mutants) or "none",
    ]
    return f"| {' | '.join(cells)} |"
