"""Ways to change evidence after its run: each file, each field and each line, and whole folders."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from seatrials.evidence.folder import EvidenceFolder
from seatrials.evidence.reader import read_mutants, read_runs
from seatrials.gate.case import Case
from seatrials.gate.decision import Outcome, Verdict
from seatrials.gate.signatures import matrix_signature_criteria, signature_criteria
from seatrials.gate.verdict import judge
from tests.support.aws import Json
from tests.support.release import Lines, Record, reports

ROW = "COLD-08"
EARLIER = "20261125T074640Z-1"
# Where a run is tampered with: the newest on an environment of which there is one run, and the newest kill matrix.
RUN, MATRIX = "production/latest", "mutants/20261125T080000Z-1"
JUNK: tuple[Json, ...] = (None, -1e9, True, ["NOPE-99"], "2026-11-25T01:00:00+00:00")


def put(path: Path, content: bytes) -> None:
    """Let *path* be a new file with *content*: where an old one is written over, ext4 waits for the disk."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def failing(lines: Lines, record: Record) -> None:
    """Let a row of production fail."""
    call = next(line for line in reports(lines, record, ROW) if line["when"] == "call")
    call |= {"outcome": "failed", "longrepr": "assert 63 < 60"}
    record["exit_status"] = 1


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
    found = documents(json.loads((root / RUN / "seal.json").read_bytes()))
    return ((what, json.dumps(each).encode()) for what, each in found)


def number_of(root: Path, environment: str) -> Path:
    """Return the file of the chain that is the newest run's."""
    link = json.loads((root / environment / "latest/run.json").read_bytes())["chain"]
    return EvidenceFolder(root).chains.link(link["chain"], link["number"])


def judged(case: Case, root: Path) -> Verdict:
    """Return the verdict on a case whose production and mutants are read anew.

    Nothing more is judged where the reader has noticed something, or nobody answers for the evidence who must: that
    this is never GO, other tests show.
    """
    production = read_runs(root, "production")
    if production and production[-1].problems:
        return Verdict.CANNOT_TELL
    mutants = read_mutants(root)
    if mutants and mutants.problems:
        return Verdict.CANNOT_TELL
    now = replace(case, runs={**case.runs, "production": production}, mutants=mutants)
    signatures = [each for run in production[-1:] for each in signature_criteria(now, run)]
    if any(each.outcome is Outcome.UNKNOWN for each in [*signatures, *matrix_signature_criteria(now)]):
        return Verdict.CANNOT_TELL
    return judge(now).decision.verdict


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
    numbers = (each for each in sorted(newest.parent.glob("*.json")) if b'"production"' in each.read_bytes())
    older = next(each for each in numbers if each != newest)
    one, other = newest.read_bytes(), older.read_bytes()
    newest.write_bytes(other)
    older.write_bytes(one)


MOVES = (
    *(removed, removed_with_its_number, removed_with_later_numbers, removed_with_the_chains),
    *(copied_over_the_older, numbers_swapped),
    *(renamed_to_be_older, edited_and_renamed_to_be_older, damaged_and_renamed_to_be_older, taken_from_mock),
    *(copied, record_taken_from_mock, with_a_file_more, emptied, matrix_renamed),
)
