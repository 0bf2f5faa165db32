"""What a scenario asks of its platform is counted, by whichever way it asks."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from seatrials.environments.environment import Environment
from seatrials.evidence.activity import idleness
from seatrials.platform.counting import CallCount
from seatrials.platform.stack import Stack
from seatrials.twin.physics.clock import VirtualClock


@pytest.fixture(name="stack")
def _stack(aws: Callable[[str], Any], clock: VirtualClock, environment: Environment) -> Stack:
    """Return a stack of moto's AWS, and of a load balancer that answers everything with 204."""
    transport = httpx.MockTransport(lambda _request: httpx.Response(204))
    unused: Any = None
    return Stack(
        environment=environment,
        clock=clock,
        request_clock=clock,
        aws=aws,
        http=httpx.Client(transport=transport, base_url="https://alb.example"),
        url="https://alb.example",
        connect=lambda _trust=None: unused,
        breaker=unused,
        run_prefix="TEST_1",
    )


def test_every_way_to_the_platform_is_counted(stack: Stack) -> None:
    """Calls to AWS, requests and bare connections count one each, and answer as without a count."""
    count = CallCount()
    counted = count.counting(stack)

    assert counted.aws("ecs").list_clusters()["clusterArns"] == []
    assert count.total == 1
    assert counted.http.request("GET", "/health").status_code == 204
    assert count.total == 2
    counted.connect()
    assert count.total == 3
    pages = counted.aws("efs").get_paginator("describe_file_systems").paginate()
    assert [page["FileSystems"] for page in pages] == [[]]
    assert count.total == 4


def test_a_call_that_fails_is_a_call(stack: Stack) -> None:
    """The platform was asked, whatever it answered."""
    count = CallCount()
    ecs = count.counting(stack).aws("ecs")

    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.list_services(cluster="nowhere")
    assert count.total == 1


def test_what_asks_nothing_of_the_platform_is_not_counted(stack: Stack) -> None:
    """To have a client, and to know what it would do, is no call."""
    count = CallCount()
    counted = count.counting(stack)

    assert counted.aws("ecs").meta.region_name == stack.aws("ecs").meta.region_name
    assert counted.aws("ecs").can_paginate("list_services")
    assert counted.http.base_url == stack.http.base_url
    assert count.total == 0


@pytest.mark.parametrize(
    ("calls", "platform_seconds", "reason"),
    [
        (1, 0.000001, None),
        (0, 0.0, "passed without one call to the platform"),
        (0, 12.5, "passed without one call to the platform"),
        (-1, 12.5, "passed without one call to the platform"),
        (3, 0.0, "passed without a moment of the platform's time"),
        (3, -1.0, "passed without a moment of the platform's time"),
        (3, float("nan"), "passed without a moment of the platform's time"),
        (None, 12.5, "passed, and the run does not tell whether it called the platform"),
        (3, None, "passed, and the run does not tell whether it called the platform"),
    ],
)
def test_a_pass_proves_something_when_the_platform_was_asked(
    calls: int | None, platform_seconds: float | None, reason: str | None
) -> None:
    """A test without a call or a moment, or that does not tell, proves nothing, with the reason."""
    assert idleness(calls, platform_seconds) == reason
