"""Heads of HTTP/1.1 requests and responses, parsed by hand: a library would let pass or mend what the balancer refuses.

Source of the refusals: AWS ALB User Guide, "Troubleshoot your Application Load Balancers" (codes and limits) and
"Desync mitigation mode" (what is ambiguous and what is severe).
"""

import re
from dataclasses import dataclass
from functools import cached_property

# Why not h11, here and below: it has one limit for a whole head, and 431 for what is over; ALB has three, 414 and 400.
LINE_BYTES_MAX = 16 * 1024
REQUEST_HEAD_BYTES_MAX = 64 * 1024
RESPONSE_HEAD_BYTES_MAX = 32 * 1024
_FORWARDED_FOR_ADDRESSES_MAX = 30
_LENGTH_MAX = 2**63 - 1
# Leading zeros included, which say nothing.
_LENGTH_DIGITS_MAX = 100

# A NUL, a CR that ends no line, or an LF without its CR; a CR at the very end may be about to meet its LF.
# h11 takes a bare LF for the end of a line, so that a request that ALB refuses would be routed.
_FORBIDDEN = re.compile(rb"\x00|\r(?=[^\n])|(?<!\r)\n")
_REQUEST_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.+) HTTP/(\d)\.(\d)")
_STATUS_LINE = re.compile(r"HTTP/1\.[01] ([1-9]\d\d)(?: (.*))?")
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
    """A request that the balancer answers with *status* and a closed connection; never leaves the balancer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


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
    http_1_0: bool
    # Content-Length beside Transfer-Encoding, or a control character in the target.
    ambiguous: bool

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
        """The protocol that the client asks to change to."""
        return next(iter(self.values("upgrade")), None) if "upgrade" in self.connection_tokens else None

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
    """Return the items of comma-separated header values, in lower case."""
    return [item for value in values for each in value.split(",") if (item := each.strip().lower())]


def check_request_so_far(data: bytes) -> None:
    """Refuse the beginning of a head as soon as it cannot become a good one."""
    if _FORBIDDEN.search(data):
        reason = "a NUL, or a CR or LF that does not end a line"
        raise RefusedRequestError(400, reason)
    lines = data.split(b"\r\n")
    if len(lines[0]) > LINE_BYTES_MAX:
        raise RefusedRequestError(414, "request line over 16 K")
    if len(data) > REQUEST_HEAD_BYTES_MAX or any(len(line) > LINE_BYTES_MAX for line in lines):
        raise RefusedRequestError(400, "a header over 16 K, or all over 64 K")
    if len(lines) > 1:
        _request_line(lines[0].decode("latin-1"))


def parse_request(data: bytes) -> RequestHead:
    """Return the head in *data*, which is all up to the empty line; raises `RefusedRequestError`."""
    check_request_so_far(data)
    lines = data.decode("latin-1").split("\r\n")
    method, target, http_1_0 = _request_line(lines[0])
    headers = _request_headers(lines[1:-2])
    named = by_name(headers)
    if not http_1_0 and "host" not in named:
        raise RefusedRequestError(400, "no Host header")
    framing = _request_framing(named)
    both = "content-length" in named and framing.chunked
    head = RequestHead(
        method=method,
        target=target,
        http_1_0=http_1_0,
        headers=headers,
        framing=framing,
        ambiguous=both or _CONTROL.search(target) is not None,
    )
    if len(tokens(head.values("x-forwarded-for"))) > _FORWARDED_FOR_ADDRESSES_MAX:
        raise RefusedRequestError(463, "more than 30 addresses in X-Forwarded-For")
    return head


def _request_line(line: str) -> tuple[str, str, bool]:
    """Return method, target and whether the version is 1.0; a raw space in the target is acceptable to ALB."""
    # h11 refuses that space, and a control character, which ALB calls ambiguous; TRACE and HTTP/2.0 it lets pass.
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise RefusedRequestError(400, "malformed request line")
    method, target, major, minor = found.groups()
    if (major, minor) not in {("1", "0"), ("1", "1")}:
        raise RefusedRequestError(505, "HTTP version")
    if method == "TRACE":
        raise RefusedRequestError(405, "TRACE")
    if target != "*" and not target.lower().startswith(("/", "http://", "https://")):
        raise RefusedRequestError(400, "malformed target")
    return method, target, minor == "0"


def _request_headers(lines: list[str]) -> Headers:
    try:
        return _headers(lines)
    except ValueError as error:
        raise RefusedRequestError(400, str(error)) from error


def _headers(lines: list[str]) -> Headers:
    """Parse header lines; raises `ValueError` for one that is none."""
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        value = value.strip(" \t")
        # h11 joins a line that begins with a blank to the one before; here it is a name that is none.
        if not colon or not _FIELD_NAME.fullmatch(name) or _CONTROL.search(value):
            msg = "malformed header"
            raise ValueError(msg)
        headers.append((name, value))
    return headers


def _request_framing(named: Values) -> Framing:
    # h11 refuses identity, which ALB takes, and passes over a length beside chunks, which ALB calls ambiguous.
    codings = [coding for coding in tokens(named.get("transfer-encoding", [])) if coding != "identity"]
    lengths = _lengths(named)
    if codings not in ([], ["chunked"]):
        raise RefusedRequestError(501, "Transfer-Encoding other than chunked or identity")
    if len(lengths) > 1 or not all(map(_is_length, lengths)):
        raise RefusedRequestError(400, "Content-Length is no number, too large for one, or several that differ")
    if codings:
        return Framing(None, chunked=True)
    return Framing(int(lengths[0]) if lengths else 0)


def _lengths(named: Values) -> list[str]:
    """Return the Content-Lengths that differ from one another, in order."""
    return list(dict.fromkeys(tokens(named.get("content-length", []))))


def _is_length(text: str) -> bool:
    """Whether *text* is a length that fits 64 bits, as those of HTTP's implementations do; `int` has a limit too."""
    return text.isascii() and text.isdigit() and len(text) <= _LENGTH_DIGITS_MAX and int(text) <= _LENGTH_MAX


def parse_response(data: bytes, request_method: str) -> ResponseHead:
    """Return the head in *data*, which is all up to the empty line; raises `MalformedAnswerError`."""
    lines = data.decode("latin-1").split("\r\n")
    found = _STATUS_LINE.fullmatch(lines[0])
    if found is None:
        msg = f"the status line is {lines[0][:100]!r}"
        raise MalformedAnswerError(msg)
    try:
        headers = _headers(lines[1:-2])
    except ValueError as error:
        raise MalformedAnswerError(str(error)) from error
    status = int(found[1])
    framing = _response_framing(status, by_name(headers), request_method)
    return ResponseHead(status=status, reason=found[2] or "", headers=headers, framing=framing)


def _response_framing(status: int, named: Values, request_method: str) -> Framing:
    codings = tokens(named.get("transfer-encoding", []))
    lengths = _lengths(named)
    if len(lengths) > 1 or not all(map(_is_length, lengths)):
        msg = f"the target's Content-Length is {str(lengths)[:100]}"
        raise MalformedAnswerError(msg)
    if request_method == "HEAD" or status in _BODILESS_STATUSES or status < 200:  # noqa: PLR2004  # 1xx have no body
        return Framing(0)
    if codings[-1:] == ["chunked"]:
        return Framing(None, chunked=True)
    return Framing(int(lengths[0]) if lengths else None)
