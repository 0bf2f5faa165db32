"""One user of the platform, who does in a visit what its web client does: arrive, browse, edit, watch, leave."""

from collections.abc import Callable
from random import Random
from typing import TypeVar

from seatrials.load.figures import LEAVE, READY, REFUSED, UPDATE
from seatrials.platform import ANSWERED, Answer, Clock, Platform, Session, WebSocket, contract

T = TypeVar("T")

# Between two actions, in platform time; the idle timeout of a connection is longer.
_THINK_SECONDS = (2.0, 12.0)
_ACTIONS_OF_A_VISIT = (5, 15)
_UPDATE_SECONDS_MAX = 10.0
_OK, _CREATED, _ACCEPTED, _TOO_MANY = 200, 201, 202, 429
# Takes the kind of a request, its seconds, and what was wrong with it; nothing when it was answered as promised.
Note = Callable[[str, float, str], None]


class _VisitEndedError(Exception):
    """A request was not answered as promised, which is noted; what was to follow it means nothing any more."""


class Visit:
    """A visit of one user; each has a session of its own."""

    def __init__(self, platform: Platform, chance: Random, note: Note) -> None:
        self._platform = platform
        self._chance = chance
        self._note = note
        self._actions = (self._browse, self._browse, self._edit, self._edit, self._save, self._list, self._keep_alive)

    def make(self) -> None:
        """Come, stay and leave; what fails is noted, and ends the stay."""
        try:
            session = self._arrive()
        except _VisitEndedError:
            self._think()
            return
        if session is None:
            return
        for part in (self._stay, self._leave):
            try:
                part(session)
            except _VisitEndedError:
                self._think()

    def _arrive(self) -> Session | None:
        """Return a session that is ready, or None where the platform has as many as it takes, which is no failure."""

        def activate() -> Answer:
            answer = self._platform.sessions.activate()
            is_refused = answer.status == _TOO_MANY and answer.headers.get("retry-after", "").isdigit()
            assert is_refused or answer.status == _CREATED, f"expected 201, or 429 with Retry-After, got {answer}"
            return answer

        answer = self._measured("activate", activate)
        if answer.status == _TOO_MANY:
            self._note(REFUSED, answer.elapsed_seconds, "")
            self._platform.let_pass(float(answer.headers["retry-after"]), what="the time that Retry-After names")
            return None
        session = Session.of(answer)
        self._measured(READY, lambda: self._platform.wait_ready(session), self._platform.clock)
        return session

    def _stay(self, session: Session) -> None:
        websocket = self._measured("websocket", lambda: self._platform.websockets.open(session.id))
        try:
            self._instruct(session, websocket)
            for _ in range(self._chance.randint(*_ACTIONS_OF_A_VISIT)):
                self._think()
                # What else would keep it from being closed as idle.
                self._measured("ping", lambda: _ping(websocket))
                self._chance.choice(self._actions)(session)
            self._instruct(session, websocket)
        finally:
            websocket.close()

    def _leave(self, session: Session) -> None:
        self._ask(LEAVE, lambda: self._platform.sessions.deactivate(session), _ACCEPTED)

    def _browse(self, session: Session) -> None:
        self._ask("page", lambda: self._platform.sessions.preview(session))

    def _edit(self, session: Session) -> None:
        """Write a file, and read what was written."""
        workspace = self._platform.workspace(session)
        path, line = f"notes/{self._chance.randrange(20)}.md", f"# Note {self._chance.randrange(1_000_000)}\n"
        content = line.encode() * self._chance.choice((1, 10, 500))

        def read() -> Answer:
            answer = workspace.read(path)
            assert answer.content == content, f"expected {line!r}, {len(content)} bytes of it, got {answer}"
            return answer

        self._ask("write", lambda: workspace.write(path, content))
        self._ask("read", read)

    def _save(self, session: Session) -> None:
        self._edit(session)
        body = {"message": f"Saved {self._chance.randrange(1_000_000)}"}
        self._ask("commit", lambda: self._platform.http.post("/api/git/commit", body, session.headers))

    def _list(self, session: Session) -> None:
        self._ask("list", self._platform.workspace(session).list_files)

    def _keep_alive(self, session: Session) -> None:
        self._ask("keepalive", lambda: self._platform.sessions.keepalive(session))

    def _instruct(self, session: Session, websocket: WebSocket) -> None:
        """Give an instruction, and be told what it changed."""
        path = f"asked/{self._chance.randrange(1_000_000)}.md"
        update = {"type": "update", "path": path}
        instruction = contract.instruction_to_create(path, "as asked")

        def told() -> None:
            is_told = websocket.wait_for(update, _UPDATE_SECONDS_MAX)
            assert is_told, f"expected {update} of {session.id} within {_UPDATE_SECONDS_MAX:g} s of its instruction"

        self._ask("instruct", lambda: self._platform.workspace(session).execute(instruction))
        self._measured(UPDATE, told)

    def _think(self) -> None:
        self._platform.let_pass(self._chance.uniform(*_THINK_SECONDS), what="a user who thinks")

    def _ask(self, name: str, ask: Callable[[], Answer], status: int = _OK) -> None:
        def answered() -> None:
            answer = ask()
            assert answer.status == status, f"expected {status}, got {answer}"

        self._measured(name, answered)

    def _measured(self, name: str, work: Callable[[], T], clock: Clock | None = None) -> T:
        """Do *work* and note how long it took; what of it breaks a promise is noted too, and ends the stay."""
        now = (clock or self._platform.request_clock).now
        began = now()
        try:
            result = work()
        except AssertionError as error:
            self._note(name, now() - began, " ".join(str(error).split()) or "a promise was broken")
            raise _VisitEndedError from error
        self._note(name, now() - began, "")
        return result


def _ping(websocket: WebSocket) -> None:
    came = websocket.ping()
    assert came == ANSWERED, f"expected a pong of the WebSocket, got: {came}"
