"""Heads of HTTP/1.1 requests and responses, parsed by hand: a library would let pass or mend what the balancer refuses.

Source of the refusals: AWS ALB User Guide, "Troubleshoot your Application Load Balancers" (codes and limits) and
"Desync mitigation mode" (what is ambiguous and what is severe).
"""

import re
from dataclasses import dataclass
from functools import cached_property

from seatrials.twin.balancer.desync import (
    COMPLIANT,
    Classification,
    Reason,
    RequestText,
    Tier,
    classify,
    codings_of,
    length_of,
    minor_version,
)

# Why not h11, here and below: it has one limit for a whole head, and 431 for what is over; ALB has three, 414 and 400.
LINE_BYTES_MAX = 16 * 1024
REQUEST_HEAD_BYTES_MAX = 64 * 1024
RESPONSE_HEAD_BYTES_MAX = 32 * 1024
_FORWARDED_FOR_ADDRESSES_MAX = 30

# A NUL, a CR that ends no line, or an LF without its CR; a CR at the very end may be about to meet its LF.
# h11 takes a bare LF for the end of a line, so that a request that ALB refuses would be routed.
_FORBIDDEN = re.compile(rb"\x00|\r(?=[^\n])|(?<!\r)\n")
_LATER_VERSION = re.compile(r"HTTP/[2-9](?:\.[0-9])?")
_STATUS_LINE = re.compile(r"HTTP/1\.[01] ([1-9][0-9][0-9])(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TARGET_FORM = re.compile(r"(?:https?://[^/?]+)?(/[^?]*)?(?:\?(.*))?", re.IGNORECASE | re.DOTALL)

_BODILESS_STATUSES = frozenset({204, 304})
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)

Headers = list[tuple[str, str]]
Values = dict[str, list[str]]


class RefusedRequestError(Exception):
    """A request that the balancer answers itself; never leaves the balancer."""

    def __init__(
        self, status: int, reason: str, classification: Classification = COMPLIANT, *, also: tuple[int, ...] = ()
    ) -> None:
        """*classification* says why a request is blocked, and nothing of one that is refused for another cause.

        *also* are further statuses that AWS documents for it.
        """
        super().__init__(reason)
        self.status = status
        self.statuses = (status, *also)
        self.classification = classification


class MalformedAnswerError(Exception):
    """A target's answer that is not HTTP; never leaves the balancer."""


@dataclass(frozen=True)
class Framing:
    """How a body is delimited: by a length, by chunks, or, with neither, by the end of the connection."""

    length: int | None = 0
    chunked: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is no body."""
        return self.length == 0 and not self.chunked


@dataclass(frozen=True, kw_only=True)
class Head:
    """What requests and answers have in common."""

    # As they were sent, but for white space around values.
    headers: Headers
    framing: Framing

    @cached_property
    def by_name(self) -> Values:
        """The values of the headers by their names in lower case."""
        return by_name(self.headers)

    def values(self, name: str) -> list[str]:
        """Return the values of every header called *name*, which is in lower case."""
        return self.by_name.get(name, [])

    @cached_property
    def connection_tokens(self) -> list[str]:
        """The tokens of the Connection header, in lower case."""
        return tokens(self.values("connection"))

    def end_to_end(self) -> Headers:
        """Return the headers that are meant for the other side, without those of this connection and the framing."""
        of_this_connection = _HOP_BY_HOP.union(self.connection_tokens)
        return [each for each in self.headers if each[0].lower() not in of_this_connection]


@dataclass(frozen=True, kw_only=True)
class RequestHead(Head):
    """The head of a request that may be routed."""

    method: str
    target: str
    # Or older.
    http_1_0: bool
    classification: Classification = COMPLIANT

    @cached_property
    def _path_and_query(self) -> tuple[str, str]:
        found = _TARGET_FORM.fullmatch(self.target)
        return (found[1] or "/", found[2] or "") if found else (self.target, "")

    @property
    def path(self) -> str:
        """The path as it was sent."""
        return self._path_and_query[0]

    @property
    def query(self) -> str:
        """The query as it was sent, without its question mark."""
        return self._path_and_query[1]

    @property
    def host(self) -> str:
        """The first Host header, without its port."""
        name = next(iter(self.values("host")), "")
        return re.sub(r":\d*\Z", "", name)

    @property
    def keep_alive(self) -> bool:
        """Whether the client may send another request on the connection."""
        if self.http_1_0:
            return "keep-alive" in self.connection_tokens
        return "close" not in self.connection_tokens

    @property
    def upgrade(self) -> str | None:
        """The protocol that the client asks to change to, which in HTTP/1.0 it cannot (RFC 9110, 7.8)."""
        if self.http_1_0 or "upgrade" not in self.connection_tokens:
            return None
        return next(iter(self.values("upgrade")), None)

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for a 100 before it sends its body."""
        return "100-continue" in tokens(self.values("expect"))


@dataclass(frozen=True, kw_only=True)
class ResponseHead(Head):
    """The head of a target's answer."""

    status: int
    reason: str


def by_name(headers: Headers) -> Values:
    """Return the values of *headers* by their names in lower case."""
    found: Values = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


def tokens(values: list[str]) -> list[str]:
    """Return the items of comma-separated header values, in lower case; only space and tab are blanks."""
    return [item for value in values for each in value.split(",") if (item := each.strip(" \t").lower())]


def check_request_so_far(data: bytes) -> None:
    """Refuse the beginning of a head as soon as it cannot become a good one."""
    lines = _lines(data)
    if len(lines) > 1:
        _request_line(lines[0])


def _lines(data: bytes) -> list[str]:
    """Return the lines of a request's head, the last as far as it has come; raises `RefusedRequestError`."""
    found = _FORBIDDEN.search(data)
    if found is not None:
        raise blocked(Classification((_broken_part(data[: found.start()]),)))
    lines = data.decode("latin-1").split("\r\n")
    if len(lines[0]) > LINE_BYTES_MAX:
        raise RefusedRequestError(414, "request line over 16 K")
    if len(data) > REQUEST_HEAD_BYTES_MAX or max(map(len, lines)) > LINE_BYTES_MAX:
        raise RefusedRequestError(400, "a header over 16 K, or all over 64 K", also=(413,))
    return lines


def blocked(classification: Classification) -> RefusedRequestError:
    """Return the refusal of a request for what it was found to be."""
    return RefusedRequestError(400, f"blocked: {classification.reason}", classification)


def _broken_part(before: bytes) -> Reason:
    """Return what a NUL, or a CR or LF that ends no line, breaks, from what stands *before* it."""
    line, ended, _ = before.partition(b"\r\n")
    if ended:
        return Reason.BAD_HEADER
    if b" " not in line:
        return Reason.BAD_METHOD
    return Reason.BAD_VERSION if b" HTTP/" in line else Reason.BAD_URI


def parse_request(data: bytes) -> RequestHead:
    """Return the head in *data*, which is all up to the empty line; raises `RefusedRequestError`.

    Severe requests are refused in every mode; what else is blocked depends on it, so that is left to the caller.
    """
    lines = _lines(data)
    method, target, version = _request_line(lines[0])
    headers = _request_fields(lines[1:-2])
    classification = classify(RequestText(method, target, version, headers))
    if classification.tier is Tier.SEVERE:
        raise blocked(classification)
    named = by_name(headers)
    http_1_0 = version != "HTTP/1.1" and (minor_version(version) or 0) < 1
    _check_addresses(named, http_1_0=http_1_0)
    return RequestHead(
        method=method,
        target=target,
        http_1_0=http_1_0,
        headers=headers,
        framing=_request_framing(named),
        classification=classification,
    )


def _check_addresses(named: Values, *, http_1_0: bool) -> None:
    """Refuse a request that does not say, or not clearly, whose it is and where it came from."""
    hosts = len(named.get("host", []))
    # Source: RFC 9112, 3.2.
    if hosts > 1 or (hosts == 0 and not http_1_0):
        raise RefusedRequestError(400, f"{hosts} Host headers where there must be one")
    if len(tokens(named.get("x-forwarded-for", []))) > _FORWARDED_FOR_ADDRESSES_MAX:
        raise RefusedRequestError(463, "more than 30 addresses in X-Forwarded-For")


def _request_line(line: str) -> tuple[str, str, str]:
    """Return method, target and version; a raw space in the target is acceptable to ALB.

    The version begins at the first HTTP/, so that two of them are one bad version and no space in the target. A line
    without one is malformed (RFC 9112, 3): the classifier that AWS publishes takes it for HTTP/0.9, the guide does not.
    """
    # h11 refuses that space, and a control character, which ALB calls ambiguous; TRACE and HTTP/2.0 it lets pass.
    method, blank, rest = line.partition(" ")
    target, found, version = rest.partition(" HTTP/")
    if found:
        version = f"HTTP/{version}"
    else:
        target, _, version = rest.rpartition(" ")
    if not blank or not method or not target:
        raise RefusedRequestError(400, "malformed request line")
    if _LATER_VERSION.fullmatch(version):
        raise RefusedRequestError(505, "HTTP version")
    if method == "TRACE":
        raise RefusedRequestError(405, "TRACE")
    if target != "*" and not target.lower().startswith(("/", "http://", "https://")):
        raise RefusedRequestError(400, "malformed target")
    return method, target, version


def _request_fields(lines: list[str]) -> Headers:
    """Return headers as they were sent: most that is wrong with them does not keep a request from being routed.

    h11 joins a line that begins with a blank to the one before; here it is a header of its own, for the classifier.
    """
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon and not line.startswith((" ", "\t")):
            raise RefusedRequestError(400, "a header without a colon")
        headers.append((name, value.strip(" \t")))
    return headers


def _request_framing(named: Values) -> Framing:
    """Return how the body of a request that is not severe is delimited; raises `RefusedRequestError`."""
    # h11 refuses identity, which ALB takes, and passes over a length beside chunks, which ALB calls ambiguous.
    codings = [coding for coding in codings_of(named.get("transfer-encoding", [])) if coding != "identity"]
    if codings not in ([], ["chunked"]):
        raise RefusedRequestError(501, "Transfer-Encoding other than chunked or identity")
    return Framing(None, chunked=True) if codings else Framing(_length(named) or 0)


def _length(named: Values) -> int | None:
    """Return the Content-Length, None for none; raises `ValueError` for what is none, or several that differ."""
    texts = named.get("content-length", [])
    lengths = {length_of(text) for text in texts}
    if None in lengths or len(lengths) > 1:
        msg = f"the Content-Length is {', '.join(texts)[:100]!r}"
        raise ValueError(msg)
    return next(iter(lengths), None)


def parse_response(data: bytes, request_method: str) -> ResponseHead:
    """Return the head in *data*, which is all up to the empty line; raises `MalformedAnswerError`."""
    lines = data.decode("latin-1").split("\r\n")
    found = _STATUS_LINE.fullmatch(lines[0])
    if found is None:
        msg = f"the status line is {lines[0][:100]!r}"
        raise MalformedAnswerError(msg)
    try:
        headers = _response_fields(lines[1:-2])
        framing = _response_framing(int(found[1]), by_name(headers), request_method)
    except ValueError as error:
        raise MalformedAnswerError(str(error)) from error
    return ResponseHead(status=int(found[1]), reason=found[2] or "", headers=headers, framing=framing)


def _response_fields(lines: list[str]) -> Headers:
    """Return the headers of a target's answer; raises `ValueError` for a line that is none."""
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _FIELD_NAME.fullmatch(name) or _CONTROL.search(value):
            msg = f"a header is {line[:100]!r}"
            raise ValueError(msg)
        headers.append((name, value))
    return headers


def _response_framing(status: int, named: Values, request_method: str) -> Framing:
    """Return how the body of a target's answer is delimited; raises `ValueError` when that cannot be told."""
    codings = [coding for coding in codings_of(named.get("transfer-encoding", [])) if coding != "identity"]
    length = _length(named)
    if codings not in ([], ["chunked"]):
        msg = f"the Transfer-Encoding is {', '.join(codings)[:100]!r}"
        raise ValueError(msg)
    if request_method == "HEAD" or status in _BODILESS_STATUSES or status < 200:  # noqa: PLR2004  # 1xx have no body
        return Framing(0)
    return Framing(None, chunked=True) if codings else Framing(length)
