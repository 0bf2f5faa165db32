"""The gate believes that a commit ran when the run names the files that ran, and the commit holds them."""

from typing import Any

import pytest

from seatrials.evidence.provenance import Sources
from seatrials.gate.decision import Criterion, Outcome
from seatrials.gate.tree import Ran, tree_criterion

COMMIT = "c0ffee00" * 5
SOURCES = {"tests/test_rows.py": "1" * 40, "tests/conftest.py": "2" * 40}
DIFFERENCE = "tests/conftest.py ran and is not in commit c0ffee00"


def _equal(sources: Sources, commit: str) -> list[str]:
    assert sources == SOURCES
    assert commit == COMMIT
    return []


def _different(_sources: Sources, _commit: str) -> list[str]:
    return [DIFFERENCE]


def _criterion(compare: Any = _equal, *, dirty_tree_allowed: bool = False, **told: Any) -> Criterion:
    ran = Ran(
        **{"commit": COMMIT, "dirty": False, "sources": SOURCES, "tests": ["tests/test_rows.py::test_row"], **told}
    )
    return tree_criterion("mock", ran, compare, dirty_tree_allowed=dirty_tree_allowed, sources=["run.json"])


def test_files_as_the_commit_holds_them_pass() -> None:
    """A clean tree whose files were compared is the commit."""
    criterion = _criterion()

    assert criterion.outcome is Outcome.PASS
    assert criterion.id == "tree.mock"
    assert "all 2 files" in criterion.reason


def test_a_clean_tree_does_not_outweigh_a_file_that_is_in_no_commit() -> None:
    """What git said when the run began does not help a file that the commit does not hold."""
    criterion = _criterion(_different)

    assert criterion.outcome is Outcome.UNKNOWN
    assert criterion.reason == f"{DIFFERENCE}, so it is of no commit"


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"dirty": True}, "the tree had uncommitted changes"),
        ({"dirty": None}, "the run does not say whether its tree was clean"),
        ({"commit": None}, "the run does not say of which commit its tree was"),
        ({"sources": None}, "the run does not name the files that ran"),
        ({"sources": {}}, "the run does not name the files that ran"),
        (
            {"tests": ["tests/test_more.py::test_row"]},
            "tests/test_more.py has results and is not among the files that ran",
        ),
    ],
)
def test_what_a_run_does_not_say_is_unknown(told: dict[str, Any], reason: str) -> None:
    """A run of an older version, or one that could not ask git, proves nothing of a commit, and nothing against it."""
    criterion = _criterion(**told)

    assert criterion.outcome is Outcome.UNKNOWN
    assert criterion.reason == f"{reason}, so it is of no commit"


def test_every_doubt_is_told_up_to_a_number() -> None:
    """All that is wrong is told at once, and of many files the first ones with how many there are."""
    criterion = _criterion(lambda _sources, _commit: [f"file {each}" for each in range(20)], dirty=True)

    assert criterion.reason.startswith("the tree had uncommitted changes; file 0; file 1;")
    assert "and 15 more" in criterion.reason


def test_criteria_may_allow_a_dirty_tree() -> None:
    """Where uncommitted changes are allowed the doubts are told and do not count."""
    criterion = _criterion(_different, dirty_tree_allowed=True, dirty=True)

    assert criterion.outcome is Outcome.PASS
    assert criterion.reason == f"the tree had uncommitted changes; {DIFFERENCE}, which the criteria allow"
