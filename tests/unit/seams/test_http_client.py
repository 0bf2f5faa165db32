"""Tests of httpx over the networks of a mock world."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpcore
import httpx
import pytest
import trustme

from seatrials.seams.clock import in_parallel
from seatrials.seams.http1 import HttpServer, Request, Response, json_response
from seatrials.seams.http_client import ERRORS, http_client
from seatrials.seams.network import Connection, TlsConnection
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import Host, VirtualNetwork

SERVER = "10.0.1.7"
URL = f"http://{SERVER}:8080"


@dataclass
class HostAndClient:
    """A client, and a host that may serve."""

    clock: VirtualClock
    server: Host
    client: httpx.Client
    network: VirtualNetwork
    requests: list[Request] = field(default_factory=list)

    def serve(self, handler: Callable[[Request], Response] | None = None) -> HttpServer:
        """Serve on port 8080; by default every request is answered with its path."""

        def answer(request: Request) -> Response:
            self.requests.append(request)
            return handler(request) if handler else json_response(200, {"path": request.path})

        return HttpServer(self.clock, self.server, 8080, answer)

    def listen(self, talk: Callable[[Connection], None]) -> None:
        """Accept one connection on port 8080 and let *talk* have it."""
        listener = self.server.listen(8080)
        self.clock.spawn(lambda: talk(listener.accept()), "listener")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give who signs certificates; keys are slow to make."""
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """Give a client's context that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def site(trust: ssl.SSLContext) -> Iterator[HostAndClient]:
    """Give a small world with a client in it."""
    with VirtualClock(1_700_000_000).closing() as clock:
        network = VirtualNetwork(clock, lambda: 0.001)
        server = network.attach(SERVER)
        client = http_client(network.attach("10.0.9.9"), trust, URL)
        yield HostAndClient(clock, server, client, network)
        client.close()
        network.close()


def test_a_request_and_its_answer(site: HostAndClient) -> None:
    """Method, path, headers and body arrive, and so does the answer."""
    site.serve()
    answer = site.client.post("/orders?page=2", content=b"tea", headers={"x-shop": "north"})
    [request] = site.requests

    assert (answer.status_code, answer.json()) == (200, {"path": "/orders"})
    assert {
        "method": request.method,
        "target": request.target,
        "body": request.body,
        "shop": request.header("x-shop"),
    } == {"method": "POST", "target": "/orders?page=2", "body": b"tea", "shop": "north"}


def test_a_connection_is_used_again(site: HostAndClient) -> None:
    """Requests one after the other share a connection: the second one saves the handshake's time."""
    site.serve()
    took = []
    for _ in range(2):
        began = site.clock.elapsed_us()
        site.client.get("/")
        took.append(site.clock.elapsed_us() - began)

    assert took == [3000, 2000]


def test_a_connection_that_the_server_has_closed_is_not_used_again(site: HostAndClient) -> None:
    """A connection that was closed while it was idle is replaced, and the request does not fail."""
    site.serve(lambda _request: Response(200, b"", [("x-left", "none")]))
    site.client.get("/")
    for connection in site.server.connections:
        connection.close()
    site.clock.sleep(1)

    assert site.client.get("/").status_code == 200


def test_requests_at_one_time_do_not_wait_for_each_other(site: HostAndClient) -> None:
    """Each of several actors gets a connection of its own."""

    def slow(_request: Request) -> Response:
        site.clock.sleep(1)
        return Response(204)

    site.serve(slow)
    answers = in_parallel(site.clock, [lambda: site.client.get("/").status_code] * 20)

    assert answers == [204] * 20
    assert site.clock.elapsed_us() < 1_100_000


def test_a_body_is_streamed(site: HostAndClient) -> None:
    """What a server sends in chunks can be read as it comes."""
    site.serve(lambda _request: Response(200, iter([b"one", b"two"])))
    with site.client.stream("GET", "/") as answer:
        parts = list(answer.iter_bytes())

    assert b"".join(parts) == b"onetwo"


def test_nobody_listening_is_a_connect_error(site: HostAndClient) -> None:
    """A refused connection has httpx's own error, with the reason."""
    with pytest.raises(httpx.ConnectError, match="refused the connection: nothing listens there"):
        site.client.get("/")


def test_a_host_that_does_not_answer_is_a_connect_timeout(site: HostAndClient) -> None:
    """A host that is gone costs the timeout of 5 s, in the world's time."""
    site.server.detach()

    with pytest.raises(httpx.ConnectTimeout):
        site.client.get("/")
    assert site.clock.elapsed_us() == 5_001_000


def test_an_answer_that_does_not_come_is_a_read_timeout(site: HostAndClient) -> None:
    """A server that is silent for 5 s fails the request."""

    def be_silent(connection: Connection) -> None:
        site.clock.sleep(60)
        connection.close()

    site.listen(be_silent)

    with pytest.raises(httpx.ReadTimeout, match="nothing arrived within 5 s"):
        site.client.get("/")


def test_a_reset_is_a_read_error(site: HostAndClient) -> None:
    """A server that dies over a request fails it."""

    def die(connection: Connection) -> None:
        connection.receive(1000)
        site.server.detach()

    site.listen(die)

    with pytest.raises(httpx.ReadError, match="reset by the peer"):
        site.client.get("/")


def test_a_server_that_closes_without_an_answer_is_a_protocol_error(site: HostAndClient) -> None:
    """An orderly close instead of an answer fails the request."""
    site.listen(lambda connection: connection.close())

    with pytest.raises(httpx.RemoteProtocolError):
        site.client.get("/")


def serve_tls(site: HostAndClient, authority: trustme.CA, name: str) -> None:
    """Answer one request over TLS with a certificate for *name*, which leads to the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    site.network.names.update({"shop.example": (SERVER,), "other.example": (SERVER,)})
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    def talk(connection: Connection) -> None:
        try:
            tls = TlsConnection(connection, context, server_side=True)
            tls.receive(1000)
            tls.send(answer)
        except OSError:
            connection.close()  # the client refuses the certificate

    site.listen(talk)


def test_tls(site: HostAndClient, authority: trustme.CA) -> None:
    """An https URL is spoken over TLS, with the name of the host."""
    serve_tls(site, authority, "shop.example")

    assert site.client.get("https://shop.example:8080/").text == "ok"


def test_a_certificate_for_another_name_is_refused(site: HostAndClient, authority: trustme.CA) -> None:
    """The certificate must be one of the host that was asked for."""
    serve_tls(site, authority, "other.example")

    with pytest.raises(httpx.ConnectError, match=r"certificate is not valid for 'shop\.example'"):
        site.client.get("https://shop.example:8080/")


def test_a_certificate_of_an_unknown_authority_is_refused(site: HostAndClient) -> None:
    """Only what the given context trusts is trusted."""
    serve_tls(site, trustme.CA(), "shop.example")

    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        site.client.get("https://shop.example:8080/")


def test_the_shells_proxies_are_not_used(
    site: HostAndClient, trust: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable of the machine leads a request elsewhere."""
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.5.5:3128")
    site.serve()
    client = http_client(site.network.attach("10.0.9.8"), trust)

    assert client.get(f"{URL}/").status_code == 200


def test_cookies_are_kept_from_the_answer_that_sets_them(site: HostAndClient) -> None:
    """An answer without cookies changes none, and one that sets some is looked into."""
    headers = iter([[], [("set-cookie", "sticky=1; Path=/")], [], []])
    site.serve(lambda _request: Response(200, b"", next(headers)))

    for _ in range(4):
        site.client.get(f"{URL}/page")

    assert [request.header("cookie") for request in site.requests] == [None, None, "sticky=1", "sticky=1"]


def test_every_error_of_the_pool_has_its_like_in_httpx() -> None:
    """What httpcore raises to a caller becomes httpx's error of the same name, for callers catch those alone."""
    names = {name for name in httpcore.__all__ if isinstance(vars(httpcore)[name], type)}
    errors = {name for name in names if issubclass(vars(httpcore)[name], Exception)}
    # What tells the pool itself to try another connection.
    errors.remove("ConnectionNotAvailable")

    assert errors == {raised.__name__ for raised in ERRORS}
    assert all(raised.__name__ == like.__name__ for raised, like in ERRORS.items())


def test_a_body_that_breaks_off_is_an_error_of_httpx(site: HostAndClient) -> None:
    """A server that goes in the midst of a body has not answered."""

    def half(connection: Connection) -> None:
        connection.receive(1000)
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        connection.close()

    site.listen(half)

    with pytest.raises(httpx.RemoteProtocolError):
        site.client.get("/")


def test_cookies_can_be_given(site: HostAndClient) -> None:
    """A caller may set the client's cookies, as with any client of httpx."""
    site.serve()
    site.client.cookies = {"given": "1"}
    site.client.get("/")

    assert [request.header("cookie") for request in site.requests] == ["given=1"]


def test_a_body_that_nobody_takes_is_a_write_timeout(site: HostAndClient) -> None:
    """A server that reads nothing holds a client up no longer than its timeout."""
    site.listen(lambda _connection: site.clock.sleep(1000))
    with pytest.raises(httpx.WriteTimeout):
        site.client.post(f"{URL}/", content=bytes(1_000_000))
