"""A pure model of sessions: what each may be at a moment, by `contract/session.toml` and what was done to it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seatrials.checkers.contract import session_life
from seatrials.platform import contract

# How far two clocks may be apart, and within how long a container notes one activity for several.
TOLERANCE_SECONDS = 2.0
# Within so long Hermes has done what a session's state calls for.
ACTS_WITHIN_SECONDS = contract.EXPIRY_LATEST_SECONDS - contract.IDLE_SECONDS


@dataclass(frozen=True)
class Work:
    """Whose session it is, and in which thread."""

    client: str
    user: str
    thread: str


@dataclass
class Lived:
    """A session as the model has it; moments are in seconds since the epoch."""

    id: str
    work: Work
    began: float
    # As they were seen last, or set.
    last_activity_ms: int
    ttl: int
    status: str
    # When it was told to end, or was first seen to.
    ended: float | None = None
    # Whether it was starting until then: its instruction may have been carried out meanwhile, unseen.
    ended_early: bool = False
    # When it was seen last, or its `ttl` was set.
    seen: float = 0.0

    def may_be(self, since: float, until: float) -> frozenset[str]:
        """Return what it may be told to be between two moments."""
        if self.status in contract.FINAL:
            return frozenset([self.status])
        idle_at = self.last_activity_ms / 1000 + session_life().idle_seconds
        over_at = idle_at if self.ended is None else self.ended
        if self._over_by() <= since:
            return frozenset([contract.EXPIRED])
        found = set[str]() if self.ended is not None else self._reached() & set(contract.LIVE)
        if min(self.ttl, over_at) - TOLERANCE_SECONDS <= until:
            found |= {contract.DRAINING, contract.EXPIRED}
        if self.status == contract.INITIALIZING and until >= self.began + contract.START_SECONDS:
            found |= {contract.ERROR}
        if since > self.began + contract.START_SECONDS + ACTS_WITHIN_SECONDS:
            found -= {contract.INITIALIZING}
        return frozenset(found)

    def is_live(self, since: float, until: float) -> bool | None:
        """Whether it counts as a live one between two moments; None when it may be either."""
        live = [each in contract.LIVE for each in self.may_be(since, until)]
        return True if all(live) else None if any(live) else False

    def answers(self, since: float, until: float, *, live: int, draining: int = 410) -> set[int]:
        """Return the statuses that a call may get, which gets these of a session that is *live* and *draining*."""
        status = dict.fromkeys(contract.LIVE, live) | {contract.DRAINING: draining, contract.EXPIRED: 410}
        # A failed one is told as what it is, and DynamoDB deletes what is past its ttl whenever it likes.
        found = {status.get(each, draining) for each in self.may_be(since, until)}
        return found | ({404} if self.ttl - TOLERANCE_SECONDS <= until else set())

    def saw(self, fields: Mapping[str, Any], at: float) -> None:
        """Take over what the platform said of it, which was found to be possible."""
        self.status = str(fields["status"])
        self.last_activity_ms, self.ttl, self.seen = int(fields["lastActivity"]), int(fields["ttl"]), at
        if self.status not in contract.LIVE and self.ended is None:
            self.ended = at

    def _over_by(self) -> float:
        """Return when it has expired at the latest, if nobody is active in it from now on."""
        active, ttl, ended = self.last_activity_ms / 1000, float(self.ttl), self.ended
        if self.status == contract.INITIALIZING and ended is None:
            # Its instruction, an activity like others, is carried out unseen on its way to active.
            unseen = min(self.began + contract.START_SECONDS, ttl)
            if unseen > self.seen:
                active, ttl = unseen, max(ttl, unseen + session_life().ttl_seconds)
        ends = active + session_life().idle_seconds if ended is None else ended
        return min(ttl, ends + ACTS_WITHIN_SECONDS) + TOLERANCE_SECONDS

    def _reached(self) -> set[str]:
        def lead(status: str) -> Iterator[str]:
            yield status
            for each in session_life().transitions[status]:
                yield from lead(each)

        return set(lead(self.status))


@dataclass
class Lives:
    """Every session that was made, by its id, in order."""

    sessions: dict[str, Lived] = field(default_factory=dict)

    def of_client(self, client: str) -> dict[str, Lived]:
        """Return a client's sessions: names differ by case, and are compared whole."""
        return {each.id: each for each in self.sessions.values() if each.work.client == client}

    def of_work(self, work: Work) -> dict[str, Lived]:
        """Return the sessions of the same client, user and thread."""
        return {each.id: each for each in self.sessions.values() if each.work == work}

    def answers_to(self, work: Work, since: float, until: float) -> set[int]:
        """Return the statuses that a valid activation may get."""
        states = [each.is_live(since, until) for each in self.sessions.values()]
        same = [each.is_live(since, until) for each in self.of_work(work).values()]
        if True in same:
            return {200}
        certain, most = states.count(True), session_life().live_max
        found = {200} if None in same else set[int]()
        found |= {201} if certain < most else set()
        return found | ({429} if certain + states.count(None) >= most else set())
