"""Tests of the guard on every call: what must come before a run writes, and what each call counts."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace

import pytest

from seatrials.environments.file import load_environment
from seatrials.errors import LeaseLostError, MissingPermissionError, RefusedWriteError
from seatrials.safety.guard import Guard
from seatrials.safety.permitted import Permitted
from seatrials.safety.rates import Rates
from seatrials.safety.under_test import UnderTest
from seatrials.safety.usage import Usage
from seatrials.seams.clock import Clock
from tests.support.aws import Json
from tests.support.live_run import AwsCalls, Begin
from tests.support.project import PROJECT
from tests.support.small_platform import SmallPlatform

TABLE = "webordinary-edit-sessions"
LEASE = {"TableName": TABLE, "Key": {"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}}
METRIC = {"Namespace": "Webordinary/IntegrationTests"}


def _no_client(service: str) -> Json:
    pytest.fail(f"{service} was asked")


class FakeSession:
    """The events of a boto3 session whose clients send nothing; of one that only the store has, with its table."""

    def __init__(self, guard: Guard, table: str | None = None) -> None:
        self._told: dict[str, Callable[..., object]] = {}
        guard.attach(self)
        if table is not None:
            guard.attach_store(self, table)

    def register(self, event: str, told: Callable[..., object]) -> None:
        """Remember who is told of an event."""
        self._told[event] = told

    def unregister(self, event: str, told: Callable[..., object]) -> None:
        """Forget who is told of an event."""
        assert self._told.pop(event) == told

    def call(self, service: str, operation: str, given: Mapping[str, Json], answer: Mapping[str, Json]) -> None:
        """Make a call, as botocore tells of it."""
        model = SimpleNamespace(name=operation, service_model=SimpleNamespace(service_name=service))
        self._told["before-parameter-build"](params=dict(given), model=model)
        self.send(service, operation)
        self._told["after-call"](parsed=answer, model=model)

    def send(self, service_id: str, operation: str) -> None:
        """Send a call once, as botocore tells of it."""
        sent = self._told["before-send"](event_name=f"before-send.{service_id}.{operation}")
        assert sent is None, "botocore takes it for the answer"


class Guarded:
    """A guard, and what is written down of the calls that it lets through."""

    def __init__(self, clock: Clock) -> None:
        self.usage = Usage()
        self.guard = Guard(Rates(clock), self.usage)
        self.has_lease = True
        self.announced: list[str] = []
        self._session = FakeSession(self.guard)
        self._store = FakeSession(self.guard, TABLE)

    def confirm_identity(self) -> None:
        """Say that account and region are right."""
        environment = load_environment("mock", PROJECT / "environments.toml", {})
        permitted = Permitted(environment.names, "TEST_run-1_", UnderTest(environment.names, _no_client))
        self.guard.confirm_identity(permitted)

    def confirm_lease(self) -> None:
        """Say that the run has the stack, as long as it has it."""
        self.guard.confirm_lease(lambda: self.has_lease, lambda *call: self.announced.append(call[1]), None)

    def call(self, service: str, operation: str, given: Mapping[str, Json], **answer: Json) -> None:
        """Make a call; raises what the guard refuses it with."""
        self._session.call(service, operation, given, answer)

    def store(self, operation: str, given: Mapping[str, Json]) -> None:
        """Make a call as lease and journal do."""
        self._store.call("dynamodb", operation, given, {})


@pytest.fixture
def guarded(clock: Clock) -> Guarded:
    """Return a guard that nothing was confirmed to."""
    return Guarded(clock)


def test_nothing_is_written_before_the_account_is_confirmed(guarded: Guarded) -> None:
    """Not even the lease; reading is allowed from the start."""
    guarded.call("ecs", "DescribeServices", {})

    with pytest.raises(RefusedWriteError, match="before the account and the region are confirmed"):
        guarded.store("PutItem", LEASE)


def test_nothing_but_the_lease_is_written_before_the_run_has_the_stack(guarded: Guarded) -> None:
    """The lease itself is; it is nobody else's, and so in no journal."""
    guarded.confirm_identity()
    guarded.store("UpdateItem", LEASE)

    with pytest.raises(RefusedWriteError, match="nothing but the lease is written before the run has the stack"):
        guarded.call("cloudwatch", "PutMetricData", METRIC)
    assert guarded.announced == []


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("PutItem", {**LEASE, "TableName": "others"}),
        ("TransactWriteItems", {"TransactItems": [{"Put": LEASE}, {"Put": {**LEASE, "TableName": "others"}}]}),
        ("ExecuteStatement", {"TableName": TABLE, "Statement": "DELETE"}),
    ],
    ids=["other-table", "other-table-in-a-transaction", "other-operation"],
)
def test_the_store_writes_to_its_table_alone(guarded: Guarded, operation: str, given: Mapping[str, Json]) -> None:
    """What may write before the run has the stack may write nothing else."""
    guarded.confirm_identity()

    with pytest.raises(RefusedWriteError, match=f"the store writes to items of {TABLE} alone"):
        guarded.store(operation, given)


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"])
@pytest.mark.parametrize("has_lease", [True, False])
def test_a_scenario_writes_no_item_of_runs(guarded: Guarded, operation: str, has_lease: bool) -> None:  # noqa: FBT001  # the case
    """Lease and journal are the store's, whoever has the lease and however a key looks."""
    guarded.confirm_identity()
    guarded.confirm_lease()
    guarded.has_lease = has_lease
    key = {"sessionId": {"S": "seatrials#journal"}, "userId": {"S": "TEST_run-1_x"}}

    with pytest.raises(RefusedWriteError if has_lease else LeaseLostError):
        guarded.call("dynamodb", operation, {"TableName": TABLE, "Key": key, "Item": key, "ConditionExpression": "x"})
    assert guarded.announced == []


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("secretsmanager", "GetSecretValue"),
        ("ssm", "GetParameter"),
        ("sts", "AssumeRole"),
        ("sts", "GetSessionToken"),
        ("sts", "GetFederationToken"),
        ("ecr", "GetAuthorizationToken"),
    ],
)
def test_what_gives_a_secret_away_is_no_read(guarded: Guarded, service: str, operation: str) -> None:
    """A scenario gets neither secrets nor credentials, with the stack or without it."""
    guarded.confirm_identity()
    guarded.confirm_lease()

    with pytest.raises(RefusedWriteError, match="no run makes such a call"):
        guarded.call(service, operation, {})


def test_what_is_written_is_announced(guarded: Guarded) -> None:
    """With the stack a run may write, and the journal is told of each call; of one that is refused it is not."""
    guarded.confirm_identity()
    guarded.confirm_lease()
    guarded.call("cloudwatch", "PutMetricData", METRIC)

    with pytest.raises(RefusedWriteError, match="no run makes such a call"):
        guarded.call("ecs", "DeleteCluster", {})
    assert guarded.announced == ["PutMetricData"]


def test_a_run_that_lost_its_lease_writes_nothing_more(guarded: Guarded) -> None:
    """Another run may have the stack by now."""
    guarded.confirm_identity()
    guarded.confirm_lease()
    guarded.has_lease = False

    with pytest.raises(LeaseLostError, match="no longer has the lease"):
        guarded.call("cloudwatch", "PutMetricData", METRIC)


def test_every_call_is_counted(guarded: Guarded) -> None:
    """Calls to CloudWatch, which cost money, are counted by themselves too."""
    guarded.call("ecs", "DescribeServices", {})
    guarded.call("cloudwatch", "GetMetricStatistics", {})

    assert guarded.usage.counts() == {"aws_requests": 2, "cloudwatch_requests": 1}


def test_a_run_without_permission_for_its_lease_has_written_nothing(
    begin: Begin, small_platform: SmallPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease is the first write; a run that may not take it ends there."""
    calls = AwsCalls(monkeypatch)
    calls.refuse("PutItem", "AccessDeniedException")

    with pytest.raises(MissingPermissionError, match="may not call PutItem"):
        begin()
    calls.failing.clear()
    assert (calls.writes, small_platform.runs_items()) == (["PutItem"], [])


def test_the_lease_is_asked_for_again_before_each_try(clock: Clock) -> None:
    """A change that waited for its turn, or for a try before it, is not sent once the lease is lost."""
    events = FakeSession(guard := Guard(Rates(clock), Usage()))
    guarded = Guarded(clock)
    guard.confirm_lease(lambda: guarded.has_lease, lambda *_call: None, None)
    events.send("ecs", "UpdateService")
    guarded.has_lease = False

    events.send("ecs", "DescribeServices")
    with pytest.raises(
        LeaseLostError, match="elbv2 RegisterTargets was not sent, for this run no longer has the lease"
    ):
        events.send("elastic-load-balancing-v2", "RegisterTargets")
