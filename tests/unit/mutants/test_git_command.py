"""git's command for broken platforms: what it does not do, and how it fails."""

from pathlib import Path

import pytest

from seatrials.mutants.git_command import run_git
from seatrials.twin.physics.clock import VirtualClock
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.git import Git


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Make a repository in the test's folder."""
    made = Git(VirtualClock(1_700_000_000))
    made.create(tmp_path, "thread-one")
    return made


def test_a_failure_is_an_answer_and_not_the_end_of_the_container(git: Git, tmp_path: Path) -> None:
    """A command that fails is a 500 that says what git said."""
    with pytest.raises(RequestError, match=r"git switch failed in this workspace: .*thread-two") as failure:
        run_git(git, tmp_path, "switch", "thread-two")

    assert failure.value.status == 500


def test_hooks_do_not_run(git: Git, tmp_path: Path) -> None:
    """A hook that a session has put into the workspace changes nothing of a mutant."""
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    run_git(git, tmp_path, "commit", "--quiet", "--allow-empty", "--message", "m")

    assert run_git(git, tmp_path, "log", "--format=%s") == "m\n"
