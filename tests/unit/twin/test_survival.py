"""A world lives through whatever its API is asked for: 500 generated calls, and time after them."""

from functools import cache

import pytest

from seatrials.twin.moto_bridge.http_api import AwsApi
from tests.support.outside import Outside
from tests.support.stranger import Stranger, answered
from tests.support.twin import Twin

CALLS = 500


@pytest.mark.parametrize("seed", [1])
def test_generated_calls_end_nothing(survivor: Twin, seed: int) -> None:
    """Each call is answered in a form that boto3 reads, never with 500; no actor fails; the next call is served."""
    world = survivor.world
    outside = Outside(AwsApi(world.bridge, lambda _call: None, lambda _call, _reason: None), parameter_validation=False)
    client = cache(outside.client)
    stranger = Stranger(seed, client)
    for number in range(CALLS):
        stranger.ask()
        if number % 10 == 0:
            survivor.sleep(30)
    survivor.sleep(600)

    assert world.clock.supervisor.told == []
    assert answered(client("ecs"), "ListClusters", {}) == "taken"
    assert stranger.answers["taken"] > CALLS / 10
