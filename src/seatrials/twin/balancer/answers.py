"""The answers that the balancer makes itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from random import Random

from seatrials.twin.balancer.header_policy import UNCHANGED, HeaderPolicy

# Where the wording of AWS's pages is not the standard's.
_PHRASES = {
    405: "Not Allowed",
    408: "Request Time-out",
    414: "Request-URI Too Large",
    460: "",
    463: "",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}


# Refusals after which nothing is said of the connection, and how often it is closed; the share is ours.
_MAY_STAY_OPEN = (405, 413, 414)
_CLOSED_SHARE = 0.5
# Of load balancers, how many match paths without their dots; ours.
_NORMALIZING_SHARE = 0.5


def phrase(status: int) -> str:
    """Return the words that follow a status code."""
    known = _PHRASES.get(status)
    if known is not None:
        return known
    return HTTPStatus(status).phrase if status in {each.value for each in HTTPStatus} else ""


def page(status: int) -> str:
    """Return the small page that AWS's balancer gives with a status of its own."""
    title = f"{status} {phrase(status)}".rstrip()
    head = f"<head><title>{title}</title></head>"
    return f"<html>\r\n{head}\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"


class Variety:
    """Which of AWS's documented answers a balancer gives where there are two: the first, or one that chance picks.

    Headers over the limits are listed both under 400 and under 413, and whether a connection is closed after a refusal
    is told of requests that desync mitigation blocks alone. Source: AWS ALB User Guide, "Troubleshoot your Application
    Load Balancers". Paths are matched after URI normalization, and what that does is not told. Source: the same,
    "Condition types for listener rules".
    """

    def __init__(self, random: Random | None = None) -> None:
        """Without *random* it is the first, every refusal closes, and paths are matched as they are sent."""
        self._random = random
        # Whether a path loses its `..` before rules are asked.
        self.normalizes_paths = random is not None and random.random() < _NORMALIZING_SHARE

    def status(self, statuses: Sequence[int]) -> int:
        """Return one of the statuses that are documented for a request."""
        return statuses[0] if self._random is None else self._random.choice(statuses)

    def closes(self, status: int) -> bool:
        """Whether the refusal of a request with *status* closes its connection."""
        return self._random is None or status not in _MAY_STAY_OPEN or self._random.random() < _CLOSED_SHARE


@dataclass(frozen=True)
class Content:
    """What an answer of the balancer's own shows."""

    text: str
    content_type: str = "text/html"


def own_answer(
    status: int,
    *,
    now: float,
    method: str = "GET",
    content: Content | None = None,
    headers: Sequence[tuple[str, str]] = (),
    keep_alive: bool,
    policy: HeaderPolicy = UNCHANGED,
) -> bytes:
    """Return a whole answer; without *content* it is the page of its status. *now* is in epoch seconds."""
    shown = content or Content(page(status))
    body = shown.text.encode()
    fields = [
        ("Server", "awselb/2.0"),
        ("Date", formatdate(now, usegmt=True)),
        ("Content-Type", shown.content_type),
        ("Content-Length", str(len(body))),
        ("Connection", "keep-alive" if keep_alive else "close"),
        *headers,
    ]
    head = head_bytes(f"HTTP/1.1 {status} {phrase(status)}", policy.dress(fields))
    return head if method == "HEAD" else head + body


def head_bytes(first_line: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """Return a head as it goes on the wire."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")
