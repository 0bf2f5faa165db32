"""Which version a service says it is, in an answer that a scenario asked for anyway."""

import json
from collections.abc import Mapping

_OK = 200
_CHARACTERS_MAX = 80
# Where the contract has a `version`, and whose it is, in the words of an environment's `release`.
_ASKED: Mapping[str, str] = {
    "GET /hermes/health": "hermes",
    "GET /hermes/status": "hermes",
    "GET /api/status": "edit",
}


def version_told(request: str, status: int, content: bytes) -> tuple[str, str] | None:
    """Return the service that answered a *request* such as `GET /hermes/health`, and its version; None without one."""
    service = _ASKED.get(request)
    if service is None or status != _OK:
        return None
    try:
        told = json.loads(content)
    except ValueError:
        return None
    version = told.get("version") if isinstance(told, dict) else None
    return (service, version[:_CHARACTERS_MAX]) if isinstance(version, str) and version.strip() else None
