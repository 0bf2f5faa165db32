"""Tests of the lease: two runs never have a stack at once, and a dead run's stack is not lost."""

from typing import Any

import pytest

from seatrials.errors import AwsError, LeaseHeldError, LeaseLostError
from seatrials.safety import lease_item
from seatrials.safety.lease import (
    CONFIRMED_SECONDS,
    DRIFT_MAX,
    LAST_CALL_SECONDS,
    LEASE_SECONDS,
    MARGIN_SECONDS,
    Lease,
    lease_seconds,
)
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from seatrials.twin.physics.wrong_clock import WrongClock
from tests.support.aws import Json
from tests.support.lease_world import MakeLease

WATCHED_SECONDS = LEASE_SECONDS + MARGIN_SECONDS


def test_a_free_stack_is_taken(make_lease: MakeLease) -> None:
    """Whoever comes first has the stack."""
    lease = make_lease("one")
    lease.acquire()

    assert lease.holds()


def test_the_second_run_is_told_who_has_it(make_lease: MakeLease) -> None:
    """A run that does not wait ends with the owner's name, and is told how long it would have to watch."""
    make_lease("one").acquire()
    told = (
        r"the stack belongs to the run one of owner of one; its beat has not moved for 0 s; it may be taken when it "
        r"has not moved for 75 s: wait for its end, or at least 75 s, with --lease-wait \(a sweep: --wait\)"
    )

    with pytest.raises(LeaseHeldError, match=told):
        make_lease("two").acquire()


def test_a_run_that_waits_in_vain_tells_what_it_saw(make_lease: MakeLease, clock: Clock) -> None:
    """A beat that moved while the run watched is told, with its age by the run's own clock."""
    first = make_lease("one")
    first.acquire()

    def beat_once() -> None:
        clock.sleep(9)
        first.beat()

    clock.spawn(beat_once, "the first run")

    with pytest.raises(LeaseHeldError, match="one of owner of one; its beat moved 7 s ago; it may be taken when"):
        make_lease("two").acquire(wait_seconds=17)


def test_the_second_run_may_wait(make_lease: MakeLease, clock: Clock) -> None:
    """A run that waits has the stack once the first has given it back."""
    first, second = make_lease("one"), make_lease("two")
    first.acquire()

    def end_later() -> None:
        clock.sleep(20)
        first.release()

    clock.spawn(end_later, "the first run")

    second.acquire(wait_seconds=60)

    assert (first.holds(), second.holds()) == (False, True)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param(0, False, id="one-look"),
        pytest.param(LEASE_SECONDS, False, id="for-a-lease"),
        pytest.param(WATCHED_SECONDS - 0.01, False, id="almost-for-the-margin"),
        pytest.param(WATCHED_SECONDS, True, id="for-the-margin"),
    ],
)
@pytest.mark.parametrize("dead_seconds", [0, 3600], ids=["just-died", "long-dead"])
def test_a_dead_owner_s_lease_is_taken_when_it_was_watched(
    make_lease: MakeLease, clock: Clock, dead_seconds: float, seconds: float, *, expected: bool
) -> None:
    """A lease is taken when nothing has moved for its time and the margin while one watched, and never before."""
    make_lease("dead").acquire()
    clock.sleep(dead_seconds)
    second = make_lease("two")
    if expected:
        second.acquire(wait_seconds=seconds)
    else:
        with pytest.raises(LeaseHeldError):
            second.acquire(wait_seconds=seconds)

    assert expected == second.holds()


def test_a_beat_begins_the_watch_anew(make_lease: MakeLease, clock: Clock) -> None:
    """What moved once is watched for the whole time again."""
    first = make_lease("one")
    first.acquire()

    def beat_once() -> None:
        clock.sleep(50)
        first.beat()

    clock.spawn(beat_once, "the first run")

    with pytest.raises(LeaseHeldError):
        make_lease("two").acquire(wait_seconds=50 + WATCHED_SECONDS - 1)


@pytest.mark.parametrize("ahead_seconds", [-600, -200, 200, 600])
def test_a_clock_that_is_wrong_takes_no_live_lease(
    make_lease: MakeLease, store: Store, clock: Clock, ahead_seconds: float
) -> None:
    """A machine whose clock is minutes off takes the lease of the dead in the same time, and no other."""
    first = make_lease("one")
    first.acquire()
    wrong = Lease(store, WrongClock(clock, ahead_seconds), run_id="two", owner="x", member="process-1")
    with pytest.raises(LeaseHeldError):
        wrong.acquire()
    clock.spawn(first.keep, "the first run")
    with pytest.raises(LeaseHeldError):
        wrong.acquire(wait_seconds=600)
    first.release()
    wrong.acquire(wait_seconds=10)

    assert wrong.holds()


def test_watching_for_a_sweep_writes_nothing(make_lease: MakeLease, store: Store) -> None:
    """A look at whether the stack is free changes no item, and what it saw counts for taking it afterwards."""
    make_lease("dead").acquire()
    before = store.get("lease", "stack")
    sweep = make_lease("sweep")
    with pytest.raises(LeaseHeldError, match="belongs to the run dead of owner of dead"):
        sweep.require_free()
    sweep.require_free(wait_seconds=WATCHED_SECONDS)
    after = store.get("lease", "stack")
    sweep.acquire()

    assert (before, sweep.holds()) == (after, True)


def test_a_lease_that_is_prolonged_stays(make_lease: MakeLease, clock: Clock) -> None:
    """A run keeps its stack by its beats, however long another one waits."""
    first = make_lease("one")
    first.acquire()
    clock.spawn(first.keep, "keeper")

    with pytest.raises(LeaseHeldError):
        make_lease("two").acquire(wait_seconds=600)
    assert first.holds()


def test_keeping_prolongs_until_the_release(make_lease: MakeLease, clock: Clock) -> None:
    """The keeper prolongs a lease for as long as it is held, and ends with it."""
    first = make_lease("one")
    first.acquire()
    clock.spawn(first.keep, "keeper")
    clock.sleep(10 * LEASE_SECONDS)
    held = first.holds()
    first.release()
    make_lease("two").acquire()

    assert held


def test_a_change_asks_the_table(make_lease: MakeLease, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the stack is the run's is read anew for a change, unless it was just now."""
    lease, get, began = make_lease("one"), Store.get, clock.now()
    lease.acquire()
    reads: list[float] = []

    def get_noted(*given: Json) -> Json:
        reads.append(clock.now() - began)
        return get(*given)

    monkeypatch.setattr(Store, "get", get_noted)
    for _ in range(8):
        assert lease.holds()
        clock.sleep(CONFIRMED_SECONDS / 2)

    assert reads == [5, 10, 15]


def test_a_process_that_was_stopped_changes_nothing(make_lease: MakeLease) -> None:
    """An owner that stood still while another took its lease finds out at its first change, and for good."""
    first, second = make_lease("one"), make_lease("two")
    first.acquire()
    second.acquire(wait_seconds=WATCHED_SECONDS)

    assert (first.holds(), second.holds()) == (False, True)
    second.release()
    assert first.holds() is False
    with pytest.raises(LeaseLostError, match="another run has taken it: it changes nothing any more"):
        first.beat()


def test_a_process_that_was_stopped_keeps_what_nobody_took(make_lease: MakeLease, clock: Clock) -> None:
    """An owner that stood still while nobody wanted the stack goes on, and whoever watched begins anew."""
    first, second = make_lease("one"), make_lease("two")
    first.acquire()
    with pytest.raises(LeaseHeldError):
        second.acquire(wait_seconds=WATCHED_SECONDS - 1)
    held = first.holds()
    clock.sleep(2)

    assert held
    with pytest.raises(LeaseHeldError):
        second.acquire()


def test_a_beat_tells_that_the_lease_is_lost(make_lease: MakeLease) -> None:
    """An owner whose lease was taken over is told so by its next beat."""
    first = make_lease("one")
    first.acquire()
    make_lease("two").acquire(wait_seconds=WATCHED_SECONDS)

    with pytest.raises(LeaseLostError, match="another has taken it: it changes nothing any more"):
        first.beat()


def test_without_beats_a_lease_ends_by_the_owner_s_clock(
    make_lease: MakeLease, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that can read, but not write, stops when its time is over, before anyone may take the lease."""
    lease = make_lease("one")
    lease.acquire()

    def refuse(*_arguments: object) -> None:
        msg = "the table takes no writes"
        raise AwsError(msg)

    monkeypatch.setattr(Store, "update", refuse)
    clock.sleep(LEASE_SECONDS - 1)
    assert lease.holds()
    clock.sleep(1)

    with pytest.raises(AwsError, match="takes no writes"):
        lease.holds()


@pytest.mark.parametrize("late_seconds", [CONFIRMED_SECONDS, LEASE_SECONDS], ids=["late", "after-the-lease"])
def test_a_table_that_answers_late_is_believed(
    make_lease: MakeLease, clock: Clock, monkeypatch: pytest.MonkeyPatch, late_seconds: float
) -> None:
    """A late answer is no loss of the lease; when its time is over meanwhile, it is prolonged."""
    lease, get = make_lease("one"), Store.get
    lease.acquire()
    clock.sleep(CONFIRMED_SECONDS)

    def get_slowly(*given: Json) -> Json:
        clock.sleep(late_seconds)
        return get(*given)

    monkeypatch.setattr(Store, "get", get_slowly)

    assert lease.holds()


def test_releasing_a_lost_lease_leaves_the_new_owner_alone(make_lease: MakeLease) -> None:
    """A run that ends after it has lost its lease does not take it from who has it now."""
    first, second = make_lease("one"), make_lease("two")
    first.acquire()
    second.acquire(wait_seconds=WATCHED_SECONDS)
    was_ours = first.release(is_last=True)

    assert not was_ours
    with pytest.raises(LeaseHeldError, match="run two"):
        make_lease("three").acquire()
    assert second.holds()


def test_processes_of_a_run_have_it_together(make_lease: MakeLease) -> None:
    """The lease of a run ends with the last of its processes, and all have the same fence."""
    controller, worker = make_lease("one", "controller"), make_lease("one", "worker")
    controller.acquire()
    worker.acquire()
    fences = (controller.fence, worker.fence)
    worker.release()

    assert fences == (1, 1)
    with pytest.raises(LeaseHeldError):
        make_lease("two").acquire()
    controller.release()
    make_lease("two").acquire()


def test_the_last_process_ends_the_lease_for_dead_ones_too(make_lease: MakeLease) -> None:
    """A worker that died without leaving does not keep its run's lease alive."""
    controller, dead_worker = make_lease("one", "controller"), make_lease("one", "worker")
    controller.acquire()
    dead_worker.acquire()
    controller.release(is_last=True)

    make_lease("two").acquire()


def test_a_release_whose_answer_was_lost_is_one(make_lease: MakeLease, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is repeated, for nobody heard its answer, finds the lease given back by this very run."""
    lease, put = make_lease("one"), Store.put
    lease.acquire()

    def put_twice(store: Store, *arguments: Any) -> bool:  # noqa: ANN401  # whatever a put is given
        put(store, *arguments)
        return put(store, *arguments)

    monkeypatch.setattr(Store, "put", put_twice)

    assert lease.release(is_last=True)


def test_workers_go_on_without_their_controller(make_lease: MakeLease, clock: Clock) -> None:
    """Workers beat for themselves; when the last has left, the lease lies until it was watched."""
    dead_controller, worker = make_lease("one", "controller"), make_lease("one", "worker")
    dead_controller.acquire()
    worker.acquire()
    clock.spawn(worker.keep, "keeper")
    clock.sleep(600)
    held = worker.holds()
    worker.release()

    assert held
    with pytest.raises(LeaseHeldError, match="run one"):
        make_lease("two").acquire()
    make_lease("three").acquire(wait_seconds=WATCHED_SECONDS)


def test_each_taking_has_a_greater_number(make_lease: MakeLease) -> None:
    """The fence grows with each taking, over a release as over a death, and with nothing else."""
    fences = []
    for run in ("one", "two", "three"):
        lease = make_lease(run)
        lease.acquire(wait_seconds=WATCHED_SECONDS)
        lease.beat()
        make_lease(run, "worker").acquire()
        fences.append(lease.fence)
        if run == "one":
            lease.release(is_last=True)

    assert fences == [1, 2, 3]


def test_a_released_lease_leaves_its_number_alone(make_lease: MakeLease, store: Store) -> None:
    """Of a lease that was given back the table has the fence and nothing else."""
    lease = make_lease("one")
    lease.acquire()
    lease.release()

    assert store.get("lease", "stack") == {"sessionId": "seatrials#lease", "userId": "stack", "fence": 1}
    assert lease_item.read(store).is_free


def test_a_process_without_a_part_has_no_fence(make_lease: MakeLease) -> None:
    """Before it is taken and after it is left there is nothing to make a write conditional on."""
    lease = make_lease("one")
    with pytest.raises(LeaseLostError, match="this process has no lease of the stack"):
        lease.check()
    lease.acquire()
    lease.release()

    with pytest.raises(LeaseLostError):
        assert lease.fence


@pytest.mark.parametrize("operation", ["put", "update"])
def test_a_write_whose_answer_was_lost_is_the_run_s_own(
    make_lease: MakeLease, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """A write that botocore repeats, for its answer was lost, is refused the second time and still counts once."""
    lease, other = make_lease("one"), make_lease("one", "other")
    if operation == "update":
        other.acquire()
    send = getattr(Store, operation)

    def send_twice(*given: Json) -> Json:
        send(*given)
        return send(*given)

    with monkeypatch.context() as patch:
        patch.setattr(Store, operation, send_twice)
        lease.acquire()
    lease.release()
    other.release()

    make_lease("two").acquire()


def test_of_two_takings_one_succeeds(make_lease: MakeLease, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs that have watched the same dead owner do not both get its stack."""
    make_lease("dead").acquire()
    second, third = make_lease("two"), make_lease("three")
    third.require_free(wait_seconds=WATCHED_SECONDS)
    seen = [store.get("lease", "stack")]
    second.acquire(wait_seconds=WATCHED_SECONDS)
    get = Store.get
    # The third has read the table before the second wrote to it.
    monkeypatch.setattr(Store, "get", lambda *given: seen.pop() if seen else get(*given))

    with pytest.raises(LeaseHeldError, match="run two"):
        third.acquire()
    assert (second.holds(), third.holds()) == (True, False)


def test_a_lease_is_never_expired_by_dynamodb(make_lease: MakeLease, store: Store) -> None:
    """The item has no `ttl`, by which the session table would delete it."""
    make_lease("one").acquire()

    assert "ttl" not in (store.get("lease", "stack") or {})


def test_a_fast_pace_leaves_time_to_prolong() -> None:
    """At any pace a lease runs for some seconds of real time."""
    assert [lease_seconds(pace) for pace in (1, 60)] == [60, 480]


def test_the_margin_covers_clocks_and_a_last_call() -> None:
    """With the slowest owner and the fastest taker there is still time for a call on its way."""
    owner_stops, taker_takes = LEASE_SECONDS / (1 - DRIFT_MAX), WATCHED_SECONDS / (1 + DRIFT_MAX)

    assert taker_takes - owner_stops == LAST_CALL_SECONDS
    assert LAST_CALL_SECONDS > CONFIRMED_SECONDS
