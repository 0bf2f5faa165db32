"""From evidence on disk to a timeline: times, lanes, states, causes, and evidence that is not whole."""

import ast
import json
from pathlib import Path

import pytest

from seatrials.errors import EvidenceError
from seatrials.evidence.outcome import CellOutcome
from seatrials.timeline import build as building
from seatrials.timeline.build import build
from seatrials.timeline.evidence import read_run
from seatrials.timeline.kinds import KINDS, LANES
from seatrials.timeline.model import Item, Level, Timeline
from tests.support.project import PROJECT
from tests.support.timeline_run import EVENTS, MESSAGE, NOTES, ROW, SESSION, TARGET, TASK, lines, write_run


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    """Return the timeline of the row that failed."""
    return build(read_run(write_run(tmp_path).path), ROW)


def the(timeline: Timeline, kind: str, number: int = 0) -> Item:
    """Return one of the items of a kind."""
    return [item for item in timeline.items if item.happening.kind == kind][number]


def kinds_of(timeline: Timeline, indexes: tuple[int, ...]) -> list[str]:
    """Return the kinds of the items at *indexes*."""
    return [timeline.items[index].happening.kind for index in indexes]


def test_times_count_from_the_beginning_of_the_scenario(timeline: Timeline) -> None:
    """What was before it, while the platform was made ready, has a negative time."""
    assert the(timeline, "task").at == -5.0
    assert the(timeline, "container_crash").at == 10.0
    assert (timeline.times.ended, timeline.times.anchors[0][0], len(timeline.times.anchors)) == (11.001, 0.0, 4)


def test_a_state_lasts_until_the_next_one(timeline: Timeline) -> None:
    """A target is healthy until it drains, and what it is at the end it is to the end."""
    first, second = the(timeline, "target_health"), the(timeline, "target_health", 1)

    assert (first.track, first.until, second.until) == (TARGET, 10.0, 11.001)


def test_a_note_says_more_of_an_event(timeline: Timeline) -> None:
    """What the hash leaves out stands with the event that it is about, and a note of its own among the events."""
    assert the(timeline, "task").happening.details["address"] == "10.0.1.10"
    assert the(timeline, "alarm").title == "alarm webordinary-edit-sessions-high is ALARM: the newest value is 1"
    assert the(timeline, "log").lane == "hermes"


def test_the_table_tells_what_a_session_is(timeline: Timeline) -> None:
    """A write of an item that has a status is a state of the session."""
    session = the(timeline, "session")

    assert (session.lane, session.track, session.happening.details["state"]) == ("sessions", SESSION, "initializing")


def test_a_fault_is_a_band_from_its_beginning_to_its_end(timeline: Timeline) -> None:
    """A fault lies behind everything that happened meanwhile."""
    begun, ended = the(timeline, "fault"), the(timeline, "fault", 1)

    assert (begun.lane, begun.level, begun.at, begun.until, ended.until) == ("faults", Level.FAULT, 2.0, 5.0, None)


def test_a_kind_that_nobody_knows_is_shown_all_the_same(timeline: Timeline) -> None:
    """An event of a later version, or of a plugin, has a lane, and all that it says."""
    other = the(timeline, "a_kind_of_tomorrow")

    assert other.lane == "other"
    assert "a kind of tomorrow" in other.title


def test_every_kind_has_a_lane_that_is_shown() -> None:
    """No kind is drawn in a lane that the page does not have."""
    assert [name for name, kind in KINDS.items() if kind.lane not in LANES] == []


def test_every_kind_that_the_twin_tells_has_a_sentence() -> None:
    """What the source of the twin adds to a trace, or notes beside it, is told in words and not as a list of fields."""
    told = set[str]()
    for path in (PROJECT / "src/seatrials/twin").rglob("*.py"):
        told |= {kind for node in ast.walk(ast.parse(path.read_bytes())) if (kind := _told_by(node))}

    assert {"task", "log", "twin_failure", "alarm_definition"} < told
    assert sorted(told - set(KINDS)) == []


def _told_by(node: ast.AST) -> str:
    """Return the kind of a call such as `trace.add("task", …)`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("add", "note")):
        return ""
    kind = node.args[0] if node.args and ast.unparse(node.func.value).endswith("trace") else None
    return str(kind.value) if isinstance(kind, ast.Constant) else ""


def test_a_failure_has_its_whole_message_and_its_place(timeline: Timeline) -> None:
    """The message is pytest's, with the line of code that said it."""
    assert timeline.message == f"{MESSAGE}\nat calls.py:35"
    assert timeline.failure == len(timeline.items) - 1
    assert timeline.items[-1].at == 11.001


def test_a_failure_leads_back_to_the_crash(timeline: Timeline) -> None:
    """The wait in vain, the last answer in it, the balancer's 503, the target that drains, the crash and its log."""
    assert timeline.failure is not None
    wait, step, request = the(timeline, "wait"), the(timeline, "step", 1), the(timeline, "request")

    assert kinds_of(timeline, timeline.items[timeline.failure].causes) == ["wait", "step"]
    assert "container_crash" in kinds_of(timeline, wait.causes)
    assert "request" in kinds_of(timeline, step.causes)
    assert "target_health" in kinds_of(timeline, request.causes)
    assert kinds_of(timeline, the(timeline, "container_crash").causes) == ["log"]


def test_the_story_of_a_failure_is_in_order_and_has_the_crash(timeline: Timeline) -> None:
    """Whoever reads from the top finds what went wrong first, first."""
    times = [timeline.items[index].at for index in timeline.story]

    assert times == sorted(times)
    assert "container_crash" in kinds_of(timeline, timeline.story)
    assert kinds_of(timeline, timeline.story)[-1] == "failure"


def test_an_alarm_comes_of_its_metric(timeline: Timeline) -> None:
    """Of all metrics, the one that the alarm looks at."""
    assert kinds_of(timeline, the(timeline, "alarm").causes) == ["metric"]


def test_a_stop_comes_of_the_crash_of_its_task(timeline: Timeline) -> None:
    """An essential container that exits ends its task."""
    assert kinds_of(timeline, the(timeline, "task_stop").causes) == ["log", "container_crash"]
    assert kinds_of(timeline, the(timeline, "task", 1).causes) == ["task_stop"]


def test_a_row_that_passed_has_no_failure(tmp_path: Path) -> None:
    """It has no message and no story, and everything that happened."""
    timeline = build(read_run(write_run(tmp_path).path), "COLD-06")

    assert (timeline.outcome, timeline.message, timeline.failure, timeline.story) == (CellOutcome.PASSED, "", None, ())
    assert len(timeline.items) > 4


def test_what_the_network_kept_apart_leads_to_a_failed_start(tmp_path: Path) -> None:
    """A task that does not start is led back to what its service did not reach, an unhealthy target to the balancer."""
    events = [
        {"at_us": 1_000_000, "kind": "not_reached", "source": "service hermes", "subject": "route table Public"},
        {"at_us": 2_000_000, "kind": "not_reached", "source": "front", "port": 3000, "subject": "security group Front"},
        {"at_us": 3_000_000, "kind": "task", "service": "hermes", "state": "activating", "subject": TASK},
        {"at_us": 4_000_000, "kind": "task_stop", "code": "TaskFailedToStart", "reason": "no image", "subject": TASK},
        {
            "at_us": 5_000_000,
            "kind": "target_health",
            "state": "unhealthy",
            "reason": "Target.Timeout",
            "subject": TARGET,
        },
    ]
    folder = write_run(tmp_path, events=events)
    folder.notes_of(ROW).write_text("")
    timeline = build(read_run(folder.path), ROW)

    stop, unhealthy = the(timeline, "task_stop"), the(timeline, "target_health")
    subjects = [
        [timeline.items[index].happening.subject for index in each.causes if timeline.items[index].lane == "network"]
        for each in (stop, unhealthy)
    ]
    assert subjects == [["route table Public"], ["security group Front"]]


def test_what_aws_tells_is_a_timeline_too(tmp_path: Path) -> None:
    """A stack on real time tells its events with whole times, in sentences, and sessions by Hermes's answers."""
    live = [
        {"at": "2026-03-02T09:00:25+00:00", "kind": "service", "subject": "(service edit) has started 1 tasks"},
        {
            "at": "2026-03-02T09:00:26+00:00",
            "kind": "target health",
            "subject": "edit-api 10.0.0.1:8080 is unhealthy (Target.Timeout: Request timed out)",
            "target": "edit-api 10.0.0.1:8080",
            "state": "unhealthy",
            "reason": "Target.Timeout",
        },
        {"at": "2026-03-02T09:00:27+00:00", "kind": "task stopped", "subject": "abc EssentialContainerExited: exited"},
    ]
    folder = write_run(tmp_path, events=live, record={"kind": "live"})
    folder.notes_of(ROW).write_text("")
    answer = {
        "at_seconds": 3.0,
        "title": "GET /x → 200",
        "details": {"answer": f'{{"sessionId":"{SESSION}","status":"active"}}'},
    }
    steps = json.loads(folder.steps_of(ROW).read_text())
    folder.steps_of(ROW).write_text(json.dumps({**steps, "steps": [answer]}))

    timeline = build(read_run(folder.path), ROW)

    assert the(timeline, "service").at == 5.0
    assert (the(timeline, "target_health").track, the(timeline, "target_health").level) == (
        "edit-api 10.0.0.1:8080",
        Level.BAD,
    )
    assert (the(timeline, "session").at, the(timeline, "session").level) == (3.0, Level.GOOD)
    assert the(timeline, "task stopped").lane == "tasks"


def test_a_line_that_is_cut_off_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    """A run that was killed while it wrote has a last line that is none."""
    folder = write_run(tmp_path)
    text = folder.timeline_of(ROW).read_text()
    folder.timeline_of(ROW).write_text(text[:-40])

    timeline = build(read_run(folder.path), ROW)

    assert timeline.problems == (f"{ROW}.jsonl is cut off or damaged at line {len(EVENTS)}, 1 lines in all",)
    assert the(timeline, "container_crash").at == 10.0


def test_notes_keep_their_events_where_a_line_is_damaged(tmp_path: Path) -> None:
    """A note counts lines, so one that cannot be read counts too."""
    folder = write_run(tmp_path)
    text = folder.timeline_of(ROW).read_text().splitlines()
    folder.timeline_of(ROW).write_text("\n".join([text[0], "{", *text[2:]]))

    assert the(build(read_run(folder.path), ROW), "alarm").happening.details["metric"] == "ActiveSessionCount"


@pytest.mark.parametrize("content", ["", "[]", "null", "{", '{"steps": 1}', "[" * 100_000, "\ud800"])
def test_steps_that_cannot_be_read_are_told(tmp_path: Path, content: str) -> None:
    """Without its steps a row still has the platform's events, from the first of them on."""
    folder = write_run(tmp_path)
    folder.steps_of(ROW).write_bytes(content.encode("utf-8", "surrogatepass"))

    timeline = build(read_run(folder.path), ROW)

    assert f"{ROW}.steps.json is cut off or damaged" in timeline.problems
    assert the(timeline, "container_crash").at == 15.0


@pytest.mark.parametrize(
    "line",
    [
        '{"at_us": NaN, "kind": "task"}',
        '{"at_us": 1e999, "kind": "task"}',
        f'{{"at_us": {"9" * 400}, "kind": "task"}}',
        '{"at_us": true, "kind": "task"}',
        '{"at": "yesterday", "kind": "task"}',
        '{"at_us": 1}',
        '{"at_us": 1, "kind": {}}',
    ],
)
def test_an_event_without_a_time_or_a_kind_is_told(tmp_path: Path, line: str) -> None:
    """It has no place on a timeline."""
    folder = write_run(tmp_path)
    with folder.timeline_of(ROW).open("a") as file:
        file.write(f"{line}\n")

    timeline = build(read_run(folder.path), ROW)

    assert timeline.problems == ("1 events do not say when they happened, or of what kind they are",)


def test_evidence_without_notes_is_shown(tmp_path: Path) -> None:
    """A run of an older version has no notes and no clock, and is no damaged one."""
    folder = write_run(tmp_path)
    folder.notes_of(ROW).unlink()
    steps = json.loads(folder.steps_of(ROW).read_text())
    del steps["clock"]
    folder.steps_of(ROW).write_text(json.dumps(steps))

    timeline = build(read_run(folder.path), ROW)

    assert timeline.problems == ()
    assert the(timeline, "container_crash").at == 15.0


def test_a_killed_run_shows_what_there_is(tmp_path: Path) -> None:
    """A row that was running when the run was killed has no files and no result."""
    folder = write_run(tmp_path, record={"ended": None, "exit_status": None})
    folder.report_log.write_text(lines([{"$report_type": "SessionStart"}]))
    for path in (folder.timeline_of(ROW), folder.notes_of(ROW), folder.steps_of(ROW)):
        path.unlink()

    timeline = build(read_run(folder.path), ROW)

    assert (timeline.outcome, timeline.message) == (CellOutcome.CRASHED, "the run ended before it did")
    assert any("has no end" in problem for problem in timeline.problems)
    assert f"{ROW}.jsonl cannot be read: No such file or directory" in timeline.problems


def test_a_folder_that_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    """The reason and what to give instead are named."""
    with pytest.raises(EvidenceError, match=r"is no run: run.json cannot be read: .*; give the folder of a run"):
        read_run(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would fill the memory; that it is left out is told."""
    monkeypatch.setattr("seatrials.timeline.evidence._FILE_BYTES_MAX", 100)

    timeline = build(read_run(write_run(tmp_path).path), ROW)

    assert f"{ROW}.jsonl has more than 100 bytes, and is not shown" in timeline.problems


def test_of_too_many_events_those_that_tell_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Routine goes first, and how much of it went is told."""
    monkeypatch.setattr(building, "ITEMS_MAX", 40)
    calls = [
        {"at_us": 9_000_000 + each, "kind": "aws_call", "operation": "x", "subject": "hermes"} for each in range(200)
    ]

    timeline = build(read_run(write_run(tmp_path, events=[*EVENTS, *calls]).path), ROW)

    assert (len(timeline.items), timeline.left_out > 150) == (40, True)
    assert {"container_crash", "failure", "wait", "fault"} <= {item.happening.kind for item in timeline.items}


def test_what_lasts_at_the_same_time_has_tracks_of_its_own(tmp_path: Path) -> None:
    """Waits of parallel actors would cover one another."""
    folder = write_run(tmp_path)
    steps = json.loads(folder.steps_of(ROW).read_text())
    waits = [
        {"at_seconds": 5.0 + each, "title": f"waited for {each}", "details": {"seconds": 3.0}} for each in range(4)
    ]
    folder.steps_of(ROW).write_text(json.dumps({**steps, "steps": waits}))

    tracks = [item.track for item in build(read_run(folder.path), ROW).items if item.happening.kind == "wait"]

    assert tracks == ["wait 1", "wait 2", "wait 3", "wait 1"]


def test_the_same_evidence_is_the_same_timeline(tmp_path: Path) -> None:
    """Nothing in it comes from chance or from the time of day."""
    run = read_run(write_run(tmp_path).path)

    assert build(run, ROW) == build(run, ROW)
    assert len(NOTES) > 0
    assert TASK in the(build(run, ROW), "task").track
