"""What can go wrong from nothing running to a live preview: COLD-01 to COLD-10."""

import dataclasses
import json
import unicodedata
from typing import Any

from seatrials.mutants import Mutants, calibrate, memory_of, replace, wrap
from seatrials.mutants.template_edits import Document, allow, properties, put, set_paths
from seatrials.seams.http1 import Request, Response
from seatrials.twin.balancer.node_targets import NodeTargets, Target
from seatrials.twin.calibration import SLOW
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor import site
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Commit, Repository
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import controller, items, lifecycle, store, validation
from seatrials.webordinary.hermes.activation import Activations
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.placement import Placement, Work
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.validation import Activation

MUTANTS = Mutants()

MUTANTS.rows["COLD-01"] = {
    "edit-never-at-zero": (
        "The edit service keeps a task when nobody has a session.",
        put("EditService", "DesiredCount", 1),
        put("EditScalableTarget", "MinCapacity", 1),
    ),
    "default-rule-serves-200": (
        "The balancer answers 200 to a path that nothing serves.",
        put("HttpsListener", "DefaultActions.0.FixedResponseConfig.StatusCode", "200"),
    ),
    "hermes-on-another-path": ("Hermes's rule has a path that nobody uses.", set_paths("HermesRule", "/hermes-api/*")),
}

MUTANTS.rows["COLD-02"] = {
    "alarm-on-another-metric": (
        "The alarm looks at a metric that nobody publishes.",
        put("SessionsHighAlarm", "MetricName", "ActiveSessions"),
    ),
    "scale-out-by-two": (
        "The first step of the scaling policy starts two tasks.",
        put("ScaleOutPolicy", "StepScalingPolicyConfiguration.StepAdjustments.0.ScalingAdjustment", 2),
    ),
    "alarm-from-two-sessions": (
        "The scale-out alarm is off by one: a single session does not reach it.",
        put("SessionsHighAlarm", "Threshold", 2),
    ),
}


@MUTANTS.replacing(Routes._changed, "hermes-scales-by-hand", breaks="COLD-02")
def _(original: Any, routes: Routes) -> None:
    """Hermes starts a task itself, and the metric stays behind."""
    routes.wake_controller()
    fleet: Any = routes.wake_controller.__self__._fleet  # type: ignore[attr-defined]  # a method of the controller
    fleet._ecs.update_service(cluster=fleet._cluster, service=fleet._service, desiredCount=1)


MUTANTS.and_with(allow("HermesTaskRole", "ecs:UpdateService"))


MUTANTS.rows["COLD-03"] = {
    "instruction-of-4000-refused": (
        "An instruction of 4,000 characters is refused: the limit is off by one, the other way.",
        replace(validation, "TEXT_CHARACTERS_MAX", 3_999),
    ),
    "instruction-composed": (
        "Hermes writes letters with their accents as one character.",
        wrap(validation._instruction, lambda original, *given: unicodedata.normalize("NFC", original(*given))),
    ),
    "metadata-without-what-is-empty": (
        "Hermes drops what is null or empty in the client's metadata.",
        wrap(validation._metadata, lambda original, *given: {k: each for k, each in original(*given).items() if each}),
    ),
}


@MUTANTS.replacing(validation._instruction, "characters-of-javascript", breaks="COLD-03")
def _(original: Any, document: Any) -> str:
    """A letter beyond the basic plane counts as two of the 4,000 characters."""
    length = len(str(document.get("instruction")).encode("utf-16-le", "surrogatepass")) // 2
    return str(original({"instruction": "x" * length}) and original(document))


@MUTANTS.replacing(lifecycle.ttl_of, "ttl-in-milliseconds", breaks="COLD-03")
def _(original: Any, last_activity_ms: int) -> int:
    """The ttl is in milliseconds, which DynamoDB reads as a date far away."""
    return (last_activity_ms // 1000 + lifecycle.TTL_SECONDS) * 1000


@MUTANTS.replacing(Activations.new_session, "preview-without-tls", breaks="COLD-03")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """A previewUrl has the scheme http."""
    session = original(activations, wanted)
    return dataclasses.replace(session, preview_url=session.preview_url.replace("https://", "http://"))


@MUTANTS.replacing(Activations.new_session, "created-in-seconds", breaks="COLD-03")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """The createdAt of a session is in seconds."""
    session = original(activations, wanted)
    return dataclasses.replace(session, created_at=session.created_at // 1000)


@MUTANTS.replacing(Activations.new_session, "metadata-dropped", breaks="COLD-03")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """The caller's metadata is not kept."""
    session = original(activations, wanted)
    return dataclasses.replace(session, metadata={"instruction": wanted.instruction})


@MUTANTS.replacing(Activations.new_session, "instruction-cut-at-255", breaks="COLD-03")
def _(original: Any, activations: Activations, wanted: Activation) -> Session:
    """An instruction is kept up to its 255th character."""
    session = original(activations, wanted)
    return dataclasses.replace(session, metadata={**session.metadata, "instruction": wanted.instruction[:255]})


@MUTANTS.replacing(validation._metadata, "metadata-of-4000-is-too-long", breaks="COLD-03")
def _(original: Any, document: Any) -> Any:
    """Metadata of just as many characters as are taken is refused."""
    value = original(document)
    if len(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) == validation.TEXT_CHARACTERS_MAX:
        raise validation.InvalidRequestError(400, "metadata is too long", "metadata")
    return value


MUTANTS.rows["COLD-04"] = {
    "ttl-on-another-attribute": (
        "The table expires items by an attribute that no item has.",
        put("SessionTable", "TimeToLiveSpecification.AttributeName", "expiresAt"),
    ),
}


@MUTANTS.replacing(items.item_of, "item-differs-from-answer", breaks="COLD-04", used_by=store)
def _(original: Any, session: Session) -> dict[str, Any]:
    """The item has another previewUrl than the answer."""
    return {**original(session), "previewUrl": {"S": "/session"}}


@MUTANTS.editing("client-index-by-user", breaks="COLD-04")
def _(document: Document) -> None:
    """The client index is keyed by the user."""
    table = properties(document, "SessionTable")
    table["GlobalSecondaryIndexes"][0]["IndexName"] = "userId-status-index"
    table["GlobalSecondaryIndexes"][0]["KeySchema"][0]["AttributeName"] = "userId"
    table["AttributeDefinitions"] = [
        each for each in table["AttributeDefinitions"] if each["AttributeName"] != "clientId"
    ]


@MUTANTS.replacing(Placement.place, "active-before-served", breaks="COLD-05")
def _(original: Any, placement: Placement, work: Work, task: Task) -> None:
    """A session is active as soon as a task is found for it."""
    if work.session.status is Status.INITIALIZING:
        placement.store.change_status(work.session, Status.ACTIVE, {"taskArn": task.arn})
        work.session = dataclasses.replace(work.session, status=Status.ACTIVE, task_arn=None)
    original(placement, work, task)


@MUTANTS.replacing(Routes.keepalive, "keepalive-only-when-active", breaks="COLD-05")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A keepalive of a session that initializes gets 410."""
    if routes._find(session_id).status is not Status.ACTIVE:
        raise NoSessionError(410, "session is not active")
    return original(routes, request, session_id)


@MUTANTS.replacing(SessionStore.change_status, "created-when-active", breaks="COLD-05")
def _(original: Any, sessions: SessionStore, session: Session, after: Status, changes: Any = None, **how: Any) -> bool:
    """The createdAt of a session is written anew when the session becomes active."""
    also = {"createdAt": sessions._clock.epoch_ms()} if after is Status.ACTIVE else {}
    return original(sessions, session, after, {**(changes or {}), **also}, **how)


@MUTANTS.replacing(Preview.route, "placeholder-before-healthy", breaks="COLD-06")
def _(original: Any, preview: Preview, request: Request) -> Response:
    """A container that is not healthy yet answers 200 with a placeholder."""
    if request.path.startswith("/session/") and not preview._sessions.all():
        return Response(200, b"<!doctype html><p>Starting</p>", [("content-type", "text/html")])
    return original(preview, request)


@MUTANTS.and_replacing(NodeTargets._candidates)
def _(original: Any, targets: NodeTargets, group_arn: str) -> list[Target]:
    return list(targets._targets.get(group_arn, {}).values())


@MUTANTS.replacing(Preview.route, "preview-fails-now-and-then", breaks="COLD-06")
def _(original: Any, preview: Preview, request: Request) -> Response:
    """The preview answers 503 for three seconds of every twenty."""
    clock = preview._activity._clock
    if request.path.startswith("/session/") and clock.now() % 20 < 3:
        return Response(503, b"building")
    return original(preview, request)


MUTANTS.rows["COLD-07"] = {
    "fargate-as-measured": (
        "Tasks start as slowly as public samples of Fargate, and alarms are looked at once a minute.",
        calibrate(**{each.name: getattr(SLOW, each.name) for each in dataclasses.fields(SLOW)}),
    ),
}


@MUTANTS.replacing(Publisher.live_count, "metric-before-the-write", breaks="COLD-07")
def _(original: Any, publisher: Publisher) -> int:
    """The metric is the count before the change that it is published for."""
    before: int = memory_of(publisher).get("count", 0)
    memory_of(publisher)["count"] = publisher._store.live_count()
    return before


MUTANTS.rows["COLD-08"] = {
    "preview-without-content": (
        "The preview is an empty page.",
        wrap(site.index, lambda _original, session: f"<!doctype html><title>{session.session_id}</title>".encode()),
    ),
    "preview-escaped-twice": (
        "An ampersand is shown as its entity.",
        wrap(site._block, lambda original, block: original(block.replace("&", "&amp;"))),
    ),
    "preview-in-latin-1": ("The preview says ISO 8859-1.", replace(site, "HTML", "text/html; charset=iso-8859-1")),
}


@MUTANTS.replacing(HostedSessions.find, "newest-session-for-all", breaks="COLD-08")
def _(original: Any, sessions: HostedSessions, session_id: str) -> HostedSession:
    """The container shows the newest session's site to every session."""
    original(sessions, session_id)
    return sessions.all()[-1]


@MUTANTS.replacing(Preview._session, "pages-kept-by-browsers", breaks="COLD-08")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """Browsers may keep a page of the preview for five minutes."""
    answer = original(preview, request, session, page)
    others = [each for each in answer.headers if each[0] != "cache-control"]
    return dataclasses.replace(answer, headers=[("cache-control", "public, max-age=300"), *others])


@MUTANTS.replacing(site._document, "preview-in-ascii", breaks="COLD-08")
def _(original: Any, session: HostedSession, body: str) -> bytes:
    """The preview shows a question mark for every letter beyond ASCII."""
    return original(session, body).decode().encode("ascii", "replace")


MUTANTS.rows["COLD-09"] = {
    "commit-message-in-full": (
        "The commit message is not cut at 50 characters.",
        wrap(editor_routes.commit_message, lambda _, thread, text: f"Thread {thread}: {text}"),
    ),
    "commit-message-without-thread": (
        "The commit message lacks the word that the contract begins it with.",
        wrap(editor_routes.commit_message, lambda _, thread, text: f"{thread}: {text[:50]}"),
    ),
    "message-by-bytes": (
        "The message has 50 bytes of the instruction instead of 50 characters.",
        wrap(
            editor_routes.commit_message,
            lambda original, thread, text: original(thread, text.encode()[:50].decode(errors="ignore")),
        ),
    ),
    "message-by-its-first-line": (
        "The message has the first line of the instruction alone.",
        wrap(editor_routes.commit_message, lambda original, thread, text: original(thread, text.splitlines()[0])),
    ),
}


@MUTANTS.replacing(Workspace.write, "instructions-in-ascii", breaks="COLD-09")
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    """What an instruction writes loses every letter beyond ASCII."""
    original(space, path, content.decode().encode("ascii", "replace"))


@MUTANTS.replacing(Repository._commit_on, "changed-files-as-git-quotes-them", breaks="COLD-09")
def _(original: Any, kept: Repository, branch: str, message: str, *, with_ignored: bool = False) -> Commit:
    """The files that an instruction changed are named as git quotes them."""
    commit = original(kept, branch, message, with_ignored=with_ignored)
    return Commit(commit.id, tuple(path if path.isascii() else _quoted(path) for path in commit.files))


def _quoted(path: str) -> str:
    octal = "".join(chr(each) if each < 128 else f"\\{each:03o}" for each in path.encode())
    return f'"{octal}"'


@MUTANTS.replacing(controller.choose_task, "no-shared-containers", breaks="COLD-10")
def _(original: Any, running: Any, session_counts: Any, unwanted: Any) -> Task | None:
    """A session waits for a task of its own although one is warm."""
    chosen = original(running, session_counts, unwanted)
    return None if chosen is None or session_counts.get(chosen.arn, 0) else chosen
