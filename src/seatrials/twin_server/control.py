"""The server's own paths beside AWS's API, which no account has: what a rehearsal may ask of its world."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from seatrials.seams.http1 import Request, Response, json_response
from seatrials.seams.lateness import CONTROL_PATH, LATENESS_PATH, Lateness
from seatrials.twin.moto_bridge.errors import refusal

# What has been used in the world so far, in the words of `seatrials.cost`: a run's own account is held against it.
USAGE_PATH = f"{CONTROL_PATH}/usage"


class Control:
    """Answers what is asked of the server itself, and lets an endpoint answer the rest."""

    def __init__(
        self,
        handle: Callable[[Request], Response],
        lateness: Lateness,
        usage: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        """*handle* answers for AWS; *lateness* is the world's, and *usage* tells what was used in it."""
        self._handle = handle
        self._lateness = lateness
        self._usage = usage

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        target = urlsplit(request.target)
        if target.path != CONTROL_PATH and not target.path.startswith(f"{CONTROL_PATH}/"):
            return self._handle(request)
        if (request.method, target.path) == ("GET", USAGE_PATH):
            return json_response(200, dict(self._usage()))
        if (request.method, target.path) != ("GET", LATENESS_PATH):
            asked = f"{request.method} {target.path[:100]}"
            told = f"only GET {LATENESS_PATH}?since=SECONDS and GET {USAGE_PATH} are served here, not {asked}"
            return refusal(404, "NotFound", told)
        since = parse_qs(target.query).get("since", [""])[0]
        try:
            late_seconds = self._lateness.worst_since(float(since))
        except (ValueError, OverflowError):
            return refusal(400, "InvalidParameter", f"since must be seconds since the epoch, not {since[:100]!r}")
        return json_response(200, {"late_seconds": late_seconds})
