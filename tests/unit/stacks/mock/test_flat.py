"""Worlds that have ended leave nothing in the memory of their process."""

import gc
from collections import Counter
from contextlib import closing

from seatrials.environments.file import load_environment
from seatrials.evidence.recorder import Recorder
from seatrials.platform import Platform
from seatrials.stacks import StackOptions
from seatrials.stacks.mock.stacks import MockStacks
from tests.support.project import PROJECT

# Of what other tests of the process have left, nothing is said here.
_OF_A_WORLD = ("<class 'moto", "<class 'seatrials.twin.", "<class 'seatrials.seams.", "<class 'seatrials.webordinary.")


def counted(stacks: MockStacks, worlds: int) -> Counter[str]:
    """Let some worlds live and end; return how many objects of each type there are."""
    for _ in range(worlds):
        with stacks.open("PERS-07") as run:
            platform = Platform(run.stack, Recorder(run.stack.clock.now, run.sample_kind))
            session = platform.ready()
            platform.workspace(session).write("note.md", b"kept")
            platform.end(session)
    gc.collect()
    return Counter(str(type(each)) for each in gc.get_objects())


def test_of_ended_worlds_no_object_stays() -> None:
    """After four more worlds there are as many objects as before, of the twin, of moto and of the applications."""
    stacks = MockStacks(load_environment("mock", PROJECT / "environments.toml", {}), StackOptions(seed=1))
    with closing(stacks):
        before, after = counted(stacks, 3), counted(stacks, 4)

    grown = {name: count for name, count in (after - before).items() if name.startswith(_OF_A_WORLD)}
    assert grown == {}
    assert after.total() - before.total() < 400  # A world has several thousand.
