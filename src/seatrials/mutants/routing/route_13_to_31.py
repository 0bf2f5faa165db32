"""What can go wrong with a request on its way: ROUTE-13 to ROUTE-28, ROUTE-30 and ROUTE-31."""

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from seatrials.mutants import Mutants, calibrate, memory_of, replace, wrap
from seatrials.mutants.template_edits import Document, attribute, forward, properties, put, set_paths
from seatrials.seams.http1 import HttpServer, Request, Response
from seatrials.twin.authority import Authority
from seatrials.twin.balancer import desync, forwarding, messages, proxy, server, streams, visit
from seatrials.twin.balancer.answers import own_answer
from seatrials.twin.balancer.health import Health, Outcome, State
from seatrials.twin.balancer.messages import RequestHead
from seatrials.twin.balancer.node_targets import NodeTargets, Target
from seatrials.twin.balancer.proxy import Exchange, Result
from seatrials.twin.balancer.registrations import Registration
from seatrials.twin.balancer.rules import Forward, HttpHeader, Incoming, PathPattern, Rule, RuleList, wildcard
from seatrials.twin.balancer.streams import CHUNK_BYTES, PEER_GONE
from seatrials.twin.balancer.visit import Visit
from seatrials.twin.calibration import Spread
from seatrials.webordinary.editor import answers, workspace
from seatrials.webordinary.editor import preview as editor_preview
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor import sessions as editor_sessions
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.editor.sessions import Session as HostedSession
from seatrials.webordinary.editor.sessions import Sessions as HostedSessions
from seatrials.webordinary.editor.workspace import Workspace
from seatrials.webordinary.hermes import rules
from seatrials.webordinary.hermes.controller import Controller
from seatrials.webordinary.hermes.lifecycle import Session
from seatrials.webordinary.hermes.main import Hermes
from seatrials.webordinary.hermes.routes import NoSessionError, Routes

MUTANTS = Mutants()

MUTANTS.rows["ROUTE-13"] = {
    "idle-after-half-a-minute": (
        "The idle timeout is 30 s.",
        attribute("LoadBalancer", "idle_timeout.timeout_seconds", "30"),
    ),
    "idle-after-an-hour-of-silence": (
        "The idle timeout is an hour, so a quiet WebSocket stays.",
        attribute("LoadBalancer", "idle_timeout.timeout_seconds", "3600"),
    ),
}


@MUTANTS.replacing(Exchange._relayed, "pings-do-not-count", breaks="ROUTE-13")
def _(original: Any, exchange: Exchange, source: Any) -> bytes:
    """The idle timeout ends a WebSocket whatever passes through it."""
    left = exchange._active_at + exchange.idle_timeout_seconds - exchange.clock.now()
    return source.receive(CHUNK_BYTES, max(0.0, left))


MUTANTS.rows["ROUTE-14"] = {
    "session-rules-last": ("The sessions' rules come last.", replace(rules, "PRIORITIES", range(650, 1000))),
}


@MUTANTS.replacing(RuleList.of, "rules-in-listing-order", breaks="ROUTE-14")
def _(original: Any, listed: list[Rule]) -> RuleList:
    """Rules are applied in the order in which they were made."""
    return RuleList(tuple(sorted(listed, key=lambda rule: rule.priority is None)))


MUTANTS.rows["ROUTE-15"] = {
    "default-to-preview": (
        "What no rule names goes to the preview.",
        put("HttpsListener", "DefaultActions", forward("EditPreviewTargetGroup")),
    ),
    "api-without-slash": ("The API's shared rule takes all that begins with /api.", set_paths("EditApiRule", "/api*")),
}


@MUTANTS.replacing(rules.conditions_of, "preview-rule-without-slash", breaks="ROUTE-15")
def _(original: Any, session_id: str) -> dict[str, Any]:
    """A session's rule takes every path that begins with its preview's."""
    path = f"/session/{session_id}"
    return {**original(session_id), "preview": [rules._path(path, f"{path}*")]}


@MUTANTS.replacing(rules.conditions_of, "hmr-rule-on-every-path", breaks="ROUTE-15")
def _(original: Any, session_id: str) -> dict[str, Any]:
    """A session's rule for WebSockets takes every path with its id in the query."""
    conditions = original(session_id)
    return {**conditions, "hmr": [each for each in conditions["hmr"] if each["Field"] == "query-string"]}


MUTANTS.rows["ROUTE-16"] = {
    "session-header-to-the-letter": (
        "The container knows its sessions only in the spelling of their activation.",
        wrap(HostedSessions.find_in_any_case, lambda _original, hosted, session_id: hosted.find(session_id)),
    ),
}


@MUTANTS.replacing(PathPattern.matches, "paths-in-any-case", breaks="ROUTE-16")
def _(original: Any, condition: PathPattern, request: Incoming) -> bool:
    """Paths are compared without regard to case."""
    return any(wildcard(value, ignore_case=True).fullmatch(request.path) for value in condition.values)


@MUTANTS.replacing(HttpHeader.matches, "header-values-to-the-letter", breaks="ROUTE-16")
def _(original: Any, condition: HttpHeader, request: Incoming) -> bool:
    """The values of headers are compared with regard to case."""
    found = [text for key, text in request.headers if key.lower() == condition.name.lower()]
    return any(wildcard(value, ignore_case=False).fullmatch(text) for value in condition.values for text in found)


MUTANTS.rows["ROUTE-17"] = {
    "catch-all-for-sessions": (
        "A shared rule leads previews of unknown sessions to some container.",
        set_paths("EditPreviewRule", "/preview/*", "/_astro/*", "/session/*"),
    ),
}


@MUTANTS.replacing(HostedSessions.forget, "expired-is-told", breaks="ROUTE-17")
def _(original: Any, sessions: HostedSessions, session_id: str) -> None:
    """The container says of a session that it was there and is over."""
    original(sessions, session_id)
    memory_of(sessions)[session_id] = "over"


@MUTANTS.and_replacing(HostedSessions.find)
def _(original: Any, sessions: HostedSessions, session_id: str) -> HostedSession:
    if session_id in memory_of(sessions):
        raise RequestError(410, "session expired")
    return original(sessions, session_id)


def _first_length(named: messages.Values) -> messages.Values:
    """Return the first Content-Length of *named*, if there is one, as the only one."""
    return {"content-length": named.get("content-length", [])[:1]}


MUTANTS.rows["ROUTE-18"] = {
    "first-length-taken": (
        "Of two Content-Lengths that differ the first is believed.",
        wrap(desync._length_reasons, lambda _original, _values: iter(())),
        wrap(messages._length, lambda original, named: original({**named, **_first_length(named)})),
    ),
    "long-headers-passed": ("A header may be as long as all of them.", replace(messages, "LINE_BYTES_MAX", 64 * 1024)),
}


@MUTANTS.replacing(messages._request_line, "trace-passed", breaks="ROUTE-18")
def _(original: Any, line: str) -> tuple[str, str, str]:
    """TRACE is passed on to the container."""
    method, _, rest = line.partition(" ")
    return method, *original(f"GET {rest}" if method == "TRACE" else line)[1:]


@MUTANTS.replacing(server._ClientConnection._refuse, "refused-and-kept-open", breaks="ROUTE-18")
def _(original: Any, connection: Any, status: int, *_: Any, **_named: Any) -> None:
    """A malformed request is refused and its connection stays open."""
    try:
        connection._connection.send(own_answer(status, now=connection._workings.clock.now(), keep_alive=True))
        while connection._connection.receive(CHUNK_BYTES, 60):
            pass
    except (TimeoutError, *PEER_GONE):
        return


@MUTANTS.replacing(Workspace._locate, "paths-joined-unchecked", breaks="ROUTE-19")
def _(original: Any, space: Workspace, path: str) -> Path:
    """The path of a page is joined to the workspace's without a look at it."""
    return Path(space.repository.project, path.replace("\0", ""))


@MUTANTS.replacing(Workspace._locate, "only-dots-checked", breaks="ROUTE-19")
def _(original: Any, space: Workspace, path: str) -> Path:
    """The path of a page may not have two dots, but may begin with a slash."""
    if ".." in path.split("/") or "\0" in path:
        raise workspace._outside()
    return space.repository.project / path


@MUTANTS.replacing(NodeTargets.choose, "first-target-always", breaks="ROUTE-20")
def _(original: Any, targets: NodeTargets, group_arn: str) -> Target | None:
    """The first healthy target gets every request."""
    return next(iter(targets._candidates(group_arn)), None)


def _those_in(*states: State) -> Callable[[Any, NodeTargets, str], list[Target]]:
    """Return a `_candidates` that finds the targets in these *states*."""
    return lambda _original, node, group_arn: [
        each for each in node._targets.get(group_arn, {}).values() if each.health.state in states
    ]


MUTANTS.rows["ROUTE-21"] = {
    "unhealthy-targets-chosen": (
        "A target that is marked unhealthy still gets requests.",
        wrap(NodeTargets._candidates, _those_in(State.HEALTHY, State.UNHEALTHY)),
    ),
    "no-fail-open": ("If all are sick, none is asked.", wrap(NodeTargets._candidates, _those_in(State.HEALTHY))),
    "checks-every-five-minutes": (
        "Health is checked so seldom that a sick target is asked for minutes.",
        put("EditApiTargetGroup", "HealthCheckIntervalSeconds", 300),
    ),
}


@MUTANTS.replacing(Health._needed, "once-unhealthy-always-unhealthy", breaks="ROUTE-21")
def _(original: Any, health: Health, outcome: Outcome, settings: Any) -> int:
    """A target that has recovered stays marked."""
    return 1_000_000 if outcome.passed and health.state is State.UNHEALTHY else original(health, outcome, settings)


MUTANTS.rows["ROUTE-22"] = {
    "draining-targets-chosen": (
        "A draining target still gets new requests.",
        wrap(NodeTargets._candidates, _those_in(State.HEALTHY, State.DRAINING)),
    ),
    "no-deregistration-delay": (
        "The deregistration delay of the shared API is 0.",
        attribute("EditApiTargetGroup", "deregistration_delay.timeout_seconds", "0"),
    ),
}


@MUTANTS.replacing(NodeTargets._drain, "draining-cuts-requests", breaks="ROUTE-22")
def _(original: Any, targets: NodeTargets, registration: Registration, delay_seconds: float) -> None:
    """A target that is deregistered loses its requests in flight."""
    original(targets, registration, delay_seconds)
    target = targets._find(registration)
    for flight in list(target.flights) if target is not None else ():
        flight.cut()


MUTANTS.rows["ROUTE-23"] = {
    "timeout-is-502": (
        "A target that hangs is reported like one that closes.",
        wrap(Exchange._failed, lambda original, exchange, status: original(exchange, {504: 502}.get(status, status))),
    ),
}


@MUTANTS.replacing(Visit._act, "default-without-target", breaks="ROUTE-23")
def _(original: Any, request: Visit, rule: Rule) -> Result:
    """Where a group has no target the default rule answers."""
    groups = rule.action.groups if isinstance(rule.action, Forward) else ()
    is_empty = bool(groups) and not any(request._workings.targets._targets.get(arn) for arn, _ in groups)
    return original(request, request._workings.view.rules(request._listener).rules[-1] if is_empty else rule)


MUTANTS.rows["ROUTE-24"] = {
    "forwarded-for-preserved": (
        "X-Forwarded-For is passed on as the client sent it.",
        attribute("LoadBalancer", "routing.http.xff_header_processing.mode", "preserve"),
    ),
    "forwarded-for-replaced": (
        "X-Forwarded-For loses what proxies before wrote.",
        wrap(forwarding._forwarded_for, lambda _original, _request, _settings, peer: [("X-Forwarded-For", peer)]),
    ),
}


@MUTANTS.replacing(forwarding.outgoing_head, "forwarded-proto-trusted", breaks="ROUTE-24", used_by=visit)
def _(original: Any, request: RequestHead, *arguments: Any, **others: Any) -> bytes:
    """X-Forwarded-Proto is what the client says."""
    head = original(request, *arguments, **others)
    given = next(iter(request.values("x-forwarded-proto")), "https")
    return head.replace(b"X-Forwarded-Proto: https\r\n", f"X-Forwarded-Proto: {given}\r\n".encode())


@MUTANTS.replacing(forwarding._trace_id, "trace-begun-anew", breaks="ROUTE-24")
def _(original: Any, _request: RequestHead, now: float, random: Any) -> str:
    """A trace that the client began is lost."""
    return f"Root=1-{int(now):08x}-{random.getrandbits(96):024x}"


@MUTANTS.replacing(streams.framed, "chunks-cut", breaks="ROUTE-25", used_by=proxy)
def _(original: Any, part: bytes, *, chunked: bool) -> bytes:
    """A chunk of 16 KB loses its last byte."""
    return original(part[:0x3FFF] if chunked else part, chunked=chunked)


@MUTANTS.replacing(editor_routes._parts, "stream-without-its-end", breaks="ROUTE-25")
def _(original: Any, content: bytes) -> Iterator[bytes]:
    """A streamed file lacks its last part."""
    size = editor_routes._PART_BYTES
    return (content[start : start + size] for start in range(0, len(content) - size, size))


@MUTANTS.replacing(Api.route, "a-megabyte-at-most", breaks="ROUTE-25")
def _(original: Any, api: Api, request: Request) -> Response:
    """The container takes no body over 1 MB."""
    if len(request.body) > 1 << 20:
        raise RequestError(413, "the body is larger than 1 MB", "body")
    return original(api, request)


@MUTANTS.replacing(Preview.route, "head-is-empty", breaks="ROUTE-25")
def _(original: Any, preview: Preview, request: Request) -> Response:
    """The answer to a HEAD has the length 0."""
    answer = original(preview, request)
    return Response(answer.status, b"", answer.headers) if request.method == "HEAD" else answer


@MUTANTS.and_replacing(answers.not_allowed, used_by=editor_preview)
@MUTANTS.replacing(answers.not_allowed, "options-refused", breaks="ROUTE-25", used_by=editor_routes)
def _(original: Any, request: Request, allowed: list[str]) -> Response:
    """OPTIONS is refused like any other method."""
    raise RequestError(405, f"{request.method} is not allowed", headers={"allow": ", ".join(allowed)})


MUTANTS.rows["ROUTE-26"] = {
    "slow-balancer": ("The balancer takes over half a second.", calibrate(balancer_latency=Spread(0.5, 0.6, 0.8))),
}


@MUTANTS.replacing(Routes.health, "one-in-forty-waits", breaks="ROUTE-26")
def _(original: Any, routes: Routes, request: Request, name: str) -> Response:
    """Every now and then an answer takes 2.5 s."""
    memory_of(routes)["asked"] = asked = memory_of(routes).get("asked", 0) + 1
    if asked % 40 == 0:
        routes.clock.sleep(2.5)
    return original(routes, request, name)


MUTANTS.rows["ROUTE-27"] = {
    "temporary-redirect": (
        "HTTP is redirected with 302.",
        put("HttpListener", "DefaultActions.0.RedirectConfig.StatusCode", "HTTP_302"),
    ),
    "redirect-home": (
        "HTTP is redirected to the front page, whatever was asked for.",
        put("HttpListener", "DefaultActions.0.RedirectConfig.Path", "/"),
        put("HttpListener", "DefaultActions.0.RedirectConfig.Query", ""),
    ),
    "http-without-tls": ("HTTP goes without TLS.", put("HttpListener", "DefaultActions", forward("HermesTargetGroup"))),
}


@MUTANTS.replacing(Authority.server, "certificate-of-another-host", breaks="ROUTE-27")
def _(original: Any, authority: Authority, *_names: str) -> ssl.SSLContext:
    """The load balancer shows the certificate of another host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority._ca.issue_cert("another.example.com").configure_cert(context)
    return context


@MUTANTS.replacing(Routes.activate, "known-to-its-maker-alone", breaks="ROUTE-28")
def _(original: Any, routes: Routes, request: Request, segment: str) -> Response:
    """A Hermes knows the sessions alone that it made since it began."""
    answer = original(routes, request, segment)
    if answer.status < 300:
        assert isinstance(answer.body, bytes)
        memory_of(routes)[json.loads(answer.body)["sessionId"]] = True
    return answer


@MUTANTS.and_replacing(Routes._find)
def _(original: Any, routes: Routes, session_id: str, *, only_live: bool = False) -> Session:
    if session_id not in memory_of(routes):
        raise NoSessionError(404, "session not found")
    return original(routes, session_id, only_live=only_live)


@MUTANTS.replacing(Controller.start, "sessions-of-another-hermes-forgotten", breaks="ROUTE-28")
def _(original: Any, controller: Controller) -> None:
    """A Hermes looks after the sessions alone that were made since it began."""
    memory_of(controller)["began"] = controller._clock.now()
    original(controller)


@MUTANTS.and_replacing(Controller._start_steps)
def _(original: Any, controller: Controller, sessions: list[Session], busy_before: Any) -> bool:
    began = memory_of(controller)["began"]
    return original(controller, [each for each in sessions if each.created_seconds >= began], busy_before)


@MUTANTS.replacing(Hermes._finish, "rules-removed-on-shutdown", breaks="ROUTE-28")
def _(original: Any, hermes: Hermes, server: HttpServer) -> None:
    """Hermes removes the sessions' rules when it is stopped."""
    original(hermes, server)
    for rule in hermes.router._rules():
        if rules.session_of(rule) is not None:
            hermes.router._delete_rule(rule)


@MUTANTS.replacing(answers.text_field, "missing-text-is-empty", breaks="ROUTE-30", used_by=editor_routes)
def _(_: Any, body: dict[str, Any], field: str) -> str:
    """A call of a container that lacks its field is carried out with an empty one."""
    return str(body.get(field, ""))


@MUTANTS.replacing(editor_sessions.thread_field, "any-thread", breaks="ROUTE-30")
def _(_: Any, body: dict[str, Any]) -> str:
    """A container opens a workspace for any text as its thread."""
    return str(body.get("threadId", ""))


@MUTANTS.replacing(answers.json_body, "what-is-no-json-is-empty", breaks="ROUTE-30", used_by=editor_routes)
def _(original: Any, request: Request) -> dict[str, Any]:
    """A body that is no JSON is taken for an empty object."""
    try:
        return dict(original(request))
    except RequestError:
        return {}


@MUTANTS.editing("exec-everywhere", breaks="ROUTE-31")
def _(document: Document) -> None:
    """The template allows exec whatever the environment says."""
    (container,) = properties(document, "EditTaskDefinition")["ContainerDefinitions"]
    (allows,) = [each for each in container["Environment"] if each["Name"] == "EXEC_ENABLED"]
    allows["Value"] = "true"
