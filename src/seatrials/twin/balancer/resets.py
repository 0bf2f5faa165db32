"""Connections that are reset before an answer: what a client that keeps connections has to live with.

A node goes away or gives up an idle connection just when a request is on its way. Only what a client may send again is
reset, before any target has heard of it: GET and HEAD, on a connection that has had an answer and was idle since.
Source: RFC 9110, 9.2.2 (idempotent methods), RFC 9112, 9.3.1 (retrying requests); how often it happens is ours.
"""

from random import Random

_MAY_BE_SENT_AGAIN = ("GET", "HEAD")
_IDLE_SECONDS = 1.0


class Resets:
    """Says which requests meet a reset."""

    def __init__(self, random: Random | None = None, share: float = 0.0) -> None:
        """Without *random* there are none; else it is a *share*, from 0 to 1, of the requests that may be reset."""
        self._random = random
        self._share = share

    def hits(self, method: str, idle_seconds: float | None) -> bool:
        """Whether to reset a connection that was idle so long (None: it is new) before a request of this method."""
        if self._random is None or idle_seconds is None or idle_seconds < _IDLE_SECONDS:
            return False
        return method in _MAY_BE_SENT_AGAIN and self._random.random() < self._share
