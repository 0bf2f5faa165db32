"""httpx over any `Network`: the same client code on the machine's sockets and in a mock world."""

import ssl
import typing
from collections.abc import Iterable, Iterator
from http.cookiejar import CookieJar

import httpcore
import httpx

from seatrials.seams.network import Connection, Network, TlsConnection

# What callers catch is httpx's, and what a pool raises is httpcore's: of the same name, and with no class in common.
ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ProtocolError: httpx.ProtocolError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.TimeoutException: httpx.TimeoutException,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.WriteError: httpx.WriteError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
}
_RAISED = tuple(ERRORS)


def http_client(
    network: Network, trust: ssl.SSLContext, base_url: str = "", timeout_seconds: float = 5.0
) -> httpx.Client:
    """Return a client whose connections go through *network* and trust what *trust* does."""
    transport = _Transport(network, trust)
    return _Client(transport=transport, base_url=base_url, timeout=timeout_seconds, trust_env=False)


class _Transport(httpx.BaseTransport):
    """What httpx's own transport is, over a network that is given: httpx's has no way to choose one, the pool has."""

    def __init__(self, network: Network, trust: ssl.SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            network_backend=_Backend(network),
            max_connections=None,
            max_keepalive_connections=10,
            keepalive_expiry=None,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = self._pool.handle_request(asked)
        except _RAISED as error:
            raise ERRORS[type(error)](str(error)) from error
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.iter_stream()
        except _RAISED as error:
            raise ERRORS[type(error)](str(error)) from error

    def close(self) -> None:
        self._answer.close()


class _Client(httpx.Client):
    """A client with cookies of ours: those that it is given it would copy into a jar of httpx's own class."""

    def __init__(self, **options: typing.Any) -> None:  # noqa: ANN401  # httpx's own
        super().__init__(**options)
        self._jar = _Cookies()

    @property
    def cookies(self) -> httpx.Cookies:
        return self._jar

    @cookies.setter
    def cookies(self, cookies: httpx.Cookies | CookieJar | dict[str, str] | list[tuple[str, str]]) -> None:
        self._jar = _Cookies(cookies)


class _Cookies(httpx.Cookies):
    """A jar that looks only into answers that set a cookie: to find none takes httpx as long as to read the answer."""

    def extract_cookies(self, response: httpx.Response) -> None:
        if "set-cookie" in response.headers:
            super().extract_cookies(response)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, network: Network) -> None:
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        del local_address, socket_options
        try:
            return _Stream(self._network.connect(host, port, timeout))
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error


class _Stream(httpcore.NetworkStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._connection.receive(max_bytes, timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._connection.send(buffer, timeout)
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._connection.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            tls = TlsConnection(
                self._connection,
                ssl_context,
                server_side=False,
                server_hostname=server_hostname,
                timeout_seconds=timeout,
            )
        except TimeoutError as error:
            self._connection.close()
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            self._connection.close()
            raise httpcore.ConnectError(str(error)) from error
        return _Stream(tls)

    def get_extra_info(self, info: str) -> typing.Any:  # noqa: ANN401  # httpcore's own signature
        if info == "is_readable":
            # An idle connection that can be read has been closed by the server.
            return self._connection.is_readable
        return None
