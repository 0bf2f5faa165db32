"""Lists against what was made."""

import pytest

from seatrials.evidence.history import Broken
from tests.support.story import BALANCER, BEGAN, ONE, OTHER, Happened, session

LIST = "GET /hermes/api/sessions/client/client-one"
OF_ONE = {"x-session-id": ONE}
COMMIT = "a" * 40


def files(*paths: str) -> dict[str, object]:
    """Return a list of files as the container answers it."""
    return {"files": [{"path": path, "size": 1} for path in paths]}


def worked() -> Happened:
    """Return a session with two files and a commit."""
    return (
        Happened()
        .made()
        .asked("PUT /api/files/a.md", 200, {"path": "a.md", "size": 1}, at=1.0, headers=OF_ONE)
        .asked("PUT /api/files/b/c.md", 200, {"path": "b/c.md", "size": 1}, at=2.0, headers=OF_ONE)
        .asked("POST /api/git/commit", 200, {"filesChanged": [], "commit": COMMIT}, at=3.0, headers=OF_ONE)
    )


def test_whole_lists_are_no_finding() -> None:
    """Lists may have more than was seen to be made."""
    log = {"branch": "thread-x", "commits": [{"id": COMMIT}, {"id": "b" * 40}]}
    happened = (
        worked()
        .asked(LIST, 200, [session()], at=4.0)
        .asked("GET /api/files", 200, files("a.md", "b/c.md", "hello.md"), at=4.0, headers=OF_ONE)
        .asked("GET /api/git/log", 200, log, at=4.0, headers=OF_ONE)
    )

    assert happened.found_by("lists") == []


def test_what_a_list_lacks_is_found() -> None:
    """A file, a commit and a session that were made before and are not listed are found."""
    happened = (
        worked()
        .made(OTHER, "client-one", at=3.0)
        .asked(LIST, 200, [session()], at=4.0)
        .asked("GET /api/files", 200, files("b/c.md"), at=4.0, headers=OF_ONE)
        .asked("GET /api/git/log", 200, {"branch": "thread-x", "commits": []}, at=4.0, headers=OF_ONE)
    )

    assert [finding.event.rpartition(" lacks ")[2] for finding in happened.found_by("lists")] == [OTHER, "a.md", COMMIT]


def test_what_a_command_may_have_removed_is_not_asked_for() -> None:
    """After a command, and in a working tree that several threads have, nobody knows what is there."""
    command = worked().asked("POST /api/exec", 200, {"output": "", "exitCode": 0}, at=3.5, headers=OF_ONE)
    command.asked("GET /api/files", 200, files(), at=4.0, headers=OF_ONE)
    shared = worked().asked("POST /hermes/api/sessions/activate", 201, session(OTHER, threadId="another"), at=3.5)
    shared.asked("GET /api/files", 200, files(), at=4.0, headers=OF_ONE)

    assert (command.found_by("lists"), shared.found_by("lists")) == ([], [])


def test_a_deleted_session_need_not_be_listed() -> None:
    """What the table has no more is in no list."""
    happened = Happened().made().wrote(at=0.0, status="initializing").wrote(at=1.0, by="", gone=True)

    assert happened.asked(LIST, 200, [], at=2.0).found_by("lists") == []


@pytest.mark.parametrize(("until", "broken"), [(20, []), (3, ["list-complete"])])
def test_a_command_that_was_given_up_may_remove_later(until: float, broken: list[str]) -> None:
    """What was held in a network is carried out once that is whole again: no list is asked for what was there."""
    happened = worked().asked("POST /api/exec", 504, at=4.0, headers=OF_ONE, told=BALANCER)
    happened.history.broken = [Broken(BEGAN + 2.0, BEGAN + until)]
    happened.asked("PUT /api/files/d.md", 200, {"path": "d.md", "size": 1}, at=10.0, headers=OF_ONE)
    happened.asked("GET /api/files", 200, files(), at=15.0, headers=OF_ONE)

    assert happened.broken("lists") == broken
