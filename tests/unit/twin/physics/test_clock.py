"""Tests of virtual time: its order, its ends, and that one program has one order of events."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrials.errors import StalledError
from seatrials.seams.clock import in_parallel
from seatrials.twin.physics import clock as clock_module
from seatrials.twin.physics.clock import Process, VirtualClock

START = 1_700_000_000

microseconds = st.integers(min_value=0, max_value=50)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Give a world's clock."""
    with VirtualClock(START).closing() as clock:
        yield clock


def raiser(error: BaseException) -> Callable[[], None]:
    """Return work that raises *error*."""

    def work() -> None:
        raise error

    return work


@given(st.lists(microseconds, max_size=20))
def test_events_happen_by_due_time_then_serial(delays: list[int]) -> None:
    """Events happen in the order of their due times; those of one instant in the order they were asked for."""
    happened: list[tuple[int, int]] = []
    with VirtualClock(START).closing() as clock:
        for serial, delay in enumerate(delays):
            clock.call_later(delay / 1_000_000, partial(happened.append, (delay, serial)))
        clock.sleep(1)

    assert sorted((delay, serial) for serial, delay in enumerate(delays)) == happened


@given(st.lists(microseconds, max_size=12))
def test_sleepers_wake_in_order(delays: list[int]) -> None:
    """Actors wake by the length of their sleep, then in the order in which they went to sleep."""
    woken: list[tuple[int, int]] = []
    with VirtualClock(START).closing() as clock:

        def sleeper(serial: int, delay: int) -> None:
            clock.sleep(delay / 1_000_000)
            woken.append((delay, serial))

        for serial, delay in enumerate(delays):
            clock.spawn(partial(sleeper, serial, delay), f"sleeper-{serial}")
        clock.sleep(1)

    assert sorted((delay, serial) for serial, delay in enumerate(delays)) == woken


@given(st.lists(st.lists(microseconds, max_size=5), max_size=5))
def test_time_never_goes_back(programs: list[list[int]]) -> None:
    """Whatever actors do, each reading of the clock is no earlier than the one before it."""
    readings: list[int] = []
    with VirtualClock(START).closing() as clock:

        def actor(delays: list[int]) -> None:
            for delay in delays:
                clock.sleep(delay / 1_000_000)
                readings.append(clock.elapsed_us())

        for delays in programs:
            clock.spawn(partial(actor, delays), "actor")
        clock.sleep(1)

    assert sorted(readings) == readings


@given(st.integers())
def test_one_program_has_one_order_of_events(seed: int) -> None:
    """The same program with the same seed leaves the same record, event by event."""

    def run() -> list[tuple[int, int]]:
        record: list[tuple[int, int]] = []
        random = Random(seed)
        with VirtualClock(START).closing() as clock:
            signal = clock.signal()

            def actor(number: int) -> None:
                for _ in range(3):
                    clock.sleep(random.uniform(0, 0.001))
                    record.append((clock.elapsed_us(), number))
                    signal.pulse()
                    signal.wait_pulse(random.uniform(0, 0.001))

            in_parallel(clock, [partial(actor, number) for number in range(4)])
        return record

    assert run() == run()


def test_hours_cost_nothing_to_sleep(clock: VirtualClock) -> None:
    """Time jumps over everything that nobody does."""
    clock.sleep(3600 * 24 * 365)

    assert clock.now() == START + 3600 * 24 * 365


def test_time_does_not_drift(clock: VirtualClock) -> None:
    """A million small sleeps would add up exactly, because time is counted in whole microseconds."""
    for _ in range(1000):
        clock.sleep(0.1)

    assert clock.elapsed_us() == 100_000_000


def test_a_sleep_back_in_time_is_an_error(clock: VirtualClock) -> None:
    """Nobody can sleep less than nothing."""
    with pytest.raises(ValueError, match=r"time cannot go back: sleep\(-1\)"):
        clock.sleep(-1)


def test_an_event_in_the_past_is_an_error(clock: VirtualClock) -> None:
    """Nothing can be asked to happen before now."""
    with pytest.raises(ValueError, match=r"time cannot go back: call_later\(-1\)"):
        clock.call_later(-1, lambda: None)


def test_a_wait_that_is_over_ends_now(clock: VirtualClock) -> None:
    """A timeout below zero, as a deadline that has passed gives, is over at once and moves no time."""
    came = clock.signal().wait(-5)

    assert (came, clock.elapsed_us()) == (False, 0)


def test_a_cancelled_event_does_not_happen(clock: VirtualClock) -> None:
    """A timer that is cancelled is as if it had not been set."""
    happened: list[int] = []
    clock.call_later(1, lambda: happened.append(1)).cancel()
    clock.sleep(2)

    assert happened == []


def test_an_actor_does_not_begin_at_once(clock: VirtualClock) -> None:
    """A new actor gets its first turn when its maker hands the turn over."""
    order = []
    clock.spawn(lambda: order.append("actor"), "actor")
    order.append("maker")
    clock.sleep(0)

    assert order == ["maker", "actor"]


def test_a_signal_wakes_everyone_in_order(clock: VirtualClock) -> None:
    """Who waited first goes on first, all at the instant of the signal."""
    woken: list[tuple[str, int]] = []
    signal = clock.signal()

    def waiter(name: str) -> None:
        signal.wait()
        woken.append((name, clock.elapsed_us()))

    for name in ("a", "b", "c"):
        clock.spawn(partial(waiter, name), name)
    clock.call_later(1, signal.set)
    clock.sleep(2)

    assert woken == [("a", 1_000_000), ("b", 1_000_000), ("c", 1_000_000)]


def test_a_signal_that_is_lowered_at_once_still_wakes(clock: VirtualClock) -> None:
    """Who waits for a flag is told of it even when it is down again by its turn, as with `threading.Event`."""
    signal = clock.signal()
    clock.call_later(1, signal.set)
    clock.call_later(1, signal.clear)

    assert signal.wait(10)


def test_a_signal_and_its_timeout_wake_once(clock: VirtualClock) -> None:
    """A signal at the instant of the timeout ends the wait once, and the next sleep lasts its time."""
    signal = clock.signal()
    clock.call_later(1, signal.set)
    signal.wait(1)
    clock.sleep(5)

    assert clock.elapsed_us() == 6_000_000


def test_time_that_cannot_move_is_an_error(clock: VirtualClock) -> None:
    """When everyone waits for what nobody does, the error names who waits."""
    clock.spawn(lambda: clock.signal().wait(), "scheduler")
    clock.spawn(lambda: clock.signal().wait(), "balancer")

    with pytest.raises(StalledError, match="time cannot move; waiting: balancer, scheduler"):
        clock.signal().wait()


def test_an_actor_that_never_sleeps_is_an_error(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that hands its turn over and never lets time pass is found and named."""
    monkeypatch.setattr(clock_module, "_EVENTS_PER_INSTANT_MAX", 50)

    def spin() -> None:
        while True:
            clock.sleep(0)

    clock.spawn(spin, "spinner")

    with pytest.raises(StalledError, match=r"51 events at one instant.*spinner"):
        clock.sleep(1)


def test_time_stays_an_error_after_an_endless_instant(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cleanup that sleeps after the error gets the error again, and never a clock that stands still in silence."""
    monkeypatch.setattr(clock_module, "_EVENTS_PER_INSTANT_MAX", 50)

    def spin() -> None:
        while True:
            clock.sleep(0)

    clock.spawn(spin, "spinner")
    with pytest.raises(StalledError):
        clock.sleep(1)

    with pytest.raises(StalledError):
        clock.sleep(1)


def test_a_crash_of_the_world_reaches_the_scenario(clock: VirtualClock) -> None:
    """An actor of the world that fails ends the scenario's wait with its error."""
    clock.spawn(raiser(LookupError("lost")), "actor")

    with pytest.raises(LookupError, match="lost"):
        clock.sleep(1)


def test_a_crash_of_an_event_reaches_the_scenario_and_time_goes_on(clock: VirtualClock) -> None:
    """An event that fails ends the scenario's wait, and the clock still works for the cleanup."""
    clock.call_later(1, raiser(LookupError("lost")))
    with pytest.raises(LookupError, match="lost"):
        clock.sleep(5)
    clock.sleep(4)

    assert clock.elapsed_us() == 5_000_000


def test_a_wait_ended_by_a_crash_wakes_no_later_wait(clock: VirtualClock) -> None:
    """A signal that came just before a crash does not cut the scenario's next sleep short."""
    signal = clock.signal()

    def signal_and_crash() -> None:
        signal.set()
        raise LookupError

    clock.spawn(signal_and_crash, "actor")
    with pytest.raises(LookupError):
        signal.wait()
    clock.sleep(5)

    assert clock.elapsed_us() == 5_000_000


def test_a_crash_of_a_process_is_its_own_affair(clock: VirtualClock) -> None:
    """A process that says what happens on a crash keeps it from the scenario."""
    crashes: list[str] = []
    process = Process("application", on_crash=lambda error: crashes.append(repr(error)))
    clock.spawn_in(process, raiser(LookupError("lost")), "main")
    clock.sleep(1)

    assert crashes == ["LookupError('lost')"]


def test_what_is_no_exception_ends_the_world_and_says_so(clock: VirtualClock) -> None:
    """After `pytest.fail` in an actor the world is over: a wait on it is an error, not a wait without end."""
    clock.spawn(lambda: pytest.fail("not this"), "actor")
    with pytest.raises(pytest.fail.Exception):
        clock.sleep(1)

    with pytest.raises(StalledError, match="the world has ended"):
        clock.sleep(1)


def test_a_killed_process_acts_no_more(clock: VirtualClock) -> None:
    """A killed actor does nothing after the wait in which it was killed."""
    acts: list[str] = []

    def main() -> None:
        acts.append("began")
        clock.sleep(10)
        acts.append("went on")

    process = Process("application")
    clock.spawn_in(process, main, "main")
    clock.sleep(1)
    clock.kill(process)
    clock.sleep(60)

    assert acts == ["began"]


def test_a_killed_process_cannot_finish_its_cleanup(clock: VirtualClock) -> None:
    """A `finally` of a killed actor ends at its first wait, for a killed process has no time left."""
    acts: list[str] = []

    def main() -> None:
        try:
            clock.sleep(10)
        finally:
            clock.sleep(1)
            acts.append("cleaned up")

    process = Process("application")
    clock.spawn_in(process, main, "main")
    clock.sleep(1)
    clock.kill(process)
    clock.sleep(60)

    assert acts == []


def test_an_error_while_dying_is_nobody_s(clock: VirtualClock) -> None:
    """A killed actor whose cleanup fails is killed all the same, and its error is no crash."""
    crashes: list[Exception] = []

    def main() -> None:
        try:
            clock.sleep(10)
        finally:
            raise LookupError

    process = Process("application", on_crash=crashes.append)
    clock.spawn_in(process, main, "main")
    clock.sleep(1)
    clock.kill(process)
    clock.sleep(60)

    assert crashes == []


def test_an_actor_killed_before_its_first_turn_never_begins(clock: VirtualClock) -> None:
    """A process that is killed at once has done nothing."""
    acts: list[str] = []
    process = Process("application")
    clock.spawn_in(process, lambda: acts.append("began"), "main")
    clock.kill(process)
    clock.sleep(1)

    assert acts == []


def test_children_die_with_their_process(clock: VirtualClock) -> None:
    """What an actor spawns belongs to its process."""
    acts: list[str] = []

    def child() -> None:
        clock.sleep(10)
        acts.append("child")

    process = Process("application")
    clock.spawn_in(process, lambda: clock.spawn(child, "child"), "main")
    clock.sleep(1)
    clock.kill(process)
    clock.sleep(60)

    assert acts == []


def test_a_process_that_kills_itself_stops_at_its_next_wait(clock: VirtualClock) -> None:
    """An actor that kills its own process ends where it next waits."""
    acts: list[str] = []
    process = Process("application")

    def main() -> None:
        clock.kill(process)
        acts.append("after the kill")
        clock.sleep(0)
        acts.append("after the wait")

    clock.spawn_in(process, main, "main")
    clock.sleep(1)

    assert acts == ["after the kill"]


def test_other_processes_live_on(clock: VirtualClock) -> None:
    """A kill ends one process and no other."""
    acts: list[str] = []

    def main(name: str) -> None:
        clock.sleep(10)
        acts.append(name)

    killed, spared = Process("killed"), Process("spared")
    clock.spawn_in(killed, lambda: main("killed"), "main")
    clock.spawn_in(spared, lambda: main("spared"), "main")
    clock.sleep(1)
    clock.kill(killed)
    clock.sleep(60)

    assert acts == ["spared"]


def test_nothing_outlives_the_world() -> None:
    """Closing a world ends every actor in it."""
    ended: list[str] = []
    world = VirtualClock(START)

    def actor() -> None:
        try:
            world.signal().wait()
        finally:
            ended.append("actor")

    with world.closing():
        world.spawn(actor, "actor")
        world.sleep(1)

    assert ended == ["actor"]


def test_a_paused_process_acts_when_it_goes_on(clock: VirtualClock) -> None:
    """While a process is paused none of its actors has a turn; afterwards all have those that came, in order."""
    acts: list[tuple[str, float]] = []

    def main(name: str, seconds: float) -> None:
        clock.sleep(seconds)
        acts.append((name, clock.now() - START))

    paused, other = Process("paused"), Process("other")
    clock.spawn_in(paused, lambda: main("second", 3), "second")
    clock.spawn_in(paused, lambda: main("first", 2), "first")
    clock.spawn_in(other, lambda: main("other", 4), "other")
    clock.sleep(1)
    clock.pause(paused)
    clock.sleep(9)
    clock.unpause(paused)
    clock.sleep(1)

    assert acts == [("other", 4), ("first", 10), ("second", 10)]


def test_a_paused_process_can_be_killed(clock: VirtualClock) -> None:
    """SIGKILL ends a process that SIGSTOP has stopped: what it was about to do does not happen."""
    acts: list[str] = []

    def main() -> None:
        clock.sleep(2)
        acts.append("acted")

    process = Process("paused")
    clock.spawn_in(process, main, "main")
    clock.sleep(1)
    clock.pause(process)
    clock.sleep(5)
    clock.kill(process)
    clock.unpause(process)
    clock.sleep(1)

    assert acts == []
