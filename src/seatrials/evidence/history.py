"""What happened while a scenario ran, for whoever judges it afterwards; kept in memory alone, for nothing is redacted.

Times are the platform's, in epoch seconds. What a stack cannot see has no events, and its source is not named.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# What may be seen: each is a source of events.
HTTP, SOCKETS, TABLE, METRICS, RULES, GIT = "http", "sockets", "table", "metrics", "rules", "git"
# What CloudWatch tells of the metric, where a scenario asks it and no publication can be seen.
MINUTES = "minutes"
# Whose requests and sockets pass through the scenario's own hands, whatever the stack.
OWN = frozenset({HTTP, SOCKETS})


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request and its answer; one that nobody answered has the status 0."""

    began: float
    ended: float
    method: str
    # As it was sent, with the query.
    target: str
    # Names in lower case.
    sent_headers: Mapping[str, str]
    # None where it went in parts.
    sent: bytes | None
    status: int
    # In the order of their arrival; names in lower case.
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of a name, in lower case."""
        return next((value for each, value in self.headers if each == name), None)

    @property
    def media_type(self) -> str:
        """What its Content-Type says, without parameters; empty without one."""
        return (self.header("content-type") or "").partition(";")[0].strip()

    def __str__(self) -> str:
        """Return request and status, as findings show them."""
        return f"{self.method} {self.target[:160]} → {self.status or 'no answer'}"


@dataclass
class Socket:
    """A WebSocket of hot reload, from its handshake on."""

    session_id: str
    opened: float
    # Until when what had come was taken in.
    seen_until: float
    # None while it is open.
    closed: float | None = None
    messages: list[tuple[float, Any]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ItemWrite:
    """A session's item after a write; *fields* is None when the write has deleted it."""

    at: float
    session_id: str
    # The task that wrote; empty where it was no part of the platform: a scenario, or DynamoDB itself.
    by: str
    fields: Mapping[str, Any] | None
    # How many listener rules the session had then.
    rules: int = 0
    # Of a write that makes it active: the load balancer's nodes that had no target for its preview then.
    unserved_by: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ItemRead:
    """A session's item as the scenario read it, consistently, at some moment between two."""

    began: float
    ended: float
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A PutMetricData of the platform."""

    at: float
    by: str
    namespace: str
    data: Sequence[Mapping[str, Any]]
    # When its publisher last began to read the table.
    counted_at: float
    # Whether its task had been told to stop by then: what is on its way already nobody takes back.
    is_stopping: bool


@dataclass(frozen=True, kw_only=True)
class MetricMinute:
    """What CloudWatch has of a minute of the metric: that of all publications of it until it was read."""

    began: float
    minimum: float
    maximum: float
    unit: str


@dataclass(frozen=True, kw_only=True)
class RulesGone:
    """The last of a session's rules is deleted."""

    at: float
    session_id: str
    # What its workspace had not committed then; None where a container that could commit it was gone.
    uncommitted: tuple[str, ...] | None


@dataclass
class ClocksApart:
    """A time in which the scenario let clocks of the platform be apart; *ended* is infinite while it goes on."""

    began: float
    seconds: float
    ended: float = math.inf


@dataclass
class Broken:
    """A time in which the scenario had something broken; *ended* is infinite while it goes on."""

    began: float
    ended: float = math.inf
    # The fault's name, and what it was given.
    words: frozenset[str] = frozenset()


@dataclass
class History:
    """All of it, each kind in order."""

    now: Callable[[], float]
    sources: set[str] = field(default_factory=lambda: set(OWN))
    exchanges: list[Exchange] = field(default_factory=list)
    sockets: list[Socket] = field(default_factory=list)
    writes: list[ItemWrite] = field(default_factory=list)
    reads: list[ItemRead] = field(default_factory=list)
    publications: list[Publication] = field(default_factory=list)
    minutes: list[MetricMinute] = field(default_factory=list)
    rules_gone: list[RulesGone] = field(default_factory=list)
    # Sessions whose items the scenario itself has changed, each with the moments of it.
    disturbed: dict[str, list[float]] = field(default_factory=dict)
    # How far the platform's clock may have been behind this one, where it is a machine's that can be late.
    late_seconds: float = 0.0
    clocks: list[ClocksApart] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)

    def read(self, began: float, items: Sequence[Mapping[str, Any]]) -> None:
        """Note items that were read from *began* to now; where writes are seen, reads say nothing new."""
        if TABLE not in self.sources:
            ended = self.now()
            self.reads += [ItemRead(began=began, ended=ended, fields=each) for each in items if "sessionId" in each]

    def read_metric(self, minutes: Sequence[MetricMinute]) -> None:
        """Note minutes of the metric that were read; where publications are seen, they say nothing new."""
        if METRICS not in self.sources and minutes:
            self.sources.add(MINUTES)
            self.minutes += minutes

    @contextmanager
    def clocks_apart(self, seconds: float) -> Iterator[None]:
        """Note that the scenario lets clocks of the platform be so far apart while a block lasts."""
        self.clocks.append(ClocksApart(self.now(), abs(seconds)))
        try:
            yield
        finally:
            self.clocks[-1].ended = self.now()

    def apart_seconds(self, began: float, ended: float) -> float:
        """Return how far the scenario let the platform's clocks be apart at some moment between two."""
        return max((each.seconds for each in self.clocks if each.began <= ended and each.ended >= began), default=0.0)

    @contextmanager
    def something_broken(self, *words: str) -> Iterator[None]:
        """Note that the scenario has something broken while a block lasts."""
        span = Broken(self.now(), words=frozenset(words))
        self.broken.append(span)
        try:
            yield
        finally:
            span.ended = self.now()

    def was_broken(self, began: float, ended: float, words: frozenset[str] | None = None) -> bool:
        """Whether the scenario had something broken between two moments, of these *words* if there are any."""
        return any(
            each.began <= ended and each.ended >= began and (words is None or each.words & words)
            for each in self.broken
        )

    def held_until(self, moment: float) -> float:
        """Return until when something may be held that was under way at a moment: until nothing is broken any more."""
        for span in self.broken:
            if span.began <= moment:
                moment = max(moment, span.ended)
        return moment

    def held_since(self, moment: float) -> float:
        """Return since when what came at a moment may have been held: since something broke that still was then."""
        for span in reversed(self.broken):
            if span.began <= moment <= span.ended:
                moment = min(moment, span.began)
        return moment

    def disturb(self, session_id: str) -> None:
        """Note that the scenario changes a session's item now."""
        self.disturbed.setdefault(session_id, []).append(self.now())
