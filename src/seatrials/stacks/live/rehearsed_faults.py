"""What can be broken on a rehearsal: all that a mock can, asked of its server by a path that no account of AWS has."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import httpx

from seatrials.errors import ConfigurationError, UnreachableError
from seatrials.platform.faults import FAULTS, FAULTS_PATH
from seatrials.seams.application import AwsClient
from seatrials.stacks.live.faults import LiveFaults

# A machine that is busy answers late.
_ASK_SECONDS = 60.0


class RehearsedFaults(LiveFaults):
    """Faults of a served world; what AWS has a call for is asked of AWS there too."""

    def __init__(
        self, aws: Callable[[str], AwsClient], cluster: str, services: Mapping[str, str], control_url: str
    ) -> None:
        """*control_url* is the server's."""
        super().__init__(aws, cluster, services)
        self._control_url = control_url

    def __getattr__(self, name: str) -> Callable[..., AbstractContextManager[None]]:
        """Return what asks the server for a fault that AWS has no call for."""
        if name not in FAULTS:
            raise AttributeError(name)
        return partial(self._broken, name)

    @contextmanager
    def _broken(self, name: str, *given: object, **named: object) -> Iterator[None]:
        number = _ask(self._control_url, "POST", FAULTS_PATH, {"name": name, "given": given, "named": named})["number"]
        try:
            yield
        finally:
            _ask(self._control_url, "DELETE", f"{FAULTS_PATH}/{number}")


def active_faults(control_url: str | None) -> list[str]:
    """Return the names of what is broken on a rehearsal, by whomever; nothing of a stack that is none."""
    return [] if control_url is None else [str(each) for each in _ask(control_url, "GET", FAULTS_PATH)["faults"]]


def end_faults(control_url: str | None) -> None:
    """End all that is broken on a rehearsal: whoever has the lease is alone there, and all else is left over."""
    if active_faults(control_url):
        assert control_url is not None, "nothing is broken where nobody can be asked"
        _ask(control_url, "DELETE", FAULTS_PATH)


def _ask(control_url: str, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
    url = f"{control_url}{path}"
    try:
        answer = httpx.request(method, url, json=body, timeout=_ASK_SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        msg = (
            f"the server of the rehearsal does not answer {method} {url}: {error}; it may have ended: see what it said"
        )
        raise UnreachableError(msg) from error
    if answer.is_error:
        msg = f"the server of the rehearsal refused a fault with {answer.status_code}: {answer.text[:400]}"
        raise ConfigurationError(msg)
    found: dict[str, Any] = answer.json()
    return found
