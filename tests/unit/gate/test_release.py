"""A decision names its release: commit, changes since the last GO, what failed and whose it is, what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from seatrials.gate.decision import Decision, Verdict
from seatrials.gate.history import Entry
from seatrials.gate.release import Changes, Release
from tests.support.release import Lines, Record
from tests.support.release import Release as Evidence
from tests.support.told_release import FAILED, told_release


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a release with two failing rows, a regression and a waiver; nobody changes it."""
    return told_release(tmp_path_factory.mktemp("told"))


@pytest.fixture(scope="module")
def decision(evidence: Evidence) -> Decision:
    """Return the decision on it."""
    return evidence.decide()


@pytest.fixture(scope="module")
def told(decision: Decision) -> Release:
    """Return what the decision says of the release."""
    assert decision.release is not None
    return decision.release


@pytest.fixture(scope="module")
def changes(told: Release) -> Changes:
    """Return what has changed."""
    assert told.changes is not None
    return told.changes


def test_the_commit_is_named(told: Release) -> None:
    """Subject, author and tag are those of the commit that is judged."""
    assert told.commit is not None
    assert (told.commit.subject, told.commit.author, told.commit.tag) == (
        "Start sessions on warm tasks first",
        "Maria Example",
        "v1.4.2",
    )


def test_every_failure_has_its_own_assertion_and_owner(told: Release) -> None:
    """No row is hidden behind another, and CODEOWNERS or the criteria say whose it is."""
    counted = {each.subject: each for each in told.failures if each.not_counted is None}

    assert list(counted) == ["COLD-07", "CONC-12", "cold-start-change.staging"]
    for row, said in FAILED.items():
        assert said in counted[row].reason
        assert counted[row].job_url == "https://ci.example/run/6"
    assert [each.owners for each in counted.values()] == [
        ("@webordinary/platform",),
        ("@webordinary/scaling",),
        ("@webordinary/performance",),
    ]
    assert [each.is_regression for each in counted.values()] == [False, False, True]


def test_a_red_run_elsewhere_is_told_and_does_not_count(told: Release, decision: Decision) -> None:
    """The rehearsal of this commit failed, of which the criteria do not ask: its rows are named."""
    elsewhere = [each for each in told.failures if each.environment == "rehearsal"]

    assert [each.subject for each in elsewhere] == list(FAILED)
    assert all(each.not_counted == "the criteria do not name rehearsal" for each in elsewhere)
    assert "(COLD-07, CONC-12)" in decision.notices[0]


def test_a_criterion_about_rows_names_each_with_its_reason(decision: Decision) -> None:
    """Rows that failed for the same reason stand together, and none is counted instead of named."""
    reason = next(each.reason for each in decision.criteria if each.id == "rows.staging")

    assert all(f"failed: {row} (AssertionError: {said})" in reason for row, said in FAILED.items())
    assert "more" not in reason


def test_what_has_changed_since_the_last_go(told: Release, changes: Changes) -> None:
    """Commits, rows, criteria and resources are compared with the commit that was the last GO."""
    assert told.last_go is not None
    assert told.last_go.described is not None
    assert (told.last_go.described.tag, told.last_go.services) == ("v1.4.1", ("Hermes 1.4.1", "editor 2.0.0"))
    assert changes.commits_total == 3
    assert changes.commits[0].subject == "Start sessions on warm tasks first"
    assert changes.rows_removed == ("COLD-99: It was so.",)
    assert "COLD-07: COLD-07 holds." in changes.rows_added
    assert "statistics.cold-start.below: 50 → 60" in changes.criteria
    assert "waivers: added" in changes.criteria
    assert changes.template == (
        "Queue (AWS::SQS::Queue): removed",
        "Table (AWS::DynamoDB::Table): changed in BillingMode",
        "Topic (AWS::SNS::Topic): added",
    )
    assert (changes.unknown, changes.commits_lost) == ((), 0)


def test_what_to_do_names_owners_and_where_to_return_to(told: Release) -> None:
    """The first steps are whom to ask, the last one is the release before."""
    assert told.steps[:3] == (
        "Ask @webordinary/platform about COLD-07 on staging.",
        "Ask @webordinary/scaling about CONC-12 on staging.",
        "Ask @webordinary/performance about cold-start-change.staging.",
    )
    assert "roll back to v1.4.1 (commit " in told.steps[-1]
    assert told.steps[-1].endswith("which ran Hermes 1.4.1 and editor 2.0.0.")


def test_verdicts_are_a_row_that_ends_with_this_one(told: Release) -> None:
    """Those by other criteria are none of it."""
    assert [each.verdict for each in told.verdicts][-3:] == ["CANNOT TELL", "CANNOT TELL", "NO-GO"]
    assert len(told.verdicts) == 11


def test_a_waiver_says_who_approved_it(decision: Decision) -> None:
    """Whoever is to mend it cannot have allowed it alone."""
    assert [(each.owner, each.approved_by, each.used) for each in decision.waivers] == [("maria", "Ana", True)]


def test_every_measurement_has_its_trend(decision: Decision) -> None:
    """Also one that no criterion compares."""
    lengths = {each.metric: len(each.history) for each in decision.series if each.environment == "production"}

    assert set(lengths.values()) == {11}


def test_a_decision_survives_json(decision: Decision) -> None:
    """What is told of a release is written and read again."""
    assert decision == Decision.from_json(decision.as_json())


def test_history_remembers_a_go_though_its_run_is_judged_again(evidence: Evidence, release: Evidence) -> None:
    """Old evidence is CANNOT TELL after a day, and what went out stays what one can return to."""
    (first,) = {each.go_at for each in release.judgement().entries}
    release.history = [*release.history, *release.judgement().entries]
    release.now_seconds += 48 * 3600

    entries = release.judgement().entries
    assert {each.verdict for each in entries} == {"CANNOT TELL"}
    assert {each.go_at for each in entries} == {first}
    assert first is not None
    assert evidence is not release


def test_a_go_that_turned_out_bad_is_nothing_to_return_to(evidence: Evidence) -> None:
    """Of the last GO somebody saw a failure afterwards: the one before it is named."""
    before = evidence.history
    last = max(str(each.go_at) for each in before if each.go_at)
    evidence.history = [replace(each, verdict="NO-GO") if each.go_at == last else each for each in before]
    found = evidence.decide().release
    evidence.history = before

    assert found is not None
    assert found.last_go is not None
    assert found.last_go.judged_at < last


def test_a_go_by_other_criteria_is_none_of_these(evidence: Evidence) -> None:
    """The GO of a rehearsal lets nothing out, so nobody rolls back to it."""
    before = evidence.history
    evidence.history = [replace(each, criteria="gate-rehearsal.toml") for each in before]
    found = evidence.decide().release
    evidence.history = before

    assert found is not None
    assert (found.last_go, found.changes, len(found.verdicts)) == (None, None, 1)
    assert "nothing is known that one could roll back to" in found.steps[-1]


def test_a_decision_that_was_kept_stands_in_for_the_history(evidence: Evidence) -> None:
    """A history that is older than the fields tells no GO; a decision on disk does."""
    history, told = evidence.history, evidence.told
    old = next(
        str(each.commit) for each in history if each.go_at == max(str(one.go_at) for one in history if one.go_at)
    )
    kept = replace(evidence.decide(), verdict=Verdict.GO, commit=old, judged_at="2026-11-20T00:00:00.000+00:00")
    evidence.history = [_older(each) for each in history]
    evidence.told = {**told, "kept_go": kept}
    found = evidence.decide().release
    evidence.history, evidence.told = history, told

    assert found is not None
    assert found.last_go is not None
    assert (found.last_go.commit, found.last_go.services) == (old, ("Hermes 1.4.2", "editor 2.0.1"))


def _older(entry: Entry) -> Entry:
    return replace(entry, verdict=None, criteria=None, go_at=None, services=())


def test_without_a_repository_nothing_is_known_and_that_is_said(release: Evidence) -> None:
    """The decision stands without git; it says what it lacks, and whom nobody names."""
    release.run("staging", "live", hours_ago=0.5, change=_fail)
    found = release.decide().release

    assert found is not None
    assert (found.commit, found.changes) == (None, None)
    assert "no git repository" in found.commit_unknown
    assert "Find out who answers for COLD-07 on staging: nobody is named." in found.steps


def _fail(lines: Lines, record: Record) -> None:
    call = next(each for each in lines if each.get("nodeid") == record["rows"]["COLD-07"] and each["when"] == "call")
    call |= {"outcome": "failed", "longrepr": {"reprcrash": {"message": "assert 63 < 60"}}}
    record["exit_status"] = 1


def test_a_last_go_that_the_repository_lacks_is_said(evidence: Evidence) -> None:
    """A shallow clone of CI has the newest commit alone."""
    before = evidence.history
    evidence.history = [replace(each, commit="d" * 40) if each.go_at else each for each in before]
    found = evidence.decide().release
    evidence.history = before

    assert found is not None
    assert found.changes is not None
    assert found.changes.unknown == ("commit dddddddd cannot be read here, so nothing is known: fetch it",)


def test_nothing_at_all_is_told_in_order(bare: Evidence, tmp_path: Path) -> None:
    """Without runs there is no commit, no failure, and one thing to do first."""
    bare.commit = None
    found = bare.decide().release

    assert tmp_path.is_dir()
    assert found is not None
    assert (found.commit_unknown, found.failures) == ("the evidence is not of one commit", ())
    assert found.steps[0].startswith("Run the scenarios on mock and staging and production")
