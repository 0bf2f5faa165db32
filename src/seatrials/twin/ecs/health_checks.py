"""Health checks of containers: curl and wget of a container's own port, which is what they are in practice.

No container of the twin has a shell, so the command is read: the URL that curl or wget fetches, or `exit N`. Another
command is left out, and the container's health stays UNKNOWN.
Source: botocore, ecs.HealthCheck; Amazon ECS Developer Guide, "Determine Amazon ECS task health using container health
checks".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from seatrials.twin.ecs.runtime import Container
from seatrials.twin.physics.clock import VirtualClock

_FETCH = re.compile(r"\b(?P<tool>curl|wget)\b(?P<options>.*?)(?P<url>https?://[^\s'\"|;&]+)")
_EXIT = re.compile(r"\s*(?:exit\s+(?P<code>\d+)|(?P<word>true|false))\s*")
_LOOPBACK = re.compile(r"^(https?://)(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])")
_ERROR_STATUS = 400


def command_of(check: Mapping[str, Any]) -> str | None:
    """Return the text of a health check's command; None when there is none to run."""
    words = [str(each) for each in check.get("command", [])]
    return None if not words or words[0] == "NONE" else " ".join(words[1:] if words[0].startswith("CMD") else words)


def can_run(command: str) -> bool:
    """Whether the twin can tell what a command would say."""
    return bool(_FETCH.search(command) or _EXIT.fullmatch(command))


class ContainerHealth:
    """The health check of one container, from its start to its end."""

    def __init__(
        self, clock: VirtualClock, container: Container, check: Mapping[str, Any], on_change: Callable[[str], None]
    ) -> None:
        """*on_change* hears HEALTHY and UNHEALTHY."""
        self._clock = clock
        self._container = container
        self._command = command_of(check) or ""
        self._interval_seconds = float(check.get("interval") or 30)
        self._timeout_seconds = float(check.get("timeout") or 5)
        self._retries = int(check.get("retries") or 3)
        self._grace_seconds = float(check.get("startPeriod") or 0)
        self._on_change = on_change

    def run(self) -> None:
        """Check for as long as the container lives, whose actor this is."""
        began, failures = self._clock.now(), 0
        self._container.begun.wait()
        while True:
            self._clock.sleep(self._interval_seconds)
            if self._passes():
                failures = 0
                self._become("HEALTHY")
            elif self._container.health == "HEALTHY" or self._clock.now() - began >= self._grace_seconds:
                failures += 1
                if failures >= self._retries:
                    self._become("UNHEALTHY")

    def _become(self, health: str) -> None:
        if self._container.health != health:
            self._container.health = health
            self._on_change(health)

    def _passes(self) -> bool:
        plain = _EXIT.fullmatch(self._command)
        if plain:
            return plain["word"] == "true" or plain["code"] == "0"
        fetch = _FETCH.search(self._command)
        assert fetch is not None, "a check that cannot run is not begun"
        url = _LOOPBACK.sub(rf"\g<1>{self._container.host.address}", fetch["url"])
        try:
            status = self._container.http.get(url, timeout=self._timeout_seconds).status_code
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return False
        # Without an option, curl takes every answer for good.
        lenient = fetch["tool"] == "curl" and not re.search(r"(^|\s)(-[a-zA-Z]*f|--fail)", fetch["options"])
        return lenient or status < _ERROR_STATUS
