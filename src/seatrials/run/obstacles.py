"""What the platform was refused while a scenario ran.

Few failures name the role that lacks a right, the route that leads nowhere, or the reason why a task did not start, and
these have to be mended.
"""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from seatrials.run.items import RUN_KEY

_DENIALS = ("not_reached", "access_denied")
_KINDS = ("task_stop", "mount_not_writable", *_DENIALS)
# Of each kind, in the order above: what says most stands last, where a message that is cut still has it.
_SHOWN_MAX = 2


def tell_obstacles(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Say beside a failure what its platform was refused meanwhile, before the report is made of it."""
    run = item.stash.get(RUN_KEY, None)
    if run is not None and call.when == "call" and call.excinfo is not None:
        for each in obstacles_in(run.timeline_json()):
            call.excinfo.value.add_note(each)


def denial_in(timeline: Sequence[str]) -> str:
    """Return the first thing that a role or the network did not allow, by a timeline of JSON lines; empty without."""
    return next((_told(each) for each in _events(timeline) if each["kind"] in _DENIALS), "")


def obstacles_in(timeline: Sequence[str]) -> list[str]:
    """Return why tasks did not start, where they could not write, and what network and roles did not allow.

    Of each the first are told.
    """
    told = {kind: dict.fromkeys(_told(each) for each in _events(timeline) if each["kind"] == kind) for kind in _KINDS}
    return [line for lines in told.values() for line in [each for each in lines if each][:_SHOWN_MAX]]


def _events(timeline: Sequence[str]) -> list[dict[str, Any]]:
    events = (json.loads(line) for line in timeline if any(f'"{kind}"' in line for kind in _KINDS))
    return [each for each in events if each.get("kind") in _KINDS]


def _told(event: dict[str, Any]) -> str:
    subject, reason = event["subject"], event.get("reason")
    if event["kind"] == "access_denied":
        return f"role {subject}: no {event.get('action')} on {event.get('resource')} {reason}"
    if event["kind"] == "not_reached":
        ends = f"{event.get('source')} does not reach {event.get('target')} on port {event.get('port')}"
        return f"not let through: {ends}: {subject} {event.get('why')}"
    if event["kind"] == "mount_not_writable":
        return f"container {str(subject).rpartition('-')[0]} cannot write to {event.get('path')}: {reason}"
    if event.get("code") != "TaskFailedToStart":
        return ""
    # Of tasks that fail alike one is enough.
    return f"a task did not start: {reason}".replace(str(subject), "ID")
