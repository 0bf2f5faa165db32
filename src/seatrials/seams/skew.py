"""How far two clocks are apart, told from an answer that one of them has dated."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

# A `Date` has whole seconds. Source: RFC 9110, 5.6.7.
_RESOLUTION_SECONDS = 1.0


@dataclass(frozen=True)
class Skew:
    """By how many seconds another clock is ahead of one's own, or behind it below 0, give or take an uncertainty."""

    seconds: float
    uncertainty_seconds: float

    @property
    def least_seconds(self) -> float:
        """The least difference that explains what was seen: 0 where the clocks may agree."""
        least = round(max(abs(self.seconds) - self.uncertainty_seconds, 0.0), 6)
        return least if self.seconds > 0 else -least

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.seconds:+.1f} s, give or take {self.uncertainty_seconds:.1f} s"


def skew_of(date: str, began: float, ended: float) -> Skew:
    """Return how far the clock behind the header `Date` is from the one that read when a call *began* and *ended*.

    In seconds since the epoch. Half the round trip is unknown, and half the second that a date leaves out.
    Raises `ValueError` for a text that is no date.
    """
    told = parsedate_to_datetime(date).timestamp()
    middle, half_way = (began + ended) / 2, (ended - began) / 2
    return Skew(round(told + _RESOLUTION_SECONDS / 2 - middle, 6), round(half_way + _RESOLUTION_SECONDS / 2, 6))
