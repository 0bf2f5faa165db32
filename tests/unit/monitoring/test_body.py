"""The dashboard's body against what CloudWatch documents of bodies; a body that breaks one of the rules is found out.

Source: CloudWatch API Reference, "Dashboard Body Structure and Syntax".
"""

from collections.abc import Callable

import pytest

from seatrials.monitoring.bounds import Bounds
from seatrials.monitoring.wanted import wanted
from tests.support.aws import Document, Json
from tests.support.dashboard_body import problems_of

BOUNDS = Bounds(success_percent=95, cold_start_seconds=60, run_dollars=3, day_dollars=10)
ROW = ["Namespace", "Metric"]


@pytest.fixture(name="body")
def _body() -> Document:
    return wanted("webordinary-run", "Webordinary/IntegrationTests", "us-west-2", BOUNDS).body


def of_widget(key: str, value: Json) -> Callable[[Document], None]:
    """Return what sets a key of the first widget."""
    return lambda body: body["widgets"][0].update({key: value})


def of_properties(key: str, value: Json) -> Callable[[Document], None]:
    """Return what sets a key of the first widget's properties."""
    return lambda body: body["widgets"][0]["properties"].update({key: value})


def of_mark(key: str, value: Json) -> Callable[[Document], None]:
    """Return what sets a key of the first line across a graph."""
    return lambda body: body["widgets"][0]["properties"]["annotations"]["horizontal"][0].update({key: value})


def without(*keys: str | int) -> Callable[[Document], None]:
    """Return what takes away the last of *keys*, which the others lead to."""

    def take(body: Document) -> None:
        inner: Json = body
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]

    return take


# By what is wrong; each is found at its place.
MUTANTS: dict[str, tuple[Callable[[Document], None], str]] = {
    "no widgets": (without("widgets"), "widgets"),
    "501 widgets": (lambda body: body.update(widgets=body["widgets"][:1] * 501), "widgets"),
    "a key that no body has": (lambda body: body.update(title="Runs"), "title"),
    "a periodOverride of no kind": (lambda body: body.update(periodOverride="never"), "periodOverride"),
    "a widget without a type": (without("widgets", 0, "type"), "widgets.0.type"),
    "a type that there is not": (of_widget("type", "graph"), "widgets.0.type"),
    "a widget without properties": (without("widgets", 0, "properties"), "widgets.0.properties"),
    "x of 24": (of_widget("x", 24), "widgets.0.x"),
    "x below zero": (of_widget("x", -1), "widgets.0.x"),
    "x in halves": (of_widget("x", 0.5), "widgets.0.x"),
    "y below zero": (of_widget("y", -1), "widgets.0.y"),
    "no width": (of_widget("width", 0), "widgets.0.width"),
    "width of 25": (of_widget("width", 25), "widgets.0.width"),
    "beyond the last column": (of_widget("x", 13), "widgets.0"),
    "no height": (of_widget("height", 0), "widgets.0.height"),
    "height of 1001": (of_widget("height", 1001), "widgets.0.height"),
    "no region": (without("widgets", 0, "properties", "region"), "widgets.0.properties.region"),
    "a region that is none": (of_properties("region", "Oregon"), "widgets.0.properties.region"),
    "nothing to show": (without("widgets", 0, "properties", "metrics"), "widgets.0.properties"),
    "no metrics": (of_properties("metrics", []), "widgets.0.properties.metrics"),
    "501 metrics": (of_properties("metrics", [ROW] * 501), "widgets.0.properties.metrics"),
    "a period of 90 s": (of_properties("period", 90), "widgets.0.properties.period"),
    "a period of none": (of_properties("period", 0), "widgets.0.properties.period"),
    "a statistic of no kind": (of_properties("stat", "Mean"), "widgets.0.properties.stat"),
    "a percentile beyond 100": (of_properties("stat", "p101"), "widgets.0.properties.stat"),
    "a view of no kind": (of_properties("view", "line"), "widgets.0.properties.view"),
    "a legend on the left": (of_properties("legend", {"position": "left"}), "widgets.0.properties.legend.position"),
    "a third axis": (of_properties("yAxis", {"top": {}}), "widgets.0.properties.yAxis.top"),
    "a timezone in words": (of_properties("timezone", "UTC"), "widgets.0.properties.timezone"),
    "a property in the wrong case": (of_properties("Title", "x"), "widgets.0.properties.Title"),
    "a line without a value": (
        without("widgets", 0, "properties", "annotations", "horizontal", 0, "value"),
        "widgets.0.properties.annotations.horizontal.0.value",
    ),
    "a line that fills sideways": (of_mark("fill", "left"), "widgets.0.properties.annotations.horizontal.0.fill"),
    "a colour by its name": (of_mark("color", "red"), "widgets.0.properties.annotations.horizontal.0.color"),
    "a line on a third axis": (of_mark("yAxis", "top"), "widgets.0.properties.annotations.horizontal.0.yAxis"),
}
# Rows of `metrics` that are none.
WRONG_ROWS: tuple[list[Json], ...] = (
    [[]],
    [["Namespace"]],
    [["Namespace", "Metric", "Dimension"]],
    [["Namespace", ""]],
    [["Namespace", 5]],
    [["Namespace", "Metric", {"yAxis": "right"}, "Dimension", "value"]],
    [["Namespace", "Metric", {"yAxis": "right"}, {}]],
    [["Namespace", "Metric", {"yAxis": "above"}]],
    [["Namespace", "Metric", {"id": "First"}]],
    [["Namespace", "Metric", {"colour": "#00ff00"}]],
    [["Namespace", "Metric", {"expression": "a + b"}]],
    [[{"label": "nothing"}]],
    [[".", "Metric"]],
    [["...", "value"]],
    [ROW, [".", ".", ".", "value"]],
    [["Namespace", "Metric", *["Dimension", "value"] * 31]],
)
RIGHT_ROWS: tuple[list[Json], ...] = (
    [ROW, [".", "Other"]],
    [[*ROW, "Dimension", "one"], ["...", "two"], [".", "Other", ".", "three", {"label": "Three"}]],
    [[*ROW, {"id": "a1", "visible": False, "stat": "p99.9", "period": 60}], [{"expression": "a1 * 2"}]],
    [[*ROW, "Dimension", "one"], [{"expression": "a1 * 2"}], ["...", "two"]],
    [["Namespace", "Metric", *["Dimension", "value"] * 30]],
)


def test_the_body_keeps_every_rule(body: Document) -> None:
    """CloudWatch takes it, and draws all of it."""
    assert problems_of(body) == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_body_that_breaks_a_rule_is_found_out(body: Document, name: str) -> None:
    """One rule broken is one problem, told at its place."""
    change, place = MUTANTS[name]
    change(body)

    assert [each.partition(": ")[0] for each in problems_of(body)] == [place]


@pytest.mark.parametrize("rows", WRONG_ROWS, ids=str)
def test_a_row_that_is_no_metric_is_found_out(body: Document, rows: list[Json]) -> None:
    """Texts for namespace, metric and dimensions, then at most one object; `.` and `...` need a row before them."""
    of_properties("metrics", rows)(body)

    assert len(problems_of(body)) == 1


@pytest.mark.parametrize("rows", RIGHT_ROWS, ids=str)
def test_a_row_may_be_short(body: Document, rows: list[Json]) -> None:
    """A row may take over what the one before it has, and an expression has no words of its own."""
    of_properties("metrics", rows)(body)

    assert problems_of(body) == []


@pytest.mark.parametrize("period", [1, 10, 30, 60, 86_400])
@pytest.mark.parametrize("statistic", ["Average", "SampleCount", "p0", "p99.99", "p100", "tm95", "TM(5%:95%)", "IQM"])
def test_periods_and_statistics_may_be_all_that_there_are(body: Document, period: int, statistic: str) -> None:
    """Multiples of a minute and the short ones; simple statistics, percentiles and trimmed ones."""
    body["widgets"][0]["properties"].update(period=period, stat=statistic)

    assert problems_of(body) == []


def test_a_widget_may_show_an_alarm_in_place_of_metrics(body: Document) -> None:
    """One alarm, and no metrics beside it."""
    alarm = "arn:aws:cloudwatch:us-west-2:123456789012:alarm:webordinary-run-cost"
    shown = {"region": "us-west-2", "annotations": {"alarms": [alarm]}}
    of_widget("properties", shown)(body)

    assert problems_of(body) == []
    of_widget("properties", {**shown, "metrics": [ROW]})(body)
    assert len(problems_of(body)) == 1
