"""A server of the platform in a process of its own, for as long as a block lasts."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seatrials.clock import wall_seconds
from seatrials.environment import read_variables
from seatrials.errors import ServerError
from seatrials.twin_server.variables import JSON_FILE

_STOP_SECONDS = 15.0
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, kw_only=True)
class RunningServer:
    """A server that takes clients."""

    process_id: int
    # What a client must know, such as AWS_ENDPOINT_URL and SEATRIALS_BASE_URL.
    variables: Mapping[str, str]


@contextmanager
def running_server(*options: str, within_seconds: float = 60.0) -> Iterator[RunningServer]:
    """Yield a server that `seatrials twin serve` has started with *options*; when the block ends, it is stopped.

    It ends too when this process is killed. Raises `ServerError` with what the server said when it is not ready in
    time, or does not end in order.
    """
    directory = Path(tempfile.mkdtemp(prefix="seatrials-server-"))
    # The server makes it again, and what it has made goes with it, also when this process is no more.
    directory.rmdir()
    process = _start(directory, options)
    _wait_until_ready(process, directory / JSON_FILE, within_seconds)
    try:
        variables = json.loads((directory / JSON_FILE).read_text(encoding="utf-8"))
        yield RunningServer(process_id=process.pid, variables=variables)
    finally:
        _stop(process)


def _start(directory: Path, options: Sequence[str]) -> "subprocess.Popen[bytes]":
    fixed = ("--directory", str(directory), "--ends-with-stdin")
    command = [sys.executable, "-m", "seatrials.cli", "twin", "serve", *fixed, *options]
    # The developer's own profile, endpoint and region are no business of the server's.
    variables = {name: value for name, value in read_variables().items() if not name.startswith("AWS_")}
    return subprocess.Popen(  # noqa: S603  # this Python, and arguments of our own
        command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def _wait_until_ready(process: "subprocess.Popen[bytes]", file: Path, within_seconds: float) -> None:
    """Wait for the file that a server writes when it is ready, looking whenever it says something."""
    assert process.stdout is not None, "it was asked for"
    give_up_at = wall_seconds() + within_seconds
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not file.exists():
            left = give_up_at - wall_seconds()
            if left <= 0 or not selector.select(left):
                problem = f"was not ready within {within_seconds:g} s"
                break
            data = os.read(process.stdout.fileno(), _CHUNK_BYTES)
            said += data
            if not data:
                problem = f"ended with exit code {process.wait()} before it was ready"
                break
        else:
            return
    process.kill()
    process.communicate()
    msg = f"the server {problem}; it said:\n{said.decode(errors='replace')}"
    raise ServerError(msg)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """Stop a server in order, or else with SIGKILL; raises `ServerError` for one that had a failure."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        said, _ = process.communicate(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, _ = process.communicate()
    if process.returncode != os.EX_OK:
        msg = f"the server ended with exit code {process.returncode}, not 0; it said:\n{said.decode(errors='replace')}"
        raise ServerError(msg)
