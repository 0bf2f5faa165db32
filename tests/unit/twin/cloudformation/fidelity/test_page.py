"""The pages of the tables."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.cli import app
from seatrials.errors import ConfigurationError
from seatrials.twin.cloudformation.fidelity.behaviours.table import Behaviour, behaviours
from seatrials.twin.cloudformation.fidelity.operations.table import lines
from seatrials.twin.cloudformation.fidelity.page import pages
from seatrials.twin.cloudformation.fidelity.table import tables
from tests.support.project import PROJECT

Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Give the command on a folder whose one page has a place for each part of what is written."""
    places = [
        f"<!-- {name}: written by `seatrials fidelity --write` -->\nwas here\n<!-- until here -->\nbetween\n"
        for name in (*behaviours(), "properties", "operations")
    ]
    (tmp_path / "twin-fidelity.md").write_text("".join(["before\n", *places, "after\n"]), encoding="utf-8")

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
    """Each property has its row, below its type, each operation below its service, each behaviour in its section."""
    command("--write")
    properties, operations, summary = (
        (tmp_path / f"twin-{name}.md").read_text(encoding="utf-8") for name in ("properties", "operations", "fidelity")
    )

    assert properties.count("\n| `") == sum(len(table.lines) for table in tables().values())
    assert properties.count("\n## ") == len(tables())
    assert operations.count("\n| `") == len(lines())
    assert summary.count("between\n") == len(behaviours()) + 2
    assert [row for rows in behaviours().values() for row in rows if row.aws.replace("|", r"\|") not in summary] == []


def test_a_page_without_a_place_is_refused(tmp_path: Path) -> None:
    """Nothing is written over what somebody else wrote."""
    (tmp_path / "twin-fidelity.md").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has no place for the alarms"):
        pages(tmp_path)


@pytest.mark.parametrize("row", [row for rows in behaviours().values() for row in rows], ids=lambda row: row.aws)
def test_a_behaviour_is_held_by_tests(row: Behaviour) -> None:
    """Each test that a row names is there, as a function of its file or as the file; and there is one."""
    assert row.tests
    for test in row.tests:
        name, _, function = test.partition("::")
        text = (PROJECT / "tests/unit/twin" / name).read_text(encoding="utf-8")

        assert re.search(rf"^def {function or 'test_'}", text, re.MULTILINE), test
