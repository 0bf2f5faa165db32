"""A timeline for tools that show traces, by the field rules that these publish."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from seatrials.timeline import otlp, perfetto
from seatrials.timeline.build import build
from seatrials.timeline.evidence import read_run
from seatrials.timeline.model import Timeline
from tests.support.timeline_run import BEGAN_SECONDS, HOSTILE, ROW, write_run

# OTLP's AnyValue, by the name of the field that holds the value.
OTLP_TYPES = {"stringValue": str, "boolValue": bool, "intValue": str, "doubleValue": float}


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    """Return the timeline of the row that failed."""
    return build(read_run(write_run(tmp_path).path), ROW)


@pytest.fixture
def events(timeline: Timeline) -> list[dict[str, Any]]:
    """Return the events that Perfetto reads."""
    found: list[dict[str, Any]] = json.loads(perfetto.render(timeline))["traceEvents"]
    return found


@pytest.fixture
def spans(timeline: Timeline) -> list[dict[str, Any]]:
    """Return all spans of OTLP's traces."""
    (line,) = otlp.render(timeline).splitlines()
    resources = json.loads(line)["resourceSpans"]
    return [span for each in resources for scope in each["scopeSpans"] for span in scope["spans"]]


def test_perfetto_has_every_event_once(timeline: Timeline, events: list[dict[str, Any]]) -> None:
    """What lasts is a complete event, what does not an instant one of its thread."""
    shown = [each for each in events if each["ph"] in ("X", "i")]

    assert len(shown) == len(timeline.items)
    assert all(each["s"] == "t" for each in shown if each["ph"] == "i")
    assert all(isinstance(each["dur"], int) and each["dur"] >= 0 for each in shown if each["ph"] == "X")


def test_perfetto_s_events_have_what_the_format_asks_for(events: list[dict[str, Any]]) -> None:
    """Name, process and thread; a time in whole microseconds that is not negative, unless it is metadata."""
    assert all(isinstance(each["name"], str) and each["pid"] == 1 and isinstance(each["tid"], int) for each in events)
    assert all(isinstance(each["ts"], int) and each["ts"] >= 0 for each in events if each["ph"] != "M")
    assert {each["ph"] for each in events} == {"M", "X", "i", "s", "f"}


def test_perfetto_s_threads_have_names(events: list[dict[str, Any]]) -> None:
    """Each lane, and each task within it, is a thread that is called after it."""
    named = {each["tid"] for each in events if each["name"] == "thread_name"}

    assert {each["tid"] for each in events if each["ph"] in ("X", "i")} <= named


def test_perfetto_s_arrows_begin_and_end(events: list[dict[str, Any]]) -> None:
    """A flow has a beginning, and an end that binds to what encloses it and is not before the beginning."""
    begun = {each["id"]: each["ts"] for each in events if each["ph"] == "s"}
    ended = {each["id"]: each["ts"] for each in events if each["ph"] == "f"}

    assert begun.keys() == ended.keys() != set()
    assert [each for each in begun if begun[each] > ended[each]] == []
    assert {each["bp"] for each in events if each["ph"] == "f"} == {"e"}


def test_perfetto_s_events_of_a_thread_do_not_overlap(events: list[dict[str, Any]]) -> None:
    """Complete events of one thread must follow one another, or lie within one another."""
    threads: dict[int, list[tuple[int, int]]] = {}
    for each in events:
        if each["ph"] == "X":
            threads.setdefault(each["tid"], []).append((each["ts"], each["ts"] + each["dur"]))
    overlapping = [
        (one, other)
        for spans in threads.values()
        for one, other in zip(sorted(spans), sorted(spans)[1:], strict=False)
        if one[1] > other[0]
    ]

    assert overlapping == []


def test_otlp_s_ids_are_hexadecimal_and_its_own(spans: list[dict[str, Any]]) -> None:
    """32 digits name the trace and 16 a span, none of them twice; parents and links are spans of the trace."""
    ids = [each["spanId"] for each in spans]
    named = [each["parentSpanId"] for each in spans if "parentSpanId" in each]
    named += [link["spanId"] for each in spans for link in each.get("links", [])]

    assert len({each["traceId"] for each in spans}) == 1
    assert re.fullmatch("[0-9a-f]{32}", spans[0]["traceId"])
    assert [each for each in ids if not re.fullmatch("[0-9a-f]{16}", each)] == []
    assert len(set(ids)) == len(ids)
    assert set(named) <= set(ids)


def test_otlp_s_times_are_nanoseconds_as_texts(spans: list[dict[str, Any]]) -> None:
    """No span ends before it begins, and the root covers all."""
    times = [(int(each["startTimeUnixNano"]), int(each["endTimeUnixNano"])) for each in spans]

    assert all(isinstance(each["startTimeUnixNano"], str) for each in spans)
    assert [each for each in times if each[0] > each[1]] == []
    assert times[0] == (min(each[0] for each in times), max(each[1] for each in times))
    assert times[0][0] == round((BEGAN_SECONDS - 5) * 1_000_000_000)


def test_otlp_s_values_have_their_types(spans: list[dict[str, Any]]) -> None:
    """An attribute has a key, and one value under the name of its type; whole numbers are texts."""
    attributes = [each for span in spans for each in span["attributes"]]
    typed = [(name, value) for each in attributes for name, value in each["value"].items()]

    assert [each for each in attributes if not each["key"] or len(each["value"]) != 1] == []
    assert [each for each in typed if not isinstance(each[1], OTLP_TYPES[each[0]])] == []


def test_otlp_says_what_failed(spans: list[dict[str, Any]]) -> None:
    """The root has the status of an error, with the failure's message."""
    assert spans[0]["status"]["code"] == 2
    assert "expected JSON" in spans[0]["status"]["message"]
    assert {each["kind"] for each in spans} == {1}


def test_texts_stay_as_they_were(timeline: Timeline) -> None:
    """Both are JSON in ASCII, whatever the evidence says."""
    for text in (perfetto.render(timeline), otlp.render(timeline)):
        assert text.isascii()
        assert HOSTILE in json.dumps(json.loads(text), ensure_ascii=False) or json.dumps(HOSTILE)[1:-1] in text
