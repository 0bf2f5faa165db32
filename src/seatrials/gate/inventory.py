"""What was read, as a decision tells it: the runs, what they cost, and the mutants."""

from seatrials.cost import NOTE, charges, run_dollars, session_dollars
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence
from seatrials.gate.case import Case
from seatrials.gate.decision import Cost, CostLine, Mutants, Run
from seatrials.gate.signers import MUTANTS


def newest_runs(case: Case) -> list[RunEvidence]:
    """Return the run that is judged on each environment that has one."""
    return [run for environment in case.criteria.environments if (run := case.newest(environment)) is not None]


def run_of(case: Case, run: RunEvidence) -> Run:
    """Return a run as the decision tells it."""
    record, outcomes = run.record, [each.outcome for each in run.results.values()]
    counted = (
        CellOutcome.PASSED,
        CellOutcome.FAILED,
        CellOutcome.NOT_ASKED,
        CellOutcome.NOT_RUN,
        CellOutcome.CANNOT_TELL,
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
        job_url=record.job_url,
        signature=case.signers.opinion(run.attestation, run.environment).told,
    )


def cost_of(case: Case) -> Cost:
    """Return what the runs cost, by estimate."""
    runs = newest_runs(case)
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


def mutants_of(case: Case) -> Mutants | None:
    """Return what the run on mutants came to."""
    evidence = case.mutants
    if evidence is None:
        return None
    return Mutants(
        total=len(evidence.killed_by),
        killed=sum(map(bool, evidence.killed_by.values())),
        survivors=evidence.survivors,
        problems=evidence.problems,
        source=str(evidence.path),
        commit=evidence.commit,
        signature=case.signers.opinion(evidence.attestation, MUTANTS).told,
    )
