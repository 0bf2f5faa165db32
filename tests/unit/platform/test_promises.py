"""Tests of when a session that did not start is a broken promise."""

from typing import Any

import pytest

from seatrials.catalogue import read_suites
from seatrials.platform import contract
from seatrials.platform.promises import COLD_START, breaks_cold_start
from tests.support.project import PROJECT

NOW = 1_700_000_000.0


def item(status: str, age_seconds: float) -> dict[str, Any]:
    """Return a session that was asked for so long ago."""
    return {"status": status, "createdAt": int(1000 * (NOW - age_seconds))}


@pytest.mark.parametrize(
    ("items", "is_broken"),
    [
        pytest.param([item("initializing", 70)], True, id="still-initializing"),
        pytest.param([item("active", 70), item("error", 130)], True, id="given-up"),
        pytest.param([item("initializing", contract.COLD_START_SECONDS_MAX)], False, id="not-late-yet"),
        pytest.param([item("error", 2)], False, id="failed-at-once"),
        pytest.param([item("active", 500), item("expired", 500), item("draining", 500)], False, id="started"),
        pytest.param([{"status": "error"}, {}], False, id="says-not-when"),
        pytest.param([], False, id="no-session"),
    ],
)
def test_a_session_that_is_long_overdue_breaks_the_promise(items: list[dict[str, Any]], *, is_broken: bool) -> None:
    """One that started, or failed for a reason of its own before it was late, does not."""
    assert breaks_cold_start(items, NOW) is is_broken


def test_the_rows_of_a_promise_are_the_catalogues() -> None:
    """The row that asks for it is about it, and so are the others; all are there."""
    assert COLD_START.row in COLD_START.about
    assert {row.id for suite in read_suites(PROJECT / "tests/integration") for row in suite.rows} >= COLD_START.about
