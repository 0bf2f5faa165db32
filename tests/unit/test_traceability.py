"""Tests of what the tests' source, the mutants and a kill matrix say of the catalogue's rows."""

import ast
import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from seatrials.catalogue import read_suites
from seatrials.checkers.contract import Promise, invariants
from seatrials.cli import app
from seatrials.errors import ConfigurationError
from seatrials.evidence.record import MatrixRecord, MutantRecord
from seatrials.held_promises import Holders, promise_lines, promise_problems
from seatrials.mutants.mutant import Mutant
from seatrials.traceability import as_markdown, gaps, mutants_by_row, read_matrix, unproven
from tests.support.project import PROJECT

SOURCE = '''"""ROUTE: the right container."""

import pytest

@pytest.mark.scenario("ROUTE-02", extra_seconds=LONG)
@pytest.mark.mock_only
def test_late(platform):
    """A late answer
    is an answer | or none."""

@pytest.mark.scenario("ROUTE-01")
@pytest.mark.production
@pytest.mark.exclusive
def test_early(platform):
    """An early answer."""

def helper():
    pass
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one suite."""
    (tmp_path / "test_routing.py").write_text(SOURCE)
    (tmp_path / "conftest.py").write_text("def test_nothing(): ...")
    return tmp_path


def add(folder: Path, *lines: str) -> None:
    """Add a second suite."""
    (folder / "test_second.py").write_text("\n".join(lines))


def mutant(name: str, breaks: str, *, hollow: bool = False) -> Mutant:
    """Return a mutant without changes."""
    return Mutant(name, breaks=breaks, sentence="x", changes=(), hollow=hollow)


def test_rows_come_from_marks_and_docstrings(folder: Path) -> None:
    """In the order of their ids, with the environments of their scope mark."""
    [suite] = read_suites(folder)
    first, second = suite.rows

    assert suite.title == "ROUTE: the right container"
    assert first.id == "ROUTE-01"
    assert first.test == "test_early"
    assert first.sentence == "An early answer."
    assert (first.suite, second.suite) == ("routing", "routing")
    assert (first.environments, first.exclusive) == (("mock", "staging", "production"), True)
    assert (second.id, second.sentence) == ("ROUTE-02", "A late answer is an answer | or none.")
    assert (second.environments, second.exclusive) == (("mock",), False)


def test_two_environments_are_staging(folder: Path) -> None:
    """The mark `staging` stands for mock and staging."""
    add(folder, "@pytest.mark.scenario('A-01')", "@pytest.mark.staging", "def test_a():", "    'Is.'")

    assert read_suites(folder)[1].rows[0].environments == ("mock", "staging")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["def test_a():", "    'Is.'"], "test_second.py::test_a: needs @pytest.mark.scenario"),
        (["@pytest.mark.scenario(ID)", "def test_a():", "    'Is.'"], "with an id as a plain string"),
        (["@pytest.mark.scenario('A-01')", "def test_a():", "    'Is.'"], "needs exactly one of .* has none"),
        (
            [
                "@pytest.mark.scenario('A-01')",
                "@pytest.mark.staging",
                "@pytest.mark.production",
                "def test_a():",
                "  1",
            ],
            "has staging, production",
        ),
        (["@pytest.mark.scenario('A-01')", "@pytest.mark.staging", "def test_a():", "    pass"], "needs a docstring"),
        (
            ["@pytest.mark.scenario('ROUTE-01')", "@pytest.mark.staging", "def test_a():", "    'Is.'"],
            "two tests have the id ROUTE-01",
        ),
    ],
)
def test_a_test_that_cannot_be_traced_is_an_error(folder: Path, lines: Sequence[str], problem: str) -> None:
    """The error names file and function."""
    add(folder, *lines)

    with pytest.raises(ConfigurationError, match=problem):
        read_suites(folder)


def test_every_offender_is_named_at_once(folder: Path) -> None:
    """All problems of all files stand in one error."""
    add(folder, "def test_a():", "    'Is.'", "def test_b():", "    'Is.'")

    with pytest.raises(ConfigurationError, match=r"test_a: .*\n.*test_b: "):
        read_suites(folder)


def test_a_folder_without_scenarios_is_an_error(tmp_path: Path) -> None:
    """A page of nothing would pass for one of everything."""
    with pytest.raises(ConfigurationError, match=r"has no test_\*\.py"):
        read_suites(tmp_path)


def test_mutants_are_listed_by_the_row_that_they_break() -> None:
    """Hollow ones break every row, and are not listed."""
    mutants = [mutant("a", "ROUTE-01"), mutant("b", "ROUTE-02"), mutant("c", "ROUTE-01"), mutant("h", "X", hollow=True)]

    assert mutants_by_row(mutants) == {"ROUTE-01": ["a", "c"], "ROUTE-02": ["b"]}


def test_the_page_has_a_line_for_each_row(folder: Path) -> None:
    """Row, sentence, test, environments, mutants; a bar in a sentence does not end its cell."""
    page = as_markdown(read_suites(folder), {"ROUTE-01": ["a", "c"]})

    assert "## ROUTE: the right container\n" in page
    assert "| ROUTE-01 * | An early answer. | `test_early` | mock, staging, production | `a`, `c` |\n" in page
    assert r"| ROUTE-02 | A late answer is an answer \| or none. | `test_late` | mock | none |" in page


def test_gaps_are_rows_and_mutants_without_one_another(folder: Path) -> None:
    """A row that nothing breaks proves nothing, and a mutant of no row is examined by nobody."""
    assert gaps(read_suites(folder), {"ROUTE-01": ["a"], "ROUTE-09": ["b", "c"]}) == [
        "ROUTE-02: no mutant breaks it, so nothing shows that its test can fail",
        "b, c: breaks ROUTE-09, which no test examines",
    ]


def test_a_matrix_shows_what_is_unproven() -> None:
    """A mutant counts for a row when that very row has found it."""
    matrix = MatrixRecord(mutants={name: MutantRecord(killed_by=("ROUTE-01",)) for name in ("a", "b")})

    assert unproven({"ROUTE-01": ["a"], "ROUTE-02": ["b", "c"]}, matrix) == [
        "ROUTE-02: does not find mutant b, which breaks it",
        "ROUTE-02: mutant c was not run",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mutants": []}', '{"mutants": {"a": {"killed_by": "ROUTE-01"}}}'])
def test_what_is_no_matrix_is_an_error(tmp_path: Path, text: str) -> None:
    """The error says what writes one."""
    (tmp_path / "matrix.json").write_text(text)

    with pytest.raises(ConfigurationError, match="nox -s mutants"):
        read_matrix(tmp_path / "matrix.json")


def command(folder: Path, *options: str) -> tuple[int, str]:
    """Return exit code and output of `seatrials scenarios`."""
    arguments = ["scenarios", "--path", str(folder), "--page", str(folder / "page.md"), *options]
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, ConfigurationError):
        raise result.exception
    return result.exit_code, result.output


def test_the_command_shows_the_page(folder: Path) -> None:
    """Without an option it writes nothing."""
    code, output = command(folder)

    assert code == 0
    assert "ROUTE-01" in output
    assert not (folder / "page.md").exists()


def test_the_command_writes_the_page_that_it_shows(folder: Path) -> None:
    """With `--write`, byte for byte."""
    shown = command(folder)[1]

    assert command(folder, "--write") == (0, "")
    assert shown == (folder / "page.md").read_text()


def test_a_check_fails_on_a_page_that_is_out_of_date(folder: Path) -> None:
    """And on one that was never written; a page that is current is not complained of."""
    never = command(folder, "--check")
    command(folder, "--write")
    current = command(folder, "--check")
    (folder / "page.md").write_text("old")
    old = command(folder, "--check")

    assert [never[0], old[0]] == [1, 1]
    assert "page.md is out of date" in never[1].replace("\n", " ")
    assert "out of date" in old[1]
    assert "out of date" not in current[1]


def test_a_check_with_a_matrix_names_what_is_unproven(folder: Path) -> None:
    """Here nothing was run at all."""
    (folder / "matrix.json").write_text(json.dumps({"mutants": {}}))
    command(folder, "--write")
    code, output = command(folder, "--check", "--matrix", str(folder / "matrix.json"))

    assert code == 1
    assert "INFRA-09: mutant tls-policy-left-out was not run" in output


@pytest.mark.parametrize("options", [["--write", "--check"], ["--matrix", "m.json"], ["--write", "--matrix", "m.json"]])
def test_options_that_contradict_one_another_are_refused(folder: Path, options: Sequence[str]) -> None:
    """Instead of one of them winning in silence."""
    with pytest.raises(ConfigurationError, match="--write or --check"):
        command(folder, *options)


def test_every_row_of_production_can_run_there() -> None:
    """The shipped gate wants them all, and a row that needs what production does not let it do is never run."""
    environments = tomllib.loads((PROJECT / "environments.toml").read_text())
    # A stack that is released says which release it is.
    allowed = {*environments["production"]["capabilities"], "versions"}
    needed: dict[str, set[str]] = {}
    for path in (PROJECT / "tests/integration").glob("test_*.py"):
        for test in ast.parse(path.read_text()).body:
            if isinstance(test, ast.FunctionDef):
                marks = [ast.unparse(each) for each in test.decorator_list]
                if "pytest.mark.production" in marks:
                    needs = [each for each in marks if each.startswith("pytest.mark.needs(")]
                    needed[test.name] = {word for each in needs for word in re.findall(r"'([\w.]+)'", each)}

    assert len(needed) > 20
    assert {name: needs - allowed for name, needs in needed.items() if needs - allowed} == {}


def holders(tmp_path: Path) -> Holders:
    """Return one row, one criterion, and a folder with one test."""
    (tmp_path / "test_a.py").write_text("def test_one() -> None: ...\n\n\ndef test_two() -> None: ...\n")
    return Holders({"ROUTE-01"}, {"cold-start"}, tmp_path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ROUTE-01", "row"),
        ("ROUTE-99", ""),
        ("body-closed", "invariant"),
        ("body-open", ""),
        ("activate", "operation"),
        ("deactivated", ""),
        ("gate:cold-start", "criterion"),
        ("gate:body-closed", ""),
        ("test_a.py::test_two", "test"),
        ("test_a.py::test_t", ""),
        ("test_b.py::test_two", ""),
    ],
)
def test_what_may_hold_a_promise_is_known(tmp_path: Path, name: str, kind: str) -> None:
    """A holder is a row, an invariant, an operation, a criterion or a test that there is."""
    assert holders(tmp_path).kind_of(name) == kind


def test_a_promise_that_nothing_holds_is_a_problem(tmp_path: Path) -> None:
    """So is one that only what there is not would hold, and an invariant that no promise names."""
    promises = [
        Promise("A", "Held.", ("ROUTE-01", *invariants())),
        Promise("B", "Bare.", ()),
        Promise("C", "Lost.", ("X-1",)),
    ]

    assert promise_problems(promises[:1], holders(tmp_path)) == []
    assert promise_problems(promises, holders(tmp_path)) == [
        "nothing holds the promise 'Bare.' (B)",
        "X-1 is to hold 'Lost.': there is no such row, invariant, operation, criterion or test",
    ]
    assert len(promise_problems([], holders(tmp_path))) == len(invariants())


def test_the_page_shows_what_holds_a_promise(tmp_path: Path) -> None:
    """Rows, checkers with their modules, and the rest have a column each."""
    promise = Promise("A", "Held.", ("ROUTE-01", "body-closed", "activate", "gate:cold-start", "test_a.py::test_one"))

    assert promise_lines([promise], holders(tmp_path))[-2] == (
        "| A | Held. | ROUTE-01 | body-closed (`checkers/answers.py`), `activate` (`checkers/answers.py`) "
        "| criterion cold-start, `test_a.py::test_one` |"
    )
