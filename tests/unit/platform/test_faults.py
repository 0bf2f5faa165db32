"""Tests of the vocabulary of faults: one declaration for what a stack can do, for its refusal and for the page."""

import inspect
import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from seatrials.environments.capabilities import Capability
from seatrials.errors import ConfigurationError
from seatrials.evidence.recorder import Recorder
from seatrials.platform.faults import FAULTS, Faults, declared, fault_lines
from seatrials.stacks.live.faults import LiveFaults
from seatrials.twin.faults import TwinFaults


class OneFault:
    """A stack that can make a container hang."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextmanager
    def hanging(self, task_arn: str) -> Iterator[None]:
        """Note when a task hangs, and when it goes on."""
        self.events.append(f"{task_arn} hangs")
        try:
            yield
        finally:
            self.events.append(f"{task_arn} goes on")

    @contextmanager
    def clocks_ahead(self, service: str, seconds: float) -> Iterator[None]:
        """Do nothing to any clock."""
        self.events.append(f"{service} {seconds:g}")
        yield


@pytest.fixture
def recorder() -> Recorder:
    """Return a recorder whose time stands still."""
    return Recorder(lambda: 100.0, "modelled")


def test_every_capability_to_break_something_has_a_fault() -> None:
    """What an environment may allow to be broken, some fault breaks."""
    named = {str(each) for each in Capability if each.startswith("faults.")}

    assert named <= {str(each.capability) for each in FAULTS.values()}


def test_the_vocabulary_is_what_the_protocol_has() -> None:
    """Each method of `Faults` is declared, and says in a sentence what it breaks and what undoes that."""
    methods = [name for name, _ in inspect.getmembers(Faults, inspect.isfunction) if not name.startswith("_")]

    assert sorted(methods) == sorted(FAULTS)
    assert [each.name for each in FAULTS.values() if not (each.sentence.endswith(".") and each.undone_by)] == []


def test_the_twin_makes_every_fault_as_it_is_declared() -> None:
    """The mock has all of the vocabulary, and each fault takes what its declaration says."""

    def parameters(owner: type, name: str) -> list[tuple[str, object, object]]:
        signature = inspect.signature(getattr(owner, name))
        return [(each.name, each.kind, each.default) for each in signature.parameters.values()]

    assert [name for name in FAULTS if parameters(TwinFaults, name) != parameters(Faults, name)] == []


def test_no_stack_has_a_fault_of_its_own() -> None:
    """What a stack can break has its word in the vocabulary."""
    own = {
        name
        for breaker in (TwinFaults, LiveFaults)
        for name, _ in inspect.getmembers(breaker, inspect.isfunction)
        if not name.startswith("_")
    }

    assert own - set(FAULTS) == set()


@pytest.mark.parametrize("name", sorted(set(FAULTS) - {"task_stopped", "stopped"}))
def test_what_aws_cannot_do_is_never_done_by_less(name: str, recorder: Recorder) -> None:
    """A fault that AWS has no call for is an error that names the capability to ask for."""
    faults = declared(LiveFaults(lambda _service: None, "cluster", {}), recorder)

    with pytest.raises(ConfigurationError, match=f"{name} cannot be had here.*{FAULTS[name].capability}"):
        getattr(faults, name)("anything")


def test_a_fault_ends_with_its_block_however_that_ends(recorder: Recorder) -> None:
    """What was broken is whole after a block that fails, and the scenario's steps tell of both."""
    stack = OneFault()
    with pytest.raises(ZeroDivisionError), declared(stack, recorder).hanging("task"):
        raise ZeroDivisionError

    assert stack.events == ["task hangs", "task goes on"]
    assert [each.title for each in recorder.steps] == ["fault: hanging(task) begins", "fault: hanging(task) is over"]


def test_clocks_are_excused_for_as_long_as_they_are_wrong(recorder: Recorder) -> None:
    """Checkers hear of wrong clocks, how far apart they are and until when, and of no other fault."""
    faults = declared(OneFault(), recorder)
    with faults.hanging("task"):
        assert recorder.history.clocks == []
    with faults.clocks_ahead("edit", -90):
        during = recorder.history.apart_seconds(1000.0, 1001.0)

    assert during == 90
    assert recorder.history.apart_seconds(99.0, 100.0) == 90
    assert recorder.history.apart_seconds(101.0, 200.0) == 0


def test_checkers_hear_when_something_is_broken(recorder: Recorder) -> None:
    """What is under way while a fault lasts may be held until it is over, and what begins afterwards is not."""
    faults = declared(OneFault(), recorder)
    with faults.hanging("task"):
        during = recorder.history.held_until(100.0)

    assert (during, recorder.history.held_until(100.0), recorder.history.held_until(99.0)) == (math.inf, 100.0, 99.0)


def test_another_word_is_no_fault(recorder: Recorder) -> None:
    """A name that the vocabulary does not have is an attribute that is not there."""
    assert not hasattr(declared(OneFault(), recorder), "hangs")


def test_the_page_tells_who_can_make_each_fault() -> None:
    """The table has a line for each fault, with its capability and where it can be had."""
    [line] = [each for each in fault_lines({"mock": TwinFaults, "AWS": LiveFaults}) if each.startswith("| `hanging`")]

    assert line.endswith("| they go on | `faults.hang` | yes | no |")
