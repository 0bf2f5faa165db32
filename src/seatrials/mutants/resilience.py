"""What can go wrong when something breaks: RESIL-01 to RESIL-32."""

import contextlib
import dataclasses
from typing import Any

import httpx
from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from seatrials.mutants import Mutants, memory_of, replace, skip, wrap
from seatrials.mutants.git_command import run_git
from seatrials.mutants.template_edits import Document, properties, put
from seatrials.seams.http1 import HttpServer, Request, Response, json_response
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, lifecycle, lock, placement, store, table
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.controller import Controller, Step
from seatrials.webordinary.hermes.fleet import Fleet, Task
from seatrials.webordinary.hermes.idleness import IdleWatch
from seatrials.webordinary.hermes.items import item_of
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.main import Hermes
from seatrials.webordinary.hermes.placement import Placement, StepFailedError, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import Routes
from seatrials.webordinary.hermes.routing import Router, group_name
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError
from seatrials.webordinary.hermes.validation import Activation

MUTANTS = Mutants()
_DEPLOYMENT = "DeploymentConfiguration"


@MUTANTS.replacing(controller.next_step, "lost-task-keeps-its-sessions", breaks="RESIL-01")
def _(original: Any, session: Session, now: float, idle_seconds: float, *tasks: Any) -> Step | None:
    """A session whose task is gone stays with it until it is idle."""
    step = original(session, now, idle_seconds, *tasks)
    return None if session.status is Status.ACTIVE and step is Step.PLACE else step


@MUTANTS.replacing(HostedSessions.open, "reopened-without-what-is-uncommitted", breaks="RESIL-01")
def _(original: Any, sessions: HostedSessions, session_id: str, body: dict[str, Any]) -> HostedSession:
    """A container that opens a workspace which was there before takes back what is not committed."""
    is_new = session_id not in sessions._hosted
    session: HostedSession = original(sessions, session_id, body)
    if is_new and session.resumed:
        run_git(sessions.git, session.workspace.repository.project, "reset", "--hard", "--quiet")
    return session


@MUTANTS.replacing(Placement.place, "session-moves-once", breaks="RESIL-02")
def _(original: Any, step: Placement, work: Work, task: Task) -> None:
    """A session that has come back once does not come back again."""
    moved = memory_of(step).setdefault("moved", {})
    if work.session.status is Status.ACTIVE and moved.setdefault(work.session.session_id, task.arn) != task.arn:
        msg = "it has been moved before"
        raise StepFailedError(msg)
    original(step, work, task)


@MUTANTS.replacing(Controller._choose, "sessions-come-back-one-by-one", breaks="RESIL-03")
def _(original: Any, loop: Controller, session: Session, *found: Any) -> Task | None:
    """Of the sessions that have lost their tasks one a minute is brought back."""
    now, remembered = loop._clock.now(), memory_of(loop)
    if session.status is Status.ACTIVE and now < remembered.get("free_at", 0.0):
        return None
    chosen: Task | None = original(loop, session, *found)
    if session.status is Status.ACTIVE and chosen is not None:
        remembered["free_at"] = now + 60
    return chosen


@MUTANTS.replacing(Hermes._finish, "nobody-lives-without-hermes", breaks="RESIL-04")
def _(original: Any, hermes: Hermes, server: HttpServer) -> None:
    """A Hermes that leaves says that no session lives."""
    original(hermes, server)
    hermes.publisher._put(0)


@MUTANTS.replacing(Activations.activate, "full-of-sessions-of-before", breaks="RESIL-04")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """A Hermes that has come back makes no session while one lives that was there before it."""
    own = memory_of(activations)
    if any(each.session_id not in own for each in activations.store.live_sessions()):
        msg = "sessions of before are live"
        raise FullError(msg)
    session, is_new = original(activations, wanted)
    own[session.session_id] = True
    return session, is_new


MUTANTS.rows["RESIL-05"] = {
    "hangs-are-found-late": (
        "A container is taken for unhealthy after ten failed checks.",
        *(put(f"Edit{each}TargetGroup", "UnhealthyThresholdCount", 10) for each in ("Api", "Preview")),
    ),
}

MUTANTS.rows["RESIL-06"] = {
    "targets-are-checked-seldom": (
        "The load balancer checks its targets every two minutes.",
        *(put(f"Edit{each}TargetGroup", "HealthCheckIntervalSeconds", 120) for each in ("Api", "Preview")),
    ),
}

MUTANTS.rows["RESIL-07"] = {
    "throttled-and-not-asked-again": (
        "A call of a throttled table is not made again.",
        replace(table, "PAUSES_SECONDS", (0,)),
    ),
    "throttled-and-asked-at-once": (
        "A call of a throttled table is made again without a pause.",
        replace(table, "PAUSES_SECONDS", (0.0,) * len(table.PAUSES_SECONDS)),
    ),
}


@MUTANTS.replacing(Routes._dispatch, "throttled-is-an-error-of-hermes", breaks="RESIL-07")
def _(original: Any, routes: Routes, request: Request) -> Response:
    """Where the table refuses, Hermes answers 500."""
    try:
        answer: Response = original(routes, request)
    except StoreUnavailableError:
        return json_response(500, {"error": "internal error"})
    return answer


@MUTANTS.replacing(Routes._answer, "throttled-and-no-word-of-later", breaks="RESIL-07")
def _(original: Any, routes: Routes, request: Request) -> Response:
    """Where the table refuses, Hermes answers 503 and not when to come again."""
    answer: Response = original(routes, request)
    headers = [(name, value) for name, value in answer.headers if answer.status != 503 or name != "retry-after"]
    return dataclasses.replace(answer, headers=headers)


@MUTANTS.replacing(Activations.activate, "stored-before-it-is-sure", breaks="RESIL-07")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """An activation stores its session, and then looks whether it may."""
    session = activations.new_session(wanted)
    activations.store.add(session)
    with activations.lock.held():
        others = [each for each in activations.store.live_sessions() if each.session_id != session.session_id]
        existing = activations.find_existing(others, wanted)
        if existing is None:
            return session, True
        activations.store._table.delete({"sessionId": session.session_id, "userId": session.user_id})
        return existing, False


MUTANTS.rows["RESIL-08"] = {
    "hermes-dies-with-its-table": (
        "A table that cannot be read ends the process of Hermes.",
        replace(controller, "_PASSING", (ClientError, BotoCoreError, httpx.HTTPError, StepFailedError)),
    ),
}


@MUTANTS.replacing(Publisher.live_count, "no-table-no-session", breaks="RESIL-08")
def _(original: Any, publisher: Publisher) -> int:
    """While the table cannot be read, Hermes says that no session lives."""
    try:
        return int(original(publisher))
    except StoreUnavailableError:
        return 0


MUTANTS.rows["RESIL-09"] = {
    "ended-for-want-of-a-container": (
        "A session that ends in error does not say what ECS said.",
        wrap(Fleet.failure_reason, lambda _original, _fleet, _since: None),
    ),
    "waits-for-its-file-system": (
        "A session waits for a container as long as there is none.",
        wrap(lifecycle.is_start_overdue, lambda _original, _session, _now: False),
    ),
}

MUTANTS.rows["RESIL-10"] = {
    "a-minute-to-start": ("A session ends in error after a minute.", replace(lifecycle, "START_SECONDS", 60)),
}


@MUTANTS.replacing(Preview._session, "moved-sessions-fail-now-and-then", breaks="RESIL-11")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """Of the previews of a session that has moved every tenth is a 503."""
    counts = memory_of(preview)
    counts[session.session_id] = counts.get(session.session_id, 0) + 1
    if session.resumed and page != "health" and counts[session.session_id] % 10 == 0:
        raise RequestError(503, "not now")
    answer: Response = original(preview, request, session, page)
    return answer


@MUTANTS.editing("no-news-is-no-session", breaks="RESIL-12")
def _(document: Document) -> None:
    """The alarm that scales in takes a minute of which it has heard nothing for one without sessions."""
    alarm = properties(document, "SessionsLowAlarm")
    metric = {"MetricName": alarm.pop("MetricName"), "Namespace": alarm.pop("Namespace")}
    stat = {"Metric": metric, "Stat": alarm.pop("Statistic"), "Period": alarm.pop("Period")}
    alarm["Metrics"] = [
        {"Id": "told", "MetricStat": stat, "ReturnData": False},
        {"Id": "filled", "Expression": "FILL(told, 0)"},
    ]


MUTANTS.rows["RESIL-13"] = {
    "idle-by-the-containers-clock": (
        "How long a session is idle is told by two clocks, its container's and Hermes's.",
        wrap(IdleWatch.idle_seconds, lambda _original, _watch, session, now: now - session.last_activity / 1000),
    ),
}

MUTANTS.rows["RESIL-14"] = {
    f"old-tasks-of-{name}-first": (
        f"A deployment of {name} stops the old task, and then starts the new one.",
        put(resource, f"{_DEPLOYMENT}.MinimumHealthyPercent", 0),
        put(resource, f"{_DEPLOYMENT}.MaximumPercent", 100),
    )
    for name, resource in (("hermes", "HermesService"), ("the-editor", "EditService"))
}

MUTANTS.rows["RESIL-15"] = {
    "broken-releases-stay": (
        "A deployment that fails is not rolled back.",
        put("EditService", f"{_DEPLOYMENT}.DeploymentCircuitBreaker.Rollback", value=False),
    ),
}


@MUTANTS.replacing(Routes.activate, "many-refusals-are-an-error", breaks="RESIL-16")
def _(original: Any, routes: Routes, request: Request, rest: str) -> Response:
    """Who asks after thirty others were refused for want of room gets 500."""
    answer: Response = original(routes, request, rest)
    counts = memory_of(routes.activations.store)
    counts["refused"] = counts.get("refused", 0) + (answer.status == 429)
    return json_response(500, {"error": "internal error"}) if counts["refused"] > 30 else answer


@MUTANTS.replacing(HostedSessions.open, "reopened-without-its-last-commit", breaks="RESIL-18")
def _(original: Any, sessions: HostedSessions, session_id: str, body: dict[str, Any]) -> HostedSession:
    """A container that opens a workspace with many commits goes back to the last but one."""
    is_new = session_id not in sessions._hosted
    session: HostedSession = original(sessions, session_id, body)
    repository = session.workspace.repository
    if is_new and session.resumed and len(repository.log()) > 5:
        run_git(sessions.git, repository.project, "reset", "--hard", "--quiet", "HEAD~1")
    return session


MUTANTS.rows["RESIL-19"] = {
    "lock-for-an-hour": ("A Hermes that dies keeps the lock for an hour.", replace(lock, "LOCK_SECONDS", 3600)),
    "claims-for-an-hour": (
        "A Hermes that dies keeps its claims for an hour.",
        replace(placement, "CLAIM_SECONDS", 3600),
    ),
}

MUTANTS.rows["RESIL-20"] = {
    "hermes-cuts-its-answers": ("Hermes ends at SIGTERM, whatever it is answering.", skip(Hermes._finish)),
    "container-cuts-its-answers": (
        "A container ends at SIGTERM, whatever it is answering.",
        wrap(HttpServer.finish, lambda _original, _server, _timeout_seconds: True),
    ),
    "new-work-after-sigterm": (
        "A container takes new requests until the last one is done.",
        wrap(HttpServer.close, lambda _original, _server: None),
    ),
}


@MUTANTS.replacing(Hermes._finish, "falls-at-sigterm", breaks="RESIL-20")
def _(original: Any, hermes: Hermes, server: HttpServer) -> None:
    """At SIGTERM Hermes counts the sessions that are active, and not those that start."""
    original(hermes, server)
    is_active = Attr("status").eq(str(Status.ACTIVE))
    hermes.publisher._put(hermes.table.count(is_active) - 1)


@MUTANTS.replacing(Activations.activate, "made-again-when-it-takes-long", breaks="RESIL-21")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """An activation that takes more than three seconds is made once more."""
    began = activations.clock.now()
    session, is_new = original(activations, wanted)
    if is_new and activations.clock.now() - began > 3:
        session = activations.new_session(wanted)
        activations.store.add(session)
    return session, is_new


@MUTANTS.replacing(Workspace.receive, "a-write-in-a-thousand-fails", breaks="RESIL-22")
def _(original: Any, workspace: Workspace, path: str, content: bytes) -> None:
    """Of a thousand writes one is refused."""
    counts = memory_of(workspace)
    counts["writes"] = counts.get("writes", 0) + 1
    if counts["writes"] % 1000 == 0:
        raise RequestError(503, "not now")
    original(workspace, path, content)


@MUTANTS.replacing(Placement.begin_draining, "drained-by-what-was-read", breaks="RESIL-23")
def _(_original: Any, step: Placement, work: Work) -> None:
    """A session that was idle when Hermes looked at it is ended, whether it was used since or not."""
    if step.store.change_status(work.session, Status.DRAINING):
        step.publisher.publish()


@MUTANTS.replacing(SessionStore.touch, "kept-alive-by-what-was-read", breaks="RESIL-23")
def _(_original: Any, store: SessionStore, session: Session) -> tuple[int, int]:
    """A keepalive is noted of a session that lived when Hermes read it, whether it does since or not."""
    last_activity = max(store._clock.epoch_ms(), session.last_activity + 1)
    ttl = lifecycle.ttl_of(last_activity)
    key = {"sessionId": session.session_id, "userId": session.user_id}
    store._table.update(key, changes={"lastActivity": last_activity, "ttl": ttl}, condition=Attr("ttl").exists())
    return last_activity, ttl


@MUTANTS.replacing(Placement._hand_over, "rules-turn-before-it-is-open", breaks="RESIL-24")
def _(_original: Any, step: Placement, work: Work, task: Task, serving: Any, groups: Any) -> None:
    """A session's rules lead to its new task before that has opened it."""
    session_id = work.session.session_id
    step.router.ensure_rules(session_id, serving, standby=groups)
    for group_arn in groups.values():
        step._await_healthy(work, group_arn, task)
    step.router.ensure_rules(session_id, groups)
    for kind in groups:
        step._await_routed(work, task, "api" if kind == "preview" else kind)
    step.editor.initialize(work.session)


@MUTANTS.replacing(controller.choose_task, "fewest-sessions-whatever-the-health", breaks="RESIL-25")
def _(original: Any, running: Any, session_counts: Any, _failing: Any) -> Task | None:
    """A new session is brought to the task with the fewest, which may be one that the load balancer finds unhealthy."""
    task: Task | None = original(running, session_counts, ())
    return task


@MUTANTS.replacing(Router._is_failing, "previews-alone-can-fail", breaks="RESIL-25")
def _(original: Any, router: Router, task: Task, existing: dict[str, str]) -> bool:
    """Of a task whose API fails the load balancer's checks Hermes thinks well while its preview passes them."""
    preview = group_name("preview", task.short_id)
    return bool(original(router, task, {name: arn for name, arn in existing.items() if name == preview}))


@MUTANTS.replacing(Placement.fail, "ends-in-error-without-a-commit", breaks="RESIL-26")
def _(original: Any, step: Placement, work: Work, problem: str) -> None:
    """A session that ends in error is forgotten by its container later, or never."""
    original(step, Work(dataclasses.replace(work.session, task_arn=None)), problem)


@MUTANTS.replacing(Router.remove_rules, "rules-of-an-error-stay", breaks="RESIL-26")
def _(original: Any, router: Router, session_id: str) -> None:
    """The rules of a session that has its task, and was never active, are left."""
    if session_id not in memory_of(router).get("failed", ()):
        original(router, session_id)


@MUTANTS.and_replacing(Placement.fail)
def _(original: Any, step: Placement, work: Work, problem: str) -> None:
    memory_of(step.router).setdefault("failed", set()).add(work.session.session_id)
    original(step, work, problem)


@MUTANTS.replacing(Placement._settle, "error-waits-for-a-commit", breaks="RESIL-26")
def _(original: Any, step: Placement, session: Session, **_how: Any) -> None:
    """A session ends in error only when its container has committed."""
    original(step, session, must_settle=True)


@MUTANTS.replacing(Hermes._finish, "farewell-of-a-second", breaks="RESIL-27")
def _(_original: Any, hermes: Hermes, _server: HttpServer) -> None:
    """Hermes ends a second after it is told to stop, whatever it is answering."""
    hermes._context.clock.sleep(1)


@MUTANTS.replacing(Placement._open, "done-before-it-is-begun", breaks="RESIL-28")
def _(original: Any, step: Placement, work: Work) -> None:
    """An instruction is noted as done before the container has it."""
    step.store.set_fields(work.session, {"instructionDone": True})
    original(step, work)


@MUTANTS.replacing(Repository.commit_all, "no-commit-has-a-name", breaks="RESIL-28")
def _(original: Any, repository: Repository, message: str) -> Commit:
    """A commit of a workspace that has none is called so, and not null."""
    commit = original(repository, message)
    return Commit(commit.id or "none", commit.files)


@MUTANTS.replacing(SessionStore.add, "refused-and-stored", breaks="RESIL-29")
def _(_original: Any, session_store: SessionStore, session: Session) -> None:
    """A session whose item cannot be said to be stored is refused, and what may be there of it stays."""
    session_store._table.put(item_of(session), table.is_absent())


@MUTANTS.replacing(table.Table.delete_surely, "deletions-tried-once", breaks="RESIL-29")
def _(_original: Any, of: table.Table, *given: Any) -> None:
    """What cannot be deleted now is left where it is."""
    with contextlib.suppress(StoreUnavailableError):
        of.delete(*given)


@MUTANTS.replacing(table.Table.update, "own-change-is-anothers", breaks="RESIL-29")
def _(original: Any, of: table.Table, *given: Any, **named: Any) -> bool:
    """A change that is tried again, and was done, is taken for one that another has made."""
    with contextlib.suppress(table.UnclearChangeError):
        return bool(original(of, *given, **named))
    return False


@MUTANTS.replacing(Publisher._publish_now, "refused-once-and-never-again", breaks="RESIL-30")
def _(original: Any, publisher: Publisher) -> bool:
    """The metric that CloudWatch has refused once is never told again."""
    if not memory_of(publisher).get("is_refused"):
        memory_of(publisher)["is_refused"] = not original(publisher)
    return True


@MUTANTS.replacing(Controller.is_busy, "leaves-amid-a-step", breaks="RESIL-31")
def _(_original: Any, _loop: Controller) -> bool:
    """A Hermes that is told to stop does not wait for its steps."""
    return False


@MUTANTS.replacing(SessionStore.change_status, "ended-and-so-not-claimed", breaks="RESIL-32")
def _(original: Any, kept: SessionStore, session: Session, after: Status, *changes: Any, **how: Any) -> bool:
    """A session that begins to end is claimed by nobody, though a Hermes may be opening it still."""
    is_changed: bool = original(kept, session, after, *changes, **how)
    if is_changed and after is Status.DRAINING:
        kept._table.update(store._key(session), changes={}, removals=store._CLAIM, condition=Attr("status").exists())
    return is_changed


MUTANTS.rows["RESIL-32"] = {
    "claims-are-not-renewed": (
        "A claim on a session ends after 40 seconds, whatever its Hermes is doing there.",
        skip(Placement._keep),
    ),
}
