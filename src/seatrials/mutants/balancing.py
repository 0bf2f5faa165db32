"""What can go wrong with a request on its way: the balancer's manners, its choice of a target, its time limits."""

import ssl
from collections.abc import Iterator
from random import Random
from typing import Any

from seatrials.mutants.mutant import Mutant, calibrate, edit_template, replace
from seatrials.seams.http1 import Request, Response
from seatrials.seams.network import Connection
from seatrials.twin.balancer import forwarding, messages, proxy, server, visit
from seatrials.twin.balancer.answers import own_answer
from seatrials.twin.balancer.groups import HealthCheckSettings
from seatrials.twin.balancer.health import Health, Outcome, State
from seatrials.twin.balancer.messages import Headers, RequestHead
from seatrials.twin.balancer.proxy import Exchange, Result
from seatrials.twin.balancer.rules import Forward, Rule
from seatrials.twin.balancer.streams import CHUNK_BYTES, PEER_GONE, framed
from seatrials.twin.balancer.targets import Address, Target, TargetRegistry
from seatrials.twin.balancer.visit import Visit
from seatrials.twin.calibration import Spread
from seatrials.twin.world import Authority
from seatrials.webordinary.editor import preview as editor_preview
from seatrials.webordinary.editor import routes as editor_routes
from seatrials.webordinary.editor.answers import RequestError
from seatrials.webordinary.editor.preview import Preview
from seatrials.webordinary.editor.routes import Api
from seatrials.webordinary.hermes import rules
from seatrials.webordinary.hermes.main import Hermes
from seatrials.webordinary.hermes.routes import Routes

Document = dict[str, Any]
_MEGABYTE = 1 << 20
_CHUNK_BYTES_MAX = 0x3FFF
_HEAD_BYTES_MAX = 64 * 1024


def _properties(document: Document, resource: str) -> Document:
    properties: Document = document["Resources"][resource]["Properties"]
    return properties


def _set_attribute(attributes: list[dict[str, str]], key: str, value: str) -> None:
    attributes[:] = [*(each for each in attributes if each["Key"] != key), {"Key": key, "Value": value}]


def _idle_after_half_a_minute(document: Document) -> None:
    attributes = _properties(document, "LoadBalancer")["LoadBalancerAttributes"]
    _set_attribute(attributes, "idle_timeout.timeout_seconds", "30")


def _idle_after_an_hour(document: Document) -> None:
    attributes = _properties(document, "LoadBalancer")["LoadBalancerAttributes"]
    _set_attribute(attributes, "idle_timeout.timeout_seconds", "3600")


def _forwarded_for_preserved(document: Document) -> None:
    attributes = _properties(document, "LoadBalancer")["LoadBalancerAttributes"]
    _set_attribute(attributes, "routing.http.xff_header_processing.mode", "preserve")


def _no_deregistration_delay(document: Document) -> None:
    attributes = _properties(document, "EditApiTargetGroup")["TargetGroupAttributes"]
    _set_attribute(attributes, "deregistration_delay.timeout_seconds", "0")


def _checks_every_five_minutes(document: Document) -> None:
    _properties(document, "EditApiTargetGroup")["HealthCheckIntervalSeconds"] = 300


def _redirect(document: Document) -> Document:
    config: Document = _properties(document, "HttpListener")["DefaultActions"][0]["RedirectConfig"]
    return config


def _temporary_redirect(document: Document) -> None:
    _redirect(document)["StatusCode"] = "HTTP_302"


def _redirect_home(document: Document) -> None:
    _redirect(document).update(Path="/", Query="")


def _http_without_tls(document: Document) -> None:
    actions = [{"Type": "forward", "TargetGroupArn": {"Ref": "HermesTargetGroup"}}]
    _properties(document, "HttpListener")["DefaultActions"] = actions


def _relayed_uncounted(exchange: Exchange, source: Connection) -> bytes:
    """Stand in for `_relayed` of a balancer whose idle timeout ends a WebSocket that is in use too."""
    left = exchange._active_at + exchange.idle_timeout_seconds - exchange.clock.now()
    return source.receive(CHUNK_BYTES, max(0.0, left))


def _first_length(named: messages.Values) -> list[str]:
    return messages.tokens(named.get("content-length", []))[:1]


_request_line = messages._request_line


def _trace_passed(line: str) -> tuple[str, str, bool]:
    method, _, rest = line.partition(" ")
    _, target, http_1_0 = _request_line(f"GET {rest}" if method == "TRACE" else line)
    return method, target, http_1_0


def _refused_and_kept(connection: Any, status: int) -> None:  # noqa: ANN401  # a class that the module keeps to itself
    try:
        connection._connection.send(own_answer(status, now=connection._workings.clock.now(), keep_alive=True))
        while connection._connection.receive(CHUNK_BYTES, 60):
            pass
    except (TimeoutError, *PEER_GONE):
        return


def _first_target(registry: TargetRegistry, group_arn: str) -> Target | None:
    return next(iter(registry._candidates(group_arn)), None)


def _those_in(registry: TargetRegistry, group_arn: str, *states: State) -> list[Target]:
    return [each for each in registry._targets.get(group_arn, {}).values() if each.health.state in states]


def _sick_ones_too(registry: TargetRegistry, group_arn: str) -> list[Target]:
    return _those_in(registry, group_arn, State.HEALTHY, State.UNHEALTHY)


def _healthy_ones_alone(registry: TargetRegistry, group_arn: str) -> list[Target]:
    return _those_in(registry, group_arn, State.HEALTHY)


def _draining_ones_too(registry: TargetRegistry, group_arn: str) -> list[Target]:
    return _those_in(registry, group_arn, State.HEALTHY, State.DRAINING)


_needed = Health._needed


def _once_sick_always_sick(health: Health, outcome: Outcome, settings: HealthCheckSettings) -> int:
    return 1_000_000 if outcome.passed and health.state is State.UNHEALTHY else _needed(health, outcome, settings)


_deregister = TargetRegistry.deregister


def _cut_at_once(registry: TargetRegistry, group_arn: str, addresses: list[Address]) -> None:
    _deregister(registry, group_arn, addresses)
    targets = [registry._targets.get(group_arn, {}).get(address) for address in addresses]
    for flight in [flight for target in targets if target is not None for flight in list(target.flights)]:
        flight.cut()


_failed = Exchange._failed


def _timeout_is_502(exchange: Exchange, status: int) -> Result:
    return _failed(exchange, {504: 502}.get(status, status))


_act = Visit._act


def _default_without_target(request: Visit, rule: Rule) -> Result:
    """Stand in for `_act` of a balancer that takes the default rule where a group has no target."""
    groups = rule.action.groups if isinstance(rule.action, Forward) else ()
    is_empty = bool(groups) and not any(request._workings.targets._targets.get(arn) for arn, _ in groups)
    return _act(request, request._workings.view.rules(request._listener).rules[-1] if is_empty else rule)


def _peer_alone(_request: RequestHead, _settings: object, peer: str) -> Headers:
    return [("X-Forwarded-For", peer)]


_outgoing_head = forwarding.outgoing_head


def _clients_own_protocol(request: RequestHead, *arguments: Any, **others: Any) -> bytes:  # noqa: ANN401  # passed on
    head = _outgoing_head(request, *arguments, **others)
    given = next(iter(request.values("x-forwarded-proto")), "https")
    return head.replace(b"X-Forwarded-Proto: https\r\n", f"X-Forwarded-Proto: {given}\r\n".encode())


def _new_trace(_request: RequestHead, now: float, random: Random) -> str:
    return f"Root=1-{int(now):08x}-{random.getrandbits(96):024x}"


def _cut_chunk(part: bytes, *, chunked: bool) -> bytes:
    return framed(part[:_CHUNK_BYTES_MAX] if chunked else part, chunked=chunked)


def _without_the_end(content: bytes) -> Iterator[bytes]:
    size = editor_routes._PART_BYTES
    return (content[start : start + size] for start in range(0, len(content) - size, size))


_api_route = Api.route


def _a_megabyte_at_most(api: Api, request: Request) -> Response:
    if len(request.body) > _MEGABYTE:
        raise RequestError(413, "the body is larger than 1 MB", "body")
    return _api_route(api, request)


_preview_route = Preview.route


def _head_is_empty(preview: Preview, request: Request) -> Response:
    answer = _preview_route(preview, request)
    return Response(answer.status, b"", answer.headers) if request.method == "HEAD" else answer


def _options_refused(request: Request, allowed: list[str]) -> Response:
    raise RequestError(405, f"{request.method} is not allowed", headers={"allow": ", ".join(allowed)})


_health = Routes.health


def _one_in_forty_waits(routes: Routes, request: Request, name: str) -> Response:
    asked = vars(routes).setdefault("_asked", [])
    asked.append(name)
    if len(asked) % 40 == 0:
        routes.clock.sleep(2.5)
    return _health(routes, request, name)


def _another_hosts_certificate(authority: Authority, *_names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority._ca.issue_cert("another.example.com").configure_cert(context)
    return context


_finish = Hermes._finish


def _tidy_on_the_way_out(hermes: Hermes) -> None:
    _finish(hermes)
    for rule in hermes.router._rules():
        if rules.session_of(rule) is not None:
            hermes.router._delete_rule(rule)


MUTANTS = (
    Mutant(
        "idle-after-half-a-minute",
        breaks="ROUTE-13",
        sentence="the idle timeout is 30 s",
        changes=(edit_template(_idle_after_half_a_minute),),
    ),
    Mutant(
        "idle-after-an-hour-of-silence",
        breaks="ROUTE-13",
        sentence="the idle timeout is an hour, so a quiet WebSocket stays",
        changes=(edit_template(_idle_after_an_hour),),
    ),
    Mutant(
        "pings-do-not-count",
        breaks="ROUTE-13",
        sentence="the idle timeout ends a WebSocket whatever passes through it",
        changes=(replace(Exchange, "_relayed", _relayed_uncounted),),
    ),
    Mutant(
        "first-length-taken",
        breaks="ROUTE-18",
        sentence="of two Content-Lengths that differ the first is believed",
        changes=(replace(messages, "_lengths", _first_length),),
    ),
    Mutant(
        "trace-passed",
        breaks="ROUTE-18",
        sentence="TRACE is passed on to the container",
        changes=(replace(messages, "_request_line", _trace_passed),),
    ),
    Mutant(
        "long-headers-passed",
        breaks="ROUTE-18",
        sentence="a single header may be as long as all headers together",
        changes=(replace(messages, "LINE_BYTES_MAX", _HEAD_BYTES_MAX),),
    ),
    Mutant(
        "refused-and-kept-open",
        breaks="ROUTE-18",
        sentence="a malformed request is refused and its connection stays open",
        changes=(replace(server._ClientConnection, "_refuse", _refused_and_kept),),
    ),
    Mutant(
        "first-target-always",
        breaks="ROUTE-20",
        sentence="the first healthy target gets every request",
        changes=(replace(TargetRegistry, "choose", _first_target),),
    ),
    Mutant(
        "unhealthy-targets-chosen",
        breaks="ROUTE-21",
        sentence="a target that is marked unhealthy still gets requests",
        changes=(replace(TargetRegistry, "_candidates", _sick_ones_too),),
    ),
    Mutant(
        "no-fail-open",
        breaks="ROUTE-21",
        sentence="when all targets are unhealthy nobody gets a request",
        changes=(replace(TargetRegistry, "_candidates", _healthy_ones_alone),),
    ),
    Mutant(
        "once-unhealthy-always-unhealthy",
        breaks="ROUTE-21",
        sentence="a target that has recovered stays marked",
        changes=(replace(Health, "_needed", _once_sick_always_sick),),
    ),
    Mutant(
        "checks-every-five-minutes",
        breaks="ROUTE-21",
        sentence="health is checked so seldom that a sick target is asked for minutes",
        changes=(edit_template(_checks_every_five_minutes),),
    ),
    Mutant(
        "draining-targets-chosen",
        breaks="ROUTE-22",
        sentence="a draining target still gets new requests",
        changes=(replace(TargetRegistry, "_candidates", _draining_ones_too),),
    ),
    Mutant(
        "draining-cuts-requests",
        breaks="ROUTE-22",
        sentence="a target that is deregistered loses its requests in flight",
        changes=(replace(TargetRegistry, "deregister", _cut_at_once),),
    ),
    Mutant(
        "no-deregistration-delay",
        breaks="ROUTE-22",
        sentence="the deregistration delay of the shared API is 0",
        changes=(edit_template(_no_deregistration_delay),),
    ),
    Mutant(
        "timeout-is-502",
        breaks="ROUTE-23",
        sentence="a target that hangs is reported like one that closes",
        changes=(replace(Exchange, "_failed", _timeout_is_502),),
    ),
    Mutant(
        "default-without-target",
        breaks="ROUTE-23",
        sentence="where a group has no target the default rule answers",
        changes=(replace(Visit, "_act", _default_without_target),),
    ),
    Mutant(
        "forwarded-for-preserved",
        breaks="ROUTE-24",
        sentence="X-Forwarded-For is passed on as the client sent it",
        changes=(edit_template(_forwarded_for_preserved),),
    ),
    Mutant(
        "forwarded-for-replaced",
        breaks="ROUTE-24",
        sentence="X-Forwarded-For loses what proxies before wrote",
        changes=(replace(forwarding, "_forwarded_for", _peer_alone),),
    ),
    Mutant(
        "forwarded-proto-trusted",
        breaks="ROUTE-24",
        sentence="X-Forwarded-Proto is what the client says",
        changes=(replace(visit, "outgoing_head", _clients_own_protocol),),
    ),
    Mutant(
        "trace-begun-anew",
        breaks="ROUTE-24",
        sentence="a trace that the client began is lost",
        changes=(replace(forwarding, "_trace_id", _new_trace),),
    ),
    Mutant(
        "chunks-cut",
        breaks="ROUTE-25",
        sentence="a chunk of 16 KB loses its last byte",
        changes=(replace(proxy, "framed", _cut_chunk),),
    ),
    Mutant(
        "stream-without-its-end",
        breaks="ROUTE-25",
        sentence="a streamed file lacks its last part",
        changes=(replace(editor_routes, "_parts", _without_the_end),),
    ),
    Mutant(
        "a-megabyte-at-most",
        breaks="ROUTE-25",
        sentence="the container takes no body over 1 MB",
        changes=(replace(Api, "route", _a_megabyte_at_most),),
    ),
    Mutant(
        "head-is-empty",
        breaks="ROUTE-25",
        sentence="the answer to a HEAD has the length 0",
        changes=(replace(Preview, "route", _head_is_empty),),
    ),
    Mutant(
        "options-refused",
        breaks="ROUTE-25",
        sentence="OPTIONS is refused like any other method",
        changes=(
            replace(editor_routes, "not_allowed", _options_refused),
            replace(editor_preview, "not_allowed", _options_refused),
        ),
    ),
    Mutant(
        "slow-balancer",
        breaks="ROUTE-26",
        sentence="the balancer holds every request for more than half a second",
        changes=(calibrate(balancer_latency=Spread(0.5, 0.6, 0.8)),),
    ),
    Mutant(
        "one-in-forty-waits",
        breaks="ROUTE-26",
        sentence="every now and then an answer takes 2.5 s",
        changes=(replace(Routes, "health", _one_in_forty_waits),),
    ),
    Mutant(
        "temporary-redirect",
        breaks="ROUTE-27",
        sentence="HTTP is redirected with 302",
        changes=(edit_template(_temporary_redirect),),
    ),
    Mutant(
        "redirect-home",
        breaks="ROUTE-27",
        sentence="HTTP is redirected to the front page, whatever was asked for",
        changes=(edit_template(_redirect_home),),
    ),
    Mutant(
        "http-without-tls",
        breaks="ROUTE-27",
        sentence="HTTP is served without TLS",
        changes=(edit_template(_http_without_tls),),
    ),
    Mutant(
        "certificate-of-another-host",
        breaks="ROUTE-27",
        sentence="the load balancer shows the certificate of another host",
        changes=(replace(Authority, "server", _another_hosts_certificate),),
    ),
    Mutant(
        "rules-removed-on-shutdown",
        breaks="ROUTE-28",
        sentence="Hermes removes the sessions' rules when it is stopped",
        changes=(replace(Hermes, "_finish", _tidy_on_the_way_out),),
    ),
)
