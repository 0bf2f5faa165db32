"""Tests of waiting and of running in parallel, which are the same on every clock, and of the real clock."""

import threading
from collections.abc import Iterator

import pytest

from seatrials.errors import FatalStateError, WaitTimeoutError
from seatrials.seams.clock import Clock, NotYet, SystemClock, in_parallel, iso_timestamp, wait_until
from seatrials.twin.physics.clock import VirtualClock

START = 1_700_000_000
FAST = 100_000.0


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    """Give a world's clock."""
    with VirtualClock(START).closing() as clock:
        yield clock


@pytest.fixture(params=["virtual", "system"])
def any_clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    """Give each kind of clock; the real one at a pace at which a minute passes in less than a millisecond."""
    if request.param == "system":
        yield SystemClock(FAST)
        return
    with VirtualClock(START).closing() as clock:
        yield clock


def test_sleeping_moves_time(any_clock: Clock) -> None:
    """After a sleep it is at least so much later."""
    before = any_clock.now()
    any_clock.sleep(30)

    assert any_clock.now() >= before + 30


def test_milliseconds_are_those_of_now(any_clock: Clock) -> None:
    """Both readings are of one time."""
    before = int(any_clock.now() * 1000)

    assert any_clock.epoch_ms() >= before


def test_a_signal_ends_a_wait(any_clock: Clock) -> None:
    """Who waits for a signal goes on once it is set."""
    signal = any_clock.signal()
    any_clock.spawn(signal.set, "setter")

    assert signal.wait()


def test_a_wait_for_a_signal_ends_in_time(any_clock: Clock) -> None:
    """A signal that nobody sets ends the wait at its timeout, with False."""
    assert any_clock.signal().wait(5) is False


def test_a_set_signal_is_not_waited_for(any_clock: Clock) -> None:
    """A signal that is up needs no wait, and stays up until it is cleared."""
    signal = any_clock.signal()
    signal.set()
    seen = (signal.wait(), signal.is_set())
    signal.clear()

    assert (*seen, signal.is_set()) == (True, True, False)


def test_parallel_results_are_in_order(any_clock: Clock) -> None:
    """The results stand in the order of the tasks, whichever ends first."""

    def work(seconds: float) -> float:
        any_clock.sleep(seconds)
        return seconds

    results = in_parallel(any_clock, [lambda: work(20), lambda: work(5), lambda: work(10)])

    assert results == [20, 5, 10]


def test_parallel_errors_reach_the_caller(any_clock: Clock) -> None:
    """The first error in the order of the tasks is raised, and only after every task has ended."""
    ended = []

    def fail(name: str, seconds: float) -> None:
        any_clock.sleep(seconds)
        ended.append(name)
        raise LookupError(name)

    with pytest.raises(LookupError, match="first"):
        in_parallel(any_clock, [lambda: fail("first", 3000), lambda: fail("second", 1)])

    assert {"first", "second"} == set(ended)


def test_parallel_nothing_is_nothing(any_clock: Clock) -> None:
    """Without tasks there is nothing to wait for."""
    assert in_parallel(any_clock, []) == []


def test_what_is_no_exception_fails_the_caller_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that pytest's `fail` ends, which no `except Exception` sees, is no task without a result."""
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    with pytest.raises(pytest.fail.Exception, match="not this"):
        in_parallel(SystemClock(FAST), [lambda: pytest.fail("not this")])


def test_waiting_returns_the_first_truthy_value(clock: VirtualClock) -> None:
    """The value that ended the wait is returned."""
    answers = iter(["", "", "ready"])

    assert wait_until(clock, lambda: next(answers), 10, what="an answer") == "ready"


def test_waiting_asks_at_its_interval(clock: VirtualClock) -> None:
    """The condition is asked at once and then at every interval."""
    asked: list[float] = []

    def condition() -> bool:
        asked.append(clock.now() - START)
        return len(asked) == 4

    wait_until(clock, condition, 60, what="the fourth time", every_seconds=2.5)

    assert asked == [0.0, 2.5, 5.0, 7.5]


def test_waiting_asks_once_more_at_the_deadline(clock: VirtualClock) -> None:
    """What becomes true just at the deadline is in time."""
    assert wait_until(clock, lambda: clock.now() >= START + 5, 5, what="the deadline", every_seconds=3)


def test_a_timeout_explains_itself(clock: VirtualClock) -> None:
    """A wait that fails says what it waited for, how long, the last value and what else was seen."""
    with pytest.raises(WaitTimeoutError) as caught:
        wait_until(clock, lambda: 0, 90, what="two healthy targets", explain=lambda: "target 10.0.1.7: draining")

    assert str(caught.value) == "waited 90 s for two healthy targets; last seen: 0\ntarget 10.0.1.7: draining"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (False, "waited 9 s for the item; it did not happen"),
        (NotYet("gone"), "waited 9 s for the item; last seen: gone"),
    ],
    ids=["bare", "words"],
)
def test_a_timeout_says_in_words_what_was_seen(clock: VirtualClock, value: object, expected: str) -> None:
    """A bare False says nothing that was not waited for; a condition that has seen something says it."""
    with pytest.raises(WaitTimeoutError) as caught:
        wait_until(clock, lambda: value, 9, what="the item")

    assert str(caught.value) == expected


def test_a_timeout_of_a_bare_false_says_the_last_step(clock: VirtualClock) -> None:
    """Where a condition has no words of its own, what was done last says what was seen."""
    with pytest.raises(WaitTimeoutError) as caught:
        wait_until(clock, lambda: False, 9, what="the preview", last_step=lambda: "GET /session/x → 503")

    assert str(caught.value) == "waited 9 s for the preview; it did not happen; the last step was GET /session/x → 503"


def test_a_timeout_is_at_the_deadline(clock: VirtualClock) -> None:
    """A wait lasts as long as it says and no longer."""
    with pytest.raises(WaitTimeoutError):
        wait_until(clock, lambda: None, 10, what="nothing", every_seconds=3)

    assert clock.now() == START + 10


def test_a_hopeless_wait_ends_at_once(clock: VirtualClock) -> None:
    """A fatal state ends the wait at once, with the same explanation."""

    def condition() -> bool:
        msg = "the session is in state 'error'"
        raise FatalStateError(msg)

    with pytest.raises(FatalStateError) as caught:
        wait_until(clock, condition, 60, what="the session", explain=lambda: "no task could start")

    assert (
        clock.now(),
        str(caught.value),
    ) == (START, "gave up waiting for the session: the session is in state 'error'\nno task could start")


def test_other_errors_pass_through(clock: VirtualClock) -> None:
    """A condition that breaks is not taken for one that is not met."""
    with pytest.raises(ZeroDivisionError):
        wait_until(clock, lambda: 1 // 0, 60, what="sense")


def test_a_clock_without_pace_is_refused() -> None:
    """Time that stands still or runs backwards is no time."""
    with pytest.raises(ValueError, match="above 0 platform seconds per second, not 0"):
        SystemClock(0)


def test_timestamps_are_in_utc_with_milliseconds() -> None:
    """Evidence carries ISO 8601 in UTC."""
    assert iso_timestamp(START + 0.25) == "2023-11-14T22:13:20.250+00:00"


def test_processes_of_one_epoch_agree_on_the_time() -> None:
    """Two clocks of one pace and epoch tell the same time, whenever each was made."""
    first = SystemClock(10, epoch_seconds=1_700_000_000)
    second = SystemClock(10, epoch_seconds=1_700_000_000)

    before, between, after = first.now(), second.now(), first.now()

    # Each has read the machine's time and its stopwatch one after the other, so they may differ by a little.
    assert before - 5 < between < after + 5
    assert first.now() > SystemClock().now()


def test_a_pace_of_one_needs_no_epoch() -> None:
    """At the pace of real time the epoch changes nothing."""
    before, between, after = (
        SystemClock().now(),
        SystemClock(1, epoch_seconds=1_700_000_000).now(),
        SystemClock().now(),
    )

    assert before - 5 < between < after + 5
