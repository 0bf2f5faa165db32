"""Whether a request may be understood otherwise by a target than by the balancer, and what is done about it.

Source: AWS ALB User Guide, "Edit attributes for your Application Load Balancer", "Desync mitigation mode"; where the
guide names a reason without drawing its line, the line is that of the classifier that AWS publishes,
http-desync-guardian. The guide's table routes severe requests in monitor mode and its text blocks them; here they are
blocked, for where such a request ends nobody can tell.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache

_LENGTH_LIMIT = 2**64
# More digits are no length of 64 bits, and Python makes no number of thousands of them.
_LENGTH_DIGITS_MAX = 20
_CODINGS = frozenset({"chunked", "compress", "deflate", "gzip", "identity"})
_BODILESS_METHODS = frozenset({"GET", "HEAD"})

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VERSION = re.compile(r"HTTP/(?:1\.([0-9])|0\.9)")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONTROL_OR_TAB = re.compile(r"[\x00-\x1f\x7f]")
_ODD = re.compile(r"[\x00-\x20\x7f]")
_VERSIONS = frozenset({"HTTP/1.0", "HTTP/1.1"})
_BREAKING = re.compile(r"[\x00\r\n]")


class Tier(IntEnum):
    """How dangerous a request is."""

    COMPLIANT = 0
    ACCEPTABLE = 1
    AMBIGUOUS = 2
    SEVERE = 3


class Reason(StrEnum):
    """Why a request is not compliant, as the load balancer's access log names it."""

    GET_HEAD_ZERO_CONTENT_LENGTH = "GetHeadZeroContentLength"
    NON_COMPLIANT_HEADER = "NonCompliantHeader"
    NON_COMPLIANT_VERSION = "NonCompliantVersion"
    SPACE_IN_URI = "SpaceInUri"
    AMBIGUOUS_URI = "AmbiguousUri"
    BOTH_TE_CL_PRESENT = "BothTeClPresent"
    DUPLICATE_CONTENT_LENGTH = "DuplicateContentLength"
    EMPTY_HEADER = "EmptyHeader"
    SUSPICIOUS_HEADER = "SuspiciousHeader"
    UNDEFINED_CONTENT_LENGTH = "UndefinedContentLengthSemantics"
    UNDEFINED_TRANSFER_ENCODING = "UndefinedTransferEncodingSemantics"
    BAD_CONTENT_LENGTH = "BadContentLength"
    BAD_HEADER = "BadHeader"
    BAD_METHOD = "BadMethod"
    BAD_TRANSFER_ENCODING = "BadTransferEncoding"
    BAD_URI = "BadUri"
    BAD_VERSION = "BadVersion"
    MULTIPLE_CONTENT_LENGTH = "MultipleContentLength"
    MULTIPLE_CHUNKED = "MultipleTransferEncodingChunked"
    SUSPICIOUS_TE_CL_PRESENT = "SuspiciousTeClPresent"

    @property
    def tier(self) -> Tier:
        """The class that a request with this reason is in, unless another reason weighs more."""
        return _TIERS[self]


_ACCEPTABLE = (
    Reason.GET_HEAD_ZERO_CONTENT_LENGTH,
    Reason.NON_COMPLIANT_HEADER,
    Reason.NON_COMPLIANT_VERSION,
    Reason.SPACE_IN_URI,
)
_AMBIGUOUS = (
    Reason.AMBIGUOUS_URI,
    Reason.BOTH_TE_CL_PRESENT,
    Reason.DUPLICATE_CONTENT_LENGTH,
    Reason.EMPTY_HEADER,
    Reason.SUSPICIOUS_HEADER,
    Reason.UNDEFINED_CONTENT_LENGTH,
    Reason.UNDEFINED_TRANSFER_ENCODING,
)
_TIERS: dict[Reason, Tier] = {
    **dict.fromkeys(Reason, Tier.SEVERE),
    **dict.fromkeys(_ACCEPTABLE, Tier.ACCEPTABLE),
    **dict.fromkeys(_AMBIGUOUS, Tier.AMBIGUOUS),
}


@dataclass(frozen=True)
class Classification:
    """The reasons found in a request, in the order of finding; none for a compliant one."""

    reasons: tuple[Reason, ...] = ()

    @property
    def tier(self) -> Tier:
        """The class of the weightiest reason."""
        return max(reason.tier for reason in self.reasons) if self.reasons else Tier.COMPLIANT

    @property
    def reason(self) -> Reason | None:
        """The reason that decides: the first of the weightiest, None for a compliant request."""
        return max(self.reasons, key=lambda reason: reason.tier) if self.reasons else None

    def is_blocked(self, mode: str) -> bool:
        """Whether the request is answered 400, and its connection closed, in *mode*: monitor, defensive, strictest."""
        return self.tier is Tier.SEVERE or (mode == "strictest" and bool(self.reasons))

    def closes(self, mode: str) -> bool:
        """Whether both connections are closed after the request, which was routed, in *mode*."""
        return mode != "monitor" and self.tier is Tier.AMBIGUOUS

    def as_details(self) -> dict[str, str]:
        """Return what an event says of the request: nothing when it is compliant."""
        reason = self.reason
        if reason is None:
            return {}
        return {"classification": reason.tier.name.capitalize(), "classification_reason": reason.value}


COMPLIANT = Classification()


@dataclass(frozen=True)
class RequestText:
    """A request's head taken apart and not yet understood: nothing in it but ends of lines and commas is judged."""

    method: str
    target: str
    # With the blanks around it, empty when there is none.
    version: str
    # Names as they were sent, values without the blanks around them.
    fields: Sequence[tuple[str, str]]


def classify(request: RequestText) -> Classification:
    """Return what a request is, by its text alone."""
    # Every request comes through here, and nearly every one is compliant: what is dear is done for the others alone.
    odd = [field for field in request.fields if not _TOKEN.fullmatch(field[0]) or _CONTROL.search(field[1])]
    framing = [field for field in request.fields if len(field[0]) >= _SHORTEST_ROLE and _role(field[0])]
    reasons = [_reason_in_field(*field) for field in odd]
    if framing:
        reasons += _reasons_in_framing(request, framing)
    if request.version not in _VERSIONS or _ODD.search(request.target) or not _TOKEN.fullmatch(request.method):
        reasons += _reasons_in_line(request)
    return Classification(tuple(reasons)) if reasons else COMPLIANT


def minor_version(version: str) -> int | None:
    """Return the digit behind HTTP/1., -1 for HTTP/0.9 or no version at all, None for what is no version of these."""
    text = version.strip(" \t") or "HTTP/0.9"
    found = _VERSION.fullmatch(text)
    if found is None:
        return None
    return -1 if found[1] is None else int(found[1])


def length_of(text: str) -> int | None:
    """Return the number that a Content-Length is, or None when it is none of at most 64 bits."""
    digits = text.lstrip("0") or text[-1:]
    if not (digits.isascii() and digits.isdigit()) or len(digits) > _LENGTH_DIGITS_MAX:
        return None
    length = int(digits)
    return length if length < _LENGTH_LIMIT else None


def codings_of(values: Sequence[str]) -> list[str]:
    """Return the codings that Transfer-Encoding headers name, in lower case and without their parameters.

    Only space and tab are blanks here (RFC 9110, 5.6.3); what else Python strips would make a coding of what is none.
    """
    return [item.partition(";")[0].strip(" \t").lower() for value in values for item in value.split(",")]


def _reason_in_field(name: str, value: str) -> Reason:
    """Return what is wrong with a header that is not compliant."""
    if _BREAKING.search(name + value):
        return Reason.BAD_HEADER
    if not name.strip(" \t"):
        return Reason.EMPTY_HEADER
    # A name that begins with a blank goes on with the header before, so that one has a CR in it (RFC 9112, 5.2).
    is_fold = name.startswith((" ", "\t")) and not _role(name)
    return Reason.BAD_HEADER if is_fold else Reason.NON_COMPLIANT_HEADER


def _reasons_in_framing(request: RequestText, framing: Sequence[tuple[str, str]]) -> Iterator[Reason]:
    """Yield what is wrong with the headers that say where a body ends, or may be taken for one of them."""
    exact = all(_is_exact(name) for name, _ in framing)
    if not exact:
        yield Reason.SUSPICIOUS_HEADER
    codings = [value for name, value in framing if _role(name) == "transfer-encoding"]
    lengths = [value for name, value in framing if _role(name) == "content-length"]
    minor = minor_version(request.version)
    if codings and minor is not None and minor < 1:
        yield Reason.UNDEFINED_TRANSFER_ENCODING
    if lengths and minor == -1:
        yield Reason.UNDEFINED_CONTENT_LENGTH
    yield from _coding_reasons(codings)
    yield from _length_reasons(lengths)
    if request.method in _BODILESS_METHODS:
        yield from _bodiless_reasons(codings, lengths)
    if codings and lengths:
        yield Reason.BOTH_TE_CL_PRESENT if exact else Reason.SUSPICIOUS_TE_CL_PRESENT


def _coding_reasons(values: Sequence[str]) -> Iterator[Reason]:
    codings = codings_of(values)
    if any(coding not in _CODINGS for coding in codings):
        yield Reason.BAD_TRANSFER_ENCODING
    if codings.count("chunked") > 1:
        yield Reason.MULTIPLE_CHUNKED


def _length_reasons(values: Sequence[str]) -> Iterator[Reason]:
    lengths = [length_of(value) for value in values]
    if None in lengths:
        yield Reason.BAD_CONTENT_LENGTH
    if len(set(lengths)) > 1:
        yield Reason.MULTIPLE_CONTENT_LENGTH
    elif len(lengths) > 1:
        yield Reason.DUPLICATE_CONTENT_LENGTH


def _bodiless_reasons(codings: Sequence[str], lengths: Sequence[str]) -> Iterator[Reason]:
    """Yield what is wrong with the body of a GET or a HEAD, which has no meaning (RFC 9110, 9.3.1)."""
    if codings:
        yield Reason.UNDEFINED_TRANSFER_ENCODING
    if any(length_of(each) for each in lengths):
        yield Reason.UNDEFINED_CONTENT_LENGTH
    elif lengths:
        yield Reason.GET_HEAD_ZERO_CONTENT_LENGTH


def _reasons_in_line(request: RequestText) -> Iterator[Reason]:
    if not _TOKEN.fullmatch(request.method):
        yield Reason.BAD_METHOD
    minor = minor_version(request.version)
    if minor is None:
        yield Reason.BAD_VERSION
    elif minor not in (0, 1) or request.version != request.version.strip(" \t"):
        yield Reason.NON_COMPLIANT_VERSION
    if _CONTROL_OR_TAB.search(request.target):
        yield Reason.BAD_URI if _BREAKING.search(request.target) else Reason.AMBIGUOUS_URI
    if " " in request.target:
        yield Reason.SPACE_IN_URI


def _looks_like(*words: str) -> re.Pattern[str]:
    """Return what a name matches that someone may take for *words*, joined by a hyphen.

    Anything may stand before and between the words but letters and digits, anything after them, and blanks and control
    characters between letters. Two letters have a look-alike in UTF-8 that becomes theirs in upper case: U+017F and
    U+0131.
    """
    alike = {"s": "(?:s|\xc5\xbf)", "i": "(?:i|\xc4\xb1)"}
    spelt = [r"[\x00- ]*".join(alike.get(letter, letter) for letter in word) for word in words]
    pattern = r"[^a-z0-9]*" + r"[^a-z0-9]+".join(spelt) + r"(?:[^a-z0-9]*|[ \t].*)"
    return re.compile(pattern, re.IGNORECASE | re.ASCII | re.DOTALL)


_ROLES = {
    "transfer-encoding": _looks_like("transfer", "encoding"),
    "content-length": _looks_like("content", "length"),
}
_SHORTEST_ROLE = min(len(role) for role in _ROLES)


@lru_cache(maxsize=1024)
def _role(name: str) -> str | None:
    """Return which of the headers that frame a body *name* is, or may be taken for."""
    return next((role for role, pattern in _ROLES.items() if pattern.fullmatch(name)), None)


def _is_exact(name: str) -> bool:
    return name.isascii() and name.lower() in _ROLES
