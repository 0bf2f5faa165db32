"""How often a run may call AWS: a token bucket for each group of calls, below the limits of AWS's own.

An account shares AWS's limits with everyone in it: a run that uses them up takes them from the platform itself.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from seatrials.seams.clock import Clock


@dataclass(frozen=True)
class Rate:
    """How many calls may come at once, and how many more each second."""

    burst: float
    per_second: float


# Chosen: more than scenarios need, and small beside what an account is allowed. AWS publishes only some of its limits.
RATES: Mapping[str, Rate] = {
    "application-autoscaling": Rate(5, 2),
    "cloudformation": Rate(2, 1),
    "dynamodb": Rate(50, 50),
    "ecs": Rate(10, 8),
    "efs": Rate(5, 2),
    "elbv2": Rate(10, 5),
}
_OTHERS = Rate(10, 5)


class Bucket:
    """Tokens that come back with time; whoever takes one that is not there yet waits for it."""

    def __init__(self, clock: Clock, rate: Rate) -> None:
        self._clock = clock
        self._rate = rate
        self._tokens = rate.burst
        self._filled_at = clock.now()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Take a token, waiting until it is there; return the seconds waited."""
        with self._lock:
            now = self._clock.now()
            self._tokens = min(self._rate.burst, self._tokens + (now - self._filled_at) * self._rate.per_second)
            self._filled_at = now
            # Below zero are the tokens that others wait for already.
            self._tokens -= 1
            wait = max(0.0, -self._tokens / self._rate.per_second)
        if wait:
            self._clock.sleep(wait)
        return wait


class Rates:
    """The buckets of one process, by service; *share* is the part of the rates that is this process's."""

    def __init__(self, clock: Clock, share: float = 1.0) -> None:
        self._clock = clock
        self._share = share
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def take(self, service: str) -> float:
        """Wait until a call to *service* may be made; return the seconds waited."""
        with self._lock:
            if service not in self._buckets:
                rate = RATES.get(service, _OTHERS)
                self._buckets[service] = Bucket(self._clock, Rate(rate.burst, rate.per_second * self._share))
        return self._buckets[service].take()
