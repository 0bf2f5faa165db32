"""Hermes's API: paths, statuses and JSON as the platform's contract has them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.seams.clock import Clock
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.items import answer_of
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError
from seatrials.webordinary.hermes.validation import InvalidRequestError, parse_activation

SERVICE = "hermes"
RETRY_AFTER_FULL_SECONDS = 60
RETRY_AFTER_UNAVAILABLE_SECONDS = 5
_ANY = "*"
_SESSIONS = ("hermes", "api", "sessions")

# Given the request and the path's variable part.
Handler = Callable[[Request, str], Response]


class NoSessionError(Exception):
    """The session that a request names is unknown or over; the status says which."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Answers requests; changes the table, and wakes the controller to do what follows."""

    clock: Clock
    version: str
    activations: Activations
    store: SessionStore
    publisher: Publisher
    wake_controller: Callable[[], None]
    log: Callable[[str], None]

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        answer = self._answer(request)
        return Response(answer.status, answer.body, [*answer.headers, ("x-service", SERVICE)])

    def table(self) -> Sequence[tuple[str, tuple[str, ...], Handler]]:
        """Return method, path and handler of every route; the first that fits is taken."""
        return (
            ("GET", ("health",), self.health),
            ("GET", ("hermes", "health"), self.health),
            ("GET", ("hermes", "status"), self.health),
            ("POST", (*_SESSIONS, "activate"), self.activate),
            ("GET", (*_SESSIONS, "client", _ANY), self.list_client),
            ("GET", (*_SESSIONS, _ANY, "status"), self.status),
            ("POST", (*_SESSIONS, _ANY, "keepalive"), self.keepalive),
            ("POST", (*_SESSIONS, _ANY, "deactivate"), self.deactivate),
        )

    def health(self, _request: Request, _: str) -> Response:
        """Say that Hermes is up, and which version."""
        return json_response(200, {"status": "healthy", "service": SERVICE, "version": self.version})

    def activate(self, request: Request, _: str) -> Response:
        """Make a session, or return the one there is for the same work."""
        wanted = parse_activation(request.body)
        try:
            session, is_new = self.activations.activate(wanted)
        except FullError as error:
            return json_response(429, {"error": str(error)}, {"retry-after": str(RETRY_AFTER_FULL_SECONDS)})
        if is_new:
            self._changed()
        return json_response(201 if is_new else 200, answer_of(session))

    def status(self, _request: Request, session_id: str) -> Response:
        """Return a session that is not over."""
        return json_response(200, answer_of(self._find(session_id)))

    def keepalive(self, _request: Request, session_id: str) -> Response:
        """Note activity, so that the session lives on."""
        # Each time that it changes at the same time, somebody else's call has done what it should.
        while (touched := self.store.touch(self._find(session_id, only_live=True))) is None:
            pass
        return json_response(200, {"ttl": touched[1], "lastActivity": touched[0]})

    def deactivate(self, _request: Request, session_id: str) -> Response:
        """Begin to end the session."""
        while not self.store.change_status(self._find(session_id, only_live=True), Status.DRAINING):
            pass
        self._changed()
        return json_response(202, {"status": str(Status.DRAINING)})

    def list_client(self, _request: Request, client_id: str) -> Response:
        """Return every session of a client that the table holds."""
        now = self.clock.now()
        sessions = self.store.of_client(client_id)
        answers = [{**answer_of(each), "status": str(lifecycle.reported_status(each, now))} for each in sessions]
        return json_response(200, answers)

    def _answer(self, request: Request) -> Response:
        try:
            return self._dispatch(request)
        except InvalidRequestError as error:
            return json_response(error.status, {"error": error.problem, "field": error.field})
        except NoSessionError as error:
            return json_response(error.status, {"error": str(error)})
        except StoreUnavailableError as error:
            self.log(f"{request.method} {request.raw_path} answered 503: {error}")
            headers = {"retry-after": str(RETRY_AFTER_UNAVAILABLE_SECONDS)}
            return json_response(503, {"error": "the session table is unavailable"}, headers)
        except (ClientError, BotoCoreError) as error:
            self.log(f"{request.method} {request.raw_path} answered 500: {error}")
            return json_response(500, {"error": "internal error"})

    def _dispatch(self, request: Request) -> Response:
        segments = tuple(unquote(part) for part in request.raw_path.split("/")[1:])
        method = "GET" if request.method == "HEAD" else request.method
        allowed = []
        for route_method, pattern, handler in self.table():
            if _fits(pattern, segments):
                if route_method == method:
                    return handler(request, segments[pattern.index(_ANY)] if _ANY in pattern else "")
                allowed.append(route_method)
        if allowed:
            return json_response(405, {"error": "method not allowed"}, {"allow": ", ".join(allowed)})
        return json_response(404, {"error": "not found"})

    def _find(self, session_id: str, *, only_live: bool = False) -> Session:
        """Return a session that is not over; raises `NoSessionError` (404 unknown, 410 over)."""
        session = self.store.find(session_id)
        if session is None:
            raise NoSessionError(404, "session not found")
        now = self.clock.now()
        is_over = lifecycle.reported_status(session, now) is Status.EXPIRED
        if is_over or (only_live and not lifecycle.is_live(session, now)):
            raise NoSessionError(410, "session expired")
        return session

    def _changed(self) -> None:
        """Let the change of the table that was just made have its consequences."""
        self.wake_controller()
        self.publisher.publish()


def _fits(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    if len(pattern) != len(segments):
        return False
    return all(wanted in (_ANY, segment) for wanted, segment in zip(pattern, segments, strict=True))
