"""What a scenario used is told from the trace of its world."""

from collections.abc import Iterable, Mapping

import pytest

from seatrials.stacks.mock.traced_usage import Account, TaskSize
from seatrials.twin.trace import Event

SIZES = {"edit": TaskSize(vcpu=2, memory_gb=4), "hermes": TaskSize(vcpu=0.5, memory_gb=1)}
SECOND = 1_000_000


def task(at_seconds: float, name: str, service: str, state: str) -> Event:
    """Return an event of a task."""
    return Event(int(at_seconds * SECOND), "task", name, {"service": service, "state": state})


def call(operation: str) -> Event:
    """Return a call of an AWS API."""
    return Event(0, "aws_call", "hermes", {"operation": operation})


def request(subject: str, status: int) -> Event:
    """Return a request through the load balancer."""
    return Event(0, "request", subject, {"status": status})


def usage_of(events: Iterable[Event], sizes: Mapping[str, TaskSize], now_us: int, log_bytes: int) -> dict[str, float]:
    """Return what an account says that was told *events*, a few at a time."""
    account, told = Account(), list(events)
    account.take(told[:2])
    account.take(told[2:])
    return account.used(sizes, now_us, log_bytes)


def test_a_task_counts_from_created_to_stopped() -> None:
    """From provisioning on, in every state, until it has stopped; one that still runs counts until now."""
    events = [
        task(10, "a", "edit", "provisioning"),
        task(30, "a", "edit", "running"),
        task(40, "b", "hermes", "provisioning"),
        task(110, "a", "edit", "stopped"),
    ]

    usage = usage_of(events, SIZES, 240 * SECOND, 0)

    assert (usage["tasks"], usage["task_seconds"]) == (2, 100 + 200)
    assert usage["fargate_vcpu_seconds"] == pytest.approx(100 * 2 + 200 * 0.5)
    assert usage["fargate_memory_gb_seconds"] == pytest.approx(100 * 4 + 200 * 1)


def test_tasks_of_other_services_are_not_counted() -> None:
    """A service without a size is not asked about."""
    usage = usage_of([task(0, "b", "hermes", "running")], {"edit": SIZES["edit"]}, 240 * SECOND, 0)

    assert (usage["tasks"], usage["task_seconds"]) == (0, 0)


def test_calls_and_requests_are_counted() -> None:
    """Each call of DynamoDB takes its units, each request is one, and a session is an activation that made it."""
    events = [
        *(call(f"dynamodb.{name}") for name in ("PutItem", "UpdateItem", "GetItem", "Query", "Scan", "DescribeTable")),
        call("cloudwatch.PutMetricData"),
        Event(0, "metric", "ActiveSessionCount", {"value": 1}),
        request("POST /hermes/api/sessions/activate", 201),
        request("POST /hermes/api/sessions/activate", 200),
        request("GET /hermes/health", 200),
    ]

    usage = usage_of(events, SIZES, 0, 512)

    assert (usage["dynamodb_write_units"], usage["dynamodb_read_units"]) == (2, 1.5)
    assert usage["aws_requests"] == 7
    assert usage["cloudwatch_requests"] == 1
    assert usage["http_requests"] == 3
    assert usage["metrics_put"] == 1
    assert usage["log_bytes"] == 512
    assert usage["sessions"] == 1


def test_of_nothing_nothing_is_used() -> None:
    """Every quantity is told, so that none is taken for uncounted."""
    assert set(usage_of([], {}, 0, 0).values()) == {0.0}
