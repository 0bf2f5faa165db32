"""The balancer's own side: its ports and its connections."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.seams.network import Connection, Listener, Network, TlsConnection
from seatrials.twin.balancer.answers import Variety, own_answer
from seatrials.twin.balancer.desync import COMPLIANT, Classification
from seatrials.twin.balancer.following import Following, Lags
from seatrials.twin.balancer.groups import GroupCatalogue
from seatrials.twin.balancer.messages import RefusedRequestError, blocked
from seatrials.twin.balancer.node import Node, take_over
from seatrials.twin.balancer.node_targets import NodeTargets
from seatrials.twin.balancer.resets import Resets
from seatrials.twin.balancer.stickiness import StickyCookies
from seatrials.twin.balancer.streams import PEER_GONE, ClientSide
from seatrials.twin.balancer.table import ListenerSettings
from seatrials.twin.balancer.targets import TargetRegistry
from seatrials.twin.balancer.view import LoadBalancerView
from seatrials.twin.balancer.visit import AccessLogEntry, Visit, Workings
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import Host
from seatrials.twin.trace import Trace

_TLS_HANDSHAKE_SECONDS = 10.0
_SWALLOWED_BYTES = 65_536


@dataclass(eq=False, kw_only=True)
class Balancer:
    """A load balancer of ELBv2 at work. `elbv2` answers at once: it must not wait on the clock."""

    clock: VirtualClock
    # Of its nodes.
    hosts: Sequence[Host]
    elbv2: AwsClient
    load_balancer_arn: str
    targets: TargetRegistry
    trace: Trace
    random: Random
    # The seconds that a proxied request spends in the balancer.
    latency: Callable[[], float]
    # By certificate ARN.
    tls_context: Callable[[str], ssl.SSLContext]
    # Where clients outside the world come in, and which port stands for which of the balancer's there.
    outside: Network | None = None
    outside_ports: Mapping[int, int] = field(default_factory=dict)
    # Whether the network lets clients outside the world through to a port of the balancer's.
    admits_outside: Callable[[int], bool] = lambda _port: True
    variety: Variety = field(default_factory=Variety)
    resets: Resets = field(default_factory=Resets)
    # How much later than ELBv2 its nodes know of a change; None stands for at once.
    lags: Lags | None = None
    _open: dict[int, tuple[ListenerSettings, list[Listener]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Prepare what the requests share."""
        self.view = LoadBalancerView(self.elbv2, self.load_balancer_arn)
        self._changed = self.clock.signal()
        self.nodes = [self._node(host) for host in self.hosts]
        self._access_log: list[AccessLogEntry] = []
        cookies = StickyCookies(self.clock, self.random)
        # By node; what a cookie stands for, and what is logged, all of them know.
        self._workings = [
            Workings(
                clock=self.clock,
                host=node.host,
                view=node.view,
                targets=node.targets,
                trace=self.trace,
                random=self.random,
                latency=self.latency,
                cookies=cookies,
                variety=self.variety,
                resets=self.resets,
                access_log=self._access_log,
            )
            for node in self.nodes
        ]

    def _node(self, host: Host) -> Node:
        """Return a node, with copies of its own if it is to follow ELBv2 with a delay."""
        following = Following(self.clock, self.lags)
        view = self.view if following.is_prompt else LoadBalancerView(self.elbv2, self.load_balancer_arn)
        targets = NodeTargets(
            clock=self.clock,
            host=host,
            groups=self.targets.groups if following.is_prompt else GroupCatalogue(self.elbv2),
            forwards_to=view.forwards_to,
            following=following,
            registrations=self.targets.registrations,
            trace=self.trace,
            random=self.random,
            label=host.address if len(self.hosts) > 1 else "",
        )
        return Node(host, view, targets, following)

    @property
    def access_log(self) -> list[AccessLogEntry]:
        """Every request that is finished, in that order, since `take_access_log`."""
        return self._access_log

    def take_access_log(self) -> list[AccessLogEntry]:
        """Return the requests that are finished, and forget them: whoever counts them has no use for them later."""
        taken = self._access_log[:]
        self._access_log.clear()
        return taken

    def start(self) -> None:
        """Listen on every listener's port, from now on also on those that come later."""
        self.targets.use(self.view.forwards_to, [node.targets for node in self.nodes])
        # What is read later must not be newer than what a node has heard of.
        for node in self.nodes if self.lags is not None else ():
            node.view.load()
        self._open_and_close_ports()
        self.clock.spawn_in(self.clock.world, self._follow, "balancer-listeners")

    def changed(self, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Hear of a call that has changed ELBv2: a rule is taken over, anything else read again when it is needed."""
        take_over(self.view, self.targets.groups, operation, parameters, answer)
        self.targets.use_changed()
        for node in self.nodes:
            node.hear(operation, parameters, answer)
        if "Rule" not in operation and "TargetGroup" not in operation:
            self._changed.pulse()

    def invalidate(self) -> None:
        """Read all of ELBv2 again when it is next needed."""
        self.changed("Everything", {}, {})

    def move(self, addresses: Sequence[str]) -> None:
        """Listen at other addresses from now on, one for each node; connections that are open stay."""
        moves = [(host, to) for host, to in zip(self.hosts, addresses, strict=False) if to != host.address]
        if moves:
            for _, listeners in self._open.values():
                for each in listeners:
                    each.close()
            self._open.clear()
            for host, to in moves:
                host.move(to)
            self._open_and_close_ports()

    def _follow(self) -> None:
        # Looks before it waits: what changed before its first turn is told nobody by a pulse.
        while True:
            with self.clock.supervisor.turn("the load balancer", self.load_balancer_arn):
                self._open_and_close_ports()
            self._changed.wait_pulse()

    def _open_and_close_ports(self) -> None:
        wanted = {listener.port: listener for listener in self.view.listeners()}
        for port in [port for port, (settings, _) in self._open.items() if wanted.get(port) != settings]:
            for listener in self._open.pop(port)[1]:
                listener.close()
        for port, settings in wanted.items():
            if port not in self._open:
                self._open[port] = (settings, [])
                with self.clock.supervisor.turn("the load balancer", f"listener {settings.arn}"):
                    self._listen_everywhere(settings)

    def _listen_everywhere(self, settings: ListenerSettings) -> None:
        for workings in self._workings:
            self._listen(settings, workings.host, settings.port, [workings])
        if self.outside is not None:
            self._listen_outside(settings, self.outside)

    def _listen_outside(self, settings: ListenerSettings, network: Network) -> None:
        """Listen where real clients come in; a container may use their address of the balancer as they do.

        There the nodes share an address, and who comes is given to one of them as the names of AWS's would lead them.
        """
        outside = [replace(workings, ports=self.outside_ports) for workings in self._workings]
        self._listen(settings, network, settings.port, outside, self.admits_outside)
        public_port = self.outside_ports[settings.port]
        if public_port != settings.port:
            for workings in outside:
                self._listen(settings, workings.host, public_port, [workings])

    def _listen(
        self,
        settings: ListenerSettings,
        network: Network,
        port: int,
        nodes: Sequence[Workings],
        admits: Callable[[int], bool] = lambda _port: True,
    ) -> None:
        listener = network.listen(port)
        self._open[settings.port][1].append(listener)
        accept = partial(self._accept, settings, listener, nodes, admits)
        self.clock.spawn_in(self.clock.world, accept, f"balancer-accept-{port}")

    def _accept(
        self, settings: ListenerSettings, listener: Listener, nodes: Sequence[Workings], admits: Callable[[int], bool]
    ) -> None:
        while True:
            try:
                connection = listener.accept()
            except ConnectionAbortedError:
                return
            workings = nodes[0] if len(nodes) == 1 else self.random.choice(nodes)
            serve = partial(self._serve, settings, connection, workings)
            if not admits(settings.port):
                serve = partial(_swallow, connection)
            self.clock.spawn(serve, "balancer-connection")

    def _serve(self, settings: ListenerSettings, connection: Connection, workings: Workings) -> None:
        with self.clock.supervisor.turn("the load balancer", f"a connection to port {settings.port}") as turn:
            self._serve_requests(settings, connection, workings)
        if turn.failed:
            connection.reset()

    def _serve_requests(self, settings: ListenerSettings, connection: Connection, workings: Workings) -> None:
        try:
            if settings.protocol == "HTTPS":
                context = self.tls_context(settings.certificate_arn or "")
                seconds = _TLS_HANDSHAKE_SECONDS
                connection = TlsConnection(connection, context, server_side=True, timeout_seconds=seconds)
        except (TimeoutError, *PEER_GONE):
            connection.reset()
            return
        _ClientConnection(workings, settings, connection).run()
        connection.close()


def _swallow(connection: Connection) -> None:
    """Take what a client sends and answer nothing, which to it is much as if its packets were lost."""
    try:
        while connection.receive(_SWALLOWED_BYTES):
            pass
    except ConnectionError:  # it has given up
        pass
    connection.close()


class _ClientConnection:
    """The requests of one connection, one after the other."""

    def __init__(self, workings: Workings, listener: ListenerSettings, connection: Connection) -> None:
        self._workings = workings
        self._listener = listener
        self._connection = connection
        self._client = ClientSide(workings.clock, connection, workings.view.settings().idle_timeout_seconds)
        self._opened_at = workings.clock.now()
        # Of the answer before; None: there was none.
        self._answered_at: float | None = None

    def run(self) -> None:
        with self._workings.clock.supervisor.turn(
            "the load balancer", f"a request to port {self._listener.port}"
        ) as turn:
            self._serve_all()
        if turn.failed:
            self._refuse(500)

    def _serve_all(self) -> None:
        try:
            while self._serve_or_refuse():
                pass
        except TimeoutError:
            # A connection that is merely idle is closed; one that stops inside a request is told so.
            if self._client.stream.buffer:
                self._refuse(408)
        except PEER_GONE:
            pass  # nobody is left to answer

    def _serve_or_refuse(self) -> bool:
        """Serve the next request, or refuse it; return whether the connection lives on."""
        try:
            return self._serve_one()
        except RefusedRequestError as error:
            variety = self._workings.variety
            status = variety.status(error.statuses)
            closes = variety.closes(status)
            self._refuse(status, error.classification, closes=closes)
            if not closes:
                self._client.stream.skip_head()
            return not closes

    def _serve_one(self) -> bool:
        """Serve the next request; return whether the connection lives on, which it does not beyond its listener."""
        head = self._client.stream.request_head()
        if head is None or not self._workings.view.has(self._listener):
            return False
        if self._meets_reset(head.method):
            return False
        if head.classification.is_blocked(self._workings.view.settings().desync_mode):
            raise blocked(head.classification)
        lives_on = Visit(self._workings, self._listener, self._client, head).serve(keep_alive=self._may_live_on())
        self._answered_at = self._workings.clock.now()
        return lives_on

    def _meets_reset(self, method: str) -> bool:
        """Reset the connection if that is what becomes of this request; return whether it is."""
        idle_seconds = None if self._answered_at is None else self._workings.clock.now() - self._answered_at
        is_reset = self._workings.resets.hits(method, idle_seconds)
        if is_reset:
            self._workings.trace.add("connection_reset", self._connection.peer_host, idle_seconds=idle_seconds)
            self._connection.reset()
        return is_reset

    def _may_live_on(self) -> bool:
        """Whether the connection is young enough. Source: AWS ALB User Guide, "HTTP client keepalive duration"."""
        age_seconds = self._workings.clock.now() - self._opened_at
        return age_seconds < self._workings.view.settings().client_keep_alive_seconds

    def _refuse(self, status: int, classification: Classification = COMPLIANT, *, closes: bool = True) -> None:
        """Answer what could not be read as a request, and record it as far as it is known."""
        workings, port = self._workings, self._listener.port
        now = workings.clock.now()
        nothing = {"rule": "-", "status": status, "target_group": "-", "task": "-"}
        workings.trace.add("request", "-", listener=port, **nothing, **classification.as_details())
        entry = AccessLogEntry(
            time=now,
            listener_port=port,
            client=self._connection.peer_host,
            status=status,
            classification=classification,
        )
        workings.access_log.append(entry)
        try:
            policy = workings.view.header_policy(self._listener)
            self._connection.send(own_answer(status, now=now, keep_alive=not closes, policy=policy))
        except PEER_GONE:
            return
        if closes:
            self._client.linger()
