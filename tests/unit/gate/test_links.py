"""A row leads to its entry in Allure's report and to its timeline, where they are there."""

import hashlib
import json
from pathlib import Path

import pytest

from seatrials.evidence.reader import RunEvidence, read_newest
from seatrials.gate.links import links_from
from tests.support.release import Release

UUID = "bc91588b-acd7-4ad8-94eb-ea9e0ce1710c"
ENTRY = hashlib.md5(UUID.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def run(bare: Release) -> RunEvidence:
    """Return a run whose row COLD-07 Allure has a result of, among files that are none."""
    results = bare.run("mock", "mock") / "allure-results"
    results.mkdir()
    labels = [{"name": "suite", "value": "x"}, {"name": "as_id", "value": "COLD-07"}]
    (results / "a-result.json").write_text(json.dumps({"uuid": UUID, "labels": labels}))
    for name, content in (("b", '{"uu'), ("c", "7"), ("d", '{"uuid": 1}'), ("e", '{"labels": [7]}')):
        (results / f"{name}-result.json").write_text(content)
    found = read_newest(bare.root, "mock")
    assert found is not None
    return found


def test_a_row_leads_to_its_entry(run: RunEvidence, tmp_path: Path) -> None:
    """The entry is the one that the report has, and the way begins at the decision's folder."""
    folder, report = tmp_path / "gate/one", tmp_path / "report/la test/index.html"
    report.parent.mkdir(parents=True)
    report.write_text(f"data/test-results/{ENTRY}.json")

    found = links_from(folder, report)(run, "COLD-07")
    assert (found.allure, found.timeline) == (f"../../report/la%20test/index.html#{ENTRY}", None)
    assert links_from(folder, report)(run, "COLD-08").allure is None


def test_a_report_of_other_runs_is_not_linked(run: RunEvidence, tmp_path: Path) -> None:
    """A link that leads nowhere costs whoever follows it a minute."""
    report = tmp_path / "index.html"
    assert links_from(tmp_path, report)(run, "COLD-07").allure is None

    report.write_text("another report")
    assert links_from(tmp_path, report)(run, "COLD-07").allure is None


def test_a_timeline_is_linked_when_it_was_made(run: RunEvidence, tmp_path: Path) -> None:
    """Each row has a page of its own."""
    page = run.folder.timeline_page("COLD-07")
    page.parent.mkdir()
    page.write_text("<html>")
    link = links_from(run.path, tmp_path / "none.html")

    assert [link(run, row).timeline for row in ("COLD-07", "COLD-08")] == ["pages/COLD-07.html", None]
