"""Figures that scenarios compare with the contract, of what they have measured."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import quantiles


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile of at least two values, which are all there are."""
    return quantiles(values, n=20, method="inclusive")[-1]


def longest_outage_seconds(sightings: Sequence[tuple[float, bool]]) -> float:
    """Return the longest time without a good sighting, of (when, whether it was good) in order.

    It counts from good sighting to good sighting, so it is never shorter than the outage really was.
    """
    good = [when for when, is_good in sightings if is_good]
    moments = [sightings[0][0], *good, sightings[-1][0]]
    return max(later - earlier for earlier, later in pairwise(moments))
