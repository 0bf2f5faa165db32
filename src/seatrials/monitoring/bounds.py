"""What the alarms on runs fire at: the bounds that the gate holds a run to, and the budget of a day."""

from dataclasses import dataclass
from pathlib import Path

from seatrials.configuration import nearest
from seatrials.environments.parts import Budget
from seatrials.errors import ConfigurationError
from seatrials.gate.criteria import Criteria, read_criteria

_COLD_START = "cold_start_seconds"


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The thresholds, each from the one place where it is written."""

    success_percent: float
    cold_start_seconds: float
    # Of one run, and of all runs of 24 hours together.
    run_dollars: float
    day_dollars: float


def bounds_of(name: str, budget: Budget, path: Path) -> Bounds:
    """Return the bounds for the environment *name*: those of the criteria file *path*, and of a day by its *budget*.

    Raises `ConfigurationError` that names everything which the file does not say.
    """
    criteria = read_criteria(path)
    rules = criteria.environments.get(name)
    if rules is None:
        told = f"has no table environments.{name}, which says what a run on it must show"
        msg = f"{path}: {told}; {nearest(name, list(criteria.environments))}; --criteria names another file"
        raise ConfigurationError(msg)
    success, dollars, cold_start = rules.success_percent_above, rules.run_dollars_below, _cold_start(criteria, name)
    if success is None or dollars is None or cold_start is None:
        keys = {
            f"environments.{name}.success_percent_above": success,
            f"environments.{name}.run_dollars_below": dollars,
            f"`below` of a [[statistics]] on {_COLD_START}": cold_start,
        }
        missing = [f"{path}: {key} is missing, and an alarm needs it" for key, value in keys.items() if value is None]
        raise ConfigurationError("\n".join(missing))
    return Bounds(
        success_percent=success,
        cold_start_seconds=cold_start,
        run_dollars=dollars,
        day_dollars=budget.day_dollars,
    )


def _cold_start(criteria: Criteria, name: str) -> float | None:
    """Return the tightest bound for *name*, or where it has none, for any environment: users wait alike everywhere."""
    rules = [each for each in criteria.statistics if each.metric == _COLD_START and each.below is not None]
    own = [each for each in rules if name in each.environments] or rules
    return min((each.below for each in own if each.below is not None), default=None)
