"""A release whose evidence is whole and good, in the form that a recorded run has, to be damaged by tests."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

from seatrials.evidence import reader
from seatrials.evidence.report_log import parse_report_log
from tests.support.release import Release, earlier_run

# One test tries the contents that the test before has tried, with another seal.
_parse_once = lru_cache(maxsize=512)(parse_report_log)


@pytest.fixture(scope="module", autouse=True)
def _logs_are_parsed_once() -> Iterator[None]:
    """Let a report log of the same bytes be parsed once: of all files that are tampered with, most are as before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "parse_report_log", _parse_once)
        yield
    _parse_once.cache_clear()


@pytest.fixture(scope="session")
def whole_release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Return a release that may go out by the shipped criteria, with ten earlier ones in its history."""
    release = Release(tmp_path_factory.mktemp("evidence"))
    release.run("mock", "mock")
    for hours_ago in (5.0, 4.0, 3.0, 2.0, 1.0):
        release.run("staging", "live", hours_ago)
    release.run("production", "live")
    release.mutants()
    entries = release.judgement().entries
    release.history = [replace(entry, good=True, **earlier_run(index, 10)) for index in range(10) for entry in entries]
    return release


@pytest.fixture
def release(whole_release: Release, tmp_path: Path) -> Release:
    """Return a copy of the whole release, for one test to damage."""
    return whole_release.copied(tmp_path / "evidence")


@pytest.fixture
def bare(tmp_path: Path) -> Release:
    """Return a release without any evidence."""
    return Release(tmp_path / "evidence")
