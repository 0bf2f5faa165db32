"""How far the clock of a run is from AWS's, by the `Date` of what AWS answers: at its beginning, and at its end.

Rows compare moments of their own with those that AWS and the platform have written down, and allow for what they find
themselves. A clock that is wrong by more than a bound is no row's to allow for: a person must set it.
"""

from collections.abc import Callable

from seatrials.errors import WrongClockError
from seatrials.safety.aws_errors import translated
from seatrials.seams.application import AwsClient
from seatrials.seams.clock import Clock
from seatrials.seams.skew import Skew, skew_of

SKEW_SECONDS_MAX = 5.0
# The quickest answer tells most, and the first one waits for a connection.
_LOOKS = 3


def measure_skew(aws: Callable[[str], AwsClient], clock: Clock) -> Skew:
    """Return by how much AWS's clock is ahead of *clock*; of a few looks that which leaves least open.

    Source: AWS STS API Reference, GetCallerIdentity, which needs no permission; the header `Date`, RFC 9110, 6.6.1.
    """
    with translated("ask AWS for the time"):
        return min((_look(aws("sts"), clock) for _ in range(_LOOKS)), key=lambda each: each.uncertainty_seconds)


def _look(sts: AwsClient, clock: Clock) -> Skew:
    began = clock.now()
    answer = sts.get_caller_identity()
    return skew_of(answer["ResponseMetadata"]["HTTPHeaders"]["date"], began, clock.now())


def told_skew(skew: Skew) -> str:
    """Return what was seen of AWS's clock; raises `WrongClockError` when it is surely beyond the bound."""
    told = f"AWS's is {skew}"
    if abs(skew.least_seconds) > SKEW_SECONDS_MAX:
        msg = (
            f"this machine's clock is wrong by more than {SKEW_SECONDS_MAX:g} s ({told}), and rows compare its time "
            "with the platform's: let NTP set it (`timedatectl set-ntp true`), then look again"
        )
        raise WrongClockError(msg)
    return told
