"""What a plot is drawn from: the samples of a metric, its budget, its baseline."""

import pytest

from seatrials.gate.decision import Series
from tests.support.release import Release


@pytest.fixture
def series(release: Release) -> dict[str, Series]:
    """Return the series on staging, by metric."""
    return {each.metric: each for each in release.decide().series if each.environment == "staging"}


def test_samples_of_all_runs_of_the_commit_count(series: dict[str, Series]) -> None:
    """Five runs have five cold starts, measured."""
    found = series["cold_start_seconds"]

    assert found.count == 5
    assert len(found.samples) == 5
    assert found.kind == "measured"
    assert found.p50 == pytest.approx(23.619992)


def test_a_series_has_its_budget_and_baseline(series: dict[str, Series]) -> None:
    """The bound that the criteria set, on its statistic, and the median of the runs before."""
    found = series["cold_start_seconds"]

    assert (found.budget, found.budget_statistic) == (60, "p99")
    assert found.baseline == pytest.approx(23.619992)
    assert len(found.history) == 15


def test_a_lower_bound_is_a_budget_too(series: dict[str, Series]) -> None:
    """Of files retained there must be all."""
    assert (
        series["files_retained_percent"].budget,
        series["files_retained_percent"].budget_statistic,
    ) == (100, "minimum")


def test_a_metric_without_a_bound_has_no_budget(series: dict[str, Series]) -> None:
    """The legs of a cold start are shown, and judged by nobody."""
    assert series["cold_start_route_seconds"].budget is None


def test_a_plot_is_not_drawn_from_more_than_it_can_show(series: dict[str, Series]) -> None:
    """Of many samples evenly chosen ones are kept, the least and the greatest among them."""
    found = series["file_operation_seconds"]

    assert (found.count, len(found.samples)) == (590, 200)
    assert (found.minimum, found.maximum) == (found.samples[0], found.samples[-1])


def test_kinds_are_never_mixed(release: Release) -> None:
    """Modelled samples on mock and measured ones on staging are series of their own."""
    kinds = {(each.environment, each.kind) for each in release.decide().series}

    assert {("mock", "modelled"), ("staging", "measured"), ("production", "measured")} == kinds
