"""Answers of targets that are none."""

import pytest

from tests.support.balancer import BalancerWorld, receive_all, serve_raw, status_of


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"NONSENSE\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 33_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x85chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\rX: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
    ],
    ids=[
        "closed",
        "not-http",
        "half-a-head",
        "head-over-32k",
        "length-of-5000-digits",
        "length-over-64-bits",
        "empty-length",
        "two-lengths",
        "chunked-and-a-no-break-space",
        "chunked-and-a-next-line",
        "chunked-twice",
        "cr-in-the-status-line",
        "nul-in-a-header",
        "blank-in-a-name",
    ],
)
def test_a_target_that_gives_no_answer_is_a_bad_gateway(world: BalancerWorld, answer: bytes) -> None:
    """Source: AWS ALB User Guide, troubleshoot, HTTP 502; what is no answer: RFC 9112, 4 to 6."""
    serve_raw(world, answer)

    assert status_of(world.get("/")) == 502


def test_a_chunk_that_is_none_breaks_the_answer_off(world: BalancerWorld) -> None:
    """A CR within a chunk's line is not passed over (RFC 9112, 7.1)."""
    serve_raw(world, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\rb\r\nok\r\n0\r\n\r\n")
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    with pytest.raises(ConnectionResetError):
        receive_all(connection)
