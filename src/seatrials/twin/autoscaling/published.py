"""The metrics that ECS, Elastic Load Balancing and CloudWatch Logs publish of themselves, once a minute.

CPUUtilization and MemoryUtilization of a service are constant while a task runs: nothing in the twin is busy. A
balancer's own answers are told from its targets' by whether there was a target, and 502 and 504 are its own.
Source: Amazon ECS Developer Guide, "Amazon ECS CloudWatch metrics"; AWS ALB User Guide, "CloudWatch metrics for your
Application Load Balancer"; Amazon CloudWatch Logs User Guide, "Monitoring usage with CloudWatch metrics".
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from seatrials.twin.balancer import Balancer, TargetRegistry
from seatrials.twin.balancer.visit import AccessLogEntry
from seatrials.twin.metrics.statistics import Samples
from seatrials.twin.metrics.store import Metric, Point
from seatrials.twin.moto_bridge import Bridge
from seatrials.twin.physics.clock import VirtualClock

CPU_PERCENT = 10.0
MEMORY_PERCENT = 25.0
_MINUTE_SECONDS = 60.0
_ECS = "AWS/ECS"
_BALANCER = "AWS/ApplicationELB"
_LOGS = "AWS/Logs"
_OWN_STATUSES = (502, 504)

# (cluster, service, tasks that run)
Running = tuple[str, str, int]
Dimensions = tuple[tuple[str, str], ...]


class PublishedMetrics:
    """What AWS publishes of one world's services and load balancers."""

    def __init__(
        self,
        clock: VirtualClock,
        bridge: Bridge,
        running: Callable[[], Iterable[Running]],
        balancers: Sequence[Balancer],
        targets: TargetRegistry,
        log_volume: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """*running* tells of each service how many of its tasks run, *log_volume* the bytes that each group took."""
        self._clock = clock
        self._bridge = bridge
        self._running = running
        self._balancers = balancers
        self._targets = targets
        self._log_volume = log_volume

    def start(self) -> None:
        """Begin to publish."""
        self._clock.spawn(self._loop, "published metrics")

    def _loop(self) -> None:
        while True:
            self._clock.sleep(_MINUTE_SECONDS)
            with self._clock.supervisor.turn("CloudWatch", "metrics of the services"):
                self._publish_services()
            with self._clock.supervisor.turn("CloudWatch", "metrics of the log groups"):
                self._publish_logs()
            for balancer in self._balancers:
                with self._clock.supervisor.turn("CloudWatch", f"metrics of {balancer.load_balancer_arn}"):
                    self._publish_balancer(balancer)

    def _publish_services(self) -> None:
        clusters: Counter[str] = Counter()
        for cluster, service, count in self._running():
            clusters[cluster] += count
            self._publish_utilization((("ClusterName", cluster), ("ServiceName", service)), count)
        for cluster, count in clusters.items():
            self._publish_utilization((("ClusterName", cluster),), count)

    def _publish_logs(self) -> None:
        for group, volume in self._log_volume().items():
            self._publish(Metric(_LOGS, "IncomingBytes", (("LogGroupName", group),)), float(volume), 1, "Bytes")

    def _publish_utilization(self, dimensions: Dimensions, tasks: int) -> None:
        """Publish a sample of each task; a service without tasks has no data."""
        if tasks:
            self._publish(Metric(_ECS, "CPUUtilization", dimensions), CPU_PERCENT, tasks, "Percent")
            self._publish(Metric(_ECS, "MemoryUtilization", dimensions), MEMORY_PERCENT, tasks, "Percent")

    def _publish_balancer(self, balancer: Balancer) -> None:
        # ...:loadbalancer/app/<name>/<id>
        own = (("LoadBalancer", balancer.load_balancer_arn.partition(":loadbalancer/")[2]),)
        entries = balancer.take_access_log()
        self._publish_requests(own, entries)
        for arn in self._targets.listed_groups():
            if balancer.view.forwards_to(arn):
                name = arn.partition(":targetgroup/")[2]
                dimensions = (*own, ("TargetGroup", f"targetgroup/{name}"))
                sent = [each for each in entries if each.target_group == name.partition("/")[0]]
                self._publish_requests(dimensions, sent)
                self._publish_targets(arn, dimensions, len([each for each in sent if each.target_ip]))

    def _publish_requests(self, dimensions: Dimensions, entries: list[AccessLogEntry]) -> None:
        """Publish how many requests there were, by whose answer they got; what did not happen has no data."""
        counts: Counter[str] = Counter()
        for each in entries:
            is_own = not each.target_ip or each.status in _OWN_STATUSES
            counts["RequestCount"] += bool(each.target_ip)
            counts[f"HTTPCode_{'ELB' if is_own else 'Target'}_{each.status // 100}XX_Count"] += 1
        for name, count in counts.items():
            if count:
                self._publish(Metric(_BALANCER, name, dimensions), 1.0, count, "Count")

    def _publish_targets(self, arn: str, dimensions: Dimensions, requests: int) -> None:
        states = [each.state for each in self._targets.describe(arn)]
        healthy, unhealthy = states.count("healthy"), states.count("unhealthy")
        self._publish(Metric(_BALANCER, "HealthyHostCount", dimensions), float(healthy), 1, "Count")
        self._publish(Metric(_BALANCER, "UnHealthyHostCount", dimensions), float(unhealthy), 1, "Count")
        if requests and healthy:
            of_each = requests / healthy
            for names in (dimensions, dimensions[1:]):
                self._publish(Metric(_BALANCER, "RequestCountPerTarget", names), of_each, 1, "Count")

    def _publish(self, metric: Metric, value: float, count: int, unit: str) -> None:
        samples = Samples.of_values([(value, float(count))])
        self._bridge.publish(metric, Point(self._clock.now(), samples, unit))
