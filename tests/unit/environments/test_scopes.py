"""Tests of the table of scopes."""

import pytest

from seatrials.environments.scopes import COLUMNS, SCOPES, Column, marks_of


def test_every_mark_has_a_sentence() -> None:
    """What `pytest --markers` says of where a row runs is told by its columns."""
    assert {mark: scope.sentence for mark, scope in SCOPES.items()} == {
        "mock_only": "runs on mock, for what it needs exists nowhere else",
        "live_only": "runs on staging and production, for what it asks about exists nowhere else",
        "staging": "runs on mock and staging",
        "production": "runs on mock, staging and production",
        "load": "runs on load, for many users at once are no examination",
    }


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("mock", ("mock_only", "staging", "production")),
        ("staging", ("live_only", "staging", "production")),
        ("production", ("live_only", "production")),
        ("load", ("load",)),
    ],
)
def test_a_column_has_the_rows_of_some_marks(column: Column, expected: tuple[str, ...]) -> None:
    """A row that may run on production runs on staging too."""
    assert marks_of(column) == expected


def test_one_mark_is_for_everywhere() -> None:
    """Only a row of production is run by every environment."""
    assert [mark for mark, scope in SCOPES.items() if scope.is_everywhere] == ["production"]
    assert SCOPES["production"].columns == tuple(column for column in COLUMNS if column != "load")
