"""Users of a platform that breaks: whatever they are answered, what was answered as done must be there afterwards."""

from dataclasses import dataclass, field
from functools import partial

from seatrials.models import use
from seatrials.platform import Answer, NotYet, Platform, Session, contract, patience

_OK, _CREATED, _ACCEPTED, _TOO_MANY, _UNAVAILABLE = 200, 201, 202, 429, 503
_USED_EVERY_SECONDS = 25.0
# Between the last use and what the table says of it.
_TOLERANCE_SECONDS = 5.0


@dataclass
class User:
    """Somebody with a session, and the messages of the commits that were answered as made."""

    session: Session
    # When it was last answered that it was used.
    used_at: float
    was_active: bool = False
    committed: list[str] = field(default_factory=list)


class Users:
    """Everybody who has a session."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.all: list[User] = []
        # Sessions that were told to end, and may not have ended yet.
        self._ending: list[Session] = []
        # Whether there may be a session that nobody uses: no answer told of it, or that it ends.
        self.may_have_more = False
        self._commits = 0
        # The clients that Hermes has refused.
        self._refused: list[str] = []

    def arrive(self, *, is_broken: bool) -> None:
        """Somebody asks for a session; fails unless there is one, or one may be refused so.

        While something *is broken* there may be no answer, or none of Hermes.
        """
        request = self._platform.sessions.request()
        try:
            answer = self._platform.sessions.activate(request)
        except AssertionError:
            if not is_broken:
                raise
            self.may_have_more = True
            return
        if answer.status == _CREATED:
            self.all.append(User(Session.of(answer), self._platform.clock.now()))
            return
        self._expect_refused(answer, is_broken=is_broken)
        if answer.origin == "hermes":
            self._refused.append(str(request["clientId"]))
        else:
            self.may_have_more = True

    def leave(self, whose: int) -> None:
        """One of them ends its session, which may have been over."""
        if self.all:
            self._ending.append(self.all.pop(whose % len(self.all)).session)
            answer = self._platform.sessions.deactivate(self._ending[-1])
            # It ends by itself then, once it is idle.
            self.may_have_more |= answer.status != _ACCEPTED

    def use(self, seconds: float, *, is_noted: bool = True) -> None:
        """Let all use their sessions for so long, whatever they are answered.

        What is not *noted*, for nobody can write into the table, keeps no session alive.
        """
        platform = self._platform
        before = {user.session.id: user.used_at for user in self.all}
        until = platform.clock.now() + seconds

        def used() -> bool:
            turn = self._commits % max(1, len(self.all))
            uses = [partial(self._use, user, commits=number == turn) for number, user in enumerate(self.all)]
            if uses:
                platform.in_parallel(*uses)
            desired = platform.services.edit_counts().desired
            assert desired <= contract.TASKS_MAX, f"the edit service wants {desired} tasks"
            return platform.clock.now() >= until

        most = seconds + 3 * contract.IDLE_TIMEOUT_SECONDS + patience.RESERVE_SECONDS
        every_seconds = max(1.0, min(_USED_EVERY_SECONDS, seconds))
        platform.wait_until(used, most, what="sessions to be used", every_seconds=every_seconds)
        if not is_noted:
            for user in self.all:
                user.used_at = before[user.session.id]

    def statuses(self) -> list[str]:
        """Return the status of each session that is not over, as the table has it."""
        self._ending = [each for each in self._ending if self._status(each) not in contract.FINAL]
        return [self._status(each) for each in (*[user.session for user in self.all], *self._ending)]

    def expect_none_lost(self) -> None:
        """Take out those whose session is over; fails for one that was in use, or failed after it had been active."""
        self.all = [user for user in self.all if self._is_there(user)]

    def _status(self, session: Session) -> str:
        return self._platform.sessions.stored_status(session) or contract.EXPIRED

    def _is_there(self, user: User) -> bool:
        item = self._platform.sessions.item(user.session) or {"status": contract.EXPIRED}
        status = str(item["status"])
        if status in contract.LIVE:
            user.was_active |= status == contract.ACTIVE
            user.used_at = max(user.used_at, item["lastActivity"] / 1000)
            return True
        idle_seconds = self._platform.clock.now() - user.used_at
        never_began = status == contract.ERROR and not user.was_active
        problem = f"{user.session.id} is {status}, and was used {idle_seconds:.0f} s ago"
        assert _is_over(idle_seconds) or never_began, problem
        return False

    def expect_served(self, since: float) -> None:
        """Fail unless each session is served by the task that its item names, in the promised time from *since* on."""
        for user in list(self.all):
            left = max(
                1.0, since + contract.RECOVERY_SECONDS_MAX + patience.RESERVE_SECONDS - self._platform.clock.now()
            )
            what = f"session {user.session.id} to be served by its own task"
            self._platform.wait_until(partial(self._is_served, user), left, what=what, every_seconds=2)

    def expect_kept(self) -> None:
        """Fail unless every commit that was answered as made is in its log, once."""
        for user in self.all:
            log = self._log_of(user) if user.committed else None
            if log is not None:
                use.expect_kept(user.session, user.committed, log)

    def _log_of(self, user: User) -> list[dict[str, str]] | None:
        """Return the commits of a session, or None if it is over by now, as one is that could not start in time.

        It may be moving: Spot takes a task back minutes after its warning.
        """
        logs: list[list[dict[str, str]]] = []

        def is_told() -> bool | NotYet:
            answer = self._platform.workspace(user.session).ask("GET", "/api/git/log")
            if answer.status == _OK:
                logs.append(answer.json()["commits"])
            return bool(logs) or not self._is_there(user) or NotYet(f"it is {answer}")

        what = f"the commits of {user.session.id}"
        self._platform.wait_until(is_told, contract.RECOVERY_SECONDS_MAX, what=what, every_seconds=5)
        return logs[0] if logs else None

    def expect_nothing_of_refused(self) -> None:
        """Fail unless the table has nothing of those whom Hermes has refused."""
        for client in self._refused:
            left = [item["sessionId"] for item in self._platform.sessions.items_of_client(client)]
            assert left == [], f"{client} was refused a session, and the table has {left}"
        self._refused.clear()

    def _expect_refused(self, answer: Answer, *, is_broken: bool) -> None:
        if answer.status == _TOO_MANY:
            live = len(self._platform.sessions.live_of_run())
            assert is_broken or live >= contract.SESSIONS_MAX, f"refused with {live} live sessions: {answer}"
            assert "retry-after" in answer.headers, f"expected Retry-After in {answer}"
            return
        assert is_broken, f"expected a session, got {answer}"
        is_hermes = answer.origin == "hermes"
        allowed = answer.status == _UNAVAILABLE and "retry-after" in answer.headers
        assert allowed or not is_hermes, f"expected 503 with Retry-After while something is broken, got {answer}"

    def _use(self, user: User, *, commits: bool) -> None:
        """Look at a session, and perhaps commit a change of it; what has no answer is judged when nothing is broken."""
        began = self._platform.clock.now()
        try:
            is_answered = self._platform.sessions.preview(user.session).status == _OK
            if commits:
                is_answered = self._commit(user)
        except AssertionError:
            return
        # One that is idle for so long may be over at the next moment, whatever it is answered until then.
        if is_answered and not _is_over(began - user.used_at):
            user.used_at = began

    def _commit(self, user: User) -> bool:
        self._commits += 1
        message = f"Commit {self._commits}"
        is_made = use.commits(self._platform, user.session, message)
        if is_made:
            user.committed.append(message)
        return is_made

    def _is_served(self, user: User) -> bool | NotYet:
        served = use.is_served(self._platform, user.session)
        # It may be over by now, as one that could not start in time is.
        return served or not self._is_there(user) or served


def _is_over(idle_seconds: float) -> bool:
    """Whether a session that was not used for so long may have been ended for it."""
    return idle_seconds >= contract.IDLE_SECONDS - _TOLERANCE_SECONDS
