"""How a run ends before its last scenario: the error that ended it, from whichever process had it, is its exit code."""

import errno
import os
import signal
import threading
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from pluggy import PluggyTeardownRaisedWarning

from seatrials.errors import TERMINATED, EvidenceError, SeatrialsError
from seatrials.run.items import say

# A disk that is full or read-only, and a folder that is none.
_UNWRITABLE = {
    errno.EACCES,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EIO,
    errno.EISDIR,
    errno.ENOENT,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
}
_WORKER_KEY = "seatrials_ending"


class RunEnding:
    """What ended a run of this process and of its workers; the first error counts, for others may follow from it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: tuple[int, str] | None = None
        self._workers: list[int] = []
        self._session: pytest.Session | None = None
        self._former: Any = None
        # Where pytest runs in a thread of another program, signals are that program's.
        self._hears = threading.current_thread() is threading.main_thread()
        if self._hears:
            self._former = signal.signal(signal.SIGTERM, _end)
            config.add_cleanup(self._hear_no_more)

    def stop(self, session: pytest.Session, error: SeatrialsError) -> None:
        """Begin no other scenario, for *error* would end it too; its exit code is the run's."""
        session.shouldstop = str(error)
        self._note(error.exit_code, str(error))
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_WORKER_KEY] = [error.exit_code, str(error)]

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Note the session, which an internal error does not tell."""
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """End the run in order when whoever writes evidence, Allure and the report log too, can write no more."""
        raised: BaseException | None = excinfo.value
        if isinstance(raised, PluggyTeardownRaisedWarning):  # an error here, and raised in place of what it tells
            raised = raised.__context__
        if not isinstance(raised, OSError) or raised.errno not in _UNWRITABLE:
            return
        error = cannot_write(raised)
        if self._session is not None:
            self.stop(self._session, error)
        pytest.exit(f"seatrials: {error}", returncode=error.exit_code)

    def begin_to_end(self) -> None:
        """Let nothing disturb the end of the run, and let workers that still run end with it, as they do at Ctrl-C."""
        if self._hears:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for process_id in self._workers:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGTERM)

    def show(self, session: pytest.Session) -> None:
        """Give the run the exit code of what ended it, and say what that was."""
        if self._told is not None:
            fail(session, *self._told)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:  # noqa: ANN401  # xdist has no public type for it
        """Note a worker of pytest-xdist that has begun."""
        self._workers.append(_process_id(node))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:  # noqa: ANN401  # xdist has no public type for it
        """Learn from a worker what ended its part of the run."""
        with suppress(ValueError):  # which says that it never was ready
            self._workers.remove(_process_id(node))
        told = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
        if told is not None:
            self._note(*told)

    def _note(self, exit_code: int, text: str) -> None:
        self._told = self._told or (exit_code, text)

    def _hear_no_more(self) -> None:
        signal.signal(signal.SIGTERM, self._former)


def cannot_write(error: OSError) -> EvidenceError:
    """Return the error of a run whose evidence cannot be kept, which therefore proves nothing."""
    where = f" ({error.filename})" if error.filename else ""
    return EvidenceError(
        f"evidence cannot be written: {error.strerror}{where}; make room, or give another folder with --evidence"
    )


def _process_id(node: Any) -> int:  # noqa: ANN401  # xdist has no public type for it
    return int(node.gateway._io.popen.pid)  # noqa: SLF001  # execnet tells nobody which process it has started


def fail(session: pytest.Session, exit_code: int, text: str) -> None:
    """Give the run an exit code of ours, and say why."""
    session.exitstatus = exit_code
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"seatrials: {text}", red=True)
    else:
        say(session.config, f"seatrials: {text}")


def _end(_number: int, _frame: FrameType | None) -> None:
    """End the run as Ctrl-C does, with the exit code of the signal; another one must not end the cleaning up."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pytest.exit("seatrials: SIGTERM ended the run", returncode=TERMINATED)
