"""httpx over any `Network`: the same client code on the machine's sockets and in a mock world."""

import ssl
import typing
from collections.abc import Iterable

import httpcore
import httpx

from seatrials.seams.network import Connection, Network, TlsConnection


def http_client(
    network: Network, trust: ssl.SSLContext, base_url: str = "", timeout_seconds: float = 5.0
) -> httpx.Client:
    """Return a client whose connections go through *network* and trust what *trust* does."""
    transport = httpx.HTTPTransport(verify=trust)
    # httpx has no public way to choose the network below its transport; httpcore's pool has one.
    transport._pool = httpcore.ConnectionPool(  # noqa: SLF001
        ssl_context=trust,
        network_backend=_Backend(network),
        max_connections=None,
        max_keepalive_connections=10,
        keepalive_expiry=None,
    )
    client = httpx.Client(transport=transport, base_url=base_url, timeout=timeout_seconds, trust_env=False)
    client._cookies = _Cookies()  # noqa: SLF001  # given to the client, it would be copied into one of httpx's own class
    return client


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
        del timeout
        try:
            self._connection.send(buffer)
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
