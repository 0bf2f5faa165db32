"""One run of scenarios on mutants: pytest in a process of its own, with the matrix as its reporter."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from seatrials.errors import exit_code_of


def run_mutants(
    *options: str,
    file: Path | None,
    only: Sequence[str],
    whole_suite: bool,
    scenarios: str,
    seed: int,
    workers: str,
    evidence: Path,
) -> int:
    """Run and show the matrix, with further *options* of pytest.

    Returns 0 when it is a proof, 1 when not, and 64 or more when it could not be made.
    """
    arguments = ["tests/integration", "--environment", "mock", "--on-mutants", "--seed", str(seed), "-n", workers]
    arguments += ["--dist", "worksteal", "-p", "no:terminal", "-p", "no:cacheprovider", "--evidence", str(evidence)]
    arguments += ["--whole-suite"] if whole_suite else []
    arguments += ["-k", scenarios] if scenarios else []
    arguments += ["--mutants", str(file.resolve())] if file is not None else []
    arguments += [option for name in only for option in ("--only", name)]
    arguments += options
    command = [sys.executable, "-m", "pytest", *arguments]
    process = subprocess.run(command, check=False)  # noqa: S603  # this Python, and arguments of our own
    return exit_code_of(process.returncode)
