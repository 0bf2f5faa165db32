"""How much a run may cost and how long it may take; over either, it stops and cleans up.

AWS's own budgets are hours behind, so the dollars are the run's own estimate: what it counted, at rounded-up prices. It
is a rail, not a bill; `seatrials.cost` says what a run has cost.
"""

import threading
from collections.abc import Callable, Mapping
from typing import NoReturn

from seatrials.environments.parts import Budget as Limits
from seatrials.errors import BudgetExceededError

# US dollars in us-west-2, rounded up, November 2026.
_DOLLARS: Mapping[str, float] = {
    "fargate_vcpu_seconds": 0.041 / 3600,
    "fargate_memory_gb_seconds": 0.0045 / 3600,
    "dynamodb_read_units": 0.13e-6,
    "dynamodb_write_units": 0.63e-6,
    "cloudwatch_requests": 0.01e-3,
}
_PER_MINUTE = 60.0
# How old the reading of all processes' counts may be.
_READ_EVERY_SECONDS = 5.0


def estimated_dollars(counts: Mapping[str, float]) -> float:
    """Return what counts of `usage.Usage` cost, by estimate."""
    return sum(price * counts.get(name, 0) for name, price in _DOLLARS.items())


class Budget:
    """The budget of a run, as one of its processes sees it."""

    def __init__(
        self,
        limits: Limits,
        real_seconds: Callable[[], float],
        counts: Callable[[], Mapping[str, float]],
        began_seconds: float | None = None,
    ) -> None:
        """*real_seconds* tells the time, *counts* what all processes of the run have used since it *began*."""
        self._limits = limits
        self._real_seconds = real_seconds
        self._counts = counts
        self._began = real_seconds() if began_seconds is None else began_seconds
        self._dollars = 0.0
        self._read_at: float | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise `BudgetExceededError` when the run has used up its dollars or its minutes."""
        minutes = (self._real_seconds() - self._began) / _PER_MINUTE
        if minutes > self._limits.minutes:
            _stop(f"taken {minutes:.1f} minutes", f"{self._limits.minutes:g} minutes", "minutes")
        dollars = self.dollars()
        if dollars > self._limits.dollars:
            _stop(f"cost ${dollars:.2f} by its own estimate", f"${self._limits.dollars:.2f}", "dollars")

    def dollars(self) -> float:
        """Return what the run has cost so far, by estimate."""
        with self._lock:
            now = self._real_seconds()
            if self._read_at is None or now - self._read_at >= _READ_EVERY_SECONDS:
                self._dollars = estimated_dollars(self._counts())
                self._read_at = now
            return self._dollars


def _stop(used: str, limit: str, key: str) -> NoReturn:
    msg = f"the run has {used}, and its budget is {limit}: run fewer suites at once, or raise `budget.{key}`"
    raise BudgetExceededError(msg)
