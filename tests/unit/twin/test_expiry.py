"""Tests of DynamoDB's time to live."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from seatrials.twin.calibration import DEFAULT, Spread
from seatrials.twin.expiry import Expiry
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace
from tests.support.twin import Twin

START = 1_772_442_000
FIVE_YEARS = 5 * 365 * 86_400
DELAY = Spread(1000, 1000, 1000)

Item = dict[str, dict[str, str]]


@dataclass
class FakePages:
    """A paginator whose call answers in one page."""

    call: Callable[..., dict[str, Any]]
    answer: dict[str, Any] = field(default_factory=dict)

    def paginate(self, **parameters: str) -> "FakePages":
        """Make the call."""
        self.answer = self.call(**parameters)
        return self

    def build_full_result(self) -> dict[str, Any]:
        """Return all pages as one."""
        return self.answer


@dataclass
class FakeDynamo:
    """A table of items by their id, and when each was deleted."""

    clock: VirtualClock
    items: dict[str, Item] = field(default_factory=dict)
    deleted: list[tuple[str, float]] = field(default_factory=list)
    status: str = "ENABLED"

    def put(self, name: str, expires: object, kind: str = "N") -> None:
        """Store an item that expires at some time."""
        self.items[name] = {"id": {"S": name}, "ttl": {kind: str(expires)}}

    def get_paginator(self, operation: str) -> FakePages:
        """Return what pages through an operation."""
        calls: dict[str, Callable[..., dict[str, Any]]] = {"list_tables": self.list_tables, "scan": self.scan}
        return FakePages(calls[operation])

    def list_tables(self) -> dict[str, Any]:
        """Answer ListTables."""
        return {"TableNames": ["carts"]}

    def describe_time_to_live(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803  # boto3's name
        """Answer DescribeTimeToLive."""
        assert TableName == "carts"
        return {"TimeToLiveDescription": {"TimeToLiveStatus": self.status, "AttributeName": "ttl"}}

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803
        """Answer DescribeTable."""
        assert TableName == "carts"
        return {"Table": {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}}

    def scan(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803
        """Answer Scan in one page."""
        assert TableName == "carts"
        return {"Items": list(self.items.values())}

    def delete_item(self, *, TableName: str, Key: Item) -> None:  # noqa: N803
        """Answer DeleteItem."""
        assert TableName == "carts"
        del self.items[Key["id"]["S"]]
        self.deleted.append((Key["id"]["S"], self.clock.now() - START))


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Give a world's clock."""
    with VirtualClock(START).closing() as clock:
        yield clock


@pytest.fixture
def table(clock: VirtualClock) -> FakeDynamo:
    """Give an empty table."""
    return FakeDynamo(clock)


@pytest.fixture
def start(clock: VirtualClock, table: FakeDynamo) -> Callable[[], Trace]:
    """Give what begins the expiry of the table's items and returns its trace."""

    def begin() -> Trace:
        trace = Trace(clock)
        Expiry(clock, table, replace(DEFAULT, expiry_delay=DELAY), Random(1), trace).start()
        return trace

    return begin


def test_an_expired_item_goes_late(clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]) -> None:
    """An expired item is deleted only after a delay, and can be read until then.

    Source: Amazon DynamoDB Developer Guide, "Time to Live (TTL)": within a few days, best effort.
    """
    table.put("old", START + 60)
    trace = start()
    clock.sleep(1200)
    there = "old" in table.items
    clock.sleep(600)

    assert there
    assert table.deleted == [("old", 1500)]
    assert [(each.kind, each.subject) for each in trace.events] == [("ttl_delete", "carts")]


def test_an_item_lives_until_its_time(clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]) -> None:
    """An item whose time has not come is kept."""
    table.put("young", START + 90_000)
    start()
    clock.sleep(86_400)

    assert "young" in table.items


@pytest.mark.parametrize(
    ("expires", "kind"),
    [
        (START - 10, "S"),
        ((START - 10) * 1000, "N"),
        (START - FIVE_YEARS - 10, "N"),
        (START - FIVE_YEARS - 10, "S"),
    ],
    ids=["text", "milliseconds", "older than five years", "old text"],
)
def test_some_times_do_not_count(
    clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace], expires: int, kind: str
) -> None:
    """Only numbers in seconds count, and nothing older than five years (same guide, "Using time to live")."""
    table.put("odd", expires, kind)
    start()
    clock.sleep(10 * 86_400)

    assert table.deleted == []


def test_an_item_without_the_attribute_is_kept(
    clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]
) -> None:
    """An item that has no time to live never expires."""
    table.items["plain"] = {"id": {"S": "plain"}}
    start()
    clock.sleep(10 * 86_400)

    assert "plain" in table.items


def test_a_later_time_rescues_an_expired_item(
    clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]
) -> None:
    """An expired item that was not deleted yet can be updated, and lives on (same guide, "Expired items")."""
    table.put("old", START + 60)
    start()
    clock.sleep(1000)
    table.put("old", START + 90_000)
    clock.sleep(80_000)

    assert "old" in table.items


def test_a_rescued_item_gets_a_new_delay(clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]) -> None:
    """When a rescued item expires again, its deletion is as late as any."""
    table.put("old", START + 60)
    start()
    clock.sleep(1000)
    table.put("old", START + 5000)
    clock.sleep(10_000)

    assert table.deleted == [("old", 6300)]


def test_an_item_that_comes_back_expired_gets_a_new_delay(
    clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]
) -> None:
    """A deletion is remembered of the item, not of its key."""
    table.put("old", START + 60)
    start()
    clock.sleep(1501)
    table.put("old", START + 60)
    clock.sleep(3000)

    assert table.deleted == [("old", 1500), ("old", 3000)]


def test_a_table_without_time_to_live_is_left_alone(
    clock: VirtualClock, table: FakeDynamo, start: Callable[[], Trace]
) -> None:
    """Nothing expires where time to live is not enabled."""
    table.status = "DISABLED"
    table.put("old", START - 60)
    start()
    clock.sleep(86_400)

    assert "old" in table.items


def test_the_platforms_sessions_expire(twin: Twin) -> None:
    """On the deployed table, the time to live's attribute and the whole key are those of the template."""
    dynamodb = twin.world.aws("dynamodb")
    for name, expires in (("old", twin.world.clock.now() - 10), ("young", twin.world.clock.now() + 90_000)):
        item = {"sessionId": {"S": name}, "userId": {"S": "u"}, "ttl": {"N": str(int(expires))}}
        dynamodb.put_item(TableName="webordinary-edit-sessions", Item=item)
    twin.sleep(1600)
    kept = dynamodb.scan(TableName="webordinary-edit-sessions")["Items"]

    assert [item["sessionId"]["S"] for item in kept] == ["young"]


def test_a_hurried_expiry_is_soon(clock: VirtualClock, table: FakeDynamo) -> None:
    """Hurried, an expired item goes within a second of the delay that was asked for, and a rescued one stays."""
    table.put("lost", START - 1)
    table.put("rescued", START - 1)
    expiry = Expiry(clock, table, replace(DEFAULT, expiry_delay=DELAY), Random(1), Trace(clock))
    expiry.start()
    clock.sleep(1)
    expiry.hurry(5)
    clock.sleep(3)
    table.put("rescued", START + 1000)
    clock.sleep(20)

    assert [name for name, _ in table.deleted] == ["lost"]
    assert 5 <= table.deleted[0][1] <= 8


def test_an_expiry_that_is_no_longer_hurried_is_slow(clock: VirtualClock, table: FakeDynamo) -> None:
    """After the hurry, items go as late as before."""
    expiry = Expiry(clock, table, replace(DEFAULT, expiry_delay=DELAY), Random(1), Trace(clock))
    expiry.start()
    clock.sleep(1)
    expiry.hurry(0)
    clock.sleep(5)
    expiry.hurry(None)
    table.put("late", START - 1)
    clock.sleep(1000)

    assert table.deleted == []


def make_table(twin: Twin, name: str) -> None:
    """Make a table with time to live after the world has begun."""
    dynamodb = twin.world.aws("dynamodb")
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    switch(twin, name, enabled=True)


def switch(twin: Twin, name: str, *, enabled: bool) -> None:
    """Switch a table's time to live."""
    specification = {"Enabled": enabled, "AttributeName": "ttl"}
    twin.world.aws("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)


def put_expired(twin: Twin, table: str, name: str, **attributes: Any) -> None:  # noqa: ANN401  # DynamoDB's values
    """Put an item whose time is over."""
    expired = {"N": str(int(twin.world.clock.now()) - 10)}
    twin.world.aws("dynamodb").put_item(TableName=table, Item={"id": {"S": name}, "ttl": expired, **attributes})


def count(twin: Twin, table: str) -> int:
    """Return how many items a table has, on all pages."""
    pages = twin.world.aws("dynamodb").get_paginator("scan").paginate(TableName=table)
    return len(pages.build_full_result()["Items"])


def test_a_table_that_is_made_later_has_a_time_to_live(twin: Twin) -> None:
    """Time to live works for every table that enables it, whenever it was made (same guide, "Enabling TTL")."""
    twin.sleep(1000)
    make_table(twin, "later")
    put_expired(twin, "later", "old")
    twin.sleep(1600)

    assert count(twin, "later") == 0


def test_time_to_live_that_is_disabled_deletes_nothing(twin: Twin) -> None:
    """Once it is disabled, expired items stay (botocore: UpdateTimeToLive)."""
    make_table(twin, "carts")
    put_expired(twin, "carts", "old")
    twin.sleep(400)
    switch(twin, "carts", enabled=False)
    twin.sleep(10_000)

    assert count(twin, "carts") == 1


def test_items_behind_the_first_megabyte_expire(twin: Twin) -> None:
    """A scan gives a megabyte a page; what lies behind it expires too (botocore: Scan)."""
    make_table(twin, "large")
    for index in range(6):
        put_expired(twin, "large", str(index), padding={"S": "x" * 300_000})
    twin.sleep(1600)

    assert count(twin, "large") == 0
