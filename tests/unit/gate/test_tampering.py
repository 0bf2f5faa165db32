"""Evidence that was changed after its run betters no verdict: each file, each field and each line, in many ways.

What was sealed anew is left out, for whoever can do that can write a run of his own.
"""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from seatrials.evidence.folder import EvidenceFolder
from seatrials.evidence.reader import read_mutants, read_runs
from seatrials.gate.case import Case
from seatrials.gate.decision import Outcome, Verdict
from seatrials.gate.page import render
from seatrials.gate.verdict import judge
from tests.support.aws import Json
from tests.support.release import Lines, Record, Release, reports

ROW = "COLD-08"
EARLIER = "20261125T074640Z-1"
# Where a run is tampered with: the newest on an environment of which there is one run, and the newest kill matrix.
RUN, MATRIX = "production/latest", "mutants/20261125T080000Z-1"
JUNK: tuple[Json, ...] = (None, -1e9, True, ["NOPE-99"], "2026-11-25T01:00:00+00:00")


def failing(lines: Lines, record: Record) -> None:
    """Let a row of production fail."""
    call = next(line for line in reports(lines, record, ROW) if line["when"] == "call")
    call |= {"outcome": "failed", "longrepr": "assert 63 < 60"}
    record["exit_status"] = 1


@pytest.fixture(params=["good", "failed"])
def tampered(request: pytest.FixtureRequest, release: Release) -> Release:
    """Return a release to tamper with: one that may go out, or one of which a row failed on production."""
    if request.param == "failed":
        shutil.rmtree((release.root / RUN).resolve())
        release.run("production", "live", change=failing)
        release.number_anew()
    honest = release.decide().verdict
    assert honest is (Verdict.NO_GO if request.param == "failed" else Verdict.GO)
    return release


def others(value: Json) -> Iterator[Json]:
    """Yield other values: of another type, of nothing, out of range, with less and with more in it."""
    yield from (each for each in JUNK if each != value)
    match value:
        case dict():
            yield from ({}, dict.fromkeys(value, 0.0), dict(list(value.items())[1:])) if value else ()
        case list():
            yield from ([], value[1:], [*value, *value[:1]]) if value else ([[]],)
        case str():
            yield from (each for each in (value[::-1], f"{value}x") if each != value)
        case int() | float():
            yield from (value + 1, 1e300, -value - 2)


def documents(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield a document of JSON with each of its fields gone, and with each of them other."""
    for name, value in document.items():
        yield f"without {name}", {each: document[each] for each in document if each != name}
        yield from ((f"{name} {index}", {**document, name: each}) for index, each in enumerate(others(value)))


def inner_documents(document: Json, *names: str) -> Iterator[tuple[str, Json]]:
    """Yield a document with the fields of the objects in it, below *names*, gone and other."""
    for name in names:
        for what, inner in documents(document[name]):
            yield f"{name}: {what}", {**document, name: inner}


def logs(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a report log with each of some lines gone, twice, swapped with the last, and other in each field."""
    lines = content.splitlines()
    calls = (index for index, line in enumerate(lines) if ROW.encode() in line and b'"call"' in line)
    chosen = [0, 1, next(calls), len(lines) - 1]
    for index in chosen:
        before, line, after = lines[:index], lines[index], lines[index + 1 :]
        yield f"line {index} gone", b"\n".join([*before, *after])
        yield f"line {index} twice", b"\n".join([*before, line, line, *after])
        yield f"line {index} last", b"\n".join([*before, *after, line])
        for what, other in documents(json.loads(line)):
            yield f"line {index} {what}", b"\n".join([*before, json.dumps(other).encode(), *after])


def of_record(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield other contents of the newest run's record; what another run says, too."""
    document, strange = (json.loads((root / each / "run.json").read_text()) for each in (RUN, "mock/latest"))
    swapped = ((f"{name} of mock", {**document, name: strange[name]}) for name in document)
    found = [*documents(document), *(each for each in swapped if each[1] != document)]
    return ((what, json.dumps(each).encode()) for what, each in found)


def of_matrix(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield other contents of the kill matrix."""
    document = json.loads((root / MATRIX / "kill-matrix.json").read_text())
    cut = {**document, "mutants": dict(list(document["mutants"].items())[:1])}
    found = [*documents(document), *inner_documents(document, "run", "mutants"), ("cut", cut)]
    return ((what, json.dumps(each).encode()) for what, each in found)


def of_log(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield other contents of the newest run's report log."""
    return logs((root / RUN / "report-log.jsonl").read_bytes())


def of_number(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield other contents of the newest run's file of the chain."""
    document = json.loads(number_of(root, "production").read_bytes())
    found = [*documents(document), *inner_documents(document, "seals")]
    return ((what, json.dumps(each).encode()) for what, each in found)


def of_seal(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield other contents of the newest run's seal."""
    return (
        (what, json.dumps(each).encode())
        for what, each in documents(json.loads((root / RUN / "seal.json").read_bytes()))
    )


def number_of(root: Path, environment: str) -> Path:
    """Return the file of the chain that is the newest run's."""
    link = json.loads((root / environment / "latest/run.json").read_bytes())["chain"]
    return EvidenceFolder(root).chains.link(link["chain"], link["number"])


def judged(case: Case, root: Path) -> Verdict:
    """Return the verdict on a case whose production and mutants are read anew.

    Nothing is judged where the reader has noticed something: that this is never GO, other tests show.
    """
    production, mutants = read_runs(root, "production"), read_mutants(root)
    if (production and production[-1].problems) or (mutants and mutants.problems):
        return Verdict.CANNOT_TELL
    return judge(replace(case, runs={**case.runs, "production": production}, mutants=mutants)).decision.verdict


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
        path.write_bytes(content)
        count += 1
        if judged(case, tampered.root) is Verdict.GO:
            unnoticed.append(what)
        path.write_bytes(honest)

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
            path.unlink() if content is None else path.write_bytes(content)
            if judged(case, root) is Verdict.GO:
                unnoticed.append((path.name, content))
            path.write_bytes(honest)

    assert unnoticed == []
    assert len(files) > 10


def folder_of(root: Path, environment: str) -> Path:
    """Return the folder of the newest run of an environment."""
    return (root / environment / "latest").resolve()


def renamed_to_be_older(root: Path) -> None:
    """Let the newest run seem to be older than it is."""
    folder = folder_of(root, "production")
    folder.rename(folder.with_name(EARLIER))


def edited_and_renamed_to_be_older(root: Path) -> None:
    """Let the newest run seem to be older in both places."""
    folder = folder_of(root, "production").rename(root / "production" / EARLIER)
    record = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**record, "started": "2026-11-25T07:46:40+00:00"}))


def damaged_and_renamed_to_be_older(root: Path) -> None:
    """Let the newest run say nothing of its time, and its name too early a one."""
    folder = folder_of(root, "production").rename(root / "production" / EARLIER)
    (folder / "run.json").unlink()


def taken_from_mock(root: Path) -> None:
    """Let a run of the mock stand in the place of production's."""
    folder = folder_of(root, "production")
    shutil.rmtree(folder)
    shutil.copytree(folder_of(root, "mock"), folder)


def copied(root: Path) -> None:
    """Let the newest run be there twice."""
    folder = folder_of(root, "production")
    shutil.copytree(folder, folder.with_name(f"{folder.name}-2"))


def record_taken_from_mock(root: Path) -> None:
    """Let the record and the seal be those of another run."""
    for name in ("run.json", "seal.json"):
        shutil.copy(folder_of(root, "mock") / name, folder_of(root, "production"))


def with_a_file_more(root: Path) -> None:
    """Let there be leftovers of a process that was none."""
    (folder_of(root, "production") / "leftovers.gw9.json").write_text("[]")


def emptied(root: Path) -> None:
    """Let nothing be in the newest run."""
    folder = folder_of(root, "production")
    shutil.rmtree(folder)
    folder.mkdir()


def matrix_renamed(root: Path) -> None:
    """Let the kill matrix be older by its name."""
    (root / MATRIX).rename(root / "mutants" / EARLIER)


def removed(root: Path) -> None:
    """Let the newest run be gone, with the link to it."""
    shutil.rmtree(folder_of(root, "production"))


def removed_with_its_number(root: Path) -> None:
    """Let the newest run be gone with its file of the chain; runs on staging and mock began before and after."""
    number_of(root, "production").unlink()
    removed(root)


def removed_with_later_numbers(root: Path) -> None:
    """Let the newest run be gone with the end of the chain."""
    path = number_of(root, "production")
    for each in path.parent.iterdir():
        if each.name >= path.name:
            each.unlink()
    removed(root)


def removed_with_the_chains(root: Path) -> None:
    """Let the newest run be gone, and the chains with it."""
    shutil.rmtree(root / "chains")
    removed(root)


def copied_over_the_older(root: Path) -> None:
    """Let the older run, which was good, stand in the place of the newest, and be there twice."""
    folder = folder_of(root, "production")
    older = next(each for each in sorted((root / "production").glob("2*")) if each != folder)
    shutil.rmtree(folder)
    shutil.copytree(older, folder)


def numbers_swapped(root: Path) -> None:
    """Let the newest run and the older one have each other's place in the chain."""
    newest = number_of(root, "production")
    older = next(
        each for each in sorted(newest.parent.glob("*.json")) if b'"production"' in each.read_bytes() and each != newest
    )
    one, other = newest.read_bytes(), older.read_bytes()
    newest.write_bytes(other)
    older.write_bytes(one)


@pytest.mark.parametrize(
    "tamper",
    [
        *(removed, removed_with_its_number, removed_with_later_numbers, removed_with_the_chains),
        *(copied_over_the_older, numbers_swapped),
        *(renamed_to_be_older, edited_and_renamed_to_be_older, damaged_and_renamed_to_be_older, taken_from_mock),
        *(copied, record_taken_from_mock, with_a_file_more, emptied, matrix_renamed),
    ],
)
def test_no_move_of_a_run_betters_a_verdict(tampered: Release, tamper: Callable[[Path], None]) -> None:
    """A run that was renamed, copied, emptied or put elsewhere is told, where an older one was good."""
    link = tampered.root / RUN
    target = link.readlink()
    tampered.run("production", "live", hours_ago=1.5)
    link.unlink()
    link.symlink_to(target)
    tampered.run("mock", "mock", hours_ago=0.5)
    tampered.number_anew()
    case = tampered.case()
    honest = judged(case, tampered.root)
    tamper(tampered.root)
    (tampered.root / RUN).unlink(missing_ok=True)

    assert judged(case, tampered.root) is not Verdict.GO
    assert honest is not Verdict.CANNOT_TELL


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


def test_what_is_not_judged_is_told(release: Release) -> None:
    """A red run of the commit, where the criteria do not look, stands in the decision and on the page."""
    release.run("rehearsal", "rehearsal", change=failing, scope="staging")

    decision = release.decide()
    assert decision.verdict is Verdict.GO
    assert "do not name rehearsal: 1 of " in decision.notices[0]
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
