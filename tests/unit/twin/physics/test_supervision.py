"""Tests of what becomes of an actor's exception: it is told once, with its place, and the actor goes on."""

import pytest

from seatrials.twin.physics.clock import ActorKilledError, VirtualClock
from seatrials.twin.physics.supervision import Failure, Supervisor


def failing(key: str) -> None:
    """Raise KeyError as a look at a missing property does."""
    alarm: dict[str, int] = {}
    alarm[key] += 1


def supervisor_and_told() -> tuple[Supervisor, list[Failure]]:
    """Return a supervisor and what it has told."""
    told: list[Failure] = []
    return Supervisor(told.append), told


def test_one_bad_resource_does_not_stop_the_others() -> None:
    """The turn that raises ends, and the next one begins."""
    supervisor, told = supervisor_and_told()
    looked_at = []
    for name in ("good", "bad", "better"):
        with supervisor.turn("an actor", name):
            if name == "bad":
                failing("Statistic")
            looked_at.append(name)

    assert looked_at == ["good", "better"]
    assert [each.resource for each in told] == ["bad"]


def test_a_failure_names_actor_resource_and_property() -> None:
    """Whoever reads it need not guess which resource and which of its properties it was."""
    supervisor, told = supervisor_and_told()
    with supervisor.turn("CloudWatch", "alarm high"):
        failing("Statistic")

    assert str(told[0]) == "CloudWatch failed at alarm high: KeyError: 'Statistic'"


def test_a_failure_of_ours_names_file_line_and_source() -> None:
    """The place is the innermost line of seatrials, whatever library raised below it."""
    supervisor, told = supervisor_and_told()
    clock = VirtualClock(0)
    with supervisor.turn("an actor", "a nap"):
        clock.sleep(-1)

    assert told[0].place.startswith("twin/physics/clock.py:")
    assert told[0].place.endswith("in sleep: raise ValueError(msg)")


def test_a_failure_names_no_path_of_this_machine() -> None:
    """The trace of a world must be the same on every machine."""
    supervisor, told = supervisor_and_told()
    with supervisor.turn("an actor", "a nap"):
        VirtualClock(0).sleep(-1)

    assert not any(line.startswith("/") for line in told[0].lines[1:])


def test_the_same_failure_is_told_once() -> None:
    """A loop that meets it at every turn does not fill the events."""
    supervisor, told = supervisor_and_told()
    for _ in range(3):
        with supervisor.turn("an actor", "bad"):
            failing("Statistic")

    assert len(told) == 1
    assert len(supervisor.told) == 1


def test_another_resource_with_the_same_failure_is_told() -> None:
    """One resource does not hide the next one."""
    supervisor, told = supervisor_and_told()
    for name in ("one", "two"):
        with supervisor.turn("an actor", name):
            failing("Statistic")

    assert [each.resource for each in told] == ["one", "two"]


def test_the_death_of_an_actor_is_no_failure() -> None:
    """Whoever is killed must end, and nobody is told."""
    supervisor, told = supervisor_and_told()

    with pytest.raises(ActorKilledError), supervisor.turn("an actor", "anything"):
        raise ActorKilledError
    assert told == []


def test_an_event_that_raises_fails_the_scenario_and_leaves_the_clock_alive() -> None:
    """On a clock of its own the exception is raised where the scenario waits, and time passes after it."""
    clock = VirtualClock(0)
    clock.call_later(1, lambda: failing("due"))
    with pytest.raises(KeyError, match="due"):
        clock.sleep(2)
    clock.sleep(5)

    assert clock.now() == 6
