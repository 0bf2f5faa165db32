"""Measurements as SVG, each plot with a sentence that says the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from seatrials.gate.decision import HistoryPoint, Regression, Series
from seatrials.gate.markup import Html, element
from seatrials.gate.wording import measured, metric, number, percent

# A plot is about as wide as a phone, so that its letters keep their size there.
_WIDTH = 340
_HEIGHT = 118
_MARGIN = 12
_NAMES_HEIGHT = 32
_LEFT = 44
_TICKS = 4
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LANES = 5
_LABEL_WIDTH_FRACTION = 0.55
_SPARK_WIDTH = 96
_SPARK_HEIGHT = 24


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How values become places between *start* and *end*."""

    lower: float
    upper: float
    step: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where *value* stands."""
        return self.start + (value - self.lower) / (self.upper - self.lower) * (self.end - self.start)

    def ticks(self) -> Iterable[float]:
        """Yield the round values from the lower end to the upper one."""
        return (self.lower + index * self.step for index in range(round((self.upper - self.lower) / self.step) + 1))


def scale(values: Sequence[float], start: float, end: float) -> Scale:
    """Return a scale with round ends for *values*; it begins at 0 unless that would press them together."""
    low, high = min(values), max(values)
    lower = min(0.0, low) if low < high / 2 or low == high else low
    step = _round_step(((high - lower) or abs(high) or 1.0) / _TICKS)
    first = floor(lower / step) * step
    last = max(ceil(round(high / step, 9)) * step, first + step)
    return Scale(lower=first, upper=last, step=step, start=start, end=end)


def samples_plot(series: Series) -> Html:
    """Return where the measurements of *series* lie, beside its budget and its baseline."""
    marks = [each for each in (series.budget, series.baseline) if each is not None]
    across = scale([series.minimum, series.maximum, *marks], _MARGIN, _WIDTH - _MARGIN)
    middle = 52
    spread = element(
        "rect",
        x=across.place(series.p50),
        y=middle - 12,
        width=max(across.place(series.p95) - across.place(series.p50), 2),
        height=24,
        class_="spread",
    )
    dots = [
        element("circle", cx=across.place(value), cy=middle + _lane(index), r=3, class_="dot")
        for index, value in enumerate(series.samples)
    ]
    tail = _upright(across.place(series.p99), middle - 12, middle + 12, "tail")
    budget = f"budget {number(series.budget)} ({series.budget_statistic})" if series.budget is not None else ""
    baseline = f"baseline {number(series.baseline)}" if series.baseline is not None else ""
    return _figure(
        samples_sentence(series),
        # Without lines there are no names of lines, for which the top is.
        0 if marks else _NAMES_HEIGHT,
        spread,
        *dots,
        tail,
        *_marked(across, series.budget, budget, "budget", 16),
        *_marked(across, series.baseline, baseline, "baseline", 30),
        *_axis(across),
    )


def samples_sentence(series: Series) -> str:
    """Return what the plot of *series* shows."""
    said = (
        f"{metric(series.metric)} on {series.environment}: {series.count} {series.kind}, "
        f"from {measured(series.minimum, series.unit)} to {measured(series.maximum, series.unit)}, "
        f"p50 {number(series.p50)}, p95 {number(series.p95)}, p99 {number(series.p99)}"
    )
    budget = f"; budget {number(series.budget)} for {series.budget_statistic}" if series.budget is not None else ""
    baseline = f"; baseline {number(series.baseline)}" if series.baseline is not None else ""
    return f"{said}{budget}{baseline}."


def history_plot(change: Regression) -> Html:
    """Return the values of the runs so far, beside the baseline and the bound of *change*."""
    limit = change.baseline * (1 + change.bound) if change.baseline is not None else None
    marks = [each for each in (change.baseline, limit) if each is not None]
    up = scale([*(point.value for point in change.history), *marks], _HEIGHT - 24, 10)
    count = len(change.history)
    places = [
        (_LEFT + 8 + index * (_WIDTH - _LEFT - _MARGIN - 16) / max(count - 1, 1), up.place(point.value))
        for index, point in enumerate(change.history)
    ]
    line = element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), class_="line")
    dots = [
        element("circle", cx=x, cy=y, r=5 if index == count - 1 else 3, class_="dot")
        for index, (x, y) in enumerate(places)
    ]
    return _figure(
        history_sentence(change),
        0,
        *_grid(up),
        *_level(up, change.baseline, "baseline"),
        *_level(up, limit, "budget"),
        line,
        *dots,
        *_days(change.history),
    )


def sparkline(series: Series) -> Html:
    """Return the run of a metric so far as a line within a line of text, the newest value as a dot."""
    values = [point.value for point in series.history]
    up = scale(values, _SPARK_HEIGHT - 3, 3)
    step = (_SPARK_WIDTH - 6) / max(len(values) - 1, 1)
    places = [(3 + index * step, up.place(value)) for index, value in enumerate(values)]
    first, last = series.history[0], series.history[-1]
    sentence = (
        f"{metric(series.metric)} on {series.environment} in {len(values)} runs, {first.started[:10]} to "
        f"{last.started[:10]}: from {number(min(values))} to {measured(max(values), series.unit)}, "
        f"at last {number(last.value)}."
    )
    return element(
        "svg",
        element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in places), class_="line"),
        element("circle", cx=places[-1][0], cy=places[-1][1], r=2.5, class_="dot"),
        viewBox=f"0 0 {_SPARK_WIDTH} {_SPARK_HEIGHT}",
        class_="spark",
        role="img",
        aria_label=sentence,
    )


def history_sentence(change: Regression) -> str:
    """Return what the plot of *change* shows."""
    first, last = change.history[0], change.history[-1]
    values = [point.value for point in change.history]
    against = (
        f"; the baseline is {measured(change.baseline, change.unit)}, and {percent(change.bound)} is the bound"
        if change.baseline is not None
        else ""
    )
    return (
        f"{metric(change.metric)} on {change.environment} in {len(values)} runs, {first.started[:10]} to "
        f"{last.started[:10]}: from {number(min(values))} to {measured(max(values), change.unit)}, "
        f"at last {number(last.value)}{against}."
    )


def _figure(sentence: str, top: float, *parts: Html) -> Html:
    return element("svg", *parts, viewBox=f"0 {top} {_WIDTH} {_HEIGHT - top}", role="img", aria_label=sentence)


def _round_step(least: float) -> float:
    power = 10.0 ** floor(log10(least))
    return next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9))


def _lane(index: int) -> float:
    """Return how far from the middle a dot stands, so that equal values do not hide one another."""
    return (index * 2 % _LANES - _LANES // 2) * 4.0


def _upright(x: float, top: float, bottom: float, class_: str) -> Html:
    return element("line", x1=x, x2=x, y1=top, y2=bottom, class_=class_)


def _marked(across: Scale, value: float | None, words: str, class_: str, y: float) -> Iterable[Html]:
    """Yield a line across the plot at *value*, and its name on the side that has room."""
    if value is None:
        return
    x = across.place(value)
    is_left = x > _WIDTH * _LABEL_WIDTH_FRACTION
    yield _upright(x, y - 10, _HEIGHT - 28, class_)
    yield element("text", words, x=x - 5 if is_left else x + 5, y=y, text_anchor="end" if is_left else "start")


def _axis(across: Scale) -> Iterable[Html]:
    y = _HEIGHT - 28
    yield element("line", x1=across.start, x2=across.end, y1=y, y2=y, class_="axis")
    ticks = list(across.ticks())
    for index, value in enumerate(ticks):
        anchor = "start" if index == 0 else "end" if index == len(ticks) - 1 else "middle"
        yield _upright(across.place(value), y, y + 5, "axis")
        yield element("text", number(value), x=across.place(value), y=y + 20, text_anchor=anchor)


def _grid(up: Scale) -> Iterable[Html]:
    for value in up.ticks():
        y = up.place(value)
        yield element("line", x1=_LEFT, x2=_WIDTH - _MARGIN, y1=y, y2=y, class_="grid")
        yield element("text", number(value), x=_LEFT - 6, y=y + 4, text_anchor="end")


def _level(up: Scale, value: float | None, class_: str) -> Iterable[Html]:
    if value is not None:
        y = up.place(value)
        yield element("line", x1=_LEFT, x2=_WIDTH - _MARGIN, y1=y, y2=y, class_=class_)


def _days(history: Sequence[HistoryPoint]) -> Iterable[Html]:
    for point, x, anchor in ((history[0], _LEFT, "start"), (history[-1], _WIDTH - _MARGIN, "end")):
        yield element("text", point.started[:10], x=x, y=_HEIGHT - 4, text_anchor=anchor)
