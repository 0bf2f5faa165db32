"""The programs of an environment that has the wheel, started as its user would: outside of the checkout."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from seatrials.seams.clock import SystemClock, wait_until

_READY_SECONDS = 300
# Nothing is compiled yet, and a machine may be busy.
_SECONDS_MAX = 300


def add_option(parser: pytest.Parser) -> None:
    """Add the Python that the environment is made with."""
    parser.getgroup("package").addoption(
        "--python", default=sys.executable, help="a version or a path, as uv takes it (the Python of this run)"
    )


@dataclass(frozen=True)
class Outside:
    """An environment, and the home folder of its user, where every program starts."""

    environment: Path
    home: Path

    def run(self, *command: str, variables: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment to its end, and return what it said and how it ended."""
        program, *arguments = command
        return subprocess.run(  # noqa: S603  # of the environment that was made here
            [self.environment / "bin" / program, *arguments],
            env={**self._variables, **(variables or {})},
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS_MAX,
        )

    @contextmanager
    def serving(self) -> Iterator[Mapping[str, str]]:
        """Yield the variables for clients of `seatrials twin serve`, which Ctrl-C ends."""
        directory = self.home / "twin"
        command = [str(self.environment / "bin/seatrials"), "twin", "serve", "--directory", str(directory)]
        process = subprocess.Popen(command, env=self._variables, cwd=self.home, stdout=subprocess.DEVNULL)  # noqa: S603  # as above
        try:
            ready = directory / "environment.json"
            wait_until(SystemClock(), ready.is_file, _READY_SECONDS, what="the server to be ready", every_seconds=0.2)
            yield json.loads(ready.read_text(encoding="utf-8"))
            process.send_signal(signal.SIGINT)
            ended = process.wait(_SECONDS_MAX)
            assert ended == 0, f"the server ended with {ended} at Ctrl-C"
        finally:
            process.kill()
            process.wait()

    @property
    def _variables(self) -> dict[str, str]:
        """What a shell has: nothing of this process's environment, checkout or Python leads there."""
        return {"PATH": f"{self.environment / 'bin'}:{os.defpath}", "HOME": str(self.home)}
