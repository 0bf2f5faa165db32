"""Starting locust for a run, and waiting for its figures."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from seatrials.errors import EvidenceError
from seatrials.evidence.sums import LOAD_FIGURES, LOAD_LOG
from seatrials.load.figures import LoadFigures, read_figures
from seatrials.load.options import LoadOptions, Part
from seatrials.seams.network import SystemNetwork

# Why it is looked for and not imported: it makes greenlets of all threads and sockets of its process.
_LOCUSTFILE = "seatrials.load.locustfile"
# How long processes of users may take until all of them are there.
_JOIN_SECONDS = 120


class Load:
    """Many users of the platform, in processes of their own."""

    def __init__(
        self,
        part: Part,
        options: LoadOptions,
        variables: Mapping[str, str | None],
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """*variables* are those of the processes, AWS's credentials among them; *tell* is given lines of progress."""
        self.options = options
        self._part = part
        self._variables = variables
        self._tell = tell
        self._folder = part.run_folder

    def run(self) -> LoadFigures:
        """Have the users use the platform; raises `EvidenceError` when what they have seen cannot be known."""
        figures, port = self._folder / LOAD_FIGURES, _free_port()
        command = self._command(port, figures)
        if self.options.elsewhere:
            self._tell(f"waiting for {self.options.elsewhere} of: {shlex.join(self.worker_command(port))}")
        log = self._folder / LOAD_LOG
        with log.open("wb") as errors:
            process = subprocess.Popen(  # noqa: S603  # our own program, with options that are no shell's
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={name: value for name, value in self._variables.items() if value is not None},
            )
            with process:
                assert process.stdout is not None, "a pipe was asked for"
                try:
                    for line in process.stdout:
                        self._tell(line.rstrip())
                finally:
                    process.terminate()
        seen = None if process.returncode else read_figures(figures)
        if seen is None or not seen.count:
            msg = f"no user came to ask for anything, and locust ended with {process.returncode}; {log} ends so:\n"
            raise EvidenceError(msg + _end_of(log))
        return seen

    def worker_command(self, port: int) -> list[str]:
        """Return what makes a process of users on another machine, which has this commit and reaches this one."""
        return [
            *(Path(sys.executable).name, "-m", "locust", "-f", os.path.relpath(_locustfile()), "--worker"),
            *("--master-host", self.options.address, "--master-port", str(port)),
            *self._part.arguments(self.options.members),
        ]

    def _command(self, port: int, figures: Path) -> list[str]:
        options = self.options
        on_this_machine = ("--processes", str(options.processes), "--master-port", str(port))
        elsewhere = ("--master", "--expect-workers", str(options.elsewhere))
        return [
            *(sys.executable, "-m", "locust", "-f", _locustfile(), "--headless", "--only-summary"),
            *("--users", str(options.users), "--spawn-rate", str(options.users)),
            *("--run-time", f"{options.seconds:g}s", "--stop-timeout", "0", "--exit-code-on-error", "0"),
            *(elsewhere if options.elsewhere else on_this_machine),
            *("--master-bind-host", options.address, "--master-bind-port", str(port)),
            *("--expect-workers-max-wait", str(_JOIN_SECONDS)),
            *self._part.arguments(options.members),
            *("--figures", str(figures), "--load-seed", str(options.seed)),
        ]


def _locustfile() -> str:
    spec = find_spec(_LOCUSTFILE)
    assert spec is not None, "it is a part of the package"
    assert spec.origin is not None, "it is a file"
    return spec.origin


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _free_port() -> int:
    listener = SystemNetwork().listen(0)
    port = listener.port
    listener.close()
    return port
