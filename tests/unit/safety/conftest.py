"""Time that only moves on request, and a table for what runs keep."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.endpoint import Endpoint

from seatrials.environments.variables import set_again, withdraw_credentials
from seatrials.safety.lease import Lease
from seatrials.safety.reading import is_reading
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from seatrials.stacks import StackOptions
from seatrials.stacks.live.stacks import LiveStacks
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Clients, Document, Json
from tests.support.danger import Danger, others_things
from tests.support.lease_world import MakeLease
from tests.support.small_platform import SmallPlatform


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


@pytest.fixture
def effects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the changes that AWS has answered, but for the beats of the lease."""
    sent: list[str] = []
    make = Endpoint.make_request

    def record(endpoint: Endpoint, model: Json, request: Document) -> Json:
        service, operation = str(model.service_model.service_name), str(model.name)
        answer = make(endpoint, model, request)
        # A scan is a test's own look, which no run may have.
        if operation != "Scan" and not is_reading(service, operation) and "beats :one" not in str(request.get("body")):
            sent.append(operation)
        return answer

    monkeypatch.setattr(Endpoint, "make_request", record)
    return sent


@pytest.fixture
def danger(
    small_platform: SmallPlatform, effects: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Danger]:
    """Begin a run as pytest's plugin does, without credentials in the variables; the test ends it."""
    arns = others_things(small_platform.aws)
    # The owner's, which this test has made, has found its credentials already.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    withdrawn = withdraw_credentials()
    try:
        options = StackOptions(folder=tmp_path / "run-1", credentials=withdrawn)
        stacks = LiveStacks(small_platform.environment(), options, {})
        with stacks.open("COLD-03") as run:
            effects.clear()
            small_platform.requests.clear()
            yield Danger(small_platform, stacks, run, effects, arns)
    finally:
        set_again(withdrawn)
