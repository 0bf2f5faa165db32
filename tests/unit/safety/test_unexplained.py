"""Tests of what a run's end says of changes that nobody accounts for, and of what a platform changes by itself."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from seatrials.platform import contract
from seatrials.safety.baseline import Snapshot
from seatrials.safety.unexplained import Comparison

THEIRS = ("session-1", "anna@example.com")
OWN = ("session-2", "TEST_run-1_COLD-03-user-1@example.com")
NOW, LATER = 1_700_000_000, 1_700_001_000


def session(client: str = "acme", status: str = contract.ACTIVE, **changes: object) -> dict[str, object]:
    """Return an item as Hermes writes it."""
    made = {"clientId": client, "threadId": "thread-1", "previewUrl": "https://x/", "createdAt": NOW, "status": status}
    return {**made, "lastActivity": NOW, "ttl": LATER, "taskArn": "task-1", **changes}


@pytest.fixture
def before() -> Snapshot:
    """Return a platform with somebody's session on one of two tasks."""
    rule = {"Conditions": [{"Values": [f"/session/{THEIRS[0]}"]}], "Actions": ["group-1"]}
    return Snapshot(
        things={"service edit": {"taskDefinition": "edit:1"}},
        groups={"group-1": {"HealthCheckPath": "/health"}},
        targets={"group-1": frozenset({"10.0.0.1", "10.0.0.2"})},
        addresses=frozenset({"10.0.0.1", "10.0.0.2"}),
        rules={"rule-1": rule},
        access_points={"fsap-1": "acme"},
        items={THEIRS: session()},
    )


def compared(before: Snapshot, after: Snapshot, *stopped: str) -> Comparison:
    """Return a run of `run-1` that found the one and left the other."""
    return Comparison(before, after, "TEST_run-1_", frozenset(stopped), NOW + 10)


def _scale_in(after: Snapshot) -> None:
    after.targets["group-1"], after.addresses = frozenset({"10.0.0.1"}), frozenset({"10.0.0.1"})


def _scale_out(after: Snapshot) -> None:
    after.addresses |= {"10.0.0.3"}
    after.targets["group-1"] |= {"10.0.0.3"}


def _no_groups(after: Snapshot) -> None:
    after.groups.clear()
    after.targets.clear()


def _move(after: Snapshot) -> None:
    after.items[THEIRS] = session(taskArn="task-2")
    after.rules = {"rule-2": {**after.rules["rule-1"], "Actions": ["group-2"]}}


def _end(after: Snapshot) -> None:
    after.items[THEIRS] = session(status=contract.EXPIRED)
    after.rules.clear()


def _begin(after: Snapshot) -> None:
    after.items["session-3", "bob"] = session("other")
    after.rules["rule-3"] = {"Conditions": [{"Values": ["session-3"]}]}
    after.access_points["fsap-3"] = "other"


# What a platform and its users do while a run goes on, and what of it is told in the evidence.
ORDINARY: dict[str, tuple[Callable[[Snapshot], object], list[str]]] = {
    "nothing": (lambda _: None, []),
    "scale-in": (_scale_in, []),
    "scale-out": (_scale_out, []),
    "groups of a task that is gone": (_no_groups, []),
    "activity": (
        lambda after: after.items.update({THEIRS: session(lastActivity=NOW + 5, ttl=LATER + 5)}),
        ["session session-1 changed in lastActivity, ttl"],
    ),
    "a move": (_move, ["session session-1 changed in taskArn"]),
    "an end": (_end, ["session session-1 changed in status"]),
    "a beginning": (_begin, ["session session-3 came"]),
    "own sessions": (lambda after: after.items.update({OWN: session(OWN[1].partition("@")[0])}), []),
    "the lease": (lambda after: after.items.update({("seatrials#lease", "stack"): {"run_id": "run-1"}}), []),
    "a stranger's dashboard": (
        lambda after: after.neighbours.update({"dashboard x": {}}),
        ["dashboard x is new"],
    ),
    "a task that the run stopped": (
        lambda after: setattr(after, "stopped_tasks", frozenset({"arn:aws:ecs:x:y:task/c/0123"})),
        [],
    ),
}
# What neither does, and the sentence about it.
STRANGE: dict[str, tuple[Callable[[Snapshot], object], str]] = {
    "a deployment": (
        lambda after: after.things.update({"service edit": {"taskDefinition": "edit:2"}}),
        "service edit has taskDefinition edit:2, and had edit:1",
    ),
    "a new thing": (lambda after: after.things.update({"alarm x": {}}), "alarm x is new"),
    "a thing that is gone": (lambda after: after.things.clear(), "service edit is gone"),
    "a group that is another": (
        lambda after: after.groups.update({"group-1": {"HealthCheckPath": "/"}}),
        "target group group-1 has HealthCheckPath /, and had /health",
    ),
    "a target taken out": (
        lambda after: after.targets.update({"group-1": frozenset({"10.0.0.1"})}),
        "target 10.0.0.2 is gone from group-1, and its task still runs",
    ),
    "a stranger's target": (
        lambda after: after.targets.update({"group-1": after.targets["group-1"] | {"10.9.9.9"}}),
        "target 10.9.9.9 is new in group-1, and of no task of the services",
    ),
    "a rule taken away": (
        lambda after: after.rules.clear(),
        "the rules of session session-1 are gone, which is where it was",
    ),
    "a rule that leads elsewhere": (
        lambda after: after.rules.update({"rule-1": {**after.rules["rule-1"], "Actions": ["evil"]}}),
        "rule rule-1 of session session-1 is another, which is where it was",
    ),
    "a rule of nobody": (
        lambda after: after.rules.update({"rule-9": {"Conditions": ["/*"]}}),
        "rule rule-9 is new, and names no session",
    ),
    "an access point gone": (lambda after: after.access_points.clear(), "access point fsap-1 of acme is gone"),
    "an access point of nobody": (
        lambda after: after.access_points.update({"fsap-9": "evil"}),
        "access point fsap-9 of evil is new, and no session is of that client",
    ),
    "a task of its own": (
        lambda after: setattr(after, "lone_tasks", frozenset({"task-9"})),
        "task task-9 is new, and of no service",
    ),
    "a task stopped": (
        lambda after: setattr(after, "stopped_tasks", frozenset({"arn:task/c/9"})),
        "task arn:task/c/9 was stopped by a call that the journal does not have",
    ),
    "an open session gone": (
        lambda after: after.items.clear(),
        "session session-1 of acme is gone, which was active",
    ),
    "a session back in time": (
        lambda after: after.items.update({THEIRS: session(lastActivity=NOW - 5)}),
        f"session session-1 has lastActivity {NOW - 5}, and had {NOW}",
    ),
    "a session that is no more of its client": (
        lambda after: after.items.update({THEIRS: session("evil")}),
        "session session-1 has clientId evil, and had acme",
    ),
    "a session of an unknown status": (
        lambda after: after.items.update({THEIRS: session(status="evil")}),
        "session session-1 is evil, and was active",
    ),
    "a session whose time is a text": (
        lambda after: after.items.update({THEIRS: session(ttl="never")}),
        f"session session-1 has ttl never, and had {LATER}",
    ),
    "a journal of another run": (
        lambda after: after.items.update({("seatrials#journal", "run-9/x/1"): {"run_id": "run-9"}}),
        "item seatrials#journal run-9/x/1 is new, and no run has this stack but this one",
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_a_platform_does_by_itself_is_no_alarm(before: Snapshot, name: str) -> None:
    """Scaling, and sessions of others that begin, move, change and end, are at most told."""
    change, told = ORDINARY[name]
    after = deepcopy(before)
    change(after)
    comparison = compared(before, after, "0123")

    assert (comparison.unexplained(), comparison.others()) == ([], told)


@pytest.mark.parametrize("name", STRANGE)
def test_what_nobody_accounts_for_is_named(before: Snapshot, name: str) -> None:
    """Each thing that neither the run nor the platform has done is one sentence."""
    change, told = STRANGE[name]
    after = deepcopy(before)
    change(after)

    assert told in compared(before, after).unexplained()


def test_a_session_that_dynamodb_deletes_is_no_alarm(before: Snapshot) -> None:
    """An item goes when its time is over, whatever its status says."""
    before.items[THEIRS] = session(ttl=NOW)
    after = deepcopy(before)
    _end(after)
    after.items.clear()
    comparison = compared(before, after)

    assert (comparison.unexplained(), comparison.others()) == ([], ["session session-1 went"])


def test_long_values_are_cut(before: Snapshot) -> None:
    """A sentence stays one that people read."""
    after = deepcopy(before)
    after.things["service edit"] = {"taskDefinition": "x" * 10_000}

    assert max(map(len, compared(before, after).unexplained())) < 300
