"""A release against the ones before it: noise is told from change, a slow run from a slow release, a drift is found."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from seatrials.gate.criteria import RegressionRule
from seatrials.gate.decision import HistoryPoint, Outcome, Regression, Verdict
from seatrials.gate.history import Entry
from seatrials.gate.regressions import Current, change_point, judge_change
from tests.support.release import Release

RULE = RegressionRule(
    id="cold-start-change",
    sentence="The cold start has not become slower.",
    environments=("staging",),
    metric="cold_start_seconds",
    rises_by=0.2,
)
FALLING = RULE.model_copy(update={"metric": "success_percent", "rises_by": None, "falls_by": 0.05})
_RECORDED_SECONDS = 23.619992


def entries(values: Sequence[float], figure: str = "cold_start_seconds.p50") -> list[Entry]:
    """Return a history of good runs with these values, each of a commit of its own."""
    return [
        Entry(
            environment="staging",
            run=f"run-{index:03}",
            started=f"2026-11-01T00:{index // 60:02}:{index % 60:02}+00:00",
            kind="measured",
            commit=f"{index:040x}",
            judged_at="2026-11-02T00:00:00+00:00",
            good=True,
            accepted=(),
            figures={figure: value},
        )
        for index, value in enumerate(values)
    ]


def now(*values: float) -> Current:
    """Return the runs of the judged commit."""
    points = [
        HistoryPoint(run=f"now-{index}", started="2026-11-20T00:00:00+00:00", commit="now", value=value)
        for index, value in enumerate(values)
    ]
    return Current(environment="staging", kind="measured", commit="now", points=points)


def noisy(centre: float, sigma: float, count: int) -> list[float]:
    """Return values around *centre* with a deviation of *sigma*, the same ones each time."""
    random = Random(3)
    return [random.gauss(centre, sigma) for _ in range(count)]


def outcome(values: Sequence[float], *current: float, rule: RegressionRule = RULE) -> Outcome:
    """Return the outcome of the runs *current* after a history of *values*."""
    figure = "success_percent" if rule is FALLING else "cold_start_seconds.p50"
    return judge_change(rule, now(*current), entries(values, figure)).outcome


def test_a_quarter_more_is_a_regression_against_a_quiet_history() -> None:
    """When earlier runs differ by a percent and both runs of the commit are 25 % slower, it fails."""
    assert Outcome.FAIL is outcome(noisy(40, 0.4, 20), 50, 50.3)


def test_a_quarter_more_is_no_regression_against_a_noisy_history() -> None:
    """When earlier runs differ by a sixth, 25 % is what they do anyway."""
    assert Outcome.PASS is outcome(noisy(40, 7, 20), 50, 50.3)


def test_a_single_slow_run_is_no_regression_yet() -> None:
    """One run cannot tell a slow run from a slow release: it is neither failed nor passed, and says what to do."""
    change = judge_change(RULE, now(50), entries(noisy(40, 0.4, 20)))

    assert Outcome.UNKNOWN is change.outcome
    assert "run it again" in change.reason


def test_a_slow_run_among_others_of_the_commit_is_no_regression() -> None:
    """The middle run of a commit speaks for it, and of two the better one."""
    quiet = noisy(40, 0.4, 20)

    assert [outcome(quiet, 40, 60, 40.2), outcome(quiet, 60, 40)] == [Outcome.PASS, Outcome.PASS]


def test_outliers_of_the_history_move_nothing() -> None:
    """Two runs of twenty that were three times as slow neither raise the baseline nor pass for noise."""
    change = judge_change(RULE, now(50, 50), entries([*noisy(40, 0.4, 18), 120, 130]))

    assert change.baseline == pytest.approx(40, abs=0.5)
    assert Outcome.FAIL is change.outcome


def test_the_bound_itself_is_a_regression() -> None:
    """20 % more is what the rule forbids."""
    assert [outcome([40.0] * 20, 48, 48), outcome([40.0] * 20, 47.9, 47.9)] == [Outcome.FAIL, Outcome.PASS]


def test_falling_is_a_regression_where_falling_is_bad() -> None:
    """A success rate that falls by 5 % of the baseline fails; one that rises does not."""
    steady = [98.0] * 20

    assert Outcome.FAIL is outcome(steady, 93, 93, rule=FALLING)
    assert Outcome.PASS is outcome(steady, 94, 94, rule=FALLING)
    assert Outcome.PASS is outcome(steady, 100, 100, rule=FALLING)


def test_a_slow_drift_is_a_regression() -> None:
    """One percent a release is within every bound, and forty of them are not."""
    values = [40 * 1.01**index for index in range(40)]

    change = judge_change(RULE, now(40 * 1.01**40), entries(values))

    assert change.change is not None
    assert change.change < 0.2
    assert Outcome.FAIL is change.outcome
    assert change.change_point is not None


def test_a_quiet_history_has_no_drift() -> None:
    """Noise without a change of level is no drift, with any of fifty seeds."""
    random = Random(7)
    histories = [[random.gauss(40, 4) for _ in range(60)] for _ in range(50)]

    found = [judge_change(RULE, now(40), entries(values)).change_point for values in histories]

    assert found == [None] * 50


def test_the_change_point_is_where_the_level_changes() -> None:
    """A step of 30 % after the thirtieth run is found there."""
    index, chance = change_point([*noisy(40, 1, 30), *noisy(52, 1, 20)])

    assert index == 30
    assert chance < 0.001


def test_too_few_good_runs_are_no_baseline() -> None:
    """With four good runs nothing can be told, unless the criteria allow it."""
    lenient = RULE.model_copy(update={"without_baseline": "pass"})

    assert Outcome.UNKNOWN is outcome([40.0] * 4, 40)
    assert Outcome.PASS is outcome([40.0] * 4, 40, rule=lenient)


@pytest.mark.parametrize(
    "different",
    [{"good": False}, {"kind": "modelled"}, {"environment": "production"}, {"commit": "now"}, {"figures": {}}],
)
def test_only_good_runs_of_other_commits_make_a_baseline(different: dict[str, Any]) -> None:
    """What failed, ran elsewhere, was only modelled, or is of this very commit says nothing of how it was before."""
    earlier = [replace(each, **different) for each in entries([40.0] * 20)]

    assert judge_change(RULE, now(40), earlier).runs == 0


def test_an_accepted_change_begins_a_new_baseline() -> None:
    """After a waiver has let a regression pass, later runs are compared with that run and those after it."""
    before, after = entries([40.0] * 20), entries([60.0] * 26)[20:]
    accepted = [*before, replace(after[0], accepted=("cold-start-change.staging",)), *after[1:]]

    assert Outcome.FAIL is judge_change(RULE, now(60, 60), [*before, *after[:3]]).outcome
    assert Outcome.PASS is judge_change(RULE, now(60, 60), accepted).outcome


def test_nothing_can_be_compared_with_nothing() -> None:
    """A baseline of 0 has no percentage."""
    assert Outcome.UNKNOWN is outcome([0.0] * 20, 1, 1)


@pytest.mark.parametrize(
    ("history", "runs", "verdict"),
    [
        pytest.param(noisy(_RECORDED_SECONDS, 0.3, 20), 1, Verdict.CANNOT_TELL, id="quiet-one-run"),
        pytest.param(noisy(_RECORDED_SECONDS, 0.3, 20), 5, Verdict.NO_GO, id="quiet-all-runs"),
        pytest.param(noisy(_RECORDED_SECONDS, 4, 20), 5, Verdict.GO, id="noisy"),
    ],
)
def test_a_slower_cold_start_changes_the_verdict(
    release: Release, history: list[float], runs: int, verdict: Verdict, slower: Callable[..., None]
) -> None:
    """25 % more in every run of the commit is NO-GO against a quiet history, GO against a noisy one."""
    release.remember(history)
    slower(release, runs)

    assert verdict is release.decide().verdict


@pytest.fixture
def slower() -> Callable[..., None]:
    """Return what replaces the runs on staging by so many with a cold start that is 25 % slower."""

    def slow_down(lines: list[dict[str, Any]], _record: dict[str, Any]) -> None:
        for line in lines:
            for name, value in line.get("user_properties", []):
                if name == "sample" and value["name"] == "cold_start_seconds":
                    value["value"] *= 1.25

    def replace_runs(release: Release, runs: int) -> None:
        for folder in release.root.glob("staging/2*"):
            for path in sorted(folder.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            folder.rmdir()
        for index in range(runs):
            release.run("staging", "live", hours_ago=1 - index / 10, change=slow_down)
        release.number_anew()

    return replace_runs


def test_the_page_has_what_a_plot_needs() -> None:
    """A change tells its history with the runs of the commit at its end."""
    change: Regression = judge_change(RULE, now(41, 42), entries([40.0] * 10))

    assert [each.run for each in change.history[-2:]] == ["now-0", "now-1"]
    assert len(change.history) == 12
