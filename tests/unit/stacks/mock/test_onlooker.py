"""What a mock shows beside the requests of a scenario, and that looking on changes nothing."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from seatrials.environments.file import load_environment
from seatrials.evidence.history import GIT, METRICS, RULES, TABLE, History
from seatrials.stacks import StackOptions, StackRun
from seatrials.stacks.mock.onlooker import Onlooker, writes_of
from seatrials.stacks.mock.stacks import MockStacks
from tests.support.project import PROJECT

REQUEST = {"clientId": "client", "userId": "user", "instruction": "Create a file named a.md with content: a"}


@pytest.fixture(scope="module")
def stacks() -> Iterator[MockStacks]:
    """Return the stacks of one process; deploying the template is most of this file's time."""
    stacks = MockStacks(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions(seed=1))
    yield stacks
    stacks.close()


def live_a_life(run: StackRun) -> str:
    """Make a session, use it, end it, and wait until it is over; return its id."""
    http = run.stack.http
    session_id = str(http.post("/hermes/api/sessions/activate", json=REQUEST).json()["sessionId"])
    path = f"/hermes/api/sessions/{session_id}"
    while http.get(f"{path}/status").json()["status"] != "active":
        run.stack.clock.sleep(5)
    http.put("/api/files/draft.md", content=b"not committed", headers={"x-session-id": session_id})
    http.post(f"{path}/deactivate", json={})
    run.stack.clock.sleep(20)
    return session_id


def test_a_life_is_seen_and_not_changed(stacks: MockStacks) -> None:
    """Each write, each count and the end of the rules are in the history, and the trace is that of a world unseen."""
    with stacks.open("ROUTE-01") as unseen:
        live_a_life(unseen)
        trace = unseen.trace_sha256()
    with stacks.open("ROUTE-01") as run:
        history = History(run.stack.clock.now)
        run.witness(history)
        session_id = live_a_life(run)
        statuses = [write.fields["status"] for write in history.writes if write.fields]

        assert run.trace_sha256() == trace
    assert history.sources >= {TABLE, METRICS, RULES, GIT}
    assert list(dict.fromkeys(statuses)) == ["initializing", "active", "draining", "expired"]
    assert {(write.session_id, write.by) for write in history.writes} == {(session_id, "hermes"), (session_id, "edit")}
    assert {each.data[0]["Value"] for each in history.publications} == {0, 1}
    assert all(each.counted_at < each.at for each in history.publications)
    assert [(gone.session_id, gone.uncommitted) for gone in history.rules_gone] == [(session_id, ())]


@pytest.mark.parametrize(
    "values", [{"Values": ["/session/session-1/*"]}, {"PathPatternConfig": {"Values": ["/session/session-1/*"]}}]
)
def test_the_end_of_rules_is_seen_however_they_were_made(values: Mapping[str, Any]) -> None:
    """ELBv2 takes the values of a condition in two forms, and a session's rules are over with the last of them."""
    world: Any = SimpleNamespace(runtime=SimpleNamespace(containers={}))
    history, names = History(lambda: 0.0), load_environment("mock", PROJECT / "environments.toml", {}).names
    Onlooker(world, names, history).look()
    seen = []
    for rule in ("first", "second"):
        made = {"Conditions": [{"Field": "path-pattern", **values}]}
        world.on_change("elbv2", "CreateRule", made, {"Rules": [{"RuleArn": rule}]})
    for rule in ("first", "second"):
        world.on_change("elbv2", "DeleteRule", {"RuleArn": rule}, {})
        seen.append([each.session_id for each in history.rules_gone])

    assert seen == [[], ["session-1"]]


def test_every_kind_of_write_is_seen() -> None:
    """Items are written one by one, in a transaction, whose checks write nothing, and in a batch."""
    one, other = {"TableName": "t", "Key": {"a": 1}}, {"TableName": "t", "Item": {"a": 2}}
    whole = {"TransactItems": [{"Update": one}, {"ConditionCheck": one}, {"Put": other}]}
    batch = {"RequestItems": {"t": [{"DeleteRequest": {"Key": {"a": 1}}}, {"PutRequest": {"Item": {"a": 2}}}]}}

    assert list(writes_of("DeleteItem", one)) == [one]
    assert list(writes_of("TransactWriteItems", whole)) == [one, other]
    assert list(writes_of("BatchWriteItem", batch)) == [one, other]
    assert list(writes_of("Query", {"TableName": "t"})) == []
