"""Where evidence stands, and how it gets there."""

import ast
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seatrials.errors import ConfigurationError
from seatrials.evidence.folder import EvidenceFolder, RunFolder, second_of
from seatrials.evidence.record import RowRecord, RunRecord
from seatrials.evidence.recorder import Recorder
from tests.support.project import PROJECT

SOURCE = PROJECT / "src/seatrials"
# Names of the layout that mean nothing else, and those that are words of other things too.
FILES = (
    "run.json",
    "rows.json",
    "seal.json",
    "report-log.jsonl",
    "kill-matrix.json",
    "kill-matrix.md",
    "history.jsonl",
)
FOLDERS = (
    "gate",
    "mutants",
    "report",
    "published",
    "latest",
    "timeline",
    "allure-results",
    "journal",
    "usage",
    "turns",
    "chains",
    "current",
)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """Return the folder of a run."""
    return RunFolder.create(tmp_path, "mock")


def test_latest_is_the_newest_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run has a folder of its own, and the link `latest` leads to the newest."""
    times = iter(["2026-11-22T10:00:00.000+00:00", "2026-11-22T10:00:01.000+00:00"])
    monkeypatch.setattr("seatrials.evidence.folder.wall_timestamp", lambda: next(times))

    first = RunFolder.create(tmp_path, "mock")
    second = RunFolder.create(tmp_path, "mock")

    assert first.path != second.path
    assert first.path.is_dir()
    assert second.path == (tmp_path / "mock/latest").resolve()


def test_two_runs_may_begin_in_one_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of one process and one second do not share a folder."""
    monkeypatch.setattr("seatrials.evidence.folder.wall_timestamp", lambda: "2026-11-22T10:00:00.000+00:00")

    assert RunFolder.create(tmp_path, "mock").path != RunFolder.create(tmp_path, "mock").path


def test_a_record_is_read_as_it_was_written(folder: RunFolder) -> None:
    """Of what was written twice the second is there, whole, and nothing beside it."""
    folder.write_run(RunRecord(environment="mock", seed=1))
    folder.write_run(RunRecord(environment="mock", seed=2, leftovers=("session a",)))

    written = RunRecord.model_validate_json(folder.record.read_bytes())
    assert RunRecord(environment="mock", seed=2, leftovers=("session a",)) == written
    assert sorted(each.name for each in folder.path.iterdir()) == ["run.json", "timeline"]


def test_rows_are_read_by_another_process(folder: RunFolder) -> None:
    """Before they are written there are none."""
    rows = {"COLD-01": RowRecord(nodeid="test_cold_start.py::test_x", scope="staging")}

    before = folder.read_rows()
    folder.write_rows(rows)
    assert ({}, rows) == (before, folder.read_rows())


def test_leftovers_of_all_processes_are_one_list(folder: RunFolder) -> None:
    """That nobody looked is told apart from that nothing was found; what was found is redacted."""
    nobody = folder.read_leftovers()
    folder.write_leftovers("gw0", [])
    nothing = folder.read_leftovers()
    folder.write_leftovers("gw1", ["session of anna@example.com"])

    assert (nobody, nothing) == (None, ())
    assert folder.read_leftovers() == ("session of a***@example.com",)


def test_usage_adds_up(folder: RunFolder) -> None:
    """What a run used is what its scenarios used."""
    folder.write_usage("COLD-01", {"http_requests": 2, "log_bytes": 0.5})
    folder.write_usage("COLD-02", {"http_requests": 1})

    assert folder.read_usage() == {"http_requests": 3.0, "log_bytes": 0.5}


def test_a_timeline_is_redacted(folder: RunFolder) -> None:
    """The platform's events go through redaction on their way to the disk."""
    folder.write_timeline("COLD-01", ['{"subject":"anna@example.com"}', '{"subject":"x"}'])

    lines = (folder.path / "timeline/COLD-01.jsonl").read_text().splitlines()
    assert lines == ['{"subject":"a***@example.com"}', '{"subject":"x"}']


def test_a_timeline_stays_json(folder: RunFolder) -> None:
    """A line of JSON is one after a secret in it has vanished, at any depth."""
    line = json.dumps({"kind": "call", "body": json.dumps({"token": "abc"}), "details": {"token": "def"}})

    folder.write_timeline("COLD-01", [line])

    text = (folder.path / "timeline/COLD-01.jsonl").read_text()
    assert json.loads(text) == {"kind": "call", "body": '{"token": [redacted]}', "details": {"token": "[redacted]"}}


def test_notes_are_redacted(folder: RunFolder) -> None:
    """What is said beside a timeline goes through redaction too: a container may log anything."""
    folder.write_notes("COLD-01", ['{"after":1,"kind":"log","line":"asked by anna@example.com, token=abc"}'])

    text = folder.notes_of("COLD-01").read_text()
    assert json.loads(text) == {"after": 1, "kind": "log", "line": "asked by a***@example.com, token=[redacted]"}


def test_a_scenario_is_written_with_steps_and_samples(folder: RunFolder) -> None:
    """The steps and samples of a scenario can be read back, with the machine's time beside the platform's."""
    recorder = Recorder(lambda: 1000.0, "modelled")
    recorder.step("looked", status=200)
    recorder.sample("seconds", 1.5, "seconds")

    folder.write_scenario("COLD-01", recorder, 990.0)

    written = json.loads((folder.path / "timeline/COLD-01.steps.json").read_text())
    walls = [written["clock"].pop("began_wall"), written["steps"][0].pop("wall"), written["clock"].pop("ended_wall")]
    assert walls == sorted(walls)
    assert [datetime.fromisoformat(each).tzinfo for each in walls] == [UTC] * 3
    assert written == {
        "clock": {"began_seconds": 1000.0, "ended_seconds": 1000.0, "timeline_seconds": 990.0},
        "steps": [{"at_seconds": 0.0, "title": "looked", "details": {"status": 200}}],
        "samples": [{"name": "seconds", "value": 1.5, "unit": "seconds", "kind": "modelled"}],
    }


def test_an_environment_is_what_something_ran_on(tmp_path: Path) -> None:
    """Decisions, mutants, reports and notes of what was published are none, and neither is a stranger's folder."""
    RunFolder.create(tmp_path, "mock")
    RunFolder.create(tmp_path, "staging")
    evidence = EvidenceFolder(tmp_path)
    evidence.mutants.create()
    evidence.reports.create()
    (evidence.chains.path / "0123456789abcdef").mkdir(parents=True)
    (evidence.gate / "20261122T100000Z-1").mkdir(parents=True)
    (evidence.published / "staging").mkdir(parents=True)
    (tmp_path / "notes" / "2026").mkdir(parents=True)
    (tmp_path / "readme.txt").write_text("of no run")

    assert evidence.environments() == ["mock", "staging"]


def test_without_evidence_there_is_no_environment(tmp_path: Path) -> None:
    """A folder that is not there is empty."""
    assert EvidenceFolder(tmp_path / "none").environments() == []


@pytest.mark.parametrize("name", ["chains", "gate", "mutants", "published", "report"])
def test_an_environment_cannot_be_called_what_is_something_else(tmp_path: Path, name: str) -> None:
    """Its runs would be taken for decisions, or decisions for its runs."""
    with pytest.raises(ConfigurationError, match="rename it"):
        RunFolder.create(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("20261122T100000Z-7", 1_795_341_600),
        ("20261122T100000Z-7-2", 1_795_341_600),
        ("latest", None),
        ("20261322T100000Z-7", None),
        ("staging", None),
    ],
)
def test_a_folder_tells_its_second(name: str, second: int | None) -> None:
    """In UTC, whatever process made it; what is called otherwise tells none."""
    assert second == second_of(Path(name))


def test_what_is_judged_is_sealed(folder: RunFolder) -> None:
    """All that a judgement may rest on has a checksum, the record included, and not what is for people."""
    folder.write_run(RunRecord())
    folder.write_rows({})
    folder.write_usage("COLD-01", {})
    folder.report_log.write_text("")
    folder.allure_results.mkdir()
    (folder.allure_results / "x-result.json").write_text("{}")

    folder.write_seal()
    sealed = json.loads(folder.seal.read_text())
    folder.write_seal()

    assert sorted(sealed) == ["report-log.jsonl", "rows.json", "run.json", "timeline/COLD-01.usage.json"]
    assert sealed == json.loads(folder.seal.read_text())


def test_nobody_else_knows_the_layout() -> None:
    """Names of the evidence's files and folders stand in one module; others ask it."""
    known = [path for path in SOURCE.rglob("*.py") if path != SOURCE / "evidence/folder.py"]
    told = [f"{path.relative_to(SOURCE)}: {name}" for path in known for name in _names_in(path)]

    # Allure works in a folder of its own, which has a history and a page too.
    assert told == ["report/report.py: history.jsonl"]


def _names_in(path: Path) -> list[str]:
    tree = ast.parse(path.read_text())
    joined = [node.right for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]
    constants = [each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)]
    folders = [each.value for each in joined if isinstance(each, ast.Constant) and each.value in FOLDERS]
    return [*(str(each) for each in folders), *(each for each in constants if each in FILES)]
