"""The process: how it starts and how it stops."""

import shutil

import pytest

from seatrials.errors import MissingProgramError
from tests.support.editor import EditorWorld, Start


def test_sigterm_ends_it_with_zero_after_what_is_in_flight(hosted: EditorWorld) -> None:
    """A request in flight is answered, new connections are refused, and the exit code is 0."""
    answers = []
    hosted.clock.spawn(lambda: answers.append(hosted.execute("s1", "say hello")), "instruction")
    hosted.clock.sleep(0.1)

    hosted.stopping.set()
    hosted.clock.sleep(0.1)
    stopped_early = list(hosted.exit_codes)
    with pytest.raises(ConnectionRefusedError):
        hosted.call("GET", "/health")
    hosted.clock.sleep(3)

    assert stopped_early == []
    assert [answer.status for answer in answers] == [200]
    assert hosted.exit_codes == [0]


def test_without_git_it_does_not_start(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git is told so at once."""
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(MissingProgramError, match="git"):
        start()


def test_commit_ids_depend_on_nothing_of_the_machine(world: EditorWorld) -> None:
    """Known content, message and time have a known commit id, whatever the machine's git is configured to."""
    world.init("s1")
    workspace = world.editor.sessions.find("s1").workspace
    workspace.write("a.txt", b"A")

    with workspace.repository.on_branch(workspace.branch):
        commit = workspace.repository.commit_all("m")

    assert int(world.clock.now()) == 1_700_000_000
    assert commit.id == "f34cc76fd940e7b653564fbde19b9c75fc6b4618"
