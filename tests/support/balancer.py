"""A small world with a load balancer: its ELBv2 is a fake that holds what a test puts into it."""

import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

from seatrials.seams.http1 import Handler, HttpServer, Request, Response, Upgrade, json_response
from seatrials.seams.network import Connection
from seatrials.twin.balancer import Balancer, Lags, Resets, TargetRegistry, Variety
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.physics.network import Host, VirtualNetwork
from seatrials.twin.trace import Trace
from tests.support.aws import Document

BALANCER_IP = "10.0.0.10"
# Where a second node is, in worlds that have one.
OTHER_NODE_IP = "10.0.128.10"
CLIENT_IP = "10.0.9.9"
TARGET_IP = "10.0.1.7"
GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"
OTHER_GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/other/0123456789abcdef"


def forward(*groups: str) -> Document:
    """Return a forward action, of equal weights."""
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn} for arn in groups]}}


def rule(priority: int | str, path: str | None, action: Document) -> Document:
    """Return a rule as DescribeRules gives it."""
    conditions = [{"Field": "path-pattern", "Values": [path]}] if path else []
    return {"Priority": str(priority), "Conditions": conditions, "Actions": [action]}


@dataclass
class FakeListeners:
    """Answers the describe calls of one load balancer."""

    listeners: list[Document] = field(default_factory=lambda: [{"ListenerArn": "l-80", "Port": 80, "Protocol": "HTTP"}])
    rules: list[Document] = field(default_factory=lambda: [rule("default", None, forward(GROUP))])
    attributes: dict[str, str] = field(default_factory=dict)
    listener_attributes: dict[str, str] = field(default_factory=dict)
    group_attributes: dict[str, str] = field(default_factory=dict)
    group: Document = field(default_factory=dict)
    page_size: int = 100
    calls: int = 0

    def describe_listeners(self, *, LoadBalancerArn: str) -> Document:  # noqa: ARG002, N803  # boto3's name
        """Return the listeners."""
        self.calls += 1
        return {"Listeners": self.listeners}

    def describe_listener_attributes(self, *, ListenerArn: str) -> Document:  # noqa: ARG002, N803  # boto3's name
        """Return the listeners' attributes, the same ones for every listener."""
        return {"Attributes": [{"Key": key, "Value": value} for key, value in self.listener_attributes.items()]}

    def describe_rules(self, *, ListenerArn: str, Marker: str = "0") -> Document:  # noqa: ARG002, N803
        """Return a page of the rules, the same ones for every listener."""
        self.calls += 1
        end = int(Marker) + self.page_size
        more = {"NextMarker": str(end)} if end < len(self.rules) else {}
        rules = [{"RuleArn": f"rule-{each['Priority']}", **each} for each in self.rules]
        return {"Rules": rules[int(Marker) : end], **more}

    def describe_target_groups(self) -> Document:
        """Return both target groups."""
        self.calls += 1
        names = {GROUP: "web", OTHER_GROUP: "other"}
        defaults = {
            "Protocol": "HTTP",
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPath": "/health",
            "HealthCheckPort": "traffic-port",
            "HealthCheckIntervalSeconds": 10,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 3,
            "UnhealthyThresholdCount": 2,
            "Matcher": {"HttpCode": "200"},
        }
        groups = [{"TargetGroupArn": arn, "TargetGroupName": name} for arn, name in names.items()]
        return {"TargetGroups": [{**defaults, **group, **self.group} for group in groups]}

    def describe_target_group_attributes(self, *, TargetGroupArn: str) -> Document:  # noqa: ARG002, N803
        """Return the target groups' attributes."""
        return {"Attributes": [{"Key": key, "Value": value} for key, value in self.group_attributes.items()]}

    def describe_load_balancer_attributes(self, *, LoadBalancerArn: str) -> Document:  # noqa: ARG002, N803
        """Return the load balancer's attributes."""
        return {"Attributes": [{"Key": key, "Value": value} for key, value in self.attributes.items()]}


def no_tls(certificate_arn: str) -> ssl.SSLContext:
    """Refuse, for these balancers have no HTTPS listener."""
    raise AssertionError(certificate_arn)


@dataclass
class BalancerWorld:
    """A balancer, a client, and targets as a test starts them."""

    clock: VirtualClock
    network: VirtualNetwork
    elbv2: FakeListeners
    trace: Trace
    targets: TargetRegistry
    balancer: Balancer
    client: Host
    seen: list[Request] = field(default_factory=list)

    def serve(self, ip: str, handler: Handler | None = None) -> Host:
        """Start a target at *ip*, port 8080; by default it says who it is. Health checks are answered anyway."""
        host = self.network.attach(ip)

        def answer(request: Request) -> Response | Upgrade:
            if request.path == "/health":
                return json_response(200, {})
            self.seen.append(request)
            return handler(request) if handler else json_response(200, {"ip": ip})

        HttpServer(self.clock, host, 8080, answer)
        return host

    def register(self, *ips: str, group: str = GROUP) -> None:
        """Register targets and let their first check pass."""
        self.targets.register(group, [(ip, 8080) for ip in ips])
        self.clock.sleep(3)

    def state(self, ip: str) -> tuple[str, str | None]:
        """Return state and reason of a target."""
        [found] = self.targets.describe(GROUP, [(ip, 8080)])
        return found.state, found.reason

    def connect(self, port: int = 80) -> Connection:
        """Connect the client to the balancer."""
        return self.client.connect(BALANCER_IP, port)

    def ask(self, text: str, *, quiet_seconds: float = 1.0, node: str = BALANCER_IP) -> str:
        """Send *text* on a new connection and return all that comes back until it closes or goes quiet."""
        connection = self.client.connect(node, 80)
        connection.send(text.encode("latin-1"))
        answer = receive_all(connection, quiet_seconds)
        connection.close()
        return answer.decode("latin-1")

    def get(self, target: str, *headers: str, node: str = BALANCER_IP) -> str:
        """Return the whole answer to a GET."""
        head = "\r\n".join([f"GET {target} HTTP/1.1", "Host: shop.example.com", *headers, "", ""])
        return self.ask(head, node=node)


def serve_raw(
    world: BalancerWorld,
    answer: bytes | Callable[[], bytes],
    *,
    close: bool = True,
    hang_seconds: float = 0.0,
    ip: str = TARGET_IP,
) -> None:
    """Start a healthy target that answers every request but the checks with these bytes, or what it is given then."""
    listener = world.network.attach(ip).listen(8080)

    def serve(connection: Connection) -> None:
        try:
            checked = b"/health" in connection.receive(65_536)
            world.clock.sleep(0 if checked else hang_seconds)
            given = answer if isinstance(answer, bytes) else b"" if checked else answer()
            connection.send(b"HTTP/1.1 200 OK\r\n\r\n" if checked else given)
            world.clock.sleep(0 if checked or close else 1000)
        except ConnectionError:
            pass
        connection.close()

    def accept() -> None:
        while True:
            connection = listener.accept()
            world.clock.spawn(partial(serve, connection), "raw")

    world.clock.spawn(accept, "raw-accept")
    world.register(ip)


def receive_all(connection: Connection, quiet_seconds: float = 1.0) -> bytes:
    """Return what comes until the end, or until nothing comes for so long."""
    data = b""
    try:
        while part := connection.receive(65_536, quiet_seconds):
            data += part
    except TimeoutError:
        pass
    return data


def status_of(answer: str) -> int:
    """Return the status of an answer."""
    return int(answer.split(" ")[1])


def body_of(answer: str) -> str:
    """Return what follows the head of an answer."""
    return answer.partition("\r\n\r\n")[2]


def build_world(
    elbv2: FakeListeners,
    seed: int = 1,
    tls: Callable[[str], ssl.SSLContext] = no_tls,
    variety: Variety | None = None,
    node_ips: Sequence[str] = (BALANCER_IP,),
    lags: Lags | None = None,
    resets: Resets | None = None,
) -> BalancerWorld:
    """Return a world whose balancer has started."""
    random = Random(seed)
    clock = VirtualClock(1_700_000_000)
    network = VirtualNetwork(clock, lambda: random.uniform(0.0002, 0.001))
    trace = Trace(clock)
    targets = TargetRegistry(clock=clock, elbv2=elbv2, trace=trace)
    balancer = Balancer(
        clock=clock,
        hosts=[network.attach(ip) for ip in node_ips],
        elbv2=elbv2,
        load_balancer_arn="arn",
        targets=targets,
        trace=trace,
        random=random,
        latency=lambda: random.uniform(0.001, 0.003),
        tls_context=tls,
        variety=variety or Variety(),
        lags=lags,
        resets=resets or Resets(),
    )
    balancer.start()
    clock.sleep(0.001)
    return BalancerWorld(clock, network, elbv2, trace, targets, balancer, network.attach(CLIENT_IP))


@contextmanager
def open_world(
    elbv2: FakeListeners,
    seed: int = 1,
    tls: Callable[[str], ssl.SSLContext] = no_tls,
    variety: Variety | None = None,
    node_ips: Sequence[str] = (BALANCER_IP,),
    lags: Lags | None = None,
    resets: Resets | None = None,
) -> Iterator[BalancerWorld]:
    """Give a world whose balancer has started, and end it."""
    world = build_world(elbv2, seed, tls, variety, node_ips, lags, resets)
    with world.clock.closing():
        yield world
    world.network.close()
