"""What a stack must offer to be examined; mock and live each build one."""

import ssl
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import httpx

from seatrials.environments.environment import Environment
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection


class Faults(Protocol):
    """What can be broken on purpose; each fault is undone when its block ends."""

    def image_missing(self, service: str) -> AbstractContextManager[None]:
        """Let no new task of *service* pull its image."""

    def task_killed(self, task_arn: str) -> AbstractContextManager[None]:
        """End a task's containers with SIGKILL; nothing is left to undo, for its service starts another task."""

    def expiry_hurried(self, delay_seconds: float) -> AbstractContextManager[None]:
        """Let DynamoDB delete an item so soon after its time to live is over, instead of after minutes to days."""

    def table_throttling(self, *, passing: int = 0, refused: int | None = None) -> AbstractContextManager[None]:
        """Let *passing* more calls of tasks reach the session table, and have *refused* throttled then, or all."""

    def stopped(self, service: str) -> AbstractContextManager[None]:
        """Stop every task of *service* at once, and let none start."""

    def hanging(self, task_arn: str) -> AbstractContextManager[None]:
        """Let a task's containers take connections and do nothing, as a process does that SIGSTOP has stopped."""

    def hanging_up(self, task_arn: str) -> AbstractContextManager[None]:
        """Let a task close every new connection at once, without a byte."""

    def failing_health_checks(self, task_arns: Sequence[str], port: int) -> AbstractContextManager[None]:
        """Let tasks answer 503 to the load balancer's health checks on *port*, and serve everything else."""


class Connect(Protocol):
    """Opens a bare TLS connection to the load balancer, for what no HTTP client would send."""

    def __call__(self, trust: ssl.SSLContext | None = None, /) -> Connection:
        """Return the connection; *trust* is believed in place of what the environment trusts.

        Raises `ssl.SSLCertVerificationError` for a certificate that is not believed.
        """


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack, open for a scenario."""

    environment: Environment
    clock: Clock
    # What requests are timed and sent by: real time where there is any, whatever the pace of the platform's.
    request_clock: Clock
    # Returns a boto3 client of a service.
    aws: Callable[[str], AwsClient]
    # Returns one that only looks, and whose calls are in no timeline: for what a failed wait says. None: the same one.
    looking: Callable[[str], AwsClient] | None = None
    # Relative URLs go to the load balancer; trusts its certificate.
    http: httpx.Client
    # Where browsers reach the load balancer, without a slash at the end.
    url: str
    connect: Connect
    faults: Faults
    # Prefix of every name that this run makes on the stack.
    run_prefix: str
