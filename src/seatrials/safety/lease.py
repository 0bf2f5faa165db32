"""The lease of a stack: two runs never share one.

It is one item, changed only by conditional writes. Whoever has it writes a new expiry from time to time; another run
takes it when that has passed and a margin besides, and never before. All processes of a run have it together, and the
last one to leave gives it back. Its owner stops writing at the expiry by its own clock, before anyone may take over.
"""

import threading

from seatrials.errors import LeaseHeldError, LeaseLostError, SeatrialsError
from seatrials.safety.store import Item, Store
from seatrials.seams.clock import Clock, Signal

LEASE_SECONDS = 60.0
# By how much clocks may differ, and how long a last call may be on its way.
MARGIN_SECONDS = 15.0
# At a fast pace a lease of a minute would be over before a busy machine comes to prolong it.
_REAL_SECONDS_MIN = 8.0
_KIND, _NAME = "lease", "stack"
_POLL_SECONDS = 5.0
_ABSENT = "attribute_not_exists(run_id)"
_MINE = "run_id = :run"


def lease_seconds(pace: float) -> float:
    """Return how long a lease runs, in platform seconds of a clock of *pace*."""
    return max(LEASE_SECONDS, _REAL_SECONDS_MIN * pace)


class Lease:
    """This process's part in a run's lease."""

    def __init__(self, store: Store, clock: Clock, *, run_id: str, owner: str, seconds: float = LEASE_SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._run_id = run_id
        self._owner = owner
        self._seconds = seconds
        self._margin = MARGIN_SECONDS * seconds / LEASE_SECONDS
        self._expires_ms = 0
        self._leaving: Signal = clock.signal()
        self._lock = threading.Lock()

    def acquire(self, wait_seconds: float = 0.0) -> None:
        """Take the lease, or join the run that this process belongs to.

        Raises `LeaseHeldError` that names the owner when another run has it for longer than *wait_seconds*.
        """
        deadline = self._clock.now() + wait_seconds
        while (holder := self._try()) is not None:
            if self._clock.now() >= deadline:
                raise LeaseHeldError(_held_by(holder, self._clock.epoch_ms()))
            self._clock.sleep(min(_POLL_SECONDS, max(0.1, deadline - self._clock.now())))

    def require_free(self, wait_seconds: float = 0.0) -> None:
        """Write nothing, and raise `LeaseHeldError` when another run has the stack for longer than *wait_seconds*."""
        deadline = self._clock.now() + wait_seconds
        while (seen := holder(self._store)) is not None and not self._may_take(seen):
            if self._clock.now() >= deadline:
                raise LeaseHeldError(_held_by(seen, self._clock.epoch_ms()))
            self._clock.sleep(_POLL_SECONDS)

    def holds(self) -> bool:
        """Whether this process may change the stack now."""
        return self._clock.epoch_ms() < self._expires_ms

    def beat(self) -> None:
        """Prolong the lease; raises `LeaseLostError` when another run has taken it."""
        with self._lock:
            expires_ms = self._expiry_ms()
            changed = self._store.update(
                _KIND,
                _NAME,
                "SET expires_ms = :expires ADD beats :one",
                _MINE,
                {":expires": expires_ms, ":one": 1, ":run": self._run_id},
            )
            if changed is None:
                self._expires_ms = 0
                msg = (
                    "this run let its lease of the stack expire, and another has taken it: it changes nothing any more"
                )
                raise LeaseLostError(msg)
            self._expires_ms = expires_ms

    def keep(self) -> None:
        """Prolong the lease until it is released; a try that fails is repeated as long as the lease runs."""
        while not self._leaving.wait(self._seconds / 3):
            try:
                self.beat()
            except LeaseLostError:
                return
            except SeatrialsError:
                # `holds` turns false by itself when no try succeeds in time.
                continue

    def release(self, *, is_last: bool = False) -> None:
        """Leave the lease; the last process of the run gives it back. A lease that is lost is left alone.

        A process that knows that it *is last* gives it back whoever else is counted: workers may have died.
        """
        self._leaving.set()
        with self._lock:
            self._expires_ms = 0
            values = {":one": -1, ":run": self._run_id}
            item = self._store.update(_KIND, _NAME, "ADD members :one", _MINE, values)
            if item is not None and is_last:
                self._store.delete(_KIND, _NAME, _MINE, {":run": self._run_id})
            elif item is not None and item["members"] <= 0:
                self._store.delete(_KIND, _NAME, f"{_MINE} AND members <= :none", {":none": 0, ":run": self._run_id})

    def _try(self) -> Item | None:
        """Take or join the lease; return who has it when another run does."""
        seen = self._store.get(_KIND, _NAME)
        expires_ms = self._expiry_ms()
        mine = {"run_id": self._run_id, "owner": self._owner, "members": 1, "beats": 0, "expires_ms": expires_ms}
        if seen is None:
            taken = self._store.put(_KIND, _NAME, mine, _ABSENT)
        elif seen["run_id"] == self._run_id:
            values = {":expires": expires_ms, ":one": 1, ":run": self._run_id}
            expression = "SET expires_ms = :expires ADD members :one, beats :one"
            taken = self._store.update(_KIND, _NAME, expression, _MINE, values) is not None
        elif self._may_take(seen):
            # The beats say that its owner has not woken up since it was seen.
            condition, values = "run_id = :seen AND beats = :beats", {":seen": seen["run_id"], ":beats": seen["beats"]}
            taken = self._store.put(_KIND, _NAME, mine, condition, values)
        else:
            return seen
        if taken:
            self._expires_ms = expires_ms
            return None
        return self._store.get(_KIND, _NAME) or seen or mine

    def _may_take(self, lease: Item) -> bool:
        """Whether the owner of *lease* has let it expire, and the margin besides."""
        return self._clock.epoch_ms() > int(lease["expires_ms"]) + self._margin * 1000

    def _expiry_ms(self) -> int:
        return self._clock.epoch_ms() + int(self._seconds * 1000)


def holder(store: Store) -> Item | None:
    """Return the lease as it stands in the table, over or not."""
    return store.get(_KIND, _NAME)


def _held_by(lease: Item, now_ms: int) -> str:
    left = (int(lease["expires_ms"]) - now_ms) / 1000
    until = f"for {left:.0f} s more unless it prolongs it" if left > 0 else f"and let it expire {-left:.0f} s ago"
    return (
        f"the stack belongs to the run {lease['run_id']} of {lease['owner']}, {until}: "
        "wait for it to end, or give --lease-wait a longer time"
    )
