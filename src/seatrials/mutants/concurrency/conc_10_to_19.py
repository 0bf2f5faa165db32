"""What can go wrong when several sessions are asked for, and used, at once: CONC-10 to CONC-19."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seatrials.mutants import Mutants, memory_of, replace, skip, wrap
from seatrials.mutants.git_command import run_git
from seatrials.mutants.template_edits import allow
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary.editor import workspace
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.repository import Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, lifecycle, lock, rules, store
from seatrials.webordinary.hermes.controller import Step
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

MUTANTS = Mutants()


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
