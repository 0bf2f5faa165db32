"""Tests of the budget: what is counted, and when a run must stop."""

import pytest

from seatrials.cost import load_prices, run_dollars
from seatrials.environments.parts import Budget
from seatrials.errors import BudgetExceededError
from seatrials.safety.budget import Spending
from seatrials.safety.usage import Usage, difference, total
from seatrials.seams.clock import Clock


def test_a_run_within_its_budget_goes_on(clock: Clock) -> None:
    """Neither the last cent nor the last minute is too much."""
    spending = Spending(
        Budget(dollars=0.1, minutes=10), load_prices(), clock.now, lambda: {"fargate_vcpu_seconds": 3600}
    )
    clock.sleep(600)

    spending.check()


def test_time_runs_out(clock: Clock) -> None:
    """A run that takes longer than its minutes is stopped, with both numbers."""
    spending = Spending(Budget(minutes=10), load_prices(), clock.now, dict)
    clock.sleep(601)

    with pytest.raises(BudgetExceededError, match=r"has taken 10.0 minutes, and its budget is 10 minutes: run fewer"):
        spending.check()


def test_a_row_that_has_begun_goes_on(clock: Clock) -> None:
    """Beyond its minutes a run is let go on for another fifteen, whatever it costs, and then must stop at once."""
    spending = Spending(
        Budget(dollars=0.01, minutes=10), load_prices(), clock.now, lambda: {"fargate_vcpu_seconds": 3600}
    )
    clock.sleep(25 * 60)
    spending.check_overrun()
    clock.sleep(1)

    with pytest.raises(BudgetExceededError, match="is 10 minutes, and 15 more for a row that has begun"):
        spending.check_overrun()


def test_money_runs_out(clock: Clock) -> None:
    """A run that has used more than its dollars is stopped, by its own estimate."""
    spending = Spending(Budget(dollars=0.01), load_prices(), clock.now, lambda: {"fargate_vcpu_seconds": 3600})

    with pytest.raises(BudgetExceededError, match=r"has cost \$0.04 by its own estimate, and its budget is \$0.01"):
        spending.check()


def test_what_others_use_is_seen_soon(clock: Clock) -> None:
    """The counts of all processes are read again after some seconds, and not at every call."""
    readings: list[dict[str, float]] = []

    def counts() -> dict[str, float]:
        readings.append({"fargate_vcpu_seconds": 3600.0 * len(readings)})
        return readings[-1]

    spending = Spending(Budget(dollars=0.04), load_prices(), clock.now, counts)
    for _ in range(5):
        spending.check()
    clock.sleep(6)

    with pytest.raises(BudgetExceededError):
        spending.check()
    assert len(readings) == 2


def test_a_run_stops_by_the_prices_by_which_it_is_judged(clock: Clock) -> None:
    """What a run takes itself to have cost is what the gate says of the same usage."""
    prices = load_prices()
    usage = {each.usage: 1_000.0 * number for number, each in enumerate(prices.prices, start=1)}
    spending = Spending(Budget(), prices, clock.now, lambda: usage)

    assert spending.dollars() == run_dollars(usage, prices)


def test_usage_adds_up() -> None:
    """Counts of processes add up, and a scenario's are what came since it began."""
    usage = Usage()
    usage.add("aws_requests")
    before = usage.counts()
    usage.add("aws_requests", 2)
    usage.add_capacity("Query", {"ConsumedCapacity": {"CapacityUnits": 0.5}})
    usage.add_capacity("PutItem", {"ConsumedCapacity": {"CapacityUnits": 1}})

    assert difference(usage.counts(), before) == {
        "aws_requests": 2,
        "dynamodb_read_units": 0.5,
        "dynamodb_write_units": 1,
    }
    assert total([before, before])["aws_requests"] == 2
