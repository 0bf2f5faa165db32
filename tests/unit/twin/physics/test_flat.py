"""What a world costs does not grow with what it was: of ended things nothing stays, and nobody looks through them."""

import gc
import weakref

import greenlet
import pytest

from seatrials.twin.physics.clock import VirtualClock


class Kept:
    """Something that an actor holds."""


class Watched(greenlet.greenlet):
    """A greenlet that counts how often it is compared with another."""

    compared = 0
    __hash__ = greenlet.greenlet.__hash__

    def __eq__(self, other: object) -> bool:
        """Count."""
        Watched.compared += 1
        return self is other


def test_of_an_ended_world_nothing_stays() -> None:
    """Where garbage is looked for, a clock that is closed is found, with all that its actors held."""
    held: list[weakref.ref[object]] = []

    def live(clock: VirtualClock) -> None:
        def act() -> None:
            kept = Kept()
            held.append(weakref.ref(kept))
            clock.sleep(100)

        with clock.closing():
            clock.spawn(act, "a holder")
            clock.sleep(1)
        held.append(weakref.ref(clock))

    live(VirtualClock(0))
    gc.collect()

    assert [each() for each in held] == [None, None]


def test_one_of_many_actors_ends_as_quickly_as_one_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks through all actors for the one that ends: no greenlet is compared with another."""
    monkeypatch.setattr(greenlet, "greenlet", Watched)
    clock = VirtualClock(0)
    with clock.closing():
        for number in range(50):
            clock.spawn(lambda: clock.sleep(1_000), f"actor {number}")
        clock.spawn(lambda: None, "the one that ends")
        clock.sleep(1)
        compared = Watched.compared

    assert compared == 0
