"""Tests of who may call the AWS endpoint: programs that were told where it is, and no page of a browser."""

import json

import pytest

from seatrials.seams.http1 import Request, Response
from seatrials.twin_server.visitors import OwnClients


def answer(*headers: tuple[str, str], target: str = "/") -> Response:
    """Return the answer of an endpoint on 127.0.0.1:4566 to a request with these headers."""
    clients = OwnClients(lambda _request: Response(200, b"answered"), "127.0.0.1", 4566)
    return clients.handle(Request("POST", target, headers))


def sentence(response: Response) -> str:
    """Return what a refusal says."""
    assert isinstance(response.body, bytes)
    return str(json.loads(response.body)["message"])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:4566", "127.0.0.1", "localhost:4566", "LOCALHOST", "bucket.localhost:4566", "123456789012.localhost"],
)
def test_an_own_host_is_answered(host: str) -> None:
    """The address, localhost, and what SDKs put before it are answered, with a port or without."""
    assert answer(("host", host)).body == b"answered"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4566",
        "127.0.0.1.evil.example",
        "localhost.evil.example:4566",
        "evillocalhost",
        "127.0.0.2:4566",
        "user@127.0.0.1:4566",
        "127.0.0.1:port",
        "127.0.0.1/evil.example",
        "[::1",
        "",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    """A name that a site has pointed at the loopback is refused, and the answer names it."""
    refused = answer(("host", host))

    assert refused.status == 421
    assert repr(host) in sentence(refused)


def test_a_request_without_one_host_is_refused() -> None:
    """No host, as HTTP/1.0 allows, and two of them are refused."""
    assert answer().status == 421
    assert answer(("host", "127.0.0.1"), ("host", "evil.example")).status == 421


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:8000", "https://127.0.0.1:4566", ""]
)
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    """An Origin that is not the endpoint's own is refused, that of another port of this machine as well."""
    refused = answer(("host", "127.0.0.1:4566"), ("origin", origin))

    assert refused.status == 403
    assert repr(origin) in sentence(refused)


def test_a_second_origin_hides_behind_no_first() -> None:
    """Every Origin counts."""
    own, other = ("origin", "http://127.0.0.1:4566"), ("origin", "https://evil.example")

    assert answer(("host", "127.0.0.1:4566"), own, other).status == 403


def test_the_endpoints_own_origin_is_answered() -> None:
    """The endpoint's own Origin is no other site's."""
    assert answer(("host", "localhost:4566"), ("origin", "http://localhost:4566")).body == b"answered"


@pytest.mark.parametrize("target", ["http://evil.example/", "@evil.example/", "*"])
def test_the_endpoint_is_no_proxy(target: str) -> None:
    """A target that is no path is refused before anything makes a URL of it."""
    assert answer(("host", "127.0.0.1:4566"), target=target).status == 400
