"""The table when it is throttled or away, and the lock that lives in it."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from seatrials.seams.clock import in_parallel
from seatrials.webordinary.hermes.items import attributes
from seatrials.webordinary.hermes.lock import LOCK_KEY, LOCK_SECONDS, ActivationLock
from seatrials.webordinary.hermes.table import PAUSES_SECONDS, StoreUnavailableError, Table, is_absent
from tests.support.hermes import HermesWorld, Hooks

KEY = {"sessionId": "session-1", "userId": "jo"}
ITEM = attributes(KEY)


@pytest.fixture
def table(world: HermesWorld) -> Table:
    """Return the session table."""
    return Table(world.clock, world.dynamodb, "webordinary-edit-sessions")


@pytest.fixture
def lock(world: HermesWorld, table: Table) -> ActivationLock:
    """Return the lock of one Hermes."""
    return ActivationLock(world.clock, table, world.random)


def error(code: str) -> ClientError:
    """Return an error as AWS answers it."""
    return ClientError({"Error": {"Code": code, "Message": "Rate exceeded"}}, "PutItem")


class Failing:
    """Makes calls of an operation fail so many times."""

    def __init__(self, problem: Exception, times: int, operation: str = "") -> None:
        self.problem = problem
        self.left = times
        self.operation = operation

    def __call__(self, operation: str) -> None:
        """Fail, or let the call pass."""
        if self.left and self.operation in ("", operation):
            self.left -= 1
            raise self.problem


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ResourceNotFoundException",
        "InternalServerError",
    ],
)
def test_a_passing_error_is_tried_again_on_the_clock(world: HermesWorld, table: Table, hooks: Hooks, code: str) -> None:
    """Source: DynamoDB Developer Guide, error handling."""
    hooks.before = Failing(error(code), len(PAUSES_SECONDS) - 1)
    before = world.clock.now()

    assert table.put(ITEM, is_absent())
    assert 0.5 < world.clock.now() - before < 2.0


def test_a_table_that_stays_away_is_unavailable(table: Table, hooks: Hooks) -> None:
    """After the last retry, the error says what was tried and what came of it."""
    hooks.before = Failing(EndpointConnectionError(endpoint_url="https://dynamodb"), len(PAUSES_SECONDS))

    with pytest.raises(StoreUnavailableError, match=r"put_item on table .* failed 4 times, last with: .*dynamodb"):
        table.put(ITEM, is_absent())


def test_an_error_that_will_not_pass_is_raised_at_once(world: HermesWorld, table: Table, hooks: Hooks) -> None:
    """Trying again would hide a defect."""
    hooks.before = Failing(error("AccessDeniedException"), 1)
    before = world.clock.now()

    with pytest.raises(ClientError, match="AccessDenied"):
        table.put(ITEM, is_absent())
    assert before == world.clock.now()


def test_a_condition_that_does_not_hold_is_an_answer(table: Table) -> None:
    """Not an error."""
    assert [table.put(ITEM, is_absent()), table.put(ITEM, is_absent())] == [True, False]


def test_a_deletion_that_failed_is_made_up_for(world: HermesWorld, table: Table, hooks: Hooks) -> None:
    """Nothing is left behind once the table answers again."""
    table.put(ITEM, is_absent())
    hooks.before = Failing(error("ThrottlingException"), 2 * len(PAUSES_SECONDS))
    table.delete_surely(KEY)
    with pytest.raises(StoreUnavailableError):
        table.finish_deletions()
    before = len(world.items())
    table.finish_deletions()

    assert (before, len(world.items())) == (1, 0)


def test_a_scan_reads_all_pages(table: Table) -> None:
    """DynamoDB answers 1 MB at a time. Source: DynamoDB API Reference, Scan."""
    for number in range(4):
        item = attributes({"sessionId": f"session-{number}", "userId": "jo", "clientId": "acme", "text": "x" * 390_000})
        table.put(item, is_absent())
    condition = is_absent()

    assert [len(table.scan(condition)), len(table.scan(~condition)), table.count(~condition)] == [0, 4, 4]


def test_the_lock_is_held_by_one_at_a_time(world: HermesWorld, lock: ActivationLock, hooks: Hooks) -> None:
    """However the calls of those who want it fall between one another."""
    hooks.before = lambda _: world.clock.sleep(world.random.uniform(0.001, 0.02))
    inside: list[int] = []
    most: list[int] = []

    def enter(number: int) -> None:
        with lock.held():
            inside.append(number)
            most.append(len(inside))
            world.clock.sleep(0.1)
            inside.remove(number)

    in_parallel(world.clock, [lambda number=number: enter(number) for number in range(5)])  # type: ignore[misc]

    assert most == [1, 1, 1, 1, 1]


def test_nothing_is_left_of_the_lock(world: HermesWorld, lock: ActivationLock) -> None:
    """Also when what was done under it failed."""
    with pytest.raises(StoreUnavailableError), lock.held():
        raise StoreUnavailableError

    assert world.items() == []


def test_the_lock_of_an_owner_that_died_ends_by_itself(world: HermesWorld, lock: ActivationLock) -> None:
    """The next one has it after ten seconds."""
    ends_at_ms = world.clock.epoch_ms() + LOCK_SECONDS * 1000
    dead = attributes({**LOCK_KEY, "owner": "dead", "expiresAt": ends_at_ms})
    world.dynamodb.put_item(TableName="webordinary-edit-sessions", Item=dead)
    before = world.clock.now()
    with lock.held():
        waited = world.clock.now() - before

    assert 10.0 <= waited < 10.7


def test_a_lock_that_cannot_be_had_is_not_left_behind(
    world: HermesWorld, table: Table, lock: ActivationLock, hooks: Hooks
) -> None:
    """Also when the table took the item and lost the answer."""
    hooks.before = Failing(error("ThrottlingException"), 2 * len(PAUSES_SECONDS))
    with pytest.raises(StoreUnavailableError), lock.held():
        pass
    table.finish_deletions()

    assert world.items() == []
