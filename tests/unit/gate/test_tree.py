"""The gate believes that a commit ran when the run names the files that ran, and the commit holds them."""

from dataclasses import replace

import pytest

from seatrials.evidence.provenance import Sources
from seatrials.gate.decision import Outcome
from seatrials.gate.tree import Ran, doubts, told_in_short
from tests.support.release import COMMIT, Release

SOURCES = {"tests/test_rows.py": "1" * 40, "tests/conftest.py": "2" * 40}
RAN = Ran(commit=COMMIT, dirty=False, sources=SOURCES, tests=["tests/test_rows.py::test_row"])
DIFFERENCE = "tests/conftest.py ran and is not in commit c0ffee00"


def _equal(sources: Sources, commit: str) -> list[str]:
    assert sources == SOURCES
    assert commit == COMMIT
    return []


def _different(_sources: Sources, _commit: str) -> list[str]:
    return [DIFFERENCE]


def test_files_as_the_commit_holds_them_leave_no_doubt() -> None:
    """A clean tree whose files were compared is the commit."""
    assert doubts(RAN, _equal) == []


def test_the_root_of_the_tests_may_lie_below_the_top() -> None:
    """A test is among the files that ran by its path from pytest's root, wherever in the work tree that lies."""
    below = {f"services/seatrials/{path}": blob for path, blob in SOURCES.items()}

    assert doubts(replace(RAN, sources=below), lambda _sources, _commit: []) == []


def test_a_clean_tree_does_not_outweigh_a_file_that_is_in_no_commit() -> None:
    """What git said when the run began does not help a file that the commit does not hold."""
    assert doubts(RAN, _different) == [DIFFERENCE]


@pytest.mark.parametrize(
    ("ran", "reason"),
    [
        (replace(RAN, dirty=True), "the tree had uncommitted changes"),
        (replace(RAN, dirty=None), "the run does not say whether its tree was clean"),
        (replace(RAN, commit=None), "the run does not say of which commit its tree was"),
        (replace(RAN, sources=None), "the run does not name the files that ran"),
        (replace(RAN, sources={}), "the run does not name the files that ran"),
        (
            replace(RAN, tests=["tests/test_more.py::test_row"]),
            "tests/test_more.py has results and is not among the files that ran",
        ),
    ],
    ids=["dirty", "dirty-unknown", "no-commit", "no-sources", "empty-sources", "test-not-named"],
)
def test_what_a_run_does_not_say_is_a_doubt(ran: Ran, reason: str) -> None:
    """A run of an older version, or one that could not ask git, proves nothing of a commit, and nothing against it."""
    assert doubts(ran, _equal) == [reason]


def test_every_doubt_is_told_up_to_a_number() -> None:
    """Of many files the first are told, with how many there are more."""
    found = [f"file {each}" for each in range(20)]

    assert told_in_short(found[:2]) == "file 0; file 1"
    assert told_in_short(found) == "file 0; file 1; file 2; file 3; file 4; file 5; and 14 more"


def test_a_run_of_other_files_than_the_commit_s_cannot_tell(release: Release) -> None:
    """A release whose runs had a file that the commit lacks is of no commit, its mutants too."""
    release.compare = _different

    criterion = release.criterion("tree.staging")

    assert criterion.outcome is Outcome.UNKNOWN
    assert criterion.reason == f"{DIFFERENCE}, so it is of no commit"
    assert release.criterion("mutants").reason == f"{DIFFERENCE}, so it is of no commit"


def test_files_that_were_compared_are_counted(release: Release) -> None:
    """A tree that is the commit says how many files tell so."""
    criterion = release.criterion("tree.staging")

    assert criterion.outcome is Outcome.PASS
    assert criterion.reason == "all 5 files that ran are as the commit holds them, and nothing was uncommitted"
