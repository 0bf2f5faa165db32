"""What a rehearsal proves, and by which criteria."""

from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.decision import Verdict
from tests.support.release import Lines, Record, Release, cell_of, reports, skipped


def test_a_rehearsal_may_be_a_go_of_its_own(bare: Release) -> None:
    """By the criteria for rehearsals, mock, rehearsal and mutants are GO, with rows that a rehearsal cannot run."""

    def unable(lines: Lines, record: Record) -> None:
        skipped(lines, record, "COLD-11")
        reports(lines, record, "COLD-11")[0]["user_properties"].append(["not_run", "needs faults.kill"])

    bare.run("mock", "mock")
    bare.run("rehearsal", "rehearsal", change=unable, scope="staging")
    bare.mutants()
    bare.criteria = bare.criteria.with_name("gate-rehearsal.toml")

    decision = bare.decide()
    assert Verdict.GO is decision.verdict
    assert CellOutcome.NOT_RUN is cell_of(decision, "COLD-11", "rehearsal")


def test_a_rehearsal_proves_nothing_about_a_release(bare: Release) -> None:
    """The same evidence is CANNOT TELL by the criteria of a release, which says where nothing ran."""
    bare.run("mock", "mock")
    bare.run("rehearsal", "rehearsal", scope="staging")
    bare.mutants()

    decision = bare.decide()
    assert Verdict.CANNOT_TELL is decision.verdict
    assert "Nothing ran on staging and production." in decision.summary


def test_a_skip_that_nobody_declared_is_not_allowed_in_a_rehearsal(bare: Release) -> None:
    """Only the environment itself may say what it cannot run."""
    bare.run("mock", "mock")
    bare.run("rehearsal", "rehearsal", change=skipped, scope="staging")
    bare.mutants()
    bare.criteria = bare.criteria.with_name("gate-rehearsal.toml")

    assert Verdict.CANNOT_TELL is bare.decide().verdict
