"""Statistics of data points: what CloudWatch makes of those of one period.

Source: Amazon CloudWatch User Guide, "CloudWatch statistics definitions".
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")


@dataclass(frozen=True, slots=True)
class Samples:
    """What was put at one moment: one value, several values with their counts, or a statistic set."""

    count: float
    total: float
    least: float
    most: float
    # (value, count); None of a statistic set, whose single values nobody knows.
    values: tuple[tuple[float, float], ...] | None

    @classmethod
    def of_values(cls, values: Iterable[tuple[float, float]]) -> "Samples":
        """Return samples of (value, count); there must be one at least."""
        known = tuple(values)
        numbers = [value for value, _ in known]
        count = sum(each for _, each in known)
        return cls(count, sum(value * each for value, each in known), min(numbers), max(numbers), known)

    @classmethod
    def of_set(cls, count: float, total: float, least: float, most: float) -> "Samples":
        """Return the samples of a statistic set; of equal values, or of one, each value is known after all."""
        known = ((most, count),) if count == 1 or least == most else None
        return cls(count, total, least, most, known)


class UnknownStatisticError(Exception):
    """A statistic that the twin does not compute; the text says which."""


Statistic = Callable[[list[Samples]], float | None]


def _average(samples: list[Samples]) -> float | None:
    count = sum(each.count for each in samples)
    return sum(each.total for each in samples) / count if count else None


_SIMPLE: dict[str, Statistic] = {
    "SampleCount": lambda samples: sum(each.count for each in samples),
    "Sum": lambda samples: sum(each.total for each in samples),
    "Minimum": lambda samples: min(each.least for each in samples),
    "Maximum": lambda samples: max(each.most for each in samples),
    "Average": _average,
}


def statistic(name: str) -> Statistic:
    """Return what computes a statistic of a period's samples, of which there must be some; None: it has none.

    Raises `UnknownStatisticError` for anything but Average, Sum, Minimum, Maximum, SampleCount and p0 to p100.
    """
    if name in _SIMPLE:
        return _SIMPLE[name]
    match = _PERCENTILE.fullmatch(name)
    if match is None:
        msg = f"the twin computes Average, Sum, Minimum, Maximum, SampleCount and p0 to p100, not {name}"
        raise UnknownStatisticError(msg)
    share = float(match[1]) / 100
    return lambda samples: _percentile(samples, share)


def has_few_samples(name: str, count: float) -> bool:
    """Whether *count* samples are too few for a percentile to mean much; never of another statistic.

    Source: Amazon CloudWatch User Guide, "Percentile-based alarms and low data samples": fewer than 10/(1-percentile)
    of one from 0.5 on, fewer than 10/percentile of a lower one.
    """
    match = _PERCENTILE.fullmatch(name)
    if match is None:
        return False
    share = float(match[1]) / 100
    rare = 1 - share if share >= 0.5 else share  # noqa: PLR2004  # the guide's own number
    return rare > 0 and round(count * rare, 9) < 10  # noqa: PLR2004  # the same


def _percentile(samples: list[Samples], share: float) -> float | None:
    """Return the least value that *share* of all values do not exceed; None when single values are not known.

    Source: same page: a percentile needs raw values, or statistic sets of equal values.
    """
    values: list[tuple[float, float]] = []
    for each in samples:
        if each.values is None:
            return None
        values += each.values
    values.sort()
    # To twelve digits: 0.99 of 100 values are 99, whatever binary fractions make of it.
    needed = math.ceil(round(share * sum(count for _, count in values), 12))
    passed = 0.0
    for value, count in values:
        passed += count
        if passed >= needed and count:
            return value
    return None
