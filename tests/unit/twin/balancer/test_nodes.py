"""Two nodes of one load balancer: each routes by what it knows and has found, and follows changes late.

Source: Elastic Load Balancing User Guide, "How Elastic Load Balancing works"; AWS ALB User Guide, "Health checks for
Application Load Balancer target groups"; aws-load-balancer-controller, issue 1719, for how late nodes follow.
"""

from collections.abc import Iterator
from functools import partial
from random import Random
from types import SimpleNamespace

import pytest

from seatrials.twin.balancer import Lags
from seatrials.twin.balancer.following import Following
from seatrials.twin.physics.clock import VirtualClock
from tests.support.aws import Document
from tests.support.balancer import (
    BALANCER_IP,
    GROUP,
    OTHER_NODE_IP,
    BalancerWorld,
    FakeListeners,
    body_of,
    open_world,
    rule,
    status_of,
)

NODES = (BALANCER_IP, OTHER_NODE_IP)
IP = "10.0.1.7"
OTHER_IP = "10.0.1.8"
NEW_RULE_SECONDS = 2.0
CHANGE_SECONDS = 4.0
LAGS = Lags(new_rule=lambda: NEW_RULE_SECONDS, change=lambda: CHANGE_SECONDS)
TEAPOT = {**rule(5, "/tea", {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "418"}}), "RuleArn": "tea"}


@pytest.fixture
def pair() -> Iterator[BalancerWorld]:
    """Return a world with two nodes that follow at once."""
    with open_world(FakeListeners(), node_ips=NODES) as world:
        yield world


@pytest.fixture
def late() -> Iterator[BalancerWorld]:
    """Return a world with two nodes that follow late."""
    with open_world(FakeListeners(), node_ips=NODES, lags=LAGS) as world:
        yield world


def change(world: BalancerWorld, operation: str, parameters: Document, *rules: Document) -> None:
    """Let a call have changed the rules."""
    world.balancer.changed(operation, parameters, {"Rules": list(rules)})


def teas(world: BalancerWorld) -> list[int]:
    """Return the status that each node gives for the path of the rule that is made and removed."""
    return [status_of(world.get("/tea", node=node)) for node in NODES]


def test_each_node_goes_round_by_itself(pair: BalancerWorld) -> None:
    """What one node sends changes nothing of whose turn it is for the other."""
    for ip in (IP, OTHER_IP):
        pair.serve(ip)
    pair.register(IP, OTHER_IP)
    order = [BALANCER_IP, OTHER_NODE_IP, BALANCER_IP, BALANCER_IP, OTHER_NODE_IP]
    answers = [(node, body_of(pair.get("/", node=node))) for node in order]
    first, second = ([answer for node, answer in answers if node == each] for each in NODES)

    assert first[0] != first[1] != first[2]
    assert second[0] != second[1]


def test_each_node_checks_by_itself(pair: BalancerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A target that one node does not reach gets requests of the other; the API believes who found something last."""
    monkeypatch.setattr(pair.network, "_admit", lambda source, _target, _port: source != OTHER_NODE_IP)
    pair.serve(IP)
    pair.register(IP)
    through_each = [status_of(pair.get("/", node=node)) for node in NODES]
    told_first = pair.state(IP)
    pair.clock.sleep(30)

    assert through_each == [200, 503]
    assert told_first == ("healthy", None)
    assert pair.state(IP) == ("unhealthy", "Target.Timeout")
    assert status_of(pair.get("/")) == 200


def test_requests_of_all_nodes_are_logged_together(pair: BalancerWorld) -> None:
    """Metrics of the load balancer are the sum of its nodes'."""
    for node in NODES:
        pair.get("/", node=node)

    assert [each.status for each in pair.balancer.access_log] == [503, 503]


def test_a_client_sticks_to_its_target_through_any_node(pair: BalancerWorld) -> None:
    """A cookie that one node gives, the other one knows."""
    pair.elbv2.group_attributes["stickiness.enabled"] = "true"
    for ip in (IP, OTHER_IP):
        pair.serve(ip)
    pair.register(IP, OTHER_IP)
    first = pair.get("/")
    cookie = first.partition("Set-Cookie: ")[2].partition(";")[0]
    again = [pair.get("/", f"Cookie: {cookie}", node=node) for node in (*NODES, *NODES)]

    assert {body_of(each) for each in again} == {body_of(first)}


def test_a_new_target_is_known_late(late: BalancerWorld) -> None:
    """Registered at once in the eyes of the API, it is checked when a node has heard of it."""
    late.serve(IP)
    late.register(IP)
    told, early = late.state(IP), status_of(late.get("/"))
    late.clock.sleep(CHANGE_SECONDS)

    assert told == ("initial", "Elb.RegistrationInProgress")
    assert early == 503
    assert status_of(late.get("/")) == 200


def test_a_target_that_drains_gets_requests_until_its_nodes_know(late: BalancerWorld) -> None:
    """The API says `draining` as soon as it is asked to."""
    late.serve(IP)
    late.register(IP)
    late.clock.sleep(CHANGE_SECONDS)
    late.targets.deregister(GROUP, [(IP, 8080)])
    told, early = late.state(IP), status_of(late.get("/"))
    late.clock.sleep(CHANGE_SECONDS)

    assert told == ("draining", "Target.DeregistrationInProgress")
    assert early == 200
    assert status_of(late.get("/")) == 503


def test_a_rule_is_in_force_when_a_node_knows_it(late: BalancerWorld) -> None:
    """A new one comes sooner than the end of one."""
    change(late, "CreateRule", {"ListenerArn": "l-80"}, TEAPOT)
    before = teas(late)
    late.clock.sleep(NEW_RULE_SECONDS)
    made = teas(late)
    change(late, "DeleteRule", {"RuleArn": "tea"})
    late.clock.sleep(NEW_RULE_SECONDS)
    deleted_just_now = teas(late)
    late.clock.sleep(CHANGE_SECONDS - NEW_RULE_SECONDS)

    assert before == [503, 503]
    assert made == [418, 418]
    assert deleted_just_now == [418, 418]
    assert teas(late) == [503, 503]


def test_a_deleted_group_gets_requests_until_nodes_know(late: BalancerWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that has not asked for a group's attributes by then takes them for the defaults."""

    class NotFoundError(Exception):
        """What ELBv2 says of a group that is not there."""

    def gone(*, TargetGroupArn: str) -> Document:  # noqa: N803  # boto3's name
        raise NotFoundError(TargetGroupArn)

    late.serve(IP)
    late.register(IP)
    late.clock.sleep(CHANGE_SECONDS)
    exceptions = SimpleNamespace(TargetGroupNotFoundException=NotFoundError)
    monkeypatch.setattr(late.elbv2, "exceptions", exceptions, raising=False)
    monkeypatch.setattr(late.elbv2, "describe_target_group_attributes", gone)

    assert [status_of(late.get("/", node=node)) for node in NODES] == [200, 200]


def test_changes_are_followed_in_their_order() -> None:
    """Whatever chance says of each, none comes before one that was made earlier."""
    clock, random, heard = VirtualClock(0), Random(1), list[int]()
    following = Following(clock, Lags(new_rule=lambda: random.uniform(0, 2), change=lambda: random.uniform(0, 10)))
    with clock.closing():
        for number in range(20):
            following.follow(partial(heard.append, number), is_new_rule=number < 10)
            clock.sleep(0.1)
        clock.sleep(15)

    assert heard == list(range(20))
