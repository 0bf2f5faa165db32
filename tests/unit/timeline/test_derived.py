"""What the timeline reads out of several events together: alarms that see nothing, or trigger nothing."""

from pathlib import Path
from typing import Any

import pytest

from seatrials.timeline.build import build
from seatrials.timeline.evidence import read_run
from seatrials.timeline.model import Level, Timeline
from tests.support.timeline_run import EVENTS, NOTES, ROW, Json, lines, write_run

HIGH = "webordinary-edit-sessions-high"
COUNT = "Webordinary/EditSessions ActiveSessionCount"


def timeline_of(folder: Path, *notes: Json, events: tuple[Json, ...] = EVENTS) -> Timeline:
    """Return the timeline of the failed row, with notes beside those that it has."""
    run = write_run(folder, events=events)
    run.notes_of(ROW).write_text(lines([*NOTES, *notes]))
    return build(read_run(run.path), ROW)


def definition(**changes: Any) -> Json:  # noqa: ANN401  # any JSON value
    """Return the note of what an alarm watches and triggers."""
    return {
        "after": 0,
        "at_us": 0,
        "kind": "alarm_definition",
        "subject": HIGH,
        "watches": ["Webordinary/EditSessions ActiveSessions"],
        "triggers": ["webordinary-edit-scale-out"],
        **changes,
    }


# The metric of the run is event 2.
PUBLISHED = {"of": 2, "metric": COUNT}


def test_an_alarm_on_a_metric_that_nobody_publishes_is_told(tmp_path: Path) -> None:
    """It stays silent whatever happens, so the story names it with what it watches, and what there is instead."""
    timeline = timeline_of(tmp_path, definition(), PUBLISHED)

    [told] = [index for index, item in enumerate(timeline.items) if item.happening.kind == "blind_alarm"]
    item = timeline.items[told]
    assert item.title == (
        f"alarm {HIGH} has seen nothing: it watches Webordinary/EditSessions ActiveSessions, "
        f"and what is published is {COUNT}"
    )
    assert (item.level, item.lane, told in timeline.story) == (Level.BAD, "alarms", True)
    assert [timeline.items[each].happening.kind for each in item.causes] == ["alarm_definition", "metric"]


@pytest.mark.parametrize(
    ("changes", "published"),
    [
        pytest.param({"watches": [COUNT]}, PUBLISHED, id="it sees its metric"),
        pytest.param({"watches": ["x y", COUNT]}, PUBLISHED, id="it sees one of its metrics"),
        pytest.param({"watches": ["AWS/ECS CPUUtilization"]}, PUBLISHED, id="AWS publishes it"),
        pytest.param({"triggers": []}, PUBLISHED, id="it triggers nothing"),
        pytest.param({"watches": "damaged"}, PUBLISHED, id="damaged"),
    ],
)
def test_other_alarms_are_not_blind(tmp_path: Path, changes: Json, published: Json) -> None:
    """An alarm that only shows something on a dashboard, or may see its metric, is no finding."""
    timeline = timeline_of(tmp_path, definition(**changes), published)

    assert [item for item in timeline.items if item.happening.kind == "blind_alarm"] == []


def test_where_nothing_is_published_no_alarm_is_to_blame(tmp_path: Path) -> None:
    """Then whoever should publish has not come so far."""
    events = tuple(each for each in EVENTS if each["kind"] != "metric")

    timeline = timeline_of(tmp_path, definition(), events=events)

    assert [item for item in timeline.items if item.happening.kind == "blind_alarm"] == []


@pytest.mark.parametrize(
    ("triggers", "level", "said"),
    [
        ([], Level.BAD, "; it triggers nothing"),
        (["webordinary-edit-scale-out"], Level.DOUBT, "; it triggers webordinary-edit-scale-out"),
    ],
)
def test_an_alarm_that_is_on_says_what_it_triggers(
    tmp_path: Path, triggers: list[str], level: Level, said: str
) -> None:
    """One that triggers nothing is the reason why nothing is scaled."""
    timeline = timeline_of(tmp_path, {"of": 3, "triggers": triggers})

    [index] = [index for index, item in enumerate(timeline.items) if item.happening.kind == "alarm"]
    assert timeline.items[index].title.endswith(said)
    assert timeline.items[index].level is level
    assert (index in timeline.story) is (level is Level.BAD)


def test_a_check_without_an_answer_comes_of_what_lets_nothing_through(tmp_path: Path) -> None:
    """The group or the route to blame leads to the target that is unhealthy for it."""
    note = {
        "after": 4,
        "at_us": 12_000_000,
        "kind": "not_reached",
        "subject": "security group TaskSecurityGroup (sg-1)",
        "source": "load balancer webordinary-edit-alb",
        "target": "service webordinary-hermes",
        "port": 3000,
        "why": "lets no TCP in from load balancer webordinary-edit-alb on port 3000",
    }
    check = {
        "after": 5,
        "at_us": 13_000_000,
        "kind": "health_check",
        "subject": "webordinary-hermes 10.0.1.10:3000",
        "outcome": "failed",
        "reason": "Target.Timeout",
    }

    timeline = timeline_of(tmp_path, note, check)

    [found] = [item for item in timeline.items if item.happening.kind == "health_check"]
    assert "not_reached" in [timeline.items[each].happening.kind for each in found.causes]
    told = [timeline.items[index].title for index in timeline.story]
    assert (
        "load balancer webordinary-edit-alb does not reach service webordinary-hermes on port 3000: security group "
        "TaskSecurityGroup (sg-1) lets no TCP in from load balancer webordinary-edit-alb on port 3000"
    ) in told
