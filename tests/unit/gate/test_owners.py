"""Whoever answers for a row is named by the criteria, or by the repository's CODEOWNERS."""

from pathlib import Path

import pytest

from seatrials.errors import ConfigurationError
from seatrials.gate.criteria import load_criteria
from seatrials.gate.owners import Owners, read_owners
from tests.support.project import PROJECT

TEST = "tests/integration/test_cold_start.py::test_it"


def owners(top: Path, text: str, place: str = "CODEOWNERS") -> Owners:
    """Return the owners of a work tree whose CODEOWNERS says *text*."""
    (top / place).parent.mkdir(parents=True, exist_ok=True)
    (top / place).write_text(text)
    return read_owners(top, {})


@pytest.mark.parametrize("place", ["CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"])
def test_the_last_line_that_matches_counts(tmp_path: Path, place: str) -> None:
    """As GitHub reads the file, wherever it stands."""
    found = owners(tmp_path, "# everything\n* @all\n/tests/ @tests maria@example.com\n", place)

    assert found.of_row("COLD-01", "cold_start", TEST) == ("@tests", "maria@example.com")
    assert found.of_row("COLD-01", "cold_start", None) == ()
    assert found.why_none == ""


def test_the_criteria_outrank_the_repository(tmp_path: Path) -> None:
    """A row before its suite, and both before its file."""
    (tmp_path / "CODEOWNERS").write_text("* @all\n")
    found = read_owners(tmp_path, {"COLD-01": ("ana",), "cold_start": ("ben", "eve")})

    assert found.of_row("COLD-01", "cold_start", TEST) == ("ana",)
    assert found.of_row("COLD-02", "cold_start", TEST) == ("ben", "eve")
    assert found.of_row("CONC-01", "concurrency", TEST) == ("@all",)


def test_a_criterion_is_named_everywhere_or_on_an_environment() -> None:
    """A regression has no file that could have an owner."""
    found = read_owners(None, {"cold-start": ("ana",), "cold-start.staging": ("ben",)})

    assert found.of_criterion("cold-start.staging") == ("ben",)
    assert found.of_criterion("cold-start.production") == ("ana",)
    assert found.of_criterion("mutants") == ()


@pytest.mark.parametrize("text", ["[x @all\n", "[] @all\n", "*" * 60 + " @all\n", "*a" * 30 + " @all\n"])
def test_a_damaged_file_names_nobody_and_says_so(tmp_path: Path, text: str) -> None:
    """There is no traceback, and nobody is thought to be the owner."""
    found = owners(tmp_path, text)

    assert found.of_row("COLD-01", "cold_start", TEST) == ()
    assert found.why_none.startswith("CODEOWNERS cannot be read")


def test_a_file_that_is_no_text_says_so(tmp_path: Path) -> None:
    """Bytes that are no UTF-8."""
    (tmp_path / "CODEOWNERS").write_bytes(b"\xff\xfe* @all")

    assert read_owners(tmp_path, {}).why_none.startswith("CODEOWNERS cannot be read")


def test_without_a_file_it_is_said(tmp_path: Path) -> None:
    """Nobody looks for a mistake in a file that is not there."""
    assert read_owners(tmp_path, {}).why_none == "there is no CODEOWNERS"


def test_the_table_of_owners_is_read_strictly(tmp_path: Path) -> None:
    """A name or a list of names, for what there is; every problem is told at once."""
    path = tmp_path / "gate.toml"
    table = '[owners]\nCOLD-01 = "ana"\ncold_start = ["ben", "eve"]\ncold-start = "x"\n"rows.staging" = "y"\n'
    shipped = (PROJECT / "gate.toml").read_text()
    path.write_text(shipped + table)
    read = load_criteria(path, ["COLD-01"], ["cold_start"]).owners
    path.write_text(
        shipped + '[owners]\nCOLD-02 = "ana"\nCOLD-01 = []\nmutants = 7\nversions = ""\n[release]\nstack = 1\n'
    )

    assert (read["COLD-01"], read["cold_start"]) == (("ana",), ("ben", "eve"))
    with pytest.raises(ConfigurationError) as error:
        load_criteria(path, ["COLD-01"], ["cold_start"])
    told = str(error.value)
    assert "owners.COLD-02: no row, suite or criterion is called 'COLD-02'; did you mean 'COLD-01'?" in told
    for part in (
        "owners.COLD-01: must not be empty",
        "owners.mutants: must",
        "owners.versions",
        "release.stack: is not a key",
    ):
        assert part in told
