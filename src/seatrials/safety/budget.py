"""How much a run may cost and how long it may take; over either, it begins no other row and cleans up.

A row that has begun goes on to its end, for what ended it would look like its failure. One that never ends is ended
when the run has taken `OVERRUN_MINUTES` more than its budget has.

AWS's own budgets are hours behind, so the dollars are the run's own estimate: what it has counted so far, at the prices
by which the gate judges what it has cost.
"""

import threading
from collections.abc import Callable, Mapping
from typing import NoReturn

from seatrials.cost import Prices, charges
from seatrials.environments.parts import Budget
from seatrials.errors import BudgetExceededError

_PER_MINUTE = 60.0
# How old the reading of all processes' counts may be.
_READ_EVERY_SECONDS = 5.0
# The longest rows of the catalogue take some twelve minutes, with a cold start and an expiry among them.
OVERRUN_MINUTES = 15.0


class Spending:
    """What a run spends of its budget, as one of its processes sees it."""

    def __init__(
        self,
        budget: Budget,
        prices: Prices,
        real_seconds: Callable[[], float],
        counts: Callable[[], Mapping[str, float]],
        began_seconds: float | None = None,
    ) -> None:
        """*real_seconds* tells the time, *counts* what all processes of the run have used since it *began*."""
        self._budget = budget
        self._prices = prices
        self._real_seconds = real_seconds
        self._counts = counts
        self._began = real_seconds() if began_seconds is None else began_seconds
        self._dollars = 0.0
        self._read_at: float | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise `BudgetExceededError` when the run has used up its dollars or its minutes; asked between rows."""
        minutes = self._minutes()
        if minutes > self._budget.minutes:
            _stop(f"taken {minutes:.1f} minutes", f"{self._budget.minutes:g} minutes", "minutes")
        dollars = self.dollars()
        if dollars > self._budget.dollars:
            _stop(f"cost ${dollars:.2f} by its own estimate", f"${self._budget.dollars:.2f}", "dollars")

    def check_overrun(self) -> None:
        """Raise `BudgetExceededError` when the run is so far beyond its minutes that not even its row may go on."""
        minutes, limit = self._minutes(), self._budget.minutes + OVERRUN_MINUTES
        if minutes > limit:
            told = f"{self._budget.minutes:g} minutes, and {OVERRUN_MINUTES:g} more for a row that has begun"
            _stop(f"taken {minutes:.1f} minutes", told, "minutes")

    def _minutes(self) -> float:
        return (self._real_seconds() - self._began) / _PER_MINUTE

    def dollars(self) -> float:
        """Return what the run has cost so far, by estimate."""
        with self._lock:
            now = self._real_seconds()
            if self._read_at is None or now - self._read_at >= _READ_EVERY_SECONDS:
                self._dollars = sum(each.dollars for each in charges(self._counts(), self._prices))
                self._read_at = now
            return self._dollars


def _stop(used: str, limit: str, key: str) -> NoReturn:
    msg = f"the run has {used}, and its budget is {limit}: run fewer suites at once, or raise `budget.{key}`"
    raise BudgetExceededError(msg)
