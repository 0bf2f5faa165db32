"""What CloudWatch documents of the body of a dashboard, as far as dashboards of metrics go.

Source: CloudWatch API Reference, "Dashboard Body Structure and Syntax": overall structure, widgets, metric widgets,
their `metrics` arrays, annotations and axes; CloudWatch User Guide, "CloudWatch quotas", for the number of metrics.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

_COLUMNS = 24
_WIDGETS_MAX = 500
_METRICS_MAX = 500
_DIMENSIONS_MAX = 30
_WORDS_MIN = 2
_SAME, _SAME_BEGINNING = ".", "..."
_MINUTE = 60
# Shorter than a minute are those of high resolution.
_SHORT_PERIODS = (1, 5, 10, 20, 30)
_STATISTIC = re.compile(
    r"SampleCount|Average|Sum|Minimum|Maximum|IQM|"
    r"(p|tm|wm|tc|ts)(\d{1,2}(\.\d{1,10})?|100)|(TM|WM|PR|TC|TS)\([^()]*:[^()]*\)"
)


def _check_period(value: int) -> int:
    if value <= 0 or (value % _MINUTE and value not in _SHORT_PERIODS):
        msg = f"must be a multiple of 60 seconds, or one of {', '.join(map(str, _SHORT_PERIODS))}"
        raise ValueError(msg)
    return value


def _check_statistic(value: str) -> str:
    if _STATISTIC.fullmatch(value) is None:
        msg = "must be a statistic of CloudWatch, such as Average or p99"
        raise ValueError(msg)
    return value


Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Period = Annotated[Whole, AfterValidator(_check_period)]
Statistic = Annotated[str, AfterValidator(_check_statistic)]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Side = Literal["left", "right"]


class _Part(BaseModel):
    """An object of the body, with the keys that the page lists for it and no other."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Rendering(_Part):
    """How one metric is drawn: the object that may end its row."""

    account_id: AccountId | None = None
    color: Colour | None = None
    expression: Annotated[str, Field(min_length=1)] | None = None
    id: Annotated[str, Field(pattern=r"^[a-z][a-zA-Z0-9_]*$")] | None = None
    label: str | None = None
    period: Period | None = None
    region: Region | None = None
    stat: Statistic | None = None
    visible: bool | None = None
    y_axis: Side | None = None


class Horizontal(_Part):
    """A line across a graph."""

    value: Number
    label: str | None = None
    color: Colour | None = None
    fill: Literal["above", "below", "none"] | None = None
    visible: bool | None = None
    y_axis: Side | None = None


class Annotations(_Part):
    """What is drawn into a graph beside its metrics."""

    horizontal: tuple[Horizontal, ...] | None = None
    # The ARN of the one alarm that is shown in place of metrics.
    alarms: Annotated[tuple[str, ...], Field(min_length=1, max_length=1)] | None = None


class Axis(_Part):
    """One of the two axes."""

    label: str | None = None
    min: Number | None = None
    max: Number | None = None
    show_units: bool | None = None


class Axes(_Part):
    """Both axes."""

    left: Axis | None = None
    right: Axis | None = None


class Legend(_Part):
    """Where the legend stands."""

    position: Literal["right", "bottom", "hidden"]


class MetricProperties(_Part):
    """What a widget of metrics shows."""

    region: Region
    metrics: Annotated[tuple[tuple[Any, ...], ...], Field(min_length=1, max_length=_METRICS_MAX)] | None = None
    annotations: Annotations | None = None
    account_id: AccountId | None = None
    legend: Legend | None = None
    live_data: bool | None = None
    period: Period | None = None
    set_period_to_time_range: bool | None = None
    sparkline: bool | None = None
    stacked: bool | None = None
    stat: Statistic | None = None
    timezone: Annotated[str, Field(pattern=r"^[+-]\d{4}$")] | None = None
    title: str | None = None
    view: Literal["timeSeries", "singleValue", "gauge", "bar", "pie", "table"] | None = None
    y_axis: Axes | None = None

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        has_alarm = self.annotations is not None and self.annotations.alarms is not None
        if (self.metrics is None) != has_alarm:
            msg = "must have metrics, or the annotation of one alarm in their place"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _rows_are_metrics(self) -> Self:
        before: Sequence[str] = ()
        for number, row in enumerate(self.metrics or ()):
            before = _words(number, row, before)
        return self


class MetricWidget(_Part):
    """A widget of metrics, and where it stands on the grid of 24 columns."""

    type: Literal["metric"]
    x: Annotated[Whole, Field(ge=0, lt=_COLUMNS)] = 0
    y: Annotated[Whole, Field(ge=0)] = 0
    width: Annotated[Whole, Field(ge=1, le=_COLUMNS)] = 6
    height: Annotated[Whole, Field(ge=1, le=1000)] = 6
    properties: MetricProperties

    @model_validator(mode="after")
    def _is_on_the_grid(self) -> Self:
        if self.x + self.width > _COLUMNS:
            msg = f"must end within the {_COLUMNS} columns of the grid; it begins at {self.x} and is {self.width} wide"
            raise ValueError(msg)
        return self


class Body(_Part):
    """A dashboard's body."""

    widgets: Annotated[tuple[MetricWidget, ...], Field(max_length=_WIDGETS_MAX)]
    start: str | None = None
    end: str | None = None
    period_override: Literal["auto", "inherit"] | None = None


def problems_of(body: Mapping[str, Any]) -> list[str]:
    """Return what of a *body* CloudWatch would not take or not draw, a line for each place."""
    try:
        Body.model_validate(body)
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in found]
    return []


def _words(number: int, row: Sequence[object], before: Sequence[str]) -> Sequence[str]:
    """Return namespace, name and dimensions of a row of `metrics`, in full; raises `ValueError` for one that is none.

    `.` stands for what the row before has in this place, and `...` for all that the row has not itself.
    """
    words = [each for each in row if isinstance(each, str)]
    rest = row[len(words) :]
    if any(isinstance(each, str) for each in rest) or len(rest) > 1 or not all(isinstance(each, dict) for each in rest):
        msg = f"metrics.{number}: must be texts, and after them at most one object; it is {list(row)!r}"
        raise ValueError(msg)
    rendering = Rendering.model_validate(rest[0]) if rest else Rendering()
    if not words and rendering.expression is not None:
        return before
    full = _in_full(words, before)
    is_whole = len(full) >= _WORDS_MIN and len(full) % 2 == 0 and all(full)
    if not is_whole or rendering.expression is not None or len(full) > _WORDS_MIN + 2 * _DIMENSIONS_MAX:
        msg = (
            f"metrics.{number}: must be a namespace, a metric and up to {_DIMENSIONS_MAX} dimensions as pairs, "
            f"or an expression alone; it is {list(row)!r}"
        )
        raise ValueError(msg)
    return full


def _in_full(words: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return a row with what it takes over of the row before it; a text is empty where that has nothing."""
    if words[:1] == [_SAME_BEGINNING]:
        own = words[1:]
        return [*before[: max(0, len(before) - len(own))], *own]
    known = [*before, *[""] * len(words)]
    return [known[place] if word == _SAME else word for place, word in enumerate(words)]
