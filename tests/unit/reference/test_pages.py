"""The pages of the reference: as the code makes them, and whole."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from seatrials import cli
from seatrials.environments.capabilities import Capability
from seatrials.environments.environment import Environment
from seatrials.gate.criteria import Criteria, EnvironmentRules, RegressionRule, Statistic, WaiverRule
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.reference.pages import pages
from seatrials.schemas.documents import DOCUMENTS
from tests.support.project import PROJECT

FOLDER = Path("docs/reference")
ROOT = typer.main.get_command(cli.app)
PAGES = {path.stem: text for path, text in pages(FOLDER, ROOT).items()}


def cells(page: str, column: int) -> list[str]:
    """Return a column of the tables of a page, without its heads."""
    lines = [line for line in PAGES[page].splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line.strip("|"))[column].strip() for line in lines]


def keys_of(table: dict[str, object], prefix: str = "") -> set[str]:
    """Return the keys of a TOML table as a page writes them."""
    found: set[str] = set()
    for key, value in table.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found |= {each for inner in value for each in keys_of(inner, f"{prefix}{key}[].")}
        elif isinstance(value, dict):
            found |= keys_of(value, f"{prefix}{key}.")
        else:
            found.add(f"{prefix}{key}")
    return found


@pytest.mark.parametrize("page", sorted(PAGES))
def test_the_shipped_page_is_that_of_the_code(page: str) -> None:
    """`seatrials reference --write` would change nothing."""
    assert (PROJECT / FOLDER / f"{page}.md").read_text(encoding="utf-8") == PAGES[page]


def test_every_page_of_the_folder_is_made() -> None:
    """No page of docs/reference is written by hand, and none is left of something that is gone."""
    assert {path.stem for path in (PROJECT / FOLDER).iterdir()} == set(PAGES)


def test_what_is_out_of_date_is_told(tmp_path: Path) -> None:
    """A changed page, a missing one and one of nothing are named, with what to do; writing mends the first two."""
    runner = CliRunner()
    folder = str(tmp_path)
    assert runner.invoke(cli.app, ["reference", "--write", "--folder", folder]).exit_code == 0
    (tmp_path / "gate.md").write_text("old", encoding="utf-8")
    (tmp_path / "marks.md").unlink()
    (tmp_path / "old.md").touch()

    checked = runner.invoke(cli.app, ["reference", "--check", "--folder", folder])

    assert checked.exit_code == 1
    assert [line.rpartition("/")[2] for line in checked.stderr.splitlines()] == [
        "marks.md is out of date: run `seatrials reference --write`",
        "gate.md is out of date: run `seatrials reference --write`",
        "old.md is a page of nothing: remove it",
    ]
    runner.invoke(cli.app, ["reference", "--write", "--folder", folder])
    again = runner.invoke(cli.app, ["reference", "--check", "--folder", folder])
    assert len(again.stderr.splitlines()) == 1


def test_without_an_option_the_pages_are_listed() -> None:
    """People and programs are told where the pages are."""
    listed = CliRunner().invoke(cli.app, ["reference"])
    told = CliRunner().invoke(cli.app, ["reference", "--json"])

    assert listed.stdout.splitlines() == json.loads(told.stdout)["pages"]
    assert {Path(line).stem for line in listed.stdout.splitlines()} == set(PAGES)


@pytest.mark.parametrize("name", ["gate", "twin serve", "reference"])
def test_a_command_has_all_its_options(name: str) -> None:
    """Each option that the command line takes stands in the command's part of the page."""
    command = ROOT
    for word in name.split():
        command = command.commands[word]  # type: ignore[attr-defined]  # Typer's own
    part = PAGES["commands"].partition(f"\n## seatrials {name}\n")[2].partition("\n## ")[0]

    assert [opt for each in command.params for opt in each.opts if opt.startswith("-") and f"`{opt}" not in part] == []


def test_the_options_of_a_run_are_those_of_pytest(pytestconfig: pytest.Config) -> None:
    """The page has each option that this very pytest took of the plugin."""
    told = {cell.strip("`").partition(" ")[0] for cell in cells("options", 0) if cell.startswith("`--")}

    assert all(hasattr(pytestconfig.option, name.removeprefix("--").replace("-", "_")) for name in told)
    assert {"--environment", "--stack", "--plan", "--users", "--evidence"} <= told


@pytest.mark.parametrize(
    ("page", "column"),
    [
        *(("commands", 1), ("options", 1), ("environments", 5), ("gate", 3)),
        *(("capabilities", 1), ("exit-codes", 2), ("mutants", 2)),
    ],
)
def test_nothing_goes_without_a_sentence(page: str, column: int) -> None:
    """Who looks something up is told what it is: each option, key, code, capability and mutant has its sentence."""
    names = cells(page, 1 if page == "mutants" else 0)

    assert [name for name, said in zip(names, cells(page, column), strict=True) if not said] == []


def test_every_capability_is_told() -> None:
    """The page has each capability once, and no other."""
    assert cells("capabilities", 0)[2:] == [f"`{each}`" for each in Capability]


def test_every_mutant_is_told() -> None:
    """The page has each mutant once, beside the row that must find it."""
    told = dict(zip(cells("mutants", 1)[2:], cells("mutants", 0)[2:], strict=True))

    assert told == {f"`{each.id}`": "every row" if each.hollow else each.breaks for each in CATALOGUE}


def test_every_key_of_the_shipped_criteria_is_told() -> None:
    """Whatever gate.toml says is on the page, under the whole name of its key."""
    document = tomllib.loads((PROJECT / "gate.toml").read_text(encoding="utf-8"))
    used = {re.sub(r"^environments\.[^.]+\.", "environments.NAME.", key) for key in keys_of(document)}

    assert used - {cell.strip("`") for cell in cells("gate", 0)} == set()


@pytest.mark.parametrize(
    ("model", "prefix"),
    [
        (Criteria, ""),
        (EnvironmentRules, "environments.NAME."),
        (Statistic, "statistics[]."),
        (RegressionRule, "regressions[]."),
        (WaiverRule, "waivers[]."),
    ],
)
def test_every_key_of_a_model_is_told(model: type[Criteria], prefix: str) -> None:
    """A key that can be given is on the page, or the keys within it are."""
    told = [cell.strip("`") for cell in cells("gate", 0)]

    assert [name for name in model.model_fields if not any(key.startswith(f"{prefix}{name}") for key in told)] == []


def test_every_file_of_the_evidence_is_told() -> None:
    """Each document that has a schema and is no TOML has its part of the page."""
    wanted = {each.files for each in DOCUMENTS.values() if not each.files.endswith(".toml")}

    assert set(re.findall(r"^## `(.+)`$", PAGES["evidence"], re.MULTILINE)) == wanted


def test_an_editor_is_told_what_a_key_means() -> None:
    """The schema of environments.toml has the sentence of each key, which an editor shows beside it."""
    schema = DOCUMENTS["environments"].schema()
    properties = schema["additionalProperties"]["properties"]

    assert set(properties) == set(Environment.model_fields) - {"name"}
    assert [key for key, said in properties.items() if not said.get("description")] == []
