"""What can go wrong with where a request goes: rules, paths, headers, sessions and WebSockets.

How the load balancer treats a request on its way is in `balancing.py`.
"""

import dataclasses
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wsproto import events as ws_events

from seatrials.mutants.mutant import Mutant, edit_template, replace
from seatrials.seams.http1 import Request, Response, ServerWebSocket, Upgrade
from seatrials.twin.balancer import forwarding, visit
from seatrials.twin.balancer.messages import Headers, RequestHead
from seatrials.twin.balancer.rules import HttpHeader, Incoming, PathPattern, Rule, RuleList, wildcard
from seatrials.webordinary.editor import workspace as editor_workspace
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.hmr import Browser, HotReload
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session, Sessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import rules
from seatrials.webordinary.hermes.fleet import Task
from seatrials.webordinary.hermes.routing import PORTS, Router

Document = dict[str, Any]


def _properties(document: Document, resource: str) -> Document:
    properties: Document = document["Resources"][resource]["Properties"]
    return properties


def _closed_to_the_balancer(document: Document) -> None:
    for rule in _properties(document, "TaskSecurityGroup")["SecurityGroupIngress"]:
        if rule["FromPort"] == PORTS["api"]:
            del rule["SourceSecurityGroupId"]
            rule["CidrIp"] = "10.99.0.0/16"


def _set_paths(document: Document, resource: str, *patterns: str) -> None:
    _properties(document, resource)["Conditions"][0]["PathPatternConfig"]["Values"] = list(patterns)


def _forward_to(group: str) -> list[Document]:
    return [{"Type": "forward", "TargetGroupArn": {"Ref": group}}]


def _health_says_ok(document: Document) -> None:
    _properties(document, "HealthRule")["Actions"][0]["FixedResponseConfig"]["MessageBody"] = '{"status":"ok"}'


def _health_by_prefix(document: Document) -> None:
    _set_paths(document, "HealthRule", "/health*")


def _api_to_preview(document: Document) -> None:
    _properties(document, "EditApiRule")["Actions"] = _forward_to("EditPreviewTargetGroup")


def _hermes_takes_api(document: Document) -> None:
    _set_paths(document, "HermesRule", "/hermes/*", "/api/*")


def _no_hermes_status(document: Document) -> None:
    _set_paths(document, "HermesRule", "/hermes/health", "/hermes/api/*")


def _assets_to_api(document: Document) -> None:
    _properties(document, "EditPreviewRule")["Actions"] = _forward_to("EditApiTargetGroup")


def _assets_forgotten(document: Document) -> None:
    _set_paths(document, "EditPreviewRule", "/preview/*")


def _sessions_for_all(document: Document) -> None:
    _set_paths(document, "EditPreviewRule", "/preview/*", "/_astro/*", "/session/*")


def _api_without_slash(document: Document) -> None:
    _set_paths(document, "EditApiRule", "/api*")


def _default_to_preview(document: Document) -> None:
    _properties(document, "HttpsListener")["DefaultActions"] = _forward_to("EditPreviewTargetGroup")


_ensure_groups = Router.ensure_groups


def _in_every_group(router: Router, task: Task) -> dict[str, str]:
    """Stand in for `ensure_groups` of a Hermes that registers a new task in the groups of the others too."""
    arns = _ensure_groups(router, task)
    for name, arn in router._groups().items():
        target = {"Id": task.address, "Port": PORTS[name.split("-")[1]]}
        router._elbv2.register_targets(TargetGroupArn=arn, Targets=[target])
    return arns


_outgoing_head = forwarding.outgoing_head


def _without_query(request: RequestHead, *arguments: Any, **others: Any) -> bytes:  # noqa: ANN401  # passed on
    return _outgoing_head(dataclasses.replace(request, target=request.path), *arguments, **others)


def _with_slashes(request: RequestHead, *arguments: Any, **others: Any) -> bytes:  # noqa: ANN401  # passed on
    target = request.target.replace("%2F", "/")
    return _outgoing_head(dataclasses.replace(request, target=target), *arguments, **others)


_conditions_of = rules.conditions_of


def _no_api_rule(session_id: str) -> dict[str, rules.Conditions]:
    return {kind: each for kind, each in _conditions_of(session_id).items() if kind != "api"}


def _header_on_every_path(session_id: str) -> dict[str, rules.Conditions]:
    conditions = _conditions_of(session_id)
    return {**conditions, "api": conditions["api"][:1]}


def _websocket_rule(session_id: str, *parameters: tuple[str, str]) -> dict[str, rules.Conditions]:
    conditions = _conditions_of(session_id)
    values = [{"Key": key, "Value": value} for key, value in parameters]
    query = {"Field": "query-string", "QueryStringConfig": {"Values": values}}
    return {**conditions, "hmr": [conditions["hmr"][0], query]}


def _websocket_of_anyone(session_id: str) -> dict[str, rules.Conditions]:
    return _websocket_rule(session_id, ("sessionId", session_id), ("sessionId", "*"))


def _websocket_by_another_key(session_id: str) -> dict[str, rules.Conditions]:
    return _websocket_rule(session_id, ("session", session_id))


_find = Sessions.find


def _only_one_will_do(sessions: Sessions, session_id: str) -> Session:
    hosted = sessions.all()
    return hosted[0] if len(hosted) == 1 else _find(sessions, session_id)


def _by_beginning(sessions: Sessions, session_id: str) -> Session:
    matching = [each for each in sessions.all() if session_id and each.session_id.startswith(session_id)]
    return matching[0] if matching else _find(sessions, session_id)


_forget = Sessions.forget


def _remember(sessions: Sessions, session_id: str) -> str | None:
    commit = _forget(sessions, session_id)
    vars(sessions).setdefault("_over", []).append(session_id)
    return commit


def _expired_is_told(sessions: Sessions, session_id: str) -> Session:
    if session_id in vars(sessions).get("_over", []):
        raise RequestError(410, "session expired")
    return _find(sessions, session_id)


_status = Api._status


def _status_for_anyone(api: Api, request: Request) -> Response:
    headers = [each for each in request.headers if each[0] != "x-session-id"]
    return _status(api, dataclasses.replace(request, headers=headers))


_preview_session = Preview._session


def _header_trusted(preview: Preview, request: Request, session: Session, page: str) -> Response:
    named = preview._sessions._hosted.get(request.header("x-session-id") or "")
    return _preview_session(preview, request, named or session, page)


_dispatch = ServerWebSocket._dispatch


class _Deaf:
    """A WebSocket's protocol that hides pings from who serves it."""

    def __init__(self, protocol: Any) -> None:  # noqa: ANN401  # wsproto's, of which only `events` is used here
        self._protocol = protocol

    def events(self) -> Iterator[object]:
        return (event for event in self._protocol.events() if not isinstance(event, ws_events.Ping))


def _pings_ignored(websocket: ServerWebSocket, on_text: Any) -> None:  # noqa: ANN401  # passed on
    protocol = websocket.protocol
    websocket.protocol = _Deaf(protocol)  # type: ignore[assignment]  # as much of one as `_dispatch` needs
    try:
        _dispatch(websocket, on_text)
    finally:
        websocket.protocol = protocol


def _upgrade_dropped(_request: RequestHead) -> Headers:
    return [("Connection", "close")]


def _everyones_browsers(reload: HotReload, _session: Session) -> list[Browser]:
    return [browser for browsers in reload._browsers.values() for browser in browsers]


_publish = HotReload.publish


def _last_parts(reload: HotReload, session: Session, paths: list[str]) -> None:
    _publish(reload, session, [posixpath.basename(path) for path in paths])


_hmr_route = HotReload.route


def _whoever_comes(reload: HotReload, request: Request) -> Response | Upgrade:
    if request.path != "/ws/hmr":
        return _hmr_route(reload, request)
    return Upgrade(lambda websocket: reload._serve(request.query.get("sessionId", ""), websocket))


def _as_listed(listed: list[Rule]) -> RuleList:
    return RuleList(tuple(sorted(listed, key=lambda rule: rule.priority is None)))


def _path_in_any_case(condition: PathPattern, request: Incoming) -> bool:
    return any(wildcard(value, ignore_case=True).fullmatch(request.path) for value in condition.values)


def _value_to_the_letter(condition: HttpHeader, request: Incoming) -> bool:
    found = [text for key, text in request.headers if key.lower() == condition.name.lower()]
    return any(wildcard(value, ignore_case=False).fullmatch(text) for value in condition.values for text in found)


def _joined(workspace: Workspace, path: str) -> Path:
    return Path(workspace.repository.project, path.replace("\0", ""))


def _dots_checked(workspace: Workspace, path: str) -> Path:
    if ".." in path.split("/") or "\0" in path:
        raise editor_workspace._outside(path)
    return workspace.repository.project / path


MUTANTS = (
    Mutant(
        "tasks-closed-to-the-balancer",
        breaks="ROUTE-02",
        sentence="the API port lets a network in that is gone, and not the load balancer",
        changes=(edit_template(_closed_to_the_balancer),),
    ),
    Mutant(
        "health-says-ok",
        breaks="ROUTE-01",
        sentence="/health has another body than the contract's",
        changes=(edit_template(_health_says_ok),),
    ),
    Mutant(
        "health-by-prefix",
        breaks="ROUTE-01",
        sentence="the rule for /health takes everything that begins like it",
        changes=(edit_template(_health_by_prefix),),
    ),
    Mutant(
        "api-to-preview-port",
        breaks="ROUTE-02",
        sentence="the shared rule for /api/* leads to the preview's port",
        changes=(edit_template(_api_to_preview),),
    ),
    Mutant(
        "hermes-takes-api",
        breaks="ROUTE-02",
        sentence="Hermes's rule takes /api/* too, before the sessions' own rules",
        changes=(edit_template(_hermes_takes_api),),
    ),
    Mutant(
        "hermes-status-forgotten",
        breaks="ROUTE-03",
        sentence="Hermes's rule lists its paths one by one, and one is forgotten",
        changes=(edit_template(_no_hermes_status),),
    ),
    Mutant(
        "task-in-every-group",
        breaks="ROUTE-04",
        sentence="a new task is registered in the target groups of the other tasks too",
        changes=(replace(Router, "ensure_groups", _in_every_group),),
    ),
    Mutant(
        "query-dropped",
        breaks="ROUTE-05",
        sentence="requests reach the container without their query",
        changes=(replace(visit, "outgoing_head", _without_query),),
    ),
    Mutant(
        "path-decoded-on-the-way",
        breaks="ROUTE-05",
        sentence="an encoded slash is decoded on the way to the container",
        changes=(replace(visit, "outgoing_head", _with_slashes),),
    ),
    Mutant(
        "no-rule-for-the-session-header",
        breaks="ROUTE-06",
        sentence="Hermes makes no rule for the session's header, so any container gets its calls",
        changes=(replace(rules, "conditions_of", _no_api_rule),),
    ),
    Mutant(
        "only-session-for-unknown",
        breaks="ROUTE-07",
        sentence="a container with one session takes every id for it",
        changes=(replace(Sessions, "find", _only_one_will_do),),
    ),
    Mutant(
        "session-by-its-beginning",
        breaks="ROUTE-07",
        sentence="a container finds a session by the beginning of its id",
        changes=(replace(Sessions, "find", _by_beginning),),
    ),
    Mutant(
        "status-for-unknown",
        breaks="ROUTE-07",
        sentence="a container tells an unknown session what it hosts",
        changes=(replace(Api, "_status", _status_for_anyone),),
    ),
    Mutant(
        "header-over-path",
        breaks="ROUTE-08",
        sentence="the preview believes the header more than the path",
        changes=(replace(Preview, "_session", _header_trusted),),
    ),
    Mutant(
        "header-rule-without-path",
        breaks="ROUTE-08",
        sentence="the rule for the session's header has no condition on the path",
        changes=(replace(rules, "conditions_of", _header_on_every_path),),
    ),
    Mutant(
        "assets-to-api-port",
        breaks="ROUTE-09",
        sentence="the shared rule for pages and assets leads to the API's port",
        changes=(edit_template(_assets_to_api),),
    ),
    Mutant(
        "assets-forgotten",
        breaks="ROUTE-09",
        sentence="pages have a rule and their assets have none",
        changes=(edit_template(_assets_forgotten),),
    ),
    Mutant(
        "upgrade-dropped",
        breaks="ROUTE-10",
        sentence="the header that asks for a WebSocket does not reach the container",
        changes=(replace(forwarding, "_connection", _upgrade_dropped),),
    ),
    Mutant(
        "pings-ignored",
        breaks="ROUTE-10",
        sentence="the container does not answer a WebSocket's pings",
        changes=(replace(ServerWebSocket, "_dispatch", _pings_ignored),),
    ),
    Mutant(
        "updates-for-everyone",
        breaks="ROUTE-11",
        sentence="an update goes to the browsers of every session",
        changes=(replace(HotReload, "_listeners", _everyones_browsers),),
    ),
    Mutant(
        "updates-without-folder",
        breaks="ROUTE-11",
        sentence="an update names a file without its folder",
        changes=(replace(HotReload, "publish", _last_parts),),
    ),
    Mutant(
        "websocket-for-anyone",
        breaks="ROUTE-12",
        sentence="any id has a way to the container, which opens a WebSocket for whoever comes",
        changes=(
            replace(rules, "conditions_of", _websocket_of_anyone),
            replace(HotReload, "route", _whoever_comes),
        ),
    ),
    Mutant(
        "websocket-by-another-key",
        breaks="ROUTE-12",
        sentence="the rule for WebSockets looks for another parameter than browsers send",
        changes=(replace(rules, "conditions_of", _websocket_by_another_key),),
    ),
    Mutant(
        "rules-in-listing-order",
        breaks="ROUTE-14",
        sentence="rules are applied in the order in which they were made",
        changes=(replace(RuleList, "of", _as_listed),),
    ),
    Mutant(
        "session-rules-last",
        breaks="ROUTE-14",
        sentence="the sessions' rules have higher numbers than the shared ones",
        changes=(replace(rules, "PRIORITIES", range(650, 1000)),),
    ),
    Mutant(
        "default-to-preview",
        breaks="ROUTE-15",
        sentence="what no rule names goes to the preview",
        changes=(edit_template(_default_to_preview),),
    ),
    Mutant(
        "api-without-slash",
        breaks="ROUTE-15",
        sentence="the shared rule for the API takes every path that begins with /api",
        changes=(edit_template(_api_without_slash),),
    ),
    Mutant(
        "paths-in-any-case",
        breaks="ROUTE-16",
        sentence="paths are compared without regard to case",
        changes=(replace(PathPattern, "matches", _path_in_any_case),),
    ),
    Mutant(
        "header-values-to-the-letter",
        breaks="ROUTE-16",
        sentence="the values of headers are compared with regard to case",
        changes=(replace(HttpHeader, "matches", _value_to_the_letter),),
    ),
    Mutant(
        "session-header-to-the-letter",
        breaks="ROUTE-16",
        sentence="the container knows its sessions only in the spelling of their activation",
        changes=(replace(Sessions, "find_in_any_case", Sessions.find),),
    ),
    Mutant(
        "expired-is-told",
        breaks="ROUTE-17",
        sentence="the container says of a session that it was there and is over",
        changes=(replace(Sessions, "forget", _remember), replace(Sessions, "find", _expired_is_told)),
    ),
    Mutant(
        "catch-all-for-sessions",
        breaks="ROUTE-17",
        sentence="a shared rule leads previews of unknown sessions to some container",
        changes=(edit_template(_sessions_for_all),),
    ),
    Mutant(
        "paths-joined-unchecked",
        breaks="ROUTE-19",
        sentence="the path of a page is joined to the workspace's without a look at it",
        changes=(replace(Workspace, "_locate", _joined),),
    ),
    Mutant(
        "only-dots-checked",
        breaks="ROUTE-19",
        sentence="the path of a page may not have two dots, but may begin with a slash",
        changes=(replace(Workspace, "_locate", _dots_checked),),
    ),
)
