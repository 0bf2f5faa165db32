"""Which rule a request meets: conditions, actions and listeners as plain values, without a network or AWS.

Source of every behaviour here, unless it says otherwise: AWS ALB User Guide, "Listener rules for your Application Load
Balancer" and "Condition types for listener rules". The guide matches paths "after URI normalization" without saying
what that does; whether `..` has been resolved by then is for the caller.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from types import MappingProxyType
from typing import Protocol

from seatrials.twin.balancer.authentication import Authenticate
from seatrials.twin.balancer.transforms import NO_TRANSFORMS, Transforms

Headers = Sequence[tuple[str, str]]

_PLACEHOLDER = re.compile(r"#\{(protocol|host|port|path|query)\}")


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """What the rules see of a request."""

    method: str
    # The first Host header, without its port.
    host: str
    path: str
    query: str
    headers: Headers
    # The TCP peer, never X-Forwarded-For.
    source_ip: str
    # Of the listener.
    protocol: str
    port: int

    @cached_property
    def values_by_header(self) -> Mapping[str, Sequence[str]]:
        """The values of each header by its name in lower case: a rule asks for one, and a listener has many rules."""
        found: dict[str, list[str]] = {}
        for name, text in self.headers:
            found.setdefault(name.lower(), []).append(text)
        return found


@lru_cache(maxsize=4096)
def wildcard(pattern: str, *, ignore_case: bool, escapes: bool = False) -> re.Pattern[str]:
    r"""Return *pattern* compiled: `*` is any text, `?` one character; with *escapes*, `\*` and `\?` are literal."""
    pieces = re.findall(r"\\[*?\\]|." if escapes else r".", pattern, re.DOTALL)
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.compile("".join(_piece(piece) for piece in pieces), flags)


def _piece(piece: str) -> str:
    if piece == "*":
        return ".*"
    if piece == "?":
        return "."
    return re.escape(piece[-1])


class Condition(Protocol):
    """Something a request meets or does not."""

    def matches(self, request: Incoming) -> bool:
        """Whether *request* meets one of the condition's values."""


@dataclass(frozen=True)
class PathPattern:
    """The path, case-sensitive, without the query."""

    values: tuple[str, ...]

    def matches(self, request: Incoming) -> bool:
        """Whether the whole path fits a value."""
        return any(_fits_path(value, request.path) for value in self.values)


def _fits_path(pattern: str, path: str) -> bool:
    """Whether *path* fits; most patterns have one `*`, at their end, and to compile one takes longer than its uses."""
    beginning, star, rest = pattern.partition("*")
    if rest or "?" in beginning:
        return wildcard(pattern, ignore_case=False).fullmatch(path) is not None
    return path.startswith(beginning) if star else path == beginning


@dataclass(frozen=True)
class HostHeader:
    """The host name, in any case; `*.example.com` does not include `example.com`."""

    values: tuple[str, ...]

    def matches(self, request: Incoming) -> bool:
        """Whether the host fits a value."""
        return any(wildcard(value, ignore_case=True).fullmatch(request.host) for value in self.values)


@dataclass(frozen=True)
class HttpHeader:
    """A header; neither its name nor its value is case-sensitive, and of a repeated header any may fit."""

    name: str
    values: tuple[str, ...]

    def matches(self, request: Incoming) -> bool:
        """Whether one header of that name fits a value."""
        found = request.values_by_header.get(self.name.lower(), ())
        return any(wildcard(value, ignore_case=True).fullmatch(text) for value in self.values for text in found)


@dataclass(frozen=True)
class QueryString:
    """Parameters of the query, in any case; an empty key stands for every key.

    The guide does not speak of percent-encoding; parameters are compared as they were sent.
    """

    # Each a key and a value.
    values: tuple[tuple[str, str], ...]

    def matches(self, request: Incoming) -> bool:
        """Whether one parameter fits a pair."""
        parameters = [part.partition("=")[::2] for part in request.query.split("&") if part]
        return any(_fits_pair(pair, parameter) for pair in self.values for parameter in parameters)


def _fits_pair(pair: tuple[str, str], parameter: tuple[str, ...]) -> bool:
    patterns = (pair[0] or "*", pair[1])
    return all(
        wildcard(pattern, ignore_case=True, escapes=True).fullmatch(text)
        for pattern, text in zip(patterns, parameter, strict=True)
    )


@dataclass(frozen=True)
class RequestMethod:
    """The method, exactly."""

    values: tuple[str, ...]

    def matches(self, request: Incoming) -> bool:
        """Whether the method is one of the values."""
        return request.method in self.values


@dataclass(frozen=True)
class SourceIp:
    """The address of the TCP peer."""

    values: tuple[IPv4Network | IPv6Network, ...]

    def matches(self, request: Incoming) -> bool:
        """Whether the peer is in one of the networks."""
        address = ip_address(request.source_ip)
        return any(address in network for network in self.values)


@dataclass(frozen=True)
class RegularExpression:
    """Regular expressions in the place of values, found anywhere in them unless anchored (the guide does not say)."""

    # path-pattern, host-header or http-header.
    field: str
    patterns: tuple[re.Pattern[str], ...]
    header: str = ""

    def matches(self, request: Incoming) -> bool:
        """Whether an expression is found in the path, the host, or one header of that name."""
        if self.field == "http-header":
            texts = request.values_by_header.get(self.header.lower(), ())
        else:
            texts = (request.path if self.field == "path-pattern" else request.host,)
        return any(pattern.search(text) for pattern in self.patterns for text in texts)


@dataclass(frozen=True)
class Forward:
    """Send the request to a target of one of these groups."""

    # Each an ARN and its weight, 0-999.
    groups: tuple[tuple[str, int], ...]
    # How long a client stays with the group it was given; None: it does not.
    group_stickiness_seconds: int | None = None


@dataclass(frozen=True)
class FixedResponse:
    """Answer with this."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Redirect:
    """Send the client elsewhere; `#{protocol}`, `#{host}`, `#{port}`, `#{path}` and `#{query}` are the request's own.

    `#{path}` is without its leading slash. Source: AWS ALB User Guide, "Redirect actions".
    """

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"

    def location(self, request: Incoming, ports: Mapping[int, int] = MappingProxyType({})) -> str:
        """Return the address to send the client to; *ports* says where it reaches one that it knows by another name."""
        values = {
            "protocol": request.protocol.lower(),
            "host": request.host,
            "port": str(request.port),
            "path": request.path.removeprefix("/"),
            "query": request.query,
        }

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

        query = fill(self.query)
        port = fill(self.port)
        origin = f"{fill(self.protocol).lower()}://{fill(self.host)}:{ports.get(int(port), port)}"
        return f"{origin}{fill(self.path)}" + (f"?{query}" if query else "")


Action = Forward | FixedResponse | Redirect


@dataclass(frozen=True)
class Rule:
    """Conditions that must all be met, and what is done then."""

    # None: the default rule, which comes last and has no conditions.
    priority: int | None
    conditions: tuple[Condition, ...]
    action: Action
    authentication: Authenticate | None = None
    transforms: Transforms = NO_TRANSFORMS

    @property
    def label(self) -> str:
        """The priority as ELBv2 writes it."""
        return "default" if self.priority is None else str(self.priority)

    def matches(self, request: Incoming) -> bool:
        """Whether *request* meets every condition."""
        return all(condition.matches(request) for condition in self.conditions)


@dataclass(frozen=True)
class RuleList:
    """The rules of one listener, lowest priority number first, the default last."""

    rules: tuple[Rule, ...]

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> "RuleList":
        """Return *rules*, which may be in any order, in the order of their evaluation."""
        return cls(tuple(sorted(rules, key=lambda rule: (rule.priority is None, rule.priority or 0))))

    def route(self, request: Incoming) -> Rule:
        """Return the first rule that *request* meets; the default rule meets every request."""
        return next(rule for rule in self.rules if rule.matches(request))

    @cached_property
    def authenticates(self) -> bool:
        """Whether a rule lets only known users pass."""
        return any(rule.authentication for rule in self.rules)

    @cached_property
    def group_arns(self) -> frozenset[str]:
        """The target groups that a rule sends requests to."""
        return frozenset(
            arn for rule in self.rules if isinstance(rule.action, Forward) for arn, _ in rule.action.groups
        )
