"""What Hermes owes of its metric: a change is told even by one that is told to stop, and none is forgotten."""

from collections.abc import Iterator
from typing import Any

import pytest

from seatrials.twin.physics.clock import VirtualClock
from seatrials.webordinary.hermes.publisher import Publisher
from seatrials.webordinary.hermes.table import StoreUnavailableError
from tests.support.hermes import START_SECONDS


class Store:
    """Counts what it is told; *hindered* is done before each count."""

    def __init__(self) -> None:
        self.live = 1
        self.hindered: list[Any] = []

    def live_count(self) -> int:
        """Return the number, after what hinders it."""
        if self.hindered:
            self.hindered.pop(0)()
        return self.live


class Leaving:
    """A Hermes that has been told to stop, with what it publishes."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock, self.store = clock, Store()
        self.published: list[int] = []
        leaving = clock.signal()
        leaving.set()
        self.publisher = Publisher(clock, self, "Test", self.store, lambda _line: None, leaving)  # type: ignore[arg-type]  # what it needs of them
        self.publisher.start()

    def put_metric_data(self, *, Namespace: str, MetricData: list[dict[str, Any]]) -> None:  # noqa: N803  # AWS's names
        """Note what is published."""
        assert Namespace == "Test"
        self.published += [each["Value"] for each in MetricData]


@pytest.fixture
def hermes() -> Iterator[Leaving]:
    """Return one that has nothing to tell."""
    clock = VirtualClock(START_SECONDS)
    with clock.closing():
        yield Leaving(clock)


def test_a_change_is_owed_until_it_is_told(hermes: Leaving) -> None:
    """While the table is away nothing is told, and the change is not forgotten."""

    def fail() -> None:
        raise StoreUnavailableError

    hermes.clock.sleep(1)
    hermes.store.hindered = [fail]
    hermes.publisher.publish()
    hermes.clock.sleep(1)
    owed, hermes.store.live = hermes.publisher.owes(), 2
    hermes.clock.sleep(10)

    assert owed
    assert (hermes.published, hermes.publisher.owes()) == ([2], False)


def test_a_change_beside_a_count_is_told_too(hermes: Leaving) -> None:
    """What changes while the sessions are counted, or that count fails, may not be in it: it is told by the next."""

    def change_and_fail() -> None:
        hermes.store.live = 3
        hermes.publisher.publish()
        raise StoreUnavailableError

    hermes.clock.sleep(1)
    hermes.store.hindered = [change_and_fail]
    hermes.clock.sleep(61)

    assert (hermes.published, hermes.publisher.owes()) == ([3], False)
