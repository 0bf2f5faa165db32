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
from seatrials.webordinary.hermes.placement import SETTLE_SECONDS, Placement, StepFailedError, Work
from seatrials.webordinary.hermes.routing import DEREGISTRATION_DELAY_SECONDS, NoPriorityError, Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError, Table

TICK_PENDING_SECONDS = 2
TICK_QUIET_SECONDS = 10
# What is left of sessions that are over is looked for so often while there are any, and what another Hermes left else.
SWEEP_SECONDS = 10
SWEEP_QUIET_SECONDS = 300
NO_CONTAINER = f"no container could be had within {lifecycle.START_SECONDS} s"

# What may go wrong in a step, and is tried again at the next tick.
_PASSING = (
    StoreUnavailableError,
    ClientError,
    BotoCoreError,
    httpx.HTTPError,
    OSError,
    StepFailedError,
    NoPriorityError,
)


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


def choose_task(running: Mapping[str, Task], session_counts: Mapping[str, int], failing: Sequence[str]) -> Task | None:
    """Return the task with the fewest sessions, the oldest of equals; a failing one only when there is no other."""
    return min(
        running.values(),
        key=lambda task: (task.arn in failing, session_counts.get(task.arn, 0), task.started_at, task.arn),
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
        # Since when sessions are asked to settle, by their ids.
        self._settling_since: dict[str, float] = {}
        self._sweep_at = 0.0
        # When tasks were last in use, by their ARNs.
        self._used_at: dict[str, float] = {}

    def start(self) -> None:
        """Run in the background from now on."""
        self._clock.spawn(self._run, "controller")

    def stop(self) -> None:
        """Begin no more steps."""
        self._stopping = True

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
            # What a step changes while the table is read may not be in what was read.
            busy_before = frozenset(self._busy)
            # Before the sessions are read: what has rules by now and is not among them is over, and not just made.
            routed = self._router.sessions() if self._clock.now() >= self._sweep_at else None
            sessions = self._store.open_sessions()
            self._note(sessions)
            is_pending = self._start_steps(sessions, busy_before)
            if routed is not None:
                self._sweep(routed)
            # Last, for one that is refused still may hold up nothing else.
            self._table.finish_deletions()
        except _PASSING as error:
            self._log(f"the sessions cannot be looked after now: {error}")
            return True
        return is_pending or self.is_busy()

    def _note(self, sessions: list[Session]) -> None:
        """Take over what the table says."""
        now, self._sessions = self._clock.now(), sessions
        self._watch.look(sessions, now)
        if sessions:
            self._sweep_at = min(self._sweep_at, now + SWEEP_SECONDS)
        ids = {session.session_id for session in sessions}
        self._settling_since = {each: since for each, since in self._settling_since.items() if each in ids}

    def _start_steps(self, sessions: list[Session], busy_before: Collection[str]) -> bool:
        if not sessions:
            return False
        running = self._fleet.running()
        failing = self._router.failing(running.values())
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
            self._spawn(work, lambda: self._placement.place(work, chosen))
        elif step is Step.FAIL:
            self._spawn(work, lambda: self._placement.fail(work, NO_CONTAINER))
        elif step is Step.DRAIN:
            self._spawn(work, lambda: self._placement.begin_draining(work))
        else:
            self._spawn(work, lambda: self._retire(work))

    def _choose(self, session: Session, running: Mapping[str, Task], failing: Sequence[str]) -> Task | None:
        """Return the task to bring the session to; None when none is better than the one it is on."""
        current = running.get(session.task_arn or "")
        if current is not None and current.arn not in failing:
            return current  # a step that was cut short goes on where it was
        chosen = choose_task(running, self._session_counts(), failing)
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
        # A claim ends by itself.
        try:
            step()
        except _PASSING as error:
            self._log(f"session {session_id}: step put off: {error}")
        finally:
            self._busy.pop(session_id, None)

    def _retire(self, work: Work) -> None:
        now = self._clock.now()
        since = self._settling_since.setdefault(work.session.session_id, now)
        self._placement.retire(work, must_settle=now - since < SETTLE_SECONDS)

    def _arns_in_use(self) -> set[str]:
        stored = {session.task_arn for session in self._sessions if session.task_arn is not None}
        return stored | {work.task.arn for work in self._busy.values() if work.task is not None}

    def _sweep(self, routed: Sequence[str]) -> None:
        """Clear away what is left of sessions that are over, of those that were *routed*, and groups nobody uses."""
        now, known = self._clock.now(), {session.session_id for session in self._sessions}
        left = [each for each in routed if each not in known]
        for session_id in left:
            self._clock.spawn(partial(self._dismiss, session_id), f"dismiss-{session_id}")
        # The groups of a task go once the requests in flight there are done.
        used_at = {**self._used_at, **dict.fromkeys(self._arns_in_use(), now)}
        self._used_at = {arn: at for arn, at in used_at.items() if now - at < DEREGISTRATION_DELAY_SECONDS}
        self._router.remove_unused_groups(self._used_at)
        self._sweep_at = now + (SWEEP_SECONDS if left or self._used_at else SWEEP_QUIET_SECONDS)

    def _dismiss(self, session_id: str) -> None:
        """Clear away what is left of a session that ended without a step of ours."""
        try:
            self._placement.dismiss(session_id)
        except _PASSING as error:
            self._log(f"session {session_id}: what is left of it stays until the next sweep: {error}")
