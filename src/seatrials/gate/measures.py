"""What the measurements of runs say: bounds, series for plots, regressions, and the figures that history keeps."""

from collections.abc import Iterable, Sequence

from seatrials.cost import Prices, run_dollars
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import Sample
from seatrials.gate.case import Asked, Case, Measure
from seatrials.gate.criteria import RegressionRule, Statistic
from seatrials.gate.decision import Criterion, HistoryPoint, Outcome, Regression, Series
from seatrials.gate.history import Entry
from seatrials.gate.regressions import Current, figure_of, judge_change
from seatrials.gate.statistics import STATISTICS, statistic
from seatrials.gate.trends import trend_of
from seatrials.seams.clock import iso_timestamp

_SAMPLES_SHOWN_MAX = 200
_KEPT = tuple(name for name in STATISTICS if name != "count")


def statistic_criterion(case: Case, rule: Statistic, environment: str) -> Criterion:
    """Return whether the measurements of a metric on *environment* are within their bound."""
    asked = Asked(id=rule.id, environment=environment, sentence=rule.sentence)
    runs = case.counting_runs(environment)
    samples = [sample for run in runs for sample in run.samples if sample.name == rule.metric]
    counted = [sample for sample in samples if sample.kind in rule.kinds and sample.unit == rule.unit]
    values = [sample.value for sample in counted]
    relation, bound = rule.bound
    measure = Measure(
        value=statistic(rule.statistic, values) if values else None,
        relation=relation,
        bound=bound,
        unit="samples" if rule.statistic == "count" else rule.unit,
        samples=len(values),
        samples_min=rule.samples_min,
        kind=_kinds(counted or samples),
    )
    sources = [run.folder.report_log for run in runs]
    if not runs:
        return asked.unknown(f"nothing ran on {environment}", measure)
    if not values:
        return asked.unknown(_why_none(rule, samples), measure, sources)
    told = f"the {rule.statistic} of {len(values)} {'samples' if len(values) > 1 else 'sample'} is {measure.value:.4g}"
    if len(values) < rule.samples_min:
        return asked.unknown(f"{told}, and {rule.samples_min} samples are needed", measure, sources)
    return asked.answered(Outcome.PASS if measure.holds else Outcome.FAIL, told, measure, sources)


def all_series(case: Case, changes: Sequence[Regression]) -> tuple[Series, ...]:
    """Return the measurements of every metric in every environment, with their budgets and baselines."""
    found = []
    for environment in case.criteria.environments:
        values: dict[tuple[str, str, str], list[float]] = {}
        for run in case.counting_runs(environment):
            for sample in run.samples:
                values.setdefault((sample.name, sample.unit, sample.kind), []).append(sample.value)
        for (metric, unit, kind), each in sorted(values.items()):
            budget, of = _budget(case, metric, environment)
            change = _change_of_metric(changes, metric, environment)
            found.append(
                Series(
                    metric=metric,
                    environment=environment,
                    unit=unit,
                    kind=kind,
                    count=len(each),
                    mean=statistic("mean", each),
                    minimum=min(each),
                    p50=statistic("p50", each),
                    p95=statistic("p95", each),
                    p99=statistic("p99", each),
                    maximum=max(each),
                    samples=_evenly_chosen(sorted(each)),
                    budget=budget,
                    budget_statistic=of,
                    baseline=change.baseline if change is not None else None,
                    history=(
                        change.history
                        if change is not None
                        else trend_of(case, environment, kind, metric, statistic("p50", each))
                    ),
                )
            )
    return tuple(found)


def change_of(case: Case, rule: RegressionRule, environment: str) -> Regression:
    """Return how a metric on *environment* stands to its baseline."""
    runs, figure = case.counting_runs(environment), figure_of(rule)
    told = [(run, figures(run, case.prices)) for run in runs]
    points = [
        HistoryPoint(run=run.id, started=str(run.record.started), commit=run.commit, value=found[figure])
        for run, found in told
        if figure in found
    ]
    newest = case.newest(environment)
    current = Current(
        environment=environment,
        kind=newest.kind if newest is not None else None,
        commit=newest.commit if newest is not None else None,
        points=points,
    )
    return judge_change(rule, current, case.history)


def change_criterion(rule: RegressionRule, change: Regression) -> Criterion:
    """Return a regression as a criterion; its value is the change, in percent of the baseline."""
    asked = Asked(id=rule.id, environment=change.environment, sentence=rule.sentence)
    measure = Measure(
        value=round(100 * change.change, 3) if change.change is not None else None,
        relation="below" if rule.rises_by is not None else "above",
        bound=round(100 * change.bound, 3),
        unit="percent of the baseline",
        samples=change.runs,
        samples_min=rule.runs_min,
    )
    return asked.answered(change.outcome, change.reason, measure, [point.run for point in change.history[-1:]])


def figures(run: RunEvidence, prices: Prices) -> dict[str, float]:
    """Return what history keeps of a run."""
    values: dict[str, list[float]] = {}
    for sample in run.samples:
        values.setdefault(sample.name, []).append(sample.value)
    kept = {
        f"{metric}.{name}": round(statistic(name, values[metric]), 6) for metric in sorted(values) for name in _KEPT
    }
    per_run = {"success_percent": run.success_percent, "run_dollars": run_dollars(run.usage, prices)}
    return {**kept, **{name: round(value, 6) for name, value in per_run.items() if value is not None}}


def entry_of(case: Case, run: RunEvidence, *, good: bool, accepted: Iterable[str]) -> Entry:
    """Return what history keeps of a judged run."""
    return Entry(
        environment=run.environment,
        run=run.id,
        started=str(run.record.started),
        kind=str(run.kind),
        commit=run.commit,
        judged_at=iso_timestamp(case.now_seconds),
        good=good,
        accepted=tuple(sorted(accepted)),
        figures=figures(run, case.prices),
        seal_sha256=run.seal_sha256,
    )


def _budget(case: Case, metric: str, environment: str) -> tuple[float | None, str | None]:
    """Return the tightest bound on *metric*, and the statistic that it is on."""
    rules = [
        rule
        for rule in case.criteria.statistics
        if rule.metric == metric and environment in rule.environments and rule.statistic != "count"
    ]
    upper = [(rule.bound[1], rule.statistic) for rule in rules if rule.bound[0] in ("below", "at most")]
    lower = [(rule.bound[1], rule.statistic) for rule in rules if rule.bound[0] in ("at least", "above")]
    if upper:
        return min(upper)
    return max(lower) if lower else (None, None)


def _change_of_metric(changes: Sequence[Regression], metric: str, environment: str) -> Regression | None:
    found = (each for each in changes if each.environment == environment and each.metric.startswith(f"{metric}."))
    return next(found, None)


def _evenly_chosen(values: Sequence[float]) -> tuple[float, ...]:
    """Return the sorted *values*, or so many of them as a plot can show, the first and the last included."""
    if len(values) <= _SAMPLES_SHOWN_MAX:
        return tuple(values)
    last = len(values) - 1
    return tuple(values[index * last // (_SAMPLES_SHOWN_MAX - 1)] for index in range(_SAMPLES_SHOWN_MAX))


def _kinds(samples: Iterable[Sample]) -> str | None:
    return ", ".join(sorted({sample.kind for sample in samples})) or None


def _why_none(rule: Statistic, samples: Sequence[Sample]) -> str:
    if not samples:
        return f"nobody recorded {rule.metric}"
    seen = ", ".join(sorted({f"{sample.kind}, in {sample.unit}" for sample in samples}))
    return f"all {len(samples)} samples are {seen}; {' or '.join(rule.kinds)}, in {rule.unit}, is required"
