"""Walks through the life of sessions, beside the model of it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from seatrials.checkers.contract import session_life
from seatrials.models.life import ACTS_WITHIN_SECONDS, TOLERANCE_SECONDS, Lived, Lives, Work
from seatrials.models.texts import instructions
from seatrials.models.walk import Walk, Walks
from seatrials.platform import Answer, Platform, Session, contract, patience

# Just under and over what decides about a session, alone and together. A minute to the second is left out: then the
# load balancer closes a connection at the very moment at which it is used again.
SECONDS = (1, 30, 59, 61, 119, 150, 240, 290, 297, 361, 430, 1795, 1805)
# They differ by case, and by what stands behind them.
CLIENTS, USERS, THREADS = ("c", "C", "c-1"), ("u", "u.v"), ("t", "T", None)
SWITCHED, OK, CREATED, ACCEPTED, REFUSED = 101, 200, 201, 202, 400
_CHANGES = ("", "client", "user", "thread", "thread")
_WORK = ("preview", "write", "commit", "execute", "exec")
# Within so long a task has taken over from another.
_REPLACED_SECONDS = patience.READY_SECONDS + patience.STOPPED_SECONDS
_whose = st.integers(0, 63)
_names = st.tuples(st.sampled_from(CLIENTS), st.sampled_from(USERS), st.sampled_from(THREADS))
Names = tuple[str, str, str | None]


class LifeWalk(Walk):
    """What clients do to sessions, in any order, while time passes."""

    def __init__(self, platform: Platform, walks: Walks) -> None:
        super().__init__(platform, walks)
        self.lives = Lives()
        self.made: list[Session] = []
        self._base = str(platform.sessions.request()["clientId"])
        # Of which session the step is an activity, and between which moments.
        self._active: dict[str, tuple[float, float]] = {}
        self._ahead: list[st.SearchStrategy[Callable[[LifeWalk], None]]] = []

    @initialize(names=_names)
    def begin(self, names: Names) -> None:
        """A first session is there, and active."""
        self._do(f"activate {names}, and wait until it is active", lambda: self._start(names))

    @rule(data=st.data())
    def go_on(self, data: st.DataObject) -> None:
        """Do a step of those that the walk has not done yet, and of all again when each was done: none is left out."""
        self._ahead = self._ahead or [*STEPS]
        step = data.draw(self._ahead.pop(data.draw(st.integers(0, len(self._ahead) - 1))))
        step(self)

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._do(f"let {seconds} s pass", lambda: self.platform.let_pass(seconds, what="what comes of itself"))

    def activate(self, names: Names, instruction: str) -> None:
        """A client asks for a session."""
        shown = f"{len(instruction)} characters, the first {instruction[:1]!r} and the last {instruction[-1:]!r}"
        self._do(f"activate {names} with an instruction of {shown}", lambda: self._activate(names, instruction))

    def again(self, whose: int, change: str) -> None:
        """Somebody asks for the same work again, or for what differs from it by the case of one name."""
        self._of(
            whose, f"activate the work of {{}} again, {change or 'nothing'} in other case", partial(self._again, change)
        )

    def crowd(self, names: Names, count: int) -> None:
        """A client asks for many, for two more in place of two that it ends, and soon ends all but one of them."""
        self._do(
            f"activate {names[:2]} {count} times, without a thread, and end them", lambda: self._crowd(names, count)
        )

    def keepalive(self, whose: int) -> None:
        """A client keeps a session alive."""
        self._of(whose, "keep {} alive", self._keepalive)

    def deactivate(self, whose: int) -> None:
        """A client ends a session, and asks for its work again at once: what drains is no session to return."""
        self._of(whose, "deactivate {}, and ask for its work again", partial(self._deactivate, again=True))

    def work(self, whose: int, way: str, times: int) -> None:
        """A user works, every four minutes perhaps, which takes a session beyond five: each way is an activity."""
        often = f" {times} times, after four minutes each" if times else ""
        self._of(whose, f"{way} in {{}}{often}", lambda session: self._work_often(session, way, times))

    def look(self, whose: int) -> None:
        """Somebody looks at a session for six minutes, by every call that is no activity, with a WebSocket open."""
        self._of(whose, "look at {} for six minutes, with a WebSocket open", self._look)

    def shorten(self, whose: int, seconds: int) -> None:
        """A session's `ttl` comes nearer, behind Hermes's back."""
        self._of(whose, f"let the ttl of {{}} be {seconds} s from now", lambda session: self._shorten(session, seconds))

    def redeploy(self) -> None:
        """Amid six minutes of rest another Hermes takes over, which knows what is in the table and nothing else."""
        self._do("let 150 s pass, deploy Hermes anew, and let 210 s pass", self._redeploy)

    def compare(self) -> None:
        """Hold the list of each client, and each session in it, against the model."""
        for client in CLIENTS:
            self._compare_client(f"{self._base}{client}")
        self._active.clear()

    def teardown(self) -> None:
        """End what the walk has left, for the platform takes twelve sessions only."""
        if not self.made:
            return
        for session in self.made:
            if self.lives.sessions[session.id].status in contract.LIVE:
                self.platform.sessions.deactivate(session)
        self.platform.let_pass(ACTS_WITHIN_SECONDS + TOLERANCE_SECONDS, what="the sessions of a walk to end")

    def _do(self, what: str, action: Callable[[], object]) -> None:
        if not self.is_over:
            with self.step(what):
                action()

    def _of(self, whose: int, what: str, action: Callable[[Session], object]) -> None:
        """Do something to one of the sessions that were made, more often than not to one that is not over."""
        lasting = [each for each in self.made if self.lives.sessions[each.id].status in contract.LIVE]
        if self.made:
            chosen = lasting if lasting and whose % 4 else self.made
            session = chosen[-1 - whose // 4 % len(chosen)]
            self._do(what.format(self._named(session)), lambda: action(session))

    def _named(self, session: Session) -> str:
        return f"session {self.made.index(session) + 1} ({self.lives.sessions[session.id].status})"

    def _now(self) -> float:
        return self.platform.clock.now()

    def _start(self, names: Names) -> None:
        self._activate(names, contract.instruction_to_show("first"))
        for session in self.made:
            self.platform.wait_ready(session)

    def _activate(self, names: Names, instruction: str) -> None:
        """Ask for a session; hold the answer against the model, and give the model what is new."""
        client, user, thread = f"{self._base}{names[0]}", f"{self._base}{names[1]}", names[2]
        work, began = Work(client, user, thread or ""), self._now()
        request = self.platform.sessions.request(clientId=client, userId=user, threadId=thread, instruction=instruction)
        answer = self.platform.sessions.activate(request)
        if len(instruction) > contract.TEXT_CHARACTERS_MAX:
            assert (answer.status, answer.json().get("field")) == (REFUSED, "instruction"), f"expected 400 of {answer}"
            return
        expected = self.lives.answers_to(work, began, self._now())
        assert answer.status in expected, f"expected {_listed(expected)} of an activation, got {answer}"
        if answer.status == OK:
            assert answer.json()["sessionId"] in self.lives.of_work(work), f"{answer} is of other work than {work}"
        elif answer.status == CREATED:
            self._note_new(answer, work, instruction, began)

    def _note_new(self, answer: Answer, work: Work, instruction: str, began: float) -> None:
        session, fields = Session.of(answer), answer.json()
        told = {name: fields[name] for name in ("clientId", "userId", "status")} | {"of": fields["metadata"]}
        of = {**told["of"], "instruction": instruction}
        asked = {"clientId": work.client, "userId": work.user, "status": contract.INITIALIZING, "of": of}
        assert told == asked, f"what was asked for is not what was answered: {answer}"
        assert work.thread in {"", session.thread_id}, f"expected the thread {work.thread!r} in {answer}"
        assert session.id not in self.lives.sessions, f"expected a new session, got {answer}"
        at, ttl = int(fields["lastActivity"]), int(fields["ttl"])
        assert began - TOLERANCE_SECONDS <= at / 1000 <= self._now() + TOLERANCE_SECONDS, f"not begun now: {answer}"
        self.made.append(session)
        work = Work(work.client, work.user, session.thread_id)
        self.lives.sessions[session.id] = Lived(session.id, work, began, at, ttl, contract.INITIALIZING)

    def _again(self, change: str, session: Session) -> None:
        work = self.lives.sessions[session.id].work
        names = {"client": work.client.removeprefix(self._base), "user": work.user.removeprefix(self._base)}
        names["thread"] = work.thread
        if change:
            names[change] = names[change].swapcase()
        # No list is looked at of any other client.
        if names["client"] in CLIENTS:
            self._activate((names["client"], names["user"], names["thread"]), contract.instruction_to_show("again"))

    def _crowd(self, names: Names, count: int) -> None:
        nameless, before = (*names[:2], None), len(self.made)
        for _ in range(count):
            self._activate(nameless, contract.instruction_to_show("crowd"))
        self.compare()
        for session in self.made[before:][-2:]:
            self._deactivate(session)
        # What drains takes no room.
        for _ in range(2):
            self._activate(nameless, contract.instruction_to_show("crowd"))
        for session in self.made[before + 1 :]:
            self._deactivate(session)

    def _keepalive(self, session: Session) -> None:
        began = self._now()
        answer = self._judged(session, self.platform.sessions.keepalive(session), began, live=OK)
        if answer.status == OK:
            self._active[session.id] = (began, self._now())

    def _deactivate(self, session: Session, *, again: bool = False) -> None:
        answer = self._judged(session, self.platform.sessions.deactivate(session), self._now(), live=ACCEPTED)
        if answer.status == ACCEPTED:
            lived = self.lives.sessions[session.id]
            lived.ended_early = lived.status == contract.INITIALIZING
            lived.ended, lived.status = self._now(), contract.DRAINING
            if again:
                self._again("", session)

    def _work_often(self, session: Session, way: str, times: int) -> None:
        if not times:
            self._work(session, way)
        for _ in range(times):
            self.platform.let_pass(240, what="a break")
            self._work(session, way)
            self.compare()

    def _work(self, session: Session, way: str) -> None:
        files, began = self.platform.workspace(session), self._now()
        ways: Mapping[str, Callable[[], Answer]] = {
            "preview": lambda: self.platform.sessions.preview(session),
            "write": lambda: files.write("note.md", b"noted"),
            "commit": lambda: files.ask("POST", "/api/git/commit", b'{"message": "kept"}'),
            "execute": lambda: files.execute(contract.instruction_to_create("note.md", "done")),
            "exec": lambda: files.ask("POST", "/api/exec", b'{"command": "date > now.txt"}'),
        }
        answer, lived = ways[way](), self.lives.sessions[session.id]
        may_be = lived.may_be(began, self._now())
        if may_be == {contract.ACTIVE}:
            assert answer.status == OK, f"expected 200 in an active session, got {answer}"
        if lived.status in contract.FINAL:
            assert answer.status != OK, f"expected no work in a session that is over, got {answer}"
        if answer.status == OK and contract.ACTIVE in may_be:
            self._active[session.id] = (began, self._now())

    def _look(self, session: Session) -> None:
        socket = self.platform.websockets.attempt(session.id)
        for _ in range(9):
            self.platform.let_pass(41, what="a look later on")
            if socket.status == SWITCHED:
                socket.ping()
            else:
                # One of a session that has just begun has no way to lead yet.
                socket = self.platform.websockets.attempt(session.id)
            began = self._now()
            self._judged(session, self.platform.sessions.status(session), began, live=OK, draining=OK)
            self.platform.http.get(f"{session.preview_path}/health")
            self.platform.workspace(session).list_files()
            self.compare()

    def _redeploy(self) -> None:
        self.platform.let_pass(150, what="a rest")
        self.platform.services.redeploy_hermes()
        self.platform.wait_until(
            self.platform.services.are_rolled_out, _REPLACED_SECONDS, what="another Hermes", every_seconds=5
        )
        self.platform.let_pass(210, what="a rest")

    def _shorten(self, session: Session, seconds: int) -> None:
        lived = self.lives.sessions[session.id]
        if lived.status in contract.LIVE and self.platform.sessions.item(session) is not None:
            lived.seen = self._now()
            lived.ttl = int(lived.seen) + seconds
            self.platform.sessions.set_ttl(session, lived.ttl)

    def _judged(self, session: Session, answer: Answer, began: float, *, live: int, draining: int = 410) -> Answer:
        lived = self.lives.sessions[session.id]
        expected = lived.answers(began, self._now(), live=live, draining=draining)
        assert answer.status in expected, f"expected {_listed(expected)} of {_told(lived)}, got {answer}"
        return answer

    def _compare_client(self, client: str) -> None:
        began = self._now()
        listed = self.platform.http.get(f"{contract.SESSIONS_PATH}/client/{client}").json_list()
        ids, known = [each["sessionId"] for each in listed], self.lives.of_client(client)
        due = [each for each, lived in known.items() if lived.ttl > self._now() + TOLERANCE_SECONDS]
        lacking, strange = [each for each in due if each not in ids], [each for each in ids if each not in known]
        assert (lacking, strange) == ([], []), f"the list of {client!r} lacks {lacking}, and has {strange} too many"
        assert len(set(ids)) == len(ids), f"the list of {client!r} has a session twice: {ids}"
        for fields in listed:
            self._compare_session(known[fields["sessionId"]], fields, began)

    def _compare_session(self, lived: Lived, fields: Mapping[str, Any], began: float) -> None:
        now = self._now()
        may_be = lived.may_be(began, now)
        if lived.id not in self._active:
            assert fields["status"] in may_be, f"{fields['status']}, not {_listed(may_be)}, is {_told(lived)}"
        at, ttl = int(fields["lastActivity"]), int(fields["ttl"])
        before = lived.last_activity_ms
        if at != before:
            self._check_move(lived, at)
            assert ttl == at // 1000 + session_life().ttl_seconds, f"the ttl {ttl} is not of the activity {at}"
        else:
            active = self._active.get(lived.id)
            is_due = active is not None and before / 1000 < active[0] - TOLERANCE_SECONDS
            assert not is_due, f"an activity did not count for {_told(lived)}, which was last active at {before}"
            assert ttl == lived.ttl, (
                f"the ttl went from {lived.ttl} to {ttl}, though nobody was active in {_told(lived)}"
            )
        lived.saw(fields, now)

    def _check_move(self, lived: Lived, at: int) -> None:
        """Hold a later activity against what was done."""
        told = f"lastActivity went from {lived.last_activity_ms} to {at}"
        assert at > lived.last_activity_ms, f"{told} in {_told(lived)}: back"
        # The instruction of an activation is carried out on the way to active.
        if lived.ended_early:
            assert lived.ended is not None, "one that has ended early has ended"
            assert at / 1000 <= lived.ended + TOLERANCE_SECONDS, f"{told} in {_told(lived)}: after its end"
        elif lived.status != contract.INITIALIZING:
            assert lived.id in self._active, f"{told}, though nobody was active in {_told(lived)}"
            began, ended = self._active[lived.id]
            is_then = began - TOLERANCE_SECONDS <= at / 1000 <= ended + TOLERANCE_SECONDS
            assert is_then, f"{told} in {_told(lived)}, which was used from {began:.3f} to {ended:.3f}"


def _listed(each: frozenset[str] | set[int]) -> str:
    return " or ".join(sorted(map(str, each)))


def _told(lived: Lived) -> str:
    return f"{lived.id}, {lived.status} when it was last looked at"


def _step(function: Callable[..., None], **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(partial, st.just(function), **arguments)


# The plainest first, to which walks are shrunk; what shows most, several times.
STEPS: tuple["st.SearchStrategy[Callable[[LifeWalk], None]]", ...] = (
    _step(LifeWalk.wait, seconds=st.sampled_from(SECONDS)),
    _step(LifeWalk.keepalive, whose=_whose),
    _step(LifeWalk.deactivate, whose=_whose),
    _step(LifeWalk.activate, names=_names, instruction=instructions()),
    _step(LifeWalk.activate, names=_names, instruction=instructions()),
    _step(LifeWalk.again, whose=_whose, change=st.sampled_from(_CHANGES)),
    _step(LifeWalk.again, whose=_whose, change=st.sampled_from(_CHANGES)),
    _step(LifeWalk.work, whose=_whose, way=st.sampled_from(_WORK), times=st.sampled_from([0, 0, 2])),
    _step(LifeWalk.work, whose=_whose, way=st.sampled_from(_WORK), times=st.sampled_from([0, 0, 2])),
    _step(LifeWalk.shorten, whose=_whose, seconds=st.sampled_from([-30, 20, 200])),
    _step(LifeWalk.look, whose=_whose),
    st.just(LifeWalk.redeploy),
    _step(LifeWalk.crowd, names=_names, count=st.sampled_from([3, 12, 13])),
    _step(LifeWalk.crowd, names=_names, count=st.sampled_from([3, 12, 13])),
)
