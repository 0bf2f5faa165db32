"""Work in forks of this process: each begins as this one stands, and changes nothing in it.

A fork that computes for ever, or takes the whole memory, is ended by the kernel, by what it used and not by how long
it took: on a busy machine nothing is ended sooner. A fork with several pieces of work has so much for each of them.
"""

import math
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from types import FrameType
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

Task = TypeVar("Task")
Result = TypeVar("Result")

# Address space of a fork, shared with its parent for the greater part.
_MEMORY_BYTES = 8 * 2**30
# What is left to clean up with when the time is over; then the kernel ends the fork.
_GRACE_CPU_SECONDS = 10


class OutOfComputingError(Exception):
    """The work has used the computing time that it was given."""


def used_cpu_seconds() -> float:
    """Return for how long this process has computed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def grant(cpu_seconds: int) -> None:
    """Let this process compute for so long from now on; then it is told by an `OutOfComputingError`, once."""
    signal.signal(signal.SIGXCPU, _out_of_computing)
    _limit(cpu_seconds)


@dataclass(frozen=True)
class Died:
    """A fork that ended without a result: its exit code, or minus the signal that ended it."""

    exit_code: int | None


class Forks(Generic[Task, Result]):
    """Runs *work* for each task in a fork of its own, *at_once* beside each other, each with so much computing."""

    def __init__(self, work: Callable[[Task], Result], *, at_once: int, cpu_seconds: int) -> None:
        self._work, self._at_once, self._cpu_seconds = work, at_once, cpu_seconds
        self._forking = get_context("fork")
        self._running: dict[Connection, tuple[Task, ForkProcess]] = {}

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Died]]:
        """Yield each task and what came of it, in the order in which they end; whatever ends this ends the forks."""
        waiting = iter(tasks)
        try:
            while True:
                for task in islice(waiting, self._at_once - len(self._running)):
                    self._start(task)
                if not self._running:
                    return
                for ready in connection.wait(list(self._running)):
                    yield self._ended(ready)
        finally:
            for _, process in self._running.values():
                process.kill()
            self._running.clear()

    def _start(self, task: Task) -> None:
        here, there = self._forking.Pipe(duplex=False)
        process = self._forking.Process(target=self._do, args=(task, there), daemon=True)
        process.start()
        there.close()
        self._running[here] = task, process

    def _ended(self, ready: object) -> tuple[Task, Result | Died]:
        assert isinstance(ready, Connection), "nothing else is waited for"
        task, process = self._running.pop(ready)
        result: Result | None = None
        # A fork that died has closed its end, or nobody has it any more.
        with ready, suppress(EOFError, ConnectionResetError):
            result = ready.recv()
        process.join()
        return task, Died(process.exitcode) if result is None else result

    def _do(self, task: Task, there: Connection) -> None:
        grant(self._cpu_seconds)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        there.send(self._work(task))


def _limit(cpu_seconds: int) -> None:
    # Not the hard limit, which nobody but root may raise for the next piece of work.
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used_cpu_seconds()) + cpu_seconds, hard))


def _out_of_computing(_signal: int, _frame: FrameType | None) -> None:
    # Who takes the error for one of its own and goes on is ended.
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _limit(_GRACE_CPU_SECONDS)
    raise OutOfComputingError
