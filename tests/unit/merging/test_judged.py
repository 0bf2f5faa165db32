"""A run that was put together of shards is judged as one that ran as one, by the shipped criteria."""

from pathlib import Path

import pytest

from seatrials.evidence.reader import read_newest
from seatrials.gate.decision import Criterion, Decision, Verdict
from seatrials.gate.signers import Signers
from seatrials.merging.command import merge_shards
from seatrials.output.output import Output
from tests.support.release import ROW, Change, Lines, Record, Release, reports, skipped

SHARDS = 4


def passing(_lines: Lines, _record: Record) -> None:
    """Change nothing."""


def failing(lines: Lines, record: Record) -> None:
    """Let a row fail."""
    call = next(line for line in reports(lines, record) if line["when"] == "call")
    call |= {"outcome": "failed", "longrepr": {"reprcrash": {"message": "assert 1 == 2", "path": "x", "lineno": 1}}}
    record["exit_status"] = 1


def crashing(lines: Lines, record: Record) -> None:
    """Let a row end with its worker."""
    setup, *rest = reports(lines, record)
    setup |= {"outcome": "failed", "when": "???", "longrepr": "worker 'gw0' crashed", "user_properties": []}
    lines[:] = [line for line in lines if line not in rest]
    record |= {"exit_status": 1, "crashed": [ROW]}


def part(number: int, change: Change) -> Change:
    """Return what makes a shard of a whole run, in which a row was *changed*."""

    def changed(lines: Lines, record: Record) -> None:
        chosen = record["rows"]
        record["rows"] = {
            row: test for index, (row, test) in enumerate(sorted(chosen.items())) if index % SHARDS == number - 1
        }
        tests = {*record["rows"].values()}
        lines[:] = [line for line in lines if line["$report_type"] != "TestReport" or line["nodeid"] in tests]
        record["usage"] = {name: round(amount / SHARDS, 6) for name, amount in record["usage"].items()}
        record["shard"] = {
            "number": number,
            "of": SHARDS,
            "options": {},
            "chosen": sorted(chosen.values()),
            "tests": sorted(tests),
        }
        if ROW in record["rows"]:
            change(lines, record)

    return changed


def release(root: Path) -> Release:
    """Return a release that has all but a run on the mock."""
    made = Release(root)
    made.run("staging", "live")
    made.run("production", "live")
    made.mutants()
    return made


def shards(root: Path, change: Change) -> list[Path]:
    """Return the evidence of four shards of a run on the mock, each of a machine of its own."""
    found = [root / f"s{number}" for number in range(1, SHARDS + 1)]
    for number, folder in enumerate(found, 1):
        Release(folder).run("mock", "mock", hours_ago=1.01 - number / 100, change=part(number, change))
    return found


def said(decision: Decision) -> list[tuple[object, ...]]:
    """Return what a decision says of each criterion, without the names of runs."""
    return [_said(each) for each in decision.criteria]


def _said(criterion: Criterion) -> tuple[object, ...]:
    named = criterion.id in ("run.mock", "commit")
    return criterion.id, criterion.outcome, criterion.value, criterion.samples, "" if named else criterion.reason


@pytest.mark.parametrize("change", [passing, failing, skipped, crashing])
def test_a_merged_run_is_judged_as_one_run(tmp_path: Path, change: Change) -> None:
    """Whatever became of a row, each criterion has the same outcome, of the same value, for the same reason."""
    one, merged = release(tmp_path / "one"), release(tmp_path / "merged")
    one.run("mock", "mock", change=change)
    merge_shards(shards(tmp_path, change), merged.root, Signers(), None, Output(as_json=False))

    judged, expected = merged.decide(), one.decide()
    assert said(judged) == said(expected)
    assert judged.verdict is expected.verdict
    assert [row.cells[0].outcome for row in judged.matrix] == [row.cells[0].outcome for row in expected.matrix]


def test_what_one_run_lets_out_the_merged_run_does(tmp_path: Path) -> None:
    """The shards of a good run are a good run, without a problem."""
    merged = release(tmp_path / "merged")
    merge_shards(shards(tmp_path, passing), merged.root, Signers(), None, Output(as_json=False))

    run = read_newest(merged.root, "mock")
    assert run is not None
    assert run.problems == ()
    assert merged.criterion("run.mock").outcome == "pass"
    assert merged.criterion("rows.mock").outcome == "pass"


@pytest.mark.parametrize("number", [1, SHARDS])
def test_one_shard_never_is_a_go(tmp_path: Path, number: int) -> None:
    """It is told which part it is, and which rows did not run."""
    made = release(tmp_path / "one")
    made.run("mock", "mock", hours_ago=0.5, change=part(number, passing))

    decision = made.decide()
    assert decision.verdict is Verdict.CANNOT_TELL
    assert f"it is shard {number}/{SHARDS} of a run" in made.criterion("run.mock").reason
    assert made.criterion("rows.mock").reason.startswith("not run: ")


def test_a_shard_whose_mark_was_taken_out_is_no_whole_run_either(tmp_path: Path) -> None:
    """The rows of the catalogue say what a whole run has."""
    made, shorten = release(tmp_path / "one"), part(1, passing)

    def unmarked(lines: Lines, record: Record) -> None:
        shorten(lines, record)
        del record["shard"]

    made.run("mock", "mock", hours_ago=0.5, change=unmarked)

    assert made.decide().verdict is Verdict.CANNOT_TELL
