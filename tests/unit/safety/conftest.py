"""Time that only moves on request, and a table for what runs keep."""

from collections.abc import Iterator

import pytest

from seatrials.safety.lease import Lease
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Clients
from tests.support.lease_world import MakeLease


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return a virtual clock."""
    with VirtualClock(1_700_000_000).closing() as clock:
        yield clock


@pytest.fixture
def store(aws: Clients) -> Store:
    """Return the items of runs in a session table with nothing in it."""
    dynamodb = aws("dynamodb")
    keys = [("sessionId", "HASH"), ("userId", "RANGE")]
    dynamodb.create_table(
        TableName="sessions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
    )
    return Store(dynamodb, "sessions")


@pytest.fixture
def make_lease(store: Store, clock: Clock) -> MakeLease:
    """Return what makes the part of a process in the lease of a run."""

    def make(run: str, member: str = "process-1") -> Lease:
        return Lease(store, clock, run_id=run, owner=f"owner of {run}", member=member)

    return make
