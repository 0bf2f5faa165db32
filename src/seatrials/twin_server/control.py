"""The server's own paths beside AWS's API, which no account has: what a rehearsal may ask of its world."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from seatrials.platform.faults import FAULTS_PATH
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.seams.lateness import CONTROL_PATH, LATENESS_PATH, Lateness
from seatrials.twin.moto_bridge.errors import refusal
from seatrials.twin_server.served_faults import ServedFaults, UnknownFaultError

# What has been used in the world so far, in the words of `seatrials.cost`: a run's own account is held against it.
USAGE_PATH = f"{CONTROL_PATH}/usage"
_FAULTS = f"GET, POST and DELETE {FAULTS_PATH}, and DELETE {FAULTS_PATH}/NUMBER"


class Control:
    """Answers what is asked of the server itself, and lets an endpoint answer the rest."""

    def __init__(
        self,
        handle: Callable[[Request], Response],
        lateness: Lateness,
        usage: Callable[[], Mapping[str, float]] = dict,
        faults: ServedFaults | None = None,
    ) -> None:
        """*handle* answers for AWS; *lateness* is the world's, and *usage* tells what was used in it.

        Without *faults* nothing can be broken there.
        """
        self._handle = handle
        self._lateness = lateness
        self._usage = usage
        self._faults = faults

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        target = urlsplit(request.target)
        if target.path != CONTROL_PATH and not target.path.startswith(f"{CONTROL_PATH}/"):
            return self._handle(request)
        if (request.method, target.path) == ("GET", USAGE_PATH):
            return json_response(200, dict(self._usage()))
        if target.path == FAULTS_PATH or target.path.startswith(f"{FAULTS_PATH}/"):
            return self._break(request, target.path.removeprefix(FAULTS_PATH).removeprefix("/"))
        if (request.method, target.path) != ("GET", LATENESS_PATH):
            asked = f"{request.method} {target.path[:100]}"
            told = (
                f"only GET {LATENESS_PATH}?since=SECONDS, GET {USAGE_PATH} and {_FAULTS} are served here, not {asked}"
            )
            return refusal(404, "NotFound", told)
        since = parse_qs(target.query).get("since", [""])[0]
        try:
            late_seconds = self._lateness.worst_since(float(since))
        except (ValueError, OverflowError):
            return refusal(400, "InvalidParameter", f"since must be seconds since the epoch, not {since[:100]!r}")
        return json_response(200, {"late_seconds": late_seconds})

    def _break(self, request: Request, number: str) -> Response:
        """Begin a fault, end the one of a *number* or all, or tell which go on."""
        if self._faults is None:
            if (request.method, number) == ("GET", ""):
                return json_response(200, {"faults": []})
            return refusal(
                404, "NotFound", "containers that are programs of this machine cannot be broken by its server"
            )
        try:
            told = _broken(self._faults, request, number)
        except UnknownFaultError as error:
            return refusal(400, "InvalidParameter", str(error))
        if told is None:
            asked = f"{request.method} {request.target[:100]}"
            return refusal(404, "NotFound", f"only {_FAULTS} are served here, not {asked}")
        return json_response(201 if request.method == "POST" else 200, told)


def _broken(faults: ServedFaults, request: Request, number: str) -> dict[str, Any] | None:
    """Do what is asked of faults, and return what is answered; None for what nobody can ask."""
    match request.method, number:
        case "GET", "":
            return {"faults": faults.active()}
        case "POST", "":
            return {"number": faults.begin(*_asked(request.body))}
        case "DELETE", "":
            return {"faults": faults.end_all()}
        case "DELETE", _ if number.isdecimal():
            faults.end(int(number))
            return {}
    return None


def _asked(body: bytes) -> tuple[str, list[Any], dict[str, Any]]:
    """Return name and parameters of a fault; raises `UnknownFaultError` for a body that has none."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    match asked:
        case {"name": str(name), "given": list(given), "named": dict(named)}:
            return name, given, named
    msg = 'the body must be {"name": ..., "given": [...], "named": {...}} in JSON'
    raise UnknownFaultError(msg)
