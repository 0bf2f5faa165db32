"""The judged runs are kept, each once, whoever else writes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from seatrials.errors import EvidenceError
from seatrials.gate.history import FileHistory
from tests.support.history import ENTRY

OLDER = replace(ENTRY, run="20261124T110000Z-1", started="2026-11-24T11:00:00.000+00:00")


@pytest.fixture
def history(tmp_path: Path) -> FileHistory:
    """Return a history whose folder does not exist yet."""
    return FileHistory(tmp_path / "gate" / "history.jsonl")


def test_what_is_appended_is_read(history: FileHistory) -> None:
    """Runs are read oldest first, however they came."""
    history.append([ENTRY])
    history.append([OLDER])

    assert history.read() == [OLDER, ENTRY]


def test_a_history_that_does_not_exist_has_no_runs(history: FileHistory) -> None:
    """The first judgement has nothing behind it."""
    assert history.read() == []


def test_a_run_that_is_judged_again_is_kept_once(history: FileHistory, tmp_path: Path) -> None:
    """Only what is new about it is written, and its last line counts."""
    again = replace(ENTRY, judged_at="2026-11-25T13:00:00.000+00:00")
    worse = replace(ENTRY, good=False)
    for entry in (ENTRY, again, worse):
        history.append([entry])

    assert [worse] == history.read()
    assert len((tmp_path / "gate/history.jsonl").read_text().splitlines()) == 2


def test_gates_at_one_time_lose_nothing(tmp_path: Path) -> None:
    """Twenty appends from four threads leave twenty runs."""
    path = tmp_path / "history.jsonl"
    entries = [replace(ENTRY, run=f"run-{index:02}") for index in range(20)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda entry: FileHistory(path).append([entry]), entries))

    assert entries == FileHistory(path).read()


def test_a_line_without_its_end_is_not_written_onto(history: FileHistory, tmp_path: Path) -> None:
    """A file that an editor left without a last newline stays one run a line."""
    history.append([OLDER])
    path = tmp_path / "gate/history.jsonl"
    path.write_text(path.read_text().rstrip("\n"))
    history.append([ENTRY])

    assert history.read() == [OLDER, ENTRY]


@pytest.mark.parametrize("damage", ['{"environment":', "[]", '{"environment": "staging"}'])
def test_a_damaged_line_is_named(history: FileHistory, tmp_path: Path, damage: str) -> None:
    """A baseline is not made of what happens to be readable."""
    history.append([ENTRY])
    path = tmp_path / "gate/history.jsonl"
    path.write_text(f"{path.read_text()}{damage}\n")

    with pytest.raises(EvidenceError, match="damaged at line 2"):
        history.read()


def test_a_history_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A run that cannot be remembered is not silently forgotten."""
    (tmp_path / "file").write_text("")

    with pytest.raises(EvidenceError, match="cannot be written"):
        FileHistory(tmp_path / "file" / "history.jsonl").append([ENTRY])
