"""A reader finds a file of before or a new one, and of several writers one is told that it was the first."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials import whole_file
from seatrials.whole_file import read_regular, write_once, write_whole


def test_a_file_is_replaced(tmp_path: Path) -> None:
    """The new text is there, and nothing beside it."""
    path = tmp_path / "run.json"
    write_whole(path, "one")
    write_whole(path, "zwei ü")

    assert path.read_text(encoding="utf-8") == "zwei ü"
    assert [path] == list(tmp_path.iterdir())


def test_what_cannot_be_written_leaves_what_was(tmp_path: Path) -> None:
    """A text that breaks off in its middle reaches nobody."""
    path = tmp_path / "run.json"
    write_whole(path, "one")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "two \ud800")

    assert path.read_text() == "one"
    assert [path] == list(tmp_path.iterdir())


def test_only_the_first_writes(tmp_path: Path) -> None:
    """The second is told so, and changes nothing."""
    path = tmp_path / "marker.json"

    assert [write_once(path, text) for text in ("one", "two")] == [True, False]
    assert path.read_text() == "one"
    assert [path] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "make",
    [os.mkfifo, os.mkdir, lambda path: path.symlink_to(path.name), lambda path: path.symlink_to("/dev/zero")],
    ids=["pipe", "folder", "loop", "device"],
)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A pipe, a folder, a loop and a device are refused at once, and named."""
    path = tmp_path / "run.json"
    make(path)

    with pytest.raises(OSError, match=r"run\.json"):
        read_regular(path)


def test_a_file_is_read_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more is refused, and nothing is cut off."""
    monkeypatch.setattr(whole_file, "BYTES_MAX", 4)
    path = tmp_path / "run.json"
    path.write_bytes(b"1234")
    assert read_regular(path) == b"1234"
    path.write_bytes(b"12345")

    with pytest.raises(OSError, match="larger than"):
        read_regular(path)


def test_a_file_that_tells_no_size_is_read_whole() -> None:
    """Of a file of /proc, or one that grows meanwhile, there is more than its size says."""
    path = Path("/proc/self/status")
    assert path.stat().st_size == 0

    assert read_regular(path).startswith(b"Name:\t")
    assert b"\nPid:" in read_regular(path)
