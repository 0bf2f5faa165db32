"""Tests of the trace, whose hash says whether two worlds went the same way."""

import json
from collections.abc import Iterator

import pytest

from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace

START = 1_700_000_000


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Give a world's clock."""
    with VirtualClock(START).closing() as clock:
        yield clock


def test_an_event_has_its_time_since_the_beginning(clock: VirtualClock) -> None:
    """Times count in microseconds from the world's beginning, whenever that was."""
    trace = Trace(clock)
    clock.sleep(1.5)
    trace.add("task", "a1", state="running")

    assert json.loads(trace.events[0].as_json()) == {
        "at_us": 1_500_000,
        "kind": "task",
        "subject": "a1",
        "state": "running",
    }


def test_an_event_is_a_line_for_people(clock: VirtualClock) -> None:
    """As text, an event has seconds, kind, subject and details."""
    trace = Trace(clock)
    clock.sleep(12.0345)
    trace.add("task", "a1", state="running", count=2)

    assert trace.events[0].as_text().split() == ["12.034", "s", "task", "a1", "state=running", "count=2"]


def test_the_order_of_details_does_not_change_the_hash(clock: VirtualClock) -> None:
    """JSON is canonical: the same details in another order are the same event."""
    one, other = Trace(clock), Trace(clock)
    one.add("task", "a1", state="running", count=2)
    other.add("task", "a1", count=2, state="running")

    assert one.sha256() == other.sha256()


def test_every_part_of_an_event_changes_the_hash(clock: VirtualClock) -> None:
    """Another kind, subject, detail, time or order makes another hash."""
    traces = [Trace(clock) for _ in range(5)]
    traces[0].add("task", "a1", state="running")
    traces[1].add("alarm", "a1", state="running")
    traces[2].add("task", "a2", state="running")
    traces[3].add("task", "a1", state="stopped")
    clock.sleep(0.000001)
    traces[4].add("task", "a1", state="running")

    assert len({trace.sha256() for trace in traces}) == 5


def test_the_order_of_events_changes_the_hash(clock: VirtualClock) -> None:
    """The same events in another order are another history."""
    one, other = Trace(clock), Trace(clock)
    for trace, subjects in ((one, ("a", "b")), (other, ("b", "a"))):
        for subject in subjects:
            trace.add("task", subject)

    assert one.sha256() != other.sha256()


def test_notes_change_no_hash(clock: VirtualClock) -> None:
    """What people want to know beside the events says where it belongs, and the lines and their hash are as before."""
    plain, told = Trace(clock), Trace(clock)
    for trace in (plain, told):
        trace.add("task", "a1", state="running")
    told.more(address="10.0.0.1")
    told.note("log", "hermes", line="listens")

    assert (told.sha256(), told.lines()) == (plain.sha256(), plain.lines())
    assert [json.loads(each) for each in told.notes] == [
        {"of": 0, "address": "10.0.0.1"},
        {"after": 1, "at_us": 0, "kind": "log", "subject": "hermes", "line": "listens"},
    ]
