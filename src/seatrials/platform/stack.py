"""What a stack must offer to be examined; mock and live each build one."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import httpx

from seatrials.environments.environment import Environment
from seatrials.platform.faults import Breaker
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock
from seatrials.seams.network import Connection


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
    # Makes the faults of `seatrials.platform.faults` that it has a method for.
    breaker: Breaker
    # Prefix of every name that this run makes on the stack.
    run_prefix: str
