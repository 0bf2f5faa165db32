"""What a run says that it cost, held against the account of the world that it ran on.

Not among the unit tests, for each run takes minutes of platform time: `nox -s kills -- -k cost` runs them.
"""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from seatrials.cost import load_prices, run_dollars
from seatrials.evidence.folder import RunFolder
from seatrials.evidence.record import RunRecord
from seatrials.safety.usage import difference
from seatrials.stacks.live.task_time import TASK_USAGE
from seatrials.twin_server.control import USAGE_PATH
from tests.support.interruption.rehearsal import Rehearsal
from tests.support.interruption.run import BegunRun

# One that has three tasks to itself, one that begins at zero after it, and some that run beside one another.
ROWS = "shared_paths_are_spread or cold_start_takes or table_holds or keepalive_moves or preview_shows"
_ASK_SECONDS = 60.0
_END_SECONDS = 1_800.0


def used(rehearsal: Rehearsal) -> Mapping[str, float]:
    """Return what was used in the world so far, by its own trace of events."""
    url = f"{rehearsal.variables['SEATRIALS_CONTROL_URL']}{USAGE_PATH}"
    usage: dict[str, float] = httpx.get(url, timeout=_ASK_SECONDS, trust_env=False).raise_for_status().json()
    return usage


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_run_costs_what_the_world_says(rehearsal: Rehearsal, tmp_path: Path, workers: int) -> None:
    """Tasks and dollars in run.json are within 5 % of the twin's account, for any number of workers."""
    before = used(rehearsal)
    run = BegunRun(rehearsal.variables, tmp_path / "evidence", workers, rows=ROWS, end_seconds=_END_SECONDS)
    try:
        code = run.wait_for_end()
    finally:
        run.end()
    world = difference(used(rehearsal), before)
    assert isinstance(run.folder, RunFolder), run.said
    told = RunRecord.model_validate_json(run.folder.record.read_bytes()).usage

    assert (code, told is not None) == (0, True), run.said
    assert {name: told and told[name] for name in TASK_USAGE} == {
        name: pytest.approx(world[name], rel=0.05) for name in TASK_USAGE
    }
    assert run_dollars(told or {}, load_prices()) == pytest.approx(run_dollars(world, load_prices()), rel=0.05)
