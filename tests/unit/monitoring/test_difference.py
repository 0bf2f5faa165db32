"""The difference between what is wanted and what is there, as data."""

import json

import pytest

from seatrials.errors import RefusedWriteError
from seatrials.monitoring.bounds import Bounds
from seatrials.monitoring.difference import Change, Field, Seen, changes
from seatrials.monitoring.wanted import body_text, wanted
from tests.support.aws import Document, Json

BOUNDS = Bounds(success_percent=95, cold_start_seconds=60, run_dollars=3, day_dollars=10)
WANTED = wanted("webordinary-run", "Webordinary/IntegrationTests", "us-west-2", BOUNDS)
COST = "webordinary-run-cost"
MINE, OURS = "arn:aws:sns:us-west-2:123456789012:mine", "arn:aws:sns:us-west-2:123456789012:ours"
# What DescribeAlarms tells of every alarm beside what was put.
TOLD: Document = {
    "AlarmArn": "arn:aws:cloudwatch:us-west-2:123456789012:alarm:x",
    "StateValue": "OK",
    "OKActions": [],
    "AlarmActions": [],
    "InsufficientDataActions": [],
    "Dimensions": [],
}


def seen(body: str | None = body_text(WANTED.body), **changed: Json) -> Seen:
    """Return what is there when all is as wanted, but for what of the alarm on cost is *changed*."""
    alarms = {name: {**TOLD, **alarm} for name, alarm in WANTED.alarms.items()}
    alarms[COST] = {**alarms[COST], **changed}
    return Seen(body=body, alarms=alarms)


def only(found: list[Change]) -> Change:
    """Return the one change that was found."""
    assert len(found) == 1, [each.name for each in found]
    return found[0]


def test_nothing_differs_from_itself() -> None:
    """What CloudWatch tells beside what was put is no difference, nor is another way to write the same body."""
    assert changes(WANTED, seen(json.dumps(WANTED.body, indent=None, sort_keys=True))) == []


def test_where_nothing_is_all_is_made() -> None:
    """Each alarm, and the dashboard, by one call that has all of it."""
    found = changes(WANTED, Seen(body=None, alarms={}))

    assert [(each.kind, each.is_new, each.operation) for each in found] == [
        *[("alarm", True, "put_metric_alarm")] * 4,
        ("dashboard", True, "put_dashboard"),
    ]
    for each in found[:-1]:
        assert WANTED.alarms[each.name].items() <= each.parameters.items()
    assert json.loads(found[-1].parameters["DashboardBody"]) == WANTED.body


@pytest.mark.parametrize(
    ("field", "there", "expected"),
    [
        ("Threshold", 5.0, 3.0),
        ("ComparisonOperator", "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"),
        ("ActionsEnabled", False, True),
        ("TreatMissingData", None, "notBreaching"),
        ("AlarmDescription", None, "A run cost $3 or more."),
        ("Unit", "None", None),
        ("Dimensions", [{"Name": "Environment", "Value": "staging"}], None),
        ("DatapointsToAlarm", 2, 1),
        ("ExtendedStatistic", "p99", None),
    ],
)
def test_a_changed_alarm_is_told_by_its_fields(field: str, there: Json, expected: Json) -> None:
    """The field alone, with both values; the call that mends it has all of the alarm."""
    change = only(changes(WANTED, seen(**{field: there})))

    assert (change.name, change.is_new) == (COST, False)
    assert change.fields == (Field(field=field, there=there, wanted=expected),)
    assert WANTED.alarms[COST].items() <= change.parameters.items()


def test_as_many_datapoints_as_periods_are_no_difference() -> None:
    """CloudWatch may tell the number that it takes where none is given."""
    assert changes(WANTED, seen(DatapointsToAlarm=1)) == []


def test_whom_an_alarm_tells_stays() -> None:
    """Actions that people gave an alarm are no difference, and are put again when something else is mended."""
    told: Document = {"AlarmActions": [MINE], "OKActions": [MINE], "InsufficientDataActions": [OURS]}

    assert changes(WANTED, seen(**told)) == []
    assert told.items() <= only(changes(WANTED, seen(**told, Threshold=5.0))).parameters.items()


def test_a_topic_is_told_beside_others() -> None:
    """It is added once to each alarm that does not have it."""
    found = changes(WANTED, seen(AlarmActions=[MINE, OURS]), OURS)
    added = changes(WANTED, seen(AlarmActions=[MINE]), OURS)

    assert COST not in [each.name for each in found]
    assert [each.fields for each in found] == [(Field(field="AlarmActions", there=None, wanted=[OURS]),)] * 3
    assert {each.name: each.parameters["AlarmActions"] for each in added}[COST] == [MINE, OURS]


def test_a_changed_dashboard_is_told_by_its_places() -> None:
    """A value that is another, one that is gone and one that came, each at its place."""
    body = json.loads(body_text(WANTED.body))
    body["widgets"][0]["width"] = 8
    del body["widgets"][1]["x"]
    body["start"] = "-PT6H"
    change = only(changes(WANTED, seen(json.dumps(body))))

    assert set(change.fields) == {
        Field(field="widgets.0.width", there=8, wanted=12),
        Field(field="widgets.1.x", there=None, wanted=12),
        Field(field="start", there="-PT6H", wanted=None),
    }


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "{}", '{"widgets": []}'])
def test_a_dashboard_that_is_emptied_is_put_back(body: str) -> None:
    """Whatever is left of it, it is told as one that differs."""
    change = only(changes(WANTED, seen(body)))

    assert (change.kind, change.is_new) == ("dashboard", False)
    assert json.loads(change.parameters["DashboardBody"]) == WANTED.body


def test_what_bears_our_names_and_is_of_others_is_refused() -> None:
    """An alarm on another namespace, or on no one metric, and a dashboard of something else: all are named at once."""
    alarms = {
        COST: {"AlarmName": COST, "Namespace": "AWS/EC2"},
        "webordinary-run-cold-start": {"AlarmName": "webordinary-run-cold-start", "AlarmRule": "ALARM(x)"},
    }
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": "A team's own"}}]})

    with pytest.raises(RefusedWriteError) as refused:
        changes(WANTED, Seen(body=body, alarms=alarms))

    for each in (COST, "AWS/EC2", "webordinary-run-cold-start", "webordinary-runs", "names.run_monitoring_prefix"):
        assert each in str(refused.value)


@pytest.mark.parametrize("mention", ["See Webordinary/IntegrationTests.", "Webordinary/IntegrationTests/Old"])
def test_a_dashboard_that_only_mentions_the_runs_is_refused(mention: str) -> None:
    """Ours has the namespace as that of a metric; a text about it, or one that begins so, is somebody's."""
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": mention}}]})

    with pytest.raises(RefusedWriteError, match="the dashboard webordinary-runs is about something else"):
        changes(WANTED, seen(body))


def test_a_dashboard_of_ours_may_have_more() -> None:
    """Whoever added a widget to it is shown that this goes, and it is no other's for that."""
    body = json.loads(body_text(WANTED.body))
    body["widgets"].append({"type": "text", "properties": {"markdown": "A note"}})

    assert {each.field for each in only(changes(WANTED, seen(json.dumps(body)))).fields} == {
        "widgets.4.type",
        "widgets.4.properties.markdown",
    }
