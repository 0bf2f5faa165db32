"""The lock that lets one activation at a time look at the sessions and add one.

It is an item of the session table, so that it holds between two Hermes; it ends by itself when its owner dies.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from boto3.dynamodb.conditions import Attr

from seatrials.seams.clock import Clock
from seatrials.webordinary.hermes.items import attributes
from seatrials.webordinary.hermes.table import StoreUnavailableError, Table, is_absent

LOCK_KEY = {"sessionId": "lock-activation", "userId": "lock"}
# The owner's time; who died with the lock holds up the others for no longer.
LOCK_SECONDS = 10
_WAIT_SECONDS_MAX = 30.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Lease:
    """What the holder of the lock has: the right to act until it ends."""

    clock: Clock
    ends_at_ms: int

    def check(self) -> None:
        """Raise `StoreUnavailableError` when the lease has ended, for then another may hold the lock."""
        if self.clock.epoch_ms() >= self.ends_at_ms:
            msg = f"the activation lock ended after {LOCK_SECONDS} s, before the activation was done"
            raise StoreUnavailableError(msg)


class ActivationLock:
    """A mutual exclusion of all activations, whichever Hermes they reach."""

    def __init__(self, clock: Clock, table: Table, random: Random) -> None:
        self._clock = clock
        self._table = table
        self._random = random

    @contextmanager
    def held(self) -> Iterator[Lease]:
        """Hold the lock; raises `StoreUnavailableError` when it cannot be had."""
        owner = f"{self._random.getrandbits(64):016x}"
        try:
            yield self._acquire(owner)
        finally:
            self._table.delete_surely(LOCK_KEY, Attr("owner").eq(owner))

    def _acquire(self, owner: str) -> Lease:
        give_up_at = self._clock.now() + _WAIT_SECONDS_MAX
        while self._clock.now() < give_up_at:
            lease = self._try(owner)
            if lease is not None:
                return lease
            self._clock.sleep(_POLL_SECONDS)
        msg = f"the activation lock was not free within {_WAIT_SECONDS_MAX:g} s"
        raise StoreUnavailableError(msg)

    def _try(self, owner: str) -> Lease | None:
        now_ms = self._clock.epoch_ms()
        ends_at_ms = now_ms + LOCK_SECONDS * 1000
        item = attributes({**LOCK_KEY, "owner": owner, "expiresAt": ends_at_ms})
        is_mine = Attr("owner").eq(owner)  # an attempt that seemed to fail did not
        is_free = is_absent() | Attr("expiresAt").lt(now_ms) | is_mine
        return Lease(self._clock, ends_at_ms) if self._table.put(item, is_free) else None
