"""The tables of properties against the schemas that CloudFormation publishes, and against the tests that they name."""

import re
from functools import cache
from pathlib import Path

import pytest

from seatrials.twin.cloudformation.fidelity.table import Line, Status, TypeTable, asks_for_nothing, tables
from seatrials.twin.cloudformation.resources import RESOURCE_TYPES
from seatrials.twin.cloudformation.template import load_template
from tests.support.project import PROJECT, TEMPLATE
from tests.support.refused_changes import REFUSED
from tests.support.schemas import properties_of

TESTS = PROJECT / "tests/unit/twin"
# The test whose cases are a table: a property that it shows is refused must be in one of them.
OF_REFUSALS = "test_what_aws_refuses_is_refused_and_named"


@cache
def text_of(path: Path) -> str:
    """Return the text of a file of tests, nothing when there is none."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


LINES = [(name, line) for name, table in tables().items() for line in table.lines if line.status is Status.ACTS]


def refused_places() -> set[tuple[str, str]]:
    """Return the type and the path of each property that a refused change is about."""
    resources = load_template(TEMPLATE).resources
    steps = [place.split(".") for each in REFUSED for place in (each.path, *(each.also or {}))]
    return {
        (resources[first].type, ".".join(step for step in rest if not step.isdecimal()))
        for first, *rest in steps
        if first in resources
    }


def test_there_is_a_table_of_each_supported_type() -> None:
    """No type that can be deployed is without a table, and no table is of another type."""
    assert sorted(tables()) == sorted(RESOURCE_TYPES)


@pytest.mark.parametrize("name", RESOURCE_TYPES)
def test_every_property_has_one_status(name: str) -> None:
    """Something is said of each property of CloudFormation's schema, and nothing of what no schema has."""
    table, known = tables()[name], properties_of(name)

    without = [path for path in known if table.line_of(path) is None]
    unknown = [
        line.path
        for line in table.lines
        if not any(
            path == line.path or f"{path}.".startswith(f"{line.path}.") or line.path.startswith(f"{path}.")
            for path in known
        )
    ]

    assert (without, unknown) == ([], [])


@pytest.mark.parametrize("name", RESOURCE_TYPES)
def test_nothing_is_said_twice(name: str) -> None:
    """A property is in one table of its type alone, and said of it is something else than of what it is within."""
    keys = [line.key for line in tables()[name].lines]

    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize(("name", "line"), LINES, ids=[f"{name}.{line.key}" for name, line in LINES])
def test_what_acts_is_shown_by_a_test(name: str, line: Line) -> None:
    """The test that a line names exists; one of many cases has a case of that property."""
    file, _, function = line.says.partition("::")

    assert f"def {function}(" in text_of(TESTS / file)
    if function == OF_REFUSALS:
        assert any(kind == name and f"{place}.".startswith(f"{line.path}.") for kind, place in refused_places())


def test_the_words_of_a_table_read_on() -> None:
    """What AWS does and why nothing depends on it are clauses: no capital letter, no full stop."""
    said = [line.says for table in tables().values() for line in table.lines if line.status is not Status.ACTS]

    assert [each for each in said if not re.fullmatch(r"[a-z].*[^.\s]", each)] == []


TABLE = TypeTable(
    [
        Line("A", Status.DESCRIBED, "labels"),
        Line("A.B", Status.LEFT_OUT, "acts on it"),
        Line("C", Status.ACTS, "test.py::test"),
        Line("C", Status.LEFT_OUT, "acts on it", "=", ("x*", "y")),
        Line("D", Status.LEFT_OUT, "acts on it", "!=", ("x", "y")),
    ]
)


@pytest.mark.parametrize(
    ("path", "value", "status"),
    [
        ("A", "x", Status.DESCRIBED),
        ("A.C.D", "x", Status.DESCRIBED),
        ("A.B", "x", Status.LEFT_OUT),
        ("A.B.C", "x", Status.LEFT_OUT),
        ("AB", "x", None),
        ("C", "z", Status.ACTS),
        ("C", "xyz", Status.LEFT_OUT),
        ("C", ["y"], Status.LEFT_OUT),
        ("C.E", "y", Status.ACTS),
        ("D", "y", None),
        ("D", "z", Status.LEFT_OUT),
    ],
)
def test_the_line_of_a_property_is_the_nearest(path: str, value: object, status: Status | None) -> None:
    """What is said of a property itself comes before what is said of what it is within, and of its value first."""
    line = TABLE.line_of(path, value)

    assert (line and line.status) == status


@pytest.mark.parametrize("value", [False, "false", 0, "0", "", "DISABLED", "off", [], {}, None], ids=repr)
def test_some_values_ask_for_nothing(value: object) -> None:
    """A property that is switched off leaves nothing out."""
    assert asks_for_nothing(value)


@pytest.mark.parametrize("value", [True, 1, "x", ["0"], {"A": 0}], ids=repr)
def test_other_values_ask_for_something(value: object) -> None:
    """Any other value is asked for."""
    assert not asks_for_nothing(value)
