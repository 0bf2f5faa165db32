"""The sections of the page, each from its part of the decision."""

from collections.abc import Sequence

from seatrials.gate.decision import Criterion, Decision, Mutants, Regression, Run, Series
from seatrials.gate.markup import Html, element, joined
from seatrials.gate.page_parts import badge, code, columns, note, passage, section, table
from seatrials.gate.plots import history_plot, samples_plot, sparkline
from seatrials.gate.wording import age, gravest_first, margin, measured, metric, number, percent, waiver_state

_FIGURES = ("count", "mean", "p50", "p95", "p99", "maximum", "budget", "baseline")
_COUNTED = ("passed", "failed", "not run", "cannot tell", "crashed", "retried")
_NUMBERS = ("value", "bound", "margin", "samples", *_COUNTED, "quantity")
_POINTS_MIN = 2


def criteria(decision: Decision) -> Html:
    """Return what the release must show, the gravest first."""
    if not decision.criteria:
        return section("criteria", "Criteria", note(f"{decision.criteria_file} asks for nothing."))
    titles = ("outcome", "what must hold", "value", "bound", "margin", "samples", "kind", "why")
    head = columns(*titles, header="what must hold", numbers=_NUMBERS)
    rows = [_criterion_row(each) for each in gravest_first(decision.criteria)]
    caption = f"{len(rows)} criteria of {decision.criteria_file}, those that do not hold first"
    return section("criteria", "Criteria", table("criteria-table", caption, head, rows))


def _criterion_row(criterion: Criterion) -> list[str]:
    needed = f" of {criterion.samples_min}" if (criterion.samples_min or 0) > (criterion.samples or 0) else ""
    waived = f"Waived: {criterion.waiver}" if criterion.waiver else ""
    return [
        badge(criterion.outcome),
        joined([criterion.sentence, element("small", code(criterion.id))], between=" "),
        measured(criterion.value, criterion.unit) if criterion.value is not None else "",
        f"{criterion.relation} {measured(criterion.bound, criterion.unit)}" if criterion.bound is not None else "",
        margin(criterion),
        f"{criterion.samples}{needed}" if criterion.samples is not None else "",
        criterion.kind or "",
        joined([*(passage(each, criterion.id) for each in (criterion.reason, waived) if each), *_paths(criterion)]),
    ]


def unproven(decision: Decision) -> Html:
    """Return what is required and was not shown."""
    if not decision.unproven:
        return section("unproven", "Not proven", note("Everything that is required was shown to be so, or not so."))
    head = columns("what", "where", "why", header="what")
    rows = [[each.subject, each.environment or "everywhere", each.reason] for each in decision.unproven]
    shown = [[code(subject), where, passage(why, subject)] for subject, where, why in rows]
    caption = f"{len(rows)} things that are required, and that no evidence shows"
    return section("unproven", "Not proven", table("unproven-table", caption, head, shown))


def runs(decision: Decision) -> Html:
    """Return what was read."""
    absent = [name for name in decision.environments if name not in {run.environment for run in decision.runs}]
    nothing = [note(f"Nothing ran on {' and '.join(absent)}.")] if absent else []
    if not decision.runs:
        return section("runs", "Runs", *(nothing or [note("There is no run.")]))
    head = columns("environment", "run", "commit", "age", *_COUNTED, "state", header="environment", numbers=_NUMBERS)
    rows = [_run_row(each) for each in decision.runs]
    return section("runs", "Runs", table("runs-table", "The newest run of each environment", head, rows), *nothing)


def _run_row(run: Run) -> list[str]:
    dirty = " with uncommitted changes" if run.dirty else ""
    counts = [str(run.counts.get(each, 0)) for each in _COUNTED]
    state = passage("\n".join(run.problems), run.environment) if run.problems else "complete"
    seed = f"{run.kind or 'unknown'}, seed {run.seed}" if run.seed is not None else run.kind or "unknown"
    return [
        joined([run.environment, element("small", seed)], between=" "),
        code(run.id),
        joined([code((run.commit or "none")[:8]), dirty]),
        age(run.age_seconds),
        *counts,
        joined([state, element("small", run.signature)], between=" "),
    ]


def latencies(decision: Decision) -> Html:
    """Return the measurements, those with a budget first."""
    if not decision.series:
        return section("latencies", "Measurements", note("Nothing was measured."))
    ordered = sorted(decision.series, key=lambda each: each.budget is None)
    legend = note(
        "A dot is a measurement. The bar goes from the median to p95, the tick stands at p99, "
        "the dashed line is the budget, the dotted one the baseline."
    )
    plots = [_plot(_series_title(each), _facts_of(each), samples_plot(each)) for each in ordered]
    head = columns("metric", "environment", "kind", *_FIGURES, "trend", header="metric", numbers=_FIGURES)
    rows = [_series_row(each) for each in ordered]
    figures = table("latencies-table", "The same in numbers", head, rows, class_="wide")
    return section("latencies", "Measurements", legend, element("div", *plots, class_="plots"), figures)


def _series_title(series: Series) -> str:
    return f"{metric(series.metric)} on {series.environment}"


def _facts_of(series: Series) -> str:
    return f"{series.count} {series.kind}, in {series.unit}"


def _series_row(series: Series) -> list[str]:
    budget = f"{measured(series.budget, series.unit)} ({series.budget_statistic})" if series.budget is not None else ""
    figures = [series.mean, series.p50, series.p95, series.p99, series.maximum]
    return [
        joined([metric(series.metric), element("small", code(series.metric))], between=" "),
        series.environment,
        series.kind,
        str(series.count),
        *(number(each) for each in figures),
        budget,
        measured(series.baseline, series.unit) if series.baseline is not None else "",
        sparkline(series) if len(series.history) >= _POINTS_MIN else "",
    ]


def changes(decision: Decision) -> Html:
    """Return how metrics stand to the last good releases."""
    title = "Against the baseline"
    if not decision.regressions:
        return section("changes", title, note("The criteria ask for no comparison with earlier releases."))
    numbers = ("now", "baseline", "change", "bound", "noise", "good runs")
    head = columns("outcome", "metric", *numbers, "why", header="metric", numbers=numbers)
    rows = [_change_row(each) for each in decision.regressions]
    plots = [
        _plot(f"{metric(each.metric)} on {each.environment}", f"{len(each.history)} runs, in {each.unit}", plot)
        for each in decision.regressions
        if len(each.history) >= _POINTS_MIN
        for plot in [history_plot(each)]
    ]
    legend = note("A dot is a run, the large one the newest. Dotted: the baseline. Dashed: the bound.")
    shown = [legend, element("div", *plots, class_="plots")] if plots else []
    caption = "The baseline is the median of the last good runs of earlier commits"
    return section("changes", title, table("changes-table", caption, head, rows), *shown)


def _change_row(change: Regression) -> list[str]:
    since = f" A lasting change begins with run {change.change_point}." if change.change_point else ""
    return [
        badge(change.outcome),
        f"{metric(change.metric)} on {change.environment}",
        measured(change.value, change.unit),
        measured(change.baseline, change.unit) if change.baseline is not None else "none yet",
        percent(change.change) if change.change is not None else "",
        percent(change.bound),
        f"{100 * change.noise:.1f} %" if change.noise is not None else "",
        str(change.runs),
        passage(f"{change.reason}.{since}" if since else change.reason, change.metric),
    ]


def cost(decision: Decision) -> Html:
    """Return what the runs cost, by estimate, and of what."""
    estimate, title = decision.cost, "Cost, an estimate"
    prices = note(
        f"{estimate.note} Prices of {estimate.region}, looked up on {estimate.prices_date}: {estimate.prices_source}."
    )
    if not estimate.run_dollars and not estimate.lines:
        return section("cost", title, note("No run told what it used."), prices)
    totals = [
        [name, measured(dollars, "dollars"), measured(estimate.session_dollars.get(name), "dollars")]
        for name, dollars in estimate.run_dollars.items()
    ]
    head = columns("environment", "a run", "a session", header="environment", numbers=("a run", "a session"))
    parts = ("quantity", "price of one", "amount")
    detail = columns("environment", "of what", *parts, header="of what", numbers=parts)
    lines = [
        [
            *(each.environment, each.item, f"{number(each.quantity)} {each.unit}"),
            *(f"${each.price_dollars:.10f}".rstrip("0"), measured(each.amount_dollars, "dollars")),
        ]
        for each in estimate.lines
    ]
    return section(
        "cost",
        title,
        prices,
        table("cost-table", "What it comes to", head, totals) if totals else note("No sum can be told."),
        table("lines-table", "What it is made of", detail, lines) if lines else note("No run told what it used."),
    )


def mutants(decision: Decision) -> Html:
    """Return whether the scenarios are able to fail."""
    found, title = decision.mutants, "Mutants killed"
    if found is None:
        return section(
            "mutants", title, note("No mutants ran, so nobody knows whether the scenarios are able to fail.")
        )
    said = element(
        "p", element("strong", f"{found.killed} of {found.total}"), " broken platforms were found by a scenario."
    )
    commit = code((found.commit or "none")[:8])
    where = note("Of commit ", commit, ", from ", code(found.source), f", {found.signature}.")
    return section("mutants", title, said, *_mutant_lists(found), where)


def _mutant_lists(found: Mutants) -> list[Html]:
    survivors = [element("h3", "Survivors"), _list(found.survivors)] if found.survivors else []
    problems = [passage(each, "the mutants") for each in found.problems]
    told = [element("h3", "Problems"), element("ul", *(element("li", each) for each in problems))] if problems else []
    return [*survivors, *told]


def waivers(decision: Decision) -> Html:
    """Return who answers for what, and until when."""
    if not decision.waivers:
        return section("waivers", "Waivers", note("There are none: everything counts."))
    head = columns("what", "why", "owner", "approved by", "last day", "state", header="what")
    rows = [
        [
            *(
                code(each.subject),
                passage(each.reason, each.subject),
                each.owner,
                each.approved_by or "nobody is named",
            ),
            *(each.last_day, waiver_state(each)),
        ]
        for each in decision.waivers
    ]
    return section("waivers", "Waivers", table("waivers-table", "Each holds on its last day, in UTC", head, rows))


def _plot(title: str, facts: str, plot: Html) -> Html:
    caption = element("figcaption", element("strong", title), " ", element("small", facts))
    return element("figure", caption, plot)


def _paths(criterion: Criterion) -> list[Html]:
    """Return where the newest evidence stands; `decision.json` has the paths of all of it."""
    if not criterion.sources:
        return []
    more = f" and {len(criterion.sources) - 1} more" if len(criterion.sources) > 1 else ""
    return [element("small", "Evidence: ", code(criterion.sources[-1]), more)]


def _list(names: Sequence[str]) -> Html:
    return element("ul", *(element("li", code(each)) for each in names))
