"""Turns a valid request into a session: the one that is there already, or a new one, or a refusal."""

import uuid
from dataclasses import dataclass
from random import Random

from seatrials.seams.clock import Clock
from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.lock import ActivationLock
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.validation import Activation


class FullError(Exception):
    """As many sessions are live as the platform takes."""


@dataclass(frozen=True, kw_only=True)
class Activations:
    """Makes sessions, one at a time whichever Hermes is asked."""

    clock: Clock
    random: Random
    lock: ActivationLock
    store: SessionStore
    balancer_url: str

    def activate(self, wanted: Activation) -> tuple[Session, bool]:
        """Return the session for *wanted* and whether it is new.

        Raises `FullError`, or `StoreUnavailableError`; either way nothing is stored.
        """
        with self.lock.held() as lease:
            live = self.store.live_sessions()
            existing = self.find_existing(live, wanted)
            if existing is not None:
                return existing, False
            if len(live) >= lifecycle.SESSIONS_MAX:
                msg = f"{len(live)} sessions are live, and no more than {lifecycle.SESSIONS_MAX} may be"
                raise FullError(msg)
            session = self.new_session(wanted)
            lease.check()
            self.store.add(session)
        return session, True

    def find_existing(self, live: list[Session], wanted: Activation) -> Session | None:
        """Return the live session of the same client, user and thread, if there is one."""
        if wanted.thread_id is None:
            return None
        matches = (
            session
            for session in live
            if lifecycle.is_same_work(session, wanted.client_id, wanted.user_id, wanted.thread_id)
        )
        return next(matches, None)

    def new_session(self, wanted: Activation) -> Session:
        """Return a session that is not stored yet."""
        session_id = f"session-{self._uuid()}"
        now_ms = self.clock.epoch_ms()
        return Session(
            session_id=session_id,
            user_id=wanted.user_id,
            client_id=wanted.client_id,
            thread_id=wanted.thread_id or f"thread-{self._uuid()}",
            status=Status.INITIALIZING,
            preview_url=f"{self.balancer_url}/session/{session_id}",
            created_at=now_ms,
            last_activity=now_ms,
            ttl=lifecycle.ttl_of(now_ms),
            metadata={**wanted.metadata, "instruction": wanted.instruction},
        )

    def _uuid(self) -> uuid.UUID:
        return uuid.UUID(int=self.random.getrandbits(128), version=4)
