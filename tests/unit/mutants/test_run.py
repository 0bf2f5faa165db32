"""How a run on mutants ends when somebody ends it."""

import os
import signal
import subprocess

import pytest

from seatrials.mutants.run import run_pytest


def test_ctrl_c_waits_for_what_pytest_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest, which hears it too, is left to write its matrix, and then the command ends as by Ctrl-C."""
    done: list[str] = []

    def pretend(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        os.kill(os.getpid(), signal.SIGINT)
        done.append("written")
        return subprocess.CompletedProcess(command, 1, "", "")

    monkeypatch.setattr("seatrials.mutants.run.subprocess.run", pretend)
    former = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_pytest(["pytest"])

    assert done == ["written"]
    assert signal.getsignal(signal.SIGINT) == former
