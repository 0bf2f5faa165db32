"""A run on a rehearsal as a process of its own: how far it is, and how it is interrupted from outside."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from seatrials.errors import exit_code_of
from seatrials.evidence.folder import EvidenceFolder, RunFolder
from seatrials.seams.clock import SystemClock, wait_until
from tests.support.interruption.plans import Phase

# Generous, for a machine that others use too.
_AIM_SECONDS = 240.0
_END_SECONDS = 300.0
_LOOK_SECONDS = 0.02
# Rows that make sessions, and rows that change services and targets, which they do only while nobody else is there.
ROWS = "table_holds or keepalive_moves or new_deployment or draining_target"
_ZOMBIE = "Z"


class BegunRun:
    """A run that has begun, in a process group of its own, as a terminal or a CI job gives it one."""

    def __init__(
        self,
        variables: Mapping[str, str],
        evidence: Path,
        workers: int,
        *,
        before: tuple[str, ...] = (),
        environment: str = "rehearsal",
        rows: str = ROWS,
        end_seconds: float = _END_SECONDS,
    ) -> None:
        """*evidence* is a folder that nobody else has; the command stands behind *before*, which runs it.

        It has *end_seconds* of the machine to come to its end once that is waited for.
        """
        self.evidence = evidence
        self._end_seconds = end_seconds
        self._environment = environment
        evidence.mkdir(parents=True)
        pytest = (sys.executable, "-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider", "--tb=short")
        options = ("tests/integration", "--environment", environment, "--evidence", str(evidence), "-k", rows)
        self._process = subprocess.Popen(  # noqa: S603  # this Python, and arguments of our own
            [*before, *pytest, *options],
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._said: list[str] = []
        # Read all the time, for a run that nobody listens to would stop at a full pipe.
        self._reader = threading.Thread(target=self._read, name="what the run says", daemon=True)
        self._reader.start()
        self._clock = SystemClock()

    @property
    def group(self) -> int:
        """The process group of the run, and the id of its controller."""
        return self._process.pid

    @property
    def folder(self) -> RunFolder | None:
        """The run's evidence, once there is a folder."""
        found = EvidenceFolder(self.evidence).runs(self._environment).all()
        return RunFolder(found[0]) if found else None

    @property
    def said(self) -> str:
        """The last of what it has said."""
        return "".join(self._said)[-4000:]

    def phase(self) -> Phase:
        """Return how far the run is."""
        folder = self.folder
        if self._process.poll() is not None:
            return Phase.OVER
        if folder is None or not folder.record.is_file():
            return Phase.STARTING
        if not any(folder.path.glob("journal/*")):
            return Phase.BEGUN
        return Phase.ENDING if _rows_over(folder) >= len(folder.read_rows()) > 0 else Phase.ROWS

    def wait_for(self, aim: Phase, after_seconds: float) -> Phase:
        """Wait until the run has come to a phase, and so much longer; return the one that it is in then."""
        order = list(Phase)
        self._wait(lambda: order.index(self.phase()) >= order.index(aim), _AIM_SECONDS, f"a run to be {aim}")
        self._clock.sleep(after_seconds)
        return self.phase()

    def pause(self, seconds: float) -> None:
        """Let the run go on for a while."""
        self._clock.sleep(seconds)

    def resume(self) -> None:
        """Let all processes go on that were stopped."""
        self.send_all(signal.SIGCONT)

    def wait_for_worlds(self) -> list[Path]:
        """Wait until a process of a run on the mock has a world; return the folders of all of them."""
        return wait_until(
            self._clock,
            lambda: [folder for process in self.processes() for folder in folders_of(process)],
            _AIM_SECONDS,
            what="a run to have a world",
            every_seconds=_LOOK_SECONDS,
            explain=lambda: self.said,
        )

    def send_all(self, number: signal.Signals) -> None:
        """Send a signal to every process of the run, as a terminal does at Ctrl-C."""
        if self.processes():
            os.killpg(self.group, number)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the controller alone."""
        self._process.send_signal(number)

    def processes(self) -> list[int]:
        """Return the ids of the run's processes that have not ended."""
        return [process for process, state, _, group in _processes() if group == self.group and state != _ZOMBIE]

    def kill_a_worker(self) -> None:
        """Send SIGKILL to one of the controller's own children, if there is any yet."""
        workers = [process for process, state, parent, _ in _processes() if parent == self.group and state != _ZOMBIE]
        for process in workers[-1:]:
            os.kill(process, signal.SIGKILL)

    def let_files_grow_no_more(self) -> None:
        """Let every write to a file fail from now on, as on a full disk."""
        for process in self.processes():
            resource.prlimit(process, resource.RLIMIT_FSIZE, (0, 0))

    def wait_for_end(self) -> int:
        """Wait until every process of the run has ended; return its exit code as a shell tells it."""
        self._wait(lambda: self._process.poll() is not None, self._end_seconds, "a run to end")
        self._wait(lambda: not self.processes(), self._end_seconds, "the workers of a run to end")
        self._reader.join()
        return exit_code_of(self._process.returncode)

    def end(self) -> None:
        """Leave no process behind, whatever a test has done with it."""
        self.send_all(signal.SIGKILL)
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None, "it was asked for"
        self._process.stdout.close()

    def _wait(self, condition: Callable[[], bool], within_seconds: float, what: str) -> None:
        wait_until(
            self._clock, condition, within_seconds, what=what, every_seconds=_LOOK_SECONDS, explain=lambda: self.said
        )

    def _read(self) -> None:
        assert self._process.stdout is not None, "it was asked for"
        for line in self._process.stdout:
            self._said.append(line.decode(errors="replace"))


def folders_of(process_id: int) -> list[Path]:
    """Return the folders that a process owns, by the files that it holds a lock on; none of one that has ended."""
    try:
        opened = [each.readlink() for each in Path(f"/proc/{process_id}/fd").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return sorted(each.parent for each in opened if each.name == ".owner")


def _rows_over(folder: RunFolder) -> int:
    """Return how many rows have been reported to their end."""
    if not folder.report_log.is_file():
        return 0
    return folder.report_log.read_text(encoding="utf-8", errors="replace").count('"when": "teardown"')


def _processes() -> list[tuple[int, str, int, int]]:
    """Return id, state, parent and group of each process of this machine."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        found.append((int(path.parent.name), state, int(parent), int(group)))
    return found
