"""What pytest's items say of scenarios, and what a running one keeps with its item."""

import pytest

from seatrials.evidence.recorder import Recorder
from seatrials.stacks import StackRun

# Where a scenario runs: on mock alone, on mock and staging, or on all three.
SCOPES = ("mock_only", "live_only", "staging", "production")
RUN_KEY = pytest.StashKey[StackRun]()
RECORDER_KEY = pytest.StashKey[Recorder]()
# Of the configuration, at the end of a run: what it left on its stack, None where nobody looked.


def scenario_id(item: pytest.Item) -> str:
    """Return the catalogue's id of a scenario."""
    mark = item.get_closest_marker("scenario")
    return str(mark.args[0]) if mark is not None else item.nodeid


def suite_of(item: pytest.Item) -> str:
    """Return the suite of a scenario: its file's name without `test_`."""
    return item.path.stem.removeprefix("test_")


def needs_of(item: pytest.Item) -> list[str]:
    """Return the capabilities that a scenario needs of its environment."""
    named = [str(each) for mark in item.iter_markers("needs") for each in mark.args]
    return [*named, *(["exclusive"] if item.get_closest_marker("exclusive") else [])]
