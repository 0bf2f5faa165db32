"""A small world with a load balancer: its ELBv2 is a fake that holds what a test puts into it."""

from collections.abc import Iterator

import pytest

from tests.support.balancer import BalancerWorld, FakeListeners, open_world


@pytest.fixture
def elbv2() -> FakeListeners:
    """Return what the world's ELBv2 holds; to be changed before the world is used."""
    return FakeListeners()


@pytest.fixture
def world(elbv2: FakeListeners) -> Iterator[BalancerWorld]:
    """Return a world whose default rule forwards to the group `web`."""
    with open_world(elbv2) as built:
        yield built
