"""git without its command: repositories are kept by libgit2, with nothing of the machine's own configuration.

Author, committer and dates are given, so a commit's id depends on its content, its parents and the clock alone.
The commands of a session may be git's, and get an environment that says the same.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, RepositoryOpenFlag

from seatrials.errors import MissingProgramError
from seatrials.seams.clock import Clock
from seatrials.webordinary.editor.answers import RequestError

_NAME = "Webordinary Editor"
_EMAIL = "editor@webordinary.example"

# libgit2 has one set of these for the whole process, and reads them whenever a repository is opened.
for _level in (ConfigLevel.PROGRAMDATA, ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
    pygit2.settings.search_path[_level] = ""
# Whose a workspace is, was settled where it was mounted; the user that this process runs as says nothing of it.
pygit2.settings.owner_validation = False


class Git:
    """Makes and opens repositories, and says who commits when."""

    def __init__(self, clock: Clock) -> None:
        program = shutil.which("git")
        if program is None:
            msg = "the editor's commands need `git`, which is not on the PATH: install it (apt-get install git)"
            raise MissingProgramError(msg)
        self._clock = clock
        self._program = program

    def environment(self, folder: Path) -> dict[str, str]:
        """Return the whole environment of a program that works in *folder*."""
        date = f"{int(self._clock.now())} +0000"
        return {
            "PATH": f"{Path(self._program).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_AUTHOR_NAME": _NAME,
            "GIT_AUTHOR_EMAIL": _EMAIL,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": _NAME,
            "GIT_COMMITTER_EMAIL": _EMAIL,
            "GIT_COMMITTER_DATE": date,
        }

    def signature(self) -> pygit2.Signature:
        """Return the author and committer of what is committed now."""
        return pygit2.Signature(_NAME, _EMAIL, int(self._clock.now()))

    def create(self, folder: Path, branch: str) -> None:
        """Make a repository in *folder*, with nothing in it, on *branch*."""
        with _reported("init", folder):
            pygit2.init_repository(str(folder), initial_head=branch)

    @contextmanager
    def opened(self, folder: Path, purpose: str) -> Iterator[pygit2.Repository]:
        """Hold the repository of *folder* open; what fails, fails over what is in it: a 409."""
        # Opened anew each time, for libgit2's objects must not go from thread to thread; it takes 50 microseconds.
        with _reported(purpose, folder):
            yield pygit2.Repository(str(folder), RepositoryOpenFlag.NO_SEARCH)


@contextmanager
def _reported(purpose: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except (pygit2.GitError, OSError) as error:
        # Not `str(error)`, which is in quotes where it is a KeyError too, and names the file where it is an OSError.
        told = " ".join(map(str, error.args))
        # Where the workspace is on this machine is nobody's business.
        said = told.replace(f"{os.path.realpath(folder)}/", "").replace(f"{folder}/", "")
        raise RequestError(409, f"git {purpose} failed in this workspace: {said}") from error
