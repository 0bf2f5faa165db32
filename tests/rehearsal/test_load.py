"""A load whose users are on other machines, for which two processes on the loopback stand."""

import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from seatrials.evidence.folder import RunFolder
from seatrials.load.figures import read_figures
from tests.support.interruption.rehearsal import Rehearsal
from tests.support.project import PROJECT

_RUN = ("-m", "pytest", "tests/integration/test_load.py", "--environment", "rehearsal-load", "-q", "-n", "0")
_USERS = 4
_LOAD = ("--users", str(_USERS), "--load-seconds", "8", "--elsewhere", "2")
_SECONDS = 240.0


def begun(command: list[str], variables: Mapping[str, str]) -> subprocess.Popen[str]:
    """Begin a program of the project, with its own errors among what it says."""
    return subprocess.Popen(  # noqa: S603  # our own programs
        command, cwd=PROJECT, env=dict(variables), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_users_elsewhere_take_part_in_a_run(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Two processes that the run's own words have started are under its lease, and what they see is its evidence."""
    evidence = tmp_path / "evidence"
    said: list[str] = []
    with ExitStack() as held:
        run = held.enter_context(
            begun([sys.executable, *_RUN, *_LOAD, "--evidence", str(evidence)], rehearsal.variables)
        )
        assert run.stdout is not None
        for line in run.stdout:
            said.append(line)
            _, is_there, command = line.partition("waiting for 2 of: ")
            if is_there:
                workers = [held.enter_context(begun(shlex.split(command), rehearsal.variables)) for _ in range(2)]
        code = run.wait(_SECONDS)
        ended = [(worker.communicate(timeout=_SECONDS)[0], worker.returncode) for worker in workers]
    folder = RunFolder((evidence / "rehearsal-load" / "latest").resolve())
    figures = read_figures(folder.path / "load.json")

    assert code == 0, "".join(said)
    assert [returned for _, returned in ended] == [0, 0], ended
    assert (figures.members, figures.users, figures.failures) == (2, _USERS, ())
    assert figures.count > _USERS
