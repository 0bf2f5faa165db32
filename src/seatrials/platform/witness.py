"""Notes requests and their answers in the history that checkers judge."""

from collections.abc import Mapping

import httpx

from seatrials.evidence.history import Exchange, History

_UNANSWERED = 0


class Witness:
    """One request, from its beginning on."""

    def __init__(
        self,
        history: History,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        sent: bytes | None = None,
        *,
        began: float | None = None,
    ) -> None:
        """*target* is a path with its query, or a whole URL; it *began* now, or at a moment of the history's clock."""
        self._history = history
        self._began = history.now() if began is None else began
        self._method = method
        self._target = target if target.startswith("/") else httpx.URL(target).raw_path.decode("ascii")
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        self._sent = sent

    @classmethod
    def of_bytes(cls, history: History, data: bytes, began: float) -> "Witness":
        """Return the witness of a request in bytes that *began* then, whose method is empty when they are no HTTP."""
        head, _, body = data.partition(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").split("\r\n")
        parts = line.split(" ")
        is_http = len(parts) == 3 and parts[1].startswith("/") and parts[2] == "HTTP/1.1"  # noqa: PLR2004  # its parts
        method, target = (parts[0], parts[1]) if is_http else ("", "/")
        headers = dict(each.partition(":")[::2] for each in fields)
        stripped = {name: value.strip() for name, value in headers.items()}
        return cls(history, method, target, stripped, body or None, began=began)

    def answered(self, status: int, headers: httpx.Headers, body: bytes) -> None:
        """Note the answer."""
        pairs = [(name.lower(), value) for name, value in headers.multi_items()]
        self._note(status, pairs, body)

    def unanswered(self) -> None:
        """Note that none came."""
        self._note(_UNANSWERED, [], b"")

    def _note(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        exchange = Exchange(
            began=self._began,
            ended=self._history.now(),
            method=self._method,
            target=self._target,
            sent_headers=self._headers,
            sent=self._sent,
            status=status,
            headers=headers,
            body=body,
        )
        self._history.exchanges.append(exchange)
