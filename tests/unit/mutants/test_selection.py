"""Which mutants a run is about, and which scenarios are run on each."""

from pathlib import Path
from types import ModuleType

import pytest

from seatrials.errors import ConfigurationError
from seatrials.mutants import catalogue, contract, hollow
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.mutant import Mutant
from seatrials.mutants.selection import is_relevant, load_mutants

MINE = """
from seatrials.mutants import Mutant, lifeless

MUTANTS = [Mutant("mine", "COLD-03", "nothing acts", (lifeless(),))]
"""


def test_ids_of_the_catalogue_are_unique() -> None:
    """No two mutants share an id or a sentence."""
    ids = [mutant.id for mutant in CATALOGUE]
    sentences = [mutant.sentence for mutant in CATALOGUE]

    assert len(set(ids)) == len(ids)
    assert len(set(sentences)) == len(sentences)


FILES = [each for each in vars(catalogue).values() if isinstance(each, ModuleType) and hasattr(each, "MUTANTS")]


# Filed by what they break of the contract: a hollow platform all of it, and others an invariant, whatever row shows it.
_ABOUT_NO_SUITE = (contract, hollow)


@pytest.mark.parametrize(
    "file", [each for each in FILES if each not in _ABOUT_NO_SUITE], ids=lambda file: file.__name__
)
def test_mutants_are_found_by_their_row(file: ModuleType) -> None:
    """Mutants stand in the order of the rows, in a file that is named by its suite or by its first and last row."""
    rows = [mutant.breaks for mutant in file.MUTANTS]
    name = file.__name__.rpartition(".")[2]
    suite, first, last = (rows[0].partition("-")[0].lower(), rows[0][-2:], rows[-1][-2:])

    assert rows == sorted(rows)
    assert {row.partition("-")[0].lower() for row in rows} == {suite}
    assert name.startswith(suite)
    assert name == f"{suite}_{first}_to_{last}" or "_to_" not in name


def test_some_are_chosen_by_id() -> None:
    """Only the named mutants remain."""
    assert [mutant.id for mutant in load_mutants(None, ["no-scale-in"])] == ["no-scale-in"]


def test_a_file_adds_its_mutants(tmp_path: Path) -> None:
    """The mutants of a file come after those of the catalogue."""
    file = tmp_path / "mine.py"
    file.write_text(MINE)

    mutants = load_mutants(file)

    assert mutants[-1].id == "mine"
    assert len(mutants) == len(CATALOGUE) + 1


def test_the_example_of_the_documentation_is_one(tmp_path: Path) -> None:
    """The file that docs/mutants.md shows can be loaded as it stands there, and is short."""
    page = (Path(__file__).parents[3] / "docs/mutants.md").read_text(encoding="utf-8")
    example = page.partition("```python\n")[2].partition("```")[0]
    file = tmp_path / "example.py"
    file.write_text(example)

    added = load_mutants(file)[len(CATALOGUE) :]

    assert [mutant.id for mutant in added] == ["early", "slow", "pages-of-the-first"]
    assert len(example.splitlines()) < 20


def test_every_unknown_id_is_told() -> None:
    """All ids that no mutant has are named at once."""
    with pytest.raises(ConfigurationError) as error:
        load_mutants(None, ["nobody", "no-scale-in", "nothing"])

    assert "'nobody'" in str(error.value)
    assert "'nothing'" in str(error.value)


@pytest.mark.parametrize(
    ("name", "told"),
    [("no-scale-on", "did you mean 'no-scale-in'"), ("zzz", "docs/reference/mutants.md lists")],
)
def test_an_unknown_id_is_told_in_a_line(name: str, told: str) -> None:
    """With the ids that are like it, or where all of them stand: there are hundreds."""
    with pytest.raises(ConfigurationError) as error:
        load_mutants(None, [name])

    assert told in str(error.value)
    assert len(str(error.value)) < 150


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MUTANTS = 1", "must define MUTANTS"),
        ("import no_such_module", "cannot be loaded"),
        (MINE.replace('"mine"', '"no-scale-in"'), "two mutants are called 'no-scale-in'"),
        ("from seatrials.mutants import replace\nreplace(str, 'no_such', 1)", "has no such attribute"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, told: str) -> None:
    """A file that is no list of mutants is refused with what is wrong with it."""
    file = tmp_path / "mine.py"
    file.write_text(text)

    with pytest.raises(ConfigurationError, match=told):
        load_mutants(file)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A path that leads nowhere is told."""
    with pytest.raises(ConfigurationError, match="there is no file"):
        load_mutants(tmp_path / "none.py")


def test_a_mutant_is_run_with_its_row() -> None:
    """Its own row alone, or its suite when that is asked for; a hollow platform with every row."""
    mutant = Mutant("a", "COLD-03", "x", ())
    hollow = Mutant("b", "COLD-03", "y", (), hollow=True)
    rows = ("COLD-03", "COLD-04", "PERS-03")

    assert [is_relevant(mutant, row) for row in rows] == [True, False, False]
    assert [is_relevant(mutant, row, whole_suite=True) for row in rows] == [True, True, False]
    assert [is_relevant(hollow, row) for row in rows] == [True, True, True]
