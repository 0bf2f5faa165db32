"""Rows that were not asked, for a promise that they build on was broken: never a pass, and never an excuse for a GO."""

from typing import Any

import pytest

from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.decision import Outcome, Verdict
from tests.support.release import Lines, Record, Release, cell_of, reports

MET_IT = ("COLD-08", "COLD-09")


def broken(lines: Lines, record: Record, *, own: str = "failed") -> None:
    """Let COLD-07 end so, and two rows meet the promise that it asks for."""
    for row in ("COLD-07", *MET_IT):
        call = next(each for each in reports(lines, record, row) if each["when"] == "call")
        call["outcome"] = own if row == "COLD-07" else "failed"
        call["longrepr"] = {"reprcrash": {"message": "AssertionError: a cold start took 112 s"}}
        if row != "COLD-07":
            call["user_properties"] = [*call["user_properties"], ["broken_promise", "COLD-07"]]
    record["exit_status"] = 1
    record["not_asked"] = dict.fromkeys(MET_IT, "COLD-07") if own == "failed" else {}


def test_the_row_of_the_promise_fails_and_the_others_are_not_proven(release: Release) -> None:
    """One failure, whose cause all have; the verdict is that of the failure."""
    release.run("staging", "live", hours_ago=0.5, change=broken)
    decision = release.decide()

    assert decision.verdict is Verdict.NO_GO
    assert cell_of(decision, "COLD-07", "staging") is CellOutcome.FAILED
    assert [cell_of(decision, row, "staging") for row in MET_IT] == [CellOutcome.NOT_ASKED] * 2
    assert decision.release is not None
    assert not {each.subject for each in decision.release.failures} & set(MET_IT)
    reasons = {each.subject: each.reason for each in decision.unproven if each.environment == "staging"}
    assert {reasons[row] for row in MET_IT} == {"not asked: a cold start took 112 s (COLD-07)"}
    rows = next(each for each in decision.criteria if each.id == "rows.staging")
    assert rows.outcome is Outcome.FAIL
    assert "not asked: COLD-08, COLD-09 (a cold start took 112 s (COLD-07))" in rows.reason


def test_whoever_waives_the_promise_has_not_waived_the_rest(release: Release) -> None:
    """Without the failure nobody can tell: what was not asked is no pass."""
    release.run("staging", "live", hours_ago=0.5, change=broken)
    release.waive("COLD-07", "2099-01-01")

    assert release.criterion("rows.staging").outcome is Outcome.UNKNOWN
    assert release.decide().verdict is not Verdict.GO


@pytest.mark.parametrize("own", ["passed", "skipped"])
def test_without_its_failure_the_others_have_failed(release: Release, own: str) -> None:
    """The row that asks for the promise saw nothing, so it explains nothing."""

    def change(lines: Lines, record: dict[str, Any]) -> None:
        broken(lines, record, own=own)

    release.run("staging", "live", hours_ago=0.5, change=change)
    decision = release.decide()

    assert decision.verdict is Verdict.NO_GO
    assert [cell_of(decision, row, "staging") for row in MET_IT] == [CellOutcome.FAILED] * 2
