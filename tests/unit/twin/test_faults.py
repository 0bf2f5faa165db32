"""Tests of what can be broken in a world, and that it heals."""

from typing import Any

import pytest

from seatrials.twin.faults import TwinFaults

CLUSTER = "webordinary-edit-cluster"
SERVICES = {"edit": "webordinary-edit-service", "hermes": "webordinary-hermes-service"}


@pytest.fixture
def faults(twin: Any) -> TwinFaults:
    """Give the faults of the world."""
    return TwinFaults(twin.world, CLUSTER, SERVICES)


def test_no_task_pulls_a_missing_image(twin: Any, faults: TwinFaults) -> None:
    """While the image is missing, a task that starts fails to start."""
    with faults.image_missing("edit"):
        twin.update(desiredCount=1)
        twin.until(lambda: twin.runs() and twin.runs()[0].failed_to_start)

    assert "webordinary/edit:1.0.0: not found" in twin.runs()[0].record.stopped_reason


def test_the_image_is_back_afterwards(twin: Any, faults: TwinFaults) -> None:
    """The fault ends with its block, also when the block fails."""
    with pytest.raises(ZeroDivisionError), faults.image_missing("edit"):
        raise ZeroDivisionError

    assert len(twin.scale(1)) == 1


def test_another_service_is_not_touched(twin: Any, faults: TwinFaults) -> None:
    """Only the named service's image is missing."""
    with faults.image_missing("hermes"):
        runs = twin.scale(1)

    assert len(runs) == 1


def test_what_runs_already_runs_on(twin: Any, faults: TwinFaults) -> None:
    """A missing image does not touch the tasks that have pulled it."""
    [run] = twin.scale(1)
    with faults.image_missing("edit"):
        twin.sleep(120)

    assert run.record.is_running


def test_a_killed_task_is_replaced(twin: Any, faults: TwinFaults) -> None:
    """SIGKILL ends the container with the code of a killed process, and the service starts another task."""
    [run] = twin.scale(1)
    with faults.task_killed(run.record.task_arn):
        killed_at_once = run.containers[0].exit_code
    twin.until(lambda: run.record.stopped_at is not None and [each for each in twin.runs() if each.record.is_running])

    assert (137, "EssentialContainerExited") == (killed_at_once, run.record.stop_code)
