"""The life of targets: checks, thresholds, draining, choice."""

from itertools import pairwise

import pytest

from seatrials.seams.http1 import HttpServer, Request, Response
from seatrials.twin.balancer.health import Health, Outcome, State
from seatrials.twin.physics.clock import Process
from tests.support.balancer import (
    GROUP,
    OTHER_GROUP,
    BalancerWorld,
    FakeListeners,
    body_of,
    forward,
    open_world,
    rule,
    status_of,
)

IP = "10.0.1.7"
OTHER_IP = "10.0.1.8"


class Patient:
    """A target whose health check answers what the test says; 0 is silence."""

    def __init__(self, world: BalancerWorld, ip: str, status: int = 200) -> None:
        self.status = status
        self.checks: list[tuple[float, Request]] = []
        self._world = world
        HttpServer(world.clock, world.network.attach(ip), 8080, self._answer)

    def _answer(self, request: Request) -> Response:
        self.checks.append((self._world.clock.now(), request))
        if not self.status:
            self._world.clock.sleep(1000)
        return Response(self.status or 200)


def test_a_new_target_is_initial_and_then_healthy_after_one_pass(world: BalancerWorld) -> None:
    """One pass is enough at first. Source: AWS ALB User Guide, target group health checks."""
    world.serve(IP)
    world.targets.register(GROUP, [(IP, 8080)])
    at_once = world.state(IP)
    world.clock.sleep(3)

    assert at_once == ("initial", "Elb.RegistrationInProgress")
    assert world.state(IP) == ("healthy", None)


def test_a_target_under_its_first_check_says_so(world: BalancerWorld) -> None:
    """Source: ELBv2 API, TargetHealth reasons."""
    Patient(world, IP, status=0)
    world.targets.register(GROUP, [(IP, 8080)])
    world.clock.sleep(3)

    assert world.state(IP) == ("initial", "Elb.InitialHealthChecking")


def test_the_check_is_a_get_with_its_own_host_and_agent(world: BalancerWorld) -> None:
    """`Host: ip:port`, `ELB-HealthChecker/2.0`. Source: AWS ALB User Guide, target group health checks."""
    patient = Patient(world, IP)
    world.register(IP)
    [(_, request)] = patient.checks

    headers = {name: request.header(name) for name in ("host", "user-agent")}

    assert f"{request.method} {request.target}" == "GET /health"
    assert headers == {"host": f"{IP}:8080", "user-agent": "ELB-HealthChecker/2.0"}


def test_a_check_may_have_a_port_of_its_own(elbv2: FakeListeners) -> None:
    """Targets are checked on the group's port for checks, wherever they get requests (same page)."""
    elbv2.group = {"HealthCheckPort": "9000"}
    with open_world(elbv2) as world:
        HttpServer(world.clock, world.network.attach(IP), 9000, lambda _request: Response(200))
        world.targets.register(GROUP, [(IP, 8080)])
        world.clock.sleep(3)

        assert world.state(IP) == ("healthy", None)


def test_intervals_count_from_the_beginning_of_a_check(world: BalancerWorld) -> None:
    """Also when the target takes its time. Source: AWS ALB User Guide, target group health checks."""
    patient = Patient(world, IP, status=0)
    world.register(IP)
    world.clock.sleep(40)
    times = [time for time, _ in patient.checks]

    assert [round(later - earlier) for earlier, later in pairwise(times)][:3] == [10, 10, 10]


@pytest.mark.parametrize(
    ("status", "reason", "description"),
    [
        (500, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]"),
        (0, "Target.Timeout", "Request timed out"),
    ],
    ids=["wrong-code", "silent"],
)
def test_failures_have_aws_reasons(world: BalancerWorld, status: int, reason: str, description: str) -> None:
    """Two failures in a row make it unhealthy. Source: AWS ALB User Guide, target group health checks."""
    patient = Patient(world, IP)
    world.register(IP)
    patient.status = status
    world.clock.sleep(10)
    after_one = world.state(IP)
    world.clock.sleep(15)
    [found] = world.targets.describe(GROUP)

    assert after_one == ("healthy", None)
    assert found.state == "unhealthy"
    assert found.reason == reason
    assert found.description == description


def test_a_target_that_refuses_fails_its_checks(world: BalancerWorld) -> None:
    """Source: ELBv2 API, TargetHealth reasons."""
    world.network.attach(IP)
    world.register(IP)
    world.clock.sleep(12)

    assert world.state(IP) == ("unhealthy", "Target.FailedHealthChecks")


def test_an_address_that_nobody_has_times_out(world: BalancerWorld) -> None:
    """Its checks are unanswered, not refused."""
    world.register(IP)
    world.clock.sleep(20)

    assert world.state(IP) == ("unhealthy", "Target.Timeout")


def test_recovery_takes_the_healthy_threshold(world: BalancerWorld) -> None:
    """Three passes in a row after being unhealthy. Source: AWS ALB User Guide, target group health checks."""
    patient = Patient(world, IP, status=500)
    world.register(IP)
    world.clock.sleep(12)
    patient.status = 200
    world.clock.sleep(19)
    after_two = world.state(IP)
    world.clock.sleep(10)

    assert after_two[0] == "unhealthy"
    assert world.state(IP) == ("healthy", None)


def test_a_failure_between_passes_begins_the_count_anew(elbv2: FakeListeners) -> None:
    """Thresholds count results in a row. Source: AWS ALB User Guide, target group health checks."""
    with open_world(elbv2) as world:
        group = world.targets.groups.find(GROUP)
    assert group is not None
    health = Health()
    passed, failed = Outcome(passed=True), Outcome(passed=False, reason="Target.Timeout")
    for outcome in (failed, failed, passed, passed, failed, passed, passed):
        health.judge(outcome, group.health_check)
    before = health.state
    health.judge(passed, group.health_check)

    assert (before, health.state) == (State.UNHEALTHY, State.HEALTHY)


def test_a_target_cannot_be_deregistered_twice() -> None:
    """What is not in the table of transitions is an error that names both."""
    health = Health()
    health.deregister()

    with pytest.raises(ValueError, match="draining cannot be deregistered"):
        health.deregister()


def test_a_target_of_a_group_that_no_rule_uses_is_unused(world: BalancerWorld) -> None:
    """And is checked as soon as one does. Source: ELBv2 API, Target.NotInUse."""
    world.serve(IP)
    world.register(IP, group=OTHER_GROUP)
    [before] = world.targets.describe(OTHER_GROUP)
    world.elbv2.rules.insert(0, rule(1, "/other/*", forward(OTHER_GROUP)))
    world.balancer.invalidate()
    world.clock.sleep(3)
    [after] = world.targets.describe(OTHER_GROUP)

    assert (before.state, before.reason) == ("unused", "Target.NotInUse")
    assert after.state == "healthy"


def test_a_target_that_was_never_registered_is_unused(world: BalancerWorld) -> None:
    """Source: ELBv2 API, Target.NotRegistered."""
    assert world.state(IP) == ("unused", "Target.NotRegistered")


def test_a_deregistered_target_drains_for_the_whole_delay(world: BalancerWorld) -> None:
    """Even with nothing in flight. Source: AWS ALB User Guide, deregistration delay."""
    world.elbv2.group_attributes["deregistration_delay.timeout_seconds"] = "30"
    world.serve(IP)
    world.register(IP)
    world.targets.deregister(GROUP, [(IP, 8080)])
    world.clock.sleep(29)
    during = world.state(IP)
    world.clock.sleep(2)

    assert during == ("draining", "Target.DeregistrationInProgress")
    assert world.state(IP) == ("unused", "Target.NotRegistered")
    assert world.targets.describe(GROUP) == []


def test_a_draining_target_that_is_registered_again_begins_anew(world: BalancerWorld) -> None:
    """The end of its old delay takes nothing from it."""
    world.elbv2.group_attributes["deregistration_delay.timeout_seconds"] = "5"
    world.serve(IP)
    world.register(IP)
    world.targets.deregister(GROUP, [(IP, 8080)])
    world.register(IP)
    world.clock.sleep(10)

    assert world.state(IP) == ("healthy", None)


def test_requests_in_flight_are_finished_and_no_new_ones_come(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, deregistration delay."""

    def slow(_: Request) -> Response:
        world.clock.sleep(5)
        return Response(200, b"done")

    world.serve(IP, slow)
    world.register(IP)
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    world.clock.sleep(1)
    world.targets.deregister(GROUP, [(IP, 8080)])

    assert status_of(world.get("/")) == 503
    assert connection.receive(1000, 10).endswith(b"done")


def test_a_request_that_outlasts_the_delay_is_cut(world: BalancerWorld) -> None:
    """It gets 502. Source: AWS ALB User Guide, troubleshoot, HTTP 502."""
    world.elbv2.group_attributes["deregistration_delay.timeout_seconds"] = "10"

    def endless(_: Request) -> Response:
        world.clock.sleep(1000)
        return Response(200)

    world.serve(IP, endless)
    world.register(IP)
    connection = world.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    world.clock.sleep(1)
    world.targets.deregister(GROUP, [(IP, 8080)])
    began = world.clock.now()
    answer = connection.receive(1000, 60).decode()

    assert (status_of(answer), round(world.clock.now() - began)) == (502, 10)


def test_requests_take_turns(world: BalancerWorld) -> None:
    """Over three healthy targets each gets its share. Source: AWS ALB User Guide, routing algorithms."""
    ips = [IP, OTHER_IP, "10.0.1.9"]
    for ip in ips:
        world.serve(ip)
    world.register(*ips)
    answers = [body_of(world.get("/")) for _ in range(6)]

    assert [answers.count(f'{{"ip":"{ip}"}}') for ip in ips] == [2, 2, 2]


def test_an_unhealthy_target_gets_nothing_while_another_is_healthy(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, target group health checks."""
    world.serve(IP)
    Patient(world, OTHER_IP, status=500)
    world.register(IP, OTHER_IP)
    world.clock.sleep(12)
    answers = [body_of(world.get("/")) for _ in range(4)]

    assert [f'{{"ip":"{IP}"}}'] * 4 == answers


def test_a_group_with_only_unhealthy_targets_fails_open(world: BalancerWorld) -> None:
    """All of them get requests then. Source: AWS ALB User Guide, target group health checks."""
    Patient(world, IP, status=500)
    Patient(world, OTHER_IP, status=501)
    world.register(IP, OTHER_IP)
    world.clock.sleep(12)
    answers = sorted(status_of(world.get("/")) for _ in range(4))

    assert answers == [500, 500, 501, 501]


def test_least_outstanding_requests_avoids_the_busy_target(world: BalancerWorld) -> None:
    """Source: AWS ALB User Guide, routing algorithms."""
    world.elbv2.group_attributes["load_balancing.algorithm.type"] = "least_outstanding_requests"
    world.serve(IP)
    world.serve(OTHER_IP)
    world.register(IP, OTHER_IP)
    [node] = world.balancer.nodes
    first = node.targets.choose(GROUP)
    first.take_off(lambda: None)  # type: ignore[union-attr]  # there are two

    assert [node.targets.choose(GROUP).ip for _ in range(2)] == [OTHER_IP, OTHER_IP]  # type: ignore[union-attr]


def test_changes_of_health_are_in_the_trace(world: BalancerWorld) -> None:
    """With the group's name, and the state as AWS calls it."""
    world.serve(IP)
    world.register(IP)
    found = [(each.subject, each.details["state"]) for each in world.trace.events if each.kind == "target_health"]

    assert found == [(f"web {IP}:8080", "initial"), (f"web {IP}:8080", "healthy")]


def test_an_actor_of_a_check_outlives_who_registered(world: BalancerWorld) -> None:
    """A process that registers a target and dies leaves it checked."""
    world.serve(IP)
    process = Process("registrar")
    world.clock.spawn_in(process, lambda: world.targets.register(GROUP, [(IP, 8080)]), "registrar")
    world.clock.sleep(0.1)
    world.clock.kill(process)
    world.clock.sleep(3)

    assert world.state(IP) == ("healthy", None)
