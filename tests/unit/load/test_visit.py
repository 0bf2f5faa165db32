"""Tests of a user's visit, on a mock world."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from seatrials.environments.file import load_environment
from seatrials.evidence.recorder import Recorder
from seatrials.load.figures import PROMISED
from seatrials.load.visit import Visit
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.mutant import Mutant
from seatrials.platform import Platform
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks
from tests.support.project import PROJECT

Noted = list[tuple[str, float, str]]


@pytest.fixture(scope="module")
def stacks() -> Iterator[MockStacks]:
    """Return what opens mock worlds."""
    opened = MockStacks(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions(seed=1))
    yield opened
    opened.close()


@contextmanager
def opened(stacks: MockStacks, mutant: Mutant | None = None) -> Iterator[Platform]:
    """Give the platform of a world of its own, which may be broken."""
    with stacks.open("LOAD-01", mutant) as run:
        yield Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind))


def visited(platform: Platform, visits: int) -> Noted:
    """Make some visits, one after the other; return what they noted."""
    noted: Noted = []
    for number in range(visits):
        Visit(platform, Random(number), lambda *each: noted.append(each)).make()
    return noted


def test_a_visit_does_all_that_users_do(stacks: MockStacks) -> None:
    """Of a sound platform nothing is noted as wrong, and there is a time of every kind that the gate judges."""
    with opened(stacks) as platform:
        noted = visited(platform, 6)
        left = platform.sessions.live_of_run()

    kinds = Counter(name for name, _, _ in noted)
    assert [wrong for _, _, wrong in noted if wrong] == []
    assert {name for names in PROMISED.values() for name in names} <= set(kinds)
    assert kinds["activate"] == kinds["ready"] == kinds["deactivate"] == 6
    assert kinds["update"] == 12
    assert left == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("hmr-port-closed", "gave up waiting for session session-"),
        ("updates-without-folder", "expected {'type': 'update', 'path': 'asked/"),
    ],
)
def test_what_is_not_as_promised_is_told(stacks: MockStacks, name: str, told: str) -> None:
    """A wrong answer is noted with its request and what was seen, and the user leaves."""
    mutant = next(each for each in CATALOGUE if each.id == name)
    with opened(stacks, mutant) as platform:
        noted = visited(platform, 6)

    wrong = [message for _, _, message in noted if message]
    assert [each for each in wrong if each.startswith(told)] != []


def test_a_platform_that_is_full_has_not_failed(stacks: MockStacks) -> None:
    """An activation that gets 429 with Retry-After is noted as refused, and the user comes back later."""
    with opened(stacks) as platform:
        for _ in range(12):
            platform.sessions.start()
        began = platform.clock.now()
        noted = visited(platform, 1)
        waited_seconds = platform.clock.now() - began

    assert [(name, wrong) for name, _, wrong in noted] == [("activate", ""), ("refused", "")]
    assert waited_seconds >= 1
