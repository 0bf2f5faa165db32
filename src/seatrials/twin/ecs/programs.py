"""Containers that are programs of this machine: any command as a child process, in whatever language.

The child has the task's own loopback address to listen on, the task definition's environment and its volumes as
directories; what it writes goes to the container's log, line by line. SIGTERM reaches the command itself, as the first
process of a container gets it; SIGKILL ends it with all that it has started. What it may only read is mounted so for it
alone, where this machine lets a user have mounts of one's own (mount_namespaces(7), user_namespaces(7)).
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from seatrials.seams.application import Application, Context
from seatrials.twin.permissions import Principal
from seatrials.twin.physics.external import ExternalNetwork
from seatrials.twin.physics.network import Host
from seatrials.twin.physics.paced_clock import READ, PacedClock
from seatrials.twin.scratch import TASK_ROOT

_CHUNK_BYTES = 65_536
# The exit code of a process that a signal ended is 128 + its number.
_EXIT_BY_SIGNAL = 128
# Mounts that end with the command, which nobody else sees.
_OWN_MOUNTS = ("unshare", "--map-root-user", "--mount")
# Its arguments: folders that can only be read then, `--`, and the command.
_READ_ONLY = 'while [ "$1" != -- ]; do mount --bind -o ro "$1" "$1" || exit; shift; done; shift; exec "$@"'


def program(clock: PacedClock, command: Sequence[str], variables: Mapping[str, str]) -> Application:
    """Return an application that runs *command*; *variables* are what it has beside the task definition's."""

    def main(context: Context) -> int:
        host = context.network
        assert isinstance(host, Host), "a container of a world has a host of that world"
        host.outside = ExternalNetwork(clock, host.loopback_address)
        return _Child(clock, context, command, _environment(context, host, variables)).run()

    return main


def _environment(context: Context, host: Host, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a child; a value that is the path of a volume becomes that of its directory."""
    defined = {name: _real_path(context.root, value) for name, value in context.variables.items()}
    places = {"HOST": host.loopback_address, "ADDRESS": host.loopback_address, TASK_ROOT: str(context.root)}
    # ECS gives the credentials of the task's role by an address; what they lead to is the same.
    task_id = context.variables.get("ECS_TASK_ARN", "").rpartition("/")[2]
    places["AWS_ACCESS_KEY_ID"] = Principal(None, task_id).access_key
    workspace = context.root / "workspace"
    if workspace.exists():
        places["WORKSPACE"] = str(workspace)
    return {**variables, **defined, **places}


def _real_path(root: Path, value: str) -> str:
    place = root / value.lstrip("/")
    return str(place) if value.startswith("/") and value != "/" and place.exists() else value


def _confined(command: Sequence[str], context: Context) -> list[str]:
    """Return the command that runs *command* where it cannot write to what its container may only read."""
    if not context.read_only:
        return list(command)
    places = [str(each) for each in context.read_only]
    if not has_own_mounts():
        context.log(f"this machine gives nobody mounts of one's own, so the program can write to {', '.join(places)}")
        return list(command)
    return [*_OWN_MOUNTS, "sh", "-c", _READ_ONLY, "sh", *places, "--", *command]


def has_own_mounts() -> bool:
    """Whether a program can be given mounts that nobody else sees: not on every system, nor in every container."""
    if shutil.which(_OWN_MOUNTS[0]) is None:
        return False
    return subprocess.run([*_OWN_MOUNTS, "true"], capture_output=True, check=False).returncode == 0  # noqa: S603  # ours


class _Child:
    """One run of a command in one container."""

    def __init__(self, clock: PacedClock, context: Context, command: Sequence[str], variables: dict[str, str]) -> None:
        self._clock = clock
        self._context = context
        self._process = subprocess.Popen(  # noqa: S603  # the command is the user's own
            _confined(command, context),
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None, "it was asked for"
        self._output = self._process.stdout
        self._lines = Lines(context.log)
        os.set_blocking(self._output.fileno(), False)

    def run(self) -> int:
        """Return the exit code once the process has ended, by itself or because its container is stopped."""
        ended = os.pidfd_open(self._process.pid)
        try:
            self._clock.spawn(self._follow_output, "program output")
            self._clock.spawn(self._pass_on_sigterm, "program sigterm")
            self._clock.wait_ready(ended, READ)
        finally:
            # Here too when the container is killed: nothing of it may stay, not even what the command has started.
            self._clock.let_go(ended)
            os.close(ended)
            os.killpg(self._process.pid, signal.SIGKILL)
            code = self._process.wait()
            self._read_output()
            self._lines.finish()
            self._clock.let_go(self._output.fileno())
            self._output.close()
        return code if code >= 0 else _EXIT_BY_SIGNAL - code

    def _pass_on_sigterm(self) -> None:
        self._context.stopping.wait()
        if self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGTERM)

    def _follow_output(self) -> None:
        while self._read_output():
            self._clock.wait_ready(self._output.fileno(), READ)

    def _read_output(self) -> bool:
        """Take in what has been written; return whether more may come."""
        try:
            while data := os.read(self._output.fileno(), _CHUNK_BYTES):
                self._lines.take(data)
        except BlockingIOError:
            return True
        return False


class Lines:
    """Puts lines together from bytes as they come."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """*write* hears each line, without its end."""
        self._write = write
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Take in more bytes."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._write(line.decode("utf-8", "replace").rstrip("\r"))

    def finish(self) -> None:
        """Write what has no end yet."""
        if self._rest:
            self._write(self._rest.decode("utf-8", "replace"))
            self._rest = b""
