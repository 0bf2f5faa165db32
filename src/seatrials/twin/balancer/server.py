"""The balancer's own side: its ports and its connections."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from seatrials.seams.application import AwsClient
from seatrials.seams.network import Connection, Listener, Network, TlsConnection
from seatrials.twin.balancer.answers import Variety, own_answer
from seatrials.twin.balancer.desync import COMPLIANT, Classification
from seatrials.twin.balancer.messages import RefusedRequestError, blocked
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
    host: Host
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
    _open: dict[int, tuple[ListenerSettings, list[Listener]]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Prepare what the requests share."""
        self.view = LoadBalancerView(self.elbv2, self.load_balancer_arn)
        self._changed = self.clock.signal()
        self._workings = Workings(
            clock=self.clock,
            host=self.host,
            view=self.view,
            targets=self.targets,
            trace=self.trace,
            random=self.random,
            latency=self.latency,
            cookies=StickyCookies(self.clock, self.random),
            variety=self.variety,
        )

    @property
    def access_log(self) -> list[AccessLogEntry]:
        """Every request that is finished, in that order."""
        return self._workings.access_log

    def start(self) -> None:
        """Listen on every listener's port, from now on also on those that come later."""
        self.targets.use(self.view.forwards_to)
        self._open_and_close_ports()
        self.clock.spawn_in(self.clock.world, self._follow, "balancer-listeners")

    def changed(self, operation: str, parameters: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Hear of a call that has changed ELBv2: a rule is taken over, anything else read again when it is needed."""
        if "Rule" in operation:
            self.view.rules_changed(operation, parameters, answer)
            self.targets.use_changed()
        elif "TargetGroup" in operation:
            self.targets.groups.changed(operation, parameters, answer)
            self.targets.use_changed()
        else:
            self.invalidate()

    def invalidate(self) -> None:
        """Read all of ELBv2 again when it is next needed."""
        self.view.invalidate()
        self.targets.invalidate()
        self._changed.pulse()

    def move(self, address: str) -> None:
        """Listen at another address from now on; connections that are open stay."""
        if address != self.host.address:
            for _, listeners in self._open.values():
                for each in listeners:
                    each.close()
            self._open.clear()
            self.host.move(address)
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
        self._listen(settings, self.host, settings.port, self._workings)
        if self.outside is not None:
            self._listen_outside(settings, self.outside)

    def _listen_outside(self, settings: ListenerSettings, network: Network) -> None:
        """Listen where real clients come in; a container may use their address of the balancer as they do."""
        workings = replace(self._workings, ports=self.outside_ports)
        self._listen(settings, network, settings.port, workings, self.admits_outside)
        public_port = self.outside_ports[settings.port]
        if public_port != settings.port:
            self._listen(settings, self.host, public_port, workings)

    def _listen(
        self,
        settings: ListenerSettings,
        network: Network,
        port: int,
        workings: Workings,
        admits: Callable[[int], bool] = lambda _port: True,
    ) -> None:
        listener = network.listen(port)
        self._open[settings.port][1].append(listener)
        accept = partial(self._accept, settings, listener, workings, admits)
        self.clock.spawn_in(self.clock.world, accept, f"balancer-accept-{port}")

    def _accept(
        self, settings: ListenerSettings, listener: Listener, workings: Workings, admits: Callable[[int], bool]
    ) -> None:
        while True:
            try:
                connection = listener.accept()
            except ConnectionAbortedError:
                return
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
        if head.classification.is_blocked(self._workings.view.settings().desync_mode):
            raise blocked(head.classification)
        return Visit(self._workings, self._listener, self._client, head).serve(keep_alive=self._may_live_on())

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
