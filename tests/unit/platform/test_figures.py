"""Tests of the figures that scenarios compare with the contract."""

import pytest

from seatrials.platform.figures import longest_outage_seconds, p95


def test_the_95th_percentile_is_within_what_was_measured() -> None:
    """It lies between two measurements when none of them stands there, and never beyond the largest."""
    assert p95([float(number) for number in range(1, 22)]) == pytest.approx(20.0)
    assert p95([1.0, 1.0, 3.0]) <= 3.0


def test_an_outage_lasts_from_good_to_good() -> None:
    """It is as long as it may have been: from the last good sighting to the next, or to the end."""
    seen = [(0.0, True), (2.0, True), (4.0, False), (6.0, False), (7.0, True), (10.0, True)]

    assert longest_outage_seconds(seen) == 5
    assert longest_outage_seconds([*seen, (30.0, False)]) == 20
    assert longest_outage_seconds([(0.0, False), (9.0, False)]) == 9
