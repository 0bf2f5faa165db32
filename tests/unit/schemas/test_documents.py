"""The JSON schemas: as the models are, and as the shipped files are."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from seatrials.catalogue import read_suites
from seatrials.environments.file import load_environment
from seatrials.errors import ConfigurationError
from seatrials.gate.criteria import load_criteria
from seatrials.schemas.documents import DOCUMENTS, FOLDER, files_of, problems, write
from tests.support.project import PROJECT

RECORDED = PROJECT / "tests/unit/gate"
SHIPPED = {
    "environments.toml": "environments",
    "gate.toml": "gate",
    "gate-rehearsal.toml": "gate",
    "gate-load.toml": "gate",
    "gate-load-rehearsal.toml": "gate",
    "src/seatrials/prices.toml": "prices",
}
MOCK = '[here]\nkind = "mock"\nregion = "us-west-2"\ntemplate = "stack.yaml"\n'
WAIVER = """
[[waivers]]
subject = "COLD-01"
reason = "the lab moves"
owner = "anna"
approved_by = "ben"
last_day = 2026-12-01
"""
CRITERIA = '[environments.mock]\nrows = "mock"\n'


def mistakes(name: str, value: object) -> list[str]:
    """Return what a schema finds wrong."""
    return [each.message for each in Draft202012Validator(DOCUMENTS[name].schema()).iter_errors(value)]


def toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file has, as a schema sees it: JSON has no dates."""
    document: dict[str, Any] = json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))
    return document


def test_the_shipped_schemas_are_those_of_the_models() -> None:
    """`seatrials schemas --write` would change nothing."""
    assert problems(PROJECT / FOLDER) == []


def test_what_is_out_of_date_is_told(tmp_path: Path) -> None:
    """A changed schema, a missing one and one of nothing are named, with what to do; writing mends the first two."""
    write(tmp_path)
    (tmp_path / "gate.schema.json").write_text("{}")
    (tmp_path / "run.schema.json").unlink()
    (tmp_path / "old.schema.json").write_text("{}")

    assert [line.rpartition("/")[2] for line in problems(tmp_path)] == [
        "gate.schema.json is out of date: run `seatrials schemas --write`",
        "run.schema.json is out of date: run `seatrials schemas --write`",
        "old.schema.json is a schema of nothing: remove it",
    ]
    write(tmp_path)
    assert len(problems(tmp_path)) == 1


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_schema_is_one(name: str) -> None:
    """Each is a JSON schema of its draft, and says which files it is of."""
    schema = DOCUMENTS[name].schema()

    Draft202012Validator.check_schema(schema)
    assert schema["title"] == DOCUMENTS[name].files


@pytest.mark.parametrize("file", sorted(SHIPPED))
def test_a_shipped_file_is_as_its_schema_says(file: str) -> None:
    """Each configuration file of the project is right, and its first line leads an editor to the schema."""
    path = PROJECT / file
    first = path.read_text(encoding="utf-8").partition("\n")[0]

    assert mistakes(SHIPPED[file], toml(path)) == []
    assert first.startswith(("#:schema ./", "#:schema ../"))
    leads_to = (path.parent / first.removeprefix("#:schema ")).resolve()
    assert leads_to == PROJECT / FOLDER / f"{SHIPPED[file]}.schema.json"


def test_every_page_of_toml_is_shipped_with_its_line() -> None:
    """No file of criteria, environments or prices of the project is without a schema."""
    assert {path.name for path in PROJECT.glob("*.toml")} - {"pyproject.toml"} == set(SHIPPED) - {
        "src/seatrials/prices.toml"
    }


@pytest.mark.parametrize(
    "text",
    [
        f"{MOCK}regoin = 1\n",
        f'{MOCK}name = "here"\nworkers_max = 0\n',
        MOCK.replace('"mock"', '"mok"'),
        MOCK.replace("us-west-2", "us-west"),
        MOCK.replace('region = "us-west-2"', ""),
        f'{MOCK}account_id = "12345678901"\n',
        f'{MOCK}capabilities = ["exe"]\n',
        f"{MOCK}budget = {{ dollars = 0 }}\n",
        f"{MOCK}ports = {{ https = 65536 }}\n",
        f'{MOCK}names = {{ cluster = "" }}\n',
        f'{MOCK}base_url = "http://edit.example.org"\n',
        "here = 1\n",
    ],
)
def test_a_wrong_environment_is_refused_by_both(text: str, tmp_path: Path) -> None:
    """What the schema marks in an editor, a run refuses."""
    (tmp_path / "environments.toml").write_text(text)

    assert mistakes("environments", tomllib.loads(text)) != []
    with pytest.raises(ConfigurationError):
        load_environment("here", tmp_path / "environments.toml", {})


@pytest.mark.parametrize(
    "text",
    [
        MOCK,
        f'{MOCK}account_id = "123456789012"\nworkers_max = 1\ntrust = {{ sha256 = "{"ab" * 32}" }}\n',
        f"{MOCK}limits = {{ cold_start = 1.5, routing = 90 }}\nports = {{}}\n",
        f'{MOCK}release = {{ hermes = "1", edit = "2" }}\ncapabilities = ["versions", "faults.kill"]\n',
        MOCK.replace("us-west-2", "us-gov-west-1"),
    ],
)
def test_a_right_environment_is_taken_by_both(text: str, tmp_path: Path) -> None:
    """What a run takes, no editor marks."""
    (tmp_path / "environments.toml").write_text(text)

    assert load_environment("here", tmp_path / "environments.toml", {}).name == "here"
    assert mistakes("environments", tomllib.loads(text)) == []


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        (CRITERIA, True),
        (f'{CRITERIA}[owners]\nCOLD-01 = "@anna"\nPERS-01 = ["@anna", "@ben"]\n', True),
        (f"{CRITERIA}{WAIVER}", True),
        (f"{CRITERIA}{WAIVER}last_days = 1\n", False),
        (f"{CRITERIA}age_hours_max = 0\n", False),
        (f'{CRITERIA}kinds = ["measurd"]\n', False),
        (f"{CRITERIA}[owners]\nCOLD-01 = []\n", False),
        (f"{CRITERIA}[mutant]\nrequired = true\n", False),
        ("[mutants]\nrequired = true\n", False),
    ],
)
def test_criteria_are_judged_alike_by_both(text: str, is_right: bool, tmp_path: Path) -> None:  # noqa: FBT001  # a case
    """The gate and the schema take the same criteria."""
    (tmp_path / "gate.toml").write_text(text)
    suites = read_suites(PROJECT / "tests/integration")
    document = json.loads(json.dumps(tomllib.loads(text), default=str))

    assert (mistakes("gate", document) == []) is is_right
    try:
        load_criteria(tmp_path / "gate.toml", [row.id for suite in suites for row in suite.rows])
    except ConfigurationError:
        assert not is_right
    else:
        assert is_right


@pytest.mark.parametrize(("name", "file"), [("run", "recorded-run.json"), ("decision", "decision.json")])
def test_recorded_evidence_is_as_its_schema_says(name: str, file: str) -> None:
    """A run and a decision as they were written are taken."""
    value = json.loads((RECORDED / file).read_text(encoding="utf-8"))

    assert mistakes(name, value) == []
    assert mistakes(name, {**value, "commit": 7}) != []


def test_toml_has_no_null() -> None:
    """No schema of a TOML file speaks of null, which nobody can write there."""
    for name in set(SHIPPED.values()):
        assert "null" not in json.dumps(DOCUMENTS[name].schema())


def test_every_schema_is_told() -> None:
    """docs/programs.md names each file of the folder."""
    page = (PROJECT / "docs/programs.md").read_text(encoding="utf-8")

    assert [path.name for path in files_of(FOLDER) if f"`{path.name}`" not in page] == []
