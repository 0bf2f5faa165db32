"""HTTP calls to the platform, each noted as a step of the scenario."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, SupportsIndex, TypeVar, overload

import httpx

from seatrials.evidence.recorder import Recorder
from seatrials.platform.patience import RESETS_MAX
from seatrials.platform.versions import version_told
from seatrials.platform.witness import Witness
from seatrials.seams.clock import Clock

T = TypeVar("T")

_SHOWN_CHARACTERS = 400
BALANCER = "the load balancer itself"
# Without a rule the default one answers, and without a healthy target nobody does.
_OF_A_NODE_THAT_LAGS = (404, 503)
_MAY_BE_SENT_AGAIN = ("GET", "HEAD")


class Fields(dict[str, Any]):
    """The fields of a JSON object; asking for one that is not there fails the scenario, and shows the answer."""

    def __init__(self, fields: Mapping[str, Any], answer: object) -> None:
        super().__init__(fields)
        self.answer = answer

    def __missing__(self, name: str) -> NoReturn:
        """Fail the scenario."""
        msg = f"expected a field {name!r} in {self.answer}"
        raise AssertionError(msg)


class Listed(list[T]):
    """Elements that AWS or the platform has listed; asking for one that is not there fails the scenario."""

    def __init__(self, elements: Iterable[T], what: str) -> None:
        """*what* they are, in the plural."""
        super().__init__(elements)
        self._what = what

    @overload
    def __getitem__(self, index: SupportsIndex) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> T | list[T]:
        """Return an element, or some of them."""
        try:
            return super().__getitem__(index)
        except IndexError:
            msg = f"expected more {self._what} than {len(self)}: {list(self)}"
            raise AssertionError(msg) from None


def json_of(content: bytes, answer: object) -> Any:  # noqa: ANN401  # whatever the platform sends
    """Return *content* as JSON; what is none, or lacks a field, fails the scenario and shows the *answer*."""
    try:
        return json.loads(content, object_hook=lambda fields: Fields(fields, answer))
    except ValueError:
        msg = f"expected JSON of {answer}"
        raise AssertionError(msg) from None


def header_of(headers: httpx.Headers, name: str, answer: object) -> str:
    """Return a header; one that is not there fails the scenario, and shows the *answer*."""
    if name not in headers:
        msg = f"expected a header {name!r} in {answer}, which has {', '.join(headers) or 'none'}"
        raise AssertionError(msg)
    return headers[name]


def origin_of(headers: httpx.Headers) -> str:
    """Return who answered: a service that says so, the load balancer itself, or a service that does not say."""
    balancer = headers.get("server", "").startswith("awselb")
    return headers.get("x-service") or (BALANCER if balancer else "a service")


@dataclass(frozen=True)
class Answer:
    """What the platform answered."""

    status: int
    headers: httpx.Headers
    content: bytes
    request: str
    elapsed_seconds: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401  # whatever the platform sends
        """Return the body as JSON; fails the scenario, showing the body, when it is none or a field is missing."""
        return json_of(self.content, self)

    def json_list(self) -> list[Any]:
        """Return the body as a list; fails the scenario, showing the body, when it is another thing."""
        value = self.json()
        assert isinstance(value, list), f"expected a list in {self}"
        return value

    def header(self, name: str) -> str:
        """Return a header; fails the scenario, showing the answer, when there is none of that name."""
        return header_of(self.headers, name, self)

    @property
    def media_type(self) -> str:
        """The type of its content, without parameters; fails the scenario, showing the answer, when none is told."""
        return self.header("content-type").partition(";")[0]

    @property
    def origin(self) -> str:
        """Who answered."""
        return origin_of(self.headers)

    @property
    def is_of_a_node_that_lags(self) -> bool:
        """Whether it may come of a node of the load balancer that does not know a rule, or a healthy target, yet."""
        return self.origin == BALANCER and self.status in _OF_A_NODE_THAT_LAGS

    def __repr__(self) -> str:
        """Show request, status and body: what the message of a failed assertion needs."""
        body = self.text if len(self.text) <= _SHOWN_CHARACTERS else f"{self.text[:_SHOWN_CHARACTERS]}…"
        return f"<{self.request} → {self.status} from {self.origin}: {body}>"


class Calls:
    """The way to the load balancer."""

    def __init__(self, http: httpx.Client, clock: Clock, recorder: Recorder) -> None:
        self._http = http
        # httpx takes long to join a path to its base URL.
        self._origin = str(http.base_url).rstrip("/")
        self._clock = clock
        self._recorder = recorder
        # Of this scenario's requests, how many have met a reset and were asked again.
        self._resets = 0
        self.history = recorder.history

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """GET *path*; redirects are not followed."""
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """POST *body* as JSON."""
        content = json.dumps(body).encode()
        return self.send("POST", path, content, {"content-type": "application/json", **(headers or {})})

    def send(
        self,
        method: str,
        path: str,
        content: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        to_the_letter: bool = False,
    ) -> Answer:
        """Send any request; fails the scenario when the load balancer cannot be reached or does not answer.

        Content in parts is sent chunked, a chunk for each. A path goes *to the letter* or, as browsers send it, with
        its `..` resolved.
        """
        extensions = {"target": path.encode("ascii")} if to_the_letter else None
        sent = content if isinstance(content, bytes) else None
        target = path if to_the_letter or ".." not in path else self._url_of(path)
        witness = Witness(self.history, method, target, headers, sent)
        began = self._clock.now()

        def ask() -> httpx.Response:
            return self._http.request(
                method, self._url_of(path), content=content, headers=headers, extensions=extensions
            )

        try:
            response = self._ask_again_after_a_reset(ask, method, path)
        except httpx.HTTPError as error:
            msg = f"{method} {path} got no answer from the load balancer: {type(error).__name__}: {error}"
            self._recorder.step(f"{method} {path} → no answer", error=str(error))
            witness.unanswered()
            raise AssertionError(msg) from error
        answer = Answer(
            response.status_code, response.headers, response.content, f"{method} {path}", self._clock.now() - began
        )
        witness.answered(answer.status, answer.headers, answer.content)
        self._note(answer, sent, headers)
        return answer

    def _ask_again_after_a_reset(self, ask: Callable[[], httpx.Response], method: str, path: str) -> httpx.Response:
        """Return the answer; a request that changes nothing survives one reset before its answer, which is told.

        Browsers do so too. A platform that resets more than a few is not spared: what follows is told as it is.
        Source: RFC 9110, 9.2.2; RFC 9112, 9.3.1.
        """
        try:
            return ask()
        except (httpx.ReadError, httpx.WriteError) as error:
            if method not in _MAY_BE_SENT_AGAIN or self._resets >= RESETS_MAX:
                raise
            self._resets += 1
            self._recorder.keep_step(f"{method} {path} → reset before an answer, and asked again", error=str(error))
            return ask()

    def _url_of(self, path: str) -> str:
        return f"{self._origin}{path}" if path.startswith("/") else path

    def _note(self, answer: Answer, content: bytes | None, headers: Mapping[str, str] | None) -> None:
        self._recorder.step(
            f"{answer.request} → {answer.status}",
            request_headers=dict(headers or {}),
            request=(content or b"")[:_SHOWN_CHARACTERS].decode("utf-8", "replace"),
            answer=answer.content[:_SHOWN_CHARACTERS].decode("utf-8", "replace"),
            seconds=round(answer.elapsed_seconds, 6),
        )
        told = version_told(answer.request, answer.status, answer.content)
        if told is not None:
            self._recorder.note_version(*told)
