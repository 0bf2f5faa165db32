"""How long each session has been without activity, whichever clocks are wrong.

The container writes `lastActivity` by its own clock. When a new value is seen, it was written between the look before
and this one; within that span the value itself is believed, beyond it Hermes's own clock is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from seatrials.webordinary.hermes.lifecycle import Session


@dataclass(frozen=True)
class _Sighting:
    last_activity: int
    # By Hermes's clock, in epoch seconds.
    active_at: float


class IdleWatch:
    """Remembers when each session was last seen to be active."""

    def __init__(self) -> None:
        self._sightings: dict[str, _Sighting] = {}
        # At the first look a session may have been active at any time before.
        self._looked_at = 0.0

    def look(self, sessions: Sequence[Session], now: float) -> None:
        """Take note of the sessions as they are at *now*, and forget all others."""
        self._sightings = {session.session_id: self._sighting(session, now) for session in sessions}
        self._looked_at = now

    def idle_seconds(self, session: Session, now: float) -> float:
        """Return for how long the session, as it was at the last look, has had no activity."""
        return now - self._sightings[session.session_id].active_at

    def _sighting(self, session: Session, now: float) -> _Sighting:
        before = self._sightings.get(session.session_id)
        if before is not None and before.last_activity == session.last_activity:
            return before
        return _Sighting(session.last_activity, min(now, max(self._looked_at, session.last_activity / 1000)))
