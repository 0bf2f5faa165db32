"""Recordings on disk."""

from pathlib import Path

import pytest

from seatrials.affected.recording import Ran, Recording, read_recording, write_recording

RECORDING = Recording(
    about={"the seed": "1"},
    blobs={"a.py": "1" * 40},
    fingerprints={"a.py": {"first:1": "f"}},
    always=frozenset({("a.py", "<module>")}),
    tests={
        "test_a.py::test_one": Ran(is_failed=True, units=frozenset({("a.py", "first:1")})),
        "test_a.py::test_two": Ran(is_failed=False, units=frozenset()),
    },
)


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    """All of it comes back."""
    write_recording(tmp_path / "new/mock.json", RECORDING)

    assert read_recording(tmp_path / "new/mock.json") == RECORDING


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
