"""What can go wrong with where a request goes: ROUTE-01 to ROUTE-12."""

import dataclasses
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from boto3.dynamodb.conditions import Attr
from wsproto import events as ws_events

from seatrials.mutants import Mutants, memory_of, wrap
from seatrials.mutants.template_edits import Document, forward, properties, put, set_paths
from seatrials.seams.http1 import Request, Response, ServerWebSocket, Upgrade, json_response
from seatrials.twin.balancer import forwarding, visit
from seatrials.twin.balancer.messages import RequestHead
from seatrials.webordinary.editor import instructions, site
from seatrials.webordinary.editor.answers import RequestError, json_body, text_field
from seatrials.webordinary.editor.hmr import Browser, HotReload
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import rules, store
from seatrials.webordinary.hermes.items import answer_of
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.routing import PORTS, Router
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import Table

MUTANTS = Mutants()

MUTANTS.rows["ROUTE-01"] = {
    "health-says-ok": (
        "/health has another body than the contract's.",
        put("HealthRule", "Actions.0.FixedResponseConfig.MessageBody", '{"status":"ok"}'),
    ),
    "health-by-prefix": ("The rule for /health takes all that begins like it.", set_paths("HealthRule", "/health*")),
}

MUTANTS.rows["ROUTE-02"] = {
    "api-to-preview-port": (
        "The shared rule for /api/* leads to the preview's port.",
        put("EditApiRule", "Actions", forward("EditPreviewTargetGroup")),
    ),
    "hermes-takes-api": ("Hermes's rule takes /api/* too, and first.", set_paths("HermesRule", "/hermes/*", "/api/*")),
}


@MUTANTS.editing("tasks-closed-to-the-balancer", breaks="ROUTE-02")
def _(document: Document) -> None:
    """The API port lets a network in that is gone, and not the load balancer."""
    for rule in properties(document, "TaskSecurityGroup")["SecurityGroupIngress"]:
        if rule["FromPort"] == PORTS["api"]:
            del rule["SourceSecurityGroupId"]
            rule["CidrIp"] = "10.99.0.0/16"


MUTANTS.rows["ROUTE-03"] = {
    "hermes-status-forgotten": (
        "Hermes's rule lists its paths one by one, and one is forgotten.",
        set_paths("HermesRule", "/hermes/health", "/hermes/api/*"),
    ),
}


@MUTANTS.replacing(SessionStore.of_client, "list-shows-everyones-sessions", breaks="ROUTE-03")
def _(original: Any, session_store: SessionStore, _client_id: str) -> list[Any]:
    """The list of a client's sessions is that of all clients."""
    return store._sessions(session_store._table.scan(Attr("clientId").exists()))


@MUTANTS.replacing(Routes.list_client, "client-without-sessions-is-404", breaks="ROUTE-03")
def _(original: Any, routes: Routes, request: Request, client_id: str) -> Response:
    """The list of a client without sessions is a 404."""
    if not routes.store.of_client(client_id):
        raise NoSessionError(404, "this client has no sessions")
    return original(routes, request, client_id)


@MUTANTS.replacing(Routes.status, "status-in-short", breaks="ROUTE-03")
def _(original: Any, routes: Routes, _request: Request, session_id: str) -> Response:
    """The status call leaves out whose the session is, its preview and its metadata."""
    kept = ("sessionId", "status", "ttl", "lastActivity", "taskArn")
    fields = answer_of(routes._find(session_id))
    return json_response(200, {name: value for name, value in fields.items() if name in kept})


@MUTANTS.replacing(Table.partition, "asks-for-no-name", breaks="ROUTE-03")
def _(original: Any, table: Table, session_id: str) -> list[Any]:
    """A session without a name is asked for in the table, which refuses that."""
    nameless = {"TableName": table._name, "Key": {"sessionId": {"S": ""}, "userId": {"S": "u"}}}
    return [table._client.get_item(**nameless)] if not session_id else list(original(table, session_id))


@MUTANTS.replacing(Router.ensure_groups, "task-in-every-group", breaks="ROUTE-04")
def _(original: Any, router: Router, task: Any) -> dict[str, str]:
    """A new task is registered in the target groups of the other tasks too."""
    arns = original(router, task)
    for name, arn in router._groups().items():
        target = {"Id": task.address, "Port": PORTS[name.split("-")[1]]}
        router._elbv2.register_targets(TargetGroupArn=arn, Targets=[target])
    return arns


@MUTANTS.replacing(site.page, "pages-are-plain-text", breaks="ROUTE-05")
def _(original: Any, session: HostedSession, path: str) -> tuple[str, bytes]:
    """Pages are said to be plain text."""
    kind, content = original(session, path)
    return "text/plain; charset=utf-8" if kind == site.HTML else kind, content


@MUTANTS.replacing(site.page, "pages-built-once", breaks="ROUTE-05")
def _(original: Any, session: HostedSession, path: str) -> tuple[str, bytes]:
    """A page is built once and never again."""
    memory = memory_of(session.workspace)
    if path not in memory:
        memory[path] = original(session, path)
    return memory[path]


@MUTANTS.replacing(site.page, "pages-in-folders-not-found", breaks="ROUTE-05")
def _(original: Any, session: HostedSession, path: str) -> tuple[str, bytes]:
    """Pages in folders are not found."""
    if "/" in path.strip("/") and not session.workspace.exists(path):
        raise RequestError(404, "no such page")
    return original(session, path)


@MUTANTS.replacing(site.page, "front-for-missing-pages", breaks="ROUTE-05")
def _(original: Any, session: HostedSession, path: str) -> tuple[str, bytes]:
    """A page that is not there is answered with the front page."""
    try:
        return original(session, path)
    except RequestError:
        if re.fullmatch(r"[\w/-]+", path) is None:
            raise
        return site.HTML, site.index(session)


@MUTANTS.replacing(Preview._health, "health-without-an-owner", breaks="ROUTE-05")
def _(original: Any, preview: Preview, session: HostedSession, arrived: tuple[str, str]) -> Response:
    """The health of a session does not say whose it is."""
    fields = {"status": "healthy", "sessionId": session.session_id, "taskArn": preview._task_arn}
    return json_response(200, fields, dict([arrived]))


@MUTANTS.replacing(forwarding.outgoing_head, "query-dropped", breaks="ROUTE-05", used_by=visit)
def _(original: Any, request: RequestHead, *arguments: Any, **others: Any) -> bytes:
    """Requests reach the container without their query."""
    return original(dataclasses.replace(request, target=request.path), *arguments, **others)


@MUTANTS.replacing(forwarding.outgoing_head, "path-decoded-on-the-way", breaks="ROUTE-05", used_by=visit)
def _(original: Any, request: RequestHead, *arguments: Any, **others: Any) -> bytes:
    """An encoded slash is decoded on the way to the container."""
    target = request.target.replace("%2F", "/")
    return original(dataclasses.replace(request, target=target), *arguments, **others)


@MUTANTS.replacing(rules.conditions_of, "no-rule-for-the-session-header", breaks="ROUTE-06")
def _(original: Any, session_id: str) -> dict[str, rules.Conditions]:
    """Hermes makes no rule for the session's header, so any container gets its calls."""
    return {kind: each for kind, each in original(session_id).items() if kind != "api"}


def _answering_unknown(nothing: object) -> Callable[[Any, Api, Request], Response]:
    """Return a call that answers *nothing* for a session that is not found."""

    def answer(original: Any, api: Api, request: Request) -> Response:
        try:
            return original(api, request)
        except RequestError as error:
            if error.status != 404:
                raise
            return json_response(200, nothing)

    return answer


def _for_the_newest(original: Any, api: Api, request: Request) -> Response:
    if request.header("x-session-id") is None and api._sessions.all():
        newest = ("x-session-id", api._sessions.all()[-1].session_id)
        request = dataclasses.replace(request, headers=[*request.headers, newest])
    return original(api, request)


MUTANTS.rows["ROUTE-07"] = {
    "nameless-calls-go-to-the-newest": (
        "The calls of git are answered for the newest session where none is named.",
        wrap(Api._git_log, _for_the_newest),
        wrap(Api._git_status, _for_the_newest),
    ),
    "unknown-sessions-are-empty": (
        "Of a session that nobody knows no file exists and git is clean.",
        wrap(Api._file_exists, _answering_unknown({"exists": False})),
        wrap(Api._git_status, _answering_unknown({"branch": "", "clean": True})),
    ),
}


@MUTANTS.replacing(HostedSessions.find, "only-session-for-unknown", breaks="ROUTE-07")
def _(original: Any, sessions: HostedSessions, session_id: str) -> HostedSession:
    """A container with one session takes every id for it."""
    hosted = sessions.all()
    return hosted[0] if len(hosted) == 1 else original(sessions, session_id)


@MUTANTS.replacing(HostedSessions.find, "session-by-its-beginning", breaks="ROUTE-07")
def _(original: Any, sessions: HostedSessions, session_id: str) -> HostedSession:
    """A container finds a session by the beginning of its id."""
    matching = [each for each in sessions.all() if session_id and each.session_id.startswith(session_id)]
    return matching[0] if matching else original(sessions, session_id)


@MUTANTS.replacing(Api._status, "status-for-unknown", breaks="ROUTE-07")
def _(original: Any, api: Api, request: Request) -> Response:
    """A container tells an unknown session what it hosts."""
    headers = [each for each in request.headers if each[0] != "x-session-id"]
    return original(api, dataclasses.replace(request, headers=headers))


@MUTANTS.replacing(Preview._session, "header-over-path", breaks="ROUTE-08")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """The preview believes the header more than the path."""
    named = preview._sessions._hosted.get(request.header("x-session-id") or "")
    return original(preview, request, named or session, page)


@MUTANTS.replacing(rules.conditions_of, "header-rule-without-path", breaks="ROUTE-08")
def _(original: Any, session_id: str) -> dict[str, rules.Conditions]:
    """The rule for the session's header has no condition on the path."""
    conditions = original(session_id)
    return {**conditions, "api": conditions["api"][:1]}


MUTANTS.rows["ROUTE-09"] = {
    "assets-to-api-port": (
        "The shared rule for pages and assets leads to the API's port.",
        put("EditPreviewRule", "Actions", forward("EditApiTargetGroup")),
    ),
    "assets-forgotten": ("Pages have a rule and their assets have none.", set_paths("EditPreviewRule", "/preview/*")),
}

MUTANTS.rows["ROUTE-10"] = {
    "upgrade-dropped": (
        "The header that asks for a WebSocket does not reach the container.",
        wrap(forwarding._connection, lambda *_: [("Connection", "close")]),
    ),
}


@MUTANTS.replacing(ServerWebSocket._dispatch, "pings-ignored", breaks="ROUTE-10")
def _(original: Any, websocket: ServerWebSocket, on_text: Any) -> None:
    """The container does not answer a WebSocket's pings."""
    protocol = websocket.protocol
    heard = (event for event in protocol.events() if not isinstance(event, ws_events.Ping))
    websocket.protocol = SimpleNamespace(events=lambda: heard)  # type: ignore[assignment]  # all that is asked
    try:
        original(websocket, on_text)
    finally:
        websocket.protocol = protocol


MUTANTS.rows["ROUTE-11"] = {
    "newest-browser-told-alone": (
        "Of several browsers of a session the newest one alone gets updates.",
        wrap(HotReload._listeners, lambda original, reload, session: original(reload, session)[-1:]),
    ),
    "three-browsers-at-most": (
        "Of more than three browsers of a session the newest three alone get updates.",
        wrap(HotReload._listeners, lambda original, reload, session: original(reload, session)[-3:]),
    ),
}


@MUTANTS.replacing(site.index, "front-built-for-instructions-alone", breaks="ROUTE-11")
def _(original: Any, session: HostedSession) -> bytes:
    """The front page is built anew after instructions, and not after uploads."""
    memory = memory_of(session.workspace)
    if "front" not in memory:
        memory["front"] = original(session)
    return memory["front"]


@MUTANTS.and_replacing(Workspace.write)
def _(original: Any, space: Workspace, path: str, content: bytes) -> None:
    original(space, path, content)
    memory_of(space).pop("front", None)


@MUTANTS.replacing(Api._execute, "told-before-it-is-there", breaks="ROUTE-11")
def _(original: Any, api: Api, request: Request) -> Response:
    """An update is sent before its file can be read."""
    session = api._hosted(request)
    instruction = text_field(json_body(request), "instruction")
    edit = instructions.edit_of(instruction)
    api._changed(session, [edit.path])
    api._think()
    edit, commit = api._apply(session, instruction)
    return json_response(200, {"filesChanged": list(commit.files), "commit": commit.id})


@MUTANTS.replacing(Workspace._place, "new-files-told-alone", breaks="ROUTE-11")
def _(original: Any, space: Workspace, incoming: Path, path: str) -> None:
    """A change of a file that was there sends no update."""
    memory_of(space)["was there"] = space._locate(path).is_file()
    original(space, incoming, path)


@MUTANTS.and_replacing(Api._changed)
def _(original: Any, api: Api, session: HostedSession, paths: list[str]) -> None:
    if not memory_of(session.workspace).pop("was there", False):
        api._reload.publish(session, paths)
    api._activity.touch(session)


@MUTANTS.replacing(HotReload.publish, "updates-percent-encoded", breaks="ROUTE-11")
def _(original: Any, reload: HotReload, session: HostedSession, paths: list[str]) -> None:
    """An update names its file percent-encoded."""
    original(reload, session, [quote(path) for path in paths])


@MUTANTS.replacing(HotReload._listeners, "updates-to-all-of-the-user", breaks="ROUTE-11")
def _(original: Any, reload: HotReload, session: HostedSession) -> list[Any]:
    """Updates go to every session of the user."""
    theirs = [each for each in reload._sessions.all() if each.user_id == session.user_id]
    return [browser for each in theirs for browser in original(reload, each)]


@MUTANTS.replacing(HotReload._listeners, "updates-for-everyone", breaks="ROUTE-11")
def _(original: Any, reload: HotReload, _session: HostedSession) -> list[Browser]:
    """An update goes to the browsers of every session."""
    return [browser for browsers in reload._browsers.values() for browser in browsers]


@MUTANTS.replacing(HotReload.publish, "updates-without-folder", breaks="ROUTE-11")
def _(original: Any, reload: HotReload, session: HostedSession, paths: list[str]) -> None:
    """An update names a file without its folder."""
    original(reload, session, [posixpath.basename(path) for path in paths])


def _by_query(conditions: dict[str, rules.Conditions], *parameters: tuple[str, str]) -> dict[str, rules.Conditions]:
    values = [{"Key": key, "Value": value} for key, value in parameters]
    query = {"Field": "query-string", "QueryStringConfig": {"Values": values}}
    return {**conditions, "hmr": [conditions["hmr"][0], query]}


@MUTANTS.replacing(rules.conditions_of, "websocket-by-another-key", breaks="ROUTE-12")
def _(original: Any, session_id: str) -> dict[str, rules.Conditions]:
    """The rule for WebSockets looks for another parameter than browsers send."""
    return _by_query(original(session_id), ("session", session_id))


@MUTANTS.replacing(rules.conditions_of, "websocket-for-anyone", breaks="ROUTE-12")
def _(original: Any, session_id: str) -> dict[str, rules.Conditions]:
    """Any id has a way to the container, which opens a WebSocket for whoever comes."""
    return _by_query(original(session_id), ("sessionId", session_id), ("sessionId", "*"))


@MUTANTS.and_replacing(HotReload.route)
def _(original: Any, reload: HotReload, request: Request) -> Response | Upgrade:
    if request.path != "/ws/hmr":
        return original(reload, request)
    return Upgrade(lambda websocket: reload._serve(request.query.get("sessionId", ""), websocket))
