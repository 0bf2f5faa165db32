"""What can go wrong when several sessions are asked for, and used, at once: CONC-01 to CONC-09."""

import copy
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.dynamodb.conditions import Attr

from seatrials.mutants import Mutants, memory_of, replace, wrap
from seatrials.mutants.git_command import head_of, run_git
from seatrials.mutants.template_edits import Document, append, leave_out, put
from seatrials.seams.http1 import Request, Response
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, lifecycle, lock, store
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.lock import ActivationLock, Lease
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import Table
from seatrials.webordinary.hermes.validation import Activation

MUTANTS = Mutants()


_STEPS = "StepScalingPolicyConfiguration.StepAdjustments"

MUTANTS.rows["CONC-01"] = {
    "ids-from-the-clock": (
        "A session's id is made of the second in which it is asked for.",
        wrap(Activations._uuid, lambda _original, activations: uuid.UUID(int=int(activations.clock.now()), version=4)),
    ),
    "lock-tried-once": ("An activation that finds the lock taken is a 503.", replace(lock, "_WAIT_SECONDS_MAX", 0.001)),
}

MUTANTS.rows["CONC-02"] = {
    "looks-every-two-minutes": (
        "Hermes looks after sessions that wait for a container every two minutes instead of two seconds.",
        replace(controller, "TICK_PENDING_SECONDS", 120),
    ),
}

MUTANTS.rows["CONC-03"] = {
    "three-tasks-from-two-sessions": (
        "The bound between the scaling policy's steps is off by one.",
        put("ScaleOutPolicy", f"{_STEPS}.0.MetricIntervalUpperBound", 1),
        put("ScaleOutPolicy", f"{_STEPS}.1.MetricIntervalLowerBound", 1),
    ),
    "two-tasks-at-most": ("The scalable target ends at two tasks.", put("EditScalableTarget", "MaxCapacity", 2)),
}

MUTANTS.rows["CONC-04"] = {
    "six-tasks-for-six-sessions": (
        "A further step starts a task for each of six sessions.",
        put("EditScalableTarget", "MaxCapacity", 6),
        put("ScaleOutPolicy", f"{_STEPS}.1.MetricIntervalUpperBound", 5),
        append("ScaleOutPolicy", _STEPS, {"MetricIntervalLowerBound": 5, "ScalingAdjustment": 6}),
    ),
}


@MUTANTS.replacing(Controller._session_counts, "ended-sessions-count-for-their-task", breaks="CONC-04")
def _(original: Any, controller: Controller) -> dict[str, int]:
    """Sessions that have ended count where the task with the fewest is chosen."""
    items = controller._store._table.scan(Attr("taskArn").exists())
    arns = {item["sessionId"]["S"]: item["taskArn"]["S"] for item in items}
    arns |= {name: work.task.arn for name, work in controller._busy.items() if work.task is not None}
    return {arn: list(arns.values()).count(arn) for arn in arns.values()}


@MUTANTS.replacing(HostedSessions.open, "one-session-a-container", breaks="CONC-04")
def _(original: Any, sessions: HostedSessions, session_id: str, body: Document) -> HostedSession:
    """A container that opens a session closes the one it had."""
    session = original(sessions, session_id, body)
    sessions._hosted = {session_id: session}
    return session


@MUTANTS.replacing(Controller._session_counts, "arrivals-are-not-counted", breaks="CONC-04")
def _(_original: Any, loop: Controller) -> Any:
    """Of sessions that come at once none is counted where it goes until it is there."""
    return Counter(each.task_arn for each in loop._sessions if each.status is Status.ACTIVE)


@MUTANTS.replacing(controller.choose_task, "one-session-is-as-good-as-none", breaks="CONC-04")
def _(original: Any, running: Any, session_counts: Any, failing: Any) -> Any:
    """A new session goes to the oldest of the tasks with one session or none."""
    return original(running, {arn: max(1, session_counts.get(arn, 0)) for arn in running}, failing)


MUTANTS.rows["CONC-05"] = {
    "thirteen-sessions": ("A 13th session is taken: the limit is off by one.", replace(lifecycle, "SESSIONS_MAX", 13)),
}


@MUTANTS.replacing(Activations.activate, "full-before-existing", breaks="CONC-05")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """At capacity an activation for the work of a live session gets 429."""
    if len(activations.store.live_sessions()) >= lifecycle.SESSIONS_MAX:
        raise FullError("full")
    return original(activations, wanted)


@MUTANTS.replacing(Table._read_all, "one-page-of-a-scan", breaks="CONC-05")
def _(_original: Any, table: Table, operation: str, arguments: Any) -> list[Any]:
    """Of a table that is longer Hermes reads the first megabyte."""
    return [table._call(operation, {**arguments, "ConsistentRead": True})]


@MUTANTS.replacing(Activations.activate, "full-for-ten-minutes", breaks="CONC-05")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """Once full, Hermes refuses for ten minutes, whoever has left."""
    if memory_of(activations).get("until", 0) > activations.clock.now():
        raise FullError("still full")
    try:
        return original(activations, wanted)
    except FullError:
        memory_of(activations)["until"] = activations.clock.now() + 600
        raise


@MUTANTS.replacing(ActivationLock.held, "lock-within-one-process", breaks="CONC-05")
@contextmanager
def _(original: Any, activation_lock: ActivationLock) -> Iterator[Lease]:
    """The lock of activations is in the memory of each Hermes, so that two of them fill one place twice."""
    clock = activation_lock._clock
    while memory_of(activation_lock).get("taken"):
        clock.sleep(0.03)
    memory_of(activation_lock)["taken"] = True
    try:
        yield Lease(clock, clock.epoch_ms() + lock.LOCK_SECONDS * 1000)
    finally:
        memory_of(activation_lock)["taken"] = False


@MUTANTS.replacing(SessionStore.claim, "claims-ignored", breaks="CONC-05")
def _(
    original: Any, sessions: SessionStore, session: Session, worker: str, seconds: float, changes: Any = None
) -> bool:
    """A Hermes works on sessions that the other one has claimed."""
    until = sessions._clock.epoch_ms() + round(seconds * 1000)
    claim = {**(changes or {}), "worker": worker, "workerUntil": until}
    return sessions._table.update(store._key(session), changes=claim, condition=store._unchanged(session))


@MUTANTS.replacing(Routes.activate, "refusal-without-retry-after", breaks="CONC-05")
def _(original: Any, routes: Routes, request: Request, rest: str) -> Response:
    """A refusal at capacity does not say when to come back."""
    answer = original(routes, request, rest)
    return Response(answer.status, answer.body) if answer.status == 429 else answer


@MUTANTS.replacing(Activations.activate, "refused-but-stored", breaks="CONC-05")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """A session that is refused at capacity is in the table all the same."""
    try:
        return original(activations, wanted)
    except FullError:
        activations.store.add(activations.new_session(wanted))
        raise


@MUTANTS.replacing(Activations.activate, "oldest-session-makes-room", breaks="CONC-05")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """A refusal at capacity ends the oldest session, so that there is room when the client comes back."""
    try:
        return original(activations, wanted)
    except FullError:
        activations.store.change_status(activations.store.live_sessions()[0], Status.DRAINING)
        raise


MUTANTS.rows["CONC-06"] = {
    "cooldown-of-six-seconds": (
        "The cooldown of the scaling policies has lost a digit.",
        put("ScaleOutPolicy", "StepScalingPolicyConfiguration.Cooldown", 6),
        put("ScaleInPolicy", "StepScalingPolicyConfiguration.Cooldown", 6),
    ),
    "cooldown-left-out": (
        "The scaling policies name no cooldown and get AWS's of five minutes.",
        leave_out("ScaleOutPolicy", "StepScalingPolicyConfiguration.Cooldown"),
        leave_out("ScaleInPolicy", "StepScalingPolicyConfiguration.Cooldown"),
    ),
}


@MUTANTS.replacing(Preview._session, "page-of-the-latest-request", breaks="CONC-07")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """A page that is built while another is asked for is the other one's."""
    memory_of(preview)["session"] = session
    preview._activity._clock.sleep(0.002)
    return original(preview, request, memory_of(preview)["session"], page)


@MUTANTS.replacing(Preview._session, "page-cache-by-path", breaks="CONC-07")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """The preview's cache knows pages by their path and not by their session."""
    answer = original(preview, request, session, page)
    return answer if page == "health" else memory_of(preview).setdefault(page, answer)


MUTANTS.rows["CONC-08"] = {
    "one-upload-file-for-all": (
        "Files are received in one temporary file that all workspaces share.",
        wrap(Repository.incoming, lambda _original, repository: repository.project.parents[2] / "upload.part"),
    ),
}


@MUTANTS.replacing(Workspace.receive, "upload-to-the-latest-workspace", breaks="CONC-08")
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    """A file that arrives while another upload begins goes to the other one's workspace."""
    memory_of(space._clock)["workspace"] = space
    space._clock.sleep(0.003)
    original(memory_of(space._clock)["workspace"], path, content)


@MUTANTS.replacing(Api._apply, "head-before-the-commit", breaks="CONC-09")
def _(original: Any, api: Api, session: HostedSession, instruction: str) -> tuple[Any, Commit]:
    """An instruction is answered with the commit before its own."""
    with session.workspace.repository.on_branch(session.workspace.branch):
        before = head_of(session.workspace.repository)
    edit, commit = original(api, session, instruction)
    return edit, Commit(before, commit.files)


@MUTANTS.replacing(Api._execute, "commit-on-a-stale-head", breaks="CONC-09")
def _(original: Any, api: Api, request: Request) -> Response:
    """A commit takes the place of another that was made while it was thought out."""
    space = api._hosted(request).workspace
    with space.repository.on_branch(space.branch):
        head = head_of(space.repository)

    def think_and_rewind() -> None:
        api._think()
        if head is not None:
            with space.repository.on_branch(space.branch):
                run_git(space.repository._git, space.repository.project, "reset", "--quiet", "--soft", head)

    rewinding = copy.copy(api)
    vars(rewinding)["_think"] = think_and_rewind
    return original(rewinding, request)


@MUTANTS.replacing(Repository.on_branch, "commit-on-whatever-branch", breaks="CONC-09")
@contextmanager
def _(original: Any, repository: Repository, branch: str) -> Iterator[None]:
    """A commit goes to the branch that happens to be checked out."""
    with original(repository, branch if head_of(repository) is None else repository.current_branch()):
        yield
