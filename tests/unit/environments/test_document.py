"""docs/reference/environments.md against what a file is read with: every key, who needs it, and its variable.

That the page is as the code makes it is another test's; here it is held against what becomes of a file.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.errors import ConfigurationError
from tests.support.project import PROJECT

PAGE = PROJECT / "docs/reference/environments.md"
KINDS = ("mock", "rehearsal", "live")
# What makes a table of a kind whole, and what a variable takes the place of in it.
WHOLE = """
region = "us-west-2"
account_id = "123456789012"
template = "stack.yaml"
base_url = "https://edit.example.org"
"""
VALUES = {
    "region": "eu-central-1",
    "account_id": "210987654321",
    "base_url": "https://other.example.org",
    "endpoint_url": "http://127.0.0.1:5000",
    "control_url": "http://127.0.0.1:5000",
    "role_arn": "arn:aws:iam::123456789012:role/run",
    "http_port": "8000",
    "pace": "30",
    "epoch_seconds": "1700000000",
    "trust.sha256": "ab" * 32,
}


def rows() -> list[list[str]]:
    """Return the cells of the page's table."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


KEY_ROWS = {row[0].strip("`"): row for row in rows()}
NEEDED = {key: row[3].partition("; needed by ")[2] for key, row in KEY_ROWS.items()}
VARIABLE_ROWS = [(key, row[4].strip("`")) for key, row in KEY_ROWS.items() if row[4]]
VARIABLE_ROWS.append(("endpoint_url", "AWS_ENDPOINT_URL"))


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the keys of a model as environments.toml writes them, those of its tables with a dot."""
    for name, field in model.model_fields.items():
        tables = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, type)]
        inner = [each for each in tables if issubclass(each, BaseModel)]
        if inner:
            yield from keys(inner[0], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def value(environment: Environment, key: str) -> object:
    """Return the value of a key that may have a dot."""
    found: object = environment
    for part in key.split("."):
        found = getattr(found, part)
    return found


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "environments.toml"


def test_every_key_is_told() -> None:
    """The page has each key of the model once, and no other; the name is the table's."""
    assert sorted(row[0].strip("`") for row in rows()) == sorted(set(keys(Environment)) - {"name"})


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_needs_is_told(kind: str, file: Path) -> None:
    """The keys that the page says a kind needs are those that an empty table of it is refused for."""
    file.write_text(f'[here]\nkind = "{kind}"\n', encoding="utf-8")
    needed = {key for key, who in NEEDED.items() if who == "all" or kind in who.split(", ")}
    needed |= {key for key, who in NEEDED.items() if who == "it" and KEY_ROWS[key][3].startswith(f"{kind} alone")}

    with pytest.raises(ConfigurationError) as refused:
        load_environment("here", file, {})

    assert set(re.findall(r": here\.(\w+): is missing", str(refused.value))) == needed - {"kind"}


@pytest.mark.parametrize(("key", "variable"), VARIABLE_ROWS, ids=[name for _, name in VARIABLE_ROWS])
def test_a_variable_gives_its_key(key: str, variable: str, file: Path) -> None:
    """A variable of the page takes the place of the key beside it."""
    endpoint = 'endpoint_url = "http://127.0.0.1:4000"\n' if key != "endpoint_url" else ""
    file.write_text(f'[here]\nkind = "rehearsal"\n{WHOLE}{endpoint}', encoding="utf-8")
    given = VALUES.get(key, "given")

    environment = load_environment("here", file, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4000", variable: given})
    seen = value(environment, key)

    assert str(seen if not isinstance(seen, Path) else seen.name) in {given, f"{given}.0"}


def test_a_key_without_a_variable_has_none(file: Path) -> None:
    """A variable called after a key that the page gives none changes nothing."""
    endpoint = 'endpoint_url = "http://127.0.0.1:4000"\n'
    file.write_text(f'[here]\nkind = "rehearsal"\n{WHOLE}{endpoint}', encoding="utf-8")
    without = [key for key, row in KEY_ROWS.items() if not row[4]]
    variables = {f"SEATRIALS_{key.rpartition('.')[2].upper()}": "given" for key in without}

    assert load_environment("here", file, variables) == load_environment("here", file, {})


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_another_kind_is_refused(kind: str, file: Path) -> None:
    """A key that the page gives to other kinds alone cannot be in a table of this one, and says so."""
    alone = {key: row[3].partition(" alone")[0] for key, row in KEY_ROWS.items() if " alone" in row[3]}
    others = {key for key, kinds in alone.items() if kind not in kinds.split(", ")}
    lines = [f"{key} = {VALUES[key] if VALUES[key].isdigit() else repr(VALUES[key])}\n" for key in sorted(others)]
    file.write_text(f'[here]\nkind = "{kind}"\n{WHOLE}{"".join(lines)}', encoding="utf-8")

    if not others:
        assert load_environment("here", file, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4000"}).kind.name == kind
        return
    with pytest.raises(ConfigurationError) as refused:
        load_environment("here", file, {})
    assert set(re.findall(r": here\.(\w+): must be left out", str(refused.value))) == others
