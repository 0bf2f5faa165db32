"""A world: one control plane brought to life, with its own time, network, disk and chance.

It starts from a `ControlPlane` in about a millisecond and adds everything that acts. Chance comes from one seed, split
by purpose, so that one more draw in one part does not change what another part draws.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from seatrials.errors import TwinFailureError
from seatrials.seams.application import Application, AwsClient
from seatrials.twin.authority import Authority
from seatrials.twin.autoscaling.published import PublishedMetrics
from seatrials.twin.autoscaling.scaling import Scaling
from seatrials.twin.balancer import Balancer, Lags, Resets, TargetRegistry, Variety
from seatrials.twin.calibration import Calibration
from seatrials.twin.cloudformation.fidelity.calls import CallWatch
from seatrials.twin.control_plane import EPOCH_SECONDS, ControlPlane
from seatrials.twin.ecs.aws_calls import connect_to_aws
from seatrials.twin.ecs.log_driver import LogDriver
from seatrials.twin.ecs.mounting import mount_client
from seatrials.twin.ecs.runtime import Runtime
from seatrials.twin.ecs.scheduler import Scheduler
from seatrials.twin.ecs.task_run import Surroundings
from seatrials.twin.entrances import Entrance, open_entrances
from seatrials.twin.expiry import Expiry
from seatrials.twin.filesystem import FileSystems
from seatrials.twin.metrics.store import Metric
from seatrials.twin.moto_bridge import (
    TARGET_HEALTH,
    Bridge,
    HealthView,
    IndexLag,
    Living,
    give_past,
    restore,
    seed_identifiers,
    shortcuts,
    unplug,
)
from seatrials.twin.moto_bridge.told import told_change
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import Host, VirtualNetwork
from seatrials.twin.physics.outside import Outside
from seatrials.twin.physics.supervision import Failure
from seatrials.twin.scratch import scratch_folder
from seatrials.twin.trace import Trace
from seatrials.twin.vpc.vpc import Vpc

_CLIENT_ADDRESS = "203.0.113.10"
# What changes where the nodes of a load balancer are, and who reaches them.
_MOVES = ("SetSecurityGroups", "SetSubnets")


@dataclass(frozen=True)
class _Wires:
    """What connects: the network and who may use it, and the disks."""

    directory: Path
    vpc: Vpc
    network: VirtualNetwork
    client_host: Host
    file_systems: FileSystems
    # Of the load balancers that act.
    entrances: tuple[Entrance, ...]


@dataclass(frozen=True)
class _Actors:
    """What acts as AWS does."""

    logs: LogDriver | None
    runtime: Runtime
    targets: TargetRegistry
    balancers: tuple[Balancer, ...]
    scheduler: Scheduler
    scaling: Scaling
    published: PublishedMetrics
    expiry: Expiry


class World:
    """One living platform. Use it as a context manager: at the end nothing of it is left."""

    def __init__(
        self,
        plane: ControlPlane,
        *,
        seed: str,
        calibration: Calibration,
        applications: Mapping[str, Application],
        authority: Authority,
        outside: Outside | None = None,
        keeps_logs: bool = False,
    ) -> None:
        """With *outside*, real clients reach the world, and its time is theirs.

        With *keeps_logs*, what containers write is found in CloudWatch Logs.
        """
        self.seed, self.stack, self.calibration, self.authority = seed, plane.stack, calibration, authority
        self._outside, self._domain_names, self._neighbours = outside, plane.domain_names, plane.neighbours
        self.clock = VirtualClock(EPOCH_SECONDS) if outside is None else outside.clock
        self.trace = Trace(self.clock)
        self._call_watch = CallWatch(self.trace)
        # Hears of an actor's failure; by default the scenario fails.
        self.on_failure: Callable[[Failure], None] = self._fail_scenario
        # By part, `balancer` or a service of AWS: how much longer its answers take, summed up.
        self.slow_seconds: dict[str, list[float]] = {}
        # For who looks on: hear calls from outside AWS as they have their effect, and all that have changed something.
        self.on_call: Callable[[str, str], None] = lambda *_: None
        self.on_change: Callable[[str, str, Mapping[str, Any], dict[str, Any]], None] = lambda *_: None
        self.clock.supervisor.on_failure = self._actor_failed
        # Why moto first: AWS's parts ask it as they are made, and must find the state and the time of this world.
        self.bridge = self._moto(plane)
        wires = self._wires()
        self.directory, self.vpc, self.file_systems = wires.directory, wires.vpc, wires.file_systems
        self.network, self.client_host = wires.network, wires.client_host
        actors = self._aws_actors(wires, applications, keeps_logs=keeps_logs)
        self.runtime, self.targets, self.balancers = actors.runtime, actors.targets, actors.balancers
        self.scheduler, self.scaling, self.expiry = actors.scheduler, actors.scaling, actors.expiry
        self._logs, self._published = actors.logs, actors.published
        # A true circle: they are made with the bridge's clients, and answer calls that the bridge hears.
        self._health_view = self._view_of_health()
        told = (self.targets, self.scheduler.stop_task, self.scheduler.service_updated, self._health_view)
        self.bridge.attach(Living(*told))

    def random(self, purpose: str) -> Random:
        """Return the stream of chance for one purpose, a function of the world's seed alone."""
        # Why not one stream for all: one more draw of one part would change what every other part does from then on.
        return Random(f"{self.seed}/{purpose}")

    def aws(self, service: str) -> AwsClient:
        """Return the twin's own client of *service*: no latency, not in the trace."""
        return self.bridge.client("twin", service)

    @contextmanager
    def running(self, *, alive: bool = True) -> Iterator["World"]:
        """Let the world act until the block ends; then every actor, socket and file of it goes.

        Not *alive*, it stays what moto makes of it: all is stored and nothing acts.
        """
        try:
            with self.clock.closing():
                if alive:
                    self._start()
                yield self
                # What failed in the block's own calls, after its last wait.
                self.clock.raise_failure()
        finally:
            self.network.close()
            unplug()
            self._scratch.remove()

    def settle(self, timeout_seconds: float) -> None:
        """Wait until every service is as it should be and every node has looked at it, or the time is over."""
        deadline = self.clock.now() + timeout_seconds
        while not self._is_settled() and self.clock.now() < deadline:
            self.clock.sleep(1.0)

    def _is_settled(self) -> bool:
        return self.scheduler.is_settled() and self.targets.is_settled()

    def address_of(self, load_balancer: str) -> str:
        """Return the DNS name of a load balancer, or a name that nothing answers to when there is none of that name."""
        balancers = self.aws("elbv2").describe_load_balancers()["LoadBalancers"]
        names = [str(each["DNSName"]) for each in balancers if each["LoadBalancerName"] == load_balancer]
        return names[0] if names else f"{load_balancer}.missing"

    def url_of(self, load_balancer: str) -> str:
        """Return the URL by which users know a load balancer: the stack's output of it, if that leads there."""
        given = self.stack.outputs.get("AlbUrl", "")
        leads_there = given.removeprefix("https://") in self.network.names
        return given if leads_there else f"https://{self.address_of(load_balancer)}"

    def _start(self) -> None:
        if self.calibration.has_past:
            give_past(self.bridge, self.aws("ecs"), self.random("past"))
        for balancer in self.balancers:
            balancer.start()
        self.scheduler.start()
        self.scaling.start()
        self._published.start()
        self.expiry.start()
        if self._logs is not None:
            self._logs.start()

    def _moto(self, plane: ControlPlane) -> Bridge:
        """Return moto as *plane* is, with this world plugged in."""
        # Why not deploy the template anew for each world: that takes a thousand times as long.
        restore(plane.state)
        seed_identifiers(self.random("moto").getrandbits(64))
        self._latency, lag = self.random("api latency"), self.random("index lag")
        bridge = Bridge(
            region=plane.region,
            now=self.clock.now,
            on_call=self._on_call,
            on_change=self._on_change,
            on_refusal=self._on_refusal,
            sleep=self.clock.sleep,
            index_lag=IndexLag(plane.region, self.clock.now, lambda: self.calibration.index_lag.draw(lag)),
            shortcuts=shortcuts(plane.pristine),
            principal=lambda key: self.runtime.principal_of(key),  # noqa: PLW0108  # the runtime is yet to be made
            tell=self.trace.add,
            neighbours=plane.neighbours,
            page_max=self.calibration.page_max,
        )
        bridge.plug_in()
        return bridge

    def _wires(self) -> _Wires:
        self._scratch = scratch_folder()
        directory = self._scratch.path
        hop = self.random("network")
        # Before the network, which asks them about every connection.
        logical_ids = {physical: logical for logical, physical in self.stack.physical_ids.items()}
        vpc = Vpc(self.aws("ec2"), self.aws("efs"), self.trace, logical_ids, self.bridge.region)
        dns = self.random("dns")
        network = VirtualNetwork(self.clock, lambda: self.calibration.network_latency.draw(hop), vpc.admit, dns.choice)
        client_host = network.attach(_CLIENT_ADDRESS)
        file_systems = FileSystems(directory / "efs", self.aws("efs"))
        all_act = self.calibration.has_nodes
        entrances = open_entrances(network, vpc, self.acting_balancers(), self._domain_names, all_nodes_act=all_act)
        return _Wires(directory, vpc, network, client_host, file_systems, entrances)

    def acting_balancers(self) -> list[dict[str, Any]]:
        """Return the load balancers that act here, as ELBv2 describes them."""
        found = self.aws("elbv2").describe_load_balancers()["LoadBalancers"]
        return [each for each in found if self._acts(each)]

    def _acts(self, balancer: Mapping[str, Any]) -> bool:
        """Whether a load balancer is one that acts here; of another the trace says that it only stands there."""
        if balancer["LoadBalancerArn"] in self._neighbours.load_balancers:
            return False
        is_application = bool(balancer.get("Type", "application") == "application")
        if not is_application:
            self.trace.add("left_out", balancer["LoadBalancerName"], what=f"load balancers of type {balancer['Type']}")
        return is_application

    def _aws_actors(self, wires: _Wires, applications: Mapping[str, Application], *, keeps_logs: bool) -> _Actors:
        logs = LogDriver(self.clock, self.aws("logs"), self.trace) if keeps_logs else None
        runtime = self._runtime(wires, applications, logs)
        targets = self._targets()
        hop = self.random("balancer")
        balancers = tuple(
            self._balancer(wires, each, targets, lambda: self._balancer_seconds(hop)) for each in wires.entrances
        )
        scheduler = self._scheduler(wires, runtime, targets)
        expiry = Expiry(self.clock, self.aws("dynamodb"), self.calibration, self.random("expiry"), self.trace)
        volume = logs.take_volume if logs else dict[str, int]
        published = PublishedMetrics(self.clock, self.bridge, scheduler.running, balancers, targets, volume)
        return _Actors(logs, runtime, targets, balancers, scheduler, self._scaling(), published, expiry)

    def _runtime(self, wires: _Wires, applications: Mapping[str, Application], logs: LogDriver | None) -> Runtime:
        public_names: dict[str, str] = {}
        for entrance in wires.entrances:
            outside = self._main_way_in(entrance.load_balancer)
            for name in entrance.names:
                public_names.update(outside.public_names(name) if outside else {})
        return Runtime(
            clock=self.clock,
            network=wires.network,
            file_systems=wires.file_systems,
            applications=applications,
            aws=self.bridge.client,
            trust=self.authority.trust,
            directory=wires.directory / "tasks",
            random=self.random("applications"),
            trace=self.trace,
            public_names=public_names,
            on_log=logs.write if logs else lambda _container, _line: None,
            may_mount=partial(mount_client, self.bridge),
            clock_error=partial(self.random("clocks").uniform, *self.calibration.clock_error_bounds),
        )

    def _targets(self) -> TargetRegistry:
        elbv2 = self.aws("elbv2")
        return TargetRegistry(clock=self.clock, elbv2=elbv2, trace=self.trace, on_change=self._health_changed)

    def _scheduler(self, wires: _Wires, runtime: Runtime, targets: TargetRegistry) -> Scheduler:
        surroundings = Surroundings(
            clock=self.clock,
            bridge=self.bridge,
            runtime=runtime,
            vpc=wires.vpc,
            targets=targets,
            elbv2=self.aws("elbv2"),
            calibration=self.calibration,
            random=self.random("tasks"),
            trace=self.trace,
        )
        return Scheduler(surroundings, self.aws("ecs"), self.random("scale-in"))

    def _scaling(self) -> Scaling:
        return Scaling(
            clock=self.clock,
            bridge=self.bridge,
            cloudwatch=self.aws("cloudwatch"),
            autoscaling=self.aws("application-autoscaling"),
            ecs=self.aws("ecs"),
            calibration=self.calibration,
            random=self.random("scaling"),
            trace=self.trace,
        )

    def _balancer(
        self,
        wires: _Wires,
        entrance: Entrance,
        targets: TargetRegistry,
        latency: Callable[[], float],
    ) -> Balancer:
        (name, *_), addresses = entrance.names, entrance.addresses
        names = entrance.names
        outside = self._way_in_to(entrance.load_balancer)
        if outside is not None:
            names = outside.certificate_names(names)
            if outside is self._outside:
                # The others have the same address: a container reaches them by their own names.
                wires.network.names[outside.network.address] = addresses
            for address in addresses:
                wires.vpc.publish(address, outside.ports.outside)
        return Balancer(
            clock=self.clock,
            hosts=entrance.hosts,
            elbv2=self.aws("elbv2"),
            load_balancer_arn=entrance.description["LoadBalancerArn"],
            targets=targets,
            trace=self.trace,
            latency=latency,
            tls_context=lambda _certificate: self.authority.server(*names),
            random=self.random(f"balancer {name}"),
            outside=outside.network if outside else None,
            variety=Variety(self.random("answers") if self.calibration.answers_vary else None),
            outside_ports=outside.ports.outside if outside else {},
            admits_outside=lambda port: wires.vpc.admit(_CLIENT_ADDRESS, entrance.hosts[0].address, port),
            lags=self._lags(name),
            resets=Resets(self.random("resets"), self.calibration.reset_share),
        )

    def _balancer_seconds(self, random: Random) -> float:
        return self.calibration.balancer_latency.draw(random) + sum(self.slow_seconds.get("balancer", ()))

    def _lags(self, balancer: str) -> Lags | None:
        """Return how late the nodes of a load balancer follow; None for at once."""
        lag, new_rule_lag = self.calibration.node_lag, self.calibration.new_rule_lag
        if lag is None or new_rule_lag is None:
            return None
        random = self.random(f"nodes {balancer}")
        return Lags(new_rule=partial(new_rule_lag.draw, random), change=partial(lag.draw, random))

    def _way_in_to(self, load_balancer: str) -> Outside | None:
        return None if self._outside is None else self._outside.way_in_to(load_balancer)

    def _main_way_in(self, load_balancer: str) -> Outside | None:
        outside = self._outside
        return outside if outside is not None and outside.load_balancer == load_balancer else None

    def _on_call(self, caller: str, operation: str) -> None:
        """A call from outside AWS takes its time before it has its effect, if it gets there at all."""
        container = self.runtime.current()
        if container is not None:
            service, address = operation.partition(".")[0], container.host.address
            client = self.bridge.own_client(service)
            if self.network.cuts.parts(address, service):
                raise EndpointConnectionError(endpoint_url=client.meta.endpoint_url)
            connect_to_aws(client, self.vpc, self.clock, address)
            self.clock.sleep(sum(self.slow_seconds.get(service, ())))
        self.clock.sleep(self.calibration.api_latency.draw(self._latency))
        self.trace.add("aws_call", caller, operation=operation)
        self.on_call(caller, operation)

    def _on_refusal(self, service: str, operation: str, error: ClientError) -> None:
        self.trace.note("aws_refusal", f"{service}.{operation}", **error.response["Error"])

    def _view_of_health(self) -> HealthView | None:
        lag, random = self.calibration.health_view_lag, self.random("health view")
        if lag is None:
            return None
        return HealthView(self.clock, self.targets, lambda: lag.draw(random), self._health_told)

    def _move_nodes(self, balancer: Balancer) -> None:
        """Let the nodes of a load balancer be where its subnets and security groups are now."""
        described = self.aws("elbv2").describe_load_balancers(LoadBalancerArns=[balancer.load_balancer_arn])
        addresses = self.vpc.join_load_balancer(described["LoadBalancers"][0])
        balancer.move(addresses)
        for host in balancer.hosts:
            self.vpc.publish(host.address, balancer.outside_ports)
        # Of subnets beyond the nodes that there are.
        others = addresses[len(balancer.hosts) :]
        self.network.names.update(dict.fromkeys(others, (balancer.hosts[0].address,)))

    def _health_told(self) -> None:
        self.bridge.touched(TARGET_HEALTH)

    def _health_changed(self) -> None:
        self._health_told()
        if self._health_view is not None:
            self._health_view.changed()
        self.scheduler.poke()

    def _actor_failed(self, failure: Failure) -> None:
        self.trace.add(
            "twin_failure",
            failure.resource or failure.actor,
            actor=failure.actor,
            error=f"{type(failure.error).__name__}: {failure.error}",
            traceback=failure.lines,
        )
        self.on_failure(failure)

    def _fail_scenario(self, failure: Failure) -> None:
        told = TwinFailureError(str(failure))
        told.__cause__ = failure.error
        self.clock.fail(told)

    def _on_change(self, service: str, operation: str, parameters: Mapping[str, Any], answer: dict[str, Any]) -> None:
        """A call has changed something: let who depends on it look again, and the caller go on if they cannot."""
        told = told_change(service, operation, parameters)
        if told is not None:
            kind, subject, details = told
            self.trace.note(kind, subject, **details)
        self._call_watch.look(service, operation, parameters)
        with self.clock.supervisor.turn("what follows a call", f"{service} {operation}"):
            self._tell_parts(service, operation, parameters, answer)
        self.on_change(service, operation, parameters, answer)

    def _tell_parts(self, service: str, operation: str, parameters: Mapping[str, Any], answer: dict[str, Any]) -> None:
        self.vpc.heard(service, operation)
        # Why not let each part look at moto when it needs to: a balancer would read its rules anew for each request.
        if service == "elbv2" and operation not in ("RegisterTargets", "DeregisterTargets"):
            for balancer in self.balancers:
                with self.clock.supervisor.turn("the load balancer", balancer.load_balancer_arn):
                    balancer.changed(operation, parameters, answer)
                    if operation in _MOVES and balancer.load_balancer_arn == parameters["LoadBalancerArn"]:
                        self._move_nodes(balancer)
        elif service == "ecs":
            self.scheduler.service_changed()
        elif service == "efs" and operation == "CreateAccessPoint":
            self.file_systems.set_apart(answer)
        elif service == "cloudwatch" and operation == "PutMetricData":
            self.scaling.metric_put(parameters["Namespace"], parameters.get("MetricData", []))
            for each in parameters.get("MetricData", []):
                self.trace.add("metric", each["MetricName"], value=each.get("Value"))
                metric = Metric.of(parameters["Namespace"], each["MetricName"], each.get("Dimensions"))
                self.trace.more(metric=metric.label)
        elif operation == "SetAlarmState":
            data = parameters.get("StateReasonData")
            self.scaling.alarms.state_set(parameters["AlarmName"], parameters["StateValue"], data)
        elif service in ("cloudwatch", "application-autoscaling"):
            self.scaling.definitions_changed(operation, parameters)
