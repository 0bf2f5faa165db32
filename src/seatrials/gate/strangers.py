"""What evidence tells of rows that the catalogue of the commit does not have, or has elsewhere."""

from collections.abc import Iterable, Sequence

from seatrials.catalogue import Row
from seatrials.environments.kinds import MOCK
from seatrials.environments.scopes import SCOPES, Column
from seatrials.evidence.reader import MutantEvidence, RunEvidence

_NAMED_MAX = 3


def strange_rows(run: RunEvidence, rows: Iterable[Row], column: Column) -> Iterable[str]:
    """Yield where the rows that *run* set out to run are not those of *column* of the catalogue, a sentence each."""
    known = {row.id: row.environments for row in rows}
    unknown = sorted(set(run.rows) - set(known))
    if unknown:
        yield f"the catalogue does not have {named(unknown)}"
    others = sorted(row for row in run.rows if row in known and column not in known[row])
    if others:
        yield f"the catalogue does not have {named(others)} on {column}"
    scopes = {row: SCOPES.get(scope) for row, scope in (run.record.scopes or {}).items() if row in known}
    marked = sorted(row for row, scope in scopes.items() if scope is None or set(scope.columns) != set(known[row]))
    if marked:
        yield f"the catalogue marks {named(marked)} for other environments than the run does"


def strange_mutants(mutants: MutantEvidence, rows: Iterable[Row]) -> Iterable[str]:
    """Yield what keeps a kill matrix from being about all rows of the mock, and no others.

    Its gate knows no mutant: which of them there are is in the files that ran, which are compared with the commit, and
    in the list that the run made of them before the first one ran.
    """
    known = {row.id for row in rows if MOCK.default_column in row.environments}
    strangers = sorted({killer for killers in mutants.killed_by.values() for killer in killers} - known)
    if strangers:
        yield f"the catalogue does not have {named(strangers)}"
    blind = sorted(row for row in known if not mutants.kills.get(row))
    if blind:
        yield f"nobody saw {named(blind)} kill a mutant"


def named(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return ", ".join(names[:_NAMED_MAX]) + more
