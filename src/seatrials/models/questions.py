"""Every route, method and spelling of a path, with what the contract says of it: the table of routes, asked whole.

Which paths and methods there are is in `contract/`; what stands here is how an operation answers a request that names
a session, one that is not there, or none, and whose body says nothing.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random

from seatrials.checkers.api import Path, api, service_of
from seatrials.models.walk import Walks
from seatrials.platform import UNKNOWN_SESSION, Answer, Platform, Session, contract
from seatrials.seams.paths import normalized

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# For each step of a walk so many spelled questions are asked: they take no time of the platform's.
_SPELLED_PER_STEP = 5
_SHOWN = 5
# By operation: the status with the session's own id, with an unknown one, and without; for most of Hermes's the id is
# in the path, so that without one they are others.
_STATUSES = {
    "hermesHealth": (200, 200, 200),
    "hermesStatus": (200, 200, 200),
    "activate": (400, 400, 400),
    "listClient": (200, 200, 200),
    "status": (200, 404, 404),
    "keepalive": (200, 404, 404),
    "deactivate": (202, 404, 404),
    "editorStatus": (200, 404, 200),
    "hostedSessions": (200, 404, 200),
    "forgetSession": (200, 404, 404),
    "init": (400, 400, 400),
    "execute": (400, 404, 400),
    "listFiles": (200, 404, 400),
    "fileExists": (400, 404, 400),
    "readFile": (200, 404, 400),
    "writeFile": (200, 404, 400),
    "gitStatus": (200, 404, 400),
    "gitLog": (200, 404, 400),
    "gitCommit": (400, 404, 400),
    "exec": (400, 404, 400),
    "preview": (200, 404, 404),
    "sessionHealth": (200, 404, 404),
    "previewPage": (200, 404, 404),
    "sharedPage": (200, 200, 200),
    "sharedScript": (200, 200, 200),
    "hotReload": (400, 404, 404),
}
# What would end the session that all else is asked about.
_ENDING = ("deactivate", "forgetSession")
_OK, _ERROR, _NOT_FOUND, _NOT_ALLOWED = 200, 400, 404, 405
_FILE = "hello.md"
# What each call that changes a workspace would do.
_TO_DO = json.dumps(
    {"command": "date > planted.txt", "instruction": "Add a page called Planted", "message": "p", "filePath": _FILE}
).encode()


@dataclass(frozen=True)
class Expected:
    """What the answer to a request must be."""

    # None for an answer that says which methods there are, and is no error.
    status: int | None
    # Methods that `Allow` must name.
    allowed: frozenset[str] = frozenset()

    def problems(self, answer: Answer) -> Iterator[str]:
        """Yield what an answer is not."""
        if answer.status != self.status and (self.status is not None or answer.status >= _ERROR):
            yield f"expected {self.status or 'no error'}"
        told = {each.strip() for each in answer.headers.get("allow", "").split(",")}
        if not self.allowed <= told:
            yield f"expected {', '.join(sorted(self.allowed))} in Allow, which has {', '.join(sorted(told))}"


@dataclass(frozen=True)
class Question:
    """A request, and what its answer must be, in the order of `READINGS`."""

    method: str
    target: str
    # What `X-Session-ID` says, if anything.
    named: str | None
    expected: tuple[Expected, ...]

    def wrong(self, answer: Answer, reading: int = 0) -> str:
        """Return what is wrong with an answer of a load balancer of one *reading*, empty for nothing."""
        problems = list(self.expected[reading].problems(answer))
        if self.method == "HEAD" and answer.content:
            problems.append("expected no body of HEAD")
        about = f", of {self.named}" if self.named else ""
        return f"{self.method} {self.target}{about}: {'; '.join(problems)}, got {answer}" if problems else ""


class Questions:
    """What is asked about one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def wrong(self, platform: Platform, walks: Walks) -> str:
        """Ask every route by every method, and some spellings of each; return what was wrong, empty for nothing."""
        spelled = sorted(set(self.spelled()), key=str)
        count = min(len(spelled), walks.steps * _SPELLED_PER_STEP)
        asked = [*dict.fromkeys(self.plain()), *Random(walks.seed).sample(spelled, count)]
        kept = platform.workspace(self._session).read(_FILE).content
        answers = [(each, self._ask(platform, each, kept)) for each in asked]
        # A load balancer has one reading for all.
        readings = range(len(READINGS))
        found = min((_wrong(answers, reading) for reading in readings), key=len)
        more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        return "\n".join([*([f"{len(found)} of {len(asked)} requests"] if found else []), *found[:_SHOWN], *more])

    def plain(self) -> Iterator[Question]:
        """Yield every path with every method, of the session's own, of an unknown one, and without a session.

        One that the query names is none: the header alone says whose workspace is meant.
        """
        for path, own in itertools.product(self._paths(), (True, False)):
            for method, named in itertools.product(METHODS, self._names(path)):
                yield from self._question(method, self._target(path, is_own=own), named)
        for path, method in itertools.product(self._paths(), METHODS):
            if path.template.startswith("/api/"):
                target = f"{self._target(path, is_own=True)}?sessionId={self._session.id}"
                yield from self._question(method, target, None)

    def spelled(self) -> Iterator[Question]:
        """Yield paths in other spellings, which lead elsewhere or to the same."""
        for path in self._paths():
            plain = self._target(path, is_own=True)
            has_rest = path.template.endswith(("{path}", "{page}", "{script}")) or path.template.startswith("/session/")
            spellings = _SPELLINGS[:_OF_ANY_PATH] if has_rest else _SPELLINGS
            for spell, method, named in itertools.product(spellings, METHODS, self._names(path)):
                yield from self._question(method, spell(plain), named)

    def _question(self, method: str, target: str, named: str | None) -> Iterator[Question]:
        expected = [self._expected(method, read(target), named) for read in READINGS]
        told = tuple(each for each in expected if each is not None)
        if len(told) == len(expected):
            yield Question(method, target, named, told)

    def _expected(self, method: str, target: str, named: str | None) -> Expected | None:
        """Return what a request must get, of a *target* as the rules read it; None where nothing can be asked."""
        raw, _, query = target.partition("?")
        if raw == "/health":
            # A fixed response is for any method, and of these two alone the contract says so.
            return Expected(_OK) if method in {"GET", "HEAD"} else None
        service = service_of(raw)
        is_led = service != "balancer" and self._has_rule(raw, query)
        paths = [path for path, _ in api(service).fitting(raw)] if is_led else []
        if not paths:
            return Expected(_NOT_FOUND)
        if raw == contract.HMR_PATH and method == "HEAD":
            return None  # no HEAD of a handshake is promised
        asked = "GET" if method == "HEAD" else method
        operation = next((path.operations[asked] for path in paths if asked in path.operations), None)
        if operation is None:
            allowed = frozenset(each for path in paths for each in path.operations)
            is_told = method == "OPTIONS" and api(service).options is not None
            return Expected(None if is_told else _NOT_ALLOWED, allowed)
        if (operation.id in _ENDING and self._session.id in raw) or self._is_another_file(operation.id, raw):
            return None
        return Expected(self._status(operation.id, target, named))

    def _is_another_file(self, operation: str, raw: str) -> bool:
        """Whether a request would write a file that is not there: a path may be both, a call and a file's."""
        return operation == "writeFile" and not raw.endswith(f"/{_FILE}")

    def _status(self, operation: str, target: str, named: str | None) -> int:
        own, unknown, nameless = _STATUSES[operation]
        if target.startswith("/api/") and operation != "forgetSession":
            if operation == "readFile" and named == self._session.id and _FILE not in target:
                # What begins with a slash is no path within a workspace.
                return _ERROR if "//" in target else _NOT_FOUND
            return own if named == self._session.id else nameless if named is None else unknown
        return own if self._session.id in target else unknown

    def _has_rule(self, raw: str, query: str) -> bool:
        """Whether the listener has a rule for a path: it has one of a session for as long as that lives."""
        if raw.startswith("/session/"):
            return raw.split("/")[2] == self._session.id
        return not raw.startswith("/ws/") or (raw == contract.HMR_PATH and f"sessionId={self._session.id}" in query)

    def _paths(self) -> list[Path]:
        return [path for service in ("hermes", "editor", "balancer") for path in api(service).paths]

    def _target(self, path: Path, *, is_own: bool) -> str:
        session_id = self._session.id if is_own else UNKNOWN_SESSION
        names = {"sessionId": session_id, "clientId": self._session.client_id, "page": "hello", "script": "client.js"}
        target = path.template.format(**names, path=_FILE)
        return f"{target}?sessionId={session_id}" if target == contract.HMR_PATH else target

    def _names(self, path: Path) -> tuple[str | None, ...]:
        own_and_others = (self._session.id, UNKNOWN_SESSION, None)
        return own_and_others if path.template.startswith("/api/") else (None,)

    def _ask(self, platform: Platform, question: Question, kept: bytes) -> Answer:
        """Ask; a file is written as it is, and only what names no session of anybody says what to do."""
        headers = {} if question.named is None else {contract.SESSION_HEADER: question.named}
        told = b"{}" if question.named == self._session.id else _TO_DO
        body = kept if question.method == "PUT" else told if question.method in {"POST", "PATCH"} else None
        return platform.http.send(question.method, question.target, body, headers, to_the_letter=True)


def _wrong(answers: Iterable[tuple[Question, Answer]], reading: int) -> list[str]:
    return [wrong for question, answer in answers if (wrong := question.wrong(answer, reading))]


def _before_query(change: Callable[[str], str]) -> Callable[[str], str]:
    def spell(target: str) -> str:
        path, mark, query = target.partition("?")
        return f"{change(path)}{mark}{query}"

    return spell


def _encoded(path: str, place: int) -> str:
    return f"{path[:place]}%{ord(path[place]):02x}{path[place + 1 :]}"


# How a load balancer may read a target before it looks for a rule: as it was sent, or after URI normalization.
READINGS: tuple[Callable[[str], str], ...] = (str, _before_query(normalized))
# In another spelling a path is another one, but for a letter in its code, which services read as the letter.
# The first are for any path, and the others for those that do not take the rest of one.
_SPELLINGS: tuple[Callable[[str], str], ...] = (
    _before_query(lambda path: _encoded(path, 1)),
    _before_query(lambda path: f"/{path}"),
    _before_query(lambda path: path[:2].upper() + path[2:]),
    _before_query(lambda path: path.replace("/", "%2F", 2).replace("%2F", "/", 1)),
    lambda target: f"{target}&x=1" if "?" in target else f"{target}?x=1&sessionId={UNKNOWN_SESSION}",
    lambda target: target.replace("?", "?x=1&") if "?" in target else f"{target}?",
    _before_query(lambda path: _encoded(path, len(path) - 1)),
    _before_query(lambda path: f"{path}/"),
    _before_query(lambda path: f"{path}z"),
    _before_query(lambda path: f"{path};x=1"),
    _before_query(lambda path: f"{path}%20"),
    _before_query(lambda path: path[:-1] + path[-1].upper()),
    _before_query(lambda path: f"{path.rpartition('/')[0]}//{path.rpartition('/')[2]}"),
)
_OF_ANY_PATH = 6
