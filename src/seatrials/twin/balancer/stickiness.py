"""The cookies that keep a client with the target group or the target it was given.

Source: AWS ALB User Guide, "Sticky sessions for your Application Load Balancer". A real cookie is encrypted; here it is
a number drawn from the world's seed that only the balancer can turn back, which is as hard to forge.
"""

from collections.abc import Sequence
from email.utils import formatdate
from random import Random

from seatrials.seams.clock import Clock
from seatrials.twin.balancer.messages import Headers

GROUP_COOKIE = "AWSALBTG"
TARGET_COOKIE = "AWSALB"
# The cookie's own expiry, whatever the group's duration.
_COOKIE_SECONDS = 7 * 24 * 3600


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
        self._given[name, value] = (subject, until)
        self._given[f"{name}CORS", value] = (subject, until)
        expires = formatdate(self._clock.now() + _COOKIE_SECONDS, usegmt=True)
        return [
            ("Set-Cookie", f"{name}={value}; Expires={expires}; Path=/"),
            ("Set-Cookie", f"{name}CORS={value}; Expires={expires}; Path=/; SameSite=None; Secure"),
        ]
