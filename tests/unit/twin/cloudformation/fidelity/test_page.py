"""The pages of the tables."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.cli import app
from seatrials.errors import ConfigurationError
from seatrials.twin.cloudformation.fidelity.page import pages
from seatrials.twin.cloudformation.fidelity.table import tables
from tests.support.project import PROJECT

Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Give the command on a folder whose one page has a place for what is written."""
    (tmp_path / "twin-fidelity.md").write_text(
        "before\n<!-- written by `seatrials fidelity --write` -->\nwas here\n<!-- until here -->\nafter\n",
        encoding="utf-8",
    )

    def run(*options: str) -> int:
        with pytest.raises(SystemExit) as ended:
            app(["fidelity", "--folder", str(tmp_path), *options])
        return int(str(ended.value.code))

    return run


def test_the_pages_of_the_project_are_current() -> None:
    """What stands in docs is what the tables say."""
    for path, text in pages(PROJECT / "docs").items():
        assert path.read_text(encoding="utf-8") == text


def test_what_is_written_is_current(command: Command, tmp_path: Path) -> None:
    """A check fails before, and passes after; what stands around the place stays."""
    before, written, after = command("--check"), command("--write"), command("--check")
    summary = (tmp_path / "twin-fidelity.md").read_text(encoding="utf-8")

    assert (before, written, after) == (1, 0, 0)
    assert summary.startswith("before\n")
    assert summary.endswith("\nafter\n")
    assert "was here" not in summary


def test_every_line_is_on_the_page(command: Command, tmp_path: Path) -> None:
    """Each property has its row, below its type."""
    command("--write")
    page = (tmp_path / "twin-properties.md").read_text(encoding="utf-8")

    assert page.count("\n| `") == sum(len(table.lines) for table in tables().values())
    assert page.count("\n## ") == len(tables())


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    """Nothing is written over what somebody else wrote."""
    (tmp_path / "twin-fidelity.md").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has no place for the properties"):
        pages(tmp_path)
