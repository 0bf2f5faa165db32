"""What breaks the contract where no row looks: each is seen by an invariant of `contract/invariants.toml` alone.

Filed by invariant, in the order of that file. A mutant breaks the row during which it shows.
"""

import dataclasses
import json
import traceback
from typing import Any

import pygit2
from boto3.dynamodb.conditions import Attr

from seatrials.mutants.collection import Mutants
from seatrials.mutants.contract_order import COMMITTED_FIRST, RELEASED_FIRST, SERVED_FIRST
from seatrials.mutants.mutant import Mutant, memory_of, replace, wrap
from seatrials.seams.http1 import HttpServer, Request, Response, json_response
from seatrials.webordinary.editor import answers as editor_answers
from seatrials.webordinary.editor import repository as editor_repository
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor import sessions as editor_sessions
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.hmr import Browser, HotReload
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.repository import Repository
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.workspace import FileEntry, Workspace
from seatrials.webordinary.hermes import publisher
from seatrials.webordinary.hermes.activation import Activations, FullError
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.lifecycle import Session, Status
from seatrials.webordinary.hermes.main import Hermes
from seatrials.webordinary.hermes.publisher import METRIC_NAME, Publisher
from seatrials.webordinary.hermes.routes import NoSessionError, Routes
from seatrials.webordinary.hermes.store import SessionStore
from seatrials.webordinary.hermes.table import StoreUnavailableError
from seatrials.webordinary.hermes.validation import Activation, InvalidRequestError

STATUS_DECLARED, BODY_CLOSED, HEADER_THERE, METHOD_REFUSED = Mutants(), Mutants(), Mutants(), Mutants()
NOTHING_INTERNAL, MESSAGE_DECLARED, OWN_ONLY = Mutants(), Mutants(), Mutants()
LIFE_FORWARD, ACTIVITY_FORWARD, TTL_OF_ACTIVITY, OVER_STAYS_OVER = Mutants(), Mutants(), Mutants(), Mutants()
ONLY_ACTIVITY, EVERY_ACTIVITY, DRAINS_FOR_A_REASON, HEADERS_DECLARED = Mutants(), Mutants(), Mutants(), Mutants()
TWELVE_AT_MOST, ONE_FOR_THE_WORK = Mutants(), Mutants()
METRIC_PLAIN, METRIC_TRUE, METRIC_SILENT, METRIC_IN_TIME = Mutants(), Mutants(), Mutants(), Mutants()
TOLD_ONCE, TOLD_IN_ORDER, LIST_COMPLETE = Mutants(), Mutants(), Mutants()


def _with(response: Response, **fields: object) -> Response:
    """Return an answer in JSON with further fields."""
    assert isinstance(response.body, bytes), "no answer in JSON is streamed"
    body = json.dumps({**json.loads(response.body), **fields}).encode()
    return dataclasses.replace(response, body=body)


@STATUS_DECLARED.replacing(Routes.list_client, "list-of-a-client-by-hearsay", breaks="PERS-10")
def _(original: Any, routes: Routes, request: Request, client_id: str) -> Response:
    """The list of a client's sessions is answered with 203, as what somebody else has said."""
    return dataclasses.replace(original(routes, request, client_id), status=203)


@BODY_CLOSED.replacing(Routes._answer, "unknown-with-what-there-is", breaks="COLD-14")
def _(original: Any, routes: Routes, request: Request) -> Response:
    """A 404 of Hermes says how many sessions there are."""
    answer = original(routes, request)
    return _with(answer, known=len(routes.store.open_sessions())) if answer.status == 404 else answer


@BODY_CLOSED.replacing(Routes.status, "status-tells-the-item", breaks="COLD-13")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A status answers with what Hermes alone has to know too."""
    return _with(original(routes, request, session_id), instructionDone=True)


@BODY_CLOSED.replacing(Api._file, "written-with-its-place", breaks="CONC-19")
def _(original: Any, api: Api, request: Request, method: str, path: str) -> Response:
    """Who writes a file is told a field more: its type."""
    answer = original(api, request, method, path)
    return _with(answer, type="file") if method == "PUT" else answer


@BODY_CLOSED.replacing(Api._git_commit, "no-commit-is-false", breaks="PERS-15")
def _(original: Any, api: Api, request: Request) -> Response:
    """A commit answers with the number of its files in place of their names."""
    answer = original(api, request)
    return _with(answer, filesChanged=len(json.loads(answer.body)["filesChanged"]))


@BODY_CLOSED.replacing(editor_repository._entry_of, "merges-are-marked", breaks="MODEL-02")
def _(original: Any, commit: pygit2.Commit) -> dict[str, object]:
    """In the log a commit that has two before it has a field more."""
    entry: dict[str, object] = original(commit)
    return {**entry, "merge": True} if len(commit.parent_ids) > 1 else entry


HEADER_THERE.rows["ROUTE-29"] = {
    "not-allowed-without-what-is": (
        "A method that a path does not have is refused without those that it has.",
        wrap(
            editor_answers.not_allowed,
            lambda _original, _request, _allowed: json_response(405, {"error": "method not allowed"}),
            used_by=editor_routes,
        ),
    ),
}


@HEADERS_DECLARED.replacing(Preview._session, "preview-with-a-cookie", breaks="COLD-08")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """A preview leaves a cookie in the browser, with the client's name."""
    answer = original(preview, request, session, page)
    return dataclasses.replace(answer, headers=[*answer.headers, ("set-cookie", f"client={session.client_id}")])


@HEADER_THERE.replacing(RequestError.response, "refused-in-html", breaks="ROUTE-07")
def _(original: Any, error: RequestError) -> Response:
    """The editor's refusals are JSON, and say that they are HTML."""
    answer = original(error)
    others = [each for each in answer.headers if each[0] != "content-type"]
    return dataclasses.replace(answer, headers=[("content-type", "text/html"), *others])


@METHOD_REFUSED.replacing(
    editor_answers.not_allowed, "allows-what-it-has-not", breaks="ROUTE-29", used_by=editor_routes
)
def _(original: Any, request: Request, allowed: list[str]) -> Response:
    """A refused method is told of one that the path does not have either."""
    return original(request, [*allowed, "PATCH"])


@NOTHING_INTERNAL.replacing(Workspace.read, "missing-file-with-its-place", breaks="PERS-05")
def _(original: Any, workspace: Workspace, path: str) -> bytes:
    """Of a file that is not there the container tells where on its host it would be."""
    try:
        return original(workspace, path)
    except RequestError as error:
        if error.status != 404:
            raise
        raise RequestError(404, f"no file /var/lib/edit/workspaces/{path}") from error


@NOTHING_INTERNAL.replacing(Routes.activate, "refused-with-a-trace", breaks="COLD-15")
def _(original: Any, routes: Routes, request: Request, rest: str) -> Response:
    """A refused activation is answered with the stack trace of its refusal."""
    try:
        return original(routes, request, rest)
    except InvalidRequestError as error:
        raise InvalidRequestError(error.status, traceback.format_exc(), error.field) from error


@NOTHING_INTERNAL.replacing(editor_sessions.Sessions.find, "unknown-with-its-exception", breaks="PERS-10")
def _(original: Any, sessions: editor_sessions.Sessions, session_id: str) -> HostedSession:
    """A container that does not host a session answers with the name of an exception."""
    try:
        return original(sessions, session_id)
    except RequestError as error:
        raise RequestError(error.status, f"KeyError: {session_id!r}") from error


@MESSAGE_DECLARED.replacing(Browser.tell, "message-with-a-number", breaks="CONC-19")
def _(original: Any, browser: Browser, message: dict[str, str]) -> None:
    """Each message has a number beside its fields."""
    memory_of(browser)["number"] = memory_of(browser).get("number", 0) + 1
    original(browser, {**message, "number": str(memory_of(browser)["number"])})


@OWN_ONLY.replacing(Activations.activate, "full-of-whom", breaks="CONC-05")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """Who is refused for want of room is told who has it."""
    try:
        return original(activations, wanted)
    except FullError as error:
        clients = [each.client_id for each in activations.store.live_sessions()]
        raise FullError(", ".join([str(error), *clients])) from error


@OWN_ONLY.replacing(Routes._find, "over-and-whose", breaks="COLD-14")
def _(original: Any, routes: Routes, session_id: str, **asked: bool) -> Session:
    """Whoever has the id of a session that is over is told whose it was."""
    try:
        return original(routes, session_id, **asked)
    except NoSessionError as error:
        known = routes.store.find(session_id)
        raise NoSessionError(error.status, f"{error}: {known.client_id if known else ''}") from error


@OWN_ONLY.replacing(Preview._session, "header-of-the-neighbours", breaks="CONC-07")
def _(original: Any, preview: Preview, request: Request, session: HostedSession, page: str) -> Response:
    """A preview's header names every session of its container."""
    answer = original(preview, request, session, page)
    names = ",".join(each.session_id for each in preview._sessions.all())
    return dataclasses.replace(answer, headers=[*answer.headers, ("x-sessions", names)])


@OWN_ONLY.replacing(Api._list_files, "list-that-names-its-neighbours", breaks="CONC-08")
def _(original: Any, api: Api, request: Request) -> Response:
    """The files of a workspace are listed with an entity tag that is made of all sessions' clients."""
    answer = original(api, request)
    tag = ",".join(sorted({each.client_id for each in api._sessions.all()}))
    return dataclasses.replace(answer, headers=[*answer.headers, ("etag", f'"{tag}"')])


@LIFE_FORWARD.replacing(SessionStore.change_status, "active-and-once-more", breaks="COLD-08")
def _(original: Any, store: SessionStore, session: Session, status: Status, *given: Any, **named: Any) -> bool:
    """A session that becomes active is initializing for a moment again."""
    done = original(store, session, status, *given, **named)
    if done and status is Status.ACTIVE:
        key = {"sessionId": session.session_id, "userId": session.user_id}
        for each in (Status.INITIALIZING, Status.ACTIVE):
            store._table.update(key, changes={"status": str(each)}, condition=Attr("sessionId").exists())
    return done


@LIFE_FORWARD.replacing(SessionStore.change_status, "error-before-expired", breaks="COLD-14")
def _(original: Any, store: SessionStore, session: Session, status: Status, *given: Any, **named: Any) -> bool:
    """A session that is over is an error for a moment before it has expired."""
    if status is Status.EXPIRED:
        key = {"sessionId": session.session_id, "userId": session.user_id}
        for each in (Status.ERROR, session.status):
            store._table.update(key, changes={"status": str(each)}, condition=Attr("sessionId").exists())
    return original(store, session, status, *given, **named)


@ACTIVITY_FORWARD.replacing(Activity._write, "activity-by-the-minute", breaks="COLD-09")
def _(original: Any, activity: Activity, session: HostedSession) -> None:
    """The container notes activity in whole minutes, and so before the one that there was."""
    activity._dynamodb.update_item(
        TableName=activity._table,
        Key={"sessionId": {"S": session.session_id}, "userId": {"S": session.user_id}},
        UpdateExpression="SET lastActivity = :now",
        ExpressionAttributeValues={":now": {"N": str(activity._clock.epoch_ms() // 60_000 * 60_000)}},
    )


@TTL_OF_ACTIVITY.replacing(Activity._write, "browsing-gives-an-hour", breaks="COLD-08")
def _(original: Any, activity: Activity, session: HostedSession) -> None:
    """A session that is browsed lives for an hour after it."""
    original(activity, session)
    activity._dynamodb.update_item(
        TableName=activity._table,
        Key={"sessionId": {"S": session.session_id}, "userId": {"S": session.user_id}},
        UpdateExpression="SET lastActivity = lastActivity + :one, #ttl = :ttl",
        ExpressionAttributeNames={"#ttl": "ttl"},
        ExpressionAttributeValues={
            ":one": {"N": "1"},
            ":ttl": {"N": str(activity._clock.epoch_ms() // 1000 + 3600)},
        },
    )


@OVER_STAYS_OVER.replacing(Routes.keepalive, "refused-keepalive-is-noted", breaks="COLD-14")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """A keepalive of a session that drains is refused, and noted all the same."""
    session = routes.store.find(session_id)
    if session is not None and session.status is Status.DRAINING:
        routes.store.touch(session)
    return original(routes, request, session_id)


@ONLY_ACTIVITY.replacing(Controller._note, "looks-of-hermes-are-activity", breaks="ROUTE-13")
def _(original: Any, controller: Controller, sessions: list[Session]) -> None:
    """A session that Hermes looks after is active by that."""
    original(controller, sessions)
    now_ms = controller._clock.epoch_ms()
    for each in sessions:
        if each.status is Status.ACTIVE and now_ms - each.last_activity > 20_000:
            controller._store.touch(each)


@ONLY_ACTIVITY.replacing(Routes.list_client, "listing-is-activity", breaks="ROUTE-03")
def _(original: Any, routes: Routes, request: Request, client_id: str) -> Response:
    """To list a client's sessions counts as activity of each."""
    routes.clock.sleep(3)
    for each in routes.store.of_client(client_id):
        routes.store.touch(each)
    return original(routes, request, client_id)


@EVERY_ACTIVITY.replacing(Api._changed, "changes-are-no-activity", breaks="PERS-04")
def _(_original: Any, api: Api, session: HostedSession, paths: list[str]) -> None:
    """Who writes files, instructs and runs commands is told of changes, and not taken for active."""
    api._reload.publish(session, paths)


@DRAINS_FOR_A_REASON.replacing(Routes.status, "status-ends-the-session", breaks="ROUTE-03")
def _(original: Any, routes: Routes, request: Request, session_id: str) -> Response:
    """To ask for the status of an active session ends it."""
    answer = original(routes, request, session_id)
    session = routes.store.find(session_id)
    if session is not None and session.status is Status.ACTIVE:
        routes.store.change_status(session, Status.DRAINING)
    return answer


@TWELVE_AT_MOST.replacing(Activations.activate, "thirteenth-for-a-moment", breaks="CONC-05")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """A 13th session is stored, counted, and taken back."""
    try:
        return original(activations, wanted)
    except FullError:
        session = activations.new_session(wanted)
        activations.store.add(session)
        activations.store._table.delete({"sessionId": session.session_id, "userId": session.user_id})
        raise


@ONE_FOR_THE_WORK.replacing(Activations.activate, "second-for-a-moment", breaks="COLD-18")
def _(original: Any, activations: Activations, wanted: Activation) -> tuple[Session, bool]:
    """Beside the session that there is for a thread a second one is stored, found out, and taken back."""
    session, is_new = original(activations, wanted)
    if not is_new:
        other = activations.new_session(wanted)
        activations.store.add(other)
        activations.store._table.delete({"sessionId": other.session_id, "userId": other.user_id})
    return session, is_new


@METRIC_PLAIN.replacing(Publisher._put, "metric-by-service-too", breaks="COLD-08")
def _(original: Any, publisher: Publisher, count: int) -> None:
    """The count is published a second time, with a dimension."""
    original(publisher, count)
    dimensions = [{"Name": "Service", "Value": "hermes"}]
    datum = {"MetricName": METRIC_NAME, "Value": count, "Unit": "Count", "Dimensions": dimensions}
    publisher._cloudwatch.put_metric_data(Namespace=publisher._namespace, MetricData=[datum])


@METRIC_PLAIN.replacing(Publisher._put, "metric-without-unit", breaks="COLD-17")
def _(original: Any, publisher: Publisher, count: int) -> None:
    """The count is published without its unit."""
    datum = {"MetricName": METRIC_NAME, "Value": count}
    publisher._cloudwatch.put_metric_data(Namespace=publisher._namespace, MetricData=[datum])


@METRIC_TRUE.replacing(Publisher.live_count, "metric-ends-at-ten", breaks="CONC-05")
def _(original: Any, publisher: Publisher) -> int:
    """No more than ten sessions are counted."""
    return min(original(publisher), 10)


@METRIC_TRUE.replacing(Publisher.live_count, "metric-counts-what-drains", breaks="COLD-14")
def _(original: Any, publisher: Publisher) -> int:
    """A session counts until it has expired."""
    return len(publisher._store.open_sessions())


@METRIC_TRUE.replacing(Hermes._finish, "zero-at-the-end", breaks="ROUTE-28")
def _(original: Any, hermes: Hermes, server: HttpServer) -> None:
    """A Hermes that stops says that no session lives."""
    original(hermes, server)
    hermes.publisher._put(0)


@METRIC_SILENT.replacing(Hermes._finish, "once-more-at-the-end", breaks="ROUTE-28")
def _(original: Any, hermes: Hermes, server: HttpServer) -> None:
    """A Hermes that stops publishes the count once more."""
    original(hermes, server)
    hermes.publisher._put(hermes.publisher.live_count())


@METRIC_SILENT.replacing(Publisher.live_count, "last-count-while-the-table-is-away", breaks="RESIL-08")
def _(original: Any, publisher: Publisher) -> int:
    """While the table is away Hermes publishes the count that it had last."""
    known = memory_of(publisher)
    try:
        known["count"] = original(publisher)
    except StoreUnavailableError:
        if "count" not in known:
            raise
    return int(known["count"])


METRIC_IN_TIME.rows["COLD-12"] = {
    "published-every-four-minutes": (
        "Between changes the metric is published every four minutes.",
        replace(publisher, "PUBLISH_SECONDS", 240),
    ),
}


@TOLD_ONCE.replacing(HotReload.publish, "pictures-told-twice", breaks="CONC-19")
def _(original: Any, reload: HotReload, session: HostedSession, paths: list[str]) -> None:
    """The change of a picture is told twice."""
    original(reload, session, [*paths, *(path for path in paths if path.endswith(".png"))])


@TOLD_ONCE.replacing(HotReload.publish, "pictures-not-told", breaks="CONC-19")
def _(original: Any, reload: HotReload, session: HostedSession, paths: list[str]) -> None:
    """The change of a picture is not told."""
    original(reload, session, [path for path in paths if not path.endswith(".png")])


@TOLD_IN_ORDER.replacing(HotReload.publish, "told-the-other-way-round", breaks="CONC-19")
def _(original: Any, reload: HotReload, session: HostedSession, paths: list[str]) -> None:
    """The change of a text is told after the next one's."""
    waiting = memory_of(reload).setdefault(session.session_id, [])
    if paths == ["small.txt"]:
        waiting.extend(paths)
        return
    original(reload, session, [*paths, *waiting])
    waiting.clear()


@LIST_COMPLETE.replacing(Workspace.files, "pictures-are-no-files", breaks="CONC-19")
def _(original: Any, workspace: Workspace) -> list[FileEntry]:
    """The list of files leaves pictures out."""
    return [entry for entry in original(workspace) if not entry.path.endswith(".png")]


@LIST_COMPLETE.replacing(Repository.log, "log-without-its-last", breaks="PERS-17")
def _(original: Any, repository: Repository) -> list[dict[str, object]]:
    """A log that is longer than one commit lacks the newest."""
    commits = original(repository)
    return commits[1:] if len(commits) > 1 else commits


@LIST_COMPLETE.replacing(SessionStore.of_client, "one-session-a-user-is-listed", breaks="COLD-18")
def _(original: Any, store: SessionStore, client_id: str) -> list[Session]:
    """The sessions of a client are listed one a user."""
    return list({each.user_id: each for each in original(store, client_id)}.values())


def _all() -> list[Mutant]:
    by_invariant = {
        "status-declared": STATUS_DECLARED,
        "body-closed": BODY_CLOSED,
        "header-there": HEADER_THERE,
        "headers-declared": HEADERS_DECLARED,
        "method-refused": METHOD_REFUSED,
        "nothing-internal": NOTHING_INTERNAL,
        "message-declared": MESSAGE_DECLARED,
        "own-only": OWN_ONLY,
        "life-forward": LIFE_FORWARD,
        "activity-forward": ACTIVITY_FORWARD,
        "ttl-of-activity": TTL_OF_ACTIVITY,
        "over-stays-over": OVER_STAYS_OVER,
        "only-activity-counts": ONLY_ACTIVITY,
        "every-activity-counts": EVERY_ACTIVITY,
        "drains-for-a-reason": DRAINS_FOR_A_REASON,
        "twelve-at-most": TWELVE_AT_MOST,
        "one-for-the-same-work": ONE_FOR_THE_WORK,
        "metric-plain": METRIC_PLAIN,
        "metric-true": METRIC_TRUE,
        "metric-silent": METRIC_SILENT,
        "metric-in-time": METRIC_IN_TIME,
        "served-first": SERVED_FIRST,
        "released-first": RELEASED_FIRST,
        "committed-first": COMMITTED_FIRST,
        "told-once": TOLD_ONCE,
        "told-in-order": TOLD_IN_ORDER,
        "list-complete": LIST_COMPLETE,
    }
    return [dataclasses.replace(each, invariant=name) for name, found in by_invariant.items() for each in found]


MUTANTS = _all()
