"""What pytest's items say of scenarios, and what a running one keeps with its item."""

import pytest

from seatrials.evidence import Recorder
from seatrials.stacks import StackRun

# Where a scenario runs: on mock alone, on mock and staging, or on all three.
SCOPES = ("mock_only", "staging", "production")
RUN_KEY = pytest.StashKey[StackRun]()
RECORDER_KEY = pytest.StashKey[Recorder]()


def scenario_id(item: pytest.Item) -> str:
    """Return the catalogue's id of a scenario."""
    mark = item.get_closest_marker("scenario")
    return str(mark.args[0]) if mark is not None else item.nodeid


def suite_of(item: pytest.Item) -> str:
    """Return the suite of a scenario: its file's name without `test_`."""
    return item.path.stem.removeprefix("test_")
