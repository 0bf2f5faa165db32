"""Evidence that was changed after its run betters no verdict: each file, each field and each line, in many ways.

What was sealed anew is in test_signed_tampering.py: without a signature, whoever can seal can write a run of his own.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seatrials.gate.case import Case
from seatrials.gate.decision import Outcome, Verdict
from seatrials.gate.page import render
from tests.support.release import Lines, Record, Release, reports
from tests.support.tampering import (
    MATRIX,
    MOVES,
    ROW,
    RUN,
    failing,
    judged,
    number_of,
    of_log,
    of_matrix,
    of_number,
    of_record,
    of_seal,
    put,
)


@pytest.fixture(scope="module", params=["good", "failed"])
def honest_release(
    request: pytest.FixtureRequest, whole_release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Release:
    """Return one that may go out, or one of which a row failed on production."""
    release = whole_release.copied(tmp_path_factory.mktemp("honest") / "evidence")
    if request.param == "failed":
        shutil.rmtree((release.root / RUN).resolve())
        release.run("production", "live", change=failing)
        release.number_anew()
    honest = release.decide().verdict
    assert honest is (Verdict.NO_GO if request.param == "failed" else Verdict.GO)
    return release


@pytest.fixture
def tampered(honest_release: Release, tmp_path: Path) -> Release:
    """Return a copy to tamper with."""
    return honest_release.copied(tmp_path / "evidence")


@pytest.mark.parametrize(
    ("file", "contents", "count_min"),
    [
        (f"{RUN}/run.json", of_record, 150),
        (f"{MATRIX}/kill-matrix.json", of_matrix, 60),
        (f"{RUN}/report-log.jsonl", of_log, 80),
        (f"{RUN}/seal.json", of_seal, 80),
        (lambda root: number_of(root, "production"), of_number, 60),
    ],
    ids=["record", "matrix", "log", "seal", "number"],
)
def test_no_change_of_a_file_betters_a_verdict(
    tampered: Release,
    file: str | Callable[[Path], Path],
    contents: Callable[[Path], Iterator[tuple[str, bytes]]],
    count_min: int,
) -> None:
    """Whatever is changed in any of these files, nothing is GO that is not as its run left it."""
    case, path = tampered.case(), tampered.root / file if isinstance(file, str) else file(tampered.root)
    honest, count, unnoticed = path.read_bytes(), 0, []
    for what, content in contents(tampered.root):
        put(path, content)
        count += 1
        if judged(case, tampered.root) is Verdict.GO:
            unnoticed.append(what)
        put(path, honest)

    assert unnoticed == []
    assert count >= count_min


def test_no_file_can_be_missing_cut_or_another(tampered: Release) -> None:
    """Each file of a run and of a matrix is needed as it was written, and no other is taken for one of them."""
    case, root = tampered.case(), tampered.root
    files = [*(root / RUN).glob("*.json*"), *(root / RUN / "timeline").iterdir(), *(root / MATRIX).glob("*.json")]
    unnoticed = []
    for path in files:
        honest = path.read_bytes()
        for content in (None, honest[: len(honest) // 2], b"{}", b"\xff"):
            path.unlink() if content is None else put(path, content)
            if judged(case, root) is Verdict.GO:
                unnoticed.append((path.name, content))
            put(path, honest)

    assert unnoticed == []
    assert len(files) > 10


@pytest.fixture(scope="module")
def with_an_older_run(honest_release: Release, tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Case]:
    """Return a copy with a good run on production before the newest, and one of the mock after it, and its case."""
    release = honest_release.copied(tmp_path_factory.mktemp("moved") / "evidence")
    link = release.root / RUN
    target = link.readlink()
    release.run("production", "live", hours_ago=1.5)
    link.unlink()
    link.symlink_to(target)
    release.run("mock", "mock", hours_ago=0.5)
    release.number_anew()
    case = release.case()
    assert judged(case, release.root) is not Verdict.CANNOT_TELL
    return release, case


@pytest.mark.parametrize("tamper", MOVES)
def test_no_move_of_a_run_betters_a_verdict(
    with_an_older_run: tuple[Release, Case], tmp_path: Path, tamper: Callable[[Path], None]
) -> None:
    """A run that was renamed, copied, emptied or put elsewhere is told, where an older one was good."""
    release, case = with_an_older_run
    root = release.copied(tmp_path / "evidence").root
    tamper(root)
    (root / RUN).unlink(missing_ok=True)

    assert judged(case, root) is not Verdict.GO


def test_copies_do_not_make_enough_runs(release: Release) -> None:
    """Of five runs with a cold start each, four that are the same one are one."""
    first, *rest = sorted((release.root / "staging").glob("2*"))
    for folder in rest[:-1]:
        shutil.rmtree(folder)
        shutil.copytree(first, folder)

    criterion = release.criterion("cold-start.staging")
    assert (criterion.samples, release.decide().verdict) == (2, Verdict.CANNOT_TELL)
    assert "counts once" in release.criterion("run.staging").reason


@pytest.mark.parametrize("value", ["NaN", "Infinity", '"1.5"', "true", "-1e9", "1e300"])
@pytest.mark.parametrize("file", ["run.json", "report-log.jsonl"])
def test_a_number_that_is_none_is_told_on_the_page(release: Release, file: str, value: str) -> None:
    """Nonsense in the place of a measurement cannot tell, and the page can be drawn."""
    path = release.root / "staging/latest" / file
    name = "http_requests" if file == "run.json" else "value"
    path.write_text(re.sub(rf'"{name}": [0-9.]+', f'"{name}": {value}', path.read_text()))

    decision = release.decide()
    assert decision.verdict is not Verdict.GO
    assert all(each in render(decision) for each in ("CANNOT TELL", path.name) if decision.verdict.name != "NO_GO")


@pytest.mark.parametrize(("value", "unit"), [(-1e9, "seconds"), (101.0, "percent"), (-1.0, "requests")])
def test_a_measurement_that_cannot_be_is_named(release: Release, value: float, unit: str) -> None:
    """A sealed one too: one value far below 0 would better every mean and percentile."""

    def impossible(lines: Lines, record: Record) -> None:
        call = next(line for line in reports(lines, record, ROW) if line["when"] == "call")
        sample = {"name": "cold_start_seconds", "value": value, "unit": unit, "kind": "measured"}
        call["user_properties"].append(["sample", sample])

    release.run("staging", "live", hours_ago=0.5, change=impossible)

    assert f"cold_start_seconds is {value:g} {unit}" in release.criterion("run.staging").reason
    assert release.decide().verdict is not Verdict.GO


def crashing(lines: Lines, record: Record) -> None:
    """Let a row end with its worker."""
    call = next(line for line in reports(lines, record) if line["when"] == "call")
    call |= {"outcome": "failed", "when": "???", "longrepr": "worker 'gw0' crashed while running it"}
    record |= {"exit_status": 1, "crashed": [call["nodeid"]]}


def failing_and_killed(lines: Lines, record: Record) -> None:
    """Let a row fail, and the run be killed behind it."""
    failing(lines, record)
    del lines[-1]
    record |= {"ended": None, "exit_status": None}


def failing_at_its_end(lines: Lines, record: Record) -> None:
    """Let a row fail when it is torn down."""
    end = next(line for line in reports(lines, record) if line["when"] == "teardown")
    end |= {"outcome": "failed", "longrepr": {"reprcrash": {"message": "it left a session"}}}
    record["exit_status"] = 1


@pytest.mark.parametrize("environment", ["rehearsal", "staging-2"])
@pytest.mark.parametrize("change", [failing, crashing, failing_and_killed, failing_at_its_end])
def test_what_is_not_judged_is_told(
    release: Release, environment: str, change: Callable[[Lines, Record], None]
) -> None:
    """A red run of the commit, where the criteria do not look, stands in the decision and on the page."""
    release.run(environment, "rehearsal", change=change, scope="staging")

    decision = release.decide()
    assert decision.verdict is Verdict.GO
    assert f"do not name {environment}: 1 of " in decision.notices[0]
    assert decision.notices[0] in render(decision)


def test_a_pass_in_part_needs_a_whole_one(release: Release) -> None:
    """What neither production nor staging asked in full is not proven."""

    def in_part(lines: Lines, record: Record) -> None:
        call = next(line for line in reports(lines, record, ROW) if line["when"] == "call")
        call["user_properties"].append(["left_out", "of neighbours"])

    for environment in ("staging", "production"):
        release.run(environment, "live", hours_ago=0.5, change=in_part)

    criterion = release.criterion("rows.production")
    assert (criterion.outcome, release.decide().verdict) == (Outcome.UNKNOWN, Verdict.CANNOT_TELL)
    assert "passed nowhere on this commit" in criterion.reason
