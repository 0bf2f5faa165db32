"""How a run ends before its last scenario: the error that ended it, from whichever process had it, is its exit code."""

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import FrameType
from typing import Any

import pytest
from _pytest import runner
from _pytest._code.code import TracebackEntry
from pluggy import PluggyTeardownRaisedWarning

from seatrials.errors import HUNG_UP, INTERRUPTED, TERMINATED, EvidenceError, SeatrialsError
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
_UNRAISABLE = (pytest.PytestUnraisableExceptionWarning, pytest.PytestUnhandledThreadExceptionWarning)
_WORKER_KEY = "seatrials_ending"
# What ends a run in order: Ctrl-C, CI or the system, a terminal that is closed.
_SIGNALS = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: HUNG_UP}


class RunEnding:
    """What ended a run of this process and of its workers; the first error counts, for others may follow from it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._told: tuple[int, str] | None = None
        self._workers: list[int] = []
        # Those that have come so far as to know the scenarios.
        self._collected: set[object] = set()
        self._session: pytest.Session | None = None
        self._former: dict[signal.Signals, Any] = {}
        # Whether a signal has ended the run, and the one that did, if it has a code of its own.
        self.is_cut_short = False
        self._heard: signal.Signals | None = None
        # Where pytest runs in a thread of another program, signals are that program's.
        if threading.current_thread() is threading.main_thread():
            former = {number: signal.getsignal(number) for number in _SIGNALS}
            # nohup, or a shell in the background, has some of them ignored; None is a handler that is not Python's.
            self._former = {number: each for number, each in former.items() if each not in {signal.SIG_IGN, None}}
            self._hear(self._end)
            config.add_cleanup(self._hear_no_more)

    def stop(self, session: pytest.Session, error: SeatrialsError) -> None:
        """Begin no other scenario, for *error* would end it too; its exit code is the run's."""
        self._stop(session, error.exit_code, str(error))

    def note(self, error: SeatrialsError) -> None:
        """Give the run the exit code of *error*, which each other scenario meets before it begins."""
        self._note(error.exit_code, str(error))

    def stop_writing(self, raised: OSError) -> None:
        """Begin no other scenario, for its evidence could not be kept."""
        if self._session is not None:
            self.stop(self._session, cannot_write(raised))

    def _stop(self, session: pytest.Session, exit_code: int, text: str) -> None:
        session.shouldstop = text
        # Which hands out scenarios in the session's place, and does not ask it.
        scheduling = self._config.pluginmanager.get_plugin("dsession")
        if scheduling is not None:
            scheduling.shouldstop = text
        self._note(exit_code, text)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Note the session, which an internal error does not tell; end it here if a signal was heard and swallowed."""
        self._session = session
        self._end_if_heard()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Begin no scenario after a signal that somebody swallowed."""
        self._end_if_heard()

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Leave out of what pytest shows whatever has no line, which it would end with an error of its own for.

        A signal is heard between any two instructions, and those that a compiler adds belong to no line.
        """
        excinfo.traceback = excinfo.traceback.filter(_has_line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """End the run in order when whoever writes evidence, Allure and the report log too, can write no more."""
        raised: BaseException | None = excinfo.value
        if isinstance(raised, PluggyTeardownRaisedWarning):  # an error here, and raised in place of what it tells
            raised = raised.__context__
        if not isinstance(raised, OSError) or raised.errno not in _UNWRITABLE:
            return
        self.stop_writing(raised)
        error = cannot_write(raised)
        pytest.exit(f"seatrials: {error}", returncode=error.exit_code)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Take down what fixtures hold, a world for example, before those write who may find that they cannot."""
        runner.pytest_sessionfinish(session)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_unconfigure(self) -> Iterator[None]:
        """Give the run its exit code when the last that it wrote does not fit: files are closed here.

        It keeps the one that it has when pytest finds, last of all, what nobody closed and threads that broke: raised
        as an error, as warnings are here, that would end the process with 1, as though some scenario had failed.
        """
        try:
            return (yield)
        except (ExceptionGroup, *_UNRAISABLE) as raised:
            _tell_unraisable(self._session, raised)
        except OSError as raised:
            if raised.errno not in _UNWRITABLE:
                raise
            error = cannot_write(raised)
            if self._session is None:  # which pytest, with an error here, would let end with 1
                say(self._config, f"seatrials: {error}")
                raise SystemExit(error.exit_code) from raised
            fail(self._session, error.exit_code, str(error))

    def begin_to_end(self) -> None:
        """Let nothing disturb the end of the run, and let workers that still run end with it, as they do at Ctrl-C."""
        self._hear(_wait)
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if self.is_cut_short and reporter is not None:
            reporter.write_line("seatrials: cleaning up, which another signal does not hurry")
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
    def pytest_xdist_node_collection_finished(self, node: Any) -> None:  # noqa: ANN401  # xdist has no public type for it
        """Note a worker that knows the scenarios."""
        self._collected.add(node)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ANN401  # xdist has no public type for it
        """Learn from a worker what ended its part of the run; end it with one that could not even begin.

        pytest-xdist starts another worker for one that died, many times, and without `-n` for ever.
        """
        with suppress(ValueError):  # which says that it never was ready
            self._workers.remove(_process_id(node))
        told = getattr(node, "workeroutput", {}).get(_WORKER_KEY)
        if told is not None:
            self._note(*told)
        elif error is not None and node not in self._collected:
            self._note(SeatrialsError.exit_code, _died(node, error))
            pytest.exit(_died(node, error), returncode=SeatrialsError.exit_code)

    def _note(self, exit_code: int, text: str) -> None:
        self._told = self._told or (exit_code, text)
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_WORKER_KEY] = list(self._told)

    def _hear(self, handler: Callable[[int, FrameType | None], None]) -> None:
        for number in self._former:
            signal.signal(number, handler)

    def _hear_no_more(self) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        """End the run as Ctrl-C does, with the exit code of the signal; another one must not end the cleaning up."""
        self.is_cut_short = True
        if number == signal.SIGINT:
            # A debugger, or code that takes it for its own, may go on with the run, which must still hear the next.
            raise KeyboardInterrupt
        self._hear(_wait)
        self._heard = signal.Signals(number)
        self._end_if_heard()

    def _end_if_heard(self) -> None:
        """End the run with the code of the signal that was heard, if one was.

        Asked again later, for what pytest raises is an ordinary exception, and libraries catch those: botocore, whose
        call was on its way, takes it for a broken connection and calls again.
        """
        if self._heard is None:
            return
        text, exit_code = f"{self._heard.name} ended the run", _SIGNALS[self._heard]
        if self._session is not None:
            self._stop(self._session, exit_code, text)
        pytest.exit(f"seatrials: {text}", returncode=exit_code)


def _has_line(entry: TracebackEntry) -> bool:
    line: int | None = entry._rawentry.tb_lineno  # noqa: SLF001  # `lineno` is what fails without one
    return line is not None


def cannot_write(error: OSError) -> EvidenceError:
    """Return the error of a run whose evidence cannot be kept, which therefore proves nothing."""
    where = f" ({error.filename})" if error.filename else ""
    return EvidenceError(
        f"evidence cannot be written: {error.strerror}{where}; make room, or give another folder with --evidence"
    )


def _process_id(node: Any) -> int:  # noqa: ANN401  # xdist has no public type for it
    return int(node.gateway._io.popen.pid)  # noqa: SLF001  # execnet tells nobody which process it has started


def _tell_unraisable(session: pytest.Session | None, raised: Exception) -> None:
    """Say what pytest found after the end of a run; raises it when it is something else."""
    errors = raised.exceptions if isinstance(raised, ExceptionGroup) else (raised,)
    if session is None or not all(isinstance(each, _UNRAISABLE) for each in errors):
        raise raised
    first = str(errors[0]).partition("\n")[0]
    code = session.exitstatus or SeatrialsError.exit_code
    fail(session, code, f"something was left open, or a thread broke, {len(errors)} of them; the first: {first}")


def fail(session: pytest.Session, exit_code: int, text: str) -> None:
    """Give the run an exit code of ours, and say why."""
    session.exitstatus = exit_code
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"seatrials: {text}", red=True)
    else:
        say(session.config, f"seatrials: {text}")


def _wait(_number: int, _frame: FrameType | None) -> None:
    """Let a run that ends come to its end."""


def _died(node: Any, error: object) -> str:  # noqa: ANN401  # xdist has no public type for it
    return (
        f"the worker {node.gateway.id} ended before it knew its scenarios ({error}), and so would the next one: "
        "what it said stands above; run it with -n 0 to see more"
    )
