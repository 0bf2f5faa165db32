"""Recording what each test executes: `--record-coverage` runs it in a copy of one process that has run no other.

What one test has left in a cache, the next would not execute, and a change of it would seem not to touch the next one.
So the process that has collected the tests and opened the stack runs none, and each test runs in a fork of it.

The process starts with `main` of this module, for what is imported before the tracer is not seen.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from seatrials.affected.tracer import TRACER

if TYPE_CHECKING:  # whatever this module needs is imported by functions, when the tracer has begun
    import pytest

    from seatrials.environments.environment import Environment

# The tracer compiles the files in place of pytest, and so it rewrites their assertions.
_ALONE = ("-n", "0", "--capture=no", "--assert=plain", "-p", "no:cacheprovider")


def record_elsewhere(config: "pytest.Config") -> int:
    """Make the recording that this run was asked for in a process that sees everything from its start."""
    from seatrials.errors import exit_code_of  # noqa: PLC0415

    command = [sys.executable, "-m", "seatrials.run.record", *config.invocation_params.args]
    return exit_code_of(subprocess.run(command, check=False, cwd=config.invocation_params.dir).returncode)  # noqa: S603


def choose_rows(config: "pytest.Config", environment: "Environment") -> None:
    """Register the plugin that leaves tests out, or that records them, when that was asked for."""
    if not config.getoption("--record-coverage") and config.getoption("--changed") is None:
        return
    from seatrials.run.changed import ChangedRows, check_use  # noqa: PLC0415

    check_use(config, environment)
    if config.getoption("--changed") is not None:
        config.pluginmanager.register(ChangedRows(config, environment), "seatrials-changed")
        return
    from seatrials.run.recorder import CoverageRecorder  # noqa: PLC0415

    config.pluginmanager.register(CoverageRecorder(config, environment), "seatrials-recorder")


def main() -> None:
    """Run pytest with the process's arguments, and note everything that it executes."""
    top = next((each for each in (Path.cwd(), *Path.cwd().parents) if (each / ".git").exists()), Path.cwd())
    TRACER.start(top)
    import pytest  # noqa: PLC0415

    sys.exit(pytest.main([*sys.argv[1:], *_ALONE]))


def in_forks(tests: Sequence[str], work: Callable[[str], Any], processes: int) -> Iterator[tuple[str, Any]]:
    """Yield what *work* returns for each of *tests*, each in a fork of this process; None for one that ended early."""
    waiting, running = list(reversed(tests)), dict[int, str]()
    with TemporaryDirectory(prefix="seatrials-") as folder:
        while waiting or running:
            while waiting and len(running) < processes:
                test = waiting.pop()
                running[_fork(test, work, Path(folder))] = test
            process, _status = os.wait()
            result = Path(folder, str(process))
            yield running.pop(process), json.loads(result.read_bytes()) if result.is_file() else None


def _fork(test: str, work: Callable[[str], Any], folder: Path) -> int:
    process = os.fork()
    if process:
        return process
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        written = folder / f"{os.getpid()}.part"
        written.write_text(json.dumps(work(test)), encoding="utf-8")
        written.replace(folder / str(os.getpid()))
    finally:
        # Whatever happens, this copy must not go on as if it were the process that collected.
        os._exit(0)


if __name__ == "__main__":
    main()
