"""A history with its requests understood: which operation each was, about which session, for which client."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from statistics import median_low
from typing import Any
from urllib.parse import parse_qs

from seatrials.checkers.api import Operation, Path, api, service_of
from seatrials.evidence.history import Exchange, History
from seatrials.seams.paths import normalized

_SESSION_HEADER = "x-session-id"
_ERRORS_FROM, _NOT_FOUND, _FAILURES_FROM = 400, 404, 500
# As much as `doctor` lets a run begin with.
_SKEW_SECONDS_MAX = 5.0


@dataclass(frozen=True)
class Call:
    """A request that was understood, and its answer."""

    exchange: Exchange
    # Whose affair it is: hermes, editor, or the load balancer itself.
    service: str
    # The path and the operation of the contract, None where it has no such path, or not that method.
    path: Path | None
    operation: Operation | None
    parameters: Mapping[str, str]
    # All methods of the paths that it may be.
    methods: frozenset[str]
    # Which session the request names, by path, header or query; empty for none.
    session_id: str

    @property
    def is_from_balancer(self) -> bool:
        """Whether the load balancer answered itself."""
        return _is_from_balancer(self.exchange)

    @property
    def is_ok(self) -> bool:
        """Whether what was asked for was done."""
        return 0 < self.exchange.status < _ERRORS_FROM

    @property
    def is_refused(self) -> bool:
        """Whether it was answered that nothing is done: what is not answered, or badly, may be done all the same."""
        return _ERRORS_FROM <= self.exchange.status < _FAILURES_FROM

    @property
    def is_unclear(self) -> bool:
        """Whether nobody was told what came of it."""
        status = self.exchange.status
        return not status or (status >= _FAILURES_FROM and self.is_from_balancer)

    def is_of(self, *operations: str) -> bool:
        """Whether it is one of *operations*."""
        return self.operation is not None and self.operation.id in operations

    @cached_property
    def json(self) -> Any:  # noqa: ANN401  # any JSON value
        """The answer's body as JSON, None when it is none."""
        return _json(self.exchange.body)

    @cached_property
    def sent_json(self) -> Any:  # noqa: ANN401  # any JSON value
        """The request's body as JSON, None when it is none."""
        return _json(self.exchange.sent)

    def answered(self, name: str) -> Any:  # noqa: ANN401  # any JSON value
        """Return a field of an answer that is an object, None when it has none."""
        return self.json.get(name) if isinstance(self.json, dict) else None


@dataclass
class Story:
    """What happened, understood."""

    history: History
    calls: list[Call]
    # By session: its client, user and thread, as activations, answers and the table tell.
    sessions: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, history: History) -> "Story":
        """Return the story of a history."""
        story = cls(history, [understood(each) for each in history.exchanges])
        for call in story.calls:
            if call.is_ok and call.is_of("activate", "status", "listClient"):
                story._learn(call.json if isinstance(call.json, list) else [call.json])
        story._learn(each.fields for each in history.writes if each.fields)
        story._learn(each.fields for each in history.reads)
        return story

    def client_of(self, session_id: str) -> str | None:
        """Return the client of a session, None for one that nobody knows."""
        known = self.sessions.get(session_id)
        return known[0] if known else None

    def done_by(self, call: Call) -> float:
        """Return until when a call may be carried out: of whose end nobody was told, until its connection is gone.

        What is sent over a way that is cut, or to a process that is stopped, arrives when that is over, and the end of
        the connection behind it (RFC 9293, 3.8.1).
        """
        ended = call.exchange.ended
        return self.history.held_until(ended) if call.is_unclear else ended

    @cached_property
    def skew_seconds(self) -> float:
        """How far a service's clock was from the history's, by the dates of most of its answers; 5 s at most.

        A run does not begin with more between the clocks, and one wrong date must not excuse what others show.
        """
        apart: dict[str, list[float]] = defaultdict(list)
        for call in self.calls:
            date = _epoch(call.exchange.header("date") or "")
            if date is not None:
                apart["balancer" if call.is_from_balancer else call.service].append(abs(date - call.exchange.ended))
        return min(max(map(median_low, apart.values()), default=0.0), _SKEW_SECONDS_MAX)

    def _learn(self, sessions: Iterable[Any]) -> None:
        for each in sessions:
            if isinstance(each, Mapping):
                identity = tuple(each.get(name) for name in ("clientId", "userId", "threadId"))
                if isinstance(each.get("sessionId"), str) and all(isinstance(part, str) for part in identity):
                    self.sessions.setdefault(each["sessionId"], identity)  # type: ignore[arg-type]  # three strings


def understood(exchange: Exchange) -> Call:
    """Return a request with the operation of the contract that it asks for."""
    path, _, query = exchange.target.partition("?")
    if service_of(path) == "balancer" and not (exchange.status == _NOT_FOUND and _is_from_balancer(exchange)):
        # Some rule took it, so it was matched after URI normalization.
        path = normalized(path)
    service = service_of(path)
    fitting = api(service).fitting(path)
    method = "GET" if exchange.method == "HEAD" else exchange.method
    chosen = next(((each, found) for each, found in fitting if method in each.operations), None)
    known, parameters = chosen or (fitting[0] if fitting else (None, {}))
    return Call(
        exchange=exchange,
        service=service,
        path=known,
        operation=known.operations.get(method) if known else None,
        parameters=parameters,
        methods=frozenset(name for each, _ in fitting for name in each.operations),
        session_id=_session_of(exchange, parameters, query),
    )


def _is_from_balancer(exchange: Exchange) -> bool:
    return (exchange.header("server") or "").startswith("awselb")


def _session_of(exchange: Exchange, parameters: Mapping[str, str], query: str) -> str:
    named = parameters.get("sessionId") or exchange.sent_headers.get(_SESSION_HEADER)
    if named is None and "sessionId=" in query:
        named = parse_qs(query).get("sessionId", [""])[0]
    # The load balancer compares a header's value without regard to case, and ids are of small letters.
    return (named or "").lower()


def _epoch(date: str) -> float | None:
    """Return the moment of a Date header, which has whole seconds (RFC 9110, 6.6.1); None for one that is no date."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _json(body: bytes | None) -> Any:  # noqa: ANN401  # any JSON value
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
