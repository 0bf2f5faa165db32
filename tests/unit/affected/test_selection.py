"""Which tests a change cannot touch, by what each of them executed."""

from collections.abc import Callable

import pytest

from seatrials.affected.recording import Ran, Recording, fingerprints_of
from seatrials.affected.selection import Selection, select
from seatrials.affected.tree import Tree
from seatrials.affected.units import REST, WHOLE
from seatrials.evidence.provenance import blob_id

HERMES, PLUGIN, UNUSED, TEMPLATE = "src/app/hermes.py", "src/app/plugin.py", "src/app/gate.py", "stack/stack.yaml"
ROWS, OTHER_ROWS = "tests/integration/test_cold.py", "tests/integration/test_route.py"
FILES = {
    HERMES: "LIMIT = 1\n\ndef start():\n    return 1\n\ndef stop():\n    return 2\n",
    PLUGIN: "def begin():\n    return 1\n\ndef end():\n    return 1\n",
    UNUSED: "def judge():\n    return 1\n",
    ROWS: "def test_start():\n    assert 1\n\ndef test_stop():\n    assert 1\n",
    OTHER_ROWS: "def test_route():\n    assert 1\n",
    TEMPLATE: "Resources: {}\n",
    "docs/page.md": "words\n",
    "pytest.ini": "[pytest]\n",
}
START, STOP, ROUTE = f"{ROWS}::test_start", f"{ROWS}::test_stop", f"{OTHER_ROWS}::test_route"
ABOUT = {"the seed": "1"}


def tree(**edits: str | None) -> Tree:
    """Return the files with *edits*, by path with `/` and `.` written as they are; None removes a file."""
    files = {path: text for path, text in {**FILES, **edits}.items() if text is not None}
    return Tree({path: blob_id(text.encode()) for path, text in files.items()}, lambda path: files[path].encode())


def edited(path: str, was: str, now: str) -> Tree:
    """Return the files with an edit of one of them."""
    assert was in FILES[path]
    return tree(**{path: FILES[path].replace(was, now)})


@pytest.fixture(name="recording")
def _recording() -> Recording:
    recorded = tree()
    always = {(HERMES, REST), (PLUGIN, REST), (PLUGIN, "begin:1"), (ROWS, REST), (OTHER_ROWS, REST), (TEMPLATE, WHOLE)}
    tests = {
        START: Ran(is_failed=False, units=frozenset({(HERMES, "start:1"), (ROWS, "test_start:1")})),
        STOP: Ran(is_failed=False, units=frozenset({(HERMES, "start:1"), (HERMES, "stop:1"), (ROWS, "test_stop:1")})),
        ROUTE: Ran(is_failed=False, units=frozenset({(OTHER_ROWS, "test_route:1")})),
    }
    return Recording(
        about=ABOUT,
        blobs=dict(recorded.blobs),
        fingerprints=fingerprints_of(recorded, [HERMES, PLUGIN, ROWS, OTHER_ROWS]),
        always=frozenset(always),
        tests=tests,
        is_whole=True,
    )


@pytest.fixture(name="left_out")
def _left_out(recording: Recording) -> Callable[..., list[str]]:
    def left_out(*trees: Tree) -> list[str]:
        return sorted(select(recording, ABOUT, *trees).left_out)

    return left_out


def test_a_test_is_left_out_when_nothing_of_it_has_changed(left_out: Callable[..., list[str]]) -> None:
    """Only what executes a changed function is run."""
    assert left_out(tree(), edited(HERMES, "return 2", "return 3")) == [START, ROUTE]


def test_nothing_is_run_when_nothing_has_changed(left_out: Callable[..., list[str]]) -> None:
    """Everything is left out between two trees that are the same."""
    assert left_out(tree(), tree()) == [START, STOP, ROUTE]


def test_both_trees_are_compared_with_the_recorded_one(left_out: Callable[..., list[str]]) -> None:
    """A test whose code was another one at the commit is run, though it is now as it was recorded."""
    assert left_out(edited(HERMES, "return 1", "return 0"), tree()) == [ROUTE]


def test_an_old_recording_leaves_out_less(left_out: Callable[..., list[str]]) -> None:
    """What has changed since the recording in both trees alike may lead a test elsewhere, so it is run."""
    both = edited(HERMES, "return 2", "return 3")

    assert left_out(both, both) == [START, ROUTE]


def test_the_rest_of_a_file_of_tests_concerns_its_tests(left_out: Callable[..., list[str]]) -> None:
    """A new row, or a constant of a file of rows, touches the rows of that file."""
    assert left_out(tree(**{ROWS: FILES[ROWS] + "\ndef test_new():\n    assert 1\n"})) == [ROUTE]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (UNUSED, "def judge():\n    return 2\n"),
        ("docs/page.md", "other words\n"),
        ("docs/new.md", "words\n"),
        ("docs/page.md", None),
        (HERMES, f"# A comment.\n{FILES[HERMES]}"),
    ],
    ids=["code that never ran", "page", "new page", "page that is gone", "comment"],
)
def test_what_no_test_executes_touches_none(left_out: Callable[..., list[str]], path: str, text: str | None) -> None:
    """A file that nothing read or imported when it was recorded touches nothing."""
    assert left_out(tree(**{path: text})) == [START, STOP, ROUTE]


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        (HERMES, FILES[HERMES].replace("LIMIT = 1", "LIMIT = 2"), f"{HERMES} changed outside of its functions"),
        (PLUGIN, FILES[PLUGIN].replace("1", "2", 1), f"begin of {PLUGIN} changed, which runs before the rows"),
        (TEMPLATE, "Resources: []\n", f"{TEMPLATE} changed"),
        (HERMES, None, f"{HERMES} is gone"),
        ("conftest.py", "", "conftest.py is new"),
        ("src/app/other.py", "", "src/app/other.py is new"),
        ("httpx/__init__.py", "", "httpx/__init__.py is new"),
    ],
    ids=["constant", "plugin", "template", "gone", "new conftest", "new module", "new package at the root"],
)
def test_in_doubt_the_whole_suite_runs(recording: Recording, path: str, text: str | None, why: str) -> None:
    """A change of which nobody knows whom it touches runs everything, and one phrase says which change that is."""
    assert select(recording, ABOUT, tree(**{path: text})) == Selection(why=f"the whole suite, for {why}")


def test_a_file_that_is_no_python_runs_the_whole_suite(recording: Recording) -> None:
    """What cannot be parsed cannot be compared."""
    selection = select(recording, ABOUT, edited(HERMES, "def start():", "def start(:"))

    assert selection.left_out == frozenset()
    assert f"{HERMES} is no Python" in selection.why


def test_another_seed_runs_the_whole_suite(recording: Recording) -> None:
    """On another seed a test may execute something else."""
    selection = select(recording, {"the seed": "7"}, tree())

    assert selection == Selection(why="the whole suite, for the seed is 7, and was 1 when it was recorded")


def test_without_a_recording_the_whole_suite_runs() -> None:
    """Nothing is left out when nothing is known."""
    assert select(None, ABOUT, tree()).left_out == frozenset()
