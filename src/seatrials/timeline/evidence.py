"""The evidence of a row's run, as a timeline needs it: what is missing or damaged is told, and the rest is shown."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from seatrials.errors import EvidenceError
from seatrials.evidence.folder import RunFolder, entries_of
from seatrials.evidence.order import read_content, validated
from seatrials.evidence.outcome import CellOutcome
from seatrials.evidence.reader import RunEvidence
from seatrials.evidence.record import RunRecord
from seatrials.evidence.report_log import ReportLog, RowResult, parse_report_log
from seatrials.timeline.model import Happening, Times

_MICROSECONDS = 1_000_000
# Some decades in microseconds.
_NUMBER_MAX = 1e16
# More is no evidence of a scenario, and would fill the memory.
_FILE_BYTES_MAX = 200_000_000
# How a stack on real time calls what the trace of a world has other names for.
_SAME = {"target health": "target_health"}
_FIELDS = ("at", "at_us", "kind", "subject", "of", "after")

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class RunFiles:
    """What a run says of itself and of its rows."""

    folder: RunFolder
    record: RunRecord
    # By row: its test, what became of it, and why, in full; and what must hold, where Allure's results tell it.
    tests: Mapping[str, str]
    results: Mapping[str, RowResult]
    messages: Mapping[str, str]
    sentences: Mapping[str, str]
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RowFiles:
    """What happened in one row."""

    happenings: tuple[Happening, ...]
    times: Times
    problems: tuple[str, ...]


def read_run(path: Path) -> RunFiles:
    """Return the run in the folder *path*; raises `EvidenceError` when there is none."""
    folder = RunFolder(path)
    content, problems = read_content(folder.record)
    if content is None:
        msg = f"{path} is no run: {problems[0]}; give the folder of a run, or an environment's name"
        raise EvidenceError(msg)
    record, problems = validated(content, folder.record.name, RunRecord)
    if record is None:
        problems.append("so what is told of the run comes from its other files")
    logged, unread = read_content(folder.report_log)
    log = parse_report_log(logged or b"", folder.report_log.name)
    tests = dict((record.rows if record is not None else None) or {}) or _rows_of(folder, problems)
    told = record or RunRecord()
    missing = RowResult(
        outcome=CellOutcome.NOT_RUN if told.ended else CellOutcome.CRASHED,
        reason="the run has no result of it" if told.ended else "the run ended before it did",
    )
    return RunFiles(
        folder=folder,
        record=told,
        tests=tests,
        results={row: log.results.get(test, missing) for row, test in tests.items()},
        messages=_messages(tests, log),
        sentences=_sentences(folder),
        problems=(*problems, *unread, *([] if unread else log.problems)),
    )


def files_of(run: RunEvidence) -> RunFiles:
    """Return a run that was read already, as it was judged: its record and its log are not read again."""
    return RunFiles(
        folder=run.folder,
        record=run.record,
        tests=run.rows,
        results=run.results,
        messages=_messages(run.rows, run.log),
        sentences=_sentences(run.folder),
        problems=run.problems,
    )


def _messages(tests: Mapping[str, str], log: ReportLog) -> dict[str, str]:
    return {row: log.messages[test] for row, test in tests.items() if test in log.messages}


def _rows_of(folder: RunFolder, problems: list[str]) -> dict[str, str]:
    try:
        return {row: each.nodeid for row, each in folder.read_rows().items()}
    except (OSError, ValueError):
        problems.append(f"{folder.rows.name} cannot be read")
        return {}


def _objects(content: bytes) -> Iterator[Json | None]:
    """Yield each line as an object, None for one that is none."""
    for line in content.splitlines():
        value = _parsed(line)
        yield value if isinstance(value, dict) else None


def _parsed(content: bytes) -> object:
    """Return *content* as JSON, None where it is none; what is no finite number becomes a text."""
    try:
        return json.loads(content, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        return None


def _finite(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


def _sentences(folder: RunFolder) -> dict[str, str]:
    """Return by row what must hold: the description that Allure's results have of its test."""
    found: dict[str, str] = {}
    for path in sorted(each for each in entries_of(folder.allure_results) if each.name.endswith("-result.json")):
        content, _ = read_content(path)
        value = _parsed(content or b"")
        if isinstance(value, dict) and isinstance(value.get("description"), str):
            found.update(dict.fromkeys(_ids(value.get("labels")), " ".join(value["description"].split())))
    return found


def _ids(labels: object) -> list[str]:
    told = [each for each in labels if isinstance(each, dict)] if isinstance(labels, list) else []
    return [str(each.get("value")) for each in told if each.get("name") == "as_id"]


def read_row(folder: RunFolder, row: str) -> RowFiles:
    """Return what happened in *row*; a file that is missing or damaged is a problem in a sentence."""
    problems: list[str] = []
    steps = _read_steps(folder.steps_of(row), problems)
    clock = steps.get("clock")
    clock = clock if isinstance(clock, dict) else {}
    began, zero = _number(clock.get("began_seconds")), _number(clock.get("timeline_seconds"))
    events = _read_lines(folder.timeline_of(row), problems)
    notes = _read_lines(folder.notes_of(row), problems, is_needed=bool(clock))
    merged = _merged(events, notes)
    origin = began if began is not None else _first_moment(merged, zero)
    happenings = [each for line in merged if (each := _happening(line, zero, origin)) is not None]
    damaged = len(merged) - len(happenings)
    if damaged:
        problems.append(f"{damaged} events do not say when they happened, or of what kind they are")
    told = [step for step in steps.get("steps", ()) if isinstance(step, dict)]
    happenings += [each for step in told if (each := _step(step)) is not None]
    happenings.sort(key=lambda each: each.at)
    return RowFiles(happenings=tuple(happenings), times=_times(clock, origin, happenings), problems=tuple(problems))


def _first_moment(lines: Iterable[Json], zero: float | None) -> float:
    """Return the platform's time at which a row began that does not say it: that of its first event."""
    return next((at for line in lines if (at := _moment(line, zero)) is not None), 0.0)


def _read(path: Path, problems: list[str]) -> bytes | None:
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            problems.append(f"{path.name} has more than {_FILE_BYTES_MAX:,} bytes, and is not shown")
            return None
    except OSError as error:
        problems.append(f"{path.name} cannot be read: {error.strerror}")
        return None
    content, unread = read_content(path)
    problems += unread
    return content


def _read_steps(path: Path, problems: list[str]) -> Json:
    content = _read(path, problems)
    if content is None:
        return {}
    value = _parsed(content)
    if not isinstance(value, dict) or not isinstance(value.get("steps"), list):
        problems.append(f"{path.name} is cut off or damaged")
        return {}
    return value


def _read_lines(path: Path, problems: list[str], *, is_needed: bool = True) -> list[Json]:
    if not is_needed and not path.is_file():
        return []
    lines = list(_objects(_read(path, problems) or b""))
    damaged = [number for number, line in enumerate(lines, start=1) if line is None]
    if damaged:
        problems.append(f"{path.name} is cut off or damaged at line {damaged[0]}, {len(damaged)} lines in all")
    # A line that is damaged keeps its place, for notes count the lines.
    return [line or {} for line in lines]


def _merged(events: list[Json], notes: list[Json]) -> list[Json]:
    """Return the events with what the notes say more of them, and between them the notes' own."""
    more: dict[int, Json] = {}
    between: dict[int, list[Json]] = {}
    for note in notes:
        of, after = note.get("of"), note.get("after")
        if isinstance(of, int):
            more.setdefault(of, {}).update(note)
        elif isinstance(after, int):
            between.setdefault(min(after, len(events)), []).append(note)
    merged = list(between.get(0, []))
    for number, event in enumerate(events):
        merged += [{**more.get(number, {}), **event}] if event else []
        merged += between.get(number + 1, [])
    return merged


def _number(value: object) -> float | None:
    """Return *value* as seconds or microseconds; None for what is no number, or no time that there can be."""
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > _NUMBER_MAX:
        return None
    return float(value)


def _epoch(value: object) -> float | None:
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _moment(line: Json, zero: float | None) -> float | None:
    """Return when something was, in seconds since the epoch of the platform, or since the timeline's beginning."""
    at_us = _number(line.get("at_us"))
    return (zero or 0.0) + at_us / _MICROSECONDS if at_us is not None else _epoch(line.get("at"))


def _happening(line: Json, zero: float | None, origin: float) -> Happening | None:
    at, kind = _moment(line, zero), line.get("kind")
    if at is None or not isinstance(kind, str):
        return None
    details = {name: value for name, value in line.items() if name not in _FIELDS}
    subject = str(line.get("subject", ""))
    # A stack on real time tells in a sentence, and says beside it what that is about.
    about = details.get("target") if kind in _SAME else None
    at = round(at - origin, 6)
    return Happening(at=at, kind=_SAME.get(kind, kind), subject=str(about or subject), details=details)


def _step(step: Json) -> Happening | None:
    at, title, details = _number(step.get("at_seconds")), step.get("title"), step.get("details")
    if at is None or not isinstance(title, str):
        return None
    told = details if isinstance(details, dict) else {}
    seconds = _number(told.get("seconds"))
    is_wait = title.startswith("waited for ")
    began = at - seconds if is_wait and seconds is not None else at
    return Happening(
        at=round(began, 6),
        kind="wait" if is_wait else "step",
        subject=title,
        details=told,
        until=at if is_wait else None,
        wall=None if is_wait else _epoch(step.get("wall")),
    )


def _times(clock: Json, origin: float, happenings: list[Happening]) -> Times:
    ended_seconds = _number(clock.get("ended_seconds"))
    last = max((each.until or each.at for each in happenings), default=0.0)
    ended = ended_seconds - origin if ended_seconds is not None else last
    walls = [(0.0, _epoch(clock.get("began_wall"))), (ended, _epoch(clock.get("ended_wall")))]
    walls += [(each.at, each.wall) for each in happenings]
    anchors = sorted({(at, wall) for at, wall in walls if wall is not None})
    return Times(began_seconds=origin, ended=round(max(ended, 0.0), 6), anchors=tuple(anchors))
