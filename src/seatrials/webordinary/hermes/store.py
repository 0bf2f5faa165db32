"""The sessions in the table; every change of one is conditional, so that two who act at once cannot undo each other.

Beside the contract's attributes an item has Hermes's own: `instructionDone`, and while a Hermes works on the session
`worker` and `workerUntil` (epoch milliseconds): during a deployment two of them run, and only one may place a session.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from boto3.dynamodb.conditions import Attr, ConditionBase

from seatrials.seams.clock import Clock
from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.items import Item, item_of, session_of
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.table import StoreUnavailableError, Table, UnclearChangeError, is_absent

_CLAIM = ("worker", "workerUntil")


class SessionStore:
    """Reads and changes sessions; every method raises `StoreUnavailableError` when the table does not answer."""

    def __init__(self, clock: Clock, table: Table) -> None:
        self._clock = clock
        self._table = table

    def open_sessions(self) -> list[Session]:
        """Return the sessions that are not over, oldest first; a consistent scan, for the indexes lag behind."""
        return _sessions(self._table.scan(Attr("status").is_in([str(status) for status in lifecycle.OPEN])))

    def live_sessions(self) -> list[Session]:
        """Return the sessions that count, oldest first."""
        now = self._clock.now()
        return [session for session in self.open_sessions() if lifecycle.is_live(session, now)]

    def live_count(self) -> int:
        """Return how many sessions count, without reading them."""
        is_status = Attr("status").is_in([str(status) for status in lifecycle.LIVE])
        return self._table.count(is_status & Attr("ttl").gt(int(self._clock.now())))

    def of_client(self, client_id: str) -> list[Session]:
        """Return every session of a client that the table still holds, oldest first."""
        return _sessions(self._table.scan(Attr("clientId").eq(client_id)))

    def find(self, session_id: str) -> Session | None:
        """Return a session by its id alone, or None."""
        return next(iter(_sessions(self._table.partition(session_id))), None)

    def add(self, session: Session) -> None:
        """Store a new session, or leave nothing of it behind."""
        try:
            self._table.put(item_of(session), is_absent())
        except UnclearChangeError:
            return  # a fresh id is nobody else's: that it exists means that an attempt which seemed to fail did not
        except StoreUnavailableError:
            self._table.delete_surely(_key(session))
            raise

    def touch(self, session: Session) -> tuple[int, int] | None:
        """Note activity now; return the new `(lastActivity, ttl)`, both later than before, or None when it changed."""
        last_activity = max(self._clock.epoch_ms(), session.last_activity + 1)
        ttl = max(lifecycle.ttl_of(last_activity), session.ttl)
        condition = _unchanged(session) & Attr("lastActivity").eq(session.last_activity)
        changes = {"lastActivity": last_activity, "ttl": ttl}
        # What changed it may have been this very call, which then is made again and does no harm.
        with suppress(UnclearChangeError):
            if self._table.update(_key(session), changes=changes, condition=condition):
                return last_activity, ttl
        return None

    def change_status(
        self, session: Session, after: Status, changes: Mapping[str, Any] | None = None, *, if_untouched: bool = False
    ) -> bool:
        """Move the session on from the status it was read with; return False when it has changed since.

        With *if_untouched* activity since it was read counts as a change too. A claim on the session ends, but not by
        its draining: what a Hermes is opening just then can be closed only afterwards.
        """
        condition = _unchanged(session)
        if if_untouched:
            condition &= Attr("lastActivity").eq(session.last_activity) & Attr("ttl").eq(session.ttl)
        all_changes = {**(changes or {}), "status": str(after)}
        removals = () if after is Status.DRAINING else _CLAIM
        return self._table.update(_key(session), changes=all_changes, removals=removals, condition=condition)

    def set_fields(self, session: Session, changes: Mapping[str, Any]) -> bool:
        """Set attributes while the status is what it was; return False when it is not."""
        return self._table.update(_key(session), changes=changes, condition=_unchanged(session))

    def claim(self, session: Session, worker: str, seconds: float, changes: Mapping[str, Any] | None = None) -> bool:
        """Reserve the session for *worker* for so long; return False when another has it or its status changed."""
        now_ms = self._clock.epoch_ms()
        is_free = Attr("worker").not_exists() | Attr("worker").eq(worker) | Attr("workerUntil").lt(now_ms)
        claim = {"worker": worker, "workerUntil": now_ms + round(seconds * 1000)}
        return self._table.update(
            _key(session), changes={**(changes or {}), **claim}, condition=_unchanged(session) & is_free
        )

    def release(self, session: Session, worker: str) -> None:
        """Give up a claim, if there still is one."""
        self._table.update(_key(session), changes={}, removals=_CLAIM, condition=Attr("worker").eq(worker))


def _sessions(items: list[Item]) -> list[Session]:
    found = [session for session in map(session_of, items) if session is not None]
    return sorted(found, key=lambda session: (session.created_at, session.session_id))


def _key(session: Session) -> dict[str, str]:
    return {"sessionId": session.session_id, "userId": session.user_id}


def _unchanged(session: Session) -> ConditionBase:
    return Attr("status").eq(str(session.status))
