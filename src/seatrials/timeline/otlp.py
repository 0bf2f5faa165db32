"""A timeline as OpenTelemetry traces, in the file format of OTLP: a line of JSON that is a `TracesData`.

Source: OpenTelemetry specification, "OpenTelemetry Protocol File Exporter" and "OTLP/HTTP, JSON Protobuf Encoding": ids
are hexadecimal, times are nanoseconds as decimal strings, enumerations are numbers.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from seatrials.timeline.kinds import LANES
from seatrials.timeline.model import Item, Level, Timeline

_NANOSECONDS = 1_000_000_000
_KIND_INTERNAL = 1
_STATUS_OK, _STATUS_ERROR = 1, 2
_INTEGER_MAX = 2**63 - 1

Json = dict[str, Any]


def render(timeline: Timeline) -> str:
    """Return *timeline* as one trace: the row is its root, each lane a service, and causes are links."""
    trace = _digest(timeline, "trace")[:32]
    by_lane: dict[str, list[Json]] = {}
    for index, item in enumerate(timeline.items):
        by_lane.setdefault(item.lane, []).append(_span(timeline, trace, index, item))
    resources = [_resource("seatrials", [_root(timeline, trace)])]
    resources += [_resource(LANES[lane], spans) for lane, spans in by_lane.items()]
    return json.dumps({"resourceSpans": resources}, separators=(",", ":")) + "\n"


def _resource(service: str, spans: list[Json]) -> Json:
    return {
        "resource": {"attributes": _attributes({"service.name": service, "service.namespace": "seatrials"})},
        "scopeSpans": [{"scope": {"name": "seatrials.timeline"}, "spans": spans}],
    }


def _root(timeline: Timeline, trace: str) -> Json:
    first = min((item.at for item in timeline.items), default=0.0)
    last = max((item.until or item.at for item in timeline.items), default=0.0)
    failed = timeline.failure is not None
    return {
        "traceId": trace,
        "spanId": _id(timeline, "root"),
        "name": timeline.row,
        "kind": _KIND_INTERNAL,
        "startTimeUnixNano": _nanoseconds(timeline, min(first, 0.0)),
        "endTimeUnixNano": _nanoseconds(timeline, max(last, timeline.times.ended)),
        "attributes": _attributes({"test": timeline.test, "outcome": str(timeline.outcome), **timeline.facts}),
        "status": {"code": _STATUS_ERROR, "message": timeline.message} if failed else {"code": _STATUS_OK},
    }


def _span(timeline: Timeline, trace: str, index: int, item: Item) -> Json:
    happening = item.happening
    about = {"kind": happening.kind, "subject": happening.subject, "track": item.track, "level": str(item.level)}
    span: Json = {
        "traceId": trace,
        "spanId": _id(timeline, str(index)),
        "parentSpanId": _id(timeline, "root"),
        "name": item.title,
        "kind": _KIND_INTERNAL,
        "startTimeUnixNano": _nanoseconds(timeline, item.at),
        "endTimeUnixNano": _nanoseconds(timeline, item.until if item.until is not None else item.at),
        "attributes": _attributes(
            {**{f"seatrials.{name}": value for name, value in about.items()}, **happening.details}
        ),
    }
    if item.causes:
        span["links"] = [{"traceId": trace, "spanId": _id(timeline, str(cause))} for cause in item.causes]
    if item.level is Level.BAD:
        span["status"] = {"code": _STATUS_ERROR, "message": item.title}
    return span


def _attributes(values: Mapping[str, Any]) -> list[Json]:
    """Return *values* as attributes; one that is None is none."""
    return [{"key": name, "value": _value(value)} for name, value in values.items() if value is not None and name]


def _value(value: object) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int) and abs(value) <= _INTEGER_MAX:
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}


def _nanoseconds(timeline: Timeline, at: float) -> str:
    # By microseconds, which a float of seconds since the epoch still tells apart.
    return str(max(0, round((timeline.times.began_seconds + at) * 1_000_000)) * (_NANOSECONDS // 1_000_000))


def _id(timeline: Timeline, name: str) -> str:
    return _digest(timeline, name)[:16]


def _digest(timeline: Timeline, name: str) -> str:
    """Return hexadecimal digits that are the same for the same row of the same run, and never all zero."""
    about = "/".join([*timeline.facts.values(), timeline.row, name])
    return sha256(about.encode("utf-8", "replace")).hexdigest()
