"""What can go wrong when several sessions are asked for, and used, at once: CONC-01 to CONC-19."""

import copy
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.dynamodb.conditions import Attr

from seatrials.mutants import Mutants, memory_of, replace, skip, wrap
from seatrials.mutants.git_command import head_of, run_git
from seatrials.mutants.template_edits import Document, allow, append, leave_out, put
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor import workspace
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, lifecycle, lock, rules, store
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.controller import Controller, Step
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.items import attributes
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.lock import ActivationLock, Lease
from seatrials.webordinary.hermes.placement import Placement, StepFailedError, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.routing import Router
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


@MUTANTS.replacing(HostedSessions.forget, "neighbours-forgotten", breaks="CONC-10")
def _(original: Any, sessions: HostedSessions, session_id: str) -> None:
    """A container that closes one session closes all."""
    original(sessions, session_id)
    sessions._hosted.clear()


@MUTANTS.replacing(Placement.retire, "task-stopped-with-a-session", breaks="CONC-10")
def _(original: Any, placement: Placement, work: Work, **arguments: Any) -> None:
    """The task of a session that ends is stopped, whoever else is on it."""
    original(placement, work, **arguments)
    if work.task is not None:
        fleet = placement.fleet
        fleet._ecs.stop_task(cluster=fleet._cluster, task=work.task.arn, reason="its session has ended")


MUTANTS.and_with(allow("HermesTaskRole", "ecs:StopTask"))


@MUTANTS.replacing(Router.remove_rules, "targets-deregistered-with-a-session", breaks="CONC-10")
def _(original: Any, router: Router, session_id: str) -> None:
    """Ending a session deregisters the targets that it shares with others."""
    for rule in router._rules_of(session_id):
        for action in rule["Actions"]:
            group = action["TargetGroupArn"]
            targets = router._elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            if targets:
                router._elbv2.deregister_targets(TargetGroupArn=group, Targets=[each["Target"] for each in targets])
    original(router, session_id)


MUTANTS.rows["CONC-11"] = {
    "idle-since-creation": (
        "A session ends five minutes after it was made, whatever its user does.",
        wrap(IdleWatch.idle_seconds, lambda _original, _watch, session, now: now - session.created_seconds),
    ),
}


@MUTANTS.replacing(SessionStore.touch, "keepalive-for-the-whole-client", breaks="CONC-11")
def _(original: Any, session_store: SessionStore, session: Session) -> tuple[int, int] | None:
    """A keepalive keeps all sessions of its client alive."""
    for other in session_store.live_sessions():
        if other.client_id == session.client_id and other.session_id != session.session_id:
            original(session_store, other)
    return original(session_store, session)


@MUTANTS.replacing(Activity.touch, "activity-of-all-of-the-user", breaks="CONC-11")
def _(original: Any, noted: Activity, session: HostedSession) -> None:
    """Activity in one session keeps all sessions of its user alive."""
    seen = memory_of(noted)
    seen[session.session_id] = session
    for each in [each for each in seen.values() if each.user_id == session.user_id]:
        original(noted, each)


@MUTANTS.replacing(SessionStore.touch, "keepalive-for-all", breaks="CONC-11")
def _(original: Any, store: SessionStore, session: Session) -> tuple[int, int] | None:
    """A keepalive of one session keeps every session alive."""
    for other in store.live_sessions():
        if other.session_id != session.session_id:
            original(store, other)
    return original(store, session)


@MUTANTS.replacing(controller.next_step, "sessions-never-moved", breaks="CONC-12")
def _(original: Any, session: Session, *arguments: Any) -> Step | None:
    """A session whose task is scaled in stays without one."""
    step = original(session, *arguments)
    return None if step is Step.PLACE and session.status is Status.ACTIVE else step


@MUTANTS.replacing(HostedSessions._prepare, "moved-to-a-clean-checkout", breaks="CONC-12")
def _(original: Any, sessions: HostedSessions, repository: Repository, branch: str) -> Workspace:
    """A session that moves to another task loses what it had not committed."""
    opened = original(sessions, repository, branch)
    run_git(repository._git, repository.project, "clean", "--quiet", "--force", "-d", "-x")
    return opened


MUTANTS.rows["CONC-13"] = {
    "target-groups-left-behind": (
        "The target groups of a task that is gone stay, and its targets with them.",
        skip(Router._delete_group),
    ),
}


@MUTANTS.replacing(Publisher._put, "zero-not-published", breaks="CONC-13")
def _(original: Any, publisher: Publisher, count: int) -> None:
    """A count of 0 is taken for no count, and not published."""
    if count:
        original(publisher, count)


MUTANTS.rows["CONC-14"] = {
    "lock-kept-until-it-ends": (
        "The activation lock is not given back, and ends by itself after ten seconds.",
        skip(Table.delete_surely),
    ),
}


@MUTANTS.replacing(Placement.retire, "session-without-a-task-drains-for-ever", breaks="CONC-14")
def _(original: Any, placement: Placement, work: Work, **how: Any) -> None:
    """A session that has no task goes on draining."""
    if work.task is None:
        raise StepFailedError("its task is gone: there is nobody to commit")
    original(placement, work, **how)


@MUTANTS.replacing(Routes.activate, "answered-when-active", breaks="CONC-14")
def _(original: Any, routes: Routes, request: Request, rest: str) -> Response:
    """An activation is answered when the container is there."""
    answer = original(routes, request, rest)
    for _ in range(50):
        if any(each.status is Status.ACTIVE for each in routes.store.live_sessions()):
            break
        routes.clock.sleep(1)
    return answer


@MUTANTS.replacing(Routes.status, "status-after-the-next-look", breaks="CONC-15")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A status is answered after Hermes has looked at all sessions again."""
    routes.wake_controller()
    routes.clock.sleep(controller.TICK_PENDING_SECONDS)
    return original(routes, request, session_id)


@MUTANTS.replacing(Api._git_status, "git-looks-twice", breaks="CONC-15")
def _(original: Any, api: Api, request: Request) -> Response:
    """The status of git takes most of a second, and nothing else does."""
    api._context.clock.sleep(0.7)
    return original(api, request)


@MUTANTS.replacing(Routes.handle, "limited-by-peer", breaks="CONC-15")
def _(original: Any, routes: Routes, request: Request) -> Response:
    """Requests are limited by address, and all come from the load balancer's."""
    counts, second = memory_of(routes.clock), int(routes.clock.now())
    counts[second] = counts.get(second, 0) + 1
    if counts[second] > 3:
        return json_response(429, {"error": "too many requests"}, {"retry-after": "1"})
    return original(routes, request)


MUTANTS.rows["CONC-16"] = {
    "rules-for-six-sessions": (
        "There are listener priorities for six sessions only, and the others get no container.",
        replace(rules, "PRIORITIES", range(150, 168)),
    ),
}


@MUTANTS.replacing(ActivationLock.held, "checks-and-then-writes", breaks="CONC-17")
@contextmanager
def _(original: Any, activation_lock: ActivationLock) -> Iterator[Lease]:
    """Activations look for a session and store one without a lock."""
    clock = activation_lock._clock
    yield Lease(clock, clock.epoch_ms() + lock.LOCK_SECONDS * 1000)


@MUTANTS.replacing(ActivationLock._try, "lock-read-and-then-taken", breaks="CONC-17")
def _(original: Any, activation_lock: ActivationLock, owner: str) -> Lease | None:
    """The activation lock is read, found free, and taken without a condition."""
    table, clock = activation_lock._table, activation_lock._clock
    if table.partition(lock.LOCK_KEY["sessionId"]):
        return None
    ends_at_ms = clock.epoch_ms() + lock.LOCK_SECONDS * 1000
    item = attributes({**lock.LOCK_KEY, "owner": owner, "expiresAt": ends_at_ms, "ttl": ends_at_ms // 1000})
    table._call("put_item", {"Item": item})
    return Lease(clock, ends_at_ms)


@MUTANTS.replacing(SessionStore.live_sessions, "index-assumed-consistent", breaks="CONC-17")
def _(original: Any, sessions: SessionStore) -> list[Session]:
    """An activation looks for the live sessions in an index, which does not yet know of the newest."""
    found: list[Session] = []
    for status in lifecycle.LIVE:
        answer = sessions._table._client.query(
            TableName=sessions._table._name,
            IndexName="status-lastActivity-index",
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": str(status)}},
        )
        found += store._sessions(answer["Items"])
    return found


MUTANTS.and_with(allow("HermesTaskRole", "dynamodb:Query"))


MUTANTS.rows["CONC-18"] = {
    "hmr-rule-left-behind": (
        "The rule for the WebSocket is not recognised as a session's when the session ends.",
        skip(rules._query_value),
    ),
}

MUTANTS.rows["CONC-19"] = {
    "exists-whatever-is-asked": (
        "Every file is said to exist.",
        wrap(Api._file_exists, lambda *_: json_response(200, {"exists": True})),
    ),
    "file-system-out-of-credits": (
        "The file system writes 100 KB a second.",
        replace(workspace, "_WRITE_BYTES_PER_SECOND", 100_000),
    ),
}


@MUTANTS.replacing(Workspace.read, "read-once-a-second", breaks="CONC-19")
def _(original: Any, kept: Workspace, path: str) -> bytes:
    """A file is what it was when it was read last, if its time, to the second, and its size are the same."""
    content, read = original(kept, path), memory_of(kept)
    return bytes(read.setdefault((path, int(kept._clock.now()), len(content)), content))
