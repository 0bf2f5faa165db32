"""The lease of a stack: two runs never share one, and no run believes another machine's clock.

It is one item, changed only by conditional writes. An owner lives while its item changes, which it does with every
beat. Who wants the lease watches it by its own clock, and takes it when nothing has moved for the time of a lease and a
margin, by a write on the condition that the item is still exactly what was seen. By its own clock too an owner stops
when a lease's time has passed since it began its last beat, and before a change it asks the table, unless it has just
done so. Each taking adds one to the item's `fence`, and no number comes twice, for a lease that is given back keeps it.
What a process of an earlier taking sends late is refused where the write is made on the condition of `Lease.check`.

All processes of a run have the lease together, and each beats for itself: it lives while one of them does, be it the
controller or a worker. The last one to leave gives it back. One that died never leaves: the others let the lease lie
when they go, to be taken when nothing has moved. A controller whose workers have ended gives it back all the same.

What remains: a call on its way cannot be called back. Between the answer of `holds` and the change at AWS may pass
`LAST_CALL_SECONDS`. A process that is stopped for longer just there makes that one change after others have taken the
stack, unless the change is made on the condition of the fence. A machine that sleeps may stop its clock as well: its
process finds out at the first change that begins `CONFIRMED_SECONDS` after the last answer by that clock.
"""

from collections.abc import Callable
from contextlib import suppress
from math import ceil

from seatrials.errors import LeaseHeldError, LeaseLostError, SeatrialsError
from seatrials.safety.lease_item import KIND, NAME, Reading, holder_of, read
from seatrials.safety.store import Check, Item, Store
from seatrials.seams.clock import Clock, Signal

LEASE_SECONDS = 60.0
# For clocks of different rates and for the last call's way.
MARGIN_SECONDS = 15.0
# A clock may be so much too fast or too slow. Clocks of machines differ by less than a thousandth, even while NTP
# corrects them; this is for virtual machines that are moved.
DRIFT_MAX = 0.05
# What is left of the margin, 8.3 s, when the owner's clock is slow and the taker's fast by DRIFT_MAX.
LAST_CALL_SECONDS = (LEASE_SECONDS + MARGIN_SECONDS) / (1 + DRIFT_MAX) - LEASE_SECONDS / (1 - DRIFT_MAX)
# How old an answer of the table may be when a change is made. While clocks run a lease cannot be taken sooner than
# LEASE_SECONDS after it; this is for clocks that stood still. A read for each of many calls in a row would be waste.
CONFIRMED_SECONDS = 5.0
# At a fast pace a lease of a minute would be over before a busy machine comes to prolong it.
_REAL_SECONDS_MIN = 8.0
_POLL_SECONDS = 5.0
_MINE = "run_id = :run AND fence = :fence"


def lease_seconds(pace: float) -> float:
    """Return how long a lease runs, in platform seconds of a clock of *pace*."""
    return max(LEASE_SECONDS, _REAL_SECONDS_MIN * pace)


class Lease:
    """This process's part in a run's lease."""

    def __init__(
        self, store: Store, clock: Clock, *, run_id: str, owner: str, member: str, seconds: float = LEASE_SECONDS
    ) -> None:
        """*member* is a name that no other process of the run has; all other times grow with *seconds*."""
        self._store = store
        self._clock = clock
        self._run_id = run_id
        self._owner = owner
        self._member = member
        self._seconds = seconds
        self._taken_after_seconds = seconds + MARGIN_SECONDS * seconds / LEASE_SECONDS
        self._confirmed_seconds = CONFIRMED_SECONDS * seconds / LEASE_SECONDS
        self._leaving: Signal = clock.signal()
        # What was seen last, and since when; whether it has changed while this process watched.
        self._seen: Reading | None = None
        self._seen_since = 0.0
        self._has_moved = False
        # None while this process has no part in the lease.
        self._fence: int | None = None
        # When the last beat, and the last question, was begun that the table has answered.
        self._beat_at = 0.0
        self._confirmed_at = 0.0

    @property
    def fence(self) -> int:
        """The number of the taking that this process is part of, which grows with each; raises `LeaseLostError`."""
        if self._fence is None:
            msg = "this process has no lease of the stack, or another run has taken it: it changes nothing any more"
            raise LeaseLostError(msg)
        return self._fence

    def check(self) -> Check:
        """Return the condition that the run still has the lease, for writes of the same table in a transaction.

        Raises `LeaseLostError` when this process knows that it has not.
        """
        return Check(KIND, NAME, _MINE, self._mine(self.fence))

    def acquire(self, wait_seconds: float = 0.0) -> None:
        """Take the lease, or join the run that this process belongs to.

        Raises `LeaseHeldError` that names the owner when another run has it for longer than *wait_seconds*; a dead
        owner's is taken within the time of a lease and its margin, 75 s at pace 1.
        """
        self._wait_for(self._try, wait_seconds)

    def require_free(self, wait_seconds: float = 0.0) -> None:
        """Write nothing, and raise `LeaseHeldError` when another run has the stack for longer than *wait_seconds*.

        What was seen counts for `acquire`, which need not watch again.
        """
        self._wait_for(lambda: self._may_take(self._look()), wait_seconds)

    def holds(self) -> bool:
        """Whether this process may change the stack now; asks the table unless it has answered just before.

        Raises our errors when the table cannot be asked, for then nobody knows.
        """
        is_confirmed = self._clock.now() < self._confirmed_at + self._confirmed_seconds
        return (is_confirmed and self._is_running()) or self._ask()

    def beat(self) -> None:
        """Prolong the lease; raises `LeaseLostError` when it is no longer the run's."""
        values = {":one": 1, **self._mine(self.fence)}
        began = self._clock.now()
        if self._store.update(KIND, NAME, "ADD beats :one", _MINE, values) is None:
            self._fence = None
            msg = "this run let its lease of the stack expire, and another has taken it: it changes nothing any more"
            raise LeaseLostError(msg)
        self._beat_at = self._confirmed_at = began

    def keep(self) -> None:
        """Prolong the lease until it is released; a try that fails is repeated as long as the lease runs."""
        while not self._leaving.wait(self._seconds / 3):
            try:
                self.beat()
            except LeaseLostError:
                return
            except SeatrialsError:
                # `holds` asks for itself when no try succeeds in time.
                continue

    def release(self, *, is_last: bool = False) -> bool:
        """Leave the lease, and return whether it was the run's until now; the last process of the run gives it back.

        A process that knows that it *is last* gives it back whoever else is counted: workers may have died.
        A lease that is lost is left alone.
        """
        self._leaving.set()
        fence, self._fence = self._fence, None
        if fence is None:
            return False
        if is_last:
            return self._give_back(fence, _MINE)
        values = {":me": {self._member}, **self._mine(fence)}
        item = self._store.update(KIND, NAME, "DELETE members :me", _MINE, values)
        if item is not None and not item.get("members"):
            # Another process of the run may have come meanwhile.
            self._give_back(fence, f"{_MINE} AND attribute_not_exists(members)")
        return item is not None

    def _give_back(self, fence: int, condition: str) -> bool:
        """Leave nothing of the item but its number, so that the next taking has a greater one."""
        if self._store.put(KIND, NAME, {"fence": fence}, condition, self._mine(fence)):
            return True
        # A call whose answer was lost is repeated, and finds what it has written itself.
        left = read(self._store)
        return left.is_free and left.fence == fence

    def _wait_for(self, attempt: Callable[[], bool], wait_seconds: float) -> None:
        is_done = attempt()
        # From the first look on, so that whoever waits as long as a dead owner's lease must be watched gets it.
        deadline = self._clock.now() + wait_seconds
        while not is_done:
            left = deadline - self._clock.now()
            if left <= 0:
                raise LeaseHeldError(self._held())
            self._clock.sleep(min(_POLL_SECONDS, max(0.1, left)))
            is_done = attempt()

    def _try(self) -> bool:
        """Take or join the lease if that may be; return whether this process is part of it now."""
        # Twice, for a write that another one came before, or whose own answer was lost, is explained by a second look.
        for _ in range(2):
            seen = self._look()
            if not self._may_take(seen):
                return False
            is_mine = seen.is_lease and seen.is_of(self._run_id)
            if self._join(seen.fence) if is_mine else self._take(seen):
                return True
        return False

    def _look(self) -> Reading:
        """Read the lease, and note when this process first saw it like that."""
        reading = read(self._store)
        if reading != self._seen:
            self._has_moved = self._seen is not None
            # After the answer, for what was seen may have been written while it was on its way.
            self._seen, self._seen_since = reading, self._clock.now()
        return reading

    def _may_take(self, seen: Reading) -> bool:
        """Whether what was *seen* just now is free, the run's own, or a dead owner's."""
        if seen.is_free or (seen.is_lease and seen.is_of(self._run_id)):
            return True
        return self._clock.now() >= self._seen_since + self._taken_after_seconds

    def _take(self, seen: Reading) -> bool:
        began, fence = self._clock.now(), seen.fence + 1
        mine = {"run_id": self._run_id, "owner": self._owner, "members": {self._member}, "beats": 0, "fence": fence}
        expected = seen.exactly()
        is_taken = self._store.put(KIND, NAME, mine, expected.condition, expected.values, expected.names)
        if is_taken:
            self._begin(fence, began)
        return is_taken

    def _join(self, fence: int) -> bool:
        began = self._clock.now()
        values = {":me": {self._member}, ":one": 1, **self._mine(fence)}
        is_joined = self._store.update(KIND, NAME, "ADD members :me, beats :one", _MINE, values) is not None
        if is_joined:
            self._begin(fence, began)
        return is_joined

    def _begin(self, fence: int, began: float) -> None:
        self._beat_at = self._confirmed_at = began
        self._fence = fence

    def _ask(self) -> bool:
        """Ask the table whose the lease is; by a beat when its time is over, for a read prolongs nothing."""
        # However long an answer takes, nobody can take the lease while its time runs. Twice, for that may be over when
        # a read is answered.
        for _ in range(2):
            if self._fence is None:
                return False
            began = self._clock.now()
            if not self._is_running():
                with suppress(LeaseLostError):
                    self.beat()
            elif read(self._store).is_of(self._run_id, self._fence):
                self._confirmed_at = began
            else:
                self._fence = None
            if self._is_running():
                return True
        return False

    def _is_running(self) -> bool:
        """Whether this process has the lease, and its time since the last beat is not over."""
        return self._fence is not None and self._clock.now() < self._beat_at + self._seconds

    def _mine(self, fence: int) -> Item:
        return {":run": self._run_id, ":fence": fence}

    def _held(self) -> str:
        """Say who has the lease, and what this process knows of it by its own watching."""
        seen = self._seen
        if seen is None or seen.is_free:
            return "others take the stack and give it back just now: run it again, or wait for them with --lease-wait"
        age = self._clock.now() - self._seen_since
        known = f"its beat moved {age:.0f} s ago" if self._has_moved else f"its beat has not moved for {age:.0f} s"
        needed = self._taken_after_seconds
        return (
            f"the stack belongs to {holder_of(self._store, seen)}; {known}; it may be taken when it has not moved for "
            f"{needed:g} s: wait for its end, or at least {ceil(needed)} s, with --lease-wait (a sweep: --wait)"
        )
