"""Tests of what the lease asks of its table: writes on another item's condition, and a model's table like moto's."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatrials.errors import AwsError, LeaseHeldError, LeaseLostError
from seatrials.safety.lease import LEASE_SECONDS, MARGIN_SECONDS, Lease
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from tests.support.aws import Json
from tests.support.lease_world import SmallTable

ABSENT = "attribute_not_exists(run_id)"


@pytest.fixture
def lease(store: Store, clock: Clock) -> Lease:
    """Return the lease of a run, which has it."""
    lease = Lease(store, clock, run_id="one", owner="anna", member="process-1")
    lease.acquire()
    return lease


def test_a_write_under_the_lease_is_made(store: Store, lease: Lease) -> None:
    """While the run has the lease what it writes is written."""
    assert store.put_while("journal", "a", {"run_id": "one"}, ABSENT, lease.check())
    assert store.get("journal", "a")


def test_a_late_write_is_refused(store: Store, clock: Clock, lease: Lease) -> None:
    """What a process sends that does not know that its lease was taken never arrives."""
    check = lease.check()
    other = Lease(store, clock, run_id="two", owner="bert", member="process-1")
    other.acquire(wait_seconds=LEASE_SECONDS + MARGIN_SECONDS)

    assert not store.put_while("journal", "a", {"run_id": "one"}, ABSENT, check)
    assert store.get("journal", "a") is None


def test_a_write_keeps_its_own_condition(store: Store, lease: Lease) -> None:
    """Under the lease too an item is not overwritten that must not be there."""
    store.put_while("journal", "a", {"run_id": "one", "first": 1}, ABSENT, lease.check())

    assert not store.put_while("journal", "a", {"run_id": "one"}, ABSENT, lease.check())
    assert (store.get("journal", "a") or {})["first"] == 1


def refusing(send: Callable[..., Any], answers: list[dict[str, Any]]) -> Callable[..., Any]:
    """Return what refuses a call with each of *answers* before it is made."""

    def call(**given: Json) -> Json:
        if answers:
            raise ClientError(answers.pop(), "TransactWriteItems")
        return send(**given)

    return call


def conflict_of_a_transaction() -> dict[str, Any]:
    """Return what DynamoDB answers to a transaction that meets another one."""
    reasons = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    return {"Error": {"Code": "TransactionCanceledException", "Message": "x"}, "CancellationReasons": reasons}


def conflict_of_an_update() -> dict[str, Any]:
    """Return what DynamoDB answers to a write of an item that a transaction is about."""
    return {"Error": {"Code": "TransactionConflictException", "Message": "x"}}


@pytest.mark.parametrize(("count", "is_made"), [(3, True), (20, False)], ids=["some", "too-many"])
def test_a_conflict_is_no_refusal(
    store: Store, lease: Lease, monkeypatch: pytest.MonkeyPatch, count: int, *, is_made: bool
) -> None:
    """Processes of a run that write at once conflict in DynamoDB, and write again; without an end that is an error."""
    client: Any = store._dynamodb  # noqa: SLF001  # the conflict is the table's
    both = {"transact_write_items": conflict_of_a_transaction, "update_item": conflict_of_an_update}
    for name, answer in both.items():
        monkeypatch.setattr(client, name, refusing(getattr(client, name), [answer() for _ in range(count)]))
    if is_made:
        lease.beat()
        assert store.put_while("journal", "a", {"run_id": "one"}, ABSENT, lease.check())
        return

    with pytest.raises(AwsError, match="TransactionConflictException"):
        lease.beat()
    with pytest.raises(AwsError, match="TransactionCanceledException"):
        store.put_while("journal", "a", {"run_id": "one"}, ABSENT, lease.check())


STEPS = st.lists(
    st.tuples(st.sampled_from(["acquire", "beat", "release", "holds", "sleep"]), st.integers(0, 3)), max_size=25
)


@given(steps=STEPS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_the_model_s_table_is_like_moto_s(store: Store, clock: Clock, steps: list[tuple[str, int]]) -> None:
    """The table that the model of the lease uses ends as moto's does, whatever is done."""
    small: Any = SmallTable()
    store.delete("lease", "stack")
    ends = [_lease_after(steps, table, clock) for table in (store, small)]

    assert ends[0] == ends[1]


def _lease_after(steps: list[tuple[str, int]], table: Store | SmallTable, clock: Clock) -> tuple[list[object], Json]:
    runs = ("one", "one", "two", "three")
    store: Any = table
    leases = [Lease(store, clock, run_id=run, owner="x", member=f"{number}") for number, run in enumerate(runs)]
    outcomes: list[object] = []
    for action, index in steps:
        if action == "sleep":
            clock.sleep(10 * index)
            continue
        try:
            outcomes.append(getattr(leases[index], action)())
        except (LeaseHeldError, LeaseLostError) as error:
            outcomes.append(type(error))
    item = table.get("lease", "stack") or {}
    return outcomes, {name: value for name, value in item.items() if name not in {"sessionId", "userId"}}
