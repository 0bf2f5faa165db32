"""A recording leaves out no row that would find a defect: the catalogue's mutants, as edits of the sources.

The sources are a copy, of which some rows are recorded in truth. Each mutant that these rows must kill, as every run of
`nox -s mutants` proves, becomes an edit of what it replaces; the row must not be left out.
"""

import ast
import inspect
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from seatrials.affected.recording import Recording, read_recording
from seatrials.affected.selection import select
from seatrials.affected.tree import Tree, work_tree
from seatrials.affected.units import functions
from seatrials.catalogue import read_suites
from seatrials.environments.variables import read_variables
from seatrials.evidence.provenance import blob_id
from seatrials.mutants.catalogue import CATALOGUE
from seatrials.mutants.mutant import Change, Mutant
from tests.support.copied_project import copy_folder
from tests.support.project import PROJECT
from tests.support.small_repository import commit_all

ROWS = ("COLD-08", "COLD-14", "PERS-05", "PERS-17", "CONC-04", "ROUTE-05", "ROUTE-20", "INFRA-03")
MUTANTS = [each for each in CATALOGUE if each.breaks in ROWS and not each.hollow]
TEMPLATE = "stack/webordinary.yaml"
COPIED = ("src", "stack", "tests/integration", "environments.toml", "pyproject.toml", "uv.lock", ".gitignore")
LIFECYCLE = "src/seatrials/webordinary/hermes/lifecycle.py"
TESTS = {
    row.id: f"tests/integration/{suite.path.name}::{row.test}"
    for suite in read_suites(PROJECT / "tests/integration")
    for row in suite.rows
}


def record(root: Path) -> subprocess.CompletedProcess[str]:
    """Bring the recording of the rows up to date in a copy of the project."""
    tests = [TESTS[row] for row in ROWS]
    options = ("--environment", "mock", "--record-coverage", "-p", "no:terminal", "-p", "no:hypothesispytest")
    return subprocess.run(  # noqa: S603  # this Python, and arguments of our own
        [sys.executable, "-m", "seatrials.run.record", *tests, *options],
        cwd=root,
        env={**read_variables(), "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def recording_of(root: Path) -> Recording:
    """Return what is recorded in a copy."""
    found = read_recording(root / ".seatrials/coverage/mock.json")
    assert found is not None
    return found


@pytest.fixture(name="root", scope="module")
def _root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project, committed, with a recording of the rows."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        if (PROJECT / name).is_dir():
            copy_folder(name, root)
        else:
            shutil.copy(PROJECT / name, root / name)
    commit_all(root)
    told = record(root)
    assert told.returncode == 0, told.stdout + told.stderr
    return root


def edits_of(change: Change) -> Iterator[tuple[str, int]]:
    """Yield the file of what a mutant changes, and the first line of its function; 0 for what is no function's body."""
    made_of = inspect.getclosurevars(change).nonlocals
    if "function" in made_of:
        function = inspect.unwrap(made_of["function"])
        yield _path(inspect.getfile(function)), function.__code__.co_firstlineno
    elif "owner" in made_of:
        owner = made_of["owner"]
        yield _path(inspect.getfile(owner if isinstance(owner, ModuleType | type) else type(owner))), 0
    elif "edit" in made_of:
        yield TEMPLATE, 0
    else:
        yield "src/seatrials/twin/calibration.py", 0


def _path(file: str) -> str:
    return Path(file).relative_to(PROJECT).as_posix()


def edited(tree: Tree, path: str, line: int) -> Tree:
    """Return the tree with a statement more in the function that begins in *line*, or at the end of the file."""
    text = tree.read(path).decode()
    lines = text.splitlines(keepends=True)
    found = [each for _, each in functions(ast.parse(text)) if _first(each) == line] if path.endswith(".py") else []
    if found:
        body = found[0].body[-1]
        lines.insert(body.lineno - 1, f"{' ' * body.col_offset}print()\n")
    else:
        lines.append("ADDED = 1\n")
    content = "".join(lines).encode()
    others = tree.read
    return replace(
        tree,
        blobs={**tree.blobs, path: blob_id(content)},
        read=lambda name: content if name == path else others(name),
    )


def _first(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def test_the_sample_is_large_enough() -> None:
    """At least thirty mutants, most of them in a function, are tried."""
    places = [place for mutant in MUTANTS for change in mutant.changes for place in edits_of(change)]

    assert len(MUTANTS) >= 30
    assert sum(line > 0 for _, line in places) >= 20


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_the_row_that_kills_a_mutant_is_run(root: Path, mutant: Mutant) -> None:
    """A change where a mutant has its own is seen to touch the row that finds that mutant."""
    recording = recording_of(root)
    tree = now = work_tree(root)
    for change in mutant.changes:
        for path, line in edits_of(change):
            now = edited(now, path, line)

    assert TESTS[mutant.breaks] in recording.tests
    assert TESTS[mutant.breaks] not in select(recording, recording.about, tree, now).left_out


def test_what_a_change_does_not_touch_is_left_out(root: Path) -> None:
    """A change of when a session is idle leaves out some of the rows, and not all of them."""
    recording = recording_of(root)
    tree = work_tree(root)
    found = [each for _, each in functions(ast.parse(tree.read(LIFECYCLE))) if each.name == "is_idle"]
    selection = select(recording, recording.about, tree, edited(tree, LIFECYCLE, _first(found[0])))

    assert 0 < len(selection.left_out) < len(ROWS), selection.why


def test_a_defect_is_found_by_the_rows_that_are_chosen(root: Path) -> None:
    """When a line of Hermes is broken, the rows that execute it run, fail, and are the first the next time."""
    source = (root / LIFECYCLE).read_text()
    (root / LIFECYCLE).write_text(source.replace("return session.ttl <= now", "return now > 0"))
    broken = record(root)
    failed = recording_of(root).failed
    (root / LIFECYCLE).write_text(source)
    mended = record(root)

    assert (root / LIFECYCLE).read_text() == source
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert TESTS["COLD-08"] in failed
    assert (mended.returncode, recording_of(root).failed) == (0, frozenset())
    assert set(recording_of(root).tests) == {TESTS[row] for row in ROWS}
