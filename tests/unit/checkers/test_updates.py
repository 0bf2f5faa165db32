"""What WebSockets are told of changes, and what comes before what when a session ends."""

import dataclasses

import pytest

from seatrials.evidence.history import Broken
from tests.support.story import ACTIVATE, BALANCER, BEGAN, ONE, Happened, session, status_path

OF_ONE = {"x-session-id": ONE}


def changed() -> Happened:
    """Return what two writes and an instruction have changed."""
    happened = Happened()
    for at, path in ((1.0, "a.md"), (2.0, "b.md")):
        happened.asked(f"PUT /api/files/{path}", 200, {"path": path, "size": 1}, at=at, headers=OF_ONE)
    told = {"filesChanged": ["c.md"], "commit": "a" * 40}
    sent = {"instruction": "Create a file named c.md with content: C"}
    return happened.asked("POST /api/execute", 200, told, at=3.0, headers=OF_ONE, sent=sent)


def test_each_change_told_once_in_order_is_no_finding() -> None:
    """So it is for as long as the socket is listened to."""
    whole = changed().heard((1.1, "a.md"), (2.1, "b.md"), (3.1, "c.md"), until=9.0)
    part = changed().heard((1.1, "a.md"), until=2.05)

    assert (whole.found_by("updates"), part.found_by("updates")) == ([], [])


def test_where_the_platform_is_late_a_message_may_be_as_much_longer_on_its_way() -> None:
    """Where the platform is late a message may be as much longer on its way."""
    whole = changed().heard((1.1, "a.md"), (2.1, "b.md"), until=5.0)
    in_time = whole.broken("updates")
    whole.history.late_seconds = 3.0

    assert (in_time, whole.broken("updates")) == (["told-once"], [])


def test_what_an_instruction_commits_and_is_not_about_was_told_before() -> None:
    """A page that is there already changes nothing, and what else was changed is in the same commit."""
    told = {"filesChanged": ["linked.md"], "commit": "a" * 40}
    happened = Happened().asked(
        "POST /api/execute", 200, told, at=3.0, headers=OF_ONE, sent={"instruction": "Add a new page called About Us"}
    )

    assert happened.heard(until=9.0).found_by("updates") == []


@pytest.mark.parametrize(
    ("invariant", "told"),
    [
        ("told-once", ["a.md", "b.md"]),
        ("told-once", ["a.md", "a.md", "b.md", "c.md"]),
        ("told-once", ["a.md", "b.md", "c.md", "of-nobody.md"]),
        ("told-in-order", ["b.md", "a.md", "c.md"]),
    ],
)
def test_other_messages_are_found(invariant: str, told: list[str]) -> None:
    """One that is missing, doubled, about nothing, or before its time is found."""
    happened = changed().heard(*((3.2, path) for path in told), until=9.0)

    assert happened.broken("updates") == [invariant]


@pytest.mark.parametrize(
    ("created", "active_at", "opened", "broken"),
    [
        (ONE, 25.0, 20.0, []),
        (ONE, 15.0, 20.0, ["told-once"]),
        (ONE, 140.0, 130.0, ["told-once"]),
        ("session-of-another", 25.0, 20.0, ["told-once"]),
    ],
    ids=["while-it-starts", "active-by-then", "later-than-it-may-start", "another-session-starts"],
)
def test_what_a_session_is_told_while_it_starts_may_be_its_instruction(
    created: str, active_at: float, opened: float, broken: list[str]
) -> None:
    """The instruction of an activation is carried out after its answer, once there is a container."""
    starting = session(created, status="initializing")
    happened = Happened().asked(f"POST {ACTIVATE}", 201, starting, at=1.0)
    happened.asked(f"GET {status_path()}", 200, session(), at=active_at)
    happened.heard((opened + 1.0, "hello.md"), until=opened + 5.0, since=opened)

    assert happened.broken("updates") == broken


@pytest.mark.parametrize(("told", "broken"), [((2.1,), ["told-once"]), ((1.1, 2.1), [])])
def test_each_change_of_one_file_is_told(told: tuple[float, ...], broken: list[str]) -> None:
    """The message of a later change of the same file is none of an earlier one."""
    happened = Happened()
    for at in (1.0, 2.0):
        happened.asked("PUT /api/files/a.md", 200, {"path": "a.md", "size": 1}, at=at, headers=OF_ONE)

    assert happened.heard(*((at, "a.md") for at in told), until=9.0).broken("updates") == broken


def test_a_command_changes_what_nobody_can_tell() -> None:
    """While a command runs, more may be told."""
    happened = changed().asked("POST /api/exec", 200, {"output": "", "exitCode": 0}, at=4.0, headers=OF_ONE)
    messages = [(3.2, path) for path in ("a.md", "b.md", "c.md", "d.md")]

    assert happened.heard(*messages, until=9.0).found_by("updates") == []


@pytest.mark.parametrize(
    "request_", ["PUT /api/files/late.md", "POST /api/execute", "POST /api/exec"], ids=["write", "execute", "exec"]
)
@pytest.mark.parametrize(("until", "broken"), [(70, []), (20, ["told-once"])])
def test_what_was_given_up_may_be_told_once_nothing_is_broken(request_: str, until: float, broken: list[str]) -> None:
    """A change that was held in a network arrives when that is whole again, and the socket is told of it."""
    happened = Happened().asked(request_, 504, at=10.0, headers=OF_ONE, told=BALANCER)
    happened.history.broken = [Broken(BEGAN + 5.0, BEGAN + until)]

    assert happened.heard((70.5, "late.md"), until=90.0, since=60.0).broken("updates") == broken


def test_what_was_not_committed_when_the_rules_went_is_found() -> None:
    """A workspace with nothing left to commit is fine."""
    clean, dirty = Happened().rules_went(), Happened().rules_went("draft.md")

    assert (clean.broken("order"), dirty.broken("order")) == ([], ["committed-first"])


def test_what_is_written_too_early_is_found() -> None:
    """A session is not active before its preview is reached, and not over before its rules are gone."""
    happened = (
        Happened().wrote(at=0.0, status="active").wrote(at=1.0, status="draining").wrote(at=2.0, status="expired")
    )
    writes = happened.history.writes
    in_order = happened.broken("order")
    unserved = dataclasses.replace(writes[0], unserved_by=("10.0.1.5",))
    happened.history.writes[:] = [
        unserved,
        dataclasses.replace(writes[1], rules=3),
        dataclasses.replace(writes[2], rules=3),
    ]

    assert (in_order, happened.broken("order")) == ([], ["served-first", "released-first"])
