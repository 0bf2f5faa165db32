"""A server of the platform in a process of its own, for as long as a block lasts."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from seatrials.environments.variables import read_variables
from seatrials.errors import ServerError, TemplateError
from seatrials.evidence.signing import names_of_signing
from seatrials.seams.clock import wall_seconds
from seatrials.twin_server.variables import JSON_FILE

_STOP_SECONDS = 15.0
_LINES_KEPT = 200


@dataclass(frozen=True, kw_only=True)
class RunningServer:
    """A server that takes clients."""

    process_id: int
    # What a client must know, such as AWS_ENDPOINT_URL and SEATRIALS_BASE_URL.
    variables: Mapping[str, str]
    # The last lines that it has said; more come while it runs.
    said: Sequence[str] = ()


@contextmanager
def running_server(
    *options: str, within_seconds: float = 60.0, program: Sequence[str] = ("seatrials.cli",)
) -> Iterator[RunningServer]:
    """Yield a server that `seatrials twin serve` has started with *options*; when the block ends, it is stopped.

    *program* is the module that takes the command, with what it takes before it: another one may break the platform.

    It ends too when this process is killed. Raises `ServerError` with what the server said when it is not ready in
    time, or does not end in order, and `TemplateError` for a template that it refuses.
    """
    directory = Path(tempfile.mkdtemp(prefix="seatrials-server-"))
    # The server makes it again, and what it has made goes with it, also when this process is no more.
    directory.rmdir()
    process = _start(directory, options, program)
    said = _Said(process)
    said.wait_for(directory / JSON_FILE, within_seconds)
    try:
        variables = json.loads((directory / JSON_FILE).read_text(encoding="utf-8"))
        yield RunningServer(process_id=process.pid, variables=variables, said=said.lines)
    finally:
        said.stop()


def _start(directory: Path, options: Sequence[str], program: Sequence[str]) -> "subprocess.Popen[bytes]":
    fixed = ("--directory", str(directory), "--ends-with-stdin")
    command = [sys.executable, "-m", *program, "twin", "serve", *fixed, *options]
    # The developer's own profile, endpoint and region are no business of the server's, nor is what signs evidence.
    known = read_variables()
    others = names_of_signing(known)
    variables = {name: value for name, value in known.items() if not name.startswith("AWS_") and name not in others}
    return subprocess.Popen(  # noqa: S603  # this Python, and arguments of our own
        command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


class _Said:
    """What a server says, read all the time: one that nobody listens to would stop at a full pipe."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._spoke = threading.Event()
        self._reader = threading.Thread(target=self._read, name="what the server says", daemon=True)
        self._reader.start()

    def wait_for(self, file: Path, within_seconds: float) -> None:
        """Wait for the file that a server writes when it is ready, looking whenever it says something."""
        give_up_at = wall_seconds() + within_seconds
        while not file.exists():
            left = give_up_at - wall_seconds()
            if not self._reader.is_alive() and not file.exists():
                self._fail(f"ended with exit code {self._process.wait()} before it was ready")
            if left <= 0:
                self._process.kill()
                self._fail(f"was not ready within {within_seconds:g} s")
            self._spoke.wait(left)
            self._spoke.clear()

    def stop(self) -> None:
        """Stop the server in order, or else with SIGKILL; raises `ServerError` for one that had a failure."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if code != os.EX_OK:
            self._fail(f"ended with exit code {code}, not 0")
        self._let_go()

    def _fail(self, problem: str) -> NoReturn:
        code = self._process.wait()
        self._let_go()
        said = "\n".join(self.lines)
        msg = f"the server {problem}; it said:\n{said}"
        # A template that is refused is so whoever deploys it.
        raise TemplateError(msg) if code == TemplateError.exit_code else ServerError(msg)

    def _let_go(self) -> None:
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _read(self) -> None:
        assert self._process.stdout is not None, "it was asked for"
        for line in self._process.stdout:
            self.lines.append(line.decode(errors="replace").rstrip("\n"))
            self._spoke.set()
        self._spoke.set()
