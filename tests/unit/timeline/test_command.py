"""`seatrials timeline`: which run and row it takes, where it writes, and how it tells what is wrong."""

import html
import json
from pathlib import Path

import pytest

from seatrials import cli
from seatrials.evidence.folder import EvidenceFolder
from seatrials.evidence.reader import RunEvidence, read_newest
from seatrials.timeline.command import write_failed, write_timeline
from tests.support.timeline_run import GOOD_ROW, MESSAGE, ROW, TEST, write_run


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and all that it said."""
    monkeypatch.setattr("sys.argv", ["seatrials", "timeline", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    return int(str(ended.value.code)), said.out + said.err


def newest(evidence: Path) -> RunEvidence:
    """Return the run on the mock as the gate reads it."""
    run = read_newest(evidence, "mock")
    assert run is not None
    return run


@pytest.mark.parametrize("row", [ROW, ROW.lower(), TEST, TEST.rpartition("::")[2]])
def test_a_row_is_found_by_its_id_and_by_its_test(tmp_path: Path, row: str) -> None:
    """However it is called, its page is written in the run's folder."""
    folder = write_run(tmp_path)

    assert write_timeline("mock", row, evidence=tmp_path, out=None, form="html") == folder.timeline_page(ROW).resolve()
    assert f"<title>failed: {ROW}</title>" in folder.timeline_page(ROW).read_text()


def test_a_folder_is_a_run_too(tmp_path: Path) -> None:
    """A run that was downloaded stands below no environment."""
    folder = write_run(tmp_path / "evidence")
    moved = folder.path.rename(tmp_path / "downloaded")

    written = write_timeline(str(moved), ROW, evidence=tmp_path, out=tmp_path / "a" / "b.html", form="html")

    assert written == tmp_path / "a" / "b.html"
    assert written.is_file()


def test_a_run_without_a_row_has_a_page_that_leads_to_all(tmp_path: Path) -> None:
    """Those that failed stand first, and each has a page of its own beside it."""
    folder = write_run(tmp_path)

    index = write_timeline("mock", None, evidence=tmp_path, out=None, form="html").read_text()

    assert index.index(f'href="{ROW}.html"') < index.index(f'href="{GOOD_ROW}.html"')
    assert folder.timeline_page(ROW).is_file()
    assert folder.timeline_page(GOOD_ROW).is_file()


@pytest.mark.parametrize(("form", "ending"), [("perfetto", ".perfetto.json"), ("otlp", ".otlp.jsonl")])
def test_other_formats_stand_beside_the_page(tmp_path: Path, form: str, ending: str) -> None:
    """Each is called after its row and its format."""
    write_run(tmp_path)

    written = write_timeline("mock", ROW, evidence=tmp_path, out=None, form=form)

    assert written.name == f"{ROW}{ending}"
    assert json.loads(written.read_text())


def test_pages_leave_the_evidence_as_it_was(tmp_path: Path) -> None:
    """A run that is sealed has the same problems before and after, and so the same decision."""
    write_run(tmp_path).write_seal()
    before = read_newest(tmp_path, "mock")

    write_timeline("mock", None, evidence=tmp_path, out=None, form="html")

    after = read_newest(tmp_path, "mock")
    assert before is not None
    assert after is not None
    assert after.problems == before.problems


def test_the_failed_rows_of_a_run_are_written_together(tmp_path: Path) -> None:
    """What a report links to is there."""
    folder = write_run(tmp_path)

    assert write_failed(newest(tmp_path)) == {ROW: folder.timeline_page(ROW)}


def test_a_page_tells_of_the_run_as_it_was_judged(tmp_path: Path) -> None:
    """Neither the record nor the log is read again: whoever changes them meanwhile changes nothing of the page."""
    folder = write_run(tmp_path)
    judged = newest(tmp_path)
    folder.record.unlink()
    folder.report_log.unlink()

    (page,) = write_failed(judged).values()

    assert MESSAGE in html.unescape(page.read_text())


def test_a_run_that_says_nothing_of_rows_has_no_page(tmp_path: Path) -> None:
    """A folder in which there is nothing is a killed run, of no row."""
    EvidenceFolder(tmp_path).runs("mock").create()

    assert write_failed(newest(tmp_path)) == {}


def test_a_page_s_address_leads_from_a_report_to_it(tmp_path: Path) -> None:
    """Reports and decisions stand in a folder of theirs below the same evidence."""
    folder = write_run(tmp_path)
    write_failed(newest(tmp_path))
    report = EvidenceFolder(tmp_path).reports.create()

    assert (report / folder.timeline_address(ROW)).resolve() == folder.timeline_page(ROW).resolve()
    assert (report / folder.timeline_address(ROW)).is_file()


def test_a_link_says_in_words_where_the_page_is(tmp_path: Path) -> None:
    """Allure shows a link's name alone where its address is relative."""
    folder = write_run(tmp_path)

    link = folder.timeline_link(ROW)

    assert link["url"] == folder.timeline_address(ROW)
    assert (tmp_path / link["name"].removeprefix("timeline: ")).resolve() == folder.timeline_page(ROW).resolve()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nobody"], 77, "'nobody' is neither the folder of a run nor an environment with one: the environments in"),
        ([""], 77, "is neither the folder of a run"),
        (["../mock"], 77, "is neither the folder of a run"),
        (["gate"], 64, "rename it"),
        (["x" * 5_000], 77, "File name too long"),
        (["mock", "COLD-99"], 64, "has no row and no test 'COLD-99'; did you mean"),
        (["mock", ROW, "--format", "pdf"], 64, "--format pdf"),
        (["mock", ROW, "--out", "/dev/null/x"], 77, "the timeline cannot be written: "),
        ([], 64, "Missing argument"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_code(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    """Wrong use is 64, evidence that is not there or cannot be written is 77."""
    write_run(tmp_path)

    found, said = run(capsys, monkeypatch, "--evidence", str(tmp_path), *arguments)

    assert found == code
    assert words in said
    assert said.count("\n") == 1


def test_without_any_evidence_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is not there has no environments."""
    code, said = run(capsys, monkeypatch, "--evidence", str(tmp_path / "none"), "mock")

    assert code == 77
    assert "has no run at all" in said


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", ".", "x" * 300 + "/", "\u202e"])
def test_a_row_that_is_no_id_gets_no_file(tmp_path: Path, name: str) -> None:
    """What evidence calls a row may be anything, and a file is called after an id of the catalogue only."""
    folder = write_run(tmp_path, record={"rows": {name: TEST, GOOD_ROW: TEST}})

    index = write_timeline("mock", None, evidence=tmp_path, out=None, form="html")

    assert sorted(each.name for each in index.parent.iterdir()) == [f"{GOOD_ROW}.html", "index.html"]
    assert write_failed(newest(tmp_path)) == {GOOD_ROW: folder.timeline_page(GOOD_ROW)}


def test_a_damaged_record_is_told_in_the_page(tmp_path: Path) -> None:
    """The rows come from `rows.json` then, if that is there."""
    folder = write_run(tmp_path)
    folder.record.write_text('{"environment": "mo')
    folder.rows.write_text(json.dumps({ROW: {"nodeid": TEST, "scope": "mock"}}))

    text = write_timeline(str(folder.path), ROW, evidence=tmp_path, out=None, form="html").read_text()

    assert "run.json is cut off or damaged" in text
