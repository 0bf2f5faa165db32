"""What evidence must be like before it proves anything, and what a run must not have done."""

from collections.abc import Iterable

from seatrials.cost import run_dollars, session_dollars
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import MutantEvidence, RunEvidence
from seatrials.gate.case import Asked, Case, Measure
from seatrials.gate.criteria import EnvironmentRules
from seatrials.gate.decision import Criterion, Outcome
from seatrials.gate.signatures import signature_criteria
from seatrials.gate.strangers import strange_mutants
from seatrials.gate.tree import Ran, doubts, told_in_short
from seatrials.gate.wording import age

_HOUR_SECONDS = 3600
_HASH_CHARACTERS = 8
_RUNS_TO_COMPARE = 2


def conditions_of_environment(case: Case, environment: str) -> Iterable[Criterion]:
    """Return the criteria on the newest run of *environment*, except its rows and measurements."""
    rules, run = case.criteria.environments[environment], case.newest(environment)
    yield _whole(case, environment, run)
    if run is None:
        return
    yield _tree(case, run, rules)
    yield from signature_criteria(case, run)
    yield _age(case, run, rules)
    if rules.leftovers_max is not None:
        yield _leftovers(run, rules.leftovers_max)
    if rules.success_percent_above is not None:
        yield _success(run, rules, rules.success_percent_above)
    if rules.false_alarm_percent_below is not None:
        yield _false_alarms(case, environment, rules.false_alarm_percent_below)
    yield from _costs(case, run, rules)


def commit_criterion(case: Case) -> Criterion:
    """Return whether all evidence is of the commit that is to be released."""
    asked = Asked(id="commit", sentence="All evidence is of the commit that is to be released.")
    runs = [run for environment in case.criteria.environments if (run := case.newest(environment)) is not None]
    found = {f"{run.environment} {run.id}": run.commit for run in runs}
    if case.mutants is not None and case.criteria.mutants.required:
        found["mutants"] = case.mutants.commit
    commit = case.commit or next(iter(found.values()), None)
    sources = [run.folder.record for run in runs]
    if not found or commit is None:
        return asked.unknown("there is no evidence that names a commit")
    value = ", ".join(sorted({each or "none" for each in found.values()}))
    measure = Measure(value=value, relation="equal to", bound=commit)
    others = [f"{where} is of {_short(each)}" for where, each in found.items() if not _is(each, commit)]
    if others:
        return asked.unknown(f"{'; '.join(others)}, not of {_short(commit)}", measure, sources)
    return asked.answered(Outcome.PASS, f"all of it is of {_short(commit)}", measure, sources)


def mutants_criterion(case: Case) -> Criterion:
    """Return whether the scenarios are proven able to fail."""
    asked = Asked(id="mutants", sentence="Every mutant is killed, so the scenarios are able to fail.")
    evidence = case.mutants
    if evidence is None:
        return asked.unknown("no mutants ran: run nox -s mutants")
    killed, total = float(sum(map(bool, evidence.killed_by.values()))), float(len(evidence.killed_by))
    measure = Measure(value=killed, relation="at least", bound=total, unit="mutants")
    if evidence.survivors:
        return asked.answered(Outcome.FAIL, f"these survive: {', '.join(evidence.survivors)}", measure, [evidence.path])
    doubt = _doubt(case, evidence)
    if doubt is not None:
        return asked.unknown(doubt, measure, [evidence.path])
    return asked.answered(Outcome.PASS, f"all {len(evidence.killed_by)} are killed", measure, [evidence.path])


def _doubt(case: Case, evidence: MutantEvidence) -> str | None:
    if evidence.problems:
        return f"the matrix is no proof: {'; '.join(evidence.problems)}"
    if evidence.is_partial or not evidence.killed_by:
        return "only some mutants or scenarios ran: run nox -s mutants"
    strangers = list(strange_mutants(evidence, case.rows))
    if strangers:
        return f"the matrix is no proof: {'; '.join(strangers)}"
    found = [] if case.criteria.mutants.dirty_tree_allowed else doubts(Ran.of_mutants(evidence), case.compare)
    return f"{told_in_short(found)}, so it is of no commit" if found else None


def _whole(case: Case, environment: str, run: RunEvidence | None) -> Criterion:
    asked = Asked(id="run", environment=environment, sentence=f"The newest run on {environment} is whole.")
    if run is None:
        return asked.unknown(f"nothing ran on {environment}")
    sources = [run.path]
    problems = case.problems(run)
    if problems:
        return asked.unknown("; ".join(problems), sources=sources)
    told = f"{run.id} has its end, its files are as it wrote them, and they agree with one another"
    return asked.answered(Outcome.PASS, told, sources=sources)


def _tree(case: Case, run: RunEvidence, rules: EnvironmentRules) -> Criterion:
    asked = Asked(id="tree", environment=run.environment, sentence="The tree that ran was the commit, without changes.")
    found, sources = case.doubts(run), [run.folder.record]
    if not found:
        count = len(run.record.sources or ())
        told = f"all {count} files that ran are as the commit holds them, and nothing was uncommitted"
        return asked.answered(Outcome.PASS, told, sources=sources)
    told = told_in_short(found)
    if rules.dirty_tree_allowed:
        return asked.answered(Outcome.PASS, f"{told}, which the criteria allow", sources=sources)
    return asked.unknown(f"{told}, so it is of no commit", sources=sources)


def _age(case: Case, run: RunEvidence, rules: EnvironmentRules) -> Criterion:
    asked = Asked(id="age", environment=run.environment, sentence="The evidence is fresh.")
    seconds, sources = case.age_seconds(run), [run.folder.record]
    if seconds is None:
        return asked.unknown("the run does not say when it began", sources=sources)
    hours = round(seconds / _HOUR_SECONDS, 3)
    measure = Measure(value=hours, relation="at most", bound=rules.age_hours_max, unit="hours")
    if seconds < 0:
        return asked.unknown(f"the run began {age(-seconds)} from now: check the clocks", measure, sources)
    told = f"it is {age(seconds)} old"
    return asked.answered(Outcome.PASS if measure.holds else Outcome.UNKNOWN, told, measure, sources)


def _leftovers(run: RunEvidence, limit: int) -> Criterion:
    asked = Asked(id="leftovers", environment=run.environment, sentence="The run left nothing behind.")
    left, sources = run.record.leftovers, [run.folder.record]
    if left is None:
        return asked.unknown("nobody looked for leftovers", sources=sources)
    count = float(len(left))
    measure = Measure(value=count, relation="at most", bound=float(limit), unit="resources", kind=run.kind)
    told = f"left behind: {'; '.join(left)}" if left else "nothing was left"
    return asked.answered(Outcome.PASS if measure.holds else Outcome.FAIL, told, measure, sources)


def _success(run: RunEvidence, rules: EnvironmentRules, above: float) -> Criterion:
    """Judge by what is known: rows without a result may still turn out either way."""
    asked = Asked(id="success-rate", environment=run.environment, sentence="Nearly all rows have passed.")
    results = [each for each in run.results.values() if not (each.declared and rules.not_run_allowed)]
    passed = sum(each.outcome is CellOutcome.PASSED for each in results)
    failed = sum(each.failed for each in results)
    measure, at_best = (
        Measure(
            value=100 * count / len(results) if results else None,
            relation="above",
            bound=above,
            unit="percent",
            samples=len(results),
            kind=run.kind,
        )
        for count in (passed, len(results) - failed)
    )
    told, sources = f"{passed} of {len(results)} have passed, {failed} failed", [run.folder.report_log]
    if measure.holds:
        return asked.answered(Outcome.PASS, told, measure, sources)
    if at_best.holds or not results:
        return asked.unknown(f"{told}, and of the others nothing is known", measure, sources)
    return asked.answered(Outcome.FAIL, told, measure, sources)


def _false_alarms(case: Case, environment: str, below: float) -> Criterion:
    asked = Asked(
        id="false-alarms", environment=environment, sentence="Rows seldom fail in one run and pass in another."
    )
    runs = case.counting_runs(environment)
    sources = [run.folder.report_log for run in runs]
    alarms = [row for row in _rows_that_passed(runs) for run in runs if (seen := run.results.get(row)) and seen.failed]
    total = sum(len(run.results) for run in runs)
    percent = 100 * len(alarms) / total if len(runs) >= _RUNS_TO_COMPARE and total else None
    measure = Measure(value=percent, relation="below", bound=below, unit="percent", samples=total)
    if percent is None:
        return asked.unknown("one run of the commit cannot tell: run it again", measure, sources)
    told = f"{len(alarms)} of {total} results in {len(runs)} runs" + (
        f": {', '.join(sorted(alarms))}" if alarms else ""
    )
    return asked.answered(Outcome.PASS if measure.holds else Outcome.FAIL, told, measure, sources)


def _rows_that_passed(runs: Iterable[RunEvidence]) -> list[str]:
    return sorted({row for run in runs for row, result in run.results.items() if result.outcome is CellOutcome.PASSED})


def _costs(case: Case, run: RunEvidence, rules: EnvironmentRules) -> Iterable[Criterion]:
    asked = (
        ("run-cost", "The run was cheap.", rules.run_dollars_below, run_dollars(run.usage, case.prices)),
        (
            "session-cost",
            "A session of the run was cheap.",
            rules.session_dollars_below,
            session_dollars(run.usage, case.prices),
        ),
    )
    for identifier, sentence, limit, dollars in asked:
        if limit is not None:
            yield _cost(run, Asked(id=identifier, environment=run.environment, sentence=sentence), limit, dollars)


def _cost(run: RunEvidence, asked: Asked, below: float, dollars: float | None) -> Criterion:
    sources = [run.folder.record]
    measure = Measure(value=dollars, relation="below", bound=below, unit="dollars", kind=run.kind)
    if dollars is None:
        return asked.unknown("the run does not tell of everything that costs money", measure, sources)
    outcome = Outcome.PASS if measure.holds else Outcome.FAIL
    return asked.answered(outcome, f"estimated at ${dollars:.4f}", measure, sources)


def _is(found: str | None, commit: str) -> bool:
    """Whether *found* is *commit*, which may be written in short."""
    return found is not None and found.startswith(commit)


def _short(commit: str | None) -> str:
    return commit[:_HASH_CHARACTERS] if commit else "no commit"
