"""Turns among the workers of a run on one stack: exclusive scenarios alone, the others beside one another.

Two locked files of the run's folder. Whoever wants a turn passes the gate first; an exclusive scenario keeps the gate
shut until those before it have ended, so that newcomers cannot keep it waiting for ever. The system gives up the locks
of a process that dies.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Turns:
    """The turns of one run; every worker has its own of the same folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._gate = folder / "gate.lock"
        self._stack = folder / "stack.lock"

    @contextmanager
    def turn(self, *, exclusive: bool) -> Iterator[None]:
        """Wait for a turn, alone or beside others, and have it for the length of a block."""
        with self._stack.open("w") as stack:
            with self._gate.open("w") as gate:
                _lock(gate, exclusive=True)
                _lock(stack, exclusive=exclusive)
            yield


def _lock(file: IO[str], *, exclusive: bool) -> None:
    """Lock until the file is closed."""
    fcntl.flock(file, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
