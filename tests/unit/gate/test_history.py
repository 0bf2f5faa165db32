"""The judged runs are kept, each once, whoever else writes."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from seatrials.errors import EvidenceError
from seatrials.gate.history import Entry, FileHistory, parse
from tests.support.history import ENTRY

OLDER = replace(ENTRY, run="20261124T110000Z-1", started="2026-11-24T11:00:00.000+00:00")


@pytest.fixture
def history(tmp_path: Path) -> FileHistory:
    """Return a history whose folder does not exist yet."""
    return FileHistory(tmp_path / "gate" / "history.jsonl")


def test_what_is_appended_is_read(history: FileHistory) -> None:
    """Runs are read oldest first, however they came."""
    history.append([ENTRY])
    history.append([OLDER])

    assert history.read().entries == [OLDER, ENTRY]


def test_a_history_that_does_not_exist_has_no_runs(history: FileHistory) -> None:
    """The first judgement has nothing behind it."""
    assert history.read().entries == []


def test_a_run_that_is_judged_again_is_kept_once(history: FileHistory, tmp_path: Path) -> None:
    """Only what is new about it is written, and its last line counts."""
    again = replace(ENTRY, judged_at="2026-11-25T13:00:00.000+00:00")
    worse = replace(ENTRY, good=False)
    for entry in (ENTRY, again, worse):
        history.append([entry])

    assert [worse] == history.read().entries
    assert len((tmp_path / "gate/history.jsonl").read_text().splitlines()) == 2


def test_gates_at_one_time_lose_nothing(tmp_path: Path) -> None:
    """Twenty appends from four threads leave twenty runs."""
    path = tmp_path / "history.jsonl"
    entries = [replace(ENTRY, run=f"run-{index:02}") for index in range(20)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda entry: FileHistory(path).append([entry]), entries))

    assert entries == FileHistory(path).read().entries


def test_a_line_without_its_end_is_not_written_onto(history: FileHistory, tmp_path: Path) -> None:
    """A file that an editor left without a last newline stays one run a line."""
    history.append([OLDER])
    path = tmp_path / "gate/history.jsonl"
    path.write_text(path.read_text().rstrip("\n"))
    history.append([ENTRY])

    assert history.read().entries == [OLDER, ENTRY]


@pytest.mark.parametrize("damage", ['{"environment":', "[]", '{"environment": "staging"}'])
def test_a_damaged_line_is_named(history: FileHistory, tmp_path: Path, damage: str) -> None:
    """A baseline is not made of what happens to be readable."""
    history.append([ENTRY])
    path = tmp_path / "gate/history.jsonl"
    path.write_text(f"{path.read_text()}{damage}\n")

    with pytest.raises(EvidenceError, match="damaged at line 2"):
        history.read()


def test_a_history_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A run that cannot be remembered is not silently forgotten."""
    (tmp_path / "file").write_text("")

    with pytest.raises(EvidenceError, match="cannot be written"):
        FileHistory(tmp_path / "file" / "history.jsonl").append([ENTRY])


def lines_of(count: int, history: FileHistory, path: Path) -> list[str]:
    """Return the lines of a history of *count* runs."""
    for index in range(count):
        history.append([replace(ENTRY, run=f"run-{index}")])
    return path.read_text().splitlines()


def old_lines(count: int) -> str:
    """Return what a version without hashes has written."""
    entries = [replace(ENTRY, run=f"old-{index}") for index in range(count)]
    return "".join(f"{TypeAdapter(Entry).dump_json(each).decode()}\n" for each in entries)


def tamperings(lines: list[str]) -> Iterator[tuple[str, list[str], int]]:
    """Yield other histories: what was done, its lines, and the number of the first that is wrong."""
    for index, line in enumerate(lines):
        number, before, after = index + 1, lines[:index], lines[index + 1 :]
        for name, value in {**json.loads(line), "more": 1}.items():
            other = json.dumps({**json.loads(line), name: not value if isinstance(value, bool) else value})
            edited = json.dumps({**json.loads(line), name: "2020" if isinstance(value, str) else [value]})
            yield f"{name} of line {number}", [*before, edited if other == line else other, *after], number
        without = {name: value for name, value in json.loads(line).items() if name != "sha256"}
        if index:
            yield f"line {number} without its hash", [*before, json.dumps(without), *after], number
        yield f"line {number} twice", [*before, line, line, *after], number + 1
        if after:
            yield f"line {number} gone", [*before, *after], number
            yield f"line {number} after the next", [*before, after[0], line, *after[1:]], number


def test_a_line_that_is_not_as_it_was_written_is_named(history: FileHistory, tmp_path: Path) -> None:
    """Edited in any field, put in, moved or removed: the first wrong line is told, and there is no verdict."""
    path, count = tmp_path / "gate/history.jsonl", 0
    lines = lines_of(4, history, path)
    for what, other, number in tamperings(lines):
        if [json.loads(each) for each in other] == [json.loads(each) for each in lines]:
            continue
        count += 1
        path.write_text("".join(f"{line}\n" for line in other))
        with pytest.raises(EvidenceError, match=rf"at line {number}\b"):
            pytest.fail(f"{what} was not noticed: {history.read()}")

    assert count > 20


def test_a_history_without_hashes_is_read_and_continued(history: FileHistory, tmp_path: Path) -> None:
    """It says that nothing protected its lines so far; from the next line on they are, too."""
    path = tmp_path / "gate/history.jsonl"
    path.parent.mkdir()
    path.write_text(old_lines(3))
    before = history.read()
    history.append([ENTRY])
    after = history.read()
    path.write_text(path.read_text().replace("old-1", "new-1"))

    assert ["lines 1 to 3" in each for each in (*before.told(), *after.told())] == [True, True]
    assert {each.run for each in after.entries} == {"old-0", "old-1", "old-2", ENTRY.run}
    with pytest.raises(EvidenceError, match="at line 4"):
        history.read()


def cut(text: str) -> str:
    """Cut the last line off."""
    return "".join(text.splitlines(keepends=True)[:-1])


def written_anew(text: str) -> str:
    """Leave all hashes away, and say something else in the last line."""
    documents = [json.loads(line) for line in text.splitlines()]
    kept = [{name: value for name, value in each.items() if name != "sha256"} for each in documents]
    return "".join(f"{json.dumps({**each, 'good': True})}\n" for each in kept)


@pytest.mark.parametrize("change", [cut, written_anew, lambda _text: ""])
def test_a_head_tells_what_the_lines_cannot(history: FileHistory, tmp_path: Path, change: Callable[[str], str]) -> None:
    """A history that was cut off, or written anew, does not go on from a head that somebody has kept."""
    path = tmp_path / "gate/history.jsonl"
    lines_of(2, history, path)
    head = history.append([replace(ENTRY, run="bad", good=False)])
    history.read().check_after(head, "decision.json")
    path.write_text(change(path.read_text()))

    with pytest.raises(EvidenceError, match=r"decision\.json knows"):
        history.read().check_after(head, "decision.json")


def test_a_history_goes_on_from_each_of_its_heads(history: FileHistory) -> None:
    """Whatever was added since, by whomever."""
    heads = [history.read().head, *(history.append([replace(ENTRY, run=f"{index}")]) for index in range(3))]

    for head in heads:
        history.read().check_after(head, "decision.json")
    assert [head.lines for head in heads] == [0, 1, 2, 3]


@pytest.mark.parametrize("content", [b"\xff", b"[" * 10_000, b'{"a":' * 10_000, b"\x00\n", b"9" * 10_000])
def test_what_is_no_history_is_told(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no text, and text that is no JSON of ours, name the history."""
    path = tmp_path / "history.jsonl"
    path.write_bytes(content)

    with pytest.raises(EvidenceError, match=r"history\.jsonl"):
        FileHistory(path).read()


def test_an_empty_history_has_a_head() -> None:
    """Nothing was kept, and that is something to go on from."""
    assert parse("", "x").head.lines == 0
