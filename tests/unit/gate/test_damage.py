"""Each way in which evidence can be bad, done to evidence that is good: the verdict changes as it must."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrials.cost import charges, load_prices
from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.decision import Decision, Outcome, Verdict
from tests.support.release import ROW, Lines, Record, Release, cell_of, reports, skipped

_HOUR = 3600


def failing(lines: Lines, record: Record) -> None:
    """Let a row fail."""
    call = next(line for line in reports(lines, record) if line["when"] == "call")
    call |= {"outcome": "failed", "longrepr": {"reprcrash": {"message": "assert 63 < 60"}}}
    record["exit_status"] = 1


def killed(lines: Lines, record: Record) -> None:
    """Let the run end in its middle, as SIGKILL does it."""
    del lines[len(lines) // 2 :]
    record |= {"ended": None, "exit_status": None}


def crashed(lines: Lines, record: Record) -> None:
    """Let the worker of a row end, as pytest-xdist tells it."""
    setup, *rest = reports(lines, record)
    for line in rest:
        lines.remove(line)
    setup |= {"outcome": "failed", "when": "???", "longrepr": "worker 'gw0' crashed while running it"}
    record |= {"exit_status": 1, "crashed": [ROW]}


def retried(lines: Lines, record: Record) -> None:
    """Let a row fail and pass when it is run again."""
    again = [json.loads(json.dumps(line)) for line in reports(lines, record)]
    failing(lines, record)
    lines[-1:-1] = again


def not_collected(lines: Lines, record: Record) -> None:
    """Let a file of scenarios have an error, for which pytest stops."""
    kept = [line for line in lines if "when" not in line]
    broken = {
        "$report_type": "CollectReport",
        "nodeid": "test_routing.py",
        "outcome": "failed",
        "longrepr": "SyntaxError",
    }
    lines[:] = [*kept[:-1], broken, kept[-1]]
    record["exit_status"] = 2


def test_the_undamaged_release_may_go_out(release: Release) -> None:
    """By the shipped criteria, whole and good evidence is GO, with nothing unproven."""
    decision = release.decide()

    assert (decision.verdict, decision.unproven) == (Verdict.GO, ())
    assert {Outcome.PASS} == {each.outcome for each in decision.criteria}


@pytest.mark.parametrize(
    ("change", "verdict", "outcome", "criterion"),
    [
        pytest.param(failing, Verdict.NO_GO, CellOutcome.FAILED, "rows.staging", id="failing"),
        pytest.param(skipped, Verdict.CANNOT_TELL, CellOutcome.NOT_RUN, "rows.staging", id="skipped"),
        pytest.param(killed, Verdict.CANNOT_TELL, CellOutcome.PASSED, "run.staging", id="killed"),
        pytest.param(crashed, Verdict.CANNOT_TELL, CellOutcome.CRASHED, "rows.staging", id="crashed"),
        pytest.param(retried, Verdict.NO_GO, CellOutcome.RETRIED, "rows.staging", id="retried"),
        pytest.param(not_collected, Verdict.CANNOT_TELL, CellOutcome.NOT_RUN, "run.staging", id="not-collected"),
    ],
)
def test_a_row_that_has_not_simply_passed_is_not_proven(
    release: Release,
    change: Callable[[Lines, Record], None],
    verdict: Verdict,
    outcome: CellOutcome,
    criterion: str,
) -> None:
    """What was seen to fail is NO-GO; what was not seen to pass cannot be told."""
    release.run("staging", "live", hours_ago=0.5, change=change)

    decision = release.decide()
    bad = {each.id for each in decision.criteria if each.outcome is not Outcome.PASS}

    assert (verdict, outcome) == (decision.verdict, cell_of(decision, ROW, "staging"))
    assert criterion in bad


def test_a_crash_is_named(release: Release) -> None:
    """The completeness of the run names the row whose worker ended."""
    release.run("staging", "live", hours_ago=0.5, change=crashed)

    assert ROW in release.criterion("run.staging").reason


def test_every_row_of_a_killed_run_that_has_no_result_crashed(release: Release) -> None:
    """Rows that a killed run never came to are not taken from an older run."""
    release.run("staging", "live", hours_ago=0.5, change=killed)

    run = next(each for each in release.decide().runs if each.environment == "staging")
    assert run.counts["crashed"] > 0
    assert "it has no end: it still runs, or was killed" in run.problems


def test_a_pass_that_is_only_modelled_is_not_proven(release: Release) -> None:
    """Staging whose environment is in truth a mock proves nothing about staging."""
    release.run("staging", "mock", hours_ago=0.5)

    decision = release.decide()
    rows = next(each for each in decision.criteria if each.id == "rows.staging")
    assert (decision.verdict, rows.outcome, rows.value) == (Verdict.CANNOT_TELL, Outcome.UNKNOWN, 0.0)
    assert "only modelled" in rows.reason


def test_a_statistic_over_its_bound_is_no_go(release: Release) -> None:
    """A p95 over its bound fails, whatever the rows say."""

    def slow(lines: Lines, _record: Record) -> None:
        for line in lines:
            for name, value in line.get("user_properties", []):
                if name == "sample" and value["name"] == "api_seconds":
                    value["value"] = 0.7

    release.run("staging", "live", hours_ago=0.5, change=slow)

    criterion = release.criterion("api-response.staging")
    assert Outcome.FAIL is criterion.outcome
    assert pytest.approx(0.7) == criterion.value
    assert pytest.approx(-0.2) == criterion.margin
    assert release.decide().verdict is Verdict.NO_GO


def test_too_few_samples_cannot_tell(release: Release) -> None:
    """One run of staging has one cold start, and five are needed."""
    newest = max(release.root.glob("staging/2*"))
    for folder in release.root.glob("staging/2*"):
        if folder != newest:
            shutil.rmtree(folder)
    release.number_anew()

    criterion = release.criterion("cold-start.staging")
    assert (criterion.outcome, criterion.samples, criterion.samples_min) == (Outcome.UNKNOWN, 1, 5)
    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_samples_of_another_kind_do_not_count(release: Release) -> None:
    """Where measured values are asked for, modelled ones are as good as none."""

    def modelled(lines: Lines, _record: Record) -> None:
        for line in lines:
            for name, value in line.get("user_properties", []):
                if name == "sample":
                    value["kind"] = "modelled"

    for hours_ago in (0.9, 0.8, 0.7, 0.6, 0.5):
        release.run("staging", "live", hours_ago=hours_ago, change=modelled)
    for folder in sorted(release.root.glob("staging/2*"))[:5]:
        shutil.rmtree(folder)
    release.number_anew()

    criterion = release.criterion("cold-start.staging")
    assert (criterion.outcome, criterion.samples) == (Outcome.UNKNOWN, 0)
    assert "measured" in criterion.reason


def test_evidence_of_another_commit_cannot_tell(release: Release) -> None:
    """What another commit did says nothing about this one."""
    release.run("production", "live", hours_ago=0.5, change=lambda _lines, record: record.update(commit="d" * 40))

    criterion = release.criterion("commit")
    assert (release.decide().verdict, criterion.outcome) == (Verdict.CANNOT_TELL, Outcome.UNKNOWN)
    assert "dddddddd" in criterion.reason


def test_the_commit_that_is_released_must_be_the_one_that_ran(release: Release) -> None:
    """Evidence that agrees with itself and not with the checked-out commit cannot tell."""
    release.commit = "e" * 40

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_commit_may_be_written_in_short(release: Release) -> None:
    """The first digits of the commit that ran are that commit."""
    release.commit = "c0ffee00c0"

    assert release.decide().verdict is Verdict.GO


def test_of_two_runs_of_one_second_the_later_is_the_newest(release: Release) -> None:
    """Their names tell the second only, and their records which of them began later."""
    newest = release.run("staging", "live", hours_ago=0.5, change=failing)
    earlier = newest.with_name(newest.name.replace("Z-1", "Z-2"))
    shutil.copytree(newest, earlier)
    record = json.loads((earlier / "run.json").read_text())
    (earlier / "run.json").write_text(json.dumps({**record, "started": "2026-11-25T09:16:39.999+00:00"}))

    staging = next(run for run in release.decide().runs if run.environment == "staging")
    assert newest.name == staging.id


def test_old_evidence_cannot_tell(release: Release) -> None:
    """Evidence of the day before yesterday says nothing about today's platform."""
    release.now_seconds += 48 * _HOUR

    criterion = release.criterion("age.staging")
    assert (criterion.outcome, criterion.value, criterion.bound) == (Outcome.UNKNOWN, 49.0, 24.0)
    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_evidence_of_the_future_cannot_tell(release: Release) -> None:
    """A clock that is wrong does not make evidence fresh."""
    release.now_seconds -= 2 * _HOUR

    assert release.decide().verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("state", [{"dirty": True}, {"dirty": None}])
def test_a_dirty_tree_cannot_tell(release: Release, state: Record) -> None:
    """What ran is not the commit, or nobody knows whether it was."""
    release.run("staging", "live", hours_ago=0.5, change=lambda _lines, record: record.update(state))

    assert Outcome.UNKNOWN is release.criterion("tree.staging").outcome
    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_leftover_is_no_go(release: Release) -> None:
    """A session that a run left behind is a failure, and is named."""
    left = ["session TEST_1"]
    release.run("staging", "live", hours_ago=0.5, change=lambda _lines, record: record.update(leftovers=left))

    criterion = release.criterion("leftovers.staging")
    assert (release.decide().verdict, criterion.outcome) == (Verdict.NO_GO, Outcome.FAIL)
    assert "session TEST_1" in criterion.reason


def test_leftovers_that_nobody_looked_for_cannot_be_told(release: Release) -> None:
    """That nothing was found is not said by somebody who did not look."""
    release.run("staging", "live", hours_ago=0.5, change=lambda _lines, record: record.update(leftovers=None))

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_surviving_mutant_is_no_go(release: Release) -> None:
    """A platform that is broken and passes shows that passing means nothing."""
    release.mutants("no-scale-in")

    decision = release.decide()
    assert decision.verdict is Verdict.NO_GO
    assert decision.mutants is not None
    assert (decision.mutants.total, decision.mutants.killed, decision.mutants.survivors) == (3, 2, ("no-scale-in",))


@pytest.mark.parametrize("run", [{"commit": "d" * 40}, {"dirty": True}, {"is_partial": True}])
def test_mutants_of_another_tree_or_only_some_cannot_tell(release: Release, run: Record) -> None:
    """The proof that scenarios can fail is about the scenarios that ran."""
    release.mutants(**run)

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_without_mutants_nothing_can_be_told(release: Release) -> None:
    """A suite of which nobody knows whether it can fail decides nothing."""
    shutil.rmtree(release.root / "mutants")

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_run_over_its_budget_is_no_go(release: Release) -> None:
    """A run that cost more than $3 fails its criterion, and so does what a session cost."""

    def dear(_lines: Lines, record: Record) -> None:
        record["usage"] |= {"fargate_vcpu_seconds": 300_000.0, "sessions": 10.0}

    release.run("staging", "live", hours_ago=0.5, change=dear)

    assert Outcome.FAIL is release.criterion("run-cost.staging").outcome
    assert Outcome.FAIL is release.criterion("session-cost.staging").outcome
    assert release.decide().verdict is Verdict.NO_GO


def test_a_platform_that_costs_twice_the_bound_is_found(release: Release) -> None:
    """Tasks that are up twice as long as $3 allow, counted whole, make a NO-GO of a run that is sound in all else."""
    reserved = {"fargate_vcpu_seconds": 2.0, "fargate_memory_gb_seconds": 4.0}
    per_second = sum(each.dollars for each in charges(reserved, load_prices()))

    def twice(_lines: Lines, record: Record) -> None:
        seconds = 2 * 3.00 / per_second
        record["usage"] |= {name: amount * seconds for name, amount in reserved.items()}

    release.run("staging", "live", hours_ago=0.5, change=twice)
    criterion = release.criterion("run-cost.staging")

    assert criterion.outcome is Outcome.FAIL
    assert criterion.value == pytest.approx(6.0, abs=0.05)
    assert release.decide().verdict is Verdict.NO_GO


def test_a_cost_that_nobody_counted_cannot_be_told(release: Release) -> None:
    """A run that does not say what it used is not cheap."""
    release.run("staging", "live", hours_ago=0.5, change=lambda _lines, record: record.update(usage={}))

    assert Outcome.UNKNOWN is release.criterion("run-cost.staging").outcome


def test_a_waiver_holds_until_its_last_day(release: Release) -> None:
    """A skipped row that somebody answers for is waived on the last day, and counts again on the next."""
    release.run("staging", "live", hours_ago=0.5, change=skipped)
    release.waive("COLD-07.staging", "2026-11-25")
    release.waive("cold-start.staging", "2026-11-30")

    on_its_last_day = release.decide()
    release.now_seconds += 15 * _HOUR
    on_the_next = release.decide()

    rows = next(each for each in on_its_last_day.criteria if each.id == "rows.staging")
    assert (
        on_its_last_day.verdict,
        rows.outcome,
        rows.waiver,
    ) == (Verdict.GO, Outcome.WAIVED, "known (maria, approved by Ana, until 2026-11-25)")
    assert (on_the_next.verdict, outcome_of(on_the_next, "rows.staging")) == (Verdict.CANNOT_TELL, Outcome.UNKNOWN)
    assert [
        (waiver.expired, waiver.used)
        for decision in (on_its_last_day, on_the_next)
        for waiver in decision.waivers
        if waiver.subject == "COLD-07.staging"
    ] == [(False, True), (True, False)]


def test_a_waiver_of_one_row_does_not_hide_another(release: Release) -> None:
    """Only what is named is waived."""
    release.run("staging", "live", hours_ago=0.5, change=failing)
    release.waive("COLD-08.staging", "2027-01-01")

    assert release.decide().verdict is Verdict.NO_GO


def outcome_of(decision: Decision, criterion: str) -> Outcome:
    """Return the outcome of one criterion."""
    return next(each.outcome for each in decision.criteria if each.id == criterion)


@pytest.mark.parametrize("name", ["run.json", "report-log.jsonl", "timeline/COLD-07.steps.json"])
def test_a_truncated_file_cannot_tell(release: Release, name: str) -> None:
    """Half of a file is noticed, whichever it is, and the run is not taken for whole."""
    path = release.root / "staging/latest" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    assert Outcome.UNKNOWN is release.criterion("run.staging").outcome
    assert name in release.criterion("run.staging").reason
    assert release.decide().verdict is not Verdict.GO


def test_a_failure_that_was_edited_away_is_noticed(release: Release) -> None:
    """A report log that was changed after the run is not believed."""
    folder = release.run("staging", "live", hours_ago=0.5, change=failing)
    log = folder / "report-log.jsonl"
    log.write_text(log.read_text().replace('"outcome": "failed"', '"outcome": "passed"'))

    assert "report-log.jsonl was changed after the run" in release.criterion("run.staging").reason
    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_missing_file_cannot_tell(release: Release) -> None:
    """A file that the run wrote and that is gone is named."""
    (release.root / "staging/latest/timeline/COLD-07.steps.json").unlink()

    assert "timeline/COLD-07.steps.json is missing" in release.criterion("run.staging").reason


def test_two_runs_in_one_folder_are_noticed(release: Release) -> None:
    """Results of another run in the folder, in one log or as more files, are not taken for this run's."""
    staging, mock = release.root / "staging/latest", release.root / "mock/latest"
    log = staging / "report-log.jsonl"
    log.write_text(log.read_text() + (mock / "report-log.jsonl").read_text())
    shutil.copy(mock / "timeline/COLD-13.steps.json", staging / "timeline")

    reason = release.criterion("run.staging").reason
    assert "two runs are mixed" in reason
    assert "timeline/COLD-13.steps.json is not of this run" in reason
    assert release.decide().verdict is not Verdict.GO


def test_an_empty_folder_cannot_tell(bare: Release) -> None:
    """No evidence at all is no evidence for anything."""
    decision = bare.decide()

    assert Verdict.CANNOT_TELL is decision.verdict
    assert "Nothing ran on mock and staging and production." in decision.summary
    assert {Outcome.UNKNOWN} == {each.outcome for each in decision.criteria}


def test_an_empty_run_cannot_tell(release: Release) -> None:
    """A run's folder without files is the newest run, and hides the older ones instead of being overlooked."""
    (release.root / "staging/20261125T094000Z-1").mkdir()

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_an_older_run_does_not_hide_a_newer_one(release: Release) -> None:
    """When `latest` leads to an older, green run, the newer one is judged, and the link is named."""
    older = (release.root / "staging/latest").resolve().name
    release.run("staging", "live", hours_ago=0.5, change=failing)
    link = release.root / "staging/latest"
    link.unlink()
    link.symlink_to(older)

    assert f"latest leads to {older}" in release.criterion("run.staging").reason
    assert release.decide().verdict is Verdict.NO_GO


def test_a_run_that_is_newer_than_its_copy_is_noticed(release: Release, tmp_path: Path) -> None:
    """Where links became copies on the way, a copy of an older run is noticed too."""
    link = release.root / "staging/latest"
    copy = tmp_path / "copy"
    shutil.copytree(link, copy)
    release.run("staging", "live", hours_ago=0.5, change=lambda _lines, record: record.update(seed=9))
    link.unlink()
    copy.rename(link)

    assert "latest is no copy of" in release.criterion("run.staging").reason


def test_a_row_that_was_not_selected_is_not_proven(release: Release) -> None:
    """A newer run of one test leaves the others unproven."""

    def only_one(lines: Lines, record: Record) -> None:
        record["rows"] = {ROW: record["rows"][ROW]}
        lines[:] = [line for line in lines if "when" not in line or line["nodeid"] == record["rows"][ROW]]

    release.run("mock", "mock", hours_ago=0.5, change=only_one)

    rows = release.criterion("rows.mock")
    assert (rows.outcome, rows.value) == (Outcome.UNKNOWN, 1.0)
    assert "was not selected" in rows.reason


def test_a_row_that_fails_now_and_then_is_a_false_alarm(release: Release) -> None:
    """A row that fails in one run of a commit and passes in the next is told, beside the newest run that is green."""

    def failing_rows(lines: Lines, record: Record) -> None:
        for line in lines:
            if line.get("when") == "call" and line["nodeid"] in [record["rows"][f"COLD-0{n}"] for n in range(1, 10)]:
                line["outcome"] = "failed"
        record["exit_status"] = 1

    release.run("staging", "live", hours_ago=1.5, change=failing_rows)
    link = release.root / "staging/latest"
    link.unlink()

    criterion = release.criterion("false-alarms.staging")
    assert Outcome.PASS is release.criterion("rows.staging").outcome
    assert Outcome.PASS is criterion.outcome
    assert pytest.approx(100 * 9 / 492) == criterion.value
    assert "COLD-07" in criterion.reason


@pytest.mark.parametrize(
    "nonsense", [{"usage": {"log_bytes": "many"}}, {"rows": ["COLD-01"]}, {"leftovers": 3}, {"started": "yesterday"}]
)
def test_a_record_that_makes_no_sense_cannot_tell(release: Release, nonsense: Record) -> None:
    """Values that a run never writes are told, and do not stop the gate."""
    path = release.root / "staging/latest/run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **nonsense}))

    assert Outcome.UNKNOWN is release.criterion("run.staging").outcome
    assert release.decide().verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"mutants": {"x": {}}}'])
def test_a_kill_matrix_that_makes_no_sense_cannot_tell(release: Release, text: str) -> None:
    """A matrix that was cut off proves nothing."""
    (release.root / "mutants/20261125T080000Z-1/kill-matrix.json").write_text(text)

    assert release.decide().verdict is Verdict.CANNOT_TELL


def test_a_pass_in_part_is_told_as_such(release: Release) -> None:
    """A release may go out with it, and reads in the decision what was not asked."""

    def in_part(lines: Lines, record: Record) -> None:
        call = next(line for line in reports(lines, record, "COLD-08") if line["when"] == "call")
        call["user_properties"].append(["left_out", "of neighbours"])

    release.run("production", "live", hours_ago=0.5, change=in_part)

    decision = release.decide()
    criterion = release.criterion("rows.production")
    assert Verdict.GO is decision.verdict
    assert (criterion.outcome, criterion.reason.endswith(", of COLD-08 a part")) == (Outcome.PASS, True)
    assert [(each.subject, each.environment, each.reason) for each in decision.unproven] == [
        ("COLD-08", "production", "passed in part, and not asked of neighbours")
    ]
