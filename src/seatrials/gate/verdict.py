"""The judgement: from what is asked and what is known to a decision.

A failure outranks what cannot be told, and that outranks a pass. Nothing is passed because nothing speaks against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from seatrials.cost import NOTE, charges, run_dollars, session_dollars
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence
from seatrials.gate.case import Case
from seatrials.gate.conditions import commit_criterion, conditions_of_environment, mutants_criterion
from seatrials.gate.decision import (
    Cost,
    CostLine,
    Criterion,
    Decision,
    MatrixRow,
    Mutants,
    Outcome,
    Run,
    Unproven,
    Verdict,
    Waiver,
)
from seatrials.gate.history import Entry
from seatrials.gate.measures import all_series, change_criterion, change_of, entry_of, statistic_criterion
from seatrials.gate.rows import matrix, rows_criterion
from seatrials.gate.signatures import matrix_signature_criteria
from seatrials.gate.signers import MUTANTS
from seatrials.seams.clock import iso_timestamp

_BAD = (Outcome.FAIL, Outcome.UNKNOWN)
_NAMED_MAX = 5


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A decision, and what the history is to remember of it."""

    decision: Decision
    entries: tuple[Entry, ...]


def verdict_of(outcomes: Iterable[Outcome]) -> Verdict:
    """Return the worst of *outcomes* as a verdict; of none at all nothing can be told."""
    seen = set(outcomes)
    if Outcome.FAIL in seen:
        return Verdict.NO_GO
    return Verdict.CANNOT_TELL if Outcome.UNKNOWN in seen or not seen else Verdict.GO


def judge(case: Case, allure_report: str | None = None) -> Judgement:
    """Return the decision on *case*."""
    rows = matrix(case)
    changes = [
        (rule, change_of(case, rule, environment))
        for rule in case.criteria.regressions
        for environment in rule.environments
    ]
    regressions = tuple(change for _, change in changes)
    judged = [*_criteria(case, rows), *(change_criterion(rule, change) for rule, change in changes)]
    criteria = tuple(_waived(case, each) for each in judged)
    decision = Decision(
        verdict=verdict_of(each.outcome for each in criteria),
        summary=_summary(case, criteria),
        commit=_commit(case),
        dirty=_dirty(case),
        judged_at=iso_timestamp(case.now_seconds),
        age_seconds=_age(case),
        criteria_file=case.criteria_file,
        environments=tuple(case.criteria.environments),
        runs=tuple(_run(case, run) for run in _newest(case)),
        criteria=criteria,
        matrix=rows,
        series=all_series(case, regressions),
        cost=_cost(case),
        regressions=regressions,
        waivers=_waivers(case, criteria, rows),
        unproven=tuple(_unproven(case, criteria, rows)),
        mutants=_mutants(case),
        allure_report=allure_report,
        notices=tuple(_notices(case)),
    )
    return Judgement(decision=decision, entries=tuple(_entries(case, criteria)))


def _criteria(case: Case, rows: Sequence[MatrixRow]) -> Iterable[Criterion]:
    yield commit_criterion(case)
    for environment in case.criteria.environments:
        yield from conditions_of_environment(case, environment)
        yield rows_criterion(case, environment, rows)
    for rule in case.criteria.statistics:
        for environment in rule.environments:
            yield statistic_criterion(case, rule, environment)
    if case.criteria.mutants.required:
        yield mutants_criterion(case)
        yield from matrix_signature_criteria(case)


def _waived(case: Case, criterion: Criterion) -> Criterion:
    waiver = case.waiver(criterion.id)
    if waiver is None or criterion.outcome not in _BAD:
        return criterion
    return replace(criterion, outcome=Outcome.WAIVED, waiver=waiver.told)


def _summary(case: Case, criteria: Sequence[Criterion]) -> str:
    failed = [each.id for each in criteria if each.outcome is Outcome.FAIL]
    absent = [each for each in case.criteria.environments if case.newest(each) is None]
    told = {f"{name}.{each}" for each in absent for name in ("run", "rows")}
    unknown = [
        each.id
        for each in criteria
        if each.outcome is Outcome.UNKNOWN and each.id not in told and each.environment not in absent
    ]
    waived = sum(each.outcome is Outcome.WAIVED for each in criteria)
    parts = [
        f"{_criteria_count(len(failed))} not hold: {_named(failed)}." if failed else "",
        f"Nothing ran on {' and '.join(absent)}." if absent else "",
        f"{_criteria_count(len(unknown), 'cannot')} be told: {_named(unknown)}." if unknown else "",
    ]
    found = " ".join(part for part in parts if part) or f"All {len(criteria) - waived} criteria hold."
    return f"{found} {waived} waived." if waived else found


def _criteria_count(count: int, verb: str | None = None) -> str:
    return f"{count} {'criterion' if count == 1 else 'criteria'} {verb or ('does' if count == 1 else 'do')}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return ", ".join(names[:_NAMED_MAX]) + more


def _newest(case: Case) -> list[RunEvidence]:
    return [run for environment in case.criteria.environments if (run := case.newest(environment)) is not None]


def _commit(case: Case) -> str | None:
    commits = {run.commit for run in _newest(case)}
    return case.commit or (next(iter(commits)) if len(commits) == 1 else None)


def _dirty(case: Case) -> bool | None:
    states = [run.record.dirty for run in _newest(case)]
    if any(states):
        return True
    return None if not states or None in states else False


def _age(case: Case) -> float | None:
    ages = [age for run in _newest(case) if (age := case.age_seconds(run)) is not None]
    return round(max(ages), 3) if ages else None


def _run(case: Case, run: RunEvidence) -> Run:
    record, outcomes = run.record, [each.outcome for each in run.results.values()]
    counted = (
        CellOutcome.PASSED,
        CellOutcome.FAILED,
        CellOutcome.NOT_RUN,
        CellOutcome.CRASHED,
        CellOutcome.RETRIED,
    )
    return Run(
        environment=run.environment,
        id=run.id,
        path=str(run.path),
        kind=record.kind,
        account=record.account,
        commit=run.commit,
        dirty=record.dirty,
        started=record.started,
        ended=record.ended,
        age_seconds=case.age_seconds(run),
        exit_status=record.exit_status,
        seed=record.seed,
        workers=record.workers,
        wall_seconds=record.wall_seconds,
        platform_seconds=record.platform_seconds,
        counts={str(each): outcomes.count(each) for each in counted},
        expected=len(run.results),
        problems=tuple(case.problems(run)),
        signature=case.signers.opinion(run.attestation, run.environment).told,
    )


def _notices(case: Case) -> Iterable[str]:
    """Yield what went wrong on this commit where the criteria do not look: it decides nothing, and is told."""
    commit = _commit(case)
    for run in case.others:
        failed = sum(each.failed or each.outcome is CellOutcome.CRASHED for each in run.results.values())
        if commit is None or run.commit is None or not run.commit.startswith(commit):
            continue
        if failed or run.problems:
            whole = f", and it is not whole: {'; '.join(run.problems)}" if run.problems else ""
            rows = f"{failed} of {len(run.results)} rows failed or crashed in {run.id} of this commit"
            yield f"not judged, for the criteria do not name {run.environment}: {rows}{whole}"


def _cost(case: Case) -> Cost:
    runs = _newest(case)
    by_run = {run.environment: run_dollars(run.usage, case.prices) for run in runs}
    by_session = {run.environment: session_dollars(run.usage, case.prices) for run in runs}
    return Cost(
        lines=tuple(
            CostLine(
                environment=run.environment,
                item=each.item,
                quantity=each.quantity,
                unit=each.unit,
                price_dollars=each.price_dollars,
                amount_dollars=each.dollars,
            )
            for run in runs
            for each in charges(run.usage, case.prices)
        ),
        run_dollars={name: dollars for name, dollars in by_run.items() if dollars is not None},
        session_dollars={name: dollars for name, dollars in by_session.items() if dollars is not None},
        region=case.prices.region,
        prices_date=case.prices.date.isoformat(),
        prices_source=case.prices.source,
        note=NOTE,
    )


def _waivers(case: Case, criteria: Sequence[Criterion], rows: Sequence[MatrixRow]) -> tuple[Waiver, ...]:
    used = {each.id for each in criteria if each.outcome is Outcome.WAIVED}
    for row in rows:
        for cell in row.cells:
            if cell.waived and cell.required:
                used |= {row.id, f"{row.id}.{cell.environment}"}
    return tuple(
        Waiver(
            subject=each.subject,
            reason=each.reason,
            owner=each.owner,
            last_day=each.last_day.isoformat(),
            expired=not case.is_in_force(each),
            used=each.subject in used and case.is_in_force(each),
        )
        for each in case.criteria.waivers
    )


def _unproven(case: Case, criteria: Sequence[Criterion], rows: Sequence[MatrixRow]) -> Iterable[Unproven]:
    for environment in case.criteria.environments:
        if case.newest(environment) is None:
            count = len(case.required(environment))
            yield Unproven(
                subject=f"all {count} rows that are required on {environment}",
                environment=environment,
                reason=f"nothing ran on {environment}",
            )
    absent = {each for each in case.criteria.environments if case.newest(each) is None}
    for row in rows:
        for cell in row.cells:
            unsure = cell.outcome not in (CellOutcome.PASSED, CellOutcome.FAILED) or bool(
                cell.outcome is CellOutcome.PASSED and cell.reason
            )
            if cell.required and cell.environment not in absent and unsure:
                reason = cell.reason if cell.outcome is CellOutcome.PASSED else f"{cell.outcome}: {cell.reason}"
                yield Unproven(subject=row.id, environment=cell.environment, reason=reason)
    for each in criteria:
        if each.outcome is Outcome.UNKNOWN and each.environment not in absent and not each.id.startswith("rows."):
            yield Unproven(subject=each.id, environment=each.environment, reason=each.reason)


def _mutants(case: Case) -> Mutants | None:
    evidence = case.mutants
    if evidence is None:
        return None
    survivors = tuple(name for name, killers in evidence.killed_by.items() if not killers)
    return Mutants(
        total=len(evidence.killed_by),
        killed=len(evidence.killed_by) - len(survivors),
        survivors=survivors,
        problems=evidence.problems,
        source=str(evidence.path),
        commit=evidence.commit,
        signature=case.signers.opinion(evidence.attestation, MUTANTS).told,
    )


def _entries(case: Case, criteria: Sequence[Criterion]) -> Iterable[Entry]:
    """Return what history keeps; a run is good when nothing but a missing baseline speaks against it."""
    regressions = {f"{rule.id}.{each}" for rule in case.criteria.regressions for each in rule.environments}
    for run in _newest(case):
        own = [each for each in criteria if each.environment == run.environment]
        bad = [each for each in own if each.outcome in _BAD]
        good = all(each.id in regressions and not _has_baseline(each) for each in bad)
        waived = [each for each in own if each.outcome is Outcome.WAIVED and each.id in regressions]
        accepted = [each.id for each in waived if _has_baseline(each)]
        yield entry_of(case, run, good=good, accepted=accepted)


def _has_baseline(criterion: Criterion) -> bool:
    return (criterion.samples or 0) >= (criterion.samples_min or 0)
