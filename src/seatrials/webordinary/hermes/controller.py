"""Looks at the table again and again, and starts for each session the step that its state calls for.

All that matters is in the table, so a Hermes that has just started carries on where another stopped. Each step is an
actor of its own: a container that is slow holds up nobody else's session.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum, auto
from functools import partial

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.seams.clock import Clock
from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.fleet import Fleet, Task
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import (
    SETTLE_SECONDS,
    Placement,
    StepAbandonedError,
    StepFailedError,
    UnhealthyTaskError,
    Work,
)
from seatrials.webordinary.hermes.routing import DEREGISTRATION_DELAY_SECONDS, NoPriorityError, Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError, Table

TICK_PENDING_SECONDS = 2
TICK_QUIET_SECONDS = 10
# What another Hermes left is found within so long.
SWEEP_SECONDS = 300
# A task that did not become healthy is the last choice for so long.
SHUN_SECONDS = 60
NO_CONTAINER = f"no container could be had within {lifecycle.START_SECONDS} s"

# What may go wrong in a step, and is tried again at the next tick.
_PASSING = (StoreUnavailableError, ClientError, BotoCoreError, httpx.HTTPError, StepFailedError, NoPriorityError)


class Step(Enum):
    """What a session's state calls for."""

    PLACE = auto()
    FAIL = auto()
    DRAIN = auto()
    RETIRE = auto()


def next_step(
    session: Session, now: float, idle_seconds: float, running: Mapping[str, Task], failing: Sequence[str]
) -> Step | None:
    """Return the step that *session* needs now; None when all is well with it."""
    if session.status is Status.DRAINING:
        return Step.RETIRE
    if session.status is Status.INITIALIZING:
        return Step.FAIL if lifecycle.is_start_overdue(session, now) else Step.PLACE
    if lifecycle.is_past_ttl(session, now) or lifecycle.is_idle(idle_seconds):
        return Step.DRAIN
    is_served = session.task_arn in running and session.task_arn not in failing
    return None if is_served else Step.PLACE


def choose_task(running: Mapping[str, Task], session_counts: Mapping[str, int], unwanted: Sequence[str]) -> Task | None:
    """Return the task with the fewest sessions, the oldest of equals; an unwanted one only when there is no other."""
    return min(
        running.values(),
        key=lambda task: (task.arn in unwanted, session_counts.get(task.arn, 0), task.started_at, task.arn),
        default=None,
    )


class Controller:
    """The loop, and who is busy with what."""

    def __init__(
        self,
        *,
        clock: Clock,
        table: Table,
        store: SessionStore,
        fleet: Fleet,
        router: Router,
        placement: Placement,
        log: Callable[[str], None],
    ) -> None:
        self._clock = clock
        self._table = table
        self._store = store
        self._fleet = fleet
        self._router = router
        self._placement = placement
        self._log = log
        self._wake = clock.signal()
        self._stopping = False
        self._watch = IdleWatch()
        self._busy: dict[str, Work] = {}
        self._sessions: list[Session] = []
        self._shunned_until: dict[str, float] = {}
        self._settling_since: dict[str, float] = {}
        # The first look sweeps: the Hermes before this one may have left something.
        self._sweep_at = 0.0

    def start(self) -> None:
        """Run in the background from now on."""
        self._clock.spawn(self._run, "controller")

    def stop(self) -> None:
        """Begin no more steps, and let those under way give up at their next pause."""
        self._stopping = True
        for work in list(self._busy.values()):
            work.abandoned = True
        self._wake.set()

    def wake(self) -> None:
        """Look at the table now: it has just been changed."""
        self._wake.set()

    def is_busy(self) -> bool:
        """Whether a step is under way."""
        return bool(self._busy)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            self._wake.wait(TICK_PENDING_SECONDS if self.tick() else TICK_QUIET_SECONDS)

    def tick(self) -> bool:
        """Look once and start what is due; return whether something is pending."""
        try:
            has_deletions = self._table.finish_deletions()
            # What a step changes while the table is read may not be in what was read.
            busy_before = frozenset(self._busy)
            sessions = self._store.open_sessions()
            self._note(sessions)
            is_pending = self._start_steps(sessions, busy_before)
            self._sweep_if_due(sessions)
        except _PASSING as error:
            self._log(f"the sessions cannot be looked after now: {error}")
            return True
        return is_pending or has_deletions or self.is_busy()

    def _note(self, sessions: list[Session]) -> None:
        """Take over what the table says; a session that is no longer there leaves something to sweep."""
        ids = {session.session_id for session in sessions}
        if any(before.session_id not in ids for before in self._sessions):
            self._sweep_at = self._clock.now()
        self._sessions = sessions
        self._watch.look(sessions, self._clock.now())
        self._settling_since = {each: since for each, since in self._settling_since.items() if each in ids}
        statuses = {session.session_id: session.status for session in sessions}
        for session_id, work in self._busy.items():
            work.abandoned = work.abandoned or statuses.get(session_id) is not work.session.status

    def _start_steps(self, sessions: list[Session], busy_before: Collection[str]) -> bool:
        running = self._fleet.running() if sessions else {}
        in_use = [running[arn] for arn in sorted(self._arns_in_use()) if arn in running]
        failing = self._router.failing(in_use)
        now = self._clock.now()
        is_pending = False
        for session in sessions:
            if session.session_id in busy_before or session.session_id in self._busy:
                continue
            step = next_step(session, now, self._watch.idle_seconds(session, now), running, failing)
            if step is not None:
                is_pending = True
                self._start(step, session, running, failing)
        return is_pending

    def _start(self, step: Step, session: Session, running: Mapping[str, Task], failing: Sequence[str]) -> None:
        task = running.get(session.task_arn or "")
        work = Work(session, task)
        if step is Step.PLACE:
            chosen = self._choose(session, running, failing)
            if chosen is None:
                return
            work.task = chosen
            self._spawn(work, lambda: self._place(work, chosen))
        elif step is Step.FAIL:
            self._spawn(work, lambda: self._placement.fail(work, NO_CONTAINER))
        elif step is Step.DRAIN:
            self._spawn(work, lambda: self._drain(work))
        else:
            self._spawn(work, lambda: self._retire(work))

    def _choose(self, session: Session, running: Mapping[str, Task], failing: Sequence[str]) -> Task | None:
        """Return the task to bring the session to; None when the one it is on is as good as any."""
        now = self._clock.now()
        shunned = [arn for arn, until in self._shunned_until.items() if until > now]
        unwanted = [*failing, *shunned]
        current = running.get(session.task_arn or "")
        if session.status is Status.INITIALIZING and current is not None and current.arn not in unwanted:
            return current  # a step that was cut short goes on where it was
        chosen = choose_task(running, self._session_counts(), unwanted)
        if chosen is not None and session.status is Status.ACTIVE and chosen.arn in failing:
            return None
        return chosen

    def _session_counts(self) -> dict[str, int]:
        """Return how many sessions each task has, with those that are on their way to it."""
        arns = []
        for session in self._sessions:
            work = self._busy.get(session.session_id)
            arns.append(work.task.arn if work is not None and work.task is not None else session.task_arn or "")
        return Counter(arns)

    def _spawn(self, work: Work, step: Callable[[], None]) -> None:
        self._busy[work.session.session_id] = work
        self._clock.spawn(lambda: self._do(work, step), f"step-{work.session.session_id}")

    def _do(self, work: Work, step: Callable[[], None]) -> None:
        session_id = work.session.session_id
        try:
            step()
        except StepAbandonedError as error:
            self._log(f"step abandoned: {error}")
            self._release(work)
        except _PASSING as error:
            if isinstance(error, UnhealthyTaskError) and work.task is not None:
                self._shunned_until[work.task.arn] = self._clock.now() + SHUN_SECONDS
            self._log(f"session {session_id}: step put off: {error}")
            self._release(work)
        finally:
            self._busy.pop(session_id, None)

    def _release(self, work: Work) -> None:
        try:
            self._placement.release(work)
        except _PASSING as error:  # the claim ends by itself
            self._log(f"session {work.session.session_id}: the claim was not released: {error}")

    def _place(self, work: Work, task: Task) -> None:
        self._placement.place(work, task)
        if work.session.status is Status.ACTIVE:
            # The groups of the task it came from go once the requests in flight there are done.
            self._sweep_at = min(self._sweep_at, self._clock.now() + DEREGISTRATION_DELAY_SECONDS)

    def _drain(self, work: Work) -> None:
        self._placement.begin_draining(work)
        self._wake.set()

    def _retire(self, work: Work) -> None:
        now = self._clock.now()
        since = self._settling_since.setdefault(work.session.session_id, now)
        self._placement.retire(work, must_settle=now - since < SETTLE_SECONDS)
        # Its task's groups may have no rule now.
        work.task, self._sweep_at = None, self._clock.now()

    def _arns_in_use(self) -> set[str]:
        stored = {session.task_arn for session in self._sessions if session.task_arn is not None}
        return stored | {work.task.arn for work in self._busy.values() if work.task is not None}

    def _sweep_if_due(self, sessions: Sequence[Session]) -> None:
        now = self._clock.now()
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_SECONDS
        known = {session.session_id for session in sessions}
        for session_id in self._router.sessions():
            if session_id not in known and self._is_over(session_id):
                self._clock.spawn(partial(self._dismiss, session_id), f"dismiss-{session_id}")
        self._router.remove_unused_groups(self._arns_in_use())

    def _dismiss(self, session_id: str) -> None:
        """Clear away what is left of a session that ended without a step of ours."""
        try:
            self._placement.dismiss(session_id)
        except _PASSING as error:
            self._log(f"session {session_id}: what is left of it stays until the next sweep: {error}")
        else:
            self._sweep_at = self._clock.now()  # its task's groups may have no rule now
            self._wake.set()

    def _is_over(self, session_id: str) -> bool:
        """Whether a session that was not among the open ones is really over, and not just made."""
        session = self._store.find(session_id)
        return session is None or session.status not in lifecycle.OPEN
