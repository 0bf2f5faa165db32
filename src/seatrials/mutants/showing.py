"""What can go wrong with what an edit container shows and tells: pages, calls, updates, and that a session is used."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seatrials.mutants.mutant import Mutant, memory_of, replace
from seatrials.seams.http1 import Request, Response, json_response
from seatrials.webordinary import HERMES_AGENT
from seatrials.webordinary.editor import activity, instructions, routes, site
from seatrials.webordinary.editor.activity import Activity
from seatrials.webordinary.editor.answers import RequestError, json_body, text_field
from seatrials.webordinary.editor.hmr import HotReload
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session
from seatrials.webordinary.editor.workspace import Workspace

Call = Callable[[Api, Request], Response]

_write, _place = Workspace.write, Workspace._place
_page, _index, _document, _block = site.page, site.index, site._document, site._block
_publish, _listeners, _touch = HotReload.publish, HotReload._listeners, Activity.touch
_preview_session = Preview._session
_NOT_FOUND = 404
_FRESH = "(attribute_not_exists(lastActivity) OR lastActivity < :now)"
_WHATEVER_ITS_TTL = f"#status = :active AND {_FRESH} AND (#ttl > :seconds OR #ttl <= :seconds)"
_WHATEVER_THERE_IS = (
    f"(attribute_not_exists(#status) OR #status = :active) AND {_FRESH}"
    " AND (attribute_not_exists(#ttl) OR #ttl > :seconds)"
)


def _index_kept(session: Session) -> bytes:
    memory = memory_of(session.workspace)
    if "front" not in memory:
        memory["front"] = _index(session)
    front: bytes = memory["front"]
    return front


def _write_and_forget_index(space: Workspace, path: str, content: bytes) -> None:
    _write(space, path, content)
    memory_of(space).pop("front", None)


def _pages_kept(session: Session, path: str) -> tuple[str, bytes]:
    memory = memory_of(session.workspace)
    if path not in memory:
        memory[path] = _page(session, path)
    kept: tuple[str, bytes] = memory[path]
    return kept


def _plain_pages(session: Session, path: str) -> tuple[str, bytes]:
    kind, content = _page(session, path)
    return "text/plain; charset=utf-8" if kind == site.HTML else kind, content


def _no_nested_pages(session: Session, path: str) -> tuple[str, bytes]:
    if "/" in path.strip("/") and not session.workspace.exists(path):
        raise RequestError(_NOT_FOUND, "no such page")
    return _page(session, path)


def _index_for_missing(session: Session, path: str) -> tuple[str, bytes]:
    try:
        return _page(session, path)
    except RequestError:
        if re.fullmatch(r"[\w/-]+", path) is None:
            raise
        return site.HTML, site.index(session)


def _links_followed(session: Session, path: str) -> tuple[str, bytes]:
    file = session.workspace.repository.project / path
    with session.workspace.repository.on_branch(session.workspace.branch):
        if file.is_symlink() and file.is_file():
            return "text/plain", file.read_bytes()
    return _page(session, path)


def _as_checked_out(session: Session) -> Session:
    kept = session.workspace.repository
    space = Workspace(kept, kept.current_branch(), session.workspace._clock)
    return dataclasses.replace(session, workspace=space)


def _document_in_ascii(session: Session, body: str) -> bytes:
    return _document(session, body).decode().encode("ascii", "replace")


def _block_escaped_twice(block: str) -> str:
    return _block(block.replace("&", "&amp;"))


def _pages_are_no_activity(preview: Preview, request: Request, session: Any, page: str) -> Any:  # noqa: ANN401
    if page:
        others = [each for each in request.headers if each[0] != "user-agent"]
        request = dataclasses.replace(request, headers=[("user-agent", HERMES_AGENT), *others])
    return _preview_session(preview, request, session, page)


def _short_health(preview: Preview, session: Session, arrived: tuple[str, str]) -> Response:
    fields = {"status": "healthy", "sessionId": session.session_id, "taskArn": preview._task_arn}
    return json_response(200, fields, dict([arrived]))


def _for_the_newest(call: Call) -> Call:
    def answer(api: Api, request: Request) -> Response:
        if request.header("x-session-id") is None and api._sessions.all():
            named = [*request.headers, ("x-session-id", api._sessions.all()[-1].session_id)]
            request = dataclasses.replace(request, headers=named)
        return call(api, request)

    return answer


def _nothing_for_unknown(call: Call, nothing: object) -> Call:
    def answer(api: Api, request: Request) -> Response:
        try:
            return call(api, request)
        except RequestError as error:
            if error.status != _NOT_FOUND:
                raise
            return json_response(200, nothing)

    return answer


def _told_first(api: Api, request: Request) -> Response:
    session = api._hosted(request)
    instruction = text_field(json_body(request), "instruction")
    edit = instructions.edit_of(instruction, lambda name: routes._is_file(session, name))
    api._changed(session, [edit.path])
    api._think()
    edit, commit = api._apply(session, instruction)
    return json_response(200, {"filesChanged": list(commit.files), "commit": commit.id})


def _place_and_note(space: Workspace, incoming: Path, path: str) -> None:
    memory_of(space)["was there"] = space._locate(path).is_file()
    _place(space, incoming, path)


def _new_ones_told(api: Api, session: Session, paths: list[str]) -> None:
    if not memory_of(session.workspace).pop("was there", False):
        api._reload.publish(session, paths)
    api._activity.touch(session)


def _publish_encoded(reload: HotReload, session: Session, paths: list[str]) -> None:
    _publish(reload, session, [quote(path) for path in paths])


def _browsers_of_the_user(reload: HotReload, session: Session) -> list[Any]:
    theirs = [each for each in reload._sessions.all() if each.user_id == session.user_id]
    return [browser for each in theirs for browser in _listeners(reload, each)]


def _written_without_ttl(noted: Activity, session: Session) -> None:
    now_ms = noted._clock.epoch_ms()
    noted._dynamodb.update_item(
        TableName=noted._table,
        Key={"sessionId": {"S": session.session_id}, "userId": {"S": session.user_id}},
        UpdateExpression="SET lastActivity = :now",
        ConditionExpression=activity._CONDITION,
        ExpressionAttributeNames={"#ttl": "ttl", "#status": "status"},
        ExpressionAttributeValues={
            ":now": {"N": str(now_ms)},
            ":seconds": {"N": str(now_ms // 1000)},
            ":active": {"S": "active"},
        },
    )


def _touch_all_of_the_user(noted: Activity, session: Session) -> None:
    seen = memory_of(noted)
    seen[session.session_id] = session
    for each in [each for each in seen.values() if each.user_id == session.user_id]:
        _touch(noted, each)


MUTANTS = (
    Mutant(
        "exists-whatever-is-asked",
        breaks="CONC-19",
        sentence="every file is said to exist",
        changes=(replace(Api, "_file_exists", lambda _api, _request: json_response(200, {"exists": True})),),
    ),
    Mutant(
        "preview-in-ascii",
        breaks="COLD-08",
        sentence="the preview shows a question mark for every letter beyond ASCII",
        changes=(replace(site, "_document", _document_in_ascii),),
    ),
    Mutant(
        "preview-escaped-twice",
        breaks="COLD-08",
        sentence="an ampersand is shown as its entity",
        changes=(replace(site, "_block", _block_escaped_twice),),
    ),
    Mutant(
        "preview-in-latin-1",
        breaks="COLD-08",
        sentence="the preview is said to be ISO 8859-1",
        changes=(replace(site, "HTML", "text/html; charset=iso-8859-1"),),
    ),
    Mutant(
        "preview-of-whatever-branch",
        breaks="PERS-05",
        sentence="the preview shows the thread that is checked out",
        changes=(
            replace(site, "index", lambda session: _index(_as_checked_out(session))),
            replace(site, "page", lambda session, path: _page(_as_checked_out(session), path)),
        ),
    ),
    Mutant(
        "links-shown",
        breaks="PERS-14",
        sentence="the preview follows links out of the workspace",
        changes=(replace(site, "page", _links_followed),),
    ),
    Mutant(
        "pages-are-plain-text",
        breaks="ROUTE-05",
        sentence="pages are said to be plain text",
        changes=(replace(site, "page", _plain_pages),),
    ),
    Mutant(
        "pages-built-once",
        breaks="ROUTE-05",
        sentence="a page is built once and never again",
        changes=(replace(site, "page", _pages_kept),),
    ),
    Mutant(
        "pages-in-folders-not-found",
        breaks="ROUTE-05",
        sentence="pages in folders are not found",
        changes=(replace(site, "page", _no_nested_pages),),
    ),
    Mutant(
        "front-for-missing-pages",
        breaks="ROUTE-05",
        sentence="a page that is not there is answered with the front page",
        changes=(replace(site, "page", _index_for_missing),),
    ),
    Mutant(
        "health-without-an-owner",
        breaks="ROUTE-05",
        sentence="the health of a session does not say whose it is",
        changes=(replace(Preview, "_health", _short_health),),
    ),
    Mutant(
        "front-built-for-instructions-alone",
        breaks="ROUTE-11",
        sentence="the front page is built anew after instructions, and not after uploads",
        changes=(replace(site, "index", _index_kept), replace(Workspace, "write", _write_and_forget_index)),
    ),
    Mutant(
        "told-before-it-is-there",
        breaks="ROUTE-11",
        sentence="an update is sent before its file can be read",
        changes=(replace(Api, "_execute", _told_first),),
    ),
    Mutant(
        "new-files-told-alone",
        breaks="ROUTE-11",
        sentence="a change of a file that was there sends no update",
        changes=(replace(Workspace, "_place", _place_and_note), replace(Api, "_changed", _new_ones_told)),
    ),
    Mutant(
        "newest-browser-told-alone",
        breaks="ROUTE-11",
        sentence="of several browsers of a session the newest one alone gets updates",
        changes=(replace(HotReload, "_listeners", lambda reload, session: _listeners(reload, session)[-1:]),),
    ),
    Mutant(
        "updates-percent-encoded",
        breaks="ROUTE-11",
        sentence="an update names its file percent-encoded",
        changes=(replace(HotReload, "publish", _publish_encoded),),
    ),
    Mutant(
        "updates-to-all-of-the-user",
        breaks="ROUTE-11",
        sentence="updates go to every session of the user",
        changes=(replace(HotReload, "_listeners", _browsers_of_the_user),),
    ),
    Mutant(
        "nameless-calls-go-to-the-newest",
        breaks="ROUTE-07",
        sentence="git is asked for the newest session where none is named",
        changes=(
            replace(Api, "_git_log", _for_the_newest(Api._git_log)),
            replace(Api, "_git_status", _for_the_newest(Api._git_status)),
        ),
    ),
    Mutant(
        "unknown-sessions-are-empty",
        breaks="ROUTE-07",
        sentence="of a session that nobody knows no file exists and git is clean",
        changes=(
            replace(Api, "_file_exists", _nothing_for_unknown(Api._file_exists, {"exists": False})),
            replace(Api, "_git_status", _nothing_for_unknown(Api._git_status, {"branch": "", "clean": True})),
        ),
    ),
    Mutant(
        "commands-of-unknown-sessions",
        breaks="PERS-16",
        sentence="a command of a session that nobody knows is answered with 200",
        changes=(replace(Api, "_exec", _nothing_for_unknown(Api._exec, {"output": "", "exitCode": 0})),),
    ),
    Mutant(
        "pages-are-no-activity",
        breaks="PERS-08",
        sentence="a request to a page is no activity, one to the front page alone is",
        changes=(replace(Preview, "_session", _pages_are_no_activity),),
    ),
    Mutant(
        "activity-without-ttl",
        breaks="PERS-08",
        sentence="browsing moves lastActivity and leaves ttl where it was",
        changes=(replace(Activity, "_write", _written_without_ttl),),
    ),
    Mutant(
        "browsing-revives",
        breaks="PERS-10",
        sentence="browsing brings a session back that is past its ttl",
        changes=(replace(activity, "_CONDITION", _WHATEVER_ITS_TTL),),
    ),
    Mutant(
        "browsing-makes-an-item",
        breaks="PERS-11",
        sentence="browsing makes an item anew that was deleted",
        changes=(replace(activity, "_CONDITION", _WHATEVER_THERE_IS),),
    ),
    Mutant(
        "activity-of-all-of-the-user",
        breaks="CONC-11",
        sentence="activity in one session keeps all sessions of its user alive",
        changes=(replace(Activity, "touch", _touch_all_of_the_user),),
    ),
)
