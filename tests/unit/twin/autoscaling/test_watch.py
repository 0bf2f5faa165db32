"""Tests of alarms in a living world: the guide's tables on missing data, switches, actions and SetAlarmState."""

import json
from dataclasses import replace

import pytest

from tests.support.aws import Json
from tests.support.twin import PLAIN, Twin, Worlds

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
PRIORS = ("OK", "ALARM")
VALUES = {"0": 1.0, "X": 9.0}
KEPT = "kept"
NONE = "INSUFFICIENT_DATA"
PAGES_OF_2 = {"PageSize": 2}

# Data points, DatapointsToAlarm (of 3 periods), and the state by treatment of missing data.
# Source: CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", both tables.
TABLES = [
    ("0 - X - X", 3, ["OK", "OK", "OK", "OK"]),
    ("0 - - - -", 3, ["OK", "OK", "OK", "OK"]),
    ("- - - - -", 3, [NONE, KEPT, "ALARM", "OK"]),
    ("0 X X - X", 3, ["ALARM", "ALARM", "ALARM", "ALARM"]),
    ("- - X - -", 3, ["ALARM", KEPT, "ALARM", "OK"]),
    ("0 - X - X", 2, ["ALARM", "ALARM", "ALARM", "ALARM"]),
    ("0 0 X 0 X", 2, ["ALARM", "ALARM", "ALARM", "ALARM"]),
    ("0 - X - -", 2, ["OK", "OK", "ALARM", "OK"]),
    ("- - - - 0", 2, ["OK", "OK", "ALARM", "OK"]),
    ("- - - X -", 2, ["ALARM", KEPT, "ALARM", "OK"]),
]


class Shop:
    """A metric, and alarms on it."""

    def __init__(self, twin: Twin) -> None:
        """It waits for the first evaluation, so that a test knows when the next ones are: every 10 s from then on."""
        self.twin = twin
        self.cloudwatch = twin.world.aws("cloudwatch")
        self.alarm("probe", TreatMissingData="breaching")
        twin.until(lambda: self.state("probe") == "ALARM", 70)
        self._evaluated_at = [at for at, _ in twin.happened("alarm", "probe")][-1]

    def alarm(self, name: str, **changes: Json) -> None:
        """Put an alarm on more than 5 visitors."""
        self.cloudwatch.put_metric_alarm(
            **{
                "AlarmName": name,
                "Namespace": "Shop",
                "MetricName": "Visitors",
                "Statistic": "Maximum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                "Threshold": 5,
                **changes,
            }
        )

    def put(self, value: float, **datum: Json) -> None:
        """Put a point of now, of high resolution unless told otherwise."""
        whole = {"MetricName": "Visitors", "Value": value, "StorageResolution": 1, **datum}
        self.cloudwatch.put_metric_data(Namespace="Shop", MetricData=[whole])

    def between_evaluations(self) -> None:
        """Let time pass until 5 s before the next evaluation, in the middle between two."""
        self.twin.sleep((self._evaluated_at + 5 - self.twin.now) % 10)

    def state(self, name: str) -> str:
        """Return an alarm's state."""
        [alarm] = self.cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(alarm["StateValue"])

    def set(self, name: str, state: str, **parameters: Json) -> None:
        """Set an alarm's state as a client does."""
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test", **parameters)

    def play(self, points: str, period: int) -> None:
        """Put one point a period, and come to the moment after the last."""
        self.between_evaluations()
        for index, point in enumerate(points.split()):
            self.twin.sleep(period if index else 0)
            if point in VALUES:
                self.put(VALUES[point])


@pytest.fixture
def shop(twin: Twin) -> Shop:
    """Give the shop of a living world."""
    return Shop(twin)


@pytest.mark.parametrize("period", [10, 30, 60])
@pytest.mark.parametrize(("points", "needed", "expected"), TABLES)
def test_the_guides_tables(shop: Shop, points: str, needed: int, expected: list[str], period: int) -> None:
    """Each treatment of missing data leads to the state of the guide's tables, from whatever state before."""
    names = {(treatment, prior): f"{treatment} {prior}" for treatment in TREATMENTS for prior in PRIORS}
    for (treatment, _), name in names.items():
        counts = {"EvaluationPeriods": 3, "DatapointsToAlarm": needed, "Period": period}
        shop.alarm(name, TreatMissingData=treatment, **counts)
    shop.play(points, period)
    for (_, prior), name in names.items():
        shop.set(name, prior)
    shop.twin.sleep(6)
    found = {each: shop.state(name) for each, name in names.items()}

    assert found == {
        (treatment, prior): prior if state == KEPT else state
        for treatment, state in zip(TREATMENTS, expected, strict=True)
        for prior in PRIORS
    }


def test_an_alarm_is_evaluated_again_when_its_last_point_ages(shop: Shop) -> None:
    """Once `0 - - - -` has lost its point, breaching is ALARM and missing is without data (same page)."""
    for treatment in ("missing", "breaching"):
        shop.alarm(treatment, TreatMissingData=treatment, EvaluationPeriods=3)
    shop.play("0 - - - -", 60)
    shop.twin.sleep(6)
    before = [shop.state(name) for name in ("missing", "breaching")]
    shop.twin.sleep(60)
    after = [shop.state(name) for name in ("missing", "breaching")]

    assert before == ["OK", "OK"]
    assert after == [NONE, "ALARM"]


def test_a_new_alarm_begins_without_data_and_a_changed_one_keeps_its_state(shop: Shop) -> None:
    """A client's alarm begins in INSUFFICIENT_DATA; one that is put again keeps its state (PutMetricAlarm)."""
    shop.alarm("new")
    new = shop.state("new")
    shop.set("new", "ALARM")
    shop.alarm("new", Threshold=6)

    assert (new, shop.state("new")) == (NONE, "ALARM")


def test_a_state_that_a_client_sets_lasts_until_the_next_evaluation(shop: Shop) -> None:
    """The alarm returns to its real state within seconds (botocore: SetAlarmState)."""
    shop.alarm("calm")
    shop.put(1)
    shop.twin.sleep(11)
    shop.set("calm", "ALARM")
    after = shop.state("calm")
    shop.twin.sleep(10)

    assert (after, shop.state("calm")) == ("ALARM", "OK")


def test_the_history_tells_a_call_from_an_evaluation(shop: Shop) -> None:
    """Newest first; what CloudWatch found rests on data with a date (AWS CLI Command Reference)."""
    shop.alarm("calm")
    shop.put(1)
    shop.twin.sleep(11)
    shop.set("calm", "ALARM")
    shop.twin.sleep(10)
    given = {"AlarmName": "calm", "HistoryItemType": "StateUpdate"}
    pages = list(shop.cloudwatch.get_paginator("describe_alarm_history").paginate(**given, PaginationConfig=PAGES_OF_2))
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    states = [json.loads(each["HistoryData"])["newState"] for each in items]

    assert [each["HistorySummary"] for each in items] == [
        "Alarm updated from ALARM to OK",
        "Alarm updated from OK to ALARM",
        f"Alarm updated from {NONE} to OK",
    ]
    assert ["queryDate" in each.get("stateReasonData", {}) for each in states] == [True, False, True]
    assert [len(page["AlarmHistoryItems"]) for page in pages] == [2, 1]
    other = shop.cloudwatch.describe_alarm_history(AlarmName="calm", HistoryItemType="Action")
    assert other["AlarmHistoryItems"] == []


def test_a_band_of_anomaly_detection_is_told_once(shop: Shop) -> None:
    """Such an alarm stays without data, and the trace says why, with its name."""
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "Visitors"}, "Period": 60, "Stat": "Average"}
    shop.cloudwatch.put_metric_alarm(
        AlarmName="band",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanUpperThreshold",
        ThresholdMetricId="b",
        Metrics=[
            {"Id": "m", "MetricStat": stat, "ReturnData": True},
            {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)", "ReturnData": True},
        ],
    )
    shop.twin.sleep(60)
    [(_, told)] = shop.twin.happened("left_out", "band")

    assert "anomaly detection" in told["what"]
    assert shop.state("band") == NONE


@pytest.mark.parametrize(
    "changes",
    [
        {"Threshold": None},
        {"EvaluationPeriods": 2_000_000_000},
        {"Statistic": None},
        {"Statistic": None, "ExtendedStatistic": "p9x"},
    ],
    ids=["no threshold", "periods without end", "no statistic", "an unknown statistic"],
)
def test_an_alarm_that_aws_would_not_take_ends_no_world(shop: Shop, changes: dict[str, Json]) -> None:
    """It is told of, stays without data, and the other alarms go on."""
    whole = {"AlarmName": "odd", "Namespace": "Shop", "MetricName": "Visitors", "Statistic": "Maximum", "Period": 60}
    whole |= {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 5, **changes}
    shop.cloudwatch.put_metric_alarm(**{name: value for name, value in whole.items() if value is not None})
    shop.alarm("sound")
    shop.put(9)
    shop.twin.sleep(11)

    assert [shop.state(name) for name in ("odd", "sound")] == [NONE, "ALARM"]
    assert len(shop.twin.happened("left_out", "odd")) == 1


def test_an_alarm_on_an_expression_fires(shop: Shop) -> None:
    """PutMetricAlarm takes metric math, and the alarm goes by its value."""
    stat = {"Metric": {"Namespace": "Shop", "MetricName": "Visitors"}, "Period": 60, "Stat": "Maximum"}
    shop.cloudwatch.put_metric_alarm(
        AlarmName="double",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=5,
        Metrics=[
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
            {"Id": "e", "Expression": "m * 2", "ReturnData": True},
        ],
    )
    shop.put(3)
    shop.twin.sleep(11)

    assert shop.state("double") == "ALARM"


def test_a_high_resolution_alarm_does_not_wait_for_the_minute(worlds: Worlds) -> None:
    """An alarm of a period of 10 or 30 s is evaluated every 10 s, also where others are once a minute (same guide)."""
    with worlds.open(calibration=replace(PLAIN, alarm_interval_seconds=60.0)) as twin:
        shop = Shop(twin)
        for period in (10, 30, 60):
            shop.alarm(f"every {period}", Period=period)
        twin.sleep(5)
        shop.put(9)
        twin.sleep(11)
        found = [shop.state(f"every {period}") for period in (10, 30, 60)]

    assert found == ["ALARM", "ALARM", NONE]


def definitions(twin: Twin) -> list[Json]:
    """Return what the timeline is told of alarms: what each watches, and what it triggers."""
    notes = [json.loads(note) for note in twin.world.trace.notes]
    return [(each["watches"], each["triggers"]) for each in notes if each.get("kind") == "alarm_definition"]


def triggered(twin: Twin) -> list[Json]:
    """Return what the timeline is told beside each alarm that changes its state: what that triggers."""
    events, notes = twin.world.trace.events, [json.loads(note) for note in twin.world.trace.notes]
    return [note.get("triggers") for note in notes if "of" in note and events[note["of"]].kind == "alarm"]


POLICY = "arn:aws:autoscaling:us-west-2:123456789012:scalingPolicy:1:resource/ecs/service/a/b:policyName/in:createdBy/2"
TOPIC = "arn:aws:sns:us-west-2:123456789012:people"


@pytest.mark.parametrize(
    ("changes", "triggers"),
    [
        ({"AlarmActions": [POLICY, TOPIC]}, ["in", "people"]),
        ({"AlarmActions": [TOPIC], "ActionsEnabled": False}, []),
        ({"OKActions": [TOPIC]}, []),
        ({}, []),
    ],
)
def test_the_timeline_is_told_what_an_alarm_watches_and_triggers(
    shop: Shop, changes: dict[str, Json], triggers: list[str]
) -> None:
    """Once for each definition, and again whenever the alarm is on."""
    shop.alarm("busy", Dimensions=[{"Name": "Door", "Value": "north"}], **changes)
    shop.alarm("busy", Dimensions=[{"Name": "Door", "Value": "north"}], **changes)
    shop.put(9, Dimensions=[{"Name": "Door", "Value": "north"}])
    shop.twin.until(lambda: shop.state("busy") == "ALARM", 70)

    assert definitions(shop.twin).count((["Shop Visitors Door=north"], triggers)) == 1
    assert triggered(shop.twin)[-1] == triggers


def test_an_alarm_of_a_short_period_does_not_see_points_by_the_minute(shop: Shop) -> None:
    """It is for metrics of high resolution (CloudWatch User Guide, "High-resolution alarms")."""
    for period in (10, 60):
        shop.alarm(f"every {period}", Period=period)
    shop.put(9, StorageResolution=60)
    shop.twin.sleep(11)

    assert [shop.state(f"every {period}") for period in (10, 60)] == [NONE, "ALARM"]
