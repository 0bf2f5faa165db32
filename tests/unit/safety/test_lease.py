"""Tests of the lease: two runs never have a stack at once, and a dead run's stack is not lost."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatrials.errors import LeaseHeldError, LeaseLostError
from seatrials.safety import lease as lease_module
from seatrials.safety.lease import LEASE_SECONDS, MARGIN_SECONDS, Lease, lease_seconds
from seatrials.safety.store import Store
from seatrials.seams.clock import Clock
from tests.support.aws import Json


@pytest.fixture
def make_lease(store: Store, clock: Clock) -> Callable[[str], Lease]:
    """Return what makes the part of a process in the lease of a run."""
    return lambda run: Lease(store, clock, run_id=run, owner=f"owner of {run}")


def test_a_free_stack_is_taken(make_lease: Callable[[str], Lease]) -> None:
    """Whoever comes first has the stack."""
    lease = make_lease("one")
    lease.acquire()

    assert lease.holds()


def test_the_second_run_is_told_who_has_it(make_lease: Callable[[str], Lease]) -> None:
    """A run that does not wait ends with the owner's name."""
    make_lease("one").acquire()

    with pytest.raises(LeaseHeldError, match="the stack belongs to the run one of owner of one, for 60 s more"):
        make_lease("two").acquire()


def test_the_second_run_may_wait(make_lease: Callable[[str], Lease], clock: Clock) -> None:
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
        pytest.param(LEASE_SECONDS, False, id="at-its-expiry"),
        pytest.param(LEASE_SECONDS + MARGIN_SECONDS, False, id="at-the-margin"),
        pytest.param(LEASE_SECONDS + MARGIN_SECONDS + 0.01, True, id="after-the-margin"),
    ],
)
def test_a_dead_owner_s_lease_is_taken_after_it_expires(
    make_lease: Callable[[str], Lease], clock: Clock, seconds: float, *, expected: bool
) -> None:
    """A lease that nobody prolongs is free after its expiry and the margin, and never before."""
    make_lease("dead").acquire()
    clock.sleep(seconds)
    second = make_lease("two")
    if expected:
        second.acquire()
    else:
        with pytest.raises(LeaseHeldError):
            second.acquire()

    assert expected == second.holds()


def test_a_lease_that_is_prolonged_stays(make_lease: Callable[[str], Lease], clock: Clock) -> None:
    """A run of hours keeps its stack by prolonging its lease."""
    first = make_lease("one")
    first.acquire()
    for _ in range(10):
        clock.sleep(LEASE_SECONDS - 1)
        first.beat()

    with pytest.raises(LeaseHeldError):
        make_lease("two").acquire()


def test_keeping_prolongs_until_the_release(make_lease: Callable[[str], Lease], clock: Clock) -> None:
    """The keeper prolongs a lease for as long as it is held, and ends with it."""
    first = make_lease("one")
    first.acquire()
    clock.spawn(first.keep, "keeper")
    clock.sleep(10 * LEASE_SECONDS)
    held = first.holds()
    first.release()
    make_lease("two").acquire()

    assert held


def test_an_owner_that_slept_too_long_changes_nothing(make_lease: Callable[[str], Lease], clock: Clock) -> None:
    """An owner whose lease was taken over is told so, and holds nothing from its expiry on."""
    first, second = make_lease("one"), make_lease("two")
    first.acquire()
    clock.sleep(LEASE_SECONDS)
    held_at_expiry = first.holds()
    clock.sleep(MARGIN_SECONDS + 1)
    second.acquire()

    assert not held_at_expiry
    with pytest.raises(LeaseLostError, match="another has taken it: it changes nothing any more"):
        first.beat()
    assert (first.holds(), second.holds()) == (False, True)


def test_releasing_a_lost_lease_leaves_the_new_owner_alone(make_lease: Callable[[str], Lease], clock: Clock) -> None:
    """A run that ends after it has lost its lease does not take it from who has it now."""
    first, second = make_lease("one"), make_lease("two")
    first.acquire()
    clock.sleep(LEASE_SECONDS + MARGIN_SECONDS + 1)
    second.acquire()
    first.release()

    with pytest.raises(LeaseHeldError, match="run two"):
        make_lease("three").acquire()


def test_processes_of_a_run_have_it_together(make_lease: Callable[[str], Lease]) -> None:
    """The lease of a run ends with the last of its processes."""
    controller, worker = make_lease("one"), make_lease("one")
    controller.acquire()
    worker.acquire()
    worker.release()

    with pytest.raises(LeaseHeldError):
        make_lease("two").acquire()
    controller.release()
    make_lease("two").acquire()


def test_the_last_process_ends_the_lease_for_dead_ones_too(make_lease: Callable[[str], Lease]) -> None:
    """A worker that died without leaving does not keep its run's lease alive."""
    controller, dead_worker = make_lease("one"), make_lease("one")
    controller.acquire()
    dead_worker.acquire()
    controller.release(is_last=True)

    make_lease("two").acquire()


def test_a_released_lease_leaves_no_item(make_lease: Callable[[str], Lease], store: Store) -> None:
    """Nothing of a lease is left in the table after its run."""
    lease = make_lease("one")
    lease.acquire()
    lease.release()

    assert lease_module.holder(store) is None


def test_a_lease_is_never_expired_by_dynamodb(make_lease: Callable[[str], Lease], store: Store) -> None:
    """The item has no `ttl`, by which the session table would delete it."""
    make_lease("one").acquire()

    assert "ttl" not in (lease_module.holder(store) or {})


def test_a_fast_pace_leaves_time_to_prolong() -> None:
    """At any pace a lease runs for some seconds of real time."""
    assert [lease_seconds(pace) for pace in (1, 60)] == [60, 480]


Values = Mapping[str, Json]


class FakeStore:
    """A table with one item, whose conditions are those that the lease writes."""

    def __init__(self) -> None:
        self.item: dict[str, Any] | None = None

    def get(self, _kind: str, _name: str) -> dict[str, Any] | None:
        """Return the item."""
        return dict(self.item) if self.item else None

    def put(
        self, _kind: str, _name: str, item: dict[str, Any], condition: str, values: Values = MappingProxyType({})
    ) -> bool:
        """Store the item if the condition of a first lease or of a takeover holds."""
        if condition.startswith("attribute_not_exists"):
            holds = self.item is None
        else:
            seen = self.item
            holds = seen is not None and (seen["run_id"], seen["beats"]) == (values[":seen"], values[":beats"])
        if holds:
            self.item = dict(item)
        return holds

    def update(self, _kind: str, _name: str, expression: str, _condition: str, values: Values) -> dict[str, Any] | None:
        """Prolong, join or leave, if the run is the caller's."""
        if self.item is None or self.item["run_id"] != values[":run"]:
            return None
        if "expires_ms" in expression:
            self.item["expires_ms"] = values[":expires"]
            self.item["beats"] += 1
        if "members" in expression:
            self.item["members"] += values[":one"]
        return dict(self.item)

    def delete(self, _kind: str, _name: str, _condition: str, values: Values) -> bool:
        """Delete the item if the run is the caller's."""
        if self.item is None or self.item["run_id"] != values[":run"]:
            return False
        self.item = None
        return True


ACTIONS = st.lists(st.tuples(st.sampled_from(["acquire", "beat", "release", "sleep"]), st.integers(0, 2)), max_size=40)


@given(actions=ACTIONS, seconds=st.lists(st.integers(1, 100), min_size=40, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_two_runs_never_both_hold(clock: Clock, actions: list[tuple[str, int]], seconds: list[int]) -> None:
    """Whatever three runs do in whatever order and time, at most one of them holds the stack."""
    store: Any = FakeStore()
    leases = [Lease(store, clock, run_id=f"run-{index}", owner="x") for index in range(3)]
    for (action, index), each in zip(actions, seconds, strict=False):
        if action == "sleep":
            clock.sleep(each)
        elif action != "acquire" or not leases[index].holds():
            _try(getattr(leases[index], action))

        assert sum(lease.holds() for lease in leases) <= 1


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except (LeaseHeldError, LeaseLostError):
        pass  # which is an answer; what it must never lead to is asserted


def test_of_two_takeovers_one_succeeds(clock: Clock) -> None:
    """Two runs that see the same dead owner at the same moment do not both get its stack."""
    store: Any = FakeStore()
    Lease(store, clock, run_id="dead", owner="x").acquire()
    clock.sleep(LEASE_SECONDS + MARGIN_SECONDS + 1)
    seen = store.get("", "")
    second, third = (Lease(store, clock, run_id=run, owner="x") for run in ("two", "three"))
    second.acquire()
    # The third has read the table before the second wrote to it.
    store.get = lambda _kind, _name: seen

    with pytest.raises(LeaseHeldError):
        third.acquire()
    assert (second.holds(), third.holds()) == (True, False)
