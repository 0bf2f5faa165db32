"""Runs are read with all that keeps them from being whole, and nothing on disk stops the reader."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrials.evidence.folder import EvidenceFolder, MatrixFolder, RunFolder
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import read_mutants, read_newest, read_others, read_runs
from seatrials.evidence.record import KillsRecord, MatrixRecord, MatrixRun, MutantRecord, RowRecord, RunRecord
from tests.support.aws import Json
from tests.support.release import COMMIT, Release

TEST = "tests/test_x.py::test_x"
STARTED = "2026-11-25T08:00:00.500+00:00"
NAME = "20261125T080000Z-7"
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def write_run(evidence: Path, name: str = NAME, **changes: object) -> RunFolder:
    """Write a whole run of one row that has passed, whose record has *changes*."""
    folder = RunFolder(evidence / "mock" / name)
    folder.path.mkdir(parents=True)
    (folder.path / "timeline").mkdir()
    folder.write_rows({"COLD-01": RowRecord(nodeid=TEST, scope="staging")})
    folder.report_log.write_text("".join(f"{json.dumps(line)}\n" for line in log_lines()))
    record = RunRecord(
        environment="mock",
        kind="mock",
        commit="c" * 40,
        dirty=False,
        started=STARTED,
        ended=STARTED,
        exit_status=0,
        rows={"COLD-01": TEST},
        usage={"log_bytes": 1.0},
    )
    folder.write_usage("COLD-01", {"log_bytes": 1.0})
    folder.write_run(record.model_copy(update=changes))
    folder.write_seal()
    return folder


def log_lines() -> Iterator[dict[str, Any]]:
    """Yield the lines of a report log."""
    yield {"$report_type": "SessionStart"}
    sample = ["sample", {"name": "api_seconds", "value": 0.2, "unit": "seconds", "kind": "modelled"}]
    for when in ("setup", "call", "teardown"):
        told = [["platform_seconds", 2.5], ["calls", 3], sample] if when == "call" else []
        report = {"$report_type": "TestReport", "nodeid": TEST, "when": when, "outcome": "passed", "longrepr": None}
        yield {**report, "duration": 0.1, "user_properties": told}
    yield {"$report_type": "SessionFinish", "exitstatus": 0}


def write_matrix(evidence: Path, name: str = NAME, **run: Json) -> MatrixFolder:
    """Write a kill matrix of one mutant."""
    folder = MatrixFolder(evidence / "mutants" / name)
    folder.path.mkdir(parents=True)
    record = MatrixRecord(
        run=MatrixRun(expected=("deaf",), **run),
        mutants={"deaf": MutantRecord(killed_by=("COLD-01",))},
        scenarios={"COLD-01": KillsRecord(kills=("deaf",))},
        problems=(),
    )
    folder.write(record, "# Kill matrix")
    return folder


def newest(evidence: Path) -> str:
    """Return the name of the newest run."""
    run = read_newest(evidence, "mock")
    assert run is not None
    return run.id


def test_a_whole_run_has_no_problem(tmp_path: Path) -> None:
    """Its results, samples and what it says of itself are read."""
    write_run(tmp_path)

    (run,) = read_runs(tmp_path, "mock")
    assert (run.problems, run.kind, run.commit) == ((), "modelled", "c" * 40)
    assert (run.results["COLD-01"].outcome, run.results["COLD-01"].seconds) == (CellOutcome.PASSED, 2.5)
    assert (
        run.success_percent,
        run.usage,
        [sample.name for sample in run.samples],
    ) == (100.0, {"log_bytes": 1.0}, ["api_seconds"])


def test_without_runs_there_is_no_newest(tmp_path: Path) -> None:
    """Neither where nothing ran, nor where nothing is."""
    assert (read_newest(tmp_path, "mock"), read_runs(tmp_path, "mock"), read_mutants(tmp_path)) == (None, [], None)


def test_the_newest_run_is_the_one_that_began_last(tmp_path: Path) -> None:
    """What its record says decides, whatever its folder is called."""
    write_run(tmp_path, "20261125T080000Z-7", started="2026-11-25T08:00:02.000+00:00")
    write_run(tmp_path, "20261125T080001Z-7", started="2026-11-25T10:00:01.000+02:00")
    write_run(tmp_path, "of-another-name", started="2026-11-25T07:00:00.000+00:00")

    assert newest(tmp_path) == "20261125T080000Z-7"


def test_a_copy_of_a_run_is_the_same_run(tmp_path: Path) -> None:
    """A folder that was restored twice proves no more than once, and is told."""
    folder = write_run(tmp_path)
    shutil.copytree(folder.path, folder.path.with_name("20261125T080000Z-6"))

    (run,) = read_runs(tmp_path, "mock")
    assert run.problems == (f"20261125T080000Z-6 is the same run as {NAME}, and counts once: remove the copy",)


def test_of_two_runs_that_began_at_once_the_name_decides(tmp_path: Path) -> None:
    """One of them must be the newest, and always the same one."""
    for name in ("20261125T080000Z-7", "20261125T080000Z-8"):
        write_run(tmp_path, name)

    assert newest(tmp_path) == "20261125T080000Z-8"


def test_a_run_that_does_not_say_is_not_overlooked(tmp_path: Path) -> None:
    """It is the last one of the second of its name: a killed run must not be hidden by one that went well."""
    write_run(tmp_path, "20261125T080000Z-8")
    (tmp_path / "mock/20261125T080000Z-7").mkdir()
    (tmp_path / "mock/of-another-name").mkdir()

    assert newest(tmp_path) == "20261125T080000Z-7"


def test_a_link_to_another_run_is_told(tmp_path: Path) -> None:
    """`latest` is checked and not believed."""
    write_run(tmp_path, "20261125T080000Z-7")
    write_run(tmp_path, "20261125T080000Z-8")
    EvidenceFolder(tmp_path).runs("mock").latest.symlink_to("20261125T080000Z-7")

    run = read_newest(tmp_path, "mock")
    assert run is not None
    assert run.problems == ("latest leads to 20261125T080000Z-7, and 20261125T080000Z-8 is newer",)


def test_the_newest_matrix_is_the_one_that_began_last(tmp_path: Path) -> None:
    """By the same rule as runs."""
    last = write_matrix(tmp_path, "20261125T080000Z-7", started="2026-11-25T08:00:02.000+00:00")
    write_matrix(tmp_path, "20261125T080001Z-7", started="2026-11-25T08:00:01.000+00:00")
    write_matrix(tmp_path, "20261125T080002Z-7", started="2026-11-25T08:00:00.000+00:00")

    evidence = read_mutants(tmp_path)
    assert evidence is not None
    assert (last.record, {"deaf": ("COLD-01",)}) == (evidence.path, evidence.killed_by)


def test_without_its_record_a_run_has_the_rows_beside_it(tmp_path: Path) -> None:
    """What it set out to run is known, and what became of it; that it is not whole is told."""
    folder = write_run(tmp_path)
    folder.record.unlink()

    run = read_newest(tmp_path, "mock")
    assert run is not None
    assert ({"COLD-01": TEST}, RunRecord()) == (run.rows, run.record)
    assert run.problems == ("run.json cannot be read: No such file or directory", "run.json is missing")


@pytest.mark.parametrize("status", [0, 1])
def test_a_run_ends_in_order_with_passes_and_with_failures(tmp_path: Path, status: int) -> None:
    """Any other end means that not every test was tried."""
    write_run(tmp_path, exit_status=status)
    told = [problem for run in read_runs(tmp_path, "mock") for problem in run.problems]

    assert not any("not every test was tried" in problem for problem in told)


def damaged(value: Json, data: st.DataObject) -> Json:
    """Return *value* with something in it, or all of it, replaced by junk."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        name = data.draw(st.sampled_from(sorted(value)))
        return {**value, name: damaged(value[name], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], damaged(value[index], data), *value[index + 1 :]]
    return data.draw(JUNK)


def damage(path: Path, data: st.DataObject) -> None:
    """Cut a file off, put bytes in its middle, or make nonsense of one of its values."""
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content)))
    match data.draw(st.sampled_from(["cut", "bytes", "value"])):
        case "cut":
            path.write_bytes(content[:place])
        case "bytes":
            path.write_bytes(content[:place] + data.draw(st.binary(max_size=4)) + content[place + 2 :])
        case _:
            lines = content.decode().splitlines() if path.suffix == ".jsonl" else [content.decode()]
            index = data.draw(st.integers(0, len(lines) - 1))
            lines[index] = json.dumps(damaged(json.loads(lines[index]), data))
            path.write_text("\n".join(lines) + "\n")


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_nothing_stops_the_reader(data: st.DataObject) -> None:
    """Whatever is done to files of a run, it is read, and it is told."""
    with tempfile.TemporaryDirectory() as name:
        evidence = Path(name)
        folder = write_run(evidence)
        path = data.draw(st.sampled_from([folder.record, folder.rows, folder.report_log, folder.seal]))
        before = path.read_bytes()
        damage(path, data)

        run = read_runs(evidence, "mock")[-1]
        assert bool(run.problems) or path.read_bytes() == before


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_nothing_stops_the_reader_of_matrices(data: st.DataObject) -> None:
    """Whatever is done to a kill matrix, something is read of it, and what is not the matrix is no proof."""
    with tempfile.TemporaryDirectory() as name:
        damage(write_matrix(Path(name), commit="c" * 40, started=STARTED).record, data)

        assert read_mutants(Path(name)) is not None


def test_a_run_of_the_commit_is_found_behind_one_of_another(tmp_path: Path) -> None:
    """What went wrong on a commit is not hidden by a later run of another one, on an environment that nobody judges."""
    release = Release(tmp_path)
    release.run("rehearsal", "rehearsal", hours_ago=2.0, scope="staging")
    release.made_of = "d" * 40
    release.run("rehearsal", "rehearsal", hours_ago=1.0, scope="staging")

    assert [run.commit for run in read_others(tmp_path, ["mock"], COMMIT[:7])] == [COMMIT]
    assert [run.commit for run in read_others(tmp_path, ["mock"], "d" * 40)] == ["d" * 40]
    assert [run.commit for run in read_others(tmp_path, ["mock"], "e" * 40)] == ["d" * 40]
    assert [run.commit for run in read_others(tmp_path, ["mock"])] == ["d" * 40]
    assert read_others(tmp_path, ["rehearsal"], COMMIT) == []
