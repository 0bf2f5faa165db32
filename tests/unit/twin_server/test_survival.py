"""One served twin lives through 5,000 raw requests and 500 generated calls, by its real ports.

That none of its parts has failed is told by its exit code, which `running_server` looks at.
"""

import re
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from random import Random

import pytest
from botocore.config import Config

from seatrials.twin_server import running_server
from tests.support.aws import Clients
from tests.support.generated_requests import generated
from tests.support.project import PROJECT
from tests.support.served import served_client
from tests.support.stranger import Stranger, answered

REQUESTS = 5_000
CALLS = 500
AT_ONCE = 192
# Of the machine: how long a client may wait for the next bytes.
CLIENT_SECONDS = 60.0
SERVED = b"GET /hermes/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
# What a request of a client is never answered while the platform is whole.
FAULTS = {500, 503, 504}


@pytest.fixture(scope="module")
def variables() -> Iterator[Mapping[str, str]]:
    """Give the variables of a server on which thirty seconds pass in one."""
    with running_server("--environments", str(PROJECT / "environments.toml"), "--pace", "30") as running:
        yield running.variables


@pytest.fixture(scope="module")
def aws(variables: Mapping[str, str]) -> Clients:
    """Give clients that refuse nothing by themselves, and try once."""
    # A prefix before an address is a host that nobody knows.
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False)
    return cache(partial(served_client, variables, config=config))


def lead_to_hermes(aws: Clients, idle_seconds: int) -> None:
    """Let the listener without TLS forward all paths to Hermes, on connections that end when nobody speaks."""
    elbv2 = aws("elbv2")
    [balancer] = [each["LoadBalancerArn"] for each in elbv2.describe_load_balancers()["LoadBalancers"]]
    [group] = elbv2.describe_target_groups(Names=["webordinary-hermes"])["TargetGroups"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    [listener] = [each["ListenerArn"] for each in listeners if each["Port"] == 80]
    elbv2.create_rule(
        ListenerArn=listener,
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    idle = {"Key": "idle_timeout.timeout_seconds", "Value": str(idle_seconds)}
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=[idle])


def exchange(port: int, data: bytes) -> bytes:
    """Send *data* on a connection of its own, and return what came back until the other end closed it."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), CLIENT_SECONDS) as connection:
        try:
            connection.sendall(data)
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionError:
            # Closed with bytes of ours unread, which the kernel tells as a reset.
            return received
    return received


def test_raw_requests_end_nothing(variables: Mapping[str, str], aws: Clients) -> None:
    """Each client gets an answer and is closed, none for a fault of the platform, and every fiftieth is served."""
    lead_to_hermes(aws, idle_seconds=5)
    random = Random(15)
    sent = [SERVED if number % 50 == 0 else generated(random) for number in range(REQUESTS)]
    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(partial(exchange, int(variables["SEATRIALS_HTTP_PORT"])), sent))

    for number, (data, answer) in enumerate(zip(sent, answers, strict=True)):
        statuses = {int(found) for found in re.findall(rb"HTTP/1\.1 (\d\d\d) ", answer)}
        told = f"request {number}: {data[:300]!r} got {answer[:300]!r}"
        assert answer or not data.lstrip(b"\r\n"), told
        assert not statuses & FAULTS, told
        assert data is not SERVED or statuses == {200}, told


def test_generated_calls_end_nothing(aws: Clients) -> None:
    """Each call is answered in a form that boto3 reads, never with 500, and the next call is served."""
    stranger = Stranger(1, aws)
    for _ in range(CALLS):
        stranger.ask()

    assert answered(aws("ecs"), "ListClusters", {}) == "taken"
    assert stranger.answers["taken"] > CALLS / 10
