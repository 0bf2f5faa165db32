"""Runs on the mock that are interrupted: no world stays in memory, for the next run removes what a kill has left."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatrials.environments.variables import read_variables
from seatrials.errors import HUNG_UP, TERMINATED
from tests.support.interruption.run import BegunRun

# Enough for the signal to meet a world.
ROWS = "test"
ONE_ROW = "table_holds"


def begin(folder: Path, workers: int, rows: str) -> BegunRun:
    """Begin a run on the mock."""
    return BegunRun(read_variables(), folder, workers, environment="mock", rows=rows)


@pytest.fixture(params=[0, 2], ids=["one process", "workers"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BegunRun]:
    """Return a run that has a world."""
    run = begin(tmp_path / "evidence", request.param, ROWS)
    yield run
    run.end()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, TERMINATED), (signal.SIGHUP, HUNG_UP)]
)
def test_a_signal_leaves_no_world(run: BegunRun, number: signal.Signals, code: int) -> None:
    """A run that is told to end removes its worlds itself, those of its workers too."""
    worlds = run.wait_for_worlds()
    run.send(number)

    assert run.wait_for_end() == code, run.said
    assert [each for each in worlds if each.exists()] == []


def test_a_full_disk_leaves_no_world(run: BegunRun) -> None:
    """A run that can write its evidence no more ends with 77, and removes its worlds."""
    worlds = run.wait_for_worlds()
    run.let_files_grow_no_more()

    assert run.wait_for_end() == 77, run.said
    assert [each for each in worlds if each.exists()] == []


def test_the_next_run_removes_the_worlds_of_a_killed_one(run: BegunRun, tmp_path: Path) -> None:
    """SIGKILL lets a run remove nothing; the next one does."""
    worlds = run.wait_for_worlds()
    run.send_all(signal.SIGKILL)
    run.wait_for_end()
    following = begin(tmp_path / "following", 0, ONE_ROW)
    code = following.wait_for_end()
    following.end()

    assert code == 0, following.said
    assert [each for each in worlds if each.exists()] == []
