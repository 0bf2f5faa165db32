"""`--plan`: what a run would take and cost is told in place of the run, which asks its stack nothing."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from seatrials.cost import load_prices
from seatrials.environments.environment import Environment
from seatrials.environments.parts import Budget
from seatrials.run.durations import DURATIONS, Durations, read_durations
from seatrials.run.items import alone_of, needs_of, say, scenario_id
from seatrials.run.order import in_order
from seatrials.run.plan import Plan, plan_of

_PER_MINUTE = 60.0
_ROWS_WIDTH = 110


class PlanShown:
    """Shows the plan of the rows that were collected, and runs none of them."""

    def __init__(self, config: pytest.Config, environment: Environment, workers: int, file: Path) -> None:
        """*workers* is how many the command asked for; raises `ConfigurationError` without durations in *file*."""
        self._config = config
        self._environment = environment
        self._workers = max(1, min(workers, environment.workers_max or workers))
        self._durations = read_durations(file)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Tell the plan in place of running."""
        environment = self._environment
        can = [item for item in session.items if all(environment.allows(need) for need in needs_of(item))]
        alone = {scenario_id(item): alone_of(item) for item in in_order(can)}
        plan = plan_of(alone, self._durations, load_prices(), workers=self._workers, pace=environment.pace)
        missing = sorted({scenario_id(item) for item in session.items} - set(alone))
        for line in plan_lines(plan, environment, self._workers, self._durations, missing):
            say(self._config, line)
        return True


def begin_plan(config: pytest.Config, environment: Environment) -> None:
    """Show a plan in place of the run; pytest-xdist begins no worker for it."""
    # As pytest-xdist reads them: `3*popen` is three.
    counts = (each.partition("*") for each in getattr(config.option, "tx", None) or [])
    workers = sum(int(count) if sign and count.isdecimal() else 1 for count, sign, _ in counts)
    config.option.dist, config.option.tx = "no", []
    folder = Path(config.getoption("--environments")).parent
    config.pluginmanager.register(PlanShown(config, environment, workers, folder / DURATIONS), "seatrials-plan")


def plan_lines(
    plan: Plan, environment: Environment, workers: int, durations: Durations, missing: Sequence[str]
) -> Iterator[str]:
    """Yield a plan for a terminal: a line each row, then the sums and how they stand to the budget."""
    yield f"{'row':<9} {'begins':>9} {'takes':>9} {'return':>9} {'tasks':>6} {'task time':>10} {'dollars':>9}"
    for each in sorted(plan.rows, key=lambda row: row.begins):
        waits = _clock(each.return_seconds) if each.return_seconds else ""
        yield (
            f"{each.row:<9} {_clock(each.begins):>9} {_clock(each.seconds):>9} {waits:>9} {each.tasks:>6} "
            f"{_clock(plan.task_seconds[each.row]):>10} {plan.dollars[each.row]:>9.4f}"
        )
    together = sum(not each.is_alone for each in plan.rows)
    yield f"{len(plan.rows)} rows, {len(plan.rows) - together} of them alone, {together} beside others"
    yield f"{plan.returns} returns to zero before rows that need it, and one at the end"
    minutes, hours = plan.seconds / _PER_MINUTE, sum(plan.task_seconds.values()) / 3600
    real = f"{minutes / environment.pace:.0f} of real time at pace {environment.pace:g}"
    told = f"{minutes:.0f} minutes of platform time with {workers} workers, {real}"
    yield f"in sum {told}; {hours:.1f} task hours; ${plan.run_dollars:.2f}"
    yield _within(plan, environment.budget, environment.pace)
    yield f"durations: {durations.kind}, of the run on {durations.environment} that began at {durations.started}"
    unknown = [each.row for each in plan.rows if each.row not in durations.rows]
    yield from _rows("of no known duration, taken for average: ", unknown)
    yield from _rows(f"{environment.name} does not have what they need: ", missing)


def _within(plan: Plan, budget: Budget, pace: float) -> str:
    minutes = plan.seconds / _PER_MINUTE / pace
    fits = minutes <= budget.minutes and plan.run_dollars <= budget.dollars
    return f"{'within' if fits else 'MORE THAN'} the budget of {budget.minutes:g} minutes and ${budget.dollars:.2f}"


def _rows(head: str, rows: Sequence[str]) -> list[str]:
    if not rows:
        return []
    return textwrap.wrap(head + ", ".join(rows), _ROWS_WIDTH, break_on_hyphens=False)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
