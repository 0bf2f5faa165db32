"""A timeline in the Trace Event Format, which ui.perfetto.dev and chrome://tracing open.

Source: "Trace Event Format" (Google, document 1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU): complete events (X),
instant events (i), flow events (s, f) and metadata (M); times in microseconds.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from seatrials.timeline.model import Item, Timeline
from seatrials.timeline.tracks import thread_names, thread_of

_PROCESS = 1
_MICROSECONDS = 1_000_000

Event = dict[str, Any]
Threads = Mapping[tuple[str, str], int]


def render(timeline: Timeline) -> str:
    """Return *timeline* as one JSON object; its times count from the earliest event, for none may be negative."""
    names = thread_names(timeline)
    threads = {key: number for number, key in enumerate(names, start=1)}
    origin = min((item.at for item in timeline.items), default=0.0)
    events: list[Event] = [_named("process_name", 0, f"{timeline.row} ({timeline.outcome})")]
    for key, name in names.items():
        events += [_named("thread_name", threads[key], name), _sorted(threads[key])]
    for index, item in enumerate(timeline.items):
        events.append(_event(item, threads, origin))
        events += _flows(timeline, index, threads, origin)
    about = {"row": timeline.row, "test": timeline.test, "message": timeline.message, **timeline.facts}
    document = {"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}
    return json.dumps(document, separators=(",", ":")) + "\n"


def _named(what: str, thread: int, name: str) -> Event:
    return {"ph": "M", "pid": _PROCESS, "tid": thread, "name": what, "args": {"name": name}}


def _sorted(thread: int) -> Event:
    return {"ph": "M", "pid": _PROCESS, "tid": thread, "name": "thread_sort_index", "args": {"sort_index": thread}}


def _event(item: Item, threads: Threads, origin: float) -> Event:
    about = {"subject": item.happening.subject, "level": str(item.level), **item.happening.details}
    event = {
        "name": item.title,
        "cat": item.happening.kind,
        "ts": _microseconds(item.at - origin),
        "pid": _PROCESS,
        "tid": threads[thread_of(item)],
        "args": about,
    }
    if item.until is None:
        return {**event, "ph": "i", "s": "t"}
    return {**event, "ph": "X", "dur": max(0, _microseconds(item.until - origin) - _microseconds(item.at - origin))}


def _flows(timeline: Timeline, index: int, threads: Threads, origin: float) -> Iterator[Event]:
    """Yield an arrow from each cause to the item, where the cause was before it: arrows lead forward in time."""
    item = timeline.items[index]
    for cause in item.causes:
        source = timeline.items[cause]
        if source.at > item.at:
            continue
        arrow = {"name": "led to", "cat": "cause", "id": f"{cause}-{index}", "pid": _PROCESS}
        yield {**arrow, "ph": "s", "ts": _microseconds(source.at - origin), "tid": threads[thread_of(source)]}
        yield {**arrow, "ph": "f", "bp": "e", "ts": _microseconds(item.at - origin), "tid": threads[thread_of(item)]}


def _microseconds(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)
