"""What becomes of one request: an answer of the balancer's own, or an exchange with a target."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from seatrials.seams.paths import normalized
from seatrials.twin.balancer.answers import Content, Variety, own_answer
from seatrials.twin.balancer.authentication import CALLBACK_PATH, Authenticate, callback_status
from seatrials.twin.balancer.desync import COMPLIANT, Classification
from seatrials.twin.balancer.forwarding import Peer, Way, outgoing_head
from seatrials.twin.balancer.messages import Headers, RequestHead
from seatrials.twin.balancer.node_targets import NodeTargets, Target
from seatrials.twin.balancer.proxy import CLIENT_LEFT_STATUS, Exchange, Result
from seatrials.twin.balancer.resets import Resets
from seatrials.twin.balancer.rules import FixedResponse, Forward, Incoming, Redirect, Rule
from seatrials.twin.balancer.stickiness import (
    APPLICATION_COOKIE,
    GROUP_COOKIE,
    TARGET_COOKIE,
    AppCookie,
    Stickiness,
    StickyCookies,
    has_cookie,
    sets_cookie,
)
from seatrials.twin.balancer.streams import PEER_GONE, ClientSide, MalformedBodyError
from seatrials.twin.balancer.table import ListenerSettings
from seatrials.twin.balancer.transforms import TransformError
from seatrials.twin.balancer.view import LoadBalancerView
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import Host
from seatrials.twin.trace import Trace

# The status with which a connection becomes a WebSocket.
_SWITCHED = 101


@dataclass(frozen=True, kw_only=True)
class AccessLogEntry:
    """A finished request, or a WebSocket that has closed; an empty text stands for what there was not."""

    # When it arrived, in epoch seconds.
    time: float
    listener_port: int
    client: str
    status: int
    method: str = ""
    target: str = ""
    target_ip: str = ""
    target_port: int = 0
    target_group: str = ""
    # A priority, or "default".
    rule: str = ""
    classification: Classification = COMPLIANT


@dataclass(frozen=True, kw_only=True)
class Workings:
    """What the requests to one node of a balancer share."""

    clock: VirtualClock
    host: Host
    view: LoadBalancerView
    targets: NodeTargets
    trace: Trace
    random: Random
    latency: Callable[[], float]
    cookies: StickyCookies
    variety: Variety
    resets: Resets
    # Which port a client must name for each of the balancer's own, where they differ.
    ports: Mapping[int, int] = field(default_factory=dict)
    access_log: list[AccessLogEntry] = field(default_factory=list)


class Visit:
    """One request from its head to its entry in the access log."""

    def __init__(
        self, workings: Workings, listener: ListenerSettings, client: ClientSide, request: RequestHead
    ) -> None:
        self._workings = workings
        self._listener = listener
        self._client = client
        self._request = request
        self._peer = Peer.of(client.connection)
        self._policy = workings.view.header_policy(listener)
        self._arrived_at = workings.clock.now()
        self._incoming = self._describe()
        self._rule = workings.view.rules(listener).route(self._incoming)
        self._keep_alive = False
        self._group_name = ""
        self._target: Target | None = None
        # What stays with the client: cookies for it, and the way to one that only the target's answer can bring.
        self._cookies: Headers = []
        self._app_cookie: AppCookie | None = None

    def serve(self, *, keep_alive: bool) -> bool:
        """Answer the request; return whether the connection may bring another."""
        mode = self._workings.view.settings().desync_mode
        self._keep_alive = keep_alive and self._request.keep_alive and not self._request.classification.closes(mode)
        result = self._act(self._rule)
        self._log(result.status)
        return result.reusable

    def _describe(self) -> Incoming:
        request = self._request
        path = normalized(request.path) if self._workings.variety.normalizes_paths else request.path
        return Incoming(
            method=request.method,
            host=request.host,
            path=path,
            query=request.query,
            headers=request.headers,
            source_ip=self._peer.host,
            protocol=self._listener.protocol,
            port=self._listener.port,
        )

    def _act(self, rule: Rule) -> Result:
        if self._incoming.path == CALLBACK_PATH and self._workings.view.rules(self._listener).authenticates:
            return self._answer(callback_status(self._incoming.query))
        if rule.authentication is not None and rule.authentication.on_unauthenticated != "allow":
            return self._turn_away(rule.authentication)
        action = rule.action
        if isinstance(action, FixedResponse):
            content_type = f"{action.content_type}; charset=utf-8"
            return self._answer(action.status, body=action.body, content_type=content_type)
        if isinstance(action, Redirect):
            location = action.location(self._incoming, self._workings.ports)
            return self._answer(action.status, headers=[("Location", location)])
        return self._forward(action)

    def _turn_away(self, authentication: Authenticate) -> Result:
        """Answer a client that has not logged in, as none here has."""
        if authentication.on_unauthenticated == "deny":
            return self._answer(401)
        state = f"{self._workings.random.getrandbits(128):032x}"
        host = next(iter(self._request.values("host")), "")
        return self._answer(302, headers=[("Location", authentication.location(host, state))])

    def _forward(self, action: Forward) -> Result:
        group_arn = self._choose_group(action)
        # An ARN of a target group is ...:targetgroup/name/id.
        self._group_name = group_arn.split("/")[1] if group_arn else ""
        self._target = self._choose_target(group_arn) if group_arn else None
        if self._target is None:
            return self._answer(503)
        workings = self._workings
        workings.clock.sleep(workings.latency())
        try:
            head = self._outgoing_head()
        except TransformError:
            return self._answer(500)
        result = Exchange(
            clock=workings.clock,
            network=workings.host,
            client=self._client,
            request=self._request,
            head=head,
            target=self._target,
            idle_timeout_seconds=workings.view.settings().idle_timeout_seconds,
            dress=self._dress,
            keep_alive=self._keep_alive,
            on_head=self._trace,
        ).run()
        return result if result.answered else self._answer_failure(result)

    def _outgoing_head(self) -> bytes:
        workings = self._workings
        way = Way(self._listener, workings.view.settings(), self._policy, self._rule.transforms)
        return outgoing_head(self._request, way, peer=self._peer, now=workings.clock.now(), random=workings.random)

    def _dress(self, headers: Headers) -> Headers:
        """Return the headers of a target's answer as the client gets them."""
        app_cookie = self._app_cookie
        cookies = self._cookies
        if app_cookie is not None and (app_cookie.is_kept or sets_cookie(app_cookie.name, headers)):
            given = self._workings.cookies.headers(APPLICATION_COOKIE, app_cookie.subject, app_cookie.seconds)
            cookies = [*cookies, *given]
        return self._policy.dress([*headers, *cookies])

    def _choose_group(self, action: Forward) -> str | None:
        """Return the group that the client sticks to, or one drawn by weight; None when all weigh nothing."""
        workings = self._workings
        arns = [arn for arn, weight in action.groups if weight]
        weights = [weight for _, weight in action.groups if weight]
        chosen = None
        if action.group_stickiness_seconds is not None:
            chosen = workings.cookies.subject(GROUP_COOKIE, self._request.values("cookie"))
        if chosen not in arns:
            drawn = workings.random.choices(arns, weights) if len(arns) > 1 else arns
            chosen = next(iter(drawn), None)
        if chosen is not None and action.group_stickiness_seconds is not None:
            self._cookies += workings.cookies.headers(GROUP_COOKIE, chosen, action.group_stickiness_seconds)
        return chosen

    def _choose_target(self, group_arn: str) -> Target | None:
        """Return the target that the client sticks to, if it may still get requests, or the group's next."""
        workings = self._workings
        stickiness = Stickiness.of(workings.targets.groups, group_arn)
        if stickiness is None:
            return workings.targets.choose(group_arn)
        sticky = self._sticky_target(group_arn, stickiness)
        target = sticky or workings.targets.choose(group_arn)
        if target is not None:
            subject = f"{group_arn} {target.ip}:{target.port}"
            if stickiness.app_cookie:
                self._app_cookie = AppCookie(stickiness.app_cookie, subject, stickiness.seconds, sticky is not None)
            else:
                self._cookies += workings.cookies.headers(TARGET_COOKIE, subject, stickiness.seconds)
        return target

    def _sticky_target(self, group_arn: str, stickiness: Stickiness) -> Target | None:
        """Return the target that the client's cookies name; a cookie of the application's must be there as well."""
        sent = self._request.values("cookie")
        if stickiness.app_cookie and not has_cookie(stickiness.app_cookie, sent):
            return None
        subject = self._workings.cookies.subject(stickiness.cookie, sent) or ""
        group, _, address = subject.partition(" ")
        ip, _, port = address.partition(":")
        return self._workings.targets.choosable(group_arn, (ip, int(port))) if group == group_arn else None

    def _answer_failure(self, result: Result) -> Result:
        """Give the client the answer that an exchange owes it; a client that has left gets none."""
        if result.status == CLIENT_LEFT_STATUS:
            self._trace(result.status)
            return result
        return self._answer(result.status, close=not result.reusable, body_read=True)

    def _answer(
        self,
        status: int,
        *,
        body: str | None = None,
        content_type: str = "text/html",
        headers: Headers | None = None,
        close: bool = False,
        body_read: bool = False,
    ) -> Result:
        """Answer without a target, having read the request's body unless that was tried already."""
        whole = body_read or self._read_body()
        keep_alive = self._keep_alive and whole and not close
        self._trace(status)
        answer = own_answer(
            status,
            now=self._workings.clock.now(),
            method=self._request.method,
            content=None if body is None else Content(body, content_type),
            headers=headers or [],
            keep_alive=keep_alive,
            policy=self._policy,
        )
        try:
            self._client.connection.send(answer)
        except PEER_GONE:
            return Result(status, answered=True, reusable=False)
        if not keep_alive:
            self._client.linger()
        return Result(status, answered=True, reusable=keep_alive)

    def _read_body(self) -> bool:
        """Read the body that nobody wants; return whether it came whole."""
        if self._request.expects_continue:
            return self._request.framing.empty
        try:
            for _ in self._client.stream.body(self._request.framing):
                pass
        except (TimeoutError, MalformedBodyError, *PEER_GONE):
            return False
        return True

    def _trace(self, status: int) -> None:
        target = self._target
        self._workings.trace.add(
            "request",
            f"{self._request.method} {self._request.target}",
            listener=self._listener.port,
            rule=self._rule.label,
            status=status,
            target_group=self._group_name or "-",
            task=target.ip if target else "-",
            **self._request.classification.as_details(),
        )
        seconds = round(self._workings.clock.now() - self._arrived_at, 6)
        self._workings.trace.more(seconds=seconds, client=self._peer.host, host=self._request.host)

    def _log(self, status: int) -> None:
        target = self._target
        if status == _SWITCHED:
            seconds = round(self._workings.clock.now() - self._arrived_at, 6)
            self._workings.trace.note("socket_closed", self._request.target, seconds=seconds, client=self._peer.host)
        self._workings.access_log.append(
            AccessLogEntry(
                time=self._arrived_at,
                listener_port=self._listener.port,
                client=self._peer.host,
                method=self._request.method,
                target=self._request.target,
                status=status,
                target_ip=target.ip if target else "",
                target_port=target.port if target else 0,
                target_group=self._group_name,
                rule=self._rule.label,
                classification=self._request.classification,
            )
        )
