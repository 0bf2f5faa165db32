"""git's own command, for platforms that are broken in what they let git do to a workspace."""

import subprocess
from pathlib import Path

from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.repository import Repository

# Nothing of git's own housekeeping, and no hook that someone may have put into a workspace.
_OPTIONS = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.hooksPath=/dev/null")


def run_git(git: Git, folder: Path, *arguments: str) -> str:
    """Return what `git` prints in *folder*; a failure is a 500 that says what git said."""
    # Not an exception that takes the container down, by which any scenario would seem to notice the mutant.
    done = subprocess.run(  # noqa: S603  # a list of arguments, no shell
        ["git", *_OPTIONS, *arguments],  # noqa: S607  # found on the path of the environment
        cwd=folder,
        env=git.environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise RequestError(500, f"git {arguments[0]} failed in this workspace: {said}")
    return done.stdout.decode(errors="replace")


def head_of(repository: Repository) -> str | None:
    """Return the id of the last commit of the checked-out branch, or None before the first."""
    commits = repository.log()
    return str(commits[0]["id"]) if commits else None
