"""Recordings on disk."""

from pathlib import Path

import pytest

from seatrials.affected.recording import Ran, Recording, has_all_of, read_recording, write_recording
from seatrials.affected.units import REST

ONE = "test_a.py::test_one"
RECORDING = Recording(
    about={"the seed": "1"},
    blobs={"a.py": "1" * 40},
    fingerprints={"a.py": {"first:1": "f"}},
    always=frozenset({("a.py", "<module>")}),
    tests={
        ONE: Ran(is_failed=True, units=frozenset({("a.py", "first:1")})),
        "test_a.py::test_two": Ran(is_failed=False, units=frozenset()),
    },
    is_whole=True,
)


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    """All of it comes back."""
    write_recording(tmp_path / "new/mock.json", RECORDING)

    assert read_recording(tmp_path / "new/mock.json") == RECORDING


@pytest.mark.parametrize(
    ("changes", "is_whole"),
    [
        pytest.param({}, [True], id="the same tests"),
        pytest.param({"tests": {ONE: RECORDING.tests[ONE]}}, [False], id="one is gone"),
        pytest.param({"fingerprints": {"a.py": {}, "test_a.py": {REST: "new"}}}, [False], id="one may be new"),
    ],
)
def test_a_part_of_a_whole_recording_is_none(changes: dict[str, object], is_whole: list[bool]) -> None:
    """Who brings some tests up to date keeps all of them, unless one is missing or was never run."""
    update = RECORDING.model_copy(update={"is_whole": False, **changes})

    assert [has_all_of(update, RECORDING)] == is_whole
    assert not has_all_of(update, update)
    assert not has_all_of(update, None)


def test_a_recording_knows_what_failed() -> None:
    """What failed is run again before everything else."""
    assert RECORDING.failed == {"test_a.py::test_one"}


@pytest.mark.parametrize("text", ["", "{}", '{"about": 1}', "[]"], ids=["empty", "nothing", "type", "list"])
def test_a_damaged_recording_is_none(tmp_path: Path, text: str) -> None:
    """From a file that is not whole nothing is concluded."""
    path = tmp_path / "mock.json"
    path.write_text(text)

    assert read_recording(path) is None


def test_a_number_that_stands_for_nothing_makes_it_none(tmp_path: Path) -> None:
    """A test that names a unit that is not there makes the file a damaged one."""
    path = tmp_path / "mock.json"
    write_recording(path, RECORDING)
    path.write_text(path.read_text().replace('"always":[0]', '"always":[9]'))

    assert read_recording(path) is None
