"""Runs a shell command in a session's project, where the environment allows it.

The command sees a clean environment and no credentials. A path below `/workspace/{clientId}` in its text or its output
stands for the mount of that client; the folders of other clients have no such name here.
"""

import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from seatrials.webordinary.editor.git import Git
from seatrials.webordinary.editor.sessions import Session

# Seconds of the machine, not of the platform: a command blocks this whole process.
_TIMEOUT_SECONDS = 20
_TIMED_OUT_CODE = 124
_OUTPUT_BYTES_MAX = 1_048_576


@dataclass(frozen=True)
class Outcome:
    """What a command printed, its exit code, and the files that it changed."""

    output: str
    exit_code: int
    changed: list[str]


def run_command(session: Session, mount: Path, git: Git, command: str) -> Outcome:
    """Run *command* with `sh` on the session's branch; 124 is the exit code of one that took too long."""
    repository = session.workspace.repository
    named, real = f"/workspace/{session.client_id}", os.path.realpath(mount / session.client_id)
    translated = re.sub(rf"(?<![\w./-]){re.escape(named)}(?![\w.@+-])", lambda _: real, command)
    with repository.on_branch(session.workspace.branch):
        before = _stamps(session)
        output, exit_code = _run(translated, repository.project, git)
        after = _stamps(session)
    changed = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
    return Outcome(output.replace(real, named), exit_code, changed)


def _run(command: str, folder: Path, git: Git) -> tuple[str, int]:
    # A file, not a pipe: a process that the command leaves in the background would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(  # noqa: S603  # the call exists to run what the user types
            ["/bin/sh", "-c", command],
            cwd=os.path.realpath(folder),
            env=git.environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            exit_code = process.wait(_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            exit_code = _TIMED_OUT_CODE
        output.seek(0)
        return output.read(_OUTPUT_BYTES_MAX).decode(errors="replace"), exit_code


def _stamps(session: Session) -> dict[str, tuple[int, int, int]]:
    """Return what tells whether a file was written: its time and size, and which file it is.

    Two that were written in one tick of the machine's clock have one time, and either may take the other's place.
    """
    project = session.workspace.repository.project
    stamps = {}
    for entry in session.workspace.files():
        stat = (project / entry.path).stat()
        stamps[entry.path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return stamps
