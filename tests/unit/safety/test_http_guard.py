"""Tests of the guard on requests: what changes something needs the lease, and what reads does not."""

import httpx
import pytest

from seatrials.errors import LeaseLostError
from seatrials.safety.http_guard import refuse_unless_held


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_needs_the_lease(method: str) -> None:
    """A request that may change something is refused without the lease, and names itself; with it, it is sent."""
    request = httpx.Request(method, "https://example.org/hermes/api/sessions/activate")
    refuse_unless_held(lambda: True, request)

    with pytest.raises(LeaseLostError, match=f"{method} /hermes/api/sessions/activate was not sent"):
        refuse_unless_held(lambda: False, request)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_needs_no_lease(method: str) -> None:
    """A request that reads does not even ask for the lease."""
    refuse_unless_held(lambda: pytest.fail("it asked"), httpx.Request(method, "https://example.org/"))
