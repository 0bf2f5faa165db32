"""What the history has of a request."""

import httpx
import pytest

from seatrials.evidence.history import Exchange, History
from seatrials.platform.witness import Witness


def noted(witness: Witness, history: History) -> Exchange:
    """Return what is noted of a request that is answered."""
    witness.answered(200, httpx.Headers([("X-Service", "hermes")]), b"body")
    return history.exchanges[-1]


@pytest.mark.parametrize(
    ("data", "method", "target"),
    [
        (b"GET /hermes/health HTTP/1.1\r\nHost: x\r\n\r\n", "GET", "/hermes/health"),
        (b"PUT /a?b=c HTTP/1.1\r\nX-Session-ID: s\r\n\r\nbody", "PUT", "/a?b=c"),
        (b"hello there\r\n\r\n", "", "/"),
        (b"GET /a\r\n\r\n", "", "/"),
    ],
)
def test_bytes_are_understood_as_far_as_they_are_http(data: bytes, method: str, target: str) -> None:
    """Of bytes that are no HTTP/1.1 the method is empty."""
    history = History(lambda: 5.0)
    exchange = noted(Witness.of_bytes(history, data, 3.0), history)

    assert (exchange.method, exchange.target) == (method, target)
    assert (exchange.began, exchange.ended, exchange.status, exchange.body) == (3.0, 5.0, 200, b"body")


def test_a_whole_url_is_its_path() -> None:
    """Names of headers are in lower case, and an answer that did not come has the status 0."""
    history = History(lambda: 5.0)
    exchange = noted(Witness(history, "GET", "http://alb/../a?b", {"X-A": "1"}), history)
    Witness(history, "GET", "/b").unanswered()

    assert (exchange.target, exchange.sent_headers, exchange.header("x-service")) == ("/a?b", {"x-a": "1"}, "hermes")
    assert history.exchanges[-1].status == 0
