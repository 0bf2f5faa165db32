"""What can be broken on a rehearsal: all that a mock can, asked of its server by a path that no account of AWS has."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import httpx

from seatrials.errors import ConfigurationError
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
        number = self._ask("POST", FAULTS_PATH, {"name": name, "given": given, "named": named})["number"]
        try:
            yield
        finally:
            self._ask("DELETE", f"{FAULTS_PATH}/{number}")

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        url = f"{self._control_url}{path}"
        answer = httpx.request(method, url, json=body, timeout=_ASK_SECONDS, trust_env=False)
        if answer.is_error:
            msg = f"the server of the rehearsal refused a fault with {answer.status_code}: {answer.text[:400]}"
            raise ConfigurationError(msg)
        found: dict[str, Any] = answer.json()
        return found
