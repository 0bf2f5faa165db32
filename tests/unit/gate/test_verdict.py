"""The worst outcome is the verdict, and less evidence never makes a better one."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seatrials.gate.decision import Outcome, Verdict
from seatrials.gate.verdict import verdict_of
from seatrials.seams.clock import wall_seconds
from tests.support.release import Release

OUTCOMES = st.lists(st.sampled_from(list(Outcome)))


@given(OUTCOMES)
def test_a_failure_outranks_everything(outcomes: list[Outcome]) -> None:
    """With a failure the verdict is NO-GO, whatever cannot be told beside it."""
    assert Verdict.NO_GO is verdict_of([*outcomes, Outcome.FAIL])


@given(OUTCOMES)
def test_what_cannot_be_told_outranks_a_pass(outcomes: list[Outcome]) -> None:
    """Without a failure, one unknown is enough for CANNOT TELL."""
    without = [each for each in outcomes if each is not Outcome.FAIL]

    assert Verdict.CANNOT_TELL is verdict_of([*without, Outcome.UNKNOWN])


@given(OUTCOMES)
def test_the_order_of_outcomes_says_nothing(outcomes: list[Outcome]) -> None:
    """The verdict is of all of them."""
    assert verdict_of(outcomes) is verdict_of(reversed(outcomes))


def test_nothing_is_no_pass() -> None:
    """Of no outcome at all nothing can be told."""
    assert Verdict.CANNOT_TELL is verdict_of([])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_removing_evidence_never_makes_a_go(release: Release, data: st.DataObject) -> None:
    """Whatever is deleted of evidence that is not GO, files or folders, what is left is not GO either."""

    def failing(lines: list[dict[str, Any]], record: dict[str, Any]) -> None:
        call = next(each for each in lines if each.get("when") == "call")
        call |= {"outcome": "failed", "longrepr": "no"}
        record["exit_status"] = 1

    with tempfile.TemporaryDirectory() as folder:
        copied = type(release)(Path(folder) / "evidence")
        shutil.copytree(release.root, copied.root, symlinks=True)
        copied.history = release.history
        newest = copied.run("staging", "live", hours_ago=0.5, change=failing)
        choices = [newest, copied.root / "mutants", copied.root / "production", *sorted(newest.glob("*.json*"))]
        choices += sorted(copied.root.glob("mock/2*/*.json*"))
        for path in data.draw(st.lists(st.sampled_from(choices), max_size=4)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

        assert copied.decide().verdict is not Verdict.GO


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_removing_evidence_of_a_go_leaves_nothing_but_doubt(release: Release, data: st.DataObject) -> None:
    """Deleting a file that a GO rests on leads to CANNOT TELL, and never to an accusation."""
    with tempfile.TemporaryDirectory() as folder:
        copied = type(release)(Path(folder) / "evidence")
        shutil.copytree(release.root, copied.root, symlinks=True)
        copied.history = release.history
        judged = [copied.root / name / "latest" for name in ("mock", "staging", "production")]
        files = sorted(path for each in judged for path in each.resolve().rglob("*") if path.is_file())
        data.draw(st.sampled_from(files)).unlink()

        assert Verdict.CANNOT_TELL is copied.decide().verdict


def test_five_runs_are_judged_in_two_seconds(release: Release) -> None:
    """Reading and judging five runs on staging and two others takes less than 2 s."""
    began = wall_seconds()
    release.decide()

    assert wall_seconds() - began < 2


def test_a_thousand_runs_of_history_are_judged_in_five_seconds(release: Release) -> None:
    """A long history is no reason to wait."""
    release.remember([23.6 + index % 7 / 10 for index in range(1000)])
    began = wall_seconds()
    release.decide()

    assert len(release.history) > 1000
    assert wall_seconds() - began < 5


def test_a_good_run_is_remembered_as_good(release: Release) -> None:
    """History keeps the newest run of each environment with its figures."""
    kept = {each.environment: each for each in release.judgement().entries}

    assert [each.good for each in kept.values()] == [True, True, True]
    assert kept["staging"].figures["cold_start_seconds.p50"] == 23.619992
    assert kept["staging"].figures["success_percent"] == 100
    assert kept["staging"].figures["run_dollars"] == 0.276514


def test_a_run_without_a_baseline_can_become_part_of_one(release: Release) -> None:
    """That there is no history yet does not keep the first good runs out of it."""
    release.history = []

    judgement = release.judgement()
    assert Verdict.CANNOT_TELL is judgement.decision.verdict
    assert [each.good for each in judgement.entries] == [True, True, True]


def test_a_bad_run_is_no_part_of_a_baseline(release: Release) -> None:
    """A run that left something behind is remembered, and not as good."""
    release.run("staging", "live", hours_ago=0.5, change=lambda _lines, record: record.update(leftovers=["x"]))

    kept = {each.environment: each.good for each in release.judgement().entries}
    assert kept == {"mock": True, "staging": False, "production": True}
