"""How measurements stood in the runs before, for those that no criterion compares."""

from seatrials.gate.case import Case
from seatrials.gate.decision import HistoryPoint

_POINTS_MAX = 60


def trend_of(case: Case, environment: str, kind: str, metric: str, now: float) -> tuple[HistoryPoint, ...]:
    """Return the medians of *metric* in the judged runs of other commits, oldest first, and at last that of *now*."""
    figure, commit = f"{metric}.p50", case.judged_commit
    past = [
        HistoryPoint(run=each.run, started=each.started, commit=each.commit, value=each.figures[figure])
        for each in case.history
        if (each.environment, each.kind) == (environment, kind) and figure in each.figures and each.commit != commit
    ]
    newest = case.newest(environment)
    if newest is None:
        return tuple(past[-_POINTS_MAX:])
    point = HistoryPoint(run=newest.id, started=str(newest.record.started), commit=newest.commit, value=now)
    return (*past[1 - _POINTS_MAX :], point)
