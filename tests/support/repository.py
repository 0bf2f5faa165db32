"""What tests do to a workspace's repository, and see of it."""

import subprocess
from pathlib import Path

from seatrials.twin.physics.clock import VirtualClock
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.repository import Repository

START_SECONDS = 1_700_000_000


def make_repository(folder: Path) -> Repository:
    """Make a repository on branch `thread-one`, with `a.txt` committed."""
    made = Repository(folder / "ann" / "project", Git(VirtualClock(START_SECONDS)), "editor")
    with made.on_branch("thread-one"):
        (made.project / "a.txt").write_text("A")
        made.commit_all("first")
    return made


def elsewhere(repository: Repository) -> Repository:
    """Return the repository as another container has it."""
    return Repository(repository.project, Git(VirtualClock(START_SECONDS)), "other")


def head_of(repository: Repository) -> str:
    """Return the id of the last commit."""
    return str(repository.log()[0]["id"])


def shell(repository: Repository, command: str) -> str:
    """Return what a command of a session prints."""
    environment = repository._git.environment(repository.project)  # noqa: SLF001  # as the editor's `exec` does
    done = subprocess.run(  # noqa: S603  # the test's own words
        ["/bin/sh", "-e", "-c", command],
        cwd=repository.project,
        env=environment,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode(errors="replace")


def names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(each.name for each in folder.iterdir())


def switching(repository: Repository) -> None:
    """Switch to the branch of another thread."""
    with repository.on_branch("thread-two"):
        pass
