"""The cookies that keep a client with the target group or the target it was given.

Source: AWS ALB User Guide, "Sticky sessions for your Application Load Balancer". A real cookie is encrypted; here it is
a number drawn from the world's seed that only the balancer can turn back, which is as hard to forge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from random import Random

from seatrials.seams.clock import Clock
from seatrials.twin.balancer.groups import GroupCatalogue
from seatrials.twin.balancer.messages import Headers

GROUP_COOKIE = "AWSALBTG"
TARGET_COOKIE = "AWSALB"
# Beside a cookie of the application's own; a longer one would go on in -1 to -3.
APPLICATION_COOKIE = "AWSALBAPP-0"
# The cookie's own expiry, whatever the group's duration.
_COOKIE_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Stickiness:
    """How the clients of a target group stick to its targets."""

    # Of a client's cookie.
    seconds: float
    # The application's own cookie that the balancer's stands beside; empty when the balancer's stands alone.
    app_cookie: str = ""

    @classmethod
    def of(cls, groups: GroupCatalogue, group_arn: str) -> "Stickiness | None":
        """Return a group's stickiness, None when clients do not stick."""
        if groups.attribute(group_arn, "stickiness.enabled", "false") != "true":
            return None
        kind = groups.attribute(group_arn, "stickiness.type", "lb_cookie")
        seconds = float(groups.attribute(group_arn, f"stickiness.{kind}.duration_seconds", "86400"))
        name = groups.attribute(group_arn, "stickiness.app_cookie.cookie_name", "") if kind == "app_cookie" else ""
        return cls(seconds, name)

    @property
    def cookie(self) -> str:
        """The balancer's cookie for a target."""
        return APPLICATION_COOKIE if self.app_cookie else TARGET_COOKIE


@dataclass(frozen=True)
class AppCookie:
    """A balancer's cookie that goes with a cookie of the application's called *name*."""

    name: str
    subject: str
    seconds: float
    # Whether the client had both already: then its time begins anew with every answer.
    is_kept: bool


class StickyCookies:
    """The cookies that one balancer has given out; a subject is what a cookie stands for."""

    def __init__(self, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        # By cookie name and value: the subject, and when it stops to count.
        self._given: dict[tuple[str, str], tuple[str, float]] = {}

    def subject(self, name: str, cookie_headers: Sequence[str]) -> str | None:
        """Return what the client's cookie stands for, or None for no cookie, a forged one or one past its time."""
        for pair in "; ".join(cookie_headers).split(";"):
            key, _, value = pair.strip().partition("=")
            subject, expires = self._given.get((key, value), ("", 0.0))
            if key in {name, f"{name}CORS"} and expires > self._clock.now():
                return subject
        return None

    def headers(self, name: str, subject: str, duration_seconds: float) -> Headers:
        """Return Set-Cookie headers that keep the client with *subject* from now on."""
        value = f"{self._random.getrandbits(256):064x}"
        until = self._clock.now() + duration_seconds
        expires = formatdate(self._clock.now() + _COOKIE_SECONDS, usegmt=True)
        cookie = f"{value}; Expires={expires}; Path=/"
        self._given[name, value] = (subject, until)
        headers = [("Set-Cookie", f"{name}={cookie}")]
        if name != APPLICATION_COOKIE:
            self._given[f"{name}CORS", value] = (subject, until)
            headers.append(("Set-Cookie", f"{name}CORS={cookie}; SameSite=None; Secure"))
        return headers


def has_cookie(name: str, cookie_headers: Sequence[str]) -> bool:
    """Whether a client's Cookie headers bring a cookie called *name*."""
    pairs = "; ".join(cookie_headers).split(";")
    return any(pair.partition("=")[0].strip() == name for pair in pairs)


def sets_cookie(name: str, headers: Headers) -> bool:
    """Whether an answer's headers set a cookie called *name*."""
    values = [value for key, value in headers if key.lower() == "set-cookie"]
    return any(value.partition("=")[0].strip() == name for value in values)
