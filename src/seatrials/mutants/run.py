"""A run of scenarios on mutants, chosen or generated: pytest in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seatrials.errors import ConfigurationError, SeatrialsError, exit_code_of
from seatrials.evidence.folder import DatedFolders, EvidenceFolder, MatrixFolder
from seatrials.evidence.reader import read_matrix
from seatrials.output.output import Output

_SCENARIOS = ("tests/integration", "--environment", "mock", "-p", "no:terminal", "-p", "no:cacheprovider")


def run_mutants(  # noqa: PLR0913  # an option of the command each
    *options: str,
    file: Path | None,
    only: Sequence[str],
    whole_suite: bool,
    scenarios: str,
    seed: int,
    workers: str,
    evidence: Path,
    output: Output,
) -> int:
    """Run and show the matrix, with further *options* of pytest.

    Returns 0 when it is a proof, 1 when not, and 64 or more when it could not be made.

    For a program that is an error of that exit code, with what pytest said.
    """
    arguments = [*_SCENARIOS, "--on-mutants", "--seed", str(seed), "-n", workers]
    arguments += ["--dist", "worksteal", "--evidence", str(evidence)]
    arguments += ["--whole-suite"] if whole_suite else []
    arguments += ["-k", scenarios] if scenarios else []
    arguments += ["--mutants", str(file.absolute())] if file is not None else []
    arguments += [option for name in only for option in ("--only", name)]
    arguments += options
    command = [sys.executable, "-m", "pytest", *arguments]
    if not output.is_json:
        return exit_code_of(run_pytest(command).returncode)
    return _told(command, EvidenceFolder(evidence).mutants, output)


@dataclass(frozen=True)
class Which:
    """Which of the generated mutants: those whose ids begin so, of these so many, and with *again* judged ones too.

    With a *shard* it is a part of them.
    """

    beginnings: Sequence[str]
    size: int | None
    seed: int
    again: bool
    shard: str | None = None

    @property
    def options(self) -> list[str]:
        """What says so to pytest."""
        options = [option for name in self.beginnings for option in ("--only", name)]
        options += [] if self.size is None else ["--sample", str(self.size)]
        options += [] if self.shard is None else ["--shard", self.shard]
        return [*options, *(["--again"] if self.again else []), "--seed", str(self.seed)]


def run_generated(which: Which, *, scenarios: str, workers: str, keep_killers: bool) -> int:
    """Run on mutants made by rules; return 0 when it is a proof, and 1 if not."""
    at_once = len(os.sched_getaffinity(0)) if workers == "auto" else max(int(workers), 1)
    arguments = [*_SCENARIOS, "-n", "0", "--generated", str(at_once), *which.options]
    arguments += ["-k", scenarios] if scenarios else []
    arguments += ["--keep-killers"] * keep_killers
    return exit_code_of(run_pytest([sys.executable, "-m", "pytest", *arguments]).returncode)


def run_pytest(command: Sequence[str], *, is_heard: bool = False) -> "subprocess.CompletedProcess[str]":
    """Return how the *command* ended; with *is_heard* what it said is there, and not shown.

    Raises `ConfigurationError` outside of a checkout: an installed wheel has no scenarios.
    """
    if not Path(_SCENARIOS[0]).is_dir():
        msg = f"{Path.cwd()} has no {_SCENARIOS[0]}, whose scenarios run on mutants: start it at the top of a checkout"
        raise ConfigurationError(msg)
    with _ctrl_c_after():
        return subprocess.run(command, check=False, capture_output=is_heard, text=True)  # noqa: S603  # this Python, our arguments


@contextmanager
def _ctrl_c_after() -> Iterator[None]:
    """Put Ctrl-C off to the end of the block: pytest hears it too, and takes seconds to write what it knows.

    `subprocess.run` would kill it after a quarter of a second.
    """
    heard: list[int] = []
    former = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
    if heard:
        raise KeyboardInterrupt


def _told(command: Sequence[str], folders: DatedFolders, output: Output) -> int:
    """Run *command*, and tell what stands in the matrix that it has written."""
    before = set(folders.all())
    process = run_pytest(command, is_heard=True)
    code, written = exit_code_of(process.returncode), [each for each in folders.all() if each not in before]
    record = MatrixFolder(written[0]).record if len(written) == 1 else None
    matrix = read_matrix(record)[0] if record is not None and record.is_file() else None
    if matrix is None:
        raise _error(process.stderr.strip() or process.stdout.strip() or f"pytest ended with {code}", code)
    survivors = sorted(name for name, each in matrix.mutants.items() if not each.killed_by)
    killed = len(matrix.mutants) - len(survivors)
    problems = list(matrix.problems or ())
    output.tell(matrix=str(record), mutants=len(matrix.mutants), killed=killed, survivors=survivors, problems=problems)
    return code


def _error(said: str, code: int) -> SeatrialsError:
    """Return the error that a run of pytest ended with, by its exit code and what it said."""
    kinds = (each for each in SeatrialsError.__subclasses__() if each.exit_code == code)
    error = next(kinds, SeatrialsError)(said.removeprefix("Exit: seatrials: "))
    # Codes of pytest's own have no class.
    error.exit_code = code or SeatrialsError.exit_code
    return error
