"""How long a server that is told to stop waits for its containers."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from seatrials.seams.clock import SystemClock
from seatrials.twin.physics.paced_clock import PacedClock
from seatrials.twin_server import server

if TYPE_CHECKING:
    from seatrials.twin.world import World

LATE_SECONDS = 100_000


def test_a_late_server_does_not_catch_up_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stops it waits for the machine's seconds, however many the world is behind; each container got SIGTERM."""
    monkeypatch.setattr(server, "_FAREWELL_SECONDS", 0.05)
    real = SystemClock(1_000_000)
    clock = PacedClock(int(real.epoch_seconds) - LATE_SECONDS, real)

    def keep_busy() -> None:
        while True:
            clock.sleep(0.01)

    with clock.closing():
        container = SimpleNamespace(stopping=clock.signal(), exited=clock.signal())
        world = SimpleNamespace(runtime=SimpleNamespace(containers={"task": [container]}))
        clock.spawn(keep_busy, "all that is late")
        server.stop_tasks(cast("World", world))

        assert container.stopping.is_set()
        assert clock.elapsed_us() / 1_000_000 < LATE_SECONDS / 2
