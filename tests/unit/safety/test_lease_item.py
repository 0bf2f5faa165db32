"""Tests of what stands in the lease's place: whoever wrote it, it locks nobody out for ever and lets nobody in."""

from typing import Any

import pytest

from seatrials.errors import LeaseHeldError
from seatrials.safety import lease_item
from seatrials.safety.lease import CONFIRMED_SECONDS, LEASE_SECONDS, MARGIN_SECONDS
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from tests.support.lease_world import MakeLease

WATCHED_SECONDS = LEASE_SECONDS + MARGIN_SECONDS


def put_item(store: Store, item: dict[str, Any]) -> None:
    """Store whatever somebody might have written in the lease's place."""
    assert store.put("lease", "stack", item, "attribute_not_exists(nothing)")


ODD_ITEMS = [
    pytest.param({}, id="no-fields"),
    pytest.param({"run_id": "one", "owner": "anna", "beats": 1, "members": 1, "expires_ms": 5}, id="no-fence"),
    pytest.param({"run_id": 7, "owner": None, "beats": "x", "fence": "y"}, id="wrong-types"),
    pytest.param({"run_id": ["one"], "owner": {"name": "anna"}, "beats": 1, "fence": 1}, id="lists"),
    pytest.param({"run_id": "one", "owner": "anna", "beats": 1, "fence": 1, "members": {1, 2}}, id="other-members"),
    pytest.param({"run_id": "", "owner": "anna", "beats": 1, "fence": 1}, id="no-name"),
    pytest.param({"run_id": "one", "owner": "anna", "beats": 1, "fence": -1}, id="negative"),
    pytest.param({"run_id": "one", "owner": "anna", "beats": 1, "fence": 10**30}, id="huge"),
    pytest.param({"fence": 3, "beats": 1}, id="half-given-back"),
    pytest.param({"fence": [3]}, id="a-list-for-a-number"),
    pytest.param({"select": True, "a b": b"bytes", "#": {"x"}}, id="names-of-dynamodb-s-own"),
]


@pytest.mark.parametrize("item", ODD_ITEMS)
def test_an_item_that_is_no_lease_counts_as_somebody_s(
    make_lease: MakeLease, store: Store, clock: Clock, item: dict[str, Any]
) -> None:
    """What cannot be read is named by table and key, and is taken when it has not changed for the time."""
    put_item(store, item)
    told = "somebody unknown (the item seatrials#lease/stack of the table sessions is no lease)"
    lease = make_lease("two")
    with pytest.raises(LeaseHeldError) as refused:
        lease.acquire(wait_seconds=WATCHED_SECONDS - 1)
    clock.sleep(1)
    put_item(store, {**item, "changed": 1})
    with pytest.raises(LeaseHeldError):
        lease.acquire()
    described = lease_item.describe(store, lease_item.read(store))
    lease.acquire(wait_seconds=WATCHED_SECONDS)

    assert f"the stack belongs to {told}" in str(refused.value)
    assert described == f"{told} has it, or had it"
    assert (lease.holds(), lease.fence > 0) == (True, True)


def test_an_attribute_that_is_unknown_is_no_trouble(make_lease: MakeLease, store: Store) -> None:
    """A lease that says more than this version knows is one all the same."""
    put_item(store, {"run_id": "one", "owner": "anna", "beats": 1, "fence": 5, "comment": "by hand"})
    lease = make_lease("two")
    with pytest.raises(LeaseHeldError, match="belongs to the run one of anna; "):
        lease.acquire()
    lease.acquire(wait_seconds=WATCHED_SECONDS)

    assert lease.fence == 6


def test_an_item_that_was_broken_meanwhile_is_no_longer_the_run_s(
    make_lease: MakeLease, store: Store, clock: Clock
) -> None:
    """A run whose lease somebody has overwritten by hand changes nothing any more."""
    lease = make_lease("one")
    lease.acquire()
    put_item(store, {"fence": ["x"]})
    clock.sleep(CONFIRMED_SECONDS)

    assert not lease.holds()
