"""Tests of turns: exclusive scenarios alone, others beside one another, and nobody kept waiting for ever."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.stacks.live.turns import Turns

PATIENCE_SECONDS = 10.0


class Worker:
    """Takes a turn in a thread of its own, and keeps it until it is told to end."""

    def __init__(self, folder: Path, *, exclusive: bool) -> None:
        self.has_turn = threading.Event()
        self._end = threading.Event()
        self._turns = Turns(folder)
        self._thread = threading.Thread(target=self._work, args=(exclusive,), daemon=True)
        self._thread.start()

    def _work(self, exclusive: bool) -> None:  # noqa: FBT001  # a thread hands its arguments over by position
        with self._turns.turn(exclusive=exclusive):
            self.has_turn.set()
            self._end.wait(PATIENCE_SECONDS)

    def gets_its_turn(self) -> bool:
        """Whether the turn comes, sooner or later."""
        return self.has_turn.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        """End the turn."""
        self._end.set()
        self._thread.join(PATIENCE_SECONDS)


@pytest.fixture
def worker(tmp_path: Path) -> Callable[..., Worker]:
    """Return what makes workers of one run."""
    return lambda *, exclusive=False: Worker(tmp_path, exclusive=exclusive)


def test_scenarios_run_beside_one_another(worker: Callable[..., Worker]) -> None:
    """Two scenarios that share the service have their turns at once."""
    first, second = worker(), worker()
    both = [first.gets_its_turn(), second.gets_its_turn()]
    first.end()
    second.end()

    assert both == [True, True]


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_an_exclusive_scenario_is_alone(worker: Callable[..., Worker], *, first: bool, second: bool) -> None:
    """While an exclusive scenario has its turn no other one does, and it waits for those before it."""
    one = worker(exclusive=first)
    assert one.gets_its_turn()
    other = worker(exclusive=second)
    # Nothing tells that a thread waits for a lock; a moment in which it could have gone wrong must do.
    was_beside = other.has_turn.wait(0.05)
    one.end()
    came = other.gets_its_turn()
    other.end()

    assert (was_beside, came) == (False, True)


def test_newcomers_do_not_overtake_an_exclusive_scenario(worker: Callable[..., Worker]) -> None:
    """A scenario that comes after an exclusive one waits behind it, however long others keep their turn."""
    one = worker()
    assert one.gets_its_turn()
    exclusive = worker(exclusive=True)
    exclusive.has_turn.wait(0.1)
    newcomer = worker()
    overtook = newcomer.has_turn.wait(0.1)
    one.end()
    came = exclusive.gets_its_turn()
    exclusive.end()
    came_too = newcomer.gets_its_turn()
    newcomer.end()

    assert not overtook
    assert came
    assert came_too
