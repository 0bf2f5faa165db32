"""Tests of whole worlds: each begins the same, ends without a trace, and is a function of its seed."""

from dataclasses import replace
from typing import Any

import pytest

from seatrials.errors import TwinFailureError
from seatrials.seams.http_client import http_client
from seatrials.twin.autoscaling import watch
from seatrials.twin.autoscaling.alarms import Evaluation, evaluate
from seatrials.twin.calibration import DEFAULT
from seatrials.twin.control_plane import EPOCH_SECONDS
from seatrials.twin.ecs.runtime import Runtime
from seatrials.twin.moto_bridge import current
from seatrials.twin.physics.clock import ActorKilledError
from seatrials.twin.vpc.vpc import Vpc
from tests.support.twin import PLAIN, Twin, Worlds

TABLE = "webordinary-edit-sessions"
CLUSTER = "webordinary-edit-cluster"


def history(worlds: Worlds, seed: str) -> str:
    """Return the hash of what happens in a world in which a service comes and goes and is called."""
    drawn = replace(PLAIN, provisioning=DEFAULT.provisioning, network_latency=DEFAULT.network_latency)
    with worlds.open(seed=seed, calibration=drawn) as twin:
        twin.scale(2)
        ecs = twin.world.bridge.client("scenario", "ecs")
        ecs.describe_clusters(clusters=["webordinary-edit-cluster"])
        twin.scale(1)
        return str(twin.world.trace.sha256())


def test_the_same_seed_gives_the_same_history(worlds: Worlds) -> None:
    """Two worlds of one seed have equal traces to the last byte."""
    assert history(worlds, "7") == history(worlds, "7")


def test_another_seed_gives_another_history(worlds: Worlds) -> None:
    """Chance comes from the seed."""
    assert history(worlds, "7") != history(worlds, "8")


def test_a_purpose_has_its_own_stream(twin: Twin) -> None:
    """What one part draws does not depend on how much another one draws."""
    world = twin.world

    assert world.random("a").random() == world.random("a").random()
    assert world.random("a").random() != world.random("b").random()


def test_every_world_begins_at_the_same_moment(twin: Twin) -> None:
    """Traces of different days are equal, for time begins at one moment."""
    assert twin.world.clock.now() == EPOCH_SECONDS


def test_a_world_does_not_see_the_last_one(worlds: Worlds) -> None:
    """What one world stores is gone in the next."""
    with worlds.open() as twin:
        item = {"sessionId": {"S": "a"}, "userId": {"S": "b"}}
        twin.world.aws("dynamodb").put_item(TableName=TABLE, Item=item)
        twin.scale(1)
    with worlds.open() as twin:
        assert twin.world.aws("dynamodb").scan(TableName=TABLE)["Count"] == 0
        assert twin.service()["desiredCount"] == 0
        assert twin.ecs.list_tasks(cluster="webordinary-edit-cluster")["taskArns"] == []


def test_nothing_is_left_of_a_world(worlds: Worlds) -> None:
    """At its end a world has no files, no sockets and no actors, and moto belongs to nobody."""
    with worlds.open() as twin:
        twin.scale(1)
        world = twin.world

    assert not world.directory.exists()
    assert world.network.listeners == {}
    assert current() is None
    with pytest.raises(ActorKilledError):
        world.clock.sleep(1)


def test_a_world_that_fails_ends_too(worlds: Worlds) -> None:
    """The end is the same when the block raises."""
    seen = []

    def fail() -> None:
        with worlds.open() as twin:
            seen.append(twin.world.directory)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert [directory.exists() for directory in seen] == [False]
    assert current() is None


def test_settling_waits_for_every_service(worlds: Worlds) -> None:
    """A world has settled once its services run what they ask for, or when the time is over."""
    with worlds.open() as twin:
        twin.update(desiredCount=1)
        twin.world.settle(5)
        soon = twin.world.scheduler.is_settled()
        twin.world.settle(60)

        assert not soon
        assert twin.world.scheduler.is_settled()
        assert twin.service()["runningCount"] == 1


def test_a_lifeless_world_only_stores(worlds: Worlds) -> None:
    """Not alive, a world is what moto makes of it: nothing starts."""
    with worlds.open(alive=False) as twin:
        twin.update(desiredCount=1)
        twin.sleep(600)

        assert twin.runs() == []
        assert twin.world.trace.events == []


def test_a_call_takes_its_time(twin: Twin) -> None:
    """A call from outside AWS takes a latency and stands in the trace; one of the twin's own does neither."""
    twin.world.aws("ecs").list_clusters()
    own = twin.now
    twin.world.bridge.client("scenario", "ecs").list_clusters()

    assert (own, twin.now) == (0, 0.01)
    assert twin.happened("aws_call", "scenario") == [(0.01, {"operation": "ecs.ListClusters"})]


def test_the_platform_can_be_called(worlds: Worlds) -> None:
    """A request goes through DNS name, TLS, balancer and network to a container and back."""
    with worlds.open() as twin:
        [run] = twin.scale(1)
        host = twin.world.address_of("webordinary-edit-alb")
        client = http_client(twin.world.client_host, twin.world.authority.trust, f"https://{host}")
        answer = client.get("/api/anything")

        assert (200, {"address": run.address}) == (answer.status_code, answer.json())


def test_the_platform_is_known_by_a_name_of_its_own(worlds: Worlds) -> None:
    """A certificate's name leads to the load balancer, which has another one (ELB User Guide, custom domains)."""
    with worlds.open() as twin:
        url = twin.world.url_of("webordinary-edit-alb")
        answer = http_client(twin.world.client_host, twin.world.authority.trust, url).get("/health")

    assert url == twin.world.stack.outputs["AlbUrl"] == "https://edit.webordinary.example"
    assert answer.status_code == 200


def test_each_node_of_a_load_balancer_has_an_address(worlds: Worlds) -> None:
    """One in each of its subnets, all under its name; where one stands for all, there is one address."""
    addresses = []
    for has_nodes in (False, True):
        with worlds.open(calibration=replace(PLAIN, has_nodes=has_nodes)) as twin:
            name = twin.world.address_of("webordinary-edit-alb")
            addresses.append(len(twin.world.client_host.resolve(name)))

    assert addresses == [1, 2]


def test_a_load_balancer_that_is_not_there_has_no_answer(twin: Twin) -> None:
    """The name of a missing load balancer leads nowhere, instead of to another one."""
    assert twin.world.address_of("nobody") == "nobody.missing"


def test_certificates_are_made_once(kept_worlds: Worlds) -> None:
    """A TLS context for the same names is the same object: keys are dear."""
    authority = kept_worlds.authority

    assert authority.server("a.example") is authority.server("a.example")
    assert authority.server("a.example") is not authority.server("b.example")


def test_a_failed_alarm_fails_the_scenario_and_not_the_others(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names alarm, property and place; the world goes on, and the alarms beside it too."""
    evaluated: list[str] = []

    def broken(alarm: dict[str, Any], values: list[float | None]) -> Evaluation:
        evaluated.append(alarm["AlarmName"])
        return evaluate({"AlarmName": "bad"} if alarm["AlarmName"] == evaluated[0] else alarm, values)

    monkeypatch.setattr(watch, "evaluate", broken)
    with pytest.raises(TwinFailureError, match=r"CloudWatch failed at alarm .*: KeyError: 'Threshold'") as caught:
        twin.sleep(300)
    twin.sleep(300)

    assert "twin/autoscaling/alarms.py" in str(caught.value)
    assert len(set(evaluated)) > 1
    assert [details["actor"] for _, details in twin.happened("twin_failure")] == ["CloudWatch"]


def test_a_task_whose_life_fails_is_stopped(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service does not wait for it for ever: the task is STOPPED, and another one is started."""
    start = Runtime.start
    failed: list[str] = []

    def fail_once(self: Runtime, *arguments: Any) -> Any:  # noqa: ANN401  # the original's own
        if not failed:
            failed.append(arguments[0])
            return arguments[3]["no such property"]
        return start(self, *arguments)

    monkeypatch.setattr(Runtime, "start", fail_once)
    twin.update(desiredCount=1)
    with pytest.raises(TwinFailureError, match=r"ECS failed at task .* of service:webordinary-edit-service: KeyError"):
        twin.sleep(60)
    twin.until(lambda: twin.service()["runningCount"] == 1)

    [arn] = twin.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
    assert arn.endswith(failed[0])
    assert twin.task(arn)["lastStatus"] == "STOPPED"


def test_a_failure_after_the_last_wait_is_raised_at_the_end(worlds: Worlds, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails in what follows a scenario's own last call is no secret."""

    def broken(_vpc: Vpc) -> None:
        raise KeyError(TABLE)

    def make_a_network() -> None:
        with worlds.open() as twin:
            twin.world.aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")

    monkeypatch.setattr(Vpc, "changed", broken)
    with pytest.raises(TwinFailureError, match="what follows a call failed at ec2 CreateVpc"):
        make_a_network()
