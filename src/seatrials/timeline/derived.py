"""What follows from what is recorded and has no line of its own: states of sessions, WebSockets, blind alarms."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from seatrials.timeline.model import Happening

_SWITCHED = 101
_SESSION = re.compile(r'"sessionId":\s*"(?P<id>[^"]+)"')
_STATUS = re.compile(r'"status":\s*"(?P<status>\w+)"')
# AWS publishes these itself, which no event tells.
_OF_AWS = "AWS/"


def derived_from(happenings: Sequence[Happening], ended: float) -> Iterable[Happening]:
    """Yield what follows from *happenings* of a row that *ended* so many seconds after it began."""
    has_table = any(each.kind == "table" for each in happenings)
    for each in happenings:
        if each.kind == "request" and each.details.get("status") == _SWITCHED:
            yield replace(each, kind="socket")
        if has_table and each.kind in ("table", "ttl_delete"):
            yield from _session_of_table(each)
        elif not has_table and each.kind == "step":
            yield from _session_of_answer(each)
    yield from _blind_alarms(happenings, ended)


def _blind_alarms(happenings: Sequence[Happening], ended: float) -> Iterable[Happening]:
    """Yield the alarms that would trigger something, and of whose metrics nobody has published one up to the end."""
    published = sorted({str(each.details.get("metric")) for each in happenings if each.kind == "metric"})
    alarms = {each.subject: each.details for each in happenings if each.kind == "alarm_definition"}
    for name, told in alarms.items():
        watched = _texts(told.get("watches"))
        is_seeing = any(each in published or each.startswith(_OF_AWS) for each in watched)
        if published and watched and _texts(told.get("triggers")) and not is_seeing:
            details = {"watches": watched, "published": published, "triggers": told["triggers"]}
            yield Happening(at=ended, kind="blind_alarm", subject=name, details=details)


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _session_of_table(each: Happening) -> Iterable[Happening]:
    session, status = str(each.details.get("sessionId") or ""), each.details.get("status")
    if each.kind == "ttl_delete":
        key = each.details.get("key")
        session = str(key.get("sessionId") or "") if isinstance(key, dict) else str(key or "")
    if not session.startswith("session-"):
        return
    if each.kind == "ttl_delete" or each.details.get("operation") == "DeleteItem":
        status = "deleted"
    if status:
        yield replace(each, kind="session", subject=session, details={"state": status, "told by": "the table"})


def _session_of_answer(each: Happening) -> Iterable[Happening]:
    answer = str(each.details.get("answer") or "")
    session, status = _SESSION.search(answer), _STATUS.search(answer)
    if session and status:
        told = {"state": status["status"], "told by": "an answer of Hermes"}
        yield replace(each, kind="session", subject=session["id"], details=told)
