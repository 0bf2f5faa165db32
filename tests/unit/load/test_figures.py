"""Tests of what a load came to."""

from pathlib import Path

import pytest

from seatrials.errors import EvidenceError
from seatrials.load.figures import FailedRequest, LoadFigures, RequestFigures, read_figures


def of(name: str, count: int = 10, failed: int = 0, p95_seconds: float = 0.1) -> RequestFigures:
    """Return the figures of a kind of request."""
    return RequestFigures(
        name=name,
        count=count,
        failed=failed,
        p50_seconds=p95_seconds / 2,
        p95_seconds=p95_seconds,
        p99_seconds=p95_seconds * 2,
        maximum_seconds=p95_seconds * 3,
    )


def figures(*requests: RequestFigures, seconds: float = 10.0, failures: tuple[FailedRequest, ...] = ()) -> LoadFigures:
    """Return the figures of a load."""
    return LoadFigures(users=6, members=2, seconds=seconds, requests=requests, failures=failures)


def test_the_gate_is_told_the_worst_of_each_promise() -> None:
    """Of the kinds that one promise is about the slowest counts; all requests count for rate and failures."""
    seen = figures(
        of("activate", p95_seconds=0.4),
        of("page", count=30, p95_seconds=0.2),
        of("deactivate", count=8),
        of("ping", 2, 5),
    )

    assert {name: (value, unit) for name, value, unit in seen.samples()} == {
        "load_failed_percent": (10.0, "percent"),
        "load_requests_per_second": (5.0, "per second"),
        "load_api_p95_seconds": (0.4, "seconds"),
        "load_visits": (8, "visits"),
    }


def test_a_load_of_nothing_shows_nothing() -> None:
    """Where nobody asked for anything, there is no time that could be good."""
    assert list(figures(seconds=0.0).samples()) == [
        ("load_failed_percent", 0.0, "percent"),
        ("load_requests_per_second", 0.0, "per second"),
        ("load_visits", 0, "visits"),
    ]


def test_failed_requests_are_told_one_by_one() -> None:
    """The message has how many failed of how many, and of each that is kept its visit and what was seen."""
    failed = FailedRequest(at_seconds=1.0, visitor="visit 3 of process-7", name="page", told="expected 200, got <…>")

    told = figures(of("page", count=10, failed=1), failures=(failed,)).failures_told()

    assert told.splitlines() == [
        "1 of 10 requests were not answered as promised:",
        "  page, in visit 3 of process-7: expected 200, got <…>",
    ]
    assert figures(of("page")).failures_told() == ""


def test_the_table_has_a_line_for_each_kind() -> None:
    """People see counts and percentiles by kind."""
    assert figures(of("page", count=1200, p95_seconds=0.25)).as_text() == [
        "request        count  failed    p50 s    p95 s    p99 s    max s",
        "page            1200       0    0.125    0.250    0.500    0.750",
    ]


@pytest.mark.parametrize("content", [None, "", "{}", '{"users": "x"}'])
def test_figures_that_are_not_whole_are_refused(tmp_path: Path, content: str | None) -> None:
    """A load whose figures are not there, or are no figures, is no load."""
    path = tmp_path / "load.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")

    with pytest.raises(EvidenceError, match=r"the load ended without its figures in .*load\.json"):
        read_figures(path)
