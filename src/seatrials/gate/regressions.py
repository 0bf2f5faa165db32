"""Whether a metric has become worse than it was in the last good releases.

Two questions are asked.

*Is this commit worse than the baseline?* The baseline is the median of the last good runs of earlier commits. The
change counts when it reaches the bound of the rule and three times the noise of those runs, which is their median
absolute deviation scaled to a standard deviation: a single outlier moves neither. Several runs of the commit are judged
by their middle one. A single run beyond the bound may be a slow run of a good release, which one run cannot tell: the
answer is unknown, and a second run decides.

*Has it become worse little by little?* Each release of a slow drift is within the bound of the one before it. Pettitt's
test (A. N. Pettitt, "A non-parametric approach to the change-point problem", Applied Statistics 28, 1979) finds whether
the values of the last good runs have changed their level, and where; the change counts when the level of the last runs
is beyond the bound of the level of the first ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from statistics import median, median_high, median_low

from seatrials.gate.criteria import RegressionRule
from seatrials.gate.decision import HistoryPoint, Outcome, Regression
from seatrials.gate.history import Entry
from seatrials.gate.statistics import spread

BASELINE_RUNS = 20
DRIFT_RUNS = 60
_DRIFT_RUNS_MIN = 15
_LEVEL_RUNS = 5
_NOISE_SIGMAS = 3.0
_CHANCE_MAX = 0.01
_UNCHANGED = 0.0005


@dataclass(frozen=True, kw_only=True)
class Current:
    """What the runs of the judged commit say of a metric, oldest first."""

    environment: str
    kind: str | None
    commit: str | None
    points: Sequence[HistoryPoint]


def figure_of(rule: RegressionRule) -> str:
    """Return the name of what *rule* compares, as the history has it."""
    per_run = ("success_percent", "run_dollars")
    return rule.metric if rule.metric in per_run else f"{rule.metric}.{rule.statistic}"


def past_points(rule: RegressionRule, current: Current, history: Sequence[Entry]) -> list[HistoryPoint]:
    """Return the values of good runs of other commits since a change was last accepted, oldest first."""
    figure, criterion = figure_of(rule), f"{rule.id}.{current.environment}"
    points: list[HistoryPoint] = []
    for entry in history:
        if (entry.environment, entry.kind) != (current.environment, current.kind):
            continue
        if criterion in entry.accepted:
            points.clear()
        if entry.good and entry.commit != current.commit and figure in entry.figures:
            points.append(
                HistoryPoint(run=entry.run, started=entry.started, commit=entry.commit, value=entry.figures[figure])
            )
    return points


def judge_change(rule: RegressionRule, current: Current, history: Sequence[Entry]) -> Regression:
    """Return what *rule* says of the judged commit."""
    past = past_points(rule, current, history)
    values = [each.value for each in past[-BASELINE_RUNS:]]
    value = _middle(rule, [each.value for each in current.points])
    baseline = median(values) if len(values) >= rule.runs_min else None
    # Rounded, for 48 is 20 % more than 40 and in binary a trifle less.
    change = round(value / baseline - 1, 9) if value is not None and baseline else None
    noise = spread(values) / abs(baseline) if baseline else None
    outcome, reason = _outcome(rule, current, len(values), change, noise)
    drift = _drift(rule, [*past[-(DRIFT_RUNS - 1) :], *current.points[-1:]]) if value is not None else None
    if drift is not None and outcome is not Outcome.FAIL:
        outcome, reason = Outcome.FAIL, drift[1]
    return Regression(
        metric=figure_of(rule),
        environment=current.environment,
        unit=rule.unit,
        value=value,
        baseline=baseline,
        change=change,
        bound=rule.bound,
        noise=noise,
        runs=len(values),
        outcome=outcome,
        reason=reason,
        change_point=drift[0].run if drift is not None else None,
        history=tuple([*past, *current.points][-DRIFT_RUNS:]),
    )


def _middle(rule: RegressionRule, values: Sequence[float]) -> float | None:
    """Return the middle value, of two in the middle the better one: one bad run of two proves nothing."""
    if not values:
        return None
    return median_low(values) if rule.rises_by is not None else median_high(values)


def _outcome(
    rule: RegressionRule, current: Current, runs_past: int, change: float | None, noise: float | None
) -> tuple[Outcome, str]:
    if not current.points:
        nothing = f"no run of this commit has told {rule.metric}"
        return Outcome.UNKNOWN, nothing if current.kind else f"nothing ran on {current.environment}"
    if runs_past < rule.runs_min:
        told = f"{runs_past} good runs of earlier commits are no baseline yet: {rule.runs_min} are needed"
        allowed = rule.without_baseline == "pass"
        return (Outcome.PASS, f"{told}; the criteria allow that") if allowed else (Outcome.UNKNOWN, told)
    if change is None or noise is None:
        return Outcome.UNKNOWN, "the baseline is 0, with which nothing can be compared"
    told = f"{_change(change)} against the median of {runs_past} good runs"
    if not _is_worse(rule, change):
        return Outcome.PASS, told
    return _outcome_of_worse(len(current.points), abs(change), noise, told)


def _outcome_of_worse(runs_now: int, change: float, noise: float, told: str) -> tuple[Outcome, str]:
    if change < _NOISE_SIGMAS * noise:
        return Outcome.PASS, f"{told}, which is within their noise of {noise:.1%}"
    if runs_now == 1:
        return Outcome.UNKNOWN, f"{told}, in a single run: run it again, to tell a bad run from a bad release"
    return Outcome.FAIL, f"{told}, as the middle one of {runs_now} runs"


def _is_worse(rule: RegressionRule, change: float) -> bool:
    return change >= rule.bound if rule.rises_by is not None else change <= rule.bound


def _drift(rule: RegressionRule, points: Sequence[HistoryPoint]) -> tuple[HistoryPoint, str] | None:
    """Return where a lasting change for the worse begins, and its sentence; None when there is none."""
    if len(points) < max(_DRIFT_RUNS_MIN, rule.runs_min):
        return None
    values = [each.value for each in points]
    first, last = median(values[:_LEVEL_RUNS]), median(values[-_LEVEL_RUNS:])
    if not first:
        return None
    change = round(last / first - 1, 9)
    index, chance = change_point(values)
    if not _is_worse(rule, change) or chance > _CHANCE_MAX:
        return None
    point = points[index]
    return point, f"{_change(change)} over the last {len(points)} runs, with a change of level at run {point.run}"


def change_point(values: Sequence[float]) -> tuple[int, float]:
    """Return where *values* change their level, and how likely chance alone would show as much; Pettitt's test.

    The index is that of the first value of the new level.
    """
    count = len(values)
    ranked = sorted(values)
    # Tied values share the middle of their ranks.
    rank = {value: (ranked.index(value) + 1 + count - ranked[::-1].index(value)) / 2 for value in set(values)}
    total, best, index = 0.0, 0.0, 0
    for position, value in enumerate(values[:-1], start=1):
        total += rank[value]
        difference = abs(2 * total - position * (count + 1))
        if difference > best:
            best, index = difference, position
    return index, min(1.0, 2 * exp(-6 * best**2 / (count**3 + count**2)))


def _change(change: float) -> str:
    if abs(change) < _UNCHANGED:
        return "unchanged"
    return f"{abs(change):.1%} {'more' if change >= 0 else 'less'}"
