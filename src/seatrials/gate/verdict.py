"""The judgement: from what is asked and what is known to a decision.

A failure outranks what cannot be told, and that outranks a pass. Nothing is passed because nothing speaks against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.about_release import release_of
from seatrials.gate.case import Case
from seatrials.gate.conditions import commit_criterion, conditions_of_environment, mutants_criterion
from seatrials.gate.decision import (
    Criterion,
    Decision,
    MatrixRow,
    Outcome,
    Unproven,
    Verdict,
    Waiver,
)
from seatrials.gate.failures import Link, no_links, notices_of
from seatrials.gate.history import Entry
from seatrials.gate.inventory import cost_of, mutants_of, newest_runs, run_of
from seatrials.gate.measures import all_series, change_criterion, change_of, entry_of, statistic_criterion
from seatrials.gate.rows import matrix, rows_criterion
from seatrials.gate.signatures import matrix_signature_criteria
from seatrials.gate.versions import deployed, services_of, told_in_short, versions_criterion
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


def judge(case: Case, allure_report: str | None = None, link: Link = no_links) -> Judgement:
    """Return the decision on *case*; *link* tells where a row of a run can be looked at."""
    rows = matrix(case)
    changes = [
        (rule, change_of(case, rule, environment))
        for rule in case.criteria.regressions
        for environment in rule.environments
    ]
    regressions = tuple(change for _, change in changes)
    judged = [*_criteria(case, rows), *(change_criterion(rule, change) for rule, change in changes)]
    criteria = tuple(_waived(case, each) for each in judged)
    verdict = verdict_of(each.outcome for each in criteria)
    decision = Decision(
        verdict=verdict,
        summary=_summary(case, criteria),
        commit=case.judged_commit,
        dirty=_dirty(case),
        judged_at=iso_timestamp(case.now_seconds),
        age_seconds=_age(case),
        criteria_file=case.criteria_file,
        environments=tuple(case.criteria.environments),
        runs=tuple(run_of(case, run) for run in newest_runs(case)),
        criteria=criteria,
        matrix=rows,
        series=all_series(case, regressions),
        cost=cost_of(case),
        regressions=regressions,
        waivers=_waivers(case, criteria, rows),
        unproven=tuple(_unproven(case, criteria, rows)),
        mutants=mutants_of(case),
        allure_report=allure_report,
        notices=tuple(notices_of(case)),
        release=release_of(case, verdict, criteria, rows, link),
    )
    return Judgement(decision=decision, entries=tuple(_entries(case, criteria, verdict)))


def _criteria(case: Case, rows: Sequence[MatrixRow]) -> Iterable[Criterion]:
    yield commit_criterion(case)
    versions = versions_criterion(case)
    if versions is not None:
        yield versions
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
        f"{_criteria_count(len(failed))} not hold: {', '.join(failed)}." if failed else "",
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


def _dirty(case: Case) -> bool | None:
    states = [run.record.dirty for run in newest_runs(case)]
    if any(states):
        return True
    return None if not states or None in states else False


def _age(case: Case) -> float | None:
    ages = [age for run in newest_runs(case) if (age := case.age_seconds(run)) is not None]
    return round(max(ages), 3) if ages else None


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
            approved_by=each.approved_by,
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


def _entries(case: Case, criteria: Sequence[Criterion], verdict: Verdict) -> Iterable[Entry]:
    """Return what history keeps; a run is good when nothing but a missing baseline speaks against it."""
    judged = {(each.environment, each.run): each for each in case.history}
    services = deployed(services_of(case))
    regressions = {f"{rule.id}.{each}" for rule in case.criteria.regressions for each in rule.environments}
    for run in newest_runs(case):
        own = [each for each in criteria if each.environment == run.environment]
        bad = [each for each in own if each.outcome in _BAD]
        good = all(each.id in regressions and not _has_baseline(each) for each in bad)
        waived = [each for each in own if each.outcome is Outcome.WAIVED and each.id in regressions]
        accepted = [each.id for each in waived if _has_baseline(each)]
        entry, before = entry_of(case, run, good=good, accepted=accepted), judged.get((run.environment, run.id))
        yield replace(
            entry,
            verdict=str(verdict),
            criteria=case.criteria_name,
            go_at=entry.judged_at if verdict is Verdict.GO else before.go_at if before is not None else None,
            services=told_in_short(each for each in services if each.environment == run.environment),
        )


def _has_baseline(criterion: Criterion) -> bool:
    return (criterion.samples or 0) >= (criterion.samples_min or 0)
