"""What a session is, the states it goes through, and the platform's limits on it.

Everything here is pure. Other modules call it through the module (`lifecycle.is_live(...)`), so that a rule of the
platform has one place where it can be changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# A session lives so long after its last activity, whatever else happens.
TTL_SECONDS = 30 * 60
# Without activity for so long it is drained.
IDLE_SECONDS = 5 * 60
# A container must have been had within so long after the activation.
START_SECONDS = 120
# Live sessions beyond this are refused.
SESSIONS_MAX = 12


class Status(StrEnum):
    """Where a session is in its life."""

    INITIALIZING = "initializing"
    ACTIVE = "active"
    DRAINING = "draining"
    EXPIRED = "expired"
    ERROR = "error"


LIVE = (Status.INITIALIZING, Status.ACTIVE)
# Sessions that Hermes still has something to do for.
OPEN = (Status.INITIALIZING, Status.ACTIVE, Status.DRAINING)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as the table holds it."""

    session_id: str
    user_id: str
    client_id: str
    thread_id: str
    status: Status
    preview_url: str
    # Epoch milliseconds.
    created_at: int
    last_activity: int
    # Epoch seconds.
    ttl: int
    metadata: Mapping[str, Any]
    task_arn: str | None = None
    # Whether the container has carried out the instruction; Hermes's own, in no answer.
    instruction_done: bool = False

    @property
    def created_seconds(self) -> float:
        """When the session was made, in epoch seconds."""
        return self.created_at / 1000


def ttl_of(last_activity_ms: int) -> int:
    """Return the epoch second until which a session lives that was last active at *last_activity_ms*."""
    return last_activity_ms // 1000 + TTL_SECONDS


def is_past_ttl(session: Session, now: float) -> bool:
    """Whether the session's time is over, though DynamoDB may keep the item for days."""
    return session.ttl <= now


def is_live(session: Session, now: float) -> bool:
    """Whether the session counts: for capacity, for the metric, and as the one to return again."""
    return session.status in LIVE and not is_past_ttl(session, now)


def is_idle(idle_seconds: float) -> bool:
    """Whether a session without activity for so long is to be drained."""
    return idle_seconds >= IDLE_SECONDS


def is_start_overdue(session: Session, now: float) -> bool:
    """Whether a session that is initializing has waited too long for a container."""
    return now - session.created_seconds >= START_SECONDS


def is_same_work(session: Session, client_id: str, user_id: str, thread_id: str) -> bool:
    """Whether *session* is of this client, user and thread."""
    return (session.client_id, session.user_id, session.thread_id) == (client_id, user_id, thread_id)


def reported_status(session: Session, now: float) -> Status:
    """Return the status that answers show: a session past its ttl counts as expired."""
    return Status.EXPIRED if is_past_ttl(session, now) else session.status
