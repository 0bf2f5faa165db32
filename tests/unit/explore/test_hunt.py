"""One seed: what it draws, what that comes to, and how it is made short."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from seatrials.environments.file import load_environment
from seatrials.explore import hunt as hunting
from seatrials.explore.hunt import Hunted, hunt, replay
from seatrials.explore.schedule import Step, parse, written
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.mutant import Mutant
from seatrials.stacks import StackOptions, Stacks
from seatrials.stacks.mock.stacks import MockStacks
from tests.support.project import PROJECT

NO_STACKS = cast("Stacks", None)
# One that draws what `_tried` lets fail.
SEED = 1


@pytest.fixture(scope="module", name="stacks")
def _stacks() -> Iterator[MockStacks]:
    environment = load_environment("mock", Path(PROJECT, "environments.toml"), {})
    stacks = MockStacks(environment, StackOptions(seed=1))
    yield stacks
    stacks.close()


def test_the_same_steps_come_to_the_same_to_the_letter(stacks: MockStacks) -> None:
    """What a broken platform fails with is seen again, in a world with the same trace; another seed has another."""
    mutant = next(each for each in CATALOGUE if each.id == "lost-task-keeps-its-sessions")
    steps = parse("task killed 20 0")
    first, again = (replay(stacks, 7, steps, mutant) for _ in range(2))
    other = replay(stacks, 8, steps, mutant)

    assert "to be served by its own task" in first.seen
    assert (again.seen, again.trace_sha256) == (first.seen, first.trace_sha256)
    assert other.trace_sha256 != first.trace_sha256
    assert ("active", "task killed", "begins") in first.met


def test_a_healthy_platform_comes_to_rest(stacks: MockStacks) -> None:
    """A fault before anybody is served, and amid another arrival, breaks no promise; ten minutes pass."""
    hunted = replay(stacks, 7, parse("arrive 5 0 hastes; Hermes killed 5 3 arrives"))

    assert hunted.seen == ""
    assert hunted.platform_seconds >= 600
    assert ("initializing", "Hermes killed", "begins") in hunted.met


@pytest.fixture(name="tried")
def _tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let a schedule fail that kills a task and then uses a slow table; return what is tried."""
    tried: list[str] = []

    def replayed(_stacks: Stacks, number: int, schedule: Sequence[Step], _mutant: Mutant | None) -> Hunted:
        names = [step.name for step in schedule]
        fails = "task killed" in names and "table slow" in names[names.index("task killed") :]
        tried.append(written(schedule))
        return Hunted(number, written(schedule), "it fails" if fails else "")

    monkeypatch.setattr(hunting, "replay", replayed)
    return tried


def test_a_failing_schedule_is_made_short(tried: list[str]) -> None:
    """Of two steps that matter those two are left, and what was drawn for a seed is drawn again."""
    found = hunt(NO_STACKS, SEED)
    first, count = tried[0], len(tried)
    tried.clear()
    again = hunt(NO_STACKS, SEED)

    assert (found.steps, found.seen) == ("task killed 5 0; table slow 5 0", "it fails")
    assert (again, tried[0], len(tried)) == (found, first, count)
    assert len(parse(first)) > 2
