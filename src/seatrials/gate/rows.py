"""What became of the required rows, in each environment."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from seatrials.catalogue import Row
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.report_log import RowResult
from seatrials.gate.case import Asked, Case, Measure
from seatrials.gate.decision import Cell, Criterion, MatrixRow, Outcome

_NAMED_MAX = 6
_GRAVEST_FIRST = (
    CellOutcome.FAILED,
    CellOutcome.RETRIED,
    CellOutcome.CRASHED,
    CellOutcome.CANNOT_TELL,
    CellOutcome.NOT_ASKED,
    CellOutcome.NOT_RUN,
    CellOutcome.PASSED,
)
# What was not asked or did not run stands whole under *Not proven*.
_SUMMED_UP = (CellOutcome.NOT_ASKED, CellOutcome.NOT_RUN, CellOutcome.PASSED)


def matrix(case: Case) -> tuple[MatrixRow, ...]:
    """Return every row of the catalogue in every environment of the criteria."""
    return tuple(
        MatrixRow(
            id=row.id,
            suite=row.suite,
            sentence=row.sentence,
            cells=tuple(_cell(case, row, environment) for environment in case.criteria.environments),
        )
        for row in case.rows
    )


def rows_criterion(case: Case, environment: str, rows: Sequence[MatrixRow]) -> Criterion:
    """Return whether every required row has passed on *environment*."""
    asked = Asked(
        id="rows", environment=environment, sentence=f"Every row that is required on {environment} has passed."
    )
    cells = {row.id: cell for row in rows for cell in row.cells if cell.environment == environment and cell.required}
    run = case.newest(environment)
    proven = sum(_is_proven(case, row, cell) for row, cell in cells.items())
    measure = Measure(
        value=float(proven) if run is not None else None,
        relation="at least",
        bound=float(len(cells)),
        unit="rows",
        samples=len(cells),
        kind=run.kind if run is not None else None,
    )
    if run is None:
        return asked.unknown(f"nothing ran on {environment}", measure)
    sources = [run.folder.report_log]
    missing = {row: cell for row, cell in cells.items() if not _is_proven(case, row, cell)}
    if not cells:
        return asked.unknown("no row is required there, so nothing can be proven", measure, sources)
    if not missing:
        return asked.answered(Outcome.PASS, _passed(cells), measure, sources)
    unwaived = [cell for cell in missing.values() if not cell.waived]
    reason = _told(missing)
    if not unwaived:
        return replace(
            asked.answered(Outcome.WAIVED, reason, measure, sources), waiver=_waivers(case, environment, missing)
        )
    outcome = Outcome.FAIL if any(_is_failure(run, row, missing[row]) for row in missing) else Outcome.UNKNOWN
    return asked.answered(outcome, reason, measure, sources)


def _passed(cells: dict[str, Cell]) -> str:
    in_part = [row for row, cell in cells.items() if cell.reason]
    return f"all {len(cells)} have passed" + (f", of {_named(in_part)} a part" if in_part else "")


def _waivers(case: Case, environment: str, rows: Iterable[str]) -> str:
    """Return who answers for *rows* and why, each waiver once."""
    found = [case.waiver(row, f"{row}.{environment}") for row in rows]
    return "; ".join(dict.fromkeys(each.told for each in found if each is not None))


def _is_failure(run: RunEvidence, row: str, cell: Cell) -> bool:
    """Whether a row was seen to fail, whatever else was seen of it, and nobody answers for it."""
    result = run.results.get(row)
    return not cell.waived and result is not None and result.failed


def _is_proven(case: Case, row: str, cell: Cell) -> bool:
    """Whether a row passed with evidence that counts there, whole, or whole where evidence of that kind was had too."""
    if cell.outcome is not CellOutcome.PASSED or not _counts(case, cell):
        return False
    result = _result(row, case.newest(cell.environment))
    return result is None or not result.in_part or _has_passed_whole(case, row, cell)


def _counts(case: Case, cell: Cell) -> bool:
    return cell.kind in case.criteria.environments[cell.environment].kinds


def _has_passed_whole(case: Case, row: str, cell: Cell) -> bool:
    """Whether *row* passed whole in the newest run of some environment, of the same kind and commit, which is whole."""
    own = case.newest(cell.environment)
    runs = [run for each in case.criteria.environments if (run := case.newest(each)) is not None]
    alike = [run for run in runs if own is not None and (run.kind, run.commit) == (own.kind, own.commit)]
    results = [_result(row, run) for run in alike if not case.problems(run)]
    return any(each and each.outcome is CellOutcome.PASSED and not each.in_part for each in results)


def _cell(case: Case, row: Row, environment: str) -> Cell:
    rules, run = case.criteria.environments[environment], case.newest(environment)
    result = _result(row.id, run)
    is_required = rules.rows in row.environments
    if result is None:
        outcome = CellOutcome.NOT_RUN if is_required else CellOutcome.NOT_REQUIRED
        reason = (f"nothing ran on {environment}" if run is None else "was not selected") if is_required else ""
        result = RowResult(outcome=outcome, reason=reason)
    kind = run.kind if run is not None and result.seconds is not None else None
    cell = Cell(
        environment=environment,
        required=is_required and not (result.declared and rules.not_run_allowed),
        outcome=result.outcome,
        kind=kind,
        reason=result.reason,
        seconds=result.seconds,
        waived=False,
    )
    if _is_proven(case, row.id, cell):
        return cell
    reason = _why_not(case, row.id, cell) if result.outcome is CellOutcome.PASSED else result.reason
    return replace(cell, reason=reason, waived=case.waiver(row.id, f"{row.id}.{environment}") is not None)


def _why_not(case: Case, row: str, cell: Cell) -> str:
    """Return why a row that has passed is not proven."""
    if not _counts(case, cell):
        kinds = case.criteria.environments[cell.environment].kinds
        return f"only {cell.kind or 'of an unknown kind'}, and {' or '.join(kinds)} is required"
    return f"{cell.reason}; and whole {row} passed nowhere on this commit"


def _result(row: str, run: RunEvidence | None) -> RowResult | None:
    return run.results.get(row) if run is not None else None


def _told(missing: dict[str, Cell]) -> str:
    """Return what became of the rows that are not proven, the gravest first, each with its own reason."""
    groups: dict[tuple[CellOutcome, str], list[str]] = {}
    for row, cell in sorted(missing.items(), key=lambda each: _GRAVEST_FIRST.index(each[1].outcome)):
        groups.setdefault((cell.outcome, cell.reason), []).append(row)
    return "; ".join(f"{outcome}: {_listed(outcome, rows)} ({reason})" for (outcome, reason), rows in groups.items())


def _listed(outcome: CellOutcome, rows: Sequence[str]) -> str:
    """Return *rows*; what failed is named whole, and of what did not run *Not proven* has all."""
    return _named(rows) if outcome in _SUMMED_UP else ", ".join(rows)


def _named(rows: Iterable[str]) -> str:
    names = list(rows)
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return ", ".join(names[:_NAMED_MAX]) + more
