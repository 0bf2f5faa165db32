"""`seatrials twin run`, with a server that is not there: what becomes of the user's own command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer

from seatrials.errors import MissingProgramError
from seatrials.twin_server import command, process
from seatrials.twin_server.process import RunningServer


@pytest.fixture(autouse=True)
def _server(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def running_server(*_options: str) -> Iterator[RunningServer]:
        yield RunningServer(process_id=0, variables={"OF_THE_SERVER": "3"})

    monkeypatch.setattr(process, "running_server", running_server)


def ended(program: str) -> int:
    """Run a program of Python and return the exit code that the whole command has."""
    with pytest.raises(typer.Exit) as raised:
        command.run([sys.executable, "-c", f"import os, sys; {program}"])
    return raised.value.exit_code


def test_its_exit_code_is_the_commands() -> None:
    """The command has the server's variables, and what it exits with, or is killed by, is told as a shell tells it."""
    assert ended("sys.exit(int(os.environ['OF_THE_SERVER']))") == 3
    assert ended("os.kill(os.getpid(), 15)") == 128 + 15


def test_it_ends_in_order_at_ctrl_c() -> None:
    """Both hear it, as from a terminal, and the exit code is the command's, which takes longer than `Popen` waits."""
    told = "os.kill(os.getppid(), signal.SIGINT); time.sleep(0.6); sys.exit(7)"

    assert ended(f"import signal, time; {told}") == 7


def test_it_gives_way_to_the_server() -> None:
    """On a busy machine the platform goes first, for its delays change what happens; ours is as it was."""
    before = os.getpriority(os.PRIO_PROCESS, 0)

    assert ended(f"sys.exit(os.getpriority(os.PRIO_PROCESS, 0) - {before})") == min(5, 19 - before)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_a_program_that_is_not_there_is_told() -> None:
    """The error names the program."""
    with pytest.raises(MissingProgramError, match="no-such-program cannot be run"):
        command.run(["no-such-program"])
