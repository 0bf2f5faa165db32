"""The `git` command: found once, run with nothing of the machine's own configuration, dated by the platform's clock.

Author, committer and dates are given, so a commit's id depends on its content, its parents and the clock alone.
"""

import shutil
import subprocess
from pathlib import Path

from seatrials.clock import Clock
from seatrials.errors import MissingProgramError
from seatrials.webordinary.editor.answers import RequestError

_NAME = "Webordinary Editor"
_EMAIL = "editor@webordinary.example"
# Nothing of git's own housekeeping, and no hook that someone may have put into a workspace.
_OPTIONS = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.hooksPath=/dev/null")


class Git:
    """Runs git commands in a folder."""

    def __init__(self, clock: Clock) -> None:
        program = shutil.which("git")
        if program is None:
            msg = "the editor needs `git`, which is not on the PATH: install it (apt-get install git)"
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

    def run(self, folder: Path, *arguments: str) -> str:
        """Return what git prints; a failure is a 500 that says what git said."""
        done = self._run(folder, arguments)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise RequestError(500, f"git {arguments[0]} failed in this workspace: {said}")
        return done.stdout.decode(errors="replace")

    def succeeds(self, folder: Path, *arguments: str) -> bool:
        """Return whether git answers yes, for questions that it answers with its exit code."""
        return self._run(folder, arguments).returncode == 0

    def _run(self, folder: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603  # a list of arguments, no shell
            [self._program, *_OPTIONS, *arguments],
            cwd=folder,
            env=self.environment(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
