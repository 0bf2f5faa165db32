"""Tests of how far two clocks are apart."""

from email.utils import formatdate

import pytest

from seatrials.seams.skew import skew_of

NOW = 1_700_000_000.0


@pytest.mark.parametrize("ahead_seconds", [-7.0, -0.4, 0.0, 0.4, 7.0])
@pytest.mark.parametrize("fraction", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("dated_after", [0.0, 0.5, 1.0])
def test_the_true_difference_is_within_the_uncertainty(
    ahead_seconds: float, fraction: float, dated_after: float
) -> None:
    """Whenever in its second and on its way an answer was dated; what is told at least is never more than is true."""
    began, ended = NOW + fraction, NOW + fraction + 0.2
    date = formatdate(int(began + 0.2 * dated_after + ahead_seconds), usegmt=True)
    skew = skew_of(date, began, ended)

    assert skew.uncertainty_seconds == pytest.approx(0.6)
    assert abs(skew.seconds - ahead_seconds) <= skew.uncertainty_seconds + 1e-6
    assert abs(skew.least_seconds) <= abs(ahead_seconds) + 1e-6
    assert skew.least_seconds * ahead_seconds >= 0


def test_half_the_round_trip_is_unknown() -> None:
    """A slow answer leaves more open than a quick one: after ten seconds on the way the clocks may agree."""
    date = formatdate(NOW + 4, usegmt=True)

    assert skew_of(date, NOW, NOW + 10).least_seconds == 0.0
    assert skew_of(date, NOW, NOW + 1).least_seconds == 3.0
    assert str(skew_of(date, NOW, NOW + 1)) == "+4.0 s, give or take 1.0 s"
