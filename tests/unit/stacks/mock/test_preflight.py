"""Tests of what is done before a mock run begins."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from seatrials.environments.file import load_environment
from seatrials.stacks.base import StackOptions
from seatrials.stacks.mock.preflight import check
from tests.support.project import PROJECT

# A process that owns a folder and is killed with it.
_KILLED = """
import os, signal, sys
from pathlib import Path
from seatrials.twin.scratch import OwnedFolder
OwnedFolder(Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_run_removes_what_a_killed_one_has_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a mock run begins, the folders go whose owner was killed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / "seatrials-killed"
    folder.mkdir()
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], check=False)  # noqa: S603  # this Python
    assert killed.returncode == -signal.SIGKILL
    assert folder.exists()

    check(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions())

    assert not folder.exists()
