"""Worlds to look into: the Webordinary stack on moto, with containers that only answer their health checks."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from seatrials.twin.control_plane import moto_running
from tests.support.twin import Twin, Worlds


@pytest.fixture(scope="session")
def kept_worlds() -> Worlds:
    """What all worlds of a process share."""
    return Worlds()


@pytest.fixture(scope="module")
def worlds(kept_worlds: Worlds) -> Iterator[Worlds]:
    """Give the maker of worlds, with moto switched on: other files start a moto of their own."""
    with moto_running():
        yield kept_worlds


@pytest.fixture
def twin(worlds: Worlds) -> Iterator[Twin]:
    """Give a world in which nothing runs yet."""
    with ExitStack() as held:
        yield held.enter_context(worlds.open())


@pytest.fixture
def survivor(worlds: Worlds) -> Iterator[Twin]:
    """Give a world that serves, and lives on when an actor of it fails, as a server does."""
    with ExitStack() as held:
        twin = held.enter_context(worlds.open())
        twin.world.on_failure = lambda _failure: None
        twin.scale(1)
        yield twin
