"""What was seen to fail: every row with its own sentence and assertion, whose it is, and where to look further."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from seatrials.evidence.job import is_link
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.plain import plain
from seatrials.evidence.reader import RunEvidence
from seatrials.gate.case import Case
from seatrials.gate.decision import Cell, Criterion, MatrixRow, Outcome
from seatrials.gate.release import Failure

_REASON_CHARACTERS_MAX = 400
# The criterion that sums up the rows, each of which is told by itself.
_ROWS = "rows."


@dataclass(frozen=True, kw_only=True)
class Links:
    """Where a row of a run can be looked at, from the decision's folder; None where there is nothing."""

    allure: str | None = None
    timeline: str | None = None


Link = Callable[[RunEvidence, str], Links]


def no_links(_run: RunEvidence, _row: str) -> Links:
    """Return no link."""
    return Links()


def failures_of(
    case: Case, criteria: Iterable[Criterion], rows: Iterable[MatrixRow], link: Link
) -> tuple[Failure, ...]:
    """Return what failed, what counts first: rows, other criteria, and what nobody judges or is waived."""
    cells = [(row, cell) for row in rows for cell in row.cells]
    found = [
        *(_of_row(case, row, cell, link) for row, cell in cells if has_failed(case, row.id, cell)),
        *(_of_criterion(case, each) for each in criteria if _is_failure(each)),
        *(each for run in others_of_commit(case) for each in _of_stranger(case, run, link)),
    ]
    return tuple(sorted(found, key=lambda each: each.not_counted is not None))


def has_failed(case: Case, row: str, cell: Cell) -> bool:
    """Whether a row was seen to fail or crashed, whatever else was seen of it."""
    run = case.newest(cell.environment)
    result = run.results.get(row) if run is not None else None
    return result is not None and (result.failed or result.outcome is CellOutcome.CRASHED)


def others_of_commit(case: Case) -> list[RunEvidence]:
    """Return the newest runs of this commit on environments that the criteria do not name."""
    commit = case.judged_commit
    return [run for run in case.others if commit is not None and (run.commit or "").startswith(commit)]


def notices_of(case: Case) -> Iterable[str]:
    """Yield what went wrong on this commit where the criteria do not look: it decides nothing, and is told."""
    for run in others_of_commit(case):
        failed = [row for row, each in run.results.items() if each.failed or each.outcome is CellOutcome.CRASHED]
        if failed or run.problems:
            whole = f", and it is not whole: {'; '.join(run.problems)}" if run.problems else ""
            rows = f"{len(failed)} of {len(run.results)} rows failed or crashed in {run.id} of this commit"
            named = f" ({', '.join(failed)})" if failed else ""
            yield f"not judged, for the criteria do not name {run.environment}: {rows}{named}{whole}"


def _of_row(case: Case, row: MatrixRow, cell: Cell, link: Link) -> Failure:
    run = case.newest(cell.environment)
    assert run is not None, "what has failed has run"
    waiver = case.waiver(row.id, f"{row.id}.{cell.environment}")
    not_counted = (
        f"waived: {waiver.told}" if waiver is not None else None if cell.required else "it is not required there"
    )
    return _failure(case, run, row, cell.outcome, not_counted, link)


def _of_stranger(case: Case, run: RunEvidence, link: Link) -> Iterable[Failure]:
    known = {row.id: row for row in case.rows}
    for name, result in run.results.items():
        if name in known and (result.failed or result.outcome is CellOutcome.CRASHED):
            row = MatrixRow(id=name, suite=known[name].suite, sentence=known[name].sentence, cells=())
            why = f"the criteria do not name {run.environment}"
            yield _failure(case, run, row, result.outcome, why, link)


def _failure(
    case: Case, run: RunEvidence, row: MatrixRow, outcome: CellOutcome, not_counted: str | None, link: Link
) -> Failure:
    links = link(run, row.id)
    return Failure(
        subject=row.id,
        sentence=row.sentence,
        environment=run.environment,
        outcome=str(outcome),
        reason=plain(run.results[row.id].reason, _REASON_CHARACTERS_MAX),
        owners=case.owners.of_row(row.id, row.suite, run.rows.get(row.id)),
        not_counted=not_counted,
        allure=links.allure,
        timeline=links.timeline,
        job_url=_job_of(run),
    )


def _job_of(run: RunEvidence) -> str | None:
    """Return the job that made a run, if what the run says of it is an address."""
    return run.record.job_url if is_link(run.record.job_url or "") else None


def _is_failure(criterion: Criterion) -> bool:
    is_bad = criterion.outcome is Outcome.FAIL or (criterion.outcome is Outcome.WAIVED and not _is_unknown(criterion))
    return is_bad and not criterion.id.startswith(_ROWS)


def _is_unknown(criterion: Criterion) -> bool:
    """Whether a waived criterion has no value that is beyond its bound, so that nothing was seen to fail."""
    return criterion.margin is None or criterion.margin >= 0


def _of_criterion(case: Case, criterion: Criterion) -> Failure:
    runs: Sequence[RunEvidence] = case.runs.get(criterion.environment or "", ())
    return Failure(
        subject=criterion.id,
        sentence=criterion.sentence,
        environment=criterion.environment,
        outcome=str(criterion.outcome),
        reason=plain(criterion.reason, _REASON_CHARACTERS_MAX),
        owners=case.owners.of_criterion(criterion.id),
        not_counted=f"waived: {criterion.waiver}" if criterion.waiver else None,
        job_url=_job_of(runs[-1]) if runs else None,
        is_regression=criterion.id
        in {f"{rule.id}.{each}" for rule in case.criteria.regressions for each in rule.environments},
    )
