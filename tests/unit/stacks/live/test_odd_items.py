"""What stands in the session table and is neither a session nor a run's: told, passed over, and never removed."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from seatrials.platform import contract
from seatrials.safety import lease
from seatrials.stacks import StackOptions
from seatrials.stacks.live.command import doctor, sweep
from seatrials.stacks.live.stacks import LiveStacks
from tests.support.small_platform import SmallPlatform

TABLE = "webordinary-edit-sessions"
# A minute and a quarter in truth, which no test can wait.
_WATCHED_SECONDS = 0.05

Item = dict[str, Any]

_TEXTS = st.sampled_from(
    ["", "a", "[/bold]", "%00/../x", "é\n", "TEST_", "{", "[1]", "[" * 5000, '{"found": 3}', "null"]
)
_NUMBERS = st.sampled_from(["0", "-1", "1.5", "99999999999999999999999999999999999999", "1E+125", "1E-130"])
_VALUES = st.recursive(
    st.one_of(
        st.builds(lambda text: {"S": text}, _TEXTS),
        st.builds(lambda number: {"N": number}, _NUMBERS),
        st.sampled_from([{"BOOL": True}, {"NULL": True}, {"B": b"\x00\xff"}, {"SS": ["a", "b"]}, {"NS": ["1"]}]),
    ),
    lambda inner: st.one_of(
        st.builds(lambda values: {"L": values}, st.lists(inner, max_size=2)),
        st.builds(lambda values: {"M": values}, st.dictionaries(st.sampled_from(["S", "a.b", "#"]), inner, max_size=2)),
    ),
    max_leaves=4,
)
_FIELDS = ("run_id", "owner", "members", "beats", "fence", "entry_kind", "details")
# Keys of indexes, which are of their type or DynamoDB takes no such item.
_KEYS = ("clientId", "status")


def _fields(most: int) -> st.SearchStrategy[dict[str, Any]]:
    texts = _TEXTS.filter(lambda text: 0 < len(text) < 1_000).map(lambda text: {"S": text})
    keys = st.dictionaries(st.sampled_from(_KEYS), texts, max_size=2)
    others = st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=most - 2)
    return st.builds(lambda one, two: {**one, **two}, keys, others)


# Each lacks a field or has one of another type; what a run or Hermes might have written is examined elsewhere.
_ODD_ITEMS = st.builds(
    lambda partition, sort, fields: {**fields, "sessionId": {"S": partition}, "userId": {"S": sort}},
    st.sampled_from(["seatrials#journal", "seatrials#odd", "session-1", "s", "a/../b", "[/]"]),
    st.sampled_from(["stack", "run-1/process-1/00001", "anna@example.com", "?"]),
    _fields(6),
)
_LEASES = st.builds(
    lambda fields: {**fields, "sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}},
    _fields(5),
)


def _replace_all(small_platform: SmallPlatform, items: list[Item]) -> None:
    dynamodb = small_platform.aws("dynamodb")
    for item in dynamodb.scan(TableName=TABLE)["Items"]:
        dynamodb.delete_item(TableName=TABLE, Key={name: item[name] for name in ("sessionId", "userId")})
    for item in items:
        dynamodb.put_item(TableName=TABLE, Item=item)


def _kept(small_platform: SmallPlatform) -> dict[tuple[str, str], Item]:
    """Return what is in the table beside the lease, by its keys."""
    items = small_platform.aws("dynamodb").scan(TableName=TABLE)["Items"]
    keys = {(item["sessionId"]["S"], item["userId"]["S"]): item for item in items}
    return {key: item for key, item in keys.items() if key[0] != "seatrials#lease"}


def _shown(command: Callable[[Console], object]) -> str:
    console = Console(file=StringIO(), width=400)
    command(console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


@pytest.fixture(autouse=True)
def _watch_a_lease_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "MARGIN_SECONDS", _WATCHED_SECONDS - lease.LEASE_SECONDS)


# Each example is three commands on a real clock: many items in few examples, and none is made smaller.
@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(odd=st.lists(_ODD_ITEMS, min_size=3, max_size=10), lease_item=_LEASES)
@example(
    odd=[
        {"sessionId": {"S": "s"}, "userId": {"S": "?"}, "clientId": {"S": "TEST_dead"}},
        {"sessionId": {"S": "t"}, "userId": {"S": "?"}, "clientId": {"S": "7"}, "status": {"S": "active"}},
        {
            "sessionId": {"S": "seatrials#journal"},
            "userId": {"S": "x"},
            "run_id": {"S": "r"},
            "entry_kind": {"S": "service"},
            "details": {"S": "[" * 100_000},
        },
    ],
    lease_item={"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}, "fence": {"S": "many"}},
)
def test_odd_items_are_passed_over(
    odd: list[Item], lease_item: Item, small_platform: SmallPlatform, tmp_path: Path
) -> None:
    """Doctor and sweep come to their ends, the rest is swept, a run begins and ends, and no odd item is touched."""
    _replace_all(small_platform, [*odd, lease_item])
    before, environment = _kept(small_platform), small_platform.environment()
    small_platform.add_session("TEST_dead_COLD-01-client-1", contract.EXPIRED)
    small_platform.note_client("TEST_dead_COLD-01-client-1")

    _shown(lambda console: doctor(environment, {}, console))
    _shown(lambda console: sweep(environment, {}, console, yes=True, wait_seconds=_WATCHED_SECONDS))
    stacks = LiveStacks(environment, StackOptions(folder=tmp_path / "run-1"), {})
    stacks.close()

    assert before == _kept(small_platform)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        pytest.param({"clientId": "TEST_dead", "status": "active"}, "session-9/anna: has the client", id="open"),
        pytest.param({"clientId": "TEST_dead", "status": "expired"}, "the user 'anna', who is none of it", id="user"),
        pytest.param({"clientId": "TEST_dead", "status": "[/]"}, "has the unknown status '[/]'", id="unknown-status"),
    ],
)
def test_an_odd_session_is_told(fields: dict[str, str], told: str, small_platform: SmallPlatform) -> None:
    """Doctor and sweep say which item it is and what is odd about it, and nobody removes it."""
    item = {name: {"S": text} for name, text in {"sessionId": "session-9", "userId": "anna", **fields}.items()}
    _replace_all(small_platform, [item])
    small_platform.note_client("TEST_dead")
    environment = small_platform.environment()

    if fields["status"] == "[/]":
        assert told in _shown(lambda console: doctor(environment, {}, console))
    assert told in _shown(lambda console: sweep(environment, {}, console, yes=True, wait_seconds=_WATCHED_SECONDS))
    assert list(_kept(small_platform).values()) == [item]


def test_a_short_id_is_no_part_of_a_longer_one(small_platform: SmallPlatform) -> None:
    """A session of a dead run with the id `session-` takes no rule of a bystander's session with it."""
    elbv2, names = small_platform.aws("elbv2"), small_platform.environment().names
    balancer = elbv2.describe_load_balancers(Names=[names.load_balancer])["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/session/session-77/*"]}}
    answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    elbv2.create_rule(ListenerArn=listener, Priority=150, Conditions=[path], Actions=[answer])
    ids = {"sessionId": "session-", "userId": "TEST_dead", "clientId": "TEST_dead", "status": "expired"}
    _replace_all(small_platform, [{name: {"S": text} for name, text in ids.items()}])
    small_platform.note_client("TEST_dead")

    _shown(lambda console: sweep(small_platform.environment(), {}, console, yes=True, wait_seconds=_WATCHED_SECONDS))

    assert "150" in {rule["Priority"] for rule in elbv2.describe_rules(ListenerArn=listener)["Rules"]}
