"""How a run begins: each process that runs scenarios opens its stacks before the first of them.

What keeps the stacks from being opened, such as a template that cannot be deployed, would fail every scenario. So it
is told once, as the end of the run. The process that hands out the scenarios opens none of its own for it: that would
cost each run a deployment, and the workers deploy anyway.
"""

import gc
from collections.abc import Callable
from typing import NoReturn

import pytest

from seatrials.errors import SeatrialsError
from seatrials.run.ending import RunEnding
from seatrials.seams.tracebacks import place_of
from seatrials.stacks import Stacks
from seatrials.stacks.base import COLLECTION_THRESHOLDS

# The stacks that this process holds, from before its first scenario to its end.
HELD_KEY = pytest.StashKey[Stacks | None]()


class RunBeginning:
    """Opens the stacks of one process once it knows that it has scenarios."""

    def __init__(self, config: pytest.Config, ending: RunEnding, open_stacks: Callable[[], Stacks]) -> None:
        self._config = config
        self._ending = ending
        self._open_stacks = open_stacks
        # By default a full collection, of 60 ms, comes while modules are imported and about with every tenth scenario;
        # ended worlds may wait.
        gc.set_threshold(*COLLECTION_THRESHOLDS)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Open the stacks; an error ends the run here, before a worker says that it is ready."""
        is_needed = any("platform" in getattr(item, "fixturenames", ()) for item in session.items)
        # Files that cannot be collected end the run anyway.
        if not is_needed or session.testsfailed or self._config.stash.get(HELD_KEY, None) is not None:
            return
        try:
            self._config.stash[HELD_KEY] = _opened_quickly(self._open_stacks)
        except SeatrialsError as error:
            self._end(session, error)
        except Exception as error:  # noqa: BLE001  # a mistake in the applications, say: it would fail every scenario
            self._end(session, SeatrialsError(f"{type(error).__name__}: {error}, at {place_of(error)}"))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Leave what scenarios have left to the end of the process: pytest would look for garbage in it four times."""
        gc.freeze()

    def _end(self, session: pytest.Session, error: SeatrialsError) -> NoReturn:
        self._ending.stop(session, error)
        # The text stands at the end of the run alone.
        session.shouldstop = "the run cannot begin"
        if hasattr(self._config, "workerinput"):
            # A worker that was interrupted would be replaced by another one.
            pytest.exit(str(error), returncode=error.exit_code)
        raise session.Interrupted(session.shouldstop)


def _opened_quickly(open_stacks: Callable[[], Stacks]) -> Stacks:
    # Imports and the first deployment make half a million objects that stay: looking through them again and again for
    # garbage would double the time that they take.
    gc.disable()
    try:
        stacks = open_stacks()
        gc.freeze()
    finally:
        gc.enable()
    return stacks
