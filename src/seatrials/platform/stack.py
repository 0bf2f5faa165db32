"""What a stack must offer to be examined; mock and live each build one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import httpx

from seatrials.application import AwsClient
from seatrials.clock import Clock
from seatrials.environment import Environment
from seatrials.network import Connection


class Faults(Protocol):
    """What can be broken on purpose; each fault is undone when its block ends."""

    def image_missing(self, service: str) -> AbstractContextManager[None]:
        """Let no new task of *service* pull its image."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack, open for a scenario."""

    environment: Environment
    clock: Clock
    # Returns a boto3 client of a service.
    aws: Callable[[str], AwsClient]
    # Relative URLs go to the load balancer; trusts its certificate.
    http: httpx.Client
    # Where browsers reach the load balancer, without a slash at the end.
    url: str
    # Opens a bare TLS connection to the load balancer, for requests that no HTTP client would send.
    connect: Callable[[], Connection]
    faults: Faults
    # Prefix of every name that this run makes on the stack.
    run_prefix: str
