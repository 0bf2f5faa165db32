"""What users do, and are promised, on a platform that breaks; whoever breaks it decides when it must hold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from seatrials.platform import NotYet, Platform, Session

_OK = 200


def commits(platform: Platform, session: Session, message: str) -> bool:
    """Change a file of a session and commit it; return whether both were answered as done.

    What an instruction has committed in between is no commit of this one's.
    """
    written = platform.workspace(session).write("kept.md", message.encode())
    made = platform.http.post("/api/git/commit", {"message": message}, session.headers)
    return (written.status, made.status) == (_OK, _OK) and made.json()["filesChanged"] != []


def is_served(platform: Platform, session: Session) -> bool | NotYet:
    """Whether a session's preview is answered by the task that its item names."""
    health = platform.sessions.preview(session, "/health")
    if health.status != _OK:
        return NotYet(f"its preview is {health}")
    served_by, item = health.json()["taskArn"], platform.sessions.item(session) or {}
    host = item.get("taskArn")
    return served_by == host or NotYet(f"it is served by {served_by}, and its item names {host}")


def expect_kept(session: Session, committed: Iterable[str], log: Iterable[Mapping[str, Any]]) -> None:
    """Fail unless each message that was answered as committed is in the log of a session, once."""
    found = Counter(each["message"] for each in log)
    wrong = {message: found[message] for message in committed if found[message] != 1}
    assert wrong == {}, f"commits of {session.id} are in its log as often as this: {wrong}"
