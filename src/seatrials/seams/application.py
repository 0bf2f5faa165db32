"""What a container gives the application inside it.

The mock platform's Hermes and editor are ordinary programs: each is a `main(context)` that serves until it is told to
stop. The twin starts them in this process; `python -m` could start them anywhere with a context of the real machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from seatrials.seams.clock import Clock, Signal
from seatrials.seams.network import Network

if TYPE_CHECKING:  # a run's first process reads templates only, and httpx imports a command line with it
    import httpx

# boto3 makes its clients' methods at run time, so no type can name them.
AwsClient = Any


@dataclass(frozen=True, kw_only=True)
class Context:
    """The surroundings of one container; nothing in it that a container on AWS would not have."""

    # The task definition's environment, and what ECS adds (such as ECS_TASK_ARN).
    variables: Mapping[str, str]
    clock: Clock
    network: Network
    random: Random
    # Returns a boto3 client of a service, with the task role's rights.
    aws: Callable[[str], AwsClient]
    # Calls out of the container; trusts what the platform's certificates are signed with.
    http: "httpx.Client"
    # Where the container's file system begins on this machine: a mount at /workspace is at root / "workspace".
    root: Path
    # Real paths on this machine below which it can read and not write.
    read_only: tuple[Path, ...] = ()
    # Set by SIGTERM; SIGKILL follows after the stop timeout.
    stopping: Signal
    # Writes a line to the container's log stream.
    log: Callable[[str], None]
    # Waits as a look at a mounted file system does when that is slow; its files are of this machine, which is not.
    disk: Callable[[], None] = lambda: None


# Serves until `context.stopping` is set, then returns the exit code.
Application = Callable[[Context], int]
