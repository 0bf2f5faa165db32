"""The steps that take a session through its life; each may stop anywhere and be begun again from the table's state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from seatrials.seams.clock import Clock
from seatrials.webordinary.hermes import lifecycle
from seatrials.webordinary.hermes.access_points import AccessPoints
from seatrials.webordinary.hermes.editor import EditorClient
from seatrials.webordinary.hermes.fleet import Fleet, Task
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routing import Router
from seatrials.webordinary.hermes.store import SessionStore

# A Hermes that dies with a claim holds up the others for no longer.
CLAIM_SECONDS = 40
# Longer than one call to the container, and the pause before it, may take.
_CALL_SECONDS = 35
_POLL_SECONDS = 1.0
# A rule that was just made is in force within seconds, and a warm start has five.
_ROUTED_POLL_SECONDS = 0.25
# All nodes of the load balancer follow a change by then.
ROUTED_SECONDS = 30
# A step that waits longer is put off: by then the load balancer has marked a task that fails, and the session goes to
# another, if there is one.
HEALTH_SECONDS = 45
# How long a container that runs is asked to commit before its session ends without.
SETTLE_SECONDS = 60


class StepFailedError(Exception):
    """A step could not be done now; it is tried again at the next tick."""


class StepAbandonedError(StepFailedError):
    """The session went on without this step: it was ended, or another Hermes has it."""


@dataclass(eq=False)
class Work:
    """One step of one session, while an actor is busy with it."""

    session: Session
    task: Task | None = None
    claimed_until: float = field(default=0.0)


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Does the steps; raises botocore's and httpx's errors, and its own."""

    clock: Clock
    store: SessionStore
    fleet: Fleet
    router: Router
    access_points: AccessPoints
    editor: EditorClient
    publisher: Publisher
    log: Callable[[str], None]
    # Names this Hermes in the claims it makes.
    worker: str

    def place(self, work: Work, task: Task) -> None:
        """Bring the session to *task*, and make it active if it is not: routes, container, instruction, preview."""
        session = work.session
        starts = session.status is Status.INITIALIZING
        # While a session moves, the item names its old task until the new one serves: a step cut short is begun again.
        self._claim(work, {"taskArn": task.arn} if starts else None)
        # Why here and not in the template: which clients there are shows only as they come.
        self.access_points.ensure(session.client_id)
        groups = self.router.ensure_groups(task)
        serving = None if starts else self.router.serving_groups(session.task_arn)
        if serving is None:
            self._bring_up(work, task, groups)
        else:
            self._hand_over(work, task, serving, groups)
        self._finish_placing(work, task)

    def fail(self, work: Work, problem: str) -> None:
        """End a session that got no container in time, with ECS's reason if it has one."""
        session = work.session
        reason = self.fleet.failure_reason(session.created_seconds) or problem
        if session.task_arn is not None:
            # Its workspace may be open there, and its user may have begun to work.
            self._settle(session, must_settle=False)
        # Why before the status: a Hermes that dies in between leaves a session that still asks for this step.
        self.router.remove_rules(session.session_id)
        metadata = {**session.metadata, "error": reason}
        if self.store.change_status(session, Status.ERROR, {"metadata": metadata}):
            self.log(f"session {session.session_id} ended in error: {reason}")
            self.publisher.publish()

    def begin_draining(self, work: Work) -> None:
        """End an active session's life unless it has been active again meanwhile."""
        if self.store.change_status(work.session, Status.DRAINING, if_untouched=True):
            self.log(f"session {work.session.session_id} is draining: idle since {work.session.last_activity}")
            self.publisher.publish()

    def retire(self, work: Work, *, must_settle: bool) -> None:
        """Take a draining session off its task: commit, forget, remove its routes, and call it expired."""
        session = work.session
        # Another Hermes may be bringing it to a container still: what that opens nobody would close.
        self._claim(work)
        if work.task is not None:
            self._settle(session, must_settle=must_settle)
        else:
            self.log(f"session {session.session_id}: its task is gone, so nothing is left to commit there")
        self.router.remove_rules(session.session_id)
        if self.store.change_status(session, Status.EXPIRED):
            self.log(f"session {session.session_id} expired")

    def dismiss(self, session_id: str) -> None:
        """Take a session whose item is gone off its task, which only its rules still know."""
        try:
            self.editor.forget(session_id)
        except httpx.HTTPError as error:
            self.log(f"session {session_id}: the container did not forget it: {error}")
        self.router.remove_rules(session_id)

    def release(self, work: Work) -> None:
        """Let another tick, or another Hermes, take the session up at once."""
        self.store.release(work.session, self.worker)

    def _claim(self, work: Work, changes: Mapping[str, Any] | None = None) -> None:
        """Claim the session for `CLAIM_SECONDS` from now; raises `StepAbandonedError` when it cannot be had."""
        # Why not from the answer on: the claim began before it, and must not seem to last longer than it does.
        until = self.clock.now() + CLAIM_SECONDS
        if not self.store.claim(work.session, self.worker, CLAIM_SECONDS, changes):
            msg = f"session {work.session.session_id} has changed, or another Hermes works on it"
            raise StepAbandonedError(msg)
        work.claimed_until = until

    def _keep(self, work: Work) -> None:
        """Make the claim outlast a call to the container; raises `StepAbandonedError` when it cannot be had."""
        if work.claimed_until - self.clock.now() < _CALL_SECONDS:
            self._claim(work)

    def _bring_up(self, work: Work, task: Task, groups: Mapping[str, str]) -> None:
        """Let the session's routes lead to *task*, and open it there as soon as the task can be reached."""
        self.router.ensure_rules(work.session.session_id, groups)
        self._await_healthy(work, groups["api"], task)
        self._await_routed(work, task, "api")
        # Why not after all three: to open a workspace takes seconds, and meanwhile the other two are found healthy.
        self._open(work)
        self._await_healthy(work, groups["preview"], task)
        for kind in ("preview", "hmr"):
            self._await_routed(work, task, kind)

    def _hand_over(self, work: Work, task: Task, serving: Mapping[str, str], groups: Mapping[str, str]) -> None:
        """Open the session on *task* while its old one serves on, and only then turn the routes: no request fails."""
        session = work.session
        self.router.ensure_rules(session.session_id, serving, standby=groups)
        self.router.open_handover(session.session_id, task, groups["api"])
        for group_arn in groups.values():
            self._await_healthy(work, group_arn, task)
        self._await_routed(work, task, "api", moves_to=task)
        self.editor.initialize(session, task)
        self.router.ensure_rules(session.session_id, groups)
        for kind in groups:
            self._await_routed(work, task, kind)
        self.router.close_handover(session.session_id)

    def _await_healthy(self, work: Work, group_arn: str, task: Task) -> None:
        unhealthy = f"the load balancer does not find the container {task.arn} healthy"
        self._await(work, lambda: "" if self.router.is_healthy(group_arn) else unhealthy, HEALTH_SECONDS, _POLL_SECONDS)

    def _await_routed(self, work: Work, task: Task, kind: str, *, moves_to: Task | None = None) -> None:
        """Wait until every node of the load balancer sends the session's requests of a *kind* to *task*.

        A node follows a change of rules and targets when it hears of it, and finds a target healthy by itself.
        """
        session_id = work.session.session_id
        for node in self.editor.nodes():

            def obstacle(node: str = node) -> str:
                found = self.editor.reached_task(session_id, kind, node, moves_to)
                return "" if found == task.arn else f"{kind} requests of session {session_id} reach {found} by {node}"

            self._await(work, obstacle, ROUTED_SECONDS, _ROUTED_POLL_SECONDS)

    def _await(self, work: Work, obstacle: Callable[[], str], seconds: float, poll_seconds: float) -> None:
        """Wait until there is no *obstacle*, and hold the claim, also for a call to the container that comes then.

        Raises `StepFailedError` with the last obstacle.
        """
        give_up_at = self.clock.now() + seconds
        while found := obstacle():
            if self.clock.now() >= give_up_at or self._is_overdue(work.session):
                raise StepFailedError(found)
            self._keep(work)
            self.clock.sleep(poll_seconds)

    def _is_overdue(self, session: Session) -> bool:
        return session.status is Status.INITIALIZING and lifecycle.is_start_overdue(session, self.clock.now())

    def _open(self, work: Work) -> None:
        """Open the workspace, and carry out the instruction unless that was done before."""
        session = work.session
        self.editor.initialize(session)
        if session.instruction_done:
            return
        self._keep(work)
        self.editor.execute(session)
        self.store.set_fields(session, {"instructionDone": True})

    def _finish_placing(self, work: Work, task: Task) -> None:
        """Say in the table that *task* has the session, unless it has ended meanwhile."""
        session = work.session
        if session.status is Status.INITIALIZING:
            is_placed = self.store.change_status(session, Status.ACTIVE, {"taskArn": task.arn})
        else:
            is_placed = self.store.set_fields(session, {"taskArn": task.arn})
            self.release(work)
        self.log(f"session {session.session_id} {'is served by' if is_placed else 'ended on its way to'} {task.arn}")

    def _settle(self, session: Session, *, must_settle: bool) -> None:
        """Have the container commit and forget; without *must_settle* its failure to is only noted."""
        try:
            self.editor.forget(session.session_id)
        except httpx.HTTPError as error:
            if must_settle and not _is_unknown_there(error):
                raise
            self.log(f"session {session.session_id}: the container did not commit and forget it: {error}")


def _is_unknown_there(error: httpx.HTTPError) -> bool:
    """Whether nobody knows the session, so that there is nothing to commit: it was never opened, or is forgotten."""
    return isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.NOT_FOUND
