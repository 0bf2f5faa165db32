"""A reader finds a file of before or a new one, and of several writers one is told that it was the first."""

from pathlib import Path

import pytest

from seatrials.whole_file import write_once, write_whole


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
