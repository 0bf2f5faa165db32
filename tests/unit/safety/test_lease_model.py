"""A model of the lease: whatever processes, clocks, crashes and the network do, two runs never both act.

`LEASE_HISTORIES=10000 python -m pytest tests/unit/safety/test_lease_model.py` looks at so many histories.
"""

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from seatrials.environments.variables import read_variables
from seatrials.safety.lease import DRIFT_MAX, LEASE_SECONDS, MARGIN_SECONDS, Lease
from seatrials.safety.lease_item import Reading
from tests.support.aws import Json
from tests.support.lease_world import Process, World, WorldClock

HISTORIES = int(read_variables().get("LEASE_HISTORIES", "150"))
STEPS = 40
# Two processes of one run, and one each of two others.
RUNS = ("one", "one", "two", "three")
# Enough for a planted fault to be met; each is met far sooner.
PLANTED_HISTORIES = 1000

whose = st.integers(0, len(RUNS) - 1)
clocks = st.tuples(st.floats(-600, 600), st.sampled_from([1 - DRIFT_MAX, 1.0, 1 + DRIFT_MAX]))


class LeaseMachine(RuleBasedStateMachine):
    """Histories of four processes, of which any may be interrupted at any call, for any time."""

    lease_type: type[Lease] = Lease

    @initialize(clocks=st.tuples(*[clocks] * len(RUNS)))
    def begin(self, clocks: tuple[tuple[float, float], ...]) -> None:
        """Give each process a clock."""
        self.world = World()
        self.processes = [
            Process(self.world, WorldClock(self.world, *clock), run, f"process-{number}", self.lease_type)
            for number, (run, clock) in enumerate(zip(RUNS, clocks, strict=True))
        ]
        for each in self.processes:
            each.start()

    @rule(index=whose)
    def start(self, index: int) -> None:
        """A process begins, again perhaps, unless another one of its run knows that it is the last."""
        process = self.processes[index]
        if not any(each.is_alive and each.is_last for each in self._others_of(process)):
            process.start()

    @rule(index=whose, is_keeper=st.booleans(), turns=st.sampled_from([1, 1, 2, 4, 8]))
    def turn(self, index: int, turns: int, *, is_keeper: bool) -> None:
        """A thread of a process goes some steps on, alone."""
        for _ in range(turns):
            self.processes[index].turn(is_keeper=is_keeper)

    @rule(first=whose, rounds=st.sampled_from([1, 5, 35]), is_kept=st.booleans())
    def go_on(self, first: int, rounds: int, *, is_kept: bool) -> None:
        """All processes go on for a while, but perhaps the threads that keep the lease get no turn."""
        for _ in range(rounds):
            for each in [*self.processes[first:], *self.processes[:first]]:
                for number in range(6):
                    each.turn(is_keeper=is_kept and number % 2 == 0)
            self.world.seconds += 2

    @rule(seconds=st.one_of(st.sampled_from([1.0, 5.0, 20.0, 57.5, 80.0]), st.floats(0.1, 100)))
    def wait(self, seconds: float) -> None:
        """Time passes, on each clock as it goes."""
        self.world.seconds += seconds

    @rule(index=whose, is_stopped=st.booleans())
    def stop_or_continue(self, index: int, *, is_stopped: bool) -> None:
        """A process gets SIGSTOP or SIGCONT."""
        self.processes[index].is_stopped = is_stopped

    @rule(index=whose, lands=st.booleans())
    def crash(self, index: int, *, lands: bool) -> None:
        """A process gets SIGKILL."""
        self.processes[index].crash(lands=lands)

    @rule(index=whose, is_keeper=st.booleans(), lands=st.booleans())
    def lose(self, index: int, *, is_keeper: bool, lands: bool) -> None:
        """A process is told that its call failed, though it may have landed."""
        self.processes[index].lose(is_keeper=is_keeper, lands=lands)

    @rule(index=whose)
    def leave(self, index: int) -> None:
        """A process ends, and gives the lease back if it knows that it is the last of its run."""
        process = self.processes[index]
        process.is_last = not any(each.is_alive for each in self._others_of(process))
        process.is_told_to_leave = True

    def _others_of(self, process: Process) -> list[Process]:
        return [each for each in self.processes if each is not process and each.run_id == process.run_id]

    def teardown(self) -> None:
        """When all have crashed another run gets the stack, within the time that a dead owner's lease is watched."""
        if not hasattr(self, "world"):
            return
        for each in self.processes:
            each.crash(lands=False)
        heir = Process(self.world, WorldClock(self.world, 0, 1), "heir", "process-0", self.lease_type)
        heir.start()
        began = self.world.seconds
        while not heir.has_lease:
            heir.turn(is_keeper=False)
            self.world.seconds += 0.5
            assert self.world.seconds < began + LEASE_SECONDS + MARGIN_SECONDS + 10, "a dead run's lease is not taken"
        heir.crash(lands=False)


def check(machine: type[LeaseMachine], histories: int) -> None:
    """Look at so many histories."""
    phases = [Phase.generate, Phase.shrink] if machine is LeaseMachine else [Phase.generate]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=histories, stateful_step_count=STEPS, phases=phases, database=None),
    )


def test_two_runs_never_both_act() -> None:
    """No change is allowed that could arrive after others have the stack, fences grow, and no stack is lost."""
    check(LeaseMachine, HISTORIES)


class WithoutMargin(Lease):
    """Takes a lease when its time is over by one's own clock."""

    def __init__(self, *arguments: Json, **given: Json) -> None:
        super().__init__(*arguments, **given)
        self._taken_after_seconds = self._seconds


class WithoutMemory(Lease):
    """Forgets the fence when it gives the lease back."""

    def _give_back(self, fence: int, condition: str) -> bool:
        return self._store.put("lease", "stack", {"fence": 0}, condition, self._mine(fence))


class ComparingClocks(Lease):
    """Writes down when its lease is over by its own clock, and believes what others have written."""

    # In place of an attribute of the item.
    expires: dict[str, float] = {}  # noqa: RUF012  # shared by all, as the table is

    def beat(self) -> None:
        """Beat, and write down until when."""
        super().beat()
        self.expires[self._run_id] = self._clock.now() + self._seconds

    def _begin(self, fence: int, began: float) -> None:
        super()._begin(fence, began)
        self.expires[self._run_id] = began + self._seconds

    def _may_take(self, seen: Reading) -> bool:
        if seen.content is not None and not seen.is_free and not seen.is_of(self._run_id):
            return self._clock.now() > self.expires.get(str(seen.content["run_id"]), 0) + MARGIN_SECONDS
        return super()._may_take(seen)


class Remembering(Lease):
    """Beats without asking whether the lease is still its own, and remembers that it had it."""

    def holds(self) -> bool:
        """Believe that what was once taken is one's own."""
        return self._fence is not None


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        pytest.param(WithoutMargin, "while calls allowed at", id="no-margin"),
        pytest.param(WithoutMemory, "fence 1 after", id="no-memory-of-the-fence"),
        pytest.param(ComparingClocks, "while calls allowed at", id="clocks-compared"),
        pytest.param(Remembering, "may act though fence|while calls allowed at", id="no-question"),
    ],
)
def test_a_planted_fault_is_found(planted: type[Lease], found: str) -> None:
    """The model finds what is wrong with a lease, so that its silence says something."""

    class PlantedMachine(LeaseMachine):
        lease_type = planted

    with pytest.raises(AssertionError, match=found):
        check(PlantedMachine, PLANTED_HISTORIES)
