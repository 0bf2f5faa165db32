"""What a run says of itself compared with the files that it sums up: a number that was edited agrees with nothing.

A record that lacks a field, for its run was killed or is older than the field, is not compared in it; that the field
was taken out afterwards, the seal tells.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from seatrials.environments.kinds import KINDS
from seatrials.errors import BudgetExceededError, LeaseLostError, TooLateError
from seatrials.evidence.folder import second_of
from seatrials.evidence.ranges import problems_of_usage, problems_of_value
from seatrials.evidence.record import ROWS, MatrixRecord, Rows, RunRecord
from seatrials.evidence.report_log import ReportLog
from seatrials.evidence.sums import leftovers_in, services_in, skew_in, usage_in

# Wall clocks are set while runs go on, and files are written a moment after what they tell of.
_CLOCK_TOLERANCE_SECONDS = 5.0
_SUM_TOLERANCE_SECONDS = 0.001
_NAMED_MAX = 3
# With what a run ends that has not begun all of its rows, of which pytest hears nothing: it has skipped them.
_OVERRULING = (BudgetExceededError.exit_code, LeaseLostError.exit_code)
_ROWS = "the list of rows beside it"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of a run, as they were read."""

    folder: Path
    record: RunRecord
    log: ReportLog
    # What stands in `rows.json`; None without one.
    rows: Rows | None
    # By name below the folder.
    files: Mapping[str, bytes]


def disagreements(parts: Parts) -> Iterator[str]:
    """Yield where the record of a run that ended says something else than its files, a sentence each."""
    yield from _of_name(parts)
    if parts.record.ended is None:
        return
    yield from _of_time(parts.record, parts.log)
    yield from _of_rows(parts.record, parts.rows)
    yield from _of_log(parts)
    yield from _of_left(parts)


def contradictions(matrix: MatrixRecord) -> Iterator[str]:
    """Yield where a kill matrix says something else in one place than in another, a sentence each."""
    run, kills = matrix.run, matrix.scenarios or {}
    if matrix.scenarios is None or matrix.problems is None or run.expected is None:
        yield "it does not say which mutants it set out to run, which scenarios ran, or what was wrong"
    if run.expected is not None and sorted(run.expected) != sorted(matrix.mutants):
        yield f"it set out to run {len(run.expected)} mutants, and tells of {len(matrix.mutants)} that are others"
    if epoch_seconds(run.started) is None:
        yield "it does not say when it began"
    for name, each in matrix.mutants.items():
        strangers = sorted({*each.killed_by, *(each.survived or ())} - set(kills))
        if strangers:
            yield f"{name} met {', '.join(strangers[:_NAMED_MAX])}, and no such scenario ran"
        both = sorted(set(each.killed_by) & set(each.survived or ()))
        if both:
            yield f"{name} is killed by {', '.join(both[:_NAMED_MAX])}, and survives it"
    for scenario, told in kills.items():
        if set(told.kills) != {name for name, each in matrix.mutants.items() if scenario in each.killed_by}:
            yield f"{scenario} kills others than those that say so"


def read_rows(content: bytes | None, name: str) -> tuple[Rows | None, list[str]]:
    """Return what `rows.json` holds, or None and what is wrong with it; not every run came to write one."""
    if content is None:
        return None, []
    try:
        return ROWS.validate_json(content), []
    except ValidationError:
        return None, [f"{name} is cut off or damaged"]


def epoch_seconds(timestamp: str | None) -> float | None:
    """Return an ISO 8601 timestamp as seconds since the epoch; None for anything else."""
    try:
        moment = datetime.fromisoformat(timestamp or "")
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def name_problem(folder: Path, started: str | None) -> str | None:
    """Return a sentence when a folder is not called after the second in which its run *started*."""
    told, named = epoch_seconds(started), second_of(folder)
    if told is None or (named is not None and named == int(told)):
        return None
    return f"{folder.name} says that it began at {started}, and is called otherwise: it was renamed, or edited"


def _of_name(parts: Parts) -> Iterator[str]:
    problem = name_problem(parts.folder, parts.record.started)
    if problem is not None:
        yield problem


def _of_time(record: RunRecord, log: ReportLog) -> Iterator[str]:
    started, ended, summary = epoch_seconds(record.started), epoch_seconds(record.ended), log.summary
    if ended is None:
        yield f"it says that it ended at {record.ended}, which is no time"
    if started is None or ended is None:
        return
    if ended < started:
        yield f"it says that it ended at {record.ended}, before it began at {record.started}"
    took, told = ended - started, record.wall_seconds
    if told is not None and abs(told - took) > _CLOCK_TOLERANCE_SECONDS:
        yield f"it says that it took {told:g} s, and from its beginning to its end it is {took:g} s"
    first, last = summary.began_seconds, summary.ended_seconds
    if first is not None and first < started - _CLOCK_TOLERANCE_SECONDS:
        yield f"it says that it began at {record.started}, and its first test began {started - first:.0f} s earlier"
    if last is not None and last > ended + _CLOCK_TOLERANCE_SECONDS:
        yield f"it says that it ended at {record.ended}, and its last test ended {last - ended:.0f} s later"


def _of_rows(record: RunRecord, rows: Rows | None) -> Iterator[str]:
    if rows is not None:
        yield from _differing("rows", record.rows, {row: each.nodeid for row, each in rows.items()}, _ROWS)
        yield from _differing("scopes", record.scopes, {row: each.scope for row, each in rows.items()}, _ROWS)
    if record.expected is not None and sorted(record.expected) != sorted((record.rows or {}).values()):
        yield f"it expected {len(record.expected)} tests, and its {len(record.rows or {})} rows are others"


def _of_log(parts: Parts) -> Iterator[str]:
    record, summary, log = parts.record, parts.log.summary, "the report log"
    yield from _differing("scenarios", record.scenarios, summary.outcomes, log)
    yield from _differing("trace_sha256", record.trace_sha256, summary.trace_sha256, log)
    yield from _differing("not_asked", record.not_asked, summary.not_asked, log)
    yield from _differing("not_run", _set(record.not_run), dict.fromkeys(summary.not_run, True), log)
    crashed = {row: True for row, test in (record.rows or {}).items() if test in summary.crashed}
    yield from _differing("crashed", _set(record.crashed), crashed, log)
    told, found = record.platform_seconds, summary.platform_seconds
    if told is not None and abs(told - found) > _SUM_TOLERANCE_SECONDS:
        yield f"it says that {told:g} s of platform time passed, and {log} has {found:g} s"
    yield from _late(record.late_seconds, summary.late_seconds)
    # pytest itself knows of no doubt.
    status = 0 if record.exit_status == TooLateError.exit_code else record.exit_status
    if summary.exit_status is not None and status not in {summary.exit_status, *_OVERRULING}:
        yield f"it says that pytest ended with status {record.exit_status}, and {log} has {summary.exit_status}"
    kind = KINDS.get(record.kind or "")
    others = sorted({each.kind for each in parts.log.samples} - {kind.sample_kind if kind is not None else ""})
    if others:
        yield f"its kind is {record.kind!r}, and its measurements are {', '.join(others)}"


def _late(told: float | None, found: float | None) -> Iterator[str]:
    """Yield a sentence when a run is told to have been later, or less late, than its rows were."""
    if told != found:
        texts = ("nothing" if each is None else f"{each:g} s" for each in (told, found))
        yield "it says that it was late by {}, and the report log has {}".format(*texts)
    elif found is not None:
        yield from problems_of_value("lateness", found, "seconds")


def _of_left(parts: Parts) -> Iterator[str]:
    record = parts.record
    yield from problems_of_usage(record.usage or {})
    try:
        left, used, met = leftovers_in(parts.files), usage_in(parts.files), services_in(parts.files)
        skew = skew_in(parts.files)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]["msg"]
        yield f"a file of its leftovers, its usage, its services or its skew is damaged: {problem}"
        return
    if (None if record.leftovers is None else sorted(record.leftovers)) != (None if left is None else sorted(left)):
        yield f"it says that {_left(record.leftovers)}, and its files say that {_left(left)}"
    yield from _differing("usage", record.usage or {}, used, "its rows and what it did beside them")
    yield from _differing("services", record.services, met, "timeline")
    yield from _differing("skew", record.skew, skew or {}, "the file beside it")


def _differing(name: str, told: Mapping[str, object] | None, found: Mapping[str, object], where: str) -> Iterator[str]:
    """Yield a sentence when a field that the record tells is not what it sums up."""
    if told is None:
        return
    others = sorted(each for each in {*told, *found} if told.get(each) != found.get(each))
    if others:
        more = f" and {len(others) - _NAMED_MAX} more" if len(others) > _NAMED_MAX else ""
        yield f"its {name} are not those of {where}: {', '.join(others[:_NAMED_MAX])}{more}"


def _set(names: Iterable[str] | None) -> dict[str, bool] | None:
    return None if names is None else dict.fromkeys(names, True)


def _left(names: Iterable[str] | None) -> str:
    return "nobody looked for leftovers" if names is None else f"this was left: {', '.join(sorted(names)) or 'nothing'}"
