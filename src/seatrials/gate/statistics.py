"""What the gate computes from measurements."""

from collections.abc import Sequence
from math import floor
from statistics import fmean, median

# Makes the median absolute deviation of normally distributed values their standard deviation.
_MAD_TO_SIGMA = 1.4826

STATISTICS = ("count", "mean", "minimum", "p50", "p95", "p99", "maximum")


def statistic(name: str, values: Sequence[float]) -> float:
    """Return the statistic *name*, one of `STATISTICS`, of *values*, of which there must be one at least."""
    match name:
        case "count":
            return float(len(values))
        case "mean":
            return fmean(values)
        case "minimum":
            return min(values)
        case "maximum":
            return max(values)
        case _:
            return quantile(values, int(name.removeprefix("p")) / 100)


def quantile(values: Sequence[float], fraction: float) -> float:
    """Return the value below which *fraction* of *values* lie, between two of them in proportion."""
    ordered = sorted(values)
    position = fraction * (len(ordered) - 1)
    below = floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation that the middle of *values* suggests; single outliers do not move it.

    It is the median absolute deviation from the median, scaled to a normal distribution.
    """
    centre = median(values)
    return _MAD_TO_SIGMA * median(abs(value - centre) for value in values)
