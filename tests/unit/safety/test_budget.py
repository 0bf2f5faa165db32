"""Tests of the budget: what is counted, and when a run must stop."""

import pytest

from seatrials.environments.parts import Budget as Limits
from seatrials.errors import BudgetExceededError
from seatrials.safety.budget import Budget, estimated_dollars
from seatrials.safety.usage import Usage, difference, total
from seatrials.seams.clock import Clock


def test_a_run_within_its_budget_goes_on(clock: Clock) -> None:
    """Neither the last cent nor the last minute is too much."""
    budget = Budget(Limits(dollars=0.1, minutes=10), clock.now, lambda: {"fargate_vcpu_seconds": 3600})
    clock.sleep(600)

    budget.check()


def test_time_runs_out(clock: Clock) -> None:
    """A run that takes longer than its minutes is stopped, with both numbers."""
    budget = Budget(Limits(minutes=10), clock.now, dict)
    clock.sleep(601)

    with pytest.raises(BudgetExceededError, match=r"has taken 10.0 minutes, and its budget is 10 minutes: run fewer"):
        budget.check()


def test_money_runs_out(clock: Clock) -> None:
    """A run that has used more than its dollars is stopped, by its own estimate."""
    budget = Budget(Limits(dollars=0.01), clock.now, lambda: {"fargate_vcpu_seconds": 3600})

    with pytest.raises(BudgetExceededError, match=r"has cost \$0.04 by its own estimate, and its budget is \$0.01"):
        budget.check()


def test_what_others_use_is_seen_soon(clock: Clock) -> None:
    """The counts of all processes are read again after some seconds, and not at every call."""
    readings: list[dict[str, float]] = []

    def counts() -> dict[str, float]:
        readings.append({"fargate_vcpu_seconds": 3600.0 * len(readings)})
        return readings[-1]

    budget = Budget(Limits(dollars=0.04), clock.now, counts)
    for _ in range(5):
        budget.check()
    clock.sleep(6)

    with pytest.raises(BudgetExceededError):
        budget.check()
    assert len(readings) == 2


def test_the_estimate_is_no_lower_than_the_price() -> None:
    """An hour of the edit task, 2 vCPU and 4 GB, costs 9.87 cents on Fargate; the rail takes no less for it."""
    hour = {"fargate_vcpu_seconds": 2 * 3600.0, "fargate_memory_gb_seconds": 4 * 3600.0}

    assert 0.0987 <= estimated_dollars(hour) < 0.15


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
