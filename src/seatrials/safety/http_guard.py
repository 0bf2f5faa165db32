"""The guard on requests to the platform: one that changes something is sent only while the run has the stack."""

from collections.abc import Callable

import httpx

from seatrials.errors import LeaseLostError

# All others are changes as far as a lease goes, though it is Hermes that makes them.
_READING = ("GET", "HEAD", "OPTIONS")


def refuse_unless_held(holds: Callable[[], bool], request: httpx.Request) -> None:
    """Raise `LeaseLostError` for a request that may change something when the lease does not *hold*."""
    if request.method not in _READING and not holds():
        msg = f"{request.method} {request.url.path} was not sent, for this run no longer has the lease of the stack"
        raise LeaseLostError(msg)
