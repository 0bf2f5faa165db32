"""Histories in a few words, for tests of the checkers."""

import json
from collections.abc import Mapping
from typing import Any

from seatrials.checkers.finding import Finding
from seatrials.checkers.judge import CHECKERS
from seatrials.checkers.story import Story
from seatrials.evidence.history import (
    GIT,
    METRICS,
    RULES,
    TABLE,
    Broken,
    Exchange,
    History,
    ItemWrite,
    MetricMinute,
    Publication,
    RulesGone,
    Socket,
)

# When everything here begins, in epoch seconds.
BEGAN = 1_772_442_000
ONE = "session-00000000-0000-4000-8000-000000000001"
OTHER = "session-00000000-0000-4000-8000-000000000002"
ACTIVATE = "/hermes/api/sessions/activate"
JSON = ("content-type", "application/json")
# Headers of what the load balancer answers itself.
BALANCER = (JSON, ("server", "awselb/2.0"))


def status_path(session_id: str = ONE) -> str:
    """Return where Hermes tells of a session."""
    return f"/hermes/api/sessions/{session_id}/status"


def session(session_id: str = ONE, client: str = "client-one", **changes: object) -> dict[str, Any]:
    """Return a session as Hermes answers it, and as the table has it."""
    return {
        "sessionId": session_id,
        "userId": f"user-of-{client}",
        "clientId": client,
        "threadId": f"thread-of-{client}",
        "status": "active",
        "previewUrl": f"https://alb.example/session/{session_id}",
        "createdAt": BEGAN * 1000,
        "lastActivity": BEGAN * 1000,
        "ttl": BEGAN + 1800,
        "metadata": {"instruction": "Create a file named hello.md with content: hello"},
        **changes,
    }


class Happened:
    """What happened, written down line by line; seconds count from `BEGAN`."""

    def __init__(self) -> None:
        self.history = History(lambda: float(BEGAN))

    def asked(
        self,
        request: str,
        status: int,
        answer: object = None,
        *,
        at: float = 0.0,
        sent: object = None,
        headers: Mapping[str, str] | None = None,
        told: tuple[tuple[str, str], ...] = (JSON,),
    ) -> "Happened":
        """Add a request, such as "GET /path", and its answer, which takes 0.1 s."""
        method, _, target = request.partition(" ")
        body = answer if isinstance(answer, bytes) else b"" if answer is None else json.dumps(answer).encode()
        content = sent if isinstance(sent, bytes) else None if sent is None else json.dumps(sent).encode()
        exchange = Exchange(
            began=BEGAN + at,
            ended=BEGAN + at + 0.1,
            method=method,
            target=target,
            sent_headers=headers or {},
            sent=content,
            status=status,
            headers=told,
            body=body,
        )
        self.history.exchanges.append(exchange)
        return self

    def made(self, session_id: str = ONE, client: str = "client-one", *, at: float = 0.0) -> "Happened":
        """Add an activation."""
        return self.asked(f"POST {ACTIVATE}", 201, session(session_id, client), at=at, sent={"clientId": client})

    def wrote(
        self, session_id: str = ONE, *, at: float, by: str = "hermes", gone: bool = False, **changes: object
    ) -> "Happened":
        """Add a write of an item."""
        self.history.sources.add(TABLE)
        fields = None if gone else session(session_id, f"client-of-{session_id[-1]}", **changes)
        self.history.writes.append(ItemWrite(at=BEGAN + at, session_id=session_id, by=by, fields=fields))
        return self

    def published(
        self, *, at: float, stopping: bool = False, counted_at: float | None = None, **datum: object
    ) -> "Happened":
        """Add a publication of the metric, counted just before."""
        self.history.sources |= {TABLE, METRICS}
        whole = {"MetricName": "ActiveSessionCount", "Unit": "Count", **datum}
        counted = BEGAN + (at if counted_at is None else counted_at)
        publication = Publication(
            at=BEGAN + at, by="hermes", namespace="N", data=[whole], counted_at=counted, is_stopping=stopping
        )
        self.history.publications.append(publication)
        return self

    def read_metric(self, began: float, minimum: float, maximum: float, unit: str = "Count") -> "Happened":
        """Add what CloudWatch has of a minute of the metric."""
        minute = MetricMinute(began=BEGAN + began, minimum=minimum, maximum=maximum, unit=unit)
        self.history.read_metric([minute])
        return self

    def something_broken(self, began: float, ended: float, *words: str) -> "Happened":
        """Add a time in which the scenario had something broken."""
        self.history.broken.append(Broken(BEGAN + began, BEGAN + ended, frozenset(words)))
        return self

    def rules_went(self, *uncommitted: str) -> "Happened":
        """Add the end of a session's rules."""
        self.history.sources |= {RULES, GIT}
        self.history.rules_gone.append(RulesGone(at=float(BEGAN), session_id=ONE, uncommitted=uncommitted))
        return self

    def heard(self, *messages: tuple[float, str], until: float, since: float = 0.0) -> "Happened":
        """Add a WebSocket that was open for a time, with the updates that it was told."""
        told = [(BEGAN + at, {"type": "update", "path": path}) for at, path in messages]
        self.history.sockets.append(Socket(ONE, BEGAN + since, BEGAN + until, None, [*told]))
        return self

    def found_by(self, checker: str) -> list[Finding]:
        """Return what a checker finds."""
        return list(CHECKERS[checker][0](Story.of(self.history)))

    def broken(self, checker: str) -> list[str]:
        """Return the invariants that a checker finds broken."""
        return [finding.invariant for finding in self.found_by(checker)]
