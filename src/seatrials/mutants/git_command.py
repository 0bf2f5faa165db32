"""git's own command, for platforms that are broken in what they let git do to a workspace."""

import subprocess
from pathlib import Path

from seatrials.webordinary.editor.git import Git


def run_git(git: Git, folder: Path, *arguments: str) -> str:
    """Return what `git` prints in *folder*; raises `CalledProcessError` for one that fails."""
    done = subprocess.run(  # noqa: S603  # a list of arguments, no shell
        ["git", *arguments],  # noqa: S607  # found on the path of the environment
        cwd=folder,
        env=git.environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()
