"""A world tells its bridge who acts in it, once, and before anybody asks."""

import pytest

from seatrials.twin.moto_bridge import Bridge, Living, current, unplug
from tests.support.twin import Twin


def bridge() -> Bridge:
    """Return a bridge of no world."""
    return Bridge(
        region="us-west-2", now=float, on_call=lambda *_: None, on_change=lambda *_: None, sleep=lambda _: None
    )


def test_what_acts_is_not_known_before_it_is_attached() -> None:
    """A call that needs the balancer is an error that says what to do, not an answer of moto's own."""
    with pytest.raises(RuntimeError, match=r"no balancer and no scheduler yet: call attach\(\) before"):
        _ = bridge().living


def test_what_acts_is_attached_once(twin: Twin) -> None:
    """A second balancer would get the calls of the first, so it is refused."""
    of_nothing = bridge()
    of_nothing.attach(None)

    assert of_nothing.living is None
    with pytest.raises(RuntimeError, match="a world attaches them once"):
        of_nothing.attach(None)
    with pytest.raises(RuntimeError, match="a world attaches them once"):
        twin.world.bridge.attach(Living(twin.world.targets, twin.world.scheduler.stop_task))


def test_a_call_between_worlds_is_motos_own(twin: Twin) -> None:
    """A client outlives its world; without one, moto answers, and nobody hears of it."""
    client = twin.world.bridge.client("scenario", "ecs")
    unplug()
    between = current()
    arns = client.list_clusters()["clusterArns"]
    twin.world.bridge.plug_in()

    assert between is None
    assert len(arns) == 1
    assert twin.happened("aws_call") == []
